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
#include <stdio.h>
#include <string.h>

#include "base/compat.h"
#include "dns/dns.h"
#include "spf/spf_macro.h"

#define DELIMITERS	".-+,/_="
#define DIGITS_MAX	1000		/* as many parts as there may be */

/* One macro-expand: "%{d2r-}", "%%", "%_" or "%-". */
struct macro {
	char		 letter;	/* lower case; '%', '_' or '-' */
	int		 escape;	/* it was upper case */
	int		 parts;		/* rightmost ones to keep, 0 for all */
	int		 reverse;
	const char	*delims;
	size_t		 ndelims;
};

/* Reads what stands between the braces; 0 or -1. */
static int
macro_braces(const char **p, struct macro *m)
{
	const char *s = *p;
	int digits = 0;

	if (!isalpha((unsigned char)*s))
		return -1;
	m->escape = isupper((unsigned char)*s);
	m->letter = tolower((unsigned char)*s++);
	for (; isdigit((unsigned char)*s); s++) {
		digits = 1;
		m->parts = m->parts * 10 + (*s - '0');
		if (m->parts > DIGITS_MAX)
			m->parts = DIGITS_MAX;
	}
	if (digits && m->parts == 0)
		return -1;
	if (*s == 'r' || *s == 'R') {
		m->reverse = 1;
		s++;
	}
	m->delims = s;
	m->ndelims = strspn(s, DELIMITERS);
	s += m->ndelims;
	if (*s != '}')
		return -1;
	*p = s + 1;
	return 0;
}

/* Reads the macro at *p, which is a '%', and moves *p behind it; 0 or -1. */
static int
macro_next(const char **p, struct macro *m)
{
	memset(m, 0, sizeof(*m));
	switch (*++*p) {
	case '{':
		++*p;
		return macro_braces(p, m);
	case '%':
	case '_':
	case '-':
		m->letter = *(*p)++;
		return 0;
	}
	return -1;
}

int
spf_macro_check(const char *s, int exp)
{
	struct macro m;

	while (*s != '\0') {
		if (*s != '%') {
			if (*s < ' ' || *s > '~' || (*s == ' ' && !exp))
				return -1;
			s++;
			continue;
		}
		if (macro_next(&s, &m) == -1)
			return -1;
		if (isalpha((unsigned char)m.letter) &&
		    strchr(exp ? "slodipvhcrt" : "slodipvh", m.letter) == NULL)
			return -1;
	}
	return 0;
}

/* toplabel of 7.1: letters and digits, hyphens inside, not all digits. */
static int
macro_toplabel(const char *s, size_t len)
{
	size_t i;
	int other = 0;

	if (len == 0 || s[0] == '-' || s[len - 1] == '-')
		return 0;
	for (i = 0; i < len; i++) {
		if (!isalnum((unsigned char)s[i]) && s[i] != '-')
			return 0;
		if (!isdigit((unsigned char)s[i]))
			other = 1;
	}
	return other;
}

int
spf_macro_check_domain(const char *s)
{
	struct macro m;
	const char *p, *dot = NULL, *end;
	int last = 0;

	if (*s == '\0' || spf_macro_check(s, 0) == -1)
		return -1;
	end = s + strlen(s);
	for (p = s; p < end; ) {
		last = *p == '%';
		if (last) {
			if (macro_next(&p, &m) == -1)
				return -1;
			dot = NULL;
			continue;
		}
		if (*p == '.' && p + 1 < end)
			dot = p;
		p++;
	}
	if (last)
		return 0;
	if (end[-1] == '.')
		end--;
	if (dot == NULL || dot + 1 >= end)
		return -1;
	return macro_toplabel(dot + 1, end - dot - 1) ? 0 : -1;
}

int
spf_macro_has_p(const char *s)
{
	struct macro m;

	while ((s = strchr(s, '%')) != NULL) {
		if (macro_next(&s, &m) == -1)
			return 0;
		if (m.letter == 'p')
			return 1;
	}
	return 0;
}

/* The address: dotted, for i; as people read it, for c. */
static void
macro_address(const struct spf_macros *v, int dotted, char *buf, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *b = v->addr;
	size_t i;

	if (v->family == AF_INET || !dotted) {
		if (inet_ntop(v->family, v->addr, buf, size) == NULL)
			buf[0] = '\0';
		return;
	}
	for (i = 0; i < 16; i++) {
		*buf++ = hex[b[i] >> 4];
		*buf++ = '.';
		*buf++ = hex[b[i] & 0x0f];
		*buf++ = '.';
	}
	buf[-1] = '\0';
}

/* What a letter stands for; buf is for those that have to be written. */
static const char *
macro_value(const struct spf_macros *v, char letter, char *buf, size_t size)
{
	switch (letter) {
	case 's':
		return v->sender;
	case 'l':
		return v->local;
	case 'o':
		return v->sender_domain;
	case 'd':
		return v->domain;
	case 'p':
		return v->validated == NULL ? "unknown" : v->validated;
	case 'h':
		return v->helo;
	case 'r':
		return v->receiver;
	case 'v':
		return v->family == AF_INET ? "in-addr" : "ip6";
	case 't':
		snprintf(buf, size, "%lld", v->now);
		return buf;
	default:
		macro_address(v, letter == 'i', buf, size);
		return buf;
	}
}

/* Appends a part, its reserved bytes escaped (7.3) if need be. */
static void
macro_put(const char *s, size_t len, int escape, struct sbuf *out)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!escape || isalnum((unsigned char)s[i]) ||
		    (s[i] != '\0' && strchr("-._~", s[i]) != NULL))
			sbuf_addch(out, s[i]);
		else
			sbuf_printf(out, "%%%02X", (unsigned char)s[i]);
}

static int
macro_delim(const struct macro *m, char ch)
{
	if (m->ndelims == 0)
		return ch == '.';
	return memchr(m->delims, ch, m->ndelims) != NULL;
}

/* Splits a value, reverses it, keeps its rightmost parts, joins by dots. */
static void
macro_transform(const struct macro *m, const char *value, struct sbuf *out)
{
	size_t i, n = 1, first = 0, len = strlen(value), start, end, part;

	for (i = 0; i < len; i++)
		n += macro_delim(m, value[i]);
	if (m->parts > 0 && (size_t)m->parts < n)
		first = n - m->parts;
	/* Part i of the result is the i-th from the left or from the right. */
	for (i = first; i < n; i++) {
		part = m->reverse ? n - 1 - i : i;
		for (start = 0; part > 0; start++)
			part -= macro_delim(m, value[start]);
		for (end = start; end < len && !macro_delim(m, value[end]); )
			end++;
		if (i > first)
			sbuf_addch(out, '.');
		macro_put(value + start, end - start, m->escape, out);
	}
}

int
spf_macro_expand(const char *s, const struct spf_macros *v, struct sbuf *out)
{
	char buf[80];
	struct macro m;
	const char *value;

	while (*s != '\0' && !out->failed) {
		if (*s != '%') {
			sbuf_addch(out, *s++);
			continue;
		}
		if (macro_next(&s, &m) == -1)
			return -1;
		if (m.letter == '%' || m.letter == '_') {
			sbuf_addch(out, m.letter == '%' ? '%' : ' ');
			continue;
		}
		if (m.letter == '-') {
			sbuf_addstr(out, "%20");
			continue;
		}
		value = macro_value(v, m.letter, buf, sizeof(buf));
		if (m.parts == 0 && !m.reverse && m.ndelims == 0)
			macro_put(value, strlen(value), m.escape, out);
		else
			macro_transform(&m, value, out);
	}
	return out->failed ? -1 : 0;
}

int
spf_macro_domain(const char *s, const struct spf_macros *v, char *name)
{
	struct sbuf b;
	const char *p;
	int rc = -1;

	sbuf_init(&b, SPF_EXPANDED_MAX);
	if (spf_macro_expand(s, v, &b) == 0) {
		if (b.len > 0 && b.data[b.len - 1] == '.')
			sbuf_cut(&b, b.len - 1);
		p = sbuf_str(&b);
		while (strlen(p) > DNS_NAME_MAX) {
			/* Without a dot it is a name that cannot be. */
			if ((p = strchr(p, '.')) == NULL) {
				p = "";
				break;
			}
			p++;
		}
		strlcpy(name, p, DNS_NAME_MAX + 1);
		rc = 0;
	}
	sbuf_free(&b);
	return rc;
}
