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

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/charset.h"
#include "base/compat.h"
#include "base/lex.h"
#include "base/sbuf.h"
#include "header/addr.h"
#include "header/encword.h"

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

/*
 * The address lists of addr.h.  The parser reads every form that any program
 * may accept and flags what two of them could read differently, since an
 * address that one program authenticates and another shows is how mail is
 * forged.
 */

#define SPEC_MAX	(ADDR_MAX * 2)	/* an address with its escapes */
#define MEMBERS_MAX	2000		/* of one field, good and bad */

/* One member of a list while it is read. */
struct member {
	struct sbuf	 phrase;	/* words of a display name */
	struct sbuf	 comment;	/* text of comments */
	struct sbuf	 spec;		/* the same words as an address */
	size_t		 nat;		/* '@' in spec */
	int		 ws;		/* white space since the last word */
	int		 obs;		/* white space or comment inside spec */
	int		 broken;	/* spec cannot be an address */
	int		 odd;		/* a quoted local part that needs it */
};

struct parser {
	struct addrlist	*l;
	const char	*s;
	size_t		 len, i, max;
	int		 group;		/* inside one */
	int		 nomem;
};

static void
ambiguous(struct parser *p, const char *why)
{
	p->l->flags |= ADDRLIST_AMBIGUOUS;
	if (p->l->why == NULL)
		p->l->why = why;
}

static void
member_init(struct member *m, size_t len)
{
	memset(m, 0, sizeof(*m));
	sbuf_init(&m->phrase, len + 1);
	sbuf_init(&m->comment, len + 1);
	sbuf_init(&m->spec, SPEC_MAX);
}

static void
member_free(struct member *m)
{
	sbuf_free(&m->phrase);
	sbuf_free(&m->comment);
	sbuf_free(&m->spec);
}

/* Skips white space and comments; comments' text goes to *m. */
static void
skip(struct parser *p, struct member *m)
{
	size_t	 from = p->i;

	if (lex_cfws(p->s, p->len, &p->i, &m->comment) == -1)
		ambiguous(p, "has a comment that does not end");
	if (p->i > from)
		m->ws = 1;
}

/* 1 when ch may stand in an atom of a name or an address. */
static int
is_word(int ch)
{
	return lex_atext(ch) || ch == '.' || (ch & 0x80);
}

/* Adds a word to spec; white space is obsolete beside '@' and '.' only. */
static void
spec_add(struct member *m, const char *w, size_t len, int dot)
{
	char	 last;

	if (m->ws && m->spec.len > 0) {
		last = m->spec.data[m->spec.len - 1];
		if (last != '@' && last != '.' && !dot)
			m->broken = 1;
		m->obs = 1;
	}
	if (sbuf_add(&m->spec, w, len) == -1)
		m->broken = 1;
}

static void
phrase_add(struct parser *p, struct member *m, const char *w, size_t len)
{
	if (m->ws && m->phrase.len > 0)
		sbuf_addch(&m->phrase, ' ');
	if (sbuf_add(&m->phrase, w, len) == -1)
		p->nomem = 1;
	m->ws = 0;
}

static void
read_atom(struct parser *p, struct member *m)
{
	const char	*w = p->s + p->i;
	size_t		 n;

	for (n = 0; p->i < p->len && is_word(p->s[p->i]); n++)
		p->i++;
	spec_add(m, w, n, w[0] == '.');
	phrase_add(p, m, w, n);
}

/* 1 when the text is a dot-atom, whose quotes mean nothing. */
static int
needs_no_quotes(const struct sbuf *b)
{
	size_t	 i;

	for (i = 0; i < b->len; i++)
		if (!lex_atext(b->data[i]) && (b->data[i] != '.' || i == 0 ||
		    i + 1 == b->len || b->data[i - 1] == '.'))
			return 0;
	return b->len > 0;
}

static void
read_quoted(struct parser *p, struct member *m)
{
	struct sbuf	 b, q;

	sbuf_init(&b, p->len);
	sbuf_init(&q, p->len * 2 + 2);
	if (lex_quoted(p->s, p->len, &p->i, &b) == -1) {
		ambiguous(p, "has a quoted string that does not end");
		m->broken = 1;
	}
	if (needs_no_quotes(&b))
		spec_add(m, b.data, b.len, 0);
	else {
		lex_quote(&q, b.data, b.len);
		m->odd = 1;
		spec_add(m, sbuf_str(&q), q.len, 0);
	}
	phrase_add(p, m, sbuf_str(&b), b.len);
	sbuf_free(&b);
	sbuf_free(&q);
}

static void
read_literal(struct parser *p, struct member *m)
{
	const char	*w = p->s + p->i;
	size_t		 n = 0;

	while (p->i < p->len && p->s[p->i] != ']' && p->s[p->i] != '<') {
		p->i++;
		n++;
	}
	if (p->i < p->len && p->s[p->i] == ']') {
		p->i++;
		n++;
	}
	spec_add(m, w, n, 0);
	phrase_add(p, m, w, n);
}

static void
read_at(struct parser *p, struct member *m)
{
	p->i++;
	m->nat++;
	spec_add(m, "@", 1, 1);
	phrase_add(p, m, "@", 1);
}

/* Reads a word of either kind: 1, or 0 when none begins here. */
static int
read_word(struct parser *p, struct member *m)
{
	if (is_word(p->s[p->i]))
		read_atom(p, m);
	else if (p->s[p->i] == '"')
		read_quoted(p, m);
	else if (p->s[p->i] == '[')
		read_literal(p, m);
	else if (p->s[p->i] == '@')
		read_at(p, m);
	else
		return 0;
	return 1;
}

/* The word around the '@' at text[at] is addr in any case. */
static int
same_word(const char *text, size_t len, size_t at, const char *addr)
{
	static const char	 edge[] = " \t\r\n<>()[]\"',;:";
	size_t			 a = at, z = at;

	while (a > 0 && strchr(edge, text[a - 1]) == NULL)
		a--;
	while (z < len && text[z] != '\0' && strchr(edge, text[z]) == NULL)
		z++;
	return lex_is(text + a, z - a, addr);
}

/* 1 when a name or comment shows an address that is not addr. */
static int
hides_address(const struct sbuf *b, const char *addr)
{
	struct sbuf	 dec;
	unsigned int	 cp;
	size_t		 i, n;
	int		 found = 0;

	sbuf_init(&dec, b->len * 4 + 1);
	if (encword_decode(&dec, sbuf_str(b), b->len) == -1)
		found = 1;
	for (i = 0; !found && i < dec.len; i += n) {
		if ((n = charset_next(dec.data + i, dec.len - i, &cp)) == 0)
			n = 1;
		else if (cp == 0xff20 || cp == 0xfe6b)
			found = 1;
		else if (cp == '@')
			found = !same_word(dec.data, dec.len, i, addr);
	}
	for (i = 0; !found && i < b->len; i++)
		if (b->data[i] == '@')
			found = !same_word(b->data, b->len, i, addr);
	sbuf_free(&dec);
	return found;
}

/* Appends an address whose name is text, when that fits. */
static void
list_add(struct parser *p, const char *addr, const struct sbuf *name)
{
	const char	*text = NULL;

	if (p->l->n >= p->max) {
		p->l->flags |= ADDRLIST_TRUNCATED;
		return;
	}
	if (name->len > ADDR_NAME_MAX)
		ambiguous(p, "has an endless name");
	else if (name->len > 0 && memchr(name->data, '\0', name->len) == NULL)
		text = name->data;
	if (addrlist_add(p->l, text, addr) == -1)
		p->nomem = 1;
}

/* The address in m->spec goes to the list under a name found in n. */
static void
member_end(struct parser *p, const struct member *m, const struct member *n,
    int angle)
{
	const char	*addr = sbuf_str(&m->spec);

	if (m->broken || m->nat != 1 || strlen(addr) != m->spec.len ||
	    !addr_valid(addr)) {
		p->l->flags |= ADDRLIST_BAD;
		ambiguous(p, m->nat > 1 ? "runs addresses together" :
		    "has a member that is no address");
		return;
	}
	if (m->obs)
		ambiguous(p, "has space or a comment inside an address");
	if (encword_present(addr, m->spec.len))
		ambiguous(p, "has an encoded address");
	if (m->odd)
		ambiguous(p, "has an address with a quoted name");
	if (hides_address(&n->comment, addr) ||
	    (angle && hides_address(&n->phrase, addr)))
		ambiguous(p, "has an address hidden in a name or comment");
	list_add(p, addr, angle && n->phrase.len > 0 ? &n->phrase :
	    &n->comment);
}

/* Skips the obsolete route of RFC 5322 4.4 at the begin of <...>. */
static void
skip_route(struct parser *p)
{
	size_t	 i;

	if (p->i == p->len || (p->s[p->i] != '@' && p->s[p->i] != ','))
		return;
	ambiguous(p, "has a route before an address");
	for (i = p->i; i < p->len && p->s[i] != '>' && p->s[i] != '<'; i++)
		if (p->s[i] == ':') {
			p->i = i + 1;
			return;
		}
}

/* Reads from '<' to behind '>', or to what cannot stand between. */
static void
read_angle(struct parser *p, struct member *name)
{
	struct member	 m;

	member_init(&m, p->len);
	p->i++;
	skip(p, &m);
	skip_route(p);
	do
		skip(p, &m);
	while (p->i < p->len && read_word(p, &m));
	if (m.comment.len > 0)
		ambiguous(p, "has space or a comment inside an address");
	if (p->i < p->len && p->s[p->i] == '>')
		p->i++;
	else {
		ambiguous(p, "has brackets that do not match");
		if (p->i < p->len && p->s[p->i] != '<')
			p->i++;
	}
	if (sbuf_add(&name->comment, sbuf_str(&m.comment), m.comment.len) == -1)
		p->nomem = 1;
	member_end(p, &m, name, 1);
	member_free(&m);
}

/* After <...>: comments, then the end of the member. */
static void
after_angle(struct parser *p, struct member *m, size_t added)
{
	const char	*addr = "";

	sbuf_cut(&m->comment, 0);
	skip(p, m);
	if (p->l->n > added)
		addr = p->l->v[p->l->n - 1].addr;
	if (hides_address(&m->comment, addr))
		ambiguous(p, "has an address hidden in a name or comment");
	if (p->i < p->len && p->s[p->i] != ',' &&
	    !(p->group && p->s[p->i] == ';'))
		ambiguous(p, "has text behind an address");
}

/* What ended a member that was no <...>. */
static void
member_stop(struct parser *p, struct member *m)
{
	int	 ch = p->i < p->len ? p->s[p->i] : ',';

	if (ch == ':' && m->nat == 0 && !p->group) {
		p->group = 1;
		p->l->flags |= ADDRLIST_GROUP;
		if (hides_address(&m->phrase, "") ||
		    hides_address(&m->comment, ""))
			ambiguous(p, "has an address hidden in a name or "
			    "comment");
	} else if (m->spec.len > 0 || m->broken)
		member_end(p, m, m, 0);
	else if (hides_address(&m->comment, ""))
		ambiguous(p, "has an address hidden in a name or comment");
	if (p->i == p->len)
		return;
	if (ch == ':' && m->nat > 0)
		ambiguous(p, "has a misplaced colon");
	if (ch == ';') {
		if (!p->group)
			ambiguous(p, "has a misplaced semicolon");
		p->group = 0;
	} else if (ch != ',' && ch != ':') {
		p->l->flags |= ADDRLIST_BAD;
		ambiguous(p, "has a character out of place");
	}
	p->i++;
}

static void
read_member(struct parser *p)
{
	struct member	 m;
	size_t		 added = p->l->n;

	member_init(&m, p->len);
	do
		skip(p, &m);
	while (p->i < p->len && read_word(p, &m));
	if (p->i < p->len && p->s[p->i] == '<') {
		read_angle(p, &m);
		after_angle(p, &m, added);
		if (p->i < p->len && p->s[p->i] == ',')
			p->i++;
	} else
		member_stop(p, &m);
	member_free(&m);
}

/* Line breaks that fold nothing, and control characters. */
static void
check_bytes(struct parser *p)
{
	size_t	 i;
	int	 next;

	for (i = 0; i < p->len; i++) {
		next = i + 1 < p->len ? p->s[i + 1] : 0;
		if (p->s[i] == '\n' ? next != ' ' && next != '\t' :
		    p->s[i] == '\r' ? next != '\n' :
		    lex_control(p->s[i])) {
			ambiguous(p, "holds control characters");
			return;
		}
	}
}

int
addrlist_parse(struct addrlist *l, const char *value, size_t len, size_t max)
{
	struct parser	 p;
	size_t		 members = 0;

	memset(&p, 0, sizeof(p));
	p.l = l;
	p.s = value;
	p.len = len;
	p.max = max;
	check_bytes(&p);
	while (p.i < p.len && !p.nomem && !(l->flags & ADDRLIST_TRUNCATED)) {
		if (members++ == MEMBERS_MAX)
			l->flags |= ADDRLIST_TRUNCATED;
		read_member(&p);
	}
	if (p.group)
		ambiguous(&p, "has a group that does not end");
	return p.nomem ? -1 : 0;
}

int
addrlist_add(struct addrlist *l, const char *name, const char *addr)
{
	struct addr	*a;
	char		 folded[ADDR_MAX + 1];

	if (addr_fold(addr, folded, sizeof(folded)) == -1 ||
	    (a = recallocarray(l->v, l->n, l->n + 1, sizeof(*a))) == NULL)
		return -1;
	l->v = a;
	a += l->n++;
	if ((a->addr = strdup(addr)) == NULL ||
	    (a->folded = strdup(folded)) == NULL)
		return -1;
	return name != NULL && (a->name = strdup(name)) == NULL ? -1 : 0;
}

void
addrlist_free(struct addrlist *l)
{
	size_t	 i;

	for (i = 0; i < l->n; i++) {
		free(l->v[i].name);
		free(l->v[i].addr);
		free(l->v[i].folded);
	}
	free(l->v);
	memset(l, 0, sizeof(*l));
}

int
addrlist_has(const struct addrlist *l, const char *addr)
{
	size_t	 i;

	for (i = 0; i < l->n; i++)
		if (addr_equal(l->v[i].addr, addr))
			return 1;
	return 0;
}
