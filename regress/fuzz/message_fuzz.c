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

/*
 * Whole messages through what mda-relay's editor does with them: read for
 * the parent, copied for a member, passed on.
 */

#include <sys/mman.h>

#include "mda-relay/compose.c"
#include "mda-relay/dsn.c"
#include "mda-relay/letter.c"
#include "mda-relay/lines.c"
#include "mda-relay/outfile.c"
#include "mda-relay/peruse.c"
#include "mda-relay/mailfile.c"
#include "fuzz.h"

static struct replyhdr_addr	 map[] = {
	{ "carol@customer.test", "support+aaaaaaaaaaaaaaaa@company.example",
	    NULL },
};
static const char	*ours[] = { "support@company.example" };
static struct replyhdr_id	 ids[] = { { "a@b", "c@d" } };

/* What the parent got is what the engine had. */
static void
claim_letter(const struct letter *l)
{
	struct ipc_pack	p, again;
	struct letter	got;
	size_t		i;

	CLAIM(l->nfailures <= LETTER_FAILURES_MAX);
	for (i = 0; i < l->nfailures; i++)
		CLAIM(strlen(l->failure[i].text) <= LETTER_TEXT_MAX);
	ipc_pack_init(&p);
	ipc_put_record(&p, &letter_record, l);
	CLAIM(!p.failed);
	CLAIM(ipc_get_record(&letter_record, &got, p.buf, p.len) == 0);
	ipc_pack_init(&again);
	ipc_put_record(&again, &letter_record, &got);
	CLAIM(again.len == p.len && memcmp(again.buf, p.buf, p.len) == 0);
	ipc_pack_free(&p);
	ipc_pack_free(&again);
	letter_free(&got);
}

/* A copy has one header of ours, no long lines in it, and an encoding. */
static void
claim_copy(int out)
{
	struct letter	l;

	CLAIM(mailfile_rewind(out) == 0);
	CLAIM(peruse(out, 0, &l) == 0);
	CLAIM(summary_writer(&l.header) != NULL);
	CLAIM(strcmp(summary_writer(&l.header)->folded, map[0].to) == 0);
	CLAIM(l.header.content_encoding != NULL);
	CLAIM(l.reply_id[0] == '\0' && l.header.received == 0);
	CLAIM(!addrlist_has(&l.header.to, map[0].from));
	letter_free(&l);
}

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct copyhdr_plan	 plan;
	struct letter		 l;
	const char		*why;
	static int		 in = -1, out = -1;
	int			 flags;

	if (in == -1) {
		CLAIM((in = memfd_create("in", 0)) != -1);
		CLAIM((out = memfd_create("out", 0)) != -1);
	}
	CLAIM(mailfile_clear(in) == 0);
	CLAIM(write(in, data, size) == (ssize_t)size);
	CLAIM(mailfile_rewind(in) == 0);
	CLAIM(peruse(in, 1, &l) == 0);
	claim_letter(&l);
	letter_free(&l);
	memset(&plan, 0, sizeof(plan));
	plan.mailbox = ours[0];
	plan.mailbox_name = "Company Support";
	plan.from = map[0].to;
	plan.map = map;
	plan.nmap = 1;
	plan.ours = ours;
	plan.nours = 1;
	plan.ids = ids;
	plan.nids = 1;
	plan.message_id = "relay.x@company.example";
	plan.conversation = "1";
	CLAIM(mailfile_rewind(in) == 0 && mailfile_clear(out) == 0);
	CLAIM(compose_copy(in, out, &plan, &why) == 0);
	claim_copy(out);
	for (flags = COMPOSE_REPLY; flags <= COMPOSE_ENCODING; flags <<= 1) {
		CLAIM(mailfile_rewind(in) == 0 && mailfile_clear(out) == 0);
		CLAIM(compose_forward(in, out, flags, &why) == 0);
	}
	return 0;
}
