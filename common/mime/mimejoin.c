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

/* Joins the segments of a field to parameters (RFC 2231 sections 3 and 4). */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/charset.h"
#include "base/lex.h"
#include "header/encword.h"
#include "mime/mimeparam_int.h"

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

int
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
