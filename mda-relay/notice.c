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

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/log.h"
#include "header/date.h"
#include "header/displayname.h"
#include "header/encword.h"
#include "header/hdr.h"
#include "header/replyhdr.h"
#include "notice.h"
#include "outfile.h"
#include "mailfile.h"

int
notice_record(struct run *r, uint64_t conversation, const char *key,
    uint64_t *id)
{
	struct store_message	*m;
	int			 n;

	if ((m = calloc(1, sizeof(*m))) == NULL) {
		log_warn("notice");
		return -1;
	}
	m->conversation = conversation;
	m->kind = STORE_MSG_TEAM;
	(void)strlcpy(m->smtpd, r->letter.header.smtpd_id, sizeof(m->smtpd));
	(void)strlcpy(m->outside, key, sizeof(m->outside));
	if ((n = store_message_add(r->store, m, r->now)) == -1)
		run_store_failed(r, "notice");
	*id = m->id;
	free(m);
	return n;
}

static int
begin(struct run *r, const struct notice *n, const struct store_worker *w,
    struct store_copy *copy)
{
	if (run_begin(r, 1) == -1)
		return -1;
	if (run_token(r, w, n->conversation, r->rcpt.mailbox.address,
	    copy->msgid, sizeof(copy->msgid)) == -1 ||
	    store_copy_begin(r->store, n->message, w->id, r->now,
	    copy) == -1) {
		run_store_failed(r, "notice");
		store_rollback(r->store);
		return -1;
	}
	return run_commit(r);
}

static int
header_from(struct run *r, struct sbuf *b)
{
	const struct store_mailbox	*mb = &r->rcpt.mailbox;
	struct sbuf			 from;
	int				 n = -1;

	sbuf_init(&from, REPLYHDR_MAX);
	if (displayname_mailbox(&from, mb->name, mb->address) == 0)
		n = hdr_write(b, "From", sbuf_str(&from));
	sbuf_free(&from);
	return n;
}

static int
header_ids(const struct notice *n, const char *msgid, struct sbuf *b)
{
	char	buf[STORE_MSGID_MAX + 3];

	(void)snprintf(buf, sizeof(buf), "<%s>", msgid);
	if (hdr_write(b, "Message-ID", buf) == -1)
		return -1;
	if (n->parent == NULL || n->parent[0] == '\0' ||
	    !msgid_valid(n->parent))
		return 0;
	(void)snprintf(buf, sizeof(buf), "<%s>", n->parent);
	if (hdr_write(b, "In-Reply-To", buf) == -1)
		return -1;
	return hdr_write(b, "References", buf);
}

static int
header(struct run *r, const struct notice *n, const struct store_worker *w,
    const char *msgid, struct sbuf *b)
{
	struct sbuf	to;
	char		buf[64];
	int		ok;

	if (date_format(buf, sizeof(buf), r->now) == -1 ||
	    hdr_write(b, "Date", buf) == -1 || header_from(r, b) == -1)
		return -1;
	sbuf_init(&to, REPLYHDR_MAX);
	ok = displayname_mailbox(&to, w->display, w->address) == 0 &&
	    hdr_write(b, "To", sbuf_str(&to)) == 0;
	sbuf_free(&to);
	if (!ok || hdr_write_text(b, "Subject", n->subject) == -1 ||
	    header_ids(n, msgid, b) == -1)
		return -1;
	(void)snprintf(buf, sizeof(buf), "%" PRIu64, n->conversation);
	if (hdr_write(b, "Auto-Submitted", "auto-replied") == -1 ||
	    hdr_write(b, "MIME-Version", "1.0") == -1 ||
	    hdr_write(b, "Content-Type", "text/plain; charset=utf-8") == -1 ||
	    hdr_write(b, "Content-Transfer-Encoding", "8bit") == -1 ||
	    hdr_write(b, "X-Relay-Conversation", buf) == -1)
		return -1;
	return sbuf_addch(b, '\n');
}

static int
write_out(struct run *r, const struct sbuf *hdr, const struct sbuf *text)
{
	struct outfile	*o;
	int		 n;

	if (text->failed || mailfile_clear(r->out) == -1 ||
	    (o = malloc(sizeof(*o))) == NULL)
		return -1;
	outfile_init(o, r->out);
	(void)outfile_add(o, hdr->data, hdr->len);
	(void)outfile_add(o, text->data, text->len);
	n = outfile_end(o);
	free(o);
	return n;
}

int
notice_send(struct run *r, const struct notice *n,
    const struct store_worker *w)
{
	struct store_copy	copy;
	struct sbuf		hdr;
	char			reply[MAILER_REPLY_MAX];
	int			done;

	memset(&copy, 0, sizeof(copy));
	if (begin(r, n, w, &copy) == -1)
		return RUN_RETRY;
	if (copy.queued)
		return RUN_DONE;
	sbuf_init(&hdr, REPLYHDR_MAX);
	done = header(r, n, w, copy.msgid, &hdr) == 0 &&
	    write_out(r, &hdr, n->text) == 0;
	sbuf_free(&hdr);
	if (!done) {
		log_warnx("%s: a notice could not be written",
		    r->letter.header.smtpd_id);
		return RUN_RETRY;
	}
	/* from nobody, so that it can never be answered by a bounce */
	if (run_send(r, "", w->address, "notice", w->name,
	    reply) == MAILER_RETRY)
		return RUN_RETRY;
	if (store_copy_queued(r->store, copy.id, r->now) == -1) {
		run_store_failed(r, "notice");
		return RUN_RETRY;
	}
	return RUN_DONE;
}
