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

/* Headers that leave as somebody's other address. */

#include "filter-relay/hidehdr.h"
#include "fuzz.h"
#include "header/summary.h"

#define LIMIT	(4 * 1024 * 1024)

static const struct replyhdr_id	 ids[] = { { "a@b", "c@d" } };

/* Reads a header: 1 if its From names one writer beyond doubt. */
static int
read_header(struct header_summary *f, const char *p, size_t size)
{
	const char	*nl;
	size_t		 n;
	int		 r = HDR_MORE;

	CLAIM(summary_init(f, NULL) == 0);
	while (size > 0 && r == HDR_MORE) {
		nl = memchr(p, '\n', size);
		n = nl == NULL ? size : (size_t)(nl - p);
		r = summary_line(f, p, n);
		CLAIM(r != -1);
		if (nl == NULL)
			break;
		size -= n + 1;
		p = nl + 1;
	}
	CLAIM(summary_finish(f) == 0);
	return summary_writer(f) != NULL;
}

/* No field of those that go is there, as any reader would see them. */
static void
claim_hidden(const char *p, size_t len)
{
	const struct hidehdr_rule	*rule;
	const char			*end = p + len, *nl, *colon;
	size_t				 n;

	for (; p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		CLAIM(nl != NULL && nl != p);
		if (*p == ' ' || *p == '\t' ||
		    (colon = memchr(p, ':', (size_t)(nl - p))) == NULL)
			continue;
		for (n = (size_t)(colon - p); n > 0 && (p[n - 1] == ' ' ||
		    p[n - 1] == '\t'); n--)
			continue;
		rule = hidehdr_rule(p, n);
		CLAIM(rule == NULL || rule->what != HIDEHDR_DROP);
	}
}

static void
claim_build(const struct header_summary *f, const char *in, size_t size,
    struct sbuf *out)
{
	const struct addr	*w = summary_writer(f);
	struct hidehdr_plan	 p;

	memset(&p, 0, sizeof(p));
	p.from = w == NULL ? NULL : w->addr;
	p.message_id = "x@partner.example";
	p.ids = ids;
	p.nids = 1;
	p.now = 1790000000;
	CLAIM(hidehdr_build(out, in, size, &p) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct header_summary	 f, g;
	struct sbuf	 in, out, again;

	sbuf_init(&in, LIMIT);
	sbuf_init(&out, LIMIT);
	sbuf_init(&again, LIMIT);
	/* A message's lines end. */
	CLAIM(sbuf_add(&in, data, size) == 0 && sbuf_addch(&in, '\n') == 0);
	if (read_header(&f, in.data, in.len)) {
		claim_build(&f, in.data, in.len, &out);
		claim_hidden(out.data, out.len);
		CLAIM(read_header(&g, out.data, out.len));
		CLAIM(strcmp(summary_writer(&f)->addr,
		    summary_writer(&g)->addr) == 0);
		CLAIM(strcmp(g.message_id, "x@partner.example") == 0);
		CLAIM(hdr_count(&g.hdr, "Message-Id") == 1);
		CLAIM(hdr_count(&g.hdr, "Sender") == 0);
		summary_free(&g);
		/* What is hidden cannot be hidden more. */
		claim_build(&f, out.data, out.len, &again);
		CLAIM(out.len == again.len &&
		    memcmp(out.data, again.data, out.len) == 0);
	} else
		claim_build(&f, in.data, in.len, &out);
	summary_free(&f);
	sbuf_free(&in);
	sbuf_free(&out);
	sbuf_free(&again);
	return 0;
}
