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
#include <time.h>

#include "base/log.h"
#include "engine.h"
#include "header/replyhdr.h"
#include "hidehdr.h"
#include "mime/bodyrw.h"
#include "scrub/secrets.h"

/* Mail that leaves as somebody's other address: its header. */

/* Room for one Message-Id more, and for references that became longer. */
#define HIDE_MAX	(ENGINE_HEADER_MAX + 4 * MSG_WINDOW)

/* smtpd doubles a dot at the start of a line, RFC 5321 4.5.2. */
static int
hide_undot(struct sbuf *b, const char *p, size_t len)
{
	const char *end = p + len, *nl;

	for (; p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', end - p)) == NULL)
			nl = end - 1;
		p += *p == '.';
		if (sbuf_add(b, p, nl + 1 - p) == -1)
			return -1;
	}
	return 0;
}

static int
hide_dot(struct sbuf *b, const char *p, size_t len)
{
	const char *end = p + len, *nl;

	for (; p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', end - p)) == NULL)
			nl = end - 1;
		if ((*p == '.' && sbuf_addch(b, '.') == -1) ||
		    sbuf_add(b, p, nl + 1 - p) == -1)
			return -1;
	}
	return 0;
}

static int
hide_build(struct etx *tx, const struct sbuf *in, struct sbuf *out)
{
	const struct addr *writer = summary_writer(&tx->summary);
	const struct plan *p = &tx->plan;
	struct hidehdr_plan hp;

	memset(&hp, 0, sizeof(hp));
	hp.from = writer == NULL ? NULL : writer->addr;
	hp.message_id = p->message_id[0] == '\0' ? NULL : p->message_id;
	hp.ids = p->ids;
	hp.nids = p->nids;
	hp.now = time(NULL);
	return hidehdr_build(out, in->data, in->len, &hp);
}

int
engine_hide_header(struct engine *e, struct etx *tx)
{
	struct sbuf in, out, dotted;
	int rv = -1;

	sbuf_init(&in, tx->header.len + 1);
	sbuf_init(&out, HIDE_MAX);
	sbuf_init(&dotted, 2 * HIDE_MAX);
	if (hide_undot(&in, tx->header.data, tx->header.len) == 0 &&
	    hide_build(tx, &in, &out) == 0 &&
	    hide_dot(&dotted, out.data, out.len) == 0 &&
	    sbuf_addch(&dotted, '\n') == 0 &&
	    engine_out(e, tx, tx->plan.top, strlen(tx->plan.top)) == 0)
		rv = engine_out(e, tx, dotted.data, dotted.len);
	sbuf_free(&in);
	sbuf_free(&out);
	sbuf_free(&dotted);
	return rv;
}

#define REPLY_LEAK	"Not sent: the header holds a private address, which " \
	"would have to be taken out"

void
engine_reply_free(struct etx *tx)
{
	bodyrw_free(tx->rw);
	secrets_free(tx->secrets);
	free(tx->scrub);
	tx->rw = NULL;
	tx->secrets = NULL;
	tx->scrub = NULL;
}

/* The message is refused, and nothing more of it goes on. */
static int
reply_refuse(struct etx *tx, const char *why)
{
	tx->state = ETX_DROP;
	tx->finish.status = FINISH_REFUSE;
	free(tx->finish.reply);
	tx->finish.reply = strdup(why);
	return tx->finish.reply == NULL ? -1 : 0;
}

/* What the body's rewriter said: a failure, or a reason to refuse. */
static int
reply_trouble(struct etx *tx)
{
	const char *why;

	if (bodyrw_failed(tx->rw) || (why = bodyrw_error(tx->rw)) == NULL)
		return -1;
	return reply_refuse(tx, why);
}

/* Lines of the rewritten body, or at first the fields of its header. */
static int
reply_out(void *arg, const char *line, size_t len)
{
	struct etx *tx = arg;

	if (tx->rewriting)
		return engine_line(tx->engine, tx, line, len);
	if (sbuf_add(&tx->mime, line, len) == -1 ||
	    sbuf_addch(&tx->mime, '\n') == -1)
		return -1;
	return 0;
}

static int
reply_secrets(struct etx *tx)
{
	struct plan *p = &tx->plan;
	size_t i;

	if ((tx->secrets = secrets_new()) == NULL)
		return -1;
	/* An address that is none cannot be found either. */
	for (i = 0; i < p->private.n; i++)
		secrets_add_address(tx->secrets, p->private.v[i]);
	for (i = 0; i < p->mailboxes.n; i++)
		if (secrets_add_mailbox(tx->secrets,
		    p->mailboxes.v[i]) == -1)
			return -1;
	for (i = 0; i < p->handles.n; i++)
		if (secrets_add_handle(tx->secrets, p->handles.v[i]) == -1)
			return -1;
	return 0;
}

static int
reply_plan(struct etx *tx)
{
	struct bodyrw_plan *bp;

	if ((bp = calloc(1, sizeof(*bp))) == NULL)
		return -1;
	tx->scrub = bp;
	switch (tx->plan.leak) {
	case CONF_LEAK_PASS:
		bp->mode = BODYRW_PASS;
		break;
	case CONF_LEAK_REFUSE:
		bp->mode = BODYRW_REFUSE;
		break;
	default:
		bp->mode = BODYRW_SCRUB;
		break;
	}
	bp->commands = tx->plan.commands;
	bp->secrets = tx->secrets;
	bp->mailbox = tx->plan.mailbox;
	arc4random_buf(bp->seed, sizeof(bp->seed));
	tx->rw = bodyrw_new(bp, reply_out, tx);
	return tx->rw == NULL ? -1 : 0;
}

/* The Content-* fields, as the new body needs them. */
static int
reply_mime(struct etx *tx)
{
	const struct hdr *h = &tx->summary.hdr;
	size_t i;

	if (sbuf_addstr(&tx->mime, "MIME-Version: 1.0\n") == -1)
		return -1;
	for (i = 0; i < h->n; i++)
		if (strncasecmp(h->v[i].name, "Content-", 8) == 0 &&
		    bodyrw_field(tx->rw, h->v[i].raw, h->v[i].rawlen) == -1)
			return reply_trouble(tx);
	if (bodyrw_begin(tx->rw) == -1)
		return reply_trouble(tx);
	return 0;
}

static int
reply_scrub(void *arg, const char *text, size_t len, struct sbuf *b)
{
	struct etx *tx = arg;
	char *in, *out;
	size_t size = 4 * len + 4096;
	int n = -1;

	in = strndup(text, len);
	out = malloc(size);
	if (in != NULL && out != NULL &&
	    (n = bodyrw_text(tx->scrub, in, out, size)) != -1 &&
	    sbuf_addstr(b, out) == -1)
		n = -1;
	free(in);
	free(out);
	return n;
}

static const char *
reply_word(const char *s)
{
	return s[0] == '\0' ? NULL : s;
}

static int
reply_header(struct engine *e, struct etx *tx)
{
	struct plan *p = &tx->plan;
	struct replyhdr_plan rp;
	struct sbuf b;
	int changed = 0, rv;

	sbuf_init(&b, REPLYHDR_MAX);
	memset(&rp, 0, sizeof(rp));
	rp.mailbox = p->mailbox;
	rp.mailbox_name = reply_word(p->mailbox_name);
	rp.worker_name = reply_word(p->worker_name);
	rp.private = (const char *const *)p->private.v;
	rp.nprivate = p->private.n;
	rp.message_id = p->message_id;
	rp.reply_id = p->reply_id;
	rp.now = time(NULL);
	rp.mime = sbuf_str(&tx->mime);
	if (p->leak != CONF_LEAK_PASS)
		rp.scrub = reply_scrub;
	rp.arg = tx;
	rp.map = p->map;
	rp.nmap = p->nmap;
	rp.ids = p->ids;
	rp.nids = p->nids;
	rv = replyhdr_build(&b, &tx->summary, &rp, &changed);
	if (rv == 0 && changed > 0 && p->leak == CONF_LEAK_REFUSE)
		rv = reply_refuse(tx, REPLY_LEAK);
	else if (rv == 0) {
		sbuf_addch(&b, '\n');
		rv = b.failed ? -1 : engine_out(e, tx, b.data, b.len);
	}
	sbuf_free(&b);
	return rv;
}

int
engine_reply_begin(struct engine *e, struct etx *tx)
{
	tx->state = ETX_REPLY;
	sbuf_init(&tx->mime, BODYRW_FIELD_MAX * 4);
	if (reply_secrets(tx) == -1 || reply_plan(tx) == -1 ||
	    reply_mime(tx) == -1)
		return -1;
	if (tx->state == ETX_REPLY && reply_header(e, tx) == -1)
		return -1;
	tx->rewriting = 1;
	sbuf_free(&tx->mime);
	return 0;
}

int
engine_reply_line(struct etx *tx, const char *line, size_t len)
{
	if (bodyrw_line(tx->rw, line, len) == -1)
		return reply_trouble(tx);
	return 0;
}

int
engine_reply_end(struct etx *tx)
{
	if (bodyrw_end(tx->rw) == -1)
		return reply_trouble(tx);
	tx->finish.commands = bodyrw_commands(tx->rw);
	return 0;
}
