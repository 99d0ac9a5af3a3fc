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

#include "mime/bodytext.h"
#include "mime/cte.h"

/* The text with its changes. */
static int
apply(const struct bodytext *t, const char *text, size_t len,
    struct sbuf *out)
{
	char		 in[CTE_TEXT_MAX];
	struct edit	*e;
	size_t		 pos = 0, upto;

	for (; (e = edits_first(t->edits)) != NULL; edits_next(t->edits)) {
		upto = e->off < len ? (size_t)e->off : len;
		if (upto > pos && sbuf_add(out, text + pos, upto - pos) == -1)
			return -1;
		if (sbuf_add(out, in, cte_text(in, t->mailbox, e->what,
		    e->id)) == -1)
			return -1;
		if (e->off + e->len > pos)
			pos = (size_t)(e->off + e->len);
	}
	return pos < len ? sbuf_add(out, text + pos, len - pos) : 0;
}

static int
scan(const struct bodytext *t, const unsigned char *seed, const char *text,
    size_t len)
{
	edits_free(t->edits);
	scrub_init(t->scrub, t->secrets, seed, t->edits, NULL);
	if (scrub_put(t->scrub, (const unsigned char *)text, len) == -1 ||
	    scrub_end(t->scrub) == -1)
		return -1;
	return (int)t->scrub->job.leaks;
}

int
bodytext_scrub(const struct bodytext *t, const char *text, size_t len,
    struct sbuf *out)
{
	int	leaks;

	if (len > BODYTEXT_MAX)
		return -1;
	if ((leaks = scan(t, NULL, text, len)) != -1 &&
	    apply(t, text, len, out) == -1)
		leaks = -1;
	edits_free(t->edits);
	return leaks;
}

/* Encoded whole, so that no character of it can end the URL. */
int
bodytext_cid(const struct bodytext *t, const char *id, size_t len,
    struct sbuf *out)
{
	char		 in[CTE_TEXT_MAX];
	struct sbuf	 url;
	struct edit	*e;
	size_t		 i;
	int		 rc = -1;

	sbuf_init(&url, BODYTEXT_MAX);
	sbuf_addstr(&url, "\"cid:");
	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)id[i];

		if (c > ' ' && c < 0x7f && c != '%')
			sbuf_printf(&url, "%%%02X", c);
		else
			sbuf_addch(&url, c);
	}
	sbuf_addch(&url, '"');
	if (!url.failed && scan(t, t->seed, url.data, url.len) != -1) {
		e = edits_first(t->edits);
		rc = e == NULL ? sbuf_addstr(out, "part") : sbuf_add(out, in,
		    cte_text(in, t->mailbox, e->what, e->id));
	}
	edits_free(t->edits);
	sbuf_free(&url);
	return rc;
}
