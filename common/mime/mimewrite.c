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

/* Changing and writing the fields of mimeparam.h. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/lex.h"
#include "header/encword.h"
#include "header/hdr.h"
#include "mime/mimeparam_int.h"

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
	sbuf_printf(b, ";\n\t%s=\"", name);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			sbuf_addch(b, '\\');
		sbuf_addch(b, *s);
	}
	return sbuf_addch(b, '"');
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
