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

#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <string.h>
#include <strings.h>

#include "base/lex.h"
#include "header/addr.h"

#define LABEL_MAX	63

/* The length of the dot-string (RFC 5321 4.1.2) that begins s, or 0. */
static size_t
dotstring_len(const char *s)
{
	size_t	 n;

	for (n = 0; lex_atext(s[n]) || s[n] == '.'; n++)
		if (s[n] == '.' && (n == 0 || s[n - 1] == '.'))
			return 0;
	if (n > 0 && s[n - 1] == '.')
		return 0;
	return n;
}

/* The length of the quoted string that begins s, or 0. */
static size_t
quoted_len(const char *s)
{
	size_t	 n;

	if (s[0] != '"')
		return 0;
	for (n = 1; s[n] != '"'; n++) {
		if (s[n] == '\\')
			n++;
		if (s[n] < ' ' || s[n] >= 127)
			return 0;
	}
	return n + 1;
}

/* 1 when s is a domain name, less strict than RFC 5321 about '_'. */
static int
domain_valid(const char *s)
{
	size_t	 n, label = 0;

	for (n = 0; s[n] != '\0'; n++) {
		if (s[n] == '.') {
			if (label == 0 || s[n - 1] == '-')
				return 0;
			label = 0;
			continue;
		}
		if (!(s[n] >= 'a' && s[n] <= 'z') &&
		    !(s[n] >= 'A' && s[n] <= 'Z') &&
		    !(s[n] >= '0' && s[n] <= '9') && s[n] != '_' &&
		    (s[n] != '-' || label == 0))
			return 0;
		if (++label > LABEL_MAX)
			return 0;
	}
	return label > 0 && s[n - 1] != '-' && n <= ADDR_DOMAIN_MAX;
}

/* 1 when s is an address literal (RFC 5321 4.1.3). */
static int
literal_valid(const char *s)
{
	struct in_addr	 in4;
	struct in6_addr	 in6;
	char		 buf[INET6_ADDRSTRLEN];
	size_t		 n = strlen(s);

	if (n < 3 || s[0] != '[' || s[n - 1] != ']')
		return 0;
	s++;
	n -= 2;
	if (strncasecmp(s, "IPv6:", 5) == 0) {
		s += 5;
		n -= 5;
		if (n >= sizeof(buf))
			return 0;
		memcpy(buf, s, n);
		buf[n] = '\0';
		return inet_pton(AF_INET6, buf, &in6) == 1;
	}
	if (n >= sizeof(buf))
		return 0;
	memcpy(buf, s, n);
	buf[n] = '\0';
	return inet_pton(AF_INET, buf, &in4) == 1;
}

int
addr_valid(const char *s)
{
	size_t	 n;

	if (strlen(s) > ADDR_MAX)
		return 0;
	n = s[0] == '"' ? quoted_len(s) : dotstring_len(s);
	if (n == 0 || n > ADDR_LOCAL_MAX || s[n] != '@')
		return 0;
	s += n + 1;
	return s[0] == '[' ? literal_valid(s) : domain_valid(s);
}

int
addr_valid_dotatom(const char *s)
{
	return addr_valid(s) && s[0] != '"' && s[strlen(s) - 1] != ']';
}

int
addr_fold(const char *s, char *out, size_t outsz)
{
	size_t	 i, n = strlen(s);

	if (!addr_valid(s) || n >= outsz)
		return -1;
	for (i = 0; i <= n; i++)
		out[i] = s[i] >= 'A' && s[i] <= 'Z' ? s[i] | 0x20 : s[i];
	return 0;
}

int
addr_equal(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0 && addr_valid(a) && addr_valid(b);
}

const char *
addr_domain(const char *s)
{
	const char	*p = strrchr(s, '@');

	return p == NULL ? NULL : p + 1;
}

int
addr_split_tag(const char *s, char *base, size_t basesz, char *tag,
    size_t tagsz)
{
	const char	*plus, *at;
	size_t		 n;

	if (!addr_valid(s) || strlen(s) >= basesz || tagsz == 0)
		return -1;
	tag[0] = '\0';
	at = strrchr(s, '@');
	plus = strchr(s, '+');
	if (s[0] == '"' || plus == NULL || plus == s || plus > at) {
		memcpy(base, s, strlen(s) + 1);
		return 0;
	}
	n = (size_t)(at - plus - 1);
	if (n >= tagsz)
		return -1;
	memcpy(tag, plus + 1, n);
	tag[n] = '\0';
	n = (size_t)(plus - s);
	memcpy(base, s, n);
	memcpy(base + n, at, strlen(at) + 1);
	return 1;
}
