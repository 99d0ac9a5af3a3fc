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

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/compat.h"
#include "dsn.h"
#include "header/displayname.h"
#include "lines.h"
#include "peruse.h"

struct reader {
	struct lines	 lines;
	struct dsn	 dsn;
	EVP_MD_CTX	*md;
	struct letter	*letter;
	int		 report;
	int		 body;		/* the header is over */
};

static int
digest(struct reader *r, const char *p, size_t len)
{
	if (EVP_DigestUpdate(r->md, p, len) == 1)
		return 0;
	errno = ENOMEM;
	return -1;
}

static int
body_line(struct reader *r, const char *line, size_t len, int flags)
{
	if (digest(r, line, len) == -1)
		return -1;
	if ((flags & LINES_PART) == 0 && digest(r, "\n", 1) == -1)
		return -1;
	if (r->report && (flags & LINES_REST) == 0 &&
	    dsn_line(&r->dsn, line, len) == -1) {
		errno = ENOMEM;
		return -1;
	}
	return 0;
}

/* What the header says and what of it is hashed; what the body will be. */
static int
header_over(struct reader *r)
{
	struct header_summary	*h = &r->letter->header;
	const struct hdr_field	*hf;
	const char		*s;

	errno = ENOMEM;
	if (summary_finish(h) == -1)
		return -1;
	r->body = 1;
	s = summary_single(h, "X-Relay-Unverified");
	if (s != NULL && strcasecmp(s, "yes") == 0)
		r->letter->flags |= LETTER_UNVERIFIED;
	/* one that is too long is none of ours */
	s = summary_single(h, "X-Relay-Reply");
	if (s != NULL && strlen(s) <= LETTER_REPLYID_MAX)
		(void)strlcpy(r->letter->reply_id, s,
		    sizeof(r->letter->reply_id));
	hf = hdr_get(&h->hdr, "Date", 0);
	s = hf != NULL ? hf->value : "";
	if (digest(r, s, strlen(s) + 1) == -1)
		return -1;
	s = h->subject_raw != NULL ? h->subject_raw : "";
	if (digest(r, s, strlen(s) + 1) == -1)
		return -1;
	if (r->report && dsn_init(&r->dsn, r->letter, h->content_type) == -1)
		return -1;
	return 0;
}

static int
header_line(struct reader *r, const char *line, size_t len)
{
	int	n;

	if ((n = summary_line(&r->letter->header, line, len)) == -1) {
		errno = ENOMEM;
		return -1;
	}
	if (n == HDR_MORE)
		return 0;
	if (header_over(r) == -1)
		return -1;
	return n == HDR_BODY ? body_line(r, line, len, 0) : 0;
}

static int
read_all(struct reader *r)
{
	const char	*line;
	size_t		 len;
	int		 flags, n;

	while ((n = lines_next(&r->lines, &line, &len, &flags)) == 1) {
		if (len > PERUSE_LINE_LONG)
			r->letter->flags |= LETTER_LONGLINES;
		if (r->body)
			n = body_line(r, line, len, flags);
		else if (flags & LINES_REST)
			n = 0;		/* of a field that is cut */
		else
			n = header_line(r, line, len);
		if (n == -1)
			return -1;
	}
	if (n == -1)
		return -1;
	return r->body ? 0 : header_over(r);
}

/* Display names as they are shown and stored; "" where there is none. */
static int
names_clean(struct addrlist *l)
{
	char	 clean[DISPLAYNAME_SIZE];
	size_t	 i;

	for (i = 0; i < l->n; i++) {
		if (displayname_clean(l->v[i].name, clean,
		    sizeof(clean)) == -1)
			return -1;
		free(l->v[i].name);
		if ((l->v[i].name = strdup(clean)) == NULL)
			return -1;
	}
	return 0;
}

int
peruse(int fd, int report, struct letter *l)
{
	struct reader	*r;
	unsigned int	 len;
	int		 ret = -1, dsn;

	memset(l, 0, sizeof(*l));
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return -1;
	r->letter = l;
	r->report = report;
	lines_init(&r->lines, fd);
	errno = ENOMEM;
	if ((r->md = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex(r->md, EVP_sha256(), NULL) != 1 ||
	    summary_init(&l->header, NULL) == -1)
		goto out;
	if (read_all(r) == -1)
		goto free;
	dsn = r->report ? dsn_end(&r->dsn) : 0;
	r->report = 0;
	if (dsn == -1 || names_clean(&l->header.from) == -1 ||
	    names_clean(&l->header.reply_to) == -1 ||
	    names_clean(&l->header.to) == -1 ||
	    names_clean(&l->header.cc) == -1 ||
	    EVP_DigestFinal_ex(r->md, l->digest, &len) != 1)
		goto free;
	ret = 0;
free:
	if (r->body && r->report)
		(void)dsn_end(&r->dsn);
out:
	EVP_MD_CTX_free(r->md);
	free(r);
	if (ret == -1)
		letter_free(l);
	return ret;
}
