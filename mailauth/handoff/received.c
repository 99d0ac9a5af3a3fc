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
#include <string.h>
#include <strings.h>

#include "base/lex.h"
#include "handoff/received.h"



int
received_addr(const char *s, size_t len, unsigned char addr[16])
{
	static const unsigned char	 mapped[12] =
	    { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	char				 buf[INET6_ADDRSTRLEN + 1];
	const char			*zone;

	if (len > 5 && strncasecmp(s, "IPv6:", 5) == 0) {
		s += 5;
		len -= 5;
	}
	if (len > 0 && (zone = memchr(s, '%', len)) != NULL)
		len = zone - s;
	if (len == 0 || len >= sizeof(buf) || memchr(s, '\0', len) != NULL)
		return 0;
	memcpy(buf, s, len);
	buf[len] = '\0';
	if (inet_pton(AF_INET, buf, addr) == 1)
		return AF_INET;
	if (inet_pton(AF_INET6, buf, addr) != 1)
		return 0;
	if (memcmp(addr, mapped, sizeof(mapped)) != 0)
		return AF_INET6;
	memmove(addr, addr + sizeof(mapped), 4);
	return AF_INET;
}

/* A word or a comment of the field. */
struct token {
	const char	*s;
	size_t		 len;
	int		 comment;	/* s is without the parentheses */
};

struct reader {
	const char	*s;
	size_t		 len, i;
};

/* What is known before "by" tells which program wrote it. */
struct guess {
	struct token	 first;		/* the word after "from" */
	struct token	 second;	/* fetchmail's address, len 0 none */
	int		 qmail;		/* the greeting has its own comment */
	int		 bare;		/* "WORD ([ADDRESS])" */
	int		 odd;		/* the greeting plays tricks */
};

/* The next word or comment: 1, 0 at the end or ";", -1 broken. */
static int
next(struct reader *r, struct token *t)
{
	int	 depth = 0;

	while (r->i < r->len && lex_ws(r->s[r->i]))
		r->i++;
	if (r->i == r->len || r->s[r->i] == ';')
		return 0;
	t->comment = r->s[r->i] == '(';
	t->s = r->s + r->i + t->comment;
	for (; r->i < r->len; r->i++) {
		switch (r->s[r->i]) {
		case '\\':
			if (r->i + 1 < r->len)
				r->i++;
			break;
		case '(':
			if (!t->comment) {
				t->len = r->s + r->i - t->s;
				return 1;
			}
			if (++depth > LEX_COMMENT_DEPTH)
				return -1;
			break;
		case ')':
			if (t->comment && --depth == 0) {
				t->len = r->s + r->i++ - t->s;
				return 1;
			}
			break;
		default:
			if (!t->comment && (lex_ws(r->s[r->i]) ||
			    r->s[r->i] == ';')) {
				t->len = r->s + r->i - t->s;
				return 1;
			}
		}
	}
	t->len = r->s + r->i - t->s;
	return t->comment ? -1 : 1;
}

static int
word_is(const struct token *t, const char *word)
{
	return !t->comment && lex_is(t->s, t->len, word);
}

/* 1 when the comment begins with the word, whatever follows it. */
static int
begins(const struct token *t, const char *word)
{
	size_t	 n = strlen(word);

	return t->len >= n && strncasecmp(t->s, word, n) == 0;
}

/* 1 when it ends so, whatever comes before. */
static int
ends(const struct token *t, const char *text)
{
	size_t	 n = strlen(text);

	return t->len >= n && memcmp(t->s + t->len - n, text, n) == 0;
}

/* Copies what looks like a name; "" when it does not or is "unknown". */
static void
copy_name(char *out, size_t outsz, const char *s, size_t len)
{
	size_t	 i;

	out[0] = '\0';
	while (len > 0 && s[len - 1] == '.')
		len--;
	if (len >= outsz || lex_is(s, len, "unknown"))
		return;
	for (i = 0; i < len; i++)
		if (s[i] <= ' ' || s[i] > '~' ||
		    strchr("()<>\";\\,", s[i]) != NULL)
			return;
	memcpy(out, s, len);
	out[len] = '\0';
}

/* A name by the letters that it may have: not a literal, nor an address. */
static int
is_host(const char *s, size_t len)
{
	size_t	 i;
	int	 dot = 0, letter = 0;

	for (i = 0; i < len; i++) {
		dot |= s[i] == '.';
		letter |= s[i] != '.' && (s[i] < '0' || s[i] > '9');
		if (!(s[i] >= 'a' && s[i] <= 'z') &&
		    !(s[i] >= 'A' && s[i] <= 'Z') &&
		    !(s[i] >= '0' && s[i] <= '9') &&
		    strchr("-_.", s[i]) == NULL)
			return 0;
	}
	return letter && (dot || lex_is(s, len, "localhost"));
}

/* The end of the word that begins at s. */
static size_t
word_len(const char *s, size_t len)
{
	size_t	 n = 0;

	while (n < len && !lex_ws(s[n]))
		n++;
	return n;
}

/*
 * Reads "[ADDRESS]" at the start of s, perhaps ":PORT" after it, and no other
 * behind it; the length of what was read or 0.
 */
static size_t
read_literal(struct received *r, const char *s, size_t len)
{
	const char	*end, *p;
	size_t		 n = word_len(s, len);
	int		 family;

	if (n < 3 || s[0] != '[' || (end = memchr(s, ']', n)) == NULL)
		return 0;
	for (p = s + n; p < s + len; p++)
		if (*p == '[' && lex_ws(p[-1]))
			return 0;
	for (p = end + 1; p < s + n; p++)
		if (p == end + 1 ? *p != ':' : *p < '0' || *p > '9')
			return 0;
	if ((family = received_addr(s + 1, end - s - 1, r->addr)) == 0)
		return 0;
	r->family = family;
	return n;
}

/* Finds "helo=NAME" among the words of a comment. */
static int
read_helo(struct received *r, const char *s, size_t len)
{
	size_t	 n;

	while (len > 0) {
		if (lex_ws(*s)) {
			s++;
			len--;
			continue;
		}
		n = word_len(s, len);
		if (n > 5 && strncasecmp(s, "helo=", 5) == 0) {
			copy_name(r->helo, sizeof(r->helo), s + 5, n - 5);
			return 1;
		}
		s += n;
		len -= n;
	}
	return 0;
}

/*
 * "[ADDRESS]..." in the comment behind the first word: with "helo=" it is
 * Exim, whose first word is a name that it has verified; else the first word
 * is the greeting.
 */
static void
literal_first(struct received *r, struct guess *g, const struct token *t,
    size_t n)
{
	const struct token	*first = &g->first;

	if (!read_helo(r, t->s + n, t->len - n)) {
		copy_name(r->helo, sizeof(r->helo), first->s, first->len);
		g->bare = 1;
	} else if (is_host(first->s, first->len)) {
		copy_name(r->host, sizeof(r->host), first->s, first->len);
		r->verified = r->host[0] != '\0';
	}
}

/*
 * "NAME [ADDRESS]", perhaps with "user@" before the name and "(may be forged)"
 * behind the address: Postfix, Sendmail, OpenSMTPD, Gmail.
 */
static int
name_first(struct received *r, const struct token *first,
    const struct token *t)
{
	const char	*open, *name = t->s, *p;
	size_t		 len, n;

	for (open = t->s + t->len; open > t->s && open[-1] != '['; open--)
		continue;
	if (open == t->s)
		return 0;
	open--;
	len = open - t->s;
	while (len > 0 && lex_ws(t->s[len - 1]))
		len--;
	/* More words before it are no server's: a certificate's name ... */
	for (p = t->s; p < t->s + len; p++) {
		if (lex_ws(*p))
			return 0;
		if (*p == '@')
			name = p + 1;
	}
	if ((n = read_literal(r, open, t->s + t->len - open)) == 0)
		return 0;
	copy_name(r->helo, sizeof(r->helo), first->s, first->len);
	if (!is_host(name, p - name))
		return 1;
	copy_name(r->host, sizeof(r->host), name, p - name);
	r->verified = r->host[0] != '\0' && open + n == t->s + t->len;
	return 1;
}

/* "ADDRESS" or "user@ADDRESS" alone: Exchange and qmail. */
static int
bare_addr(struct received *r, const struct token *t)
{
	const char	*s = t->s, *at;
	size_t		 len = t->len;

	for (at = s + len; at > s && at[-1] != '@'; at--)
		continue;
	len -= at - s;
	r->family = received_addr(at, len, r->addr);
	return r->family != 0;
}

/* Does the comment tell another address than one before it? */
static int
contradicts(const struct received *r, const struct token *first,
    const struct token *t)
{
	struct received	 other;

	memset(&other, 0, sizeof(other));
	return (read_literal(&other, t->s, t->len) > 0 ||
	    name_first(&other, first, t) || bare_addr(&other, t)) &&
	    (other.family != r->family ||
	    memcmp(other.addr, r->addr, sizeof(r->addr)) != 0);
}

/*
 * "Authenticated sender: joe", "authenticated bits=0", "AUTH: LOGIN joe",
 * "account joe ...": but a client may be called authenticated.example, and
 * its address stands behind that.
 */
static int
says_login(const struct token *t)
{
	if (begins(t, "account "))
		return 1;
	return (begins(t, "Authenticated") || begins(t, "AUTH:")) &&
	    memchr(t->s, '[', t->len) == NULL;
}

/* What a comment between "from" and "by" says. */
static void
from_comment(struct received *r, struct guess *g, const struct token *t)
{
	const struct token	*first = &g->first;
	size_t			 n;

	/* Part of a word, which is the greeting: "x([192.0.2.1])". */
	if (!lex_ws(t->s[-2])) {
		g->odd = 1;
		return;
	}
	if (says_login(t))
		r->authenticated = 1;
	if (begins(t, "HELO ") || begins(t, "EHLO ")) {
		if (r->family == 0)
			copy_name(r->helo, sizeof(r->helo), t->s + 5,
			    t->len - 5);
		g->qmail = 1;
		return;
	}
	if (r->family != 0) {
		g->odd |= contradicts(r, first, t);
		return;
	}
	if (first->s[0] == '[' && (begins(t, "helo=") ||
	    begins(t, "port=") || begins(t, "account "))) {
		/* Exim without a name, CommuniGate: the address comes first. */
		read_literal(r, first->s, first->len);
		read_helo(r, t->s, t->len);
	} else if ((n = read_literal(r, t->s, t->len)) > 0) {
		if (!g->qmail)
			literal_first(r, g, t, n);
	} else if (ends(t, " [local]"))
		r->local = 1;	/* OpenSMTPD, of its socket */
	else if (!name_first(r, first, t) && bare_addr(r, t) && !g->qmail)
		copy_name(r->helo, sizeof(r->helo), first->s, first->len);
}

/* What the whole field tells of its beginning. */
static void
settle(struct received *r, const struct guess *g, int exim)
{
	const struct token	*first = &g->first;

	if (g->qmail) {
		if (r->family == 0 && first->s[0] == '[')
			read_literal(r, first->s, first->len);
		else if (is_host(first->s, first->len))
			copy_name(r->host, sizeof(r->host), first->s,
			    first->len);
	}
	/* Exim leaves the greeting out where it is the name that it found. */
	if (exim && g->bare && is_host(first->s, first->len)) {
		copy_name(r->host, sizeof(r->host), first->s, first->len);
		r->verified = r->host[0] != '\0';
	}
	/* Exim without name and greeting. */
	if (exim && r->family == 0)
		read_literal(r, first->s, first->len);
	/* fetchmail, with the name by which it was told to call the server. */
	if (r->family == 0 && g->second.len > 0 &&
	    (lex_is(r->with, strlen(r->with), "POP3") ||
	    lex_is(r->with, strlen(r->with), "IMAP")) &&
	    read_literal(r, g->second.s, g->second.len) > 0)
		copy_name(r->host, sizeof(r->host), first->s, first->len);
}

/* "ESMTPA", "ESMTPSA", "UTF8SMTPSA", "asmtp" ...: RFC 3848. */
static int
is_auth_protocol(const struct token *t)
{
	static const char *const	 words[] = {
		"ESMTPA", "ESMTPSA", "LMTPA", "LMTPSA", "UTF8SMTPA",
		"UTF8SMTPSA", "UTF8LMTPA", "UTF8LMTPSA", "ASMTP"
	};
	size_t				 i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (lex_is(t->s, t->len, words[i]))
			return 1;
	return 0;
}

/*
 * Names that a server found are verified by Postfix, Sendmail and Exim; that
 * of others' is the word of whoever holds the address.
 */
static int
verifies(const struct token *t)
{
	const char	*s;

	if (begins(t, "Postfix") || begins(t, "Exim"))
		return 1;
	/* Sendmail says its version and that of its configuration. */
	if (t->len == 0 || t->s[0] < '1' || t->s[0] > '9')
		return 0;
	s = memchr(t->s, '/', t->len);
	return s != NULL && s + 1 < t->s + t->len && s[1] >= '1' &&
	    s[1] <= '9';
}

/* The clauses from "by" on: what is left of the field. */
static int
read_clauses(struct received *r, struct reader *rd, struct token *t,
    int *exim)
{
	int	 ret = 1, verified = 0;

	for (; ret == 1; ret = next(rd, t)) {
		if (t->comment) {
			/* The sender's text. */
			if (begins(t, "envelope-from"))
				break;
			verified |= verifies(t);
			*exim |= begins(t, "Exim");
		} else if (word_is(t, "by") && r->by[0] == '\0') {
			if ((ret = next(rd, t)) != 1)
				break;
			if (!t->comment)
				copy_name(r->by, sizeof(r->by), t->s, t->len);
		} else if (word_is(t, "with") && r->with[0] == '\0') {
			if ((ret = next(rd, t)) != 1)
				break;
			if (t->comment)
				continue;
			copy_name(r->with, sizeof(r->with), t->s, t->len);
			r->authenticated |= is_auth_protocol(t);
		} else if (word_is(t, "auth=yes"))
			r->authenticated = 1;
		else if (word_is(t, "for"))
			break;	/* the recipient is the sender's text */
	}
	r->verified &= verified;
	return ret == -1 ? -1 : 0;
}

/* Reads what stands between "from" and *t, the word after it. */
static int
read_from(struct received *r, struct reader *rd, struct guess *g,
    struct token *t)
{
	int	 ret;

	if ((ret = next(rd, &g->first)) != 1 || g->first.comment)
		return ret == 1 ? 0 : ret;
	while ((ret = next(rd, t)) == 1) {
		if (t->comment)
			from_comment(r, g, t);
		else if (t->s[0] == '[' && g->second.len == 0)
			g->second = *t;
		else
			break;
	}
	return ret;
}

int
received_parse(struct received *r, const char *value, size_t len)
{
	struct reader		 rd = { value, len, 0 };
	struct guess		 g;
	struct token		 t;
	int			 ret, exim = 0;

	memset(r, 0, sizeof(*r));
	memset(&g, 0, sizeof(g));
	if ((ret = next(&rd, &t)) != 1)
		return ret;
	if (t.comment) {
		r->trace = begins(&t, "qmail ") && ends(&t,
		    " invoked from network");
		r->local = !r->trace;
		return 0;
	}
	if (!word_is(&t, "from"))
		r->local = 1;
	else if ((ret = read_from(r, &rd, &g, &t)) != 1)
		return ret;
	if (read_clauses(r, &rd, &t, &exim) == -1)
		return -1;
	if (g.first.len > 0)
		settle(r, &g, exim);
	/* Exim, of a user of its host. */
	r->local |= exim && lex_is(r->with, strlen(r->with), "local");
	r->local &= r->family == 0;
	if (g.odd)
		memset(r, 0, sizeof(*r));
	return 0;
}
