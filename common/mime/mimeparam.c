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
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/charset.h"
#include "base/lex.h"
#include "header/encword.h"
#include "header/hdr.h"
#include "mime/mimeparam.h"

/* Between the sources of mimeparam.h only. */

#define MIMEPARAM_SEGS		400	/* parts between semicolons */
#define MIMEPARAM_SECTIONS	300	/* RFC 2231 continuations of one */
#define MIMEPARAM_NAME_MAX	60
#define MIMEPARAM_TYPE_MAX	255

/* What stands between two semicolons; the first one is the type. */
struct mimeseg {
	size_t	 off, len;	/* in raw, without the semicolons */
	char	*name;		/* lower case, NULL when no parameter */
	char	*value;		/* quotes undone, still encoded */
	size_t	 vlen;
	int	 section;	/* RFC 2231 section 3, -1 without */
	int	 extended;	/* section 4: percent-encoded */
	int	 param;		/* index in v, -1 none */
	int	 unused;	/* a duplicate, or overruled */
};

/* Joins the segments of a field to parameters (RFC 2231 sections 3 and 4). */

/* Appends a segment's value from byte i, percent signs undone. */
static int
add_percent(struct sbuf *b, const struct mimeseg *g, size_t i)
{
	int	 hi, lo, ch;

	for (; i < g->vlen; i++) {
		ch = g->value[i];
		if (ch == '%' && g->vlen - i > 2 &&
		    (hi = lex_hex(g->value[i + 1])) != -1 &&
		    (lo = lex_hex(g->value[i + 2])) != -1) {
			ch = hi << 4 | lo;
			i += 2;
		}
		if (sbuf_addch(b, ch) == -1)
			return -1;
	}
	return 0;
}

/* The charset before the first of two apostrophes; where the text begins. */
static size_t
charset_of(const struct mimeseg *g, char *name, size_t namesz)
{
	const char	*a, *z;
	size_t		 n;

	name[0] = '\0';
	if ((a = memchr(g->value, '\'', g->vlen)) == NULL)
		return 0;
	n = (size_t)(a - g->value);
	if ((z = memchr(a + 1, '\'', g->vlen - n - 1)) == NULL)
		return 0;
	if (n < namesz) {
		memcpy(name, g->value, n);
		name[n] = '\0';
	}
	return (size_t)(z + 1 - g->value);
}

/* The segment of a parameter with that section and kind, or NULL. */
static struct mimeseg *
find_seg(struct mimefield *f, const char *name, int section, int extended)
{
	size_t	 i;

	for (i = 1; i < f->nseg; i++)
		if (f->seg[i].name != NULL && !f->seg[i].unused &&
		    f->seg[i].section == section &&
		    (extended == -1 || f->seg[i].extended == extended) &&
		    strcmp(f->seg[i].name, name) == 0)
			return &f->seg[i];
	return NULL;
}

/* Decodes bytes in a charset; where that is unknown as RFC 2047 text. */
static int
add_charset(struct sbuf *out, const char *charset, const struct sbuf *in)
{
	int	 r = 0;

	if (charset[0] != '\0')
		r = charset_utf8(out, charset, sbuf_str(in), in->len);
	if (r == 0)
		return encword_decode(out, sbuf_str(in), in->len);
	return r == 1 ? 0 : -1;
}

/* Appends the decoded value of the parameter called name. */
static int
join_value(struct mimefield *f, const char *name, struct sbuf *out)
{
	struct mimeseg	*g;
	struct sbuf	 b;
	char		 charset[CHARSET_NAME_MAX + 1] = "";
	size_t		 from;
	int		 i, r;

	sbuf_init(&b, MIMEPARAM_VALUE_MAX);
	if ((g = find_seg(f, name, -1, 1)) != NULL) {
		from = charset_of(g, charset, sizeof(charset));
		add_percent(&b, g, from);
	} else if (find_seg(f, name, 0, -1) != NULL) {
		for (i = 0; (g = find_seg(f, name, i, -1)) != NULL; i++) {
			from = 0;
			if (i == 0 && g->extended)
				from = charset_of(g, charset,
				    sizeof(charset));
			if (g->extended)
				add_percent(&b, g, from);
			else
				sbuf_add(&b, g->value, g->vlen);
		}
	} else if ((g = find_seg(f, name, -1, 0)) != NULL)
		sbuf_add(&b, g->value, g->vlen);
	if (b.failed)
		f->flags |= MIMEFIELD_TRUNCATED;
	r = b.failed ? -1 : add_charset(out, charset, &b);
	sbuf_free(&b);
	return r;
}

/* The joined value without NULs; "" where it is beyond a limit. */
static char *
join_param(struct mimefield *f, const char *name)
{
	struct sbuf	 out;
	char		*s;
	size_t		 i, n = 0;

	sbuf_init(&out, MIMEPARAM_VALUE_MAX);
	if (join_value(f, name, &out) == -1) {
		f->flags |= MIMEFIELD_TRUNCATED;
		sbuf_reset(&out);
	}
	for (i = 0; i < out.len; i++)
		if (out.data[i] != '\0')
			out.data[n++] = out.data[i];
	sbuf_cut(&out, n);
	s = sbuf_take(&out);
	sbuf_free(&out);
	return s;
}

/* Marks all segments of one name; later ones of the same kind are unused. */
static void
mark_segs(struct mimefield *f, size_t first, int param)
{
	struct mimeseg	*g, *e;
	size_t		 i, k;

	for (i = first; i < f->nseg; i++) {
		g = &f->seg[i];
		if (g->name == NULL ||
		    strcmp(g->name, f->seg[first].name) != 0)
			continue;
		g->param = param;
		for (k = first; k < i; k++) {
			e = &f->seg[k];
			if (e->param != param || e->section != g->section ||
			    (e->section == -1 && e->extended != g->extended))
				continue;
			g->unused = 1;
			f->flags |= MIMEFIELD_DUP;
			break;
		}
	}
}

/* Makes the parameters of the segments.  0, or -1: no memory. */
static int
mimejoin(struct mimefield *f)
{
	struct mimeparam	*p;
	size_t			 i;

	for (i = 1; i < f->nseg; i++) {
		if (f->seg[i].name == NULL || f->seg[i].param != -1)
			continue;
		if (f->n == MIMEPARAM_MAX) {
			f->flags |= MIMEFIELD_TRUNCATED;
			break;
		}
		p = reallocarray(f->v, f->n + 1, sizeof(*p));
		if (p == NULL)
			return -1;
		f->v = p;
		p += f->n;
		memset(p, 0, sizeof(*p));
		if ((p->name = strdup(f->seg[i].name)) == NULL)
			return -1;
		f->n++;
		mark_segs(f, i, (int)f->n - 1);
		if ((p->value = join_param(f, p->name)) == NULL)
			return -1;
	}
	return 0;
}

const char *
mimefield_get(const struct mimefield *f, const char *name)
{
	size_t	 i;

	for (i = 0; i < f->n; i++)
		if (strcasecmp(f->v[i].name, name) == 0)
			return f->v[i].value;
	return NULL;
}

/* Changing and writing the fields of mimeparam.h. */

#define QUOTED_MAX	400	/* a longer value is continued */
#define PIECE_MAX	60	/* bytes of a continuation */

static struct mimeparam *
find_param(struct mimefield *f, const char *name)
{
	size_t	 i;

	for (i = 0; i < f->n; i++)
		if (strcasecmp(f->v[i].name, name) == 0)
			return &f->v[i];
	return NULL;
}

static int
name_valid(const char *s)
{
	size_t	 n;

	for (n = 0; s[n] != '\0'; n++)
		if (!lex_ttext(s[n]) || s[n] == '*')
			return 0;
	return n > 0 && n <= MIMEPARAM_NAME_MAX;
}

int
mimefield_set(struct mimefield *f, const char *name, const char *value)
{
	struct mimeparam	*p;
	char			*v = NULL;

	if (value != NULL && (strlen(value) > MIMEPARAM_VALUE_MAX ||
	    (v = strdup(value)) == NULL))
		return -1;
	if ((p = find_param(f, name)) == NULL && value != NULL) {
		if (f->n == MIMEPARAM_MAX || !name_valid(name) ||
		    (p = reallocarray(f->v, f->n + 1, sizeof(*p))) == NULL) {
			free(v);
			return -1;
		}
		f->v = p;
		p += f->n;
		memset(p, 0, sizeof(*p));
		if ((p->name = strdup(name)) == NULL) {
			free(v);
			return -1;
		}
		f->n++;
	}
	if (p == NULL)
		return 0;
	free(p->value);
	p->value = v;
	p->changed = 1;
	f->changed = 1;
	return 0;
}

int
mimefield_settype(struct mimefield *f, const char *type)
{
	char	*t;

	if ((t = strdup(type)) == NULL)
		return -1;
	free(f->type);
	f->type = t;
	f->changed = 1;
	if (f->nseg > 0)
		f->seg[0].unused = 1;
	return 0;
}

void
mimefield_renew(struct mimefield *f)
{
	size_t	 i;

	f->changed = 1;
	if (f->nseg > 0)
		f->seg[0].unused = 1;
	for (i = 0; i < f->n; i++)
		f->v[i].changed = 1;
}

/* 1 when a value may stand in a quoted string and is read back as it is. */
static int
quotable(const char *s)
{
	size_t	 n;

	for (n = 0; s[n] != '\0'; n++)
		if (s[n] < ' ' || s[n] >= 127)
			return 0;
	return n <= QUOTED_MAX && !encword_present(s, n);
}

static int
put_quoted(struct sbuf *b, const char *name, const char *s)
{
	sbuf_printf(b, ";\n\t%s=", name);
	return lex_quote(b, s, strlen(s));
}

/* RFC 2231 attribute-char, less what programs trip over. */
static int
plain_char(int ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
	    (ch >= '0' && ch <= '9') || ch == '-' || ch == '.' || ch == '_';
}

static int
put_extended(struct sbuf *b, const char *name, const char *s)
{
	size_t	 i, used, cost = 0;
	int	 section = 0, single;

	for (i = 0; s[i] != '\0'; i++)
		cost += plain_char(s[i]) ? 1 : 3;
	single = cost <= PIECE_MAX;
	for (;;) {
		if (single)
			sbuf_printf(b, ";\n\t%s*=utf-8''", name);
		else
			sbuf_printf(b, ";\n\t%s*%d*=%s", name, section,
			    section == 0 ? "utf-8''" : "");
		for (used = 0; *s != '\0' &&
		    (single || used + 3 <= PIECE_MAX); s++) {
			if (plain_char(*s)) {
				used++;
				sbuf_addch(b, *s);
			} else {
				used += 3;
				sbuf_printf(b, "%%%02X", (unsigned char)*s);
			}
		}
		if (*s == '\0' || b->failed)
			break;
		section++;
	}
	return b->failed ? -1 : 0;
}

static int
put_param(struct sbuf *b, const struct mimeparam *p)
{
	if (p->value == NULL)
		return 0;
	if (quotable(p->value))
		return put_quoted(b, p->name, p->value);
	return put_extended(b, p->name, p->value);
}

/* 1 when every line may leave as it is. */
static int
lines_valid(const char *s, size_t len)
{
	size_t	 i, n = 0;
	int	 blank = 0;

	for (i = 0; i < len; i++) {
		if (s[i] == '\n') {
			if (blank)
				return 0;
			n = 0;
			blank = 1;
			if (i + 1 < len && s[i + 1] != ' ' && s[i + 1] != '\t')
				return 0;
			continue;
		}
		blank &= lex_ws(s[i]);
		if (++n > HDR_LINE_MAX - HDR_NAME_MAX - 1 ||
		    lex_control(s[i]))
			return 0;
	}
	return !blank;
}

/* Writes all but the field's name; anew: nothing as it came. */
static int
put_value(const struct mimefield *f, struct sbuf *b, int anew)
{
	const struct mimeseg	*g;
	const struct mimeparam	*p;
	size_t			 i, k;

	if (!anew && !f->changed)
		return sbuf_add(b, f->raw, f->rawlen);
	if (anew || f->nseg == 0 || f->seg[0].unused)
		sbuf_printf(b, " %s", f->type);
	else
		sbuf_add(b, f->raw, f->seg[0].len);
	for (i = 1; !anew && i < f->nseg; i++) {
		g = &f->seg[i];
		if (g->param == -1 || g->unused)
			continue;
		if (!f->v[g->param].changed) {
			sbuf_addch(b, ';');
			sbuf_add(b, f->raw + g->off, g->len);
			continue;
		}
		for (k = 1; k < i && f->seg[k].param != g->param; k++)
			continue;
		if (k == i)
			put_param(b, &f->v[g->param]);
	}
	for (i = 0; i < f->n; i++) {
		p = &f->v[i];
		for (k = 1; k < f->nseg && f->seg[k].param != (int)i; k++)
			continue;
		if (anew || k >= f->nseg)
			put_param(b, p);
	}
	return b->failed ? -1 : 0;
}

int
mimefield_write(const struct mimefield *f, const char *name, struct sbuf *b)
{
	struct sbuf	 v;
	int		 r = -1;

	sbuf_init(&v, b->limit);
	if (put_value(f, &v, 0) == 0) {
		if (!lines_valid(sbuf_str(&v), v.len)) {
			sbuf_reset(&v);
			put_value(f, &v, 1);
		}
		if (!v.failed)
			r = sbuf_printf(b, "%s:%s%s\n", name,
			    v.len > 0 && lex_ws(v.data[0]) ? "" : " ",
			    sbuf_str(&v));
	}
	sbuf_free(&v);
	return r;
}

/* Parsing. */

void
mimefield_free(struct mimefield *f)
{
	size_t	 i;

	for (i = 0; i < f->n; i++) {
		free(f->v[i].name);
		free(f->v[i].value);
	}
	for (i = 0; i < f->nseg; i++) {
		free(f->seg[i].name);
		free(f->seg[i].value);
	}
	free(f->v);
	free(f->seg);
	free(f->type);
	free(f->raw);
	memset(f, 0, sizeof(*f));
}

/*
 * The end of the segment that begins at i: its ';' or the end.  A comment or
 * quoted string that does not end takes all the rest.
 */
static size_t
seg_end(const char *s, size_t len, size_t i)
{
	struct sbuf	 b;

	while (i < len && s[i] != ';') {
		if (s[i] == '(')
			lex_cfws(s, len, &i, NULL);
		else if (s[i] == '"') {
			sbuf_init(&b, len);
			lex_quoted(s, len, &i, &b);
			sbuf_free(&b);
		} else
			i++;
	}
	return i;
}

/* Reads "name", "name*", "name*2" or "name*2*" and the "=" behind. */
static int
seg_name(struct mimeseg *g, const char *s, size_t len, size_t *i)
{
	size_t	 from, k;

	lex_cfws(s, len, i, NULL);
	for (from = *i; *i < len && lex_ttext(s[*i]) && s[*i] != '*'; (*i)++)
		continue;
	if (*i == from || *i - from > MIMEPARAM_NAME_MAX)
		return -1;
	if ((g->name = strndup(s + from, *i - from)) == NULL)
		return -1;
	for (k = 0; g->name[k] != '\0'; k++)
		if (g->name[k] >= 'A' && g->name[k] <= 'Z')
			g->name[k] |= 0x20;
	if (*i < len && s[*i] == '*') {
		(*i)++;
		if (*i < len && s[*i] >= '0' && s[*i] <= '9')
			g->section = 0;
		for (; *i < len && s[*i] >= '0' && s[*i] <= '9'; (*i)++)
			if (g->section <= MIMEPARAM_SECTIONS)
				g->section = g->section * 10 + s[*i] - '0';
		if (g->section == -1)
			g->extended = 1;
		else if (*i < len && s[*i] == '*') {
			g->extended = 1;
			(*i)++;
		}
	}
	lex_cfws(s, len, i, NULL);
	if (*i == len || s[*i] != '=' || g->section > MIMEPARAM_SECTIONS)
		return -1;
	(*i)++;
	lex_cfws(s, len, i, NULL);
	return 0;
}

/* Reads a value: a quoted string, or whatever stands up to a comment. */
static int
seg_value(struct mimeseg *g, const char *s, size_t len, size_t i, int *bad)
{
	struct sbuf	 b;
	size_t		 from = i, end;

	sbuf_init(&b, len);
	if (i < len && s[i] == '"') {
		if (lex_quoted(s, len, &i, &b) == -1)
			*bad = 1;
		lex_cfws(s, len, &i, NULL);
		if (i < len)
			*bad = 1;
	} else {
		for (end = i; end < len && s[end] != '('; end++)
			continue;
		while (end > from && lex_ws(s[end - 1]))
			end--;
		for (; i < end; i++)
			if (s[i] != '\r' && s[i] != '\n')
				sbuf_addch(&b, s[i]);
	}
	g->vlen = b.len;
	g->value = sbuf_take(&b);
	sbuf_free(&b);
	return g->value == NULL ? -1 : 0;
}

/* Parses a segment after the first; a bad one is left without a name. */
static int
seg_parse(struct mimefield *f, struct mimeseg *g)
{
	const char	*s = f->raw + g->off;
	size_t		 i = 0;
	int		 bad = 0;

	lex_cfws(s, g->len, &i, NULL);
	if (i == g->len)
		return 0;
	i = 0;
	if (seg_name(g, s, g->len, &i) == -1) {
		free(g->name);
		g->name = NULL;
		f->flags |= MIMEFIELD_BAD;
		return 0;
	}
	if (seg_value(g, s, g->len, i, &bad) == -1)
		return -1;
	if (bad)
		f->flags |= MIMEFIELD_BAD;
	return 0;
}

/* Appends the token at *i, in lower case. */
static void
add_token(struct sbuf *b, const char *s, size_t len, size_t *i)
{
	int	 ch;

	lex_cfws(s, len, i, NULL);
	for (; *i < len && lex_ttext(s[*i]); (*i)++) {
		ch = s[*i];
		sbuf_addch(b, ch >= 'A' && ch <= 'Z' ? ch | 0x20 : ch);
	}
	lex_cfws(s, len, i, NULL);
}

/* The type: "text/plain" or "attachment", comments and spaces left out. */
static int
parse_type(struct mimefield *f, size_t len)
{
	struct sbuf	 b;
	size_t		 i = 0;

	sbuf_init(&b, MIMEPARAM_TYPE_MAX);
	add_token(&b, f->raw, len, &i);
	if (i < len && f->raw[i] == '/') {
		sbuf_addch(&b, f->raw[i++]);
		add_token(&b, f->raw, len, &i);
	}
	if (i < len || b.failed)
		f->flags |= MIMEFIELD_BAD;
	if (b.failed)
		sbuf_reset(&b);
	f->type = sbuf_take(&b);
	sbuf_free(&b);
	return f->type == NULL ? -1 : 0;
}

static int
add_seg(struct mimefield *f, size_t off, size_t len)
{
	struct mimeseg	*g;

	if ((g = reallocarray(f->seg, f->nseg + 1, sizeof(*g))) == NULL)
		return -1;
	f->seg = g;
	g += f->nseg++;
	memset(g, 0, sizeof(*g));
	g->off = off;
	g->len = len;
	g->section = -1;
	g->param = -1;
	if (f->nseg == 1)
		return parse_type(f, len);
	return seg_parse(f, g);
}

int
mimefield_parse(struct mimefield *f, const char *value, size_t len)
{
	size_t	 i, end;

	memset(f, 0, sizeof(*f));
	while (len > 0 && lex_ws(value[len - 1]))
		len--;
	if (len > MIMEPARAM_FIELD_MAX)
		return -1;
	if ((f->raw = malloc(len + 1)) == NULL)
		return -1;
	memcpy(f->raw, value, len);
	f->raw[len] = '\0';
	f->rawlen = len;
	for (i = 0; i <= len; i = end + 1) {
		end = seg_end(f->raw, len, i);
		if (f->nseg == MIMEPARAM_SEGS) {
			f->flags |= MIMEFIELD_TRUNCATED;
			break;
		}
		if (add_seg(f, i, end - i) == -1)
			return -1;
	}
	return mimejoin(f);
}
