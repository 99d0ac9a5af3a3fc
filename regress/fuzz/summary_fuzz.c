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

/* Whole headers: facts, and the header of a reply and of a copy from them. */

#include <ctype.h>

#include "fuzz.h"
#include "header/summary.h"
#include "header/replyhdr.h"
#include "mda-relay/copyhdr.h"

static struct replyhdr_addr	 map[] = {
	{ "carol@customer.test", "support+aaaaaaaaaaaaaaaa@company.example",
	    NULL },
	{ "support+aaaaaaaaaaaaaaaa@company.example", "carol@customer.test",
	    "Carol" },
};
static const char *const	 private[] = { "alice@private.test" };
static struct replyhdr_id	 ids[] = { { "a@b", "c@d" } };

/* Finds a private address that is not a piece of a longer one. */
static int
leaks(const struct sbuf *b)
{
	const size_t		 len = strlen(private[0]);
	const unsigned char	*after;
	size_t			 i;

	for (i = 1; i < b->len; i++) {
		if (strchr(" <,:\n", b->data[i - 1]) == NULL ||
		    strncasecmp(b->data + i, private[0], len) != 0)
			continue;
		after = (const unsigned char *)b->data + i + len;
		if (*after == '.')
			after++;
		if (!isalnum(*after) && *after != '-' && *after < 0x80)
			return 1;
	}
	return 0;
}

/* What was built reads as a header with one From. */
static void
claim_header(const struct sbuf *b, const char *from)
{
	struct header_summary	 f;
	const char	*p = b->data, *nl;

	claim_field(b->data, b->len, 1);
	CLAIM(summary_init(&f, NULL) == 0);
	for (; (nl = strchr(p, '\n')) != NULL; p = nl + 1)
		CLAIM(summary_line(&f, p, (size_t)(nl - p)) == HDR_MORE);
	CLAIM(summary_finish(&f) == 0);
	CLAIM(summary_writer(&f) != NULL &&
	    strcmp(summary_writer(&f)->addr, from) == 0);
	CLAIM(hdr_count(&f.hdr, "To") <= 1 && hdr_count(&f.hdr, "Cc") <= 1);
	summary_free(&f);
}

static void
reply(const struct header_summary *f)
{
	struct replyhdr_plan	 p;
	struct sbuf		 b;

	memset(&p, 0, sizeof(p));
	p.mailbox = "support@company.example";
	p.mailbox_name = "Company Support";
	p.map = map;
	p.nmap = 2;
	p.private = private;
	p.nprivate = 1;
	p.ids = ids;
	p.nids = 1;
	p.message_id = "x@company.example";
	p.mime = "";
	sbuf_init(&b, REPLYHDR_MAX);
	if (f->first_received == NULL &&
	    replyhdr_build(&b, f, &p, NULL) == 0) {
		claim_header(&b, p.mailbox);
		if (f->subject == NULL && hdr_count(&f->hdr, "Thread-Topic") +
		    hdr_count(&f->hdr, "Importance") +
		    hdr_count(&f->hdr, "Sensitivity") == 0)
			CLAIM(!leaks(&b));
	}
	sbuf_free(&b);
}

static void
copy(const struct header_summary *f)
{
	struct copyhdr_plan	 p;
	struct sbuf		 b;

	memset(&p, 0, sizeof(p));
	p.mailbox = "support@company.example";
	p.mailbox_name = "Company Support";
	p.from = "support+bbbbbbbbbbbbbbbb@company.example";
	p.map = map;
	p.nmap = 1;
	p.ids = ids;
	p.nids = 1;
	p.message_id = "x@company.example";
	p.conversation = "1";
	p.unverified = summary_writer(f) == NULL;
	sbuf_init(&b, 4 * REPLYHDR_MAX);
	if (copyhdr_build(&b, f, &p) == 0)
		claim_header(&b, p.from);
	sbuf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct header_summary	 f;
	const struct addr	*w;
	const char		*p = (const char *)data, *nl;
	size_t			 n;
	int			 r = HDR_MORE;

	CLAIM(summary_init(&f, "mx.example") == 0);
	while (size > 0 && r == HDR_MORE) {
		nl = memchr(p, '\n', size);
		n = nl == NULL ? size : (size_t)(nl - p);
		r = summary_line(&f, p, n);
		CLAIM(r != -1);
		if (nl == NULL)
			break;
		size -= n + 1;
		p = nl + 1;
	}
	CLAIM(summary_finish(&f) == 0);
	w = summary_writer(&f);
	CLAIM((w == NULL) == (f.why_not[0] != '\0'));
	CLAIM(w == NULL || addr_valid(w->addr));
	reply(&f);
	copy(&f);
	summary_free(&f);
	return 0;
}
