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

#include <stdlib.h>
#include <string.h>

#include "base/lex.h"
#include "base/sbuf.h"
#include "dkim/dkim_int.h"

struct dkim {
	time_t		 now;
	struct sbuf	 head;		/* the header, until it ends */
	size_t		*line;		/* where its fields begin */
	size_t		 nline, szline;
	int		 signatures;	/* DKIM-Signature fields seen */
	int		 overflow;	/* the header is beyond our limits */
	struct dkim_form form[2];	/* by DKIM_SIMPLE, DKIM_RELAXED */
	struct dkim_sig *v;
	size_t		 n;
	size_t		 ignored;
};

struct dkim *
dkim_new(time_t now)
{
	struct dkim	*d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return NULL;
	d->now = now;
	d->form[DKIM_RELAXED].relaxed = 1;
	sbuf_init(&d->head, DKIM_HEADER_MAX);
	return d;
}

static void
forget_header(struct dkim *d)
{
	sbuf_free(&d->head);
	free(d->line);
	d->line = NULL;
	d->nline = d->szline = 0;
}

void
dkim_free(struct dkim *d)
{
	if (d == NULL)
		return;
	forget_header(d);
	dkim_form_free(&d->form[DKIM_SIMPLE]);
	dkim_form_free(&d->form[DKIM_RELAXED]);
	free(d->v);
	free(d);
}

/* Notes that a field begins where the header ends now. */
static int
new_field(struct dkim *d)
{
	size_t	*p, sz;

	if (d->nline == DKIM_LINES_MAX) {
		d->overflow = 1;
		return 0;
	}
	if (d->nline == d->szline) {
		sz = d->szline == 0 ? 32 : d->szline * 2;
		if ((p = reallocarray(d->line, sz, sizeof(*p))) == NULL)
			return -1;
		d->line = p;
		d->szline = sz;
	}
	d->line[d->nline++] = d->head.len;
	return 0;
}

int
dkim_header_line(struct dkim *d, const char *line, size_t len)
{
	if (d->overflow)
		return 0;
	if (len > 0 && (line[0] == ' ' || line[0] == '\t')) {
		/* A continuation of nothing belongs to no field. */
		if (d->nline == 0)
			return 0;
	} else if (new_field(d) == -1)
		return -1;
	if (d->head.len + len + 2 > DKIM_HEADER_MAX)
		d->overflow = 1;
	if (d->overflow)
		return 0;
	if (sbuf_add(&d->head, line, len) == -1 ||
	    sbuf_add(&d->head, "\r\n", 2) == -1)
		return -1;
	return 0;
}

/* Fills f with the fields of the header. */
static void
split(const struct dkim *d, struct dkim_field *f)
{
	const char	*colon;
	size_t		 i, end;

	for (i = 0; i < d->nline; i++) {
		end = i + 1 < d->nline ? d->line[i + 1] : d->head.len;
		f[i].raw = d->head.data + d->line[i];
		f[i].len = end - d->line[i] - 2;
		f[i].namelen = 0;
		if ((colon = memchr(f[i].raw, ':', f[i].len)) == NULL)
			continue;
		f[i].namelen = colon - f[i].raw;
		while (f[i].namelen > 0 &&
		    lex_ws(f[i].raw[f[i].namelen - 1]))
			f[i].namelen--;
	}
}

static int
is_signature(const struct dkim_field *f)
{
	return lex_is(f->raw, f->namelen, "DKIM-Signature");
}

/* Reads the signatures and hashes for each what it signed. */
static int
read_signatures(struct dkim *d, const struct dkim_field *f)
{
	struct dkim_sig	*s;
	size_t		 i, n = 0;

	for (i = 0; i < d->nline; i++)
		n += is_signature(&f[i]);
	if (n == 0)
		return 0;
	if (n > DKIM_SIGS_MAX) {
		d->ignored = n - DKIM_SIGS_MAX;
		n = DKIM_SIGS_MAX;
	}
	if ((d->v = calloc(n, sizeof(*d->v))) == NULL)
		return -1;
	for (i = 0; d->n < n; i++) {
		if (!is_signature(&f[i]))
			continue;
		s = &d->v[d->n++];
		dkim_sig_parse(s, &f[i], d->now);
		if (s->result != DKIM_WAITS)
			continue;
		if (d->overflow)
			dkim_decide(s, DKIM_PERMERROR, DKIM_HEADER);
		else if (dkim_header_hash(s, f, d->nline, i) == -1 ||
		    dkim_form_want(&d->form[s->canon_body], s->limit) == -1)
			dkim_decide(s, DKIM_TEMPERROR, DKIM_LOCAL);
	}
	return 0;
}

int
dkim_header_end(struct dkim *d)
{
	struct dkim_field	*f = NULL;
	int			 ret = -1;

	if (d->head.len > 0) {
		/* The field whose line did not fit has no lines here. */
		while (d->nline > 0 && d->line[d->nline - 1] == d->head.len)
			d->nline--;
		if ((f = calloc(d->nline, sizeof(*f))) == NULL)
			goto done;
		split(d, f);
		if (read_signatures(d, f) == -1)
			goto done;
	}
	ret = 0;
done:
	free(f);
	forget_header(d);
	return ret;
}

int
dkim_wants_body(const struct dkim *d)
{
	return d->form[DKIM_SIMPLE].nhash > 0 ||
	    d->form[DKIM_RELAXED].nhash > 0;
}

int
dkim_body(struct dkim *d, const void *p, size_t len)
{
	dkim_form_data(&d->form[DKIM_SIMPLE], p, len);
	dkim_form_data(&d->form[DKIM_RELAXED], p, len);
	return d->form[DKIM_SIMPLE].failed || d->form[DKIM_RELAXED].failed ?
	    -1 : 0;
}

int
dkim_body_eol(struct dkim *d)
{
	dkim_form_eol(&d->form[DKIM_SIMPLE]);
	dkim_form_eol(&d->form[DKIM_RELAXED]);
	return 0;
}

int
dkim_finish(struct dkim *d)
{
	const struct dkim_form	*c;
	const unsigned char	*sum;
	struct dkim_sig		*s;
	size_t			 i;

	if (dkim_form_finish(&d->form[DKIM_SIMPLE]) == -1 ||
	    dkim_form_finish(&d->form[DKIM_RELAXED]) == -1)
		return -1;
	for (i = 0; i < d->n; i++) {
		s = &d->v[i];
		if (s->result != DKIM_WAITS)
			continue;
		c = &d->form[s->canon_body];
		if ((sum = dkim_form_hash(c, s->limit)) == NULL)
			return -1;
		if (s->limit > c->total)
			dkim_decide(s, DKIM_PERMERROR, DKIM_SHORT);
		else if (memcmp(sum, s->body, DKIM_HASH_LEN) != 0)
			dkim_decide(s, DKIM_FAIL, DKIM_BODY);
		else if (s->limit >= 0)
			s->unsign = c->total - s->limit;
	}
	return 0;
}

size_t
dkim_count(const struct dkim *d)
{
	return d->n;
}

size_t
dkim_ignored(const struct dkim *d)
{
	return d->ignored;
}

struct dkim_sig *
dkim_sig(struct dkim *d, size_t i)
{
	return i < d->n ? &d->v[i] : NULL;
}

const char *
dkim_result(const struct dkim_sig *s)
{
	static const char *const	 word[] = {
		"temperror", "pass", "fail", "policy", "neutral", "temperror",
		"permerror"
	};

	return word[s->result];
}

const char *
dkim_why(const struct dkim_sig *s)
{
	static const char *const	 words[] = {
		[DKIM_OK] = "",
		[DKIM_SYNTAX] = "malformed signature",
		[DKIM_TOO_LONG] = "signature too long",
		[DKIM_VERSION] = "unknown version",
		[DKIM_MISSING] = "tag missing",
		[DKIM_ALGORITHM] = "algorithm not accepted",
		[DKIM_CANON] = "unknown canonicalization",
		[DKIM_DOMAIN] = "malformed domain or selector",
		[DKIM_IDENTITY] = "identity outside the domain",
		[DKIM_NO_FROM] = "From is not signed",
		[DKIM_QUERY] = "unknown query method",
		[DKIM_TIMES] = "expires before it was made",
		[DKIM_FUTURE] = "made in the future",
		[DKIM_EXPIRED] = "expired",
		[DKIM_BASE64] = "malformed hash or signature",
		[DKIM_HEADER] = "header too large",
		[DKIM_BODY] = "body has changed",
		[DKIM_SHORT] = "body is shorter than signed",
		[DKIM_UNSIGNED] = "part of the body is not signed",
		[DKIM_NO_KEY] = "no key",
		[DKIM_DNS] = "key cannot be looked up now",
		[DKIM_KEY_SYNTAX] = "malformed key",
		[DKIM_KEY_TYPE] = "key of another type",
		[DKIM_KEY_HASH] = "key is not for sha256",
		[DKIM_KEY_SERVICE] = "key is not for mail",
		[DKIM_KEY_DOMAIN] = "key is not for subdomains",
		[DKIM_REVOKED] = "key revoked",
		[DKIM_WEAK] = "key shorter than 1024 bits",
		[DKIM_BIG] = "key longer than 8192 bits",
		[DKIM_BAD] = "signature does not match",
		[DKIM_TESTING] = "testing",
		[DKIM_LOCAL] = "no memory"
	};

	return words[s->why];
}

const char *
dkim_algorithm(const struct dkim_sig *s)
{
	switch (s->alg) {
	case DKIM_RSA_SHA256:
		return "rsa-sha256";
	case DKIM_ED25519_SHA256:
		return "ed25519-sha256";
	default:
		return "";
	}
}
