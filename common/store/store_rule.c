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

#include <stdio.h>

#include "base/charset.h"
#include "header/handle.h"
#include "store/store_int.h"

#define LOCAL_MAX	64	/* RFC 5321 section 4.5.3.1.1 */
#define DOMAIN_MAX	255	/* section 4.5.3.1.2 */
#define LABEL_MAX	63	/* RFC 1035 section 2.3.4 */

static int
alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

int
store_fold(const char *address, char *buf, size_t size)
{
	char	*p;

	if (strlcpy(buf, address, size) >= size)
		return -1;
	for (p = buf; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	return 0;
}

int
rule_fold(struct store *s, const char *address, char buf[STORE_ADDR_MAX + 1])
{
	if (store_fold(address, buf, STORE_ADDR_MAX + 1) == -1)
		return db_fail(s, STORE_REFUSED, "an address is longer than "
		    "%d bytes", STORE_ADDR_MAX);
	return 0;
}

/* RFC 5322 section 3.2.3 */
static int
is_dot_atom(const char *p, const char *end)
{
	char	 last = '.';

	for (; p < end; last = *p++) {
		if (*p == '.' && last == '.')
			return 0;
		if (*p != '.' && !alnum(*p) &&
		    (*p == '\0' || strchr("!#$%&'*+-/=?^_`{|}~", *p) == NULL))
			return 0;
	}
	return last != '.';
}

/* Letters, digits and hyphens in labels, RFC 1123 section 2.1. */
static int
is_domain(const char *p)
{
	size_t	 label = 0;
	char	 last = '.';

	if (strlen(p) > DOMAIN_MAX)
		return 0;
	for (; *p != '\0'; last = *p++) {
		if (*p == '.') {
			if (last == '.' || last == '-')
				return 0;
			label = 0;
			continue;
		}
		if (!alnum(*p) && *p != '-' && *p != '_')
			return 0;
		if ((*p == '-' && last == '.') || ++label > LABEL_MAX)
			return 0;
	}
	return last != '.' && last != '-';
}

int
rule_address(struct store *s, const char *address)
{
	const char	*at;

	at = strrchr(address, '@');
	if (at == NULL || at == address || at - address > LOCAL_MAX ||
	    !is_dot_atom(address, at) || !is_domain(at + 1))
		return db_fail(s, STORE_REFUSED, "%.100s: is no address that "
		    "can be used here (name@domain, in ASCII, without quotes "
		    "or spaces)", address);
	return 0;
}

int
rule_mailbox(struct store *s, const char *folded,
    const char *const *domains, size_t n)
{
	const char	*at, *p, *rest;
	char		 name[RPATH_LEN + 1], box[STORE_ADDR_MAX + 1];
	size_t		 i;

	if (rule_address(s, folded) == -1)
		return -1;
	at = strrchr(folded, '@');
	for (i = 0; i < n; i++)
		if (strcasecmp(domains[i], at + 1) == 0)
			break;
	if (i == n)
		return db_fail(s, STORE_REFUSED, "%s: %s is not one of the "
		    "domains in relay.conf", folded, at + 1);
	if (!alnum(folded[0]))
		return db_fail(s, STORE_REFUSED, "%s: a mailbox begins with "
		    "a letter or a digit", folded);
	p = folded + strcspn(folded, "!#$%&'*?`{|}~");
	if (p < at)
		return db_fail(s, STORE_REFUSED, "%s: smtpd cannot carry `%c' "
		    "in a mailbox", folded, *p);
	if (at - folded > STORE_LOCAL_MAX)
		return db_fail(s, STORE_REFUSED, "%s: the part before the @ "
		    "is longer than %d characters", folded, STORE_LOCAL_MAX);
	if (handle_addr_parse(folded, box, sizeof(box), name) ||
	    rpath_addr_parse(folded, name, &rest) ||
	    ((p = strstr(folded, "+to-")) != NULL && p < at))
		return db_fail(s, STORE_REFUSED, "%s: looks like an address "
		    "that is made for conversations", folded);
	return 0;
}

int
rule_text(struct store *s, const char *what, const char *text, size_t max)
{
	unsigned int	 cp;
	size_t		 n, left;

	if ((left = strlen(text)) > max)
		return db_fail(s, STORE_REFUSED, "%s is longer than %zu "
		    "bytes", what, max);
	for (; left > 0; text += n, left -= n) {
		if ((n = charset_next(text, left, &cp)) == 0)
			return db_fail(s, STORE_REFUSED, "%s is not UTF-8",
			    what);
		if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
			return db_fail(s, STORE_REFUSED, "%s has a control "
			    "character in it", what);
	}
	return 0;
}

void
rule_cut(const char *src, char *dst, size_t size)
{
	unsigned int	 cp;
	size_t		 n, left = strlen(src), o = 0;

	for (; left > 0; src += n, left -= n) {
		if ((n = charset_next(src, left, &cp)) == 0) {
			n = 1;		/* keep no byte that is not UTF-8 */
			if (o + 1 >= size)
				break;
			dst[o++] = '?';
			continue;
		}
		if (o + n >= size)
			break;
		memcpy(dst + o, src, n);
		if (cp < 0x20 || cp == 0x7f)
			dst[o] = ' ';
		o += n;
	}
	dst[o] = '\0';
}

int
rule_msgid(struct store *s, const char *id, char buf[STORE_MSGID_MAX + 1])
{
	size_t	 len;

	len = strlen(id);
	if (len >= 2 && id[0] == '<' && id[len - 1] == '>') {
		id++;
		len -= 2;
	}
	if (len > STORE_MSGID_MAX)
		return db_fail(s, STORE_REFUSED, "a Message-Id is longer "
		    "than %d bytes", STORE_MSGID_MAX);
	memcpy(buf, id, len);
	buf[len] = '\0';
	return 0;
}
