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

#include <sys/socket.h>

#include <event.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/compat.h"
#include "base/log.h"
#include "conf/listfile.h"
#include "dns/dnsipc.h"
#include "engine.h"
#include "gate/gate.h"
#include "header/addr.h"
#include "judge/authreswrite.h"
#include "judge/judge.h"
#include "pending.h"
#include "proc/sandbox.h"
#include "setup.h"

/*
 * Sender authentication by our own resolver: the message waits in the spool
 * until it is whole, its signatures' keys and the sender's policy are asked
 * for, and then the keeper is told of it once more.
 */

#define AUTH_SECONDS	30	/* for all questions of a message */
#define AUTH_QUEUE	(2 * 1024 * 1024)	/* bytes for the front */
#define AUTH_CARRY	(2 * SPOOL_BLOCK + 128 * 1024)	/* lines cut */

struct etx_auth {
	struct engine		*e;
	struct etx		*tx;
	struct spoolfile	 file;
	struct dkim		*dkim;
	struct judge		*judge;		/* answers are under way */
	struct event		 timer;		/* for answers, or to replay */
	struct sbuf		 carry;		/* lines read from the file */
	struct sbuf		 field;		/* Authentication-Results */
};

static int	auth_data(struct etx *tx, const char *p, size_t len);
static int	end_auth(struct etx *tx);
static int	send_authenticated(struct engine *e, struct etx *tx, int
	    pass, int unsure);
static int	body_data(struct engine *e, struct etx *tx, const char
	    *p, size_t len);
static int	end_body(struct etx *tx);
static int	carry_out(struct engine *e, struct etx *tx);
static void	step_done(struct engine *e, struct etx *tx, int rv);

/* Frees what this owns. */
static void
free_auth(struct etx *tx)
{
	struct etx_auth	*a = tx->auth;

	if (a == NULL)
		return;
	evtimer_del(&a->timer);
	judge_cancel(a->judge);
	dkim_free(a->dkim);
	spoolfile_free(a->e->spool, &a->file);
	sbuf_free(&a->carry);
	sbuf_free(&a->field);
	free(a);
	tx->auth = NULL;
}

/* Time is over: what was not answered is a temporary error. */
static void
auth_late(int fd, short events, void *arg)
{
	struct etx_auth	*a = arg;

	(void)fd;
	(void)events;
	judge_late(a->judge);
}

/* The header, as it came but for dots. */
static int
auth_header(struct etx_auth *a, const struct sbuf *header)
{
	const char	*p = header->data, *end = p + header->len, *nl;
	int		 dot;

	for (; p < end; p = nl + 1) {
		nl = memchr(p, '\n', end - p);
		if (nl == p)
			break;
		dot = p[0] == '.';
		if (dkim_header_line(a->dkim, p + dot, nl - p - dot) == -1)
			return -1;
	}
	return dkim_header_end(a->dkim);
}

/*
 * The keeper wants to know who wrote it: the message goes into
 * the spool from now on.  Each 0, or -1 and it failed.
 */
static int
begin_auth(struct engine *e, struct etx *tx)
{
	struct etx_auth	*a;
	int		 rv = 0;

	if (tx->auth != NULL || (a = calloc(1, sizeof(*a))) == NULL)
		return -1;
	a->e = e;
	a->tx = tx;
	tx->auth = a;
	evtimer_set(&a->timer, auth_late, a);
	sbuf_init(&a->carry, AUTH_CARRY);
	sbuf_init(&a->field, AUTHRESWRITE_MAX);
	if ((a->dkim = dkim_new(time(NULL))) == NULL ||
	    auth_header(a, &tx->header) == -1)
		return -1;
	tx->state = ETX_AUTH;
	if (tx->held.len > 0)
		rv = auth_data(tx, tx->held.data, tx->held.len);
	sbuf_free(&tx->held);
	return rv == 0 && tx->eom ? end_auth(tx) : rv;
}

static int
auth_data(struct etx *tx, const char *p, size_t len)
{
	struct etx_auth	*a = tx->auth;
	const char	*end = p + len, *nl;
	int		 dot;

	if (spoolfile_add(a->e->spool, &a->file, p, len) == -1) {
		log_warnx("a message that waits for its end does not fit "
		    "into the spool");
		return -1;
	}
	if (!dkim_wants_body(a->dkim))
		return 0;
	for (; p < end; p = nl + 1) {
		nl = memchr(p, '\n', end - p);
		dot = p[0] == '.';
		if (dkim_body(a->dkim, p + dot, nl - p - dot) == -1 ||
		    dkim_body_eol(a->dkim) == -1)
			return -1;
	}
	return 0;
}

/* What was found, for those who read the message next. */
static int
auth_write(struct etx_auth *a, const struct judge_result *r)
{
	struct authreswrite	 w;
	unsigned char		 addr[16];
	const char		*helo;
	size_t			 i;

	if (a->tx->env.admd[0] == '\0')
		return 0;
	(void)engine_handoff_origin(a->tx, addr, &helo);
	authreswrite_begin(&w, &a->field, a->tx->env.admd);
	if (r->spf_asked)
		authreswrite_spf(&w, spf_word(r->spf.result), a->tx->env.sender,
		    helo);
	for (i = 0; i < dkim_count(a->dkim); i++)
		authreswrite_dkim(&w, dkim_sig(a->dkim, i));
	if (i == 0)
		authreswrite_nodkim(&w);
	authreswrite_dmarc(&w, &r->dmarc);
	if (authreswrite_end(&w) == -1) {
		sbuf_reset(&a->field);
		log_warnx("no Authentication-Results under the name %s",
		    a->tx->env.admd);
	}
	return 0;
}

static void
auth_judged(const struct judge_result *r, void *arg)
{
	struct etx_auth		*a = arg;
	struct etx		*tx = a->tx;
	const struct dmarc	*d = &r->dmarc;
	int			 pass = d->spf || d->dkim;

	a->judge = NULL;
	evtimer_del(&a->timer);
	auth_write(a, r);
	log_debug("sender authentication of %s: spf %d, dkim %d, dmarc %s",
	    d->author, d->spf, d->dkim, dmarc_result(d->result));
	engine_gate_judged(tx, r, dkim_sig(a->dkim, 0), dkim_count(a->dkim));
	if (tx->planned) {
		step_done(a->e, tx, carry_out(a->e, tx));
		return;
	}
	step_done(a->e, tx, send_authenticated(a->e, tx, pass,
	    !pass && d->unsure));
}

/* Asks the DNS: 1 and *now: all is known; 0: it comes later; or -1. */
static int
auth_ask(struct etx_auth *a, struct judge_result *now)
{
	struct judge_request	 req;
	struct etx		*tx = a->tx;
	unsigned char		 addr[16];

	memset(&req, 0, sizeof(req));
	req.family = engine_handoff_origin(tx, addr, &req.helo);
	req.addr = addr;
	req.sender = tx->env.sender;
	if (summary_writer(&tx->summary) != NULL)
		req.author = addr_domain(summary_writer(&tx->summary)->addr);
	req.sigs = dkim_sig(a->dkim, 0);
	req.nsigs = dkim_count(a->dkim);
	req.nlists = engine_gate_lists(tx, &req.lists);
	return judge_ask(&a->judge, now, a->e->dns, &req, auth_judged, a);
}

/* It is whole: the DNS is asked.  0 or -1. */
static int
end_auth(struct etx *tx)
{
	struct etx_auth		*a = tx->auth;
	struct timeval		 tv = { AUTH_SECONDS, 0 };
	struct judge_result	 now;

	if (dkim_finish(a->dkim) == -1)
		return -1;
	switch (auth_ask(a, &now)) {
	case 0:
		return evtimer_add(&a->timer, &tv);
	case 1:
		auth_judged(&now, a);
		return 0;
	}
	return -1;
}

/* Authentication-Results with its LF, or empty. */
static const struct sbuf *
auth_field(const struct etx *tx)
{
	return &tx->auth->field;
}

/* Sends a part of the message on, and comes again for the next. */
static void
auth_replay(int fd, short events, void *arg)
{
	struct etx_auth	*a = arg;
	struct engine	*e = a->e;
	struct etx	*tx = a->tx;
	struct timeval	 tv = { 0, 0 };
	char		*p, *last;
	int		 n = 1, rv = 0;

	(void)fd;
	(void)events;
	if (e->front == NULL || ipc_queued(e->front) > AUTH_QUEUE) {
		tv.tv_usec = 20000;
		evtimer_add(&a->timer, &tv);
		return;
	}
	if ((n = spoolfile_read(e->spool, &a->file, &a->carry)) == -1)
		rv = -1;
	p = a->carry.data;
	if (rv == 0 && a->carry.len > 0 &&
	    (last = memrchr(p, '\n', a->carry.len)) != NULL) {
		rv = body_data(e, tx, p, last + 1 - p);
		a->carry.len -= last + 1 - p;
		memmove(p, last + 1, a->carry.len);
	}
	if (rv == 0 && n == 0) {
		tx->replaying = 0;
		rv = end_body(tx);
	} else if (rv == 0 && evtimer_add(&a->timer, &tv) == -1)
		rv = -1;
	step_done(e, tx, rv);
}

/* Begins to read the body from the spool.  0 or -1. */
static int
replay(struct etx *tx)
{
	struct etx_auth	*a = tx->auth;
	struct timeval	 tv = { 0, 0 };

	tx->replaying = 1;
	evtimer_set(&a->timer, auth_replay, a);
	return evtimer_add(&a->timer, &tv);
}

/* A new message: 0 or -1. */
static int
init_message(struct engine *e, struct etx *tx)
{
	sbuf_init(&tx->header, ENGINE_HEADER_MAX + 2 * MSG_WINDOW);
	sbuf_init(&tx->held, ENGINE_HELD_MAX);
	sbuf_init(&tx->out, ENGINE_OUT_MAX);
	return summary_init(&tx->summary,
	    e->conf->replies.trust_results && tx->env.admd[0] != '\0' ?
	    tx->env.admd : NULL);
}

/* Frees what the message owns. */
static void
free_message(struct etx *tx)
{
	summary_free(&tx->summary);
	sbuf_free(&tx->header);
	sbuf_free(&tx->held);
	sbuf_free(&tx->out);
	sbuf_free(&tx->mime);
	ipc_free_record(&plan_record, &tx->plan);
	ipc_free_record(&finish_record, &tx->finish);
	EVP_MD_CTX_free(tx->hash);
	engine_reply_free(tx);
	free_auth(tx);
	engine_gate_free(tx);
	ipc_free_record(&envelope_record, &tx->env);
	free(tx->hop);
}

/* The SHA-256 of what a replay repeats, where there is no Message-Id. */
static int
mail_hash_begin(struct etx *tx)
{
	const struct hdr_field *f;
	const char *names[] = { "Date", "Subject" };
	size_t i;

	if (tx->summary.message_id != NULL)
		return 0;
	if ((tx->hash = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex(tx->hash, EVP_sha256(), NULL) != 1)
		return -1;
	for (i = 0; i < 2; i++) {
		f = hdr_get(&tx->summary.hdr, names[i], 0);
		if (f != NULL && EVP_DigestUpdate(tx->hash, f->value,
		    f->valuelen) != 1)
			return -1;
		if (EVP_DigestUpdate(tx->hash, "\n", 1) != 1)
			return -1;
	}
	return 0;
}

/* All From fields, one behind the other; too much of them is refused. */
static char *
from_fields(const struct hdr *hdr)
{
	const struct hdr_field *f;
	struct sbuf b;
	size_t i;
	char *s;

	sbuf_init(&b, SUMMARY_FROM_MAX);
	for (i = 0; (f = hdr_get(hdr, "From", i)) != NULL; i++)
		if (sbuf_addstr(&b, f->value) == -1 ||
		    sbuf_addch(&b, '\n') == -1)
			break;
	s = strdup(b.failed ? "" : sbuf_str(&b));
	sbuf_free(&b);
	return s;
}

/* The keeper is told of the header; judged: with sender authentication. */
static int
tell_keeper(struct engine *e, struct etx *tx, int judged, int pass,
    int unsure)
{
	struct header_summary *h = &tx->summary;
	const struct addr *writer = summary_writer(h);

	tx->state = ETX_WAIT;
	if (!judged)
		pass = e->conf->replies.trust_results && writer != NULL &&
		    authres_passes(&h->authres,
		    addr_domain(writer->addr)) == 1;
	h->auth_pass = pass != 0;
	h->auth_judged = judged != 0;
	h->auth_unsure = unsure != 0;
	if (h->from_raw == NULL &&
	    (h->from_raw = from_fields(&h->hdr)) == NULL)
		return -1;
	return ipc_send_record(e->keeper, MSG_HEADER, tx->id, &summary_record,
	    h);
}

/* The header is complete: the keeper decides. */
static int
mail_judge(struct engine *e, struct etx *tx, int cut)
{
	if (summary_finish(&tx->summary) == -1 || mail_hash_begin(tx) == -1)
		return -1;
	if (cut)
		tx->summary.truncated |= SUMMARY_TRUNC_HDR;
	return tell_keeper(e, tx, 0, 0, 0);
}

/*
 * The keeper is told of it again: whether the writer is
 * authenticated, and else whether an error may be why not.  0 or -1.
 */
static int
send_authenticated(struct engine *e, struct etx *tx, int pass,
    int unsure)
{
	return tell_keeper(e, tx, 1, pass, unsure);
}

/* A line of the header, with its LF. */
static int
mail_header_line(struct engine *e, struct etx *tx, const char *line,
    size_t len)
{
	int dot = line[0] == '.';

	if (engine_gate_line(tx, line + dot, len - 1 - dot) == -1)
		return -1;
	switch (summary_line(&tx->summary, line + dot, len - 1 - dot)) {
	case HDR_MORE:
		if (sbuf_add(&tx->header, line, len) == -1)
			return -1;
		return tx->header.len < ENGINE_HEADER_MAX ? 0 :
		    mail_judge(e, tx, 1);
	case HDR_END:
		if (sbuf_add(&tx->header, line, len) == -1)
			return -1;
		return mail_judge(e, tx, 0);
	case HDR_BODY:
		if (sbuf_add(&tx->held, line, len) == -1)
			return -1;
		return mail_judge(e, tx, 0);
	default:
		return -1;
	}
}

/* Lines of the body, when the plan is known.  0 or -1. */
static int
body_data(struct engine *e, struct etx *tx, const char *p, size_t len)
{
	const char *end = p + len, *nl;
	int dot;

	if (tx->hash != NULL && EVP_DigestUpdate(tx->hash, p, len) != 1)
		return -1;
	if (tx->state == ETX_PASS)
		return engine_out(e, tx, p, len);
	while (tx->state == ETX_REPLY && p < end) {
		nl = memchr(p, '\n', end - p);
		dot = p[0] == '.';
		if (engine_reply_line(tx, p + dot, nl - p - dot) == -1)
			return -1;
		p = nl + 1;
	}
	return 0;
}

/* Lines of the message.  0, or -1 and it failed. */
static int
message_data(struct engine *e, struct etx *tx, const char *p, size_t len)
{
	const char *end = p + len, *nl;

	while (tx->state == ETX_HEADER && p < end) {
		nl = memchr(p, '\n', end - p);
		if (mail_header_line(e, tx, p, nl + 1 - p) == -1)
			return -1;
		p = nl + 1;
	}
	if (p == end)
		return 0;
	if (tx->state == ETX_WAIT)
		return sbuf_add(&tx->held, p, end - p);
	if (tx->state == ETX_AUTH)
		return auth_data(tx, p, end - p);
	return body_data(e, tx, p, end - p);
}

/* The body was complete.  0 or -1. */
static int
end_body(struct etx *tx)
{
	if (tx->hash != NULL && EVP_DigestFinal_ex(tx->hash, tx->finish.hash,
	    NULL) != 1)
		return -1;
	return tx->state == ETX_REPLY ? engine_reply_end(tx) : 0;
}

/* Its end has come.  0, or -1 and it failed. */
static int
end_message(struct engine *e, struct etx *tx)
{
	if (tx->state == ETX_HEADER)
		return mail_judge(e, tx, 0);
	if (tx->state == ETX_AUTH)
		return end_auth(tx);
	return tx->state == ETX_WAIT ? 0 : end_body(tx);
}

/* Is this the start of the field?  RFC 5322 4.5 allows space before `:'. */
static int
mail_is_field(const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);

	if (len <= n || strncasecmp(line, name, n) != 0)
		return 0;
	while (n < len && (line[n] == ' ' || line[n] == '\t'))
		n++;
	return n < len && line[n] == ':';
}

/* The header as it came, but with the Message-Id of the plan. */
static int
mail_sign(struct engine *e, struct etx *tx)
{
	const char *p = tx->header.data, *end = p + tx->header.len, *nl;
	struct sbuf b;
	int skip = 0, rv;

	sbuf_init(&b, ENGINE_HEADER_MAX + 4 * MSG_WINDOW);
	sbuf_printf(&b, "Message-ID: <%s>\n", tx->plan.message_id);
	for (; p < end; p = nl + 1) {
		nl = memchr(p, '\n', end - p);
		if (p[0] != ' ' && p[0] != '\t')
			skip = mail_is_field(p, nl - p, "Message-ID");
		if (!skip)
			sbuf_add(&b, p, nl + 1 - p);
	}
	rv = b.failed ? -1 : engine_out(e, tx, b.data, b.len);
	sbuf_free(&b);
	return rv;
}

/* The keeper's plan.  0, or -1 and it failed. */
static int
carry_out(struct engine *e, struct etx *tx)
{
	const struct sbuf *field;
	int open = 0, rv = 0;

	if (tx->auth == NULL && (engine_handoff_find(e, tx) == -1 ||
	    (open = engine_gate_find(tx)) == -1))
		return -1;
	if (tx->plan.action == PLAN_AUTH) {
		ipc_free_record(&plan_record, &tx->plan);
		return begin_auth(e, tx);
	}
	/* The plan holds, but the gate wants to know more. */
	if (open) {
		tx->planned = 1;
		return begin_auth(e, tx);
	}
	tx->state = ETX_PASS;
	field = tx->auth == NULL ? NULL : auth_field(tx);
	if (field != NULL && tx->plan.action != PLAN_REPLY &&
	    engine_out(e, tx, field->data, field->len) == -1)
		return -1;
	if (tx->plan.action != PLAN_REPLY && engine_gate_write(e, tx) == -1)
		return -1;
	if (tx->plan.action == PLAN_REPLY)
		rv = engine_reply_begin(e, tx);
	else if (tx->plan.action == PLAN_SIGN)
		rv = mail_sign(e, tx);
	else if (tx->plan.action == PLAN_HIDE)
		rv = engine_hide_header(e, tx);
	else if (engine_handoff_write(e, tx) == -1 ||
	    engine_out(e, tx, tx->plan.top, strlen(tx->plan.top)) == -1 ||
	    engine_out(e, tx, tx->header.data, tx->header.len) == -1)
		rv = -1;
	if (rv == 0 && tx->held.len > 0)
		rv = body_data(e, tx, tx->held.data, tx->held.len);
	sbuf_free(&tx->header);
	sbuf_free(&tx->held);
	if (rv == 0 && tx->auth != NULL)
		return replay(tx);
	if (rv == 0 && tx->eom)
		rv = end_body(tx);
	return rv;
}

static int
etx_cmp(const struct etx *a, const struct etx *b)
{
	return a->id < b->id ? -1 : a->id > b->id;
}

RB_PROTOTYPE(etx_tree, etx, node, etx_cmp)
RB_GENERATE(etx_tree, etx, node, etx_cmp)

static struct etx *
etx_find(struct engine *e, uint64_t id)
{
	struct etx key;

	key.id = id;
	return RB_FIND(etx_tree, &e->txs, &key);
}

static void
etx_free(struct engine *e, struct etx *tx)
{
	RB_REMOVE(etx_tree, &e->txs, tx);
	e->ntxs--;
	free_message(tx);
	free(tx);
}

/* Lets the front send as much as was taken. */
static void
give_credit(struct engine *e, struct etx *tx)
{
	struct ipc_pack p;

	if (tx->owed == 0 || tx->state == ETX_WAIT)
		return;
	ipc_pack_init(&p);
	ipc_put_u32(&p, tx->owed);
	tx->owed = 0;
	if (ipc_send_pack(e->front, MSG_CREDIT, tx->id, &p) == -1)
		engine_fail(e, tx);
}

/* The keeper is told first, so that it knows when the front asks. */
static void
finish_message(struct engine *e, struct etx *tx)
{
	if (engine_gate_finish(tx) == -1)
		tx->finish.status = FINISH_FAIL;
	if (ipc_send_record(e->keeper, MSG_FINISH, tx->id, &finish_record,
	    &tx->finish) == -1 ||
	    ipc_send(e->front, MSG_DONE, tx->id, NULL, 0, -1) == -1)
		engine_fail(e, tx);
}

/* Where nothing more is to be done, the front needs us no longer. */
static void
tell_rest(struct engine *e, struct etx *tx)
{
	if (!tx->plan.rest || tx->state != ETX_PASS || tx->rested || tx->eom)
		return;
	tx->rested = 1;
	if (ipc_send(e->front, MSG_REST, tx->id, NULL, 0, -1) == -1)
		engine_fail(e, tx);
}

/*
 * After every step, of which rv is the outcome: what came of it goes
 * out.  The message may be gone afterwards.
 */
static void
step_done(struct engine *e, struct etx *tx, int rv)
{
	if (rv == -1)
		engine_fail(e, tx);
	if (tx->failed || engine_flush(e, tx) == -1)
		return;
	/* Messages are many, and most of them wait for their next lines. */
	sbuf_free(&tx->out);
	give_credit(e, tx);
	tell_rest(e, tx);
	if (tx->eom && tx->state != ETX_WAIT && tx->state != ETX_AUTH &&
	    !tx->replaying) {
		finish_message(e, tx);
		if (!tx->failed)
			etx_free(e, tx);
	}
}

static void
begin_message(struct engine *e, const struct ipc_msg *msg)
{
	struct etx *tx = NULL;

	if (e->ntxs >= ENGINE_TX_MAX ||
	    (tx = calloc(1, sizeof(*tx))) == NULL ||
	    ipc_get_record(&envelope_record, &tx->env, msg->data,
	    msg->len) == -1) {
		ipc_send(e->front, MSG_FAIL, msg->id, NULL, 0, -1);
		free(tx);
		return;
	}
	tx->id = msg->id;
	tx->engine = e;
	RB_INSERT(etx_tree, &e->txs, tx);
	e->ntxs++;
	if (engine_gate_begin(e, tx) == -1 || init_message(e, tx) == -1)
		engine_fail(e, tx);
}

static void
on_front(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	struct engine *e = arg;
	struct etx *tx;

	if (msg == NULL) {
		ipc_free(ch);
		if (ch != e->front)
			return;
		e->front = NULL;
		while ((tx = RB_ROOT(&e->txs)) != NULL)
			etx_free(e, tx);
		return;
	}
	if (msg->type == MSG_BEGIN) {
		if (etx_find(e, msg->id) == NULL)
			begin_message(e, msg);
		return;
	}
	if ((tx = etx_find(e, msg->id)) == NULL)
		return;
	if (msg->type == MSG_END)
		etx_free(e, tx);
	else if (tx->failed)
		return;
	else if (msg->type == MSG_DATA && msg->len > 0 && !tx->eom &&
	    msg->data[msg->len - 1] == '\n') {
		tx->owed += (uint32_t)msg->len;
		step_done(e, tx, message_data(e, tx,
		    (const char *)msg->data, msg->len));
	} else if (msg->type == MSG_EOM && !tx->eom) {
		tx->eom = 1;
		step_done(e, tx, end_message(e, tx));
	} else
		engine_fail(e, tx);
}

/* A file of a list has changed. */
static void
take_list(struct engine *e, const struct ipc_msg *msg)
{
	const struct listfiles *lists = e->conf->lists;
	struct ipc_unpack u;
	const uint8_t *text;
	char why[LISTFILE_WHY] = "the keeper's list makes no sense";
	uint32_t i;
	size_t len;

	ipc_unpack_init(&u, msg->data, msg->len);
	i = ipc_get_u32(&u);
	text = ipc_get_bytes(&u, LISTFILE_BYTES, &len);
	if (ipc_unpack_end(&u) == -1 || i >= lists->n ||
	    listfile_set(lists->v[i], (const char *)text, len, why,
	    sizeof(why)) == -1)
		log_warnx("%s", why);
}

static void
on_keeper(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	struct engine *e = arg;
	struct etx *tx;
	int rv = -1;

	if (msg == NULL) {
		ipc_free(ch);
		if (ch != e->keeper)
			return;
		e->keeper = NULL;
		/* What a keeper has judged, no other one knows of. */
		RB_FOREACH(tx, etx_tree, &e->txs)
			if (tx->state != ETX_HEADER)
				engine_fail(e, tx);
		return;
	}
	if (msg->type == MSG_LISTFILE) {
		take_list(e, msg);
		return;
	}
	if ((tx = etx_find(e, msg->id)) == NULL || tx->failed)
		return;
	if (tx->state == ETX_WAIT && msg->type == MSG_PLAN &&
	    ipc_get_record(&plan_record, &tx->plan, msg->data,
	    msg->len) == 0 && tx->plan.action <= PLAN_AUTH)
		rv = carry_out(e, tx);
	step_done(e, tx, rv);
}

static void
on_peer(int role, int fd, void *arg)
{
	struct engine *e = arg;
	struct ipc *ch, **old;
	void (*cb)(struct ipc *, struct ipc_msg *, void *);

	if (role == ROLE_RESOLVER) {
		if (dnsipc_connect(e->dns, fd) == -1)
			fatal("channel");
		return;
	}
	old = role == ROLE_FRONT ? &e->front : &e->keeper;
	cb = role == ROLE_FRONT ? on_front : on_keeper;
	if (*old != NULL)
		cb(*old, NULL, e);
	ch = ipc_new(fd, role == ROLE_FRONT ? MSG_FRONT_MAX : MSG_KEEPER_MAX,
	    ENGINE_QUEUE);
	if (ch == NULL || ipc_event(ch, cb, e) == -1)
		fatal("channel");
	*old = ch;
}

int
engine_main(struct privsep_child *pc, void *arg)
{
	const struct setup *setup = arg;
	struct engine e;
	unsigned char md[EVP_MAX_MD_SIZE];

	memset(&e, 0, sizeof(e));
	e.conf = setup->conf;
	pending_unmap(setup->pending);
	RB_INIT(&e.txs);
	/* The library reads its own files now or never. */
	if (EVP_Digest("", 0, md, NULL, EVP_sha256(), NULL) != 1 ||
	    event_init() == NULL)
		fatalx("engine");
	if ((e.dns = dnsipc_new()) == NULL ||
	    (e.gate_headers = gate_headers(setup->conf)) == NULL ||
	    (e.spool = spool_new(setup->spool, setup->conf->spool)) == NULL)
		fatal("resolver");
	if (sandbox_engine() == -1)
		fatalx("cannot confine the engine");
	if (privsep_child_event(pc, on_peer, &e) == -1)
		fatalx("event_add");
	event_dispatch();
	return 1;
}
