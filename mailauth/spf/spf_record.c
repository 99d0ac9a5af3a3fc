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
#include <sys/types.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/compat.h"
#include "dns/dns.h"
#include "spf/spf_record.h"



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

#define VERSION		"v=spf1"
#define VERSION_LEN	(sizeof(VERSION) - 1)

/* What may follow a mechanism's name. */
#define ARG_NONE	0
#define ARG_DOMAIN	1	/* ":" domain-spec */
#define ARG_OPTIONAL	2	/* the same, or nothing */
#define ARG_DUAL	3	/* the same, then prefix lengths */
#define ARG_IP4		4
#define ARG_IP6		5

static const struct {
	const char	*name;
	int		 arg;
} spf_mechanisms[] = {
	[SPF_ALL] =	{ "all", ARG_NONE },
	[SPF_INCLUDE] =	{ "include", ARG_DOMAIN },
	[SPF_A] =	{ "a", ARG_DUAL },
	[SPF_MX] =	{ "mx", ARG_DUAL },
	[SPF_PTR] =	{ "ptr", ARG_OPTIONAL },
	[SPF_IP4] =	{ "ip4", ARG_IP4 },
	[SPF_IP6] =	{ "ip6", ARG_IP6 },
	[SPF_EXISTS] =	{ "exists", ARG_DOMAIN },
};

#define NMECHANISMS	(sizeof(spf_mechanisms) / sizeof(spf_mechanisms[0]))

int
spf_record_is(const char *text, size_t len)
{
	return len >= VERSION_LEN &&
	    strncasecmp(text, VERSION, VERSION_LEN) == 0 &&
	    (len == VERSION_LEN || text[VERSION_LEN] == ' ');
}

/* Says what is wrong with a term, which is printable; always -1. */
static int
record_bad(char *why, const char *term, const char *what)
{
	snprintf(why, SPF_WHY_MAX, "\"%.80s\": %s", term, what);
	return -1;
}

/* A prefix length that is all of s (12: no leading zeros); -1 if it is not. */
static int
record_prefix(const char *s, int max)
{
	int v = 0;

	if (*s == '\0' || (*s == '0' && s[1] != '\0'))
		return -1;
	for (; *s != '\0'; s++) {
		if (!isdigit((unsigned char)*s))
			return -1;
		if ((v = v * 10 + (*s - '0')) > max)
			return -1;
	}
	return v;
}

/*
 * Cuts the prefix lengths off the end of arg: "/24", "//64" or "/24//64".
 * A slash is allowed inside a domain-spec, too, so only what looks like one
 * of these counts.
 */
static int
record_dual(struct spf_term *t, char *arg)
{
	char *p = arg + strlen(arg);

	while (p > arg && isdigit((unsigned char)p[-1]))
		p--;
	if (*p == '\0' && (p == arg || p[-1] != '/'))
		return 0;
	if (p - arg >= 2 && p[-1] == '/' && p[-2] == '/') {
		if ((t->prefix6 = record_prefix(p, 128)) == -1)
			return -1;
		p[-2] = '\0';
		for (p -= 2; p > arg && isdigit((unsigned char)p[-1]); )
			p--;
		if (p == arg || p[-1] != '/' || *p == '\0')
			return 0;
	} else if (p == arg || p[-1] != '/')
		return 0;
	if ((t->prefix4 = record_prefix(p, 32)) == -1)
		return -1;
	p[-1] = '\0';
	return 0;
}

/* ip4 and ip6: an address, and perhaps a prefix length. */
static int
record_network(struct spf_term *t, char *arg, char *why)
{
	char *slash;
	int six = t->kind == SPF_IP6, prefix = six ? 128 : 32;

	if (*arg++ != ':')
		return record_bad(why, t->text, "an address is missing");
	if ((slash = strchr(arg, '/')) != NULL) {
		*slash++ = '\0';
		if ((prefix = record_prefix(slash, prefix)) == -1)
			return record_bad(why, t->text, "bad prefix length");
	}
	if (six ? inet_pton(AF_INET6, arg, &t->in6) != 1 :
	    inet_pton(AF_INET, arg, &t->in) != 1)
		return record_bad(why, t->text, "bad address");
	if (six)
		t->prefix6 = prefix;
	else
		t->prefix4 = prefix;
	return 0;
}

/* Reads what follows the mechanism's name; arg may be written to. */
static int
record_argument(struct spf_term *t, char *arg, char *why)
{
	int kind = spf_mechanisms[t->kind].arg;

	if (kind == ARG_IP4 || kind == ARG_IP6)
		return record_network(t, arg, why);
	if (kind == ARG_DUAL && record_dual(t, arg) == -1)
		return record_bad(why, t->text, "bad prefix length");
	if (*arg == '\0') {
		if (kind == ARG_DOMAIN)
			return record_bad(why, t->text, "a domain is missing");
		return 0;
	}
	if (kind == ARG_NONE || *arg != ':')
		return record_bad(why, t->text, "unexpected text after it");
	if (spf_macro_check_domain(arg + 1) == -1)
		return record_bad(why, t->text, "bad domain");
	return (t->spec = strdup(arg + 1)) == NULL ? -1 : 0;
}

static int
record_mechanism(struct spf_record *r, const char *term, char *why)
{
	struct spf_term *t, *v;
	char *arg, *copy;
	size_t i, len;
	int rc;

	if ((v = reallocarray(r->terms, r->n + 1, sizeof(*v))) == NULL)
		return -1;
	r->terms = v;
	t = &v[r->n++];
	memset(t, 0, sizeof(*t));
	t->prefix4 = 32;
	t->prefix6 = 128;
	t->qualifier = '+';
	if ((t->text = strdup(term)) == NULL)
		return -1;
	if (*term != '\0' && strchr("+-~?", *term) != NULL)
		t->qualifier = *term++;
	len = strcspn(term, ":/");
	for (i = 0; i < NMECHANISMS; i++)
		if (strlen(spf_mechanisms[i].name) == len &&
		    strncasecmp(spf_mechanisms[i].name, term, len) == 0)
			break;
	if (i == NMECHANISMS)
		return record_bad(why, t->text, "no such mechanism");
	t->kind = i;
	if ((copy = strdup(term)) == NULL)
		return -1;
	arg = copy + len;
	rc = record_argument(t, arg, why);
	free(copy);
	return rc;
}

/* name "=" value, of which eq is the "=" (6). */
static int
record_modifier(struct spf_record *r, const char *term, const char *eq,
    char *why)
{
	const char *p;
	char **value;

	for (p = term; p < eq; p++)
		if (!isalpha((unsigned char)*p) && (p == term ||
		    (!isdigit((unsigned char)*p) && strchr("-_.", *p) == NULL)))
			break;
	if (p == term || p < eq)
		return record_bad(why, term, "bad name before \"=\"");
	if (eq - term == 8 && strncasecmp(term, "redirect", 8) == 0)
		value = &r->redirect;
	else if (eq - term == 3 && strncasecmp(term, "exp", 3) == 0)
		value = &r->exp;
	else if (spf_macro_check(eq + 1, 1) == -1)
		return record_bad(why, term, "bad macro");
	else
		return 0;
	if (*value != NULL)
		return record_bad(why, term, "stands twice");
	if (spf_macro_check_domain(eq + 1) == -1)
		return record_bad(why, term, "bad domain");
	return (*value = strdup(eq + 1)) == NULL ? -1 : 0;
}

int
spf_record_parse(struct spf_record *r, const char *text, size_t len, char *why)
{
	char *copy, *p, *term;
	size_t i;
	int rc = 0;

	memset(r, 0, sizeof(*r));
	strlcpy(why, "out of memory", SPF_WHY_MAX);
	if (len > SPF_RECORD_MAX) {
		strlcpy(why, "the record is too long", SPF_WHY_MAX);
		return -1;
	}
	for (i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~') {
			strlcpy(why, "the record has a byte that is no "
			    "printable ASCII", SPF_WHY_MAX);
			return -1;
		}
	if ((copy = malloc(len + 1)) == NULL)
		return -1;
	memcpy(copy, text, len);
	copy[len] = '\0';
	p = copy + VERSION_LEN;
	while (rc == 0 && (term = strsep(&p, " ")) != NULL) {
		if (*term == '\0')
			continue;
		i = strcspn(term, ":/=");
		if (term[i] == '=')
			rc = record_modifier(r, term, term + i, why);
		else
			rc = record_mechanism(r, term, why);
	}
	free(copy);
	if (rc == -1)
		spf_record_free(r);
	return rc;
}

void
spf_record_free(struct spf_record *r)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		free(r->terms[i].text);
		free(r->terms[i].spec);
	}
	free(r->terms);
	free(r->redirect);
	free(r->exp);
	memset(r, 0, sizeof(*r));
}
