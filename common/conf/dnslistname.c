/*
 * Copyright (c) 2026 The opensmtpd-relay developers
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <ctype.h>
#include <string.h>

#include "base/hostport.h"
#include "conf/dnslistname.h"

#define LOOPBACK(a)	((a) >> 24 == 127)

/* One code, host byte order; 0 or -1. */
static int
list_code(const char *text, uint32_t *code)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) != 1)
		return -1;
	*code = ntohl(in.s_addr);
	return LOOPBACK(*code) ? 0 : -1;
}

/* "CODE" or "CODE-CODE", which may be written to; 0 or -1. */
static int
list_range(struct dnslist *l, char *text)
{
	char *to = text;
	uint32_t a, b;

	text = strsep(&to, "-");
	if (l->n == DNSLIST_CODES_MAX || list_code(text, &a) == -1 ||
	    list_code(to == NULL ? text : to, &b) == -1 || a > b)
		return -1;
	l->codes[l->n].from = a;
	l->codes[l->n++].to = b;
	return 0;
}

int
dnslist_parse(struct dnslist *l, const char *text)
{
	char codes[DNSLIST_CODES_MAX * 32 + 1], *p = codes, *word;
	size_t i, len = strcspn(text, "=");

	memset(l, 0, sizeof(*l));
	if (len >= sizeof(l->name))
		return -1;
	for (i = 0; i < len; i++) {
		if (!isalnum((unsigned char)text[i]) &&
		    strchr(".-_", text[i]) == NULL)
			return -1;
		l->name[i] = tolower((unsigned char)text[i]);
	}
	if (len > 0 && l->name[len - 1] == '.')
		l->name[len - 1] = '\0';
	if (!hostport_is_domain(l->name) || strchr(l->name, '.') == NULL)
		return -1;
	if (text[len] == '\0')
		return 0;
	if (strlcpy(codes, text + len + 1, sizeof(codes)) >= sizeof(codes))
		return -1;
	while ((word = strsep(&p, ",")) != NULL)
		if (list_range(l, word) == -1)
			return -1;
	return 0;
}
