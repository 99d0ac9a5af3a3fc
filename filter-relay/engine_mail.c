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

#include "base/log.h"
#include "engine.h"

int
engine_mail_init(struct engine *e, struct etx *tx, const char *admd)
{
	sbuf_init(&tx->header, ENGINE_HEADER_MAX + 2 * MSG_WINDOW);
	sbuf_init(&tx->held, ENGINE_HELD_MAX);
	sbuf_init(&tx->out, ENGINE_OUT_MAX);
	return facts_init(&tx->facts,
	    e->conf->replies.trust_results ? admd : NULL);
}

void
engine_mail_free(struct etx *tx)
{
	facts_free(&tx->facts);
	sbuf_free(&tx->header);
	sbuf_free(&tx->held);
	sbuf_free(&tx->out);
	sbuf_free(&tx->mime);
	sbuf_free(&tx->body);
	plan_free(&tx->plan);
	finish_free(&tx->finish);
	EVP_MD_CTX_free(tx->hash);
	engine_reply_free(tx);
	engine_auth_free(tx);
	engine_gate_free(tx);
	free(tx->admd);
	free(tx->source);
	free(tx->login);
	free(tx->host);
	free(tx->hop);
	free(tx->sender);
}

/* The SHA-256 of what a replay repeats, where there is no Message-Id. */
static int
mail_hash_begin(struct etx *tx)
{
	const struct hdr_field *f;
	const char *names[] = { "Date", "Subject" };
	size_t i;

	if (tx->facts.message_id != NULL)
		return 0;
	if ((tx->hash = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex(tx->hash, EVP_sha256(), NULL) != 1)
		return -1;
	for (i = 0; i < 2; i++) {
		f = hdr_get(&tx->facts.hdr, names[i], 0);
		if (f != NULL && EVP_DigestUpdate(tx->hash, f->value,
		    f->valuelen) != 1)
			return -1;
		if (EVP_DigestUpdate(tx->hash, "\n", 1) != 1)
			return -1;
	}
	return 0;
}

/* The keeper gets the facts; judged: with sender authentication. */
static int
mail_facts(struct engine *e, struct etx *tx, int judged, int pass, int unsure)
{
	struct msgfacts mf;
	struct ipc_pack p;
	int rv = -1;

	memset(&p, 0, sizeof(p));
	tx->state = ETX_WAIT;
	if (msgfacts_set(&mf, &tx->facts,
	    e->conf->replies.trust_results) == 0) {
		mf.judged = judged != 0;
		mf.unsure = unsure != 0;
		if (judged)
			mf.authpass = pass != 0;
		msgfacts_pack(&p, &mf);
		if (!p.failed && e->keeper != NULL)
			rv = ipc_send(e->keeper, MSG_FACTS, tx->id, p.buf,
			    p.len, -1);
	}
	ipc_pack_free(&p);
	msgfacts_free(&mf);
	return rv;
}

/* The header is complete: the keeper decides. */
static int
mail_judge(struct engine *e, struct etx *tx, int cut)
{
	if (facts_finish(&tx->facts) == -1 || mail_hash_begin(tx) == -1)
		return -1;
	if (cut)
		tx->facts.truncated |= FACTS_TRUNC_HDR;
	return mail_facts(e, tx, 0, 0, 0);
}

int
engine_mail_authenticated(struct engine *e, struct etx *tx, int pass,
    int unsure)
{
	return mail_facts(e, tx, 1, pass, unsure);
}

/* A line of the header, with its LF. */
static int
mail_header_line(struct engine *e, struct etx *tx, const char *line,
    size_t len)
{
	int dot = line[0] == '.';

	if (engine_gate_line(tx, line + dot, len - 1 - dot) == -1)
		return -1;
	switch (facts_line(&tx->facts, line + dot, len - 1 - dot)) {
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

int
engine_mail_body(struct engine *e, struct etx *tx, const char *p, size_t len)
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
		if (engine_reply_line(e, tx, p + dot, nl - p - dot) == -1)
			return -1;
		p = nl + 1;
	}
	return 0;
}

int
engine_mail_data(struct engine *e, struct etx *tx, const char *p, size_t len)
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
		return engine_auth_data(tx, p, end - p);
	return engine_mail_body(e, tx, p, end - p);
}

int
engine_mail_end(struct engine *e, struct etx *tx)
{
	if (tx->hash != NULL && EVP_DigestFinal_ex(tx->hash, tx->finish.hash,
	    NULL) != 1)
		return -1;
	return tx->state == ETX_REPLY ? engine_reply_end(e, tx) : 0;
}

int
engine_mail_eom(struct engine *e, struct etx *tx)
{
	if (tx->state == ETX_HEADER)
		return mail_judge(e, tx, 0);
	if (tx->state == ETX_AUTH)
		return engine_auth_end(tx);
	return tx->state == ETX_WAIT ? 0 : engine_mail_end(e, tx);
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

int
engine_mail_plan(struct engine *e, struct etx *tx)
{
	const struct sbuf *field;
	int open = 0, rv = 0;

	if (tx->auth == NULL && (engine_handoff_find(e, tx) == -1 ||
	    (open = engine_gate_find(tx)) == -1))
		return -1;
	if (tx->plan.action == PLAN_AUTH) {
		plan_free(&tx->plan);
		return engine_auth_begin(e, tx);
	}
	/* The plan holds, but the gate wants to know more. */
	if (open) {
		tx->planned = 1;
		return engine_auth_begin(e, tx);
	}
	tx->state = ETX_PASS;
	field = tx->auth == NULL ? NULL : engine_auth_field(tx);
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
		rv = engine_mail_body(e, tx, tx->held.data, tx->held.len);
	sbuf_free(&tx->header);
	sbuf_free(&tx->held);
	if (rv == 0 && tx->auth != NULL)
		return engine_auth_replay(tx);
	if (rv == 0 && tx->eom)
		rv = engine_mail_end(e, tx);
	return rv;
}
