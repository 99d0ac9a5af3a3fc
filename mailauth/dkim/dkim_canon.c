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

/* Canonical forms and hashes of header and body: RFC 6376 3.4, 3.7, 5.4.2. */

#include <string.h>
#include <strings.h>

#include "base/lex.h"
#include "dkim/dkim_canon.h"
#include "dkim/taglist.h"

/* What is hashed of the header, gathered into chunks. */
struct gather {
	EVP_MD_CTX	*ctx;
	int		 failed;
	size_t		 n;
	unsigned char	 chunk[DKIM_CHUNK];
};

static void
gather_flush(struct gather *g)
{
	if (g->n > 0 && EVP_DigestUpdate(g->ctx, g->chunk, g->n) != 1)
		g->failed = 1;
	g->n = 0;
}

static void
gather_add(struct gather *g, const char *s, size_t len)
{
	size_t	 n;

	while (len > 0) {
		if ((n = sizeof(g->chunk) - g->n) > len)
			n = len;
		memcpy(g->chunk + g->n, s, n);
		g->n += n;
		if (g->n == sizeof(g->chunk))
			gather_flush(g);
		s += n;
		len -= n;
	}
}

/* The space and tab of relaxed forms; CR LF goes for itself. */
static int
is_wsp(int ch)
{
	return ch == ' ' || ch == '\t';
}

/*
 * Adds a field without what lies from cut for cutlen bytes, the value of b=
 * in the signature itself.  No CR LF at its end.
 */
static void
add_field(struct gather *g, const struct dkim_field *f, int relaxed,
    size_t cut, size_t cutlen)
{
	size_t	 i, colon;
	char	 ch;
	int	 space = 0, begun = 0;

	if (!relaxed) {
		gather_add(g, f->raw, cut);
		gather_add(g, f->raw + cut + cutlen, f->len - cut - cutlen);
		return;
	}
	for (i = 0; i < f->namelen; i++) {
		ch = f->raw[i];
		if (ch >= 'A' && ch <= 'Z')
			ch |= 0x20;
		gather_add(g, &ch, 1);
	}
	gather_add(g, ":", 1);
	colon = (const char *)memchr(f->raw, ':', f->len) - f->raw;
	for (i = colon + 1; i < f->len; i++) {
		if (cutlen > 0 && i == cut)
			i += cutlen;
		if (i == f->len)
			break;
		/* Unfolding takes the CR LF; the white space after it stays. */
		if (f->raw[i] == '\r' && i + 1 < f->len &&
		    f->raw[i + 1] == '\n') {
			i++;
			continue;
		}
		if (is_wsp(f->raw[i])) {
			space = 1;
			continue;
		}
		if (space && begun)
			gather_add(g, " ", 1);
		gather_add(g, f->raw + i, 1);
		begun = 1;
		space = 0;
	}
}

/* Adds the fields that h= names, from the last upwards for each name. */
static void
add_named(struct gather *g, const struct taglist_tag *h,
    const struct dkim_field *f, size_t n, size_t own, int relaxed,
    unsigned char *used)
{
	const char	*word;
	size_t		 i = 0, k, len;

	while (taglist_word(h, &i, &word, &len)) {
		for (k = n; k > 0; k--)
			if (k - 1 != own && !used[k - 1] &&
			    f[k - 1].namelen == len &&
			    strncasecmp(f[k - 1].raw, word, len) == 0)
				break;
		/* A name without a field is signed, too: as not there. */
		if (k == 0)
			continue;
		used[k - 1] = 1;
		add_field(g, &f[k - 1], relaxed, 0, 0);
		gather_add(g, "\r\n", 2);
	}
}

int
dkim_header_hash(struct dkim_sig *s, const struct dkim_field *f, size_t n,
    size_t own)
{
	unsigned char			 used[DKIM_LINES_MAX];
	struct gather			 g;
	struct taglist			 t;
	const struct taglist_tag	*b, *h;
	const char			*value;
	unsigned int			 len = 0;

	value = (const char *)memchr(f[own].raw, ':', f[own].len) + 1;
	if (n > DKIM_LINES_MAX || taglist_parse(&t, value,
	    f[own].len - (value - f[own].raw)) == -1 ||
	    (b = taglist_get(&t, "b")) == NULL ||
	    (h = taglist_get(&t, "h")) == NULL)
		return -1;
	memset(used, 0, n);
	memset(&g, 0, sizeof(g));
	if ((g.ctx = EVP_MD_CTX_new()) == NULL)
		return -1;
	if (EVP_DigestInit_ex(g.ctx, EVP_sha256(), NULL) != 1)
		g.failed = 1;
	add_named(&g, h, f, n, own, s->canon_header, used);
	add_field(&g, &f[own], s->canon_header, b->raw - f[own].raw,
	    b->rawlen);
	gather_flush(&g);
	if (EVP_DigestFinal_ex(g.ctx, s->hash, &len) != 1 ||
	    len != DKIM_HASH_LEN)
		g.failed = 1;
	EVP_MD_CTX_free(g.ctx);
	return g.failed ? -1 : 0;
}

int
dkim_form_want(struct dkim_form *c, int64_t limit)
{
	struct dkim_hash	*h;

	if (dkim_form_hash(c, limit) != NULL)
		return 0;
	if (c->nhash == DKIM_SIGS_MAX)
		return -1;
	h = &c->hash[c->nhash];
	if ((h->ctx = EVP_MD_CTX_new()) == NULL)
		return -1;
	c->nhash++;
	h->limit = limit;
	return EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) == 1 ? 0 : -1;
}

/* Hands len bytes of the form to the hashes whose length they are within. */
static void
form_hash(struct dkim_form *c, const unsigned char *p, size_t len)
{
	struct dkim_hash	*h;
	size_t			 i, n;

	for (i = 0; i < c->nhash; i++) {
		h = &c->hash[i];
		n = len;
		if (h->limit >= 0 && c->total >= h->limit)
			n = 0;
		else if (h->limit >= 0 && (int64_t)n > h->limit - c->total)
			n = h->limit - c->total;
		if (n > 0 && EVP_DigestUpdate(h->ctx, p, n) != 1)
			c->failed = 1;
	}
	c->total += len;
}

static void
form_flush(struct dkim_form *c)
{
	form_hash(c, c->chunk, c->n);
	c->n = 0;
}

/* Long pieces go straight to the hashes. */
static void
form_add(struct dkim_form *c, const unsigned char *p, size_t len)
{
	if (c->n + len > sizeof(c->chunk))
		form_flush(c);
	if (len > sizeof(c->chunk)) {
		form_hash(c, p, len);
		return;
	}
	memcpy(c->chunk + c->n, p, len);
	c->n += len;
}

static void
form_breaks(struct dkim_form *c)
{
	for (; c->breaks > 0; c->breaks--)
		form_add(c, (const unsigned char *)"\r\n", 2);
}

void
dkim_form_data(struct dkim_form *c, const unsigned char *p, size_t len)
{
	size_t	 from, i;

	if (c->nhash == 0 || len == 0)
		return;
	if (!c->relaxed) {
		form_breaks(c);
		form_add(c, p, len);
		return;
	}
	for (i = 0; i < len;) {
		if (is_wsp(p[i])) {
			c->space = 1;
			i++;
			continue;
		}
		for (from = i; i < len && !is_wsp(p[i]); i++)
			continue;
		form_breaks(c);
		if (c->space)
			form_add(c, (const unsigned char *)" ", 1);
		c->space = 0;
		form_add(c, p + from, i - from);
	}
}

void
dkim_form_eol(struct dkim_form *c)
{
	c->space = 0;
	c->breaks++;
}

int
dkim_form_finish(struct dkim_form *c)
{
	unsigned int	 len;
	size_t		 i;

	if (c->nhash == 0)
		return 0;
	/*
	 * Of the empty lines at the end none counts.  A body without any
	 * other is one CR LF in the simple form, nothing in the relaxed one.
	 */
	c->breaks = c->total + (int64_t)c->n > 0 || !c->relaxed;
	form_breaks(c);
	form_flush(c);
	for (i = 0; i < c->nhash; i++)
		if (EVP_DigestFinal_ex(c->hash[i].ctx, c->hash[i].sum,
		    &len) != 1 || len != DKIM_HASH_LEN)
			c->failed = 1;
	return c->failed ? -1 : 0;
}

const unsigned char *
dkim_form_hash(const struct dkim_form *c, int64_t limit)
{
	size_t	 i;

	for (i = 0; i < c->nhash; i++)
		if (c->hash[i].limit == limit)
			return c->hash[i].sum;
	return NULL;
}

void
dkim_form_free(struct dkim_form *c)
{
	while (c->nhash > 0)
		EVP_MD_CTX_free(c->hash[--c->nhash].ctx);
}
