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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "crypto/token.h"
#include "policy.h"
#include "store/own_msgid.h"

/* How near a reference came to being right; the best one is told. */
enum nearness {
	NEAR_NONE,
	NEAR_FORGED,
	NEAR_ELSE,		/* somebody else's */
	NEAR_CONVERSATION,	/* of another conversation */
	NEAR_REVOKED,
	NEAR_EXPIRED,
	NEAR_FAILED,		/* could not be computed */
	NEAR_RIGHT
};

/* Looks at one id, as a token of this worker for this mailbox. */
static enum nearness
auth_id(struct judge *j, const char *msgid, struct token *t)
{
	if (token_msgid_parse(msgid, t) != 1)
		return NEAR_NONE;
	switch (token_verify(j->k->keys, t, j->mb.address, j->k->now,
	    j->k->conf->replies.signature_lifetime, j->w.revoked)) {
	case TOKEN_VALID:
		return t->worker == j->w.id ? NEAR_RIGHT : NEAR_ELSE;
	case TOKEN_EXPIRED:
		return t->worker == j->w.id ? NEAR_EXPIRED : NEAR_ELSE;
	case TOKEN_REVOKED:
		return t->worker == j->w.id ? NEAR_REVOKED : NEAR_ELSE;
	case TOKEN_FAILED:
		return NEAR_FAILED;
	default:
		return NEAR_FORGED;
	}
}

/* The best token for one conversation; 0: for any of the mailbox. */
static enum nearness
auth_best(struct judge *j, uint64_t conversation)
{
	enum nearness best = NEAR_NONE, n;
	struct token t;
	const char *id;
	size_t i;

	for (i = 0; (id = summary_id(j->header, i)) != NULL; i++) {
		n = auth_id(j, id, &t);
		if (n == NEAR_RIGHT && conversation != 0 &&
		    t.conversation != conversation)
			n = NEAR_CONVERSATION;
		if (n == NEAR_RIGHT && conversation == 0)
			j->conversation = t.conversation;
		if (n > best)
			best = n;
	}
	return best;
}

/* The worst of the conversations to which the reply goes. */
static enum nearness
auth_signature(struct judge *j)
{
	enum nearness worst = NEAR_RIGHT, n;
	size_t i;

	if (!j->reply)
		return auth_best(j, 0);
	for (i = 0; i < j->tx->nhandles; i++) {
		n = auth_best(j, j->tx->conversation[i]);
		if (n < worst)
			worst = n;
	}
	return worst;
}

static const char *
auth_told(enum nearness n)
{
	switch (n) {
	case NEAR_FORGED:
		return "it refers to no message that we signed";
	case NEAR_ELSE:
		return "the message that it answers was sent to somebody else";
	case NEAR_CONVERSATION:
		return "it answers a message of another conversation";
	case NEAR_REVOKED:
		return "the message that it answers was signed before your "
		    "signatures were revoked";
	case NEAR_EXPIRED:
		return "the message that it answers is too old";
	default:
		return "In-Reply-To and References name no message of ours";
	}
}

/* Sets j->sender.  0 or -1. */
static int
judge_sender(struct judge *j)
{
	struct store_worker w;
	int n;

	j->sender = 0;
	if (j->header->auth_pass && (j->header->auth_judged ||
	    j->k->conf->replies.trust_results))
		j->sender = 1;
	if (j->tx->env.local || j->tx->env.login[0] == '\0')
		return 0;
	if ((n = store_worker_bylogin(j->k->store, j->tx->env.login, &w)) == -1)
		return -1;
	if (n == 1 && w.id == j->w.id)
		j->sender = 1;
	return 0;
}

/* The envelope must be the worker's too: 1, 0 or -1. */
static int
auth_envelope(struct judge *j)
{
	struct store_worker w;
	int n;

	if (j->sender)
		return 1;
	if (j->tx->env.sender[0] == '\0')
		return 0;
	n = store_worker_byaddr(j->k->store, j->tx->env.sender, &w);
	return n == 1 ? w.id == j->w.id : n;
}

/*
 * Does it depend on sender authentication, which nobody has
 * looked for yet?  1, 0, or -1 when a token cannot be computed.
 */
static int
is_open(struct judge *j)
{
	const struct conf_replies *r = &j->k->conf->replies;
	enum nearness n;
	int rv;

	/* A filter before us is believed instead, where it is trusted. */
	if (j->sender || j->header->auth_judged || r->trust_results ||
	    j->header->nfrom != 1 || j->writer == NULL)
		return 0;
	if (j->start)
		return 1;
	switch (r->authenticate) {
	case CONF_AUTH_BOTH:
	case CONF_AUTH_SENDER:
		return 1;
	case CONF_AUTH_NONE:
		break;
	default:
		if ((n = auth_signature(j)) == NEAR_FAILED)
			return -1;
		if (n != NEAR_RIGHT)
			return r->authenticate == CONF_AUTH_EITHER;
	}
	/* Mailing programs have envelope senders of their own. */
	rv = auth_envelope(j);
	return rv == -1 ? -1 : rv == 0 && j->tx->env.sender[0] != '\0';
}

static int
auth_no(char *why, size_t size, const char *text, const char *arg)
{
	int n;

	n = snprintf(why, size, "Not sent: %s%s", text, arg);
	return n < 0 || (size_t)n >= size ? -1 : 0;
}

/* What must hold whatever `authenticate' says: 1, 0 or -1. */
static int
auth_always(struct judge *j, char *why, size_t size)
{
	const struct header_summary *h = j->header;
	int n;

	if (j->hidden)
		return auth_no(why, size, "your address must be the one "
		    "address of the From header, not a part of a name", "");
	if (h->nfrom != 1 || h->from.n != 1 || j->writer == NULL)
		return auth_no(why, size, "write with your own address alone "
		    "in the From header: ", h->why_not[0] != '\0' ?
		    h->why_not : "it names more than one");
	if (h->truncated & (SUMMARY_TRUNC_HDR | SUMMARY_TRUNC_ADDRS |
	    SUMMARY_TRUNC_IDS))
		return auth_no(why, size, "the header is too long, write to "
		    "fewer people or in a new message", "");
	if (!j->w.enabled)
		return auth_no(why, size, "your access is disabled, ask your "
		    "administrator", "");
	if ((n = store_is_member(j->k->store, j->mb.id, j->w.id)) != 1)
		return n == -1 ? -1 : auth_no(why, size, "you do not answer "
		    "any more for ", j->mb.address);
	if (!j->k->conf->replies.automatic_pass &&
	    ((h->automatic & SUMMARY_AUTO_REPLY) ||
	    j->tx->env.sender[0] == '\0'))
		return auth_no(why, size, "automatic replies and bulk mail "
		    "are not passed on, write it by hand", "");
	if ((n = auth_envelope(j)) != 1)
		return n == -1 ? -1 : auth_no(why, size, "the envelope sender "
		    "is not your address, send it through your own mail "
		    "server", "");
	return 1;
}

static int
auth_unknown(char *why, size_t size)
{
	return auth_no(why, size, "your mail could not be authenticated: "
	    "send it with your login here, or through your own mail "
	    "provider", "");
}

/*
 * May the worker speak?  Returns 1 they may, 0 no: why (a
 * sentence for the reply, without its code) is set, -1 the store fails.
 */
static int
judge_worker(struct judge *j, char *why, size_t size)
{
	enum conf_authenticate mode = j->k->conf->replies.authenticate;
	enum nearness n;
	int rv, signature;

	if ((rv = auth_always(j, why, size)) != 1)
		return rv;
	if (j->start && !j->sender)
		return auth_unknown(why, size);
	if (j->start && !j->reply)
		return 1;	/* there is nothing that it answers */
	if ((n = auth_signature(j)) == NEAR_FAILED)
		return -1;
	signature = n == NEAR_RIGHT;
	switch (mode) {
	case CONF_AUTH_NONE:
		log_warnx("%s: the mail of %s is not authenticated, as "
		    "configured", j->tx->env.sid, j->w.name);
		return 1;
	case CONF_AUTH_EITHER:
		if (signature || j->sender)
			return 1;
		break;
	case CONF_AUTH_BOTH:
		if (signature && j->sender)
			return 1;
		break;
	case CONF_AUTH_SENDER:
		if (j->sender)
			return 1;
		break;
	default:
		if (signature)
			return 1;
		break;
	}
	if (!signature && mode != CONF_AUTH_SENDER)
		return auth_no(why, size, auth_told(n), ": answer the message "
		    "that you got with your mail program's Reply");
	return auth_unknown(why, size);
}

#define POLICY_TOP_UNVERIFIED	"X-Relay-Unverified: yes\n"

static int
fail_judge(struct judge *j)
{
	keeper_trouble(j->k, "message");
	return -1;
}

/* The i-th mailbox that gets the message: 1, 0 no more, -1. */
static int
get_mailbox(struct judge *j, size_t i, struct store_mailbox *mb)
{
	struct ktx *tx = j->tx;
	uint64_t id;

	if (tx->handlebox != 0 && i == 0)
		id = tx->handlebox;
	else {
		i -= tx->handlebox != 0;
		if (i >= tx->nmailboxes)
			return 0;
		id = tx->mailbox[i];
	}
	return store_mailbox_byid(j->k->store, id, mb) == 1 ? 1 : -1;
}

/* Does any From address belong to the worker?  1, 0 or -1. */
static int
names_worker(struct judge *j, uint32_t worker)
{
	struct store_worker w;
	size_t i;
	int n;

	for (i = 0; i < j->header->from.n; i++) {
		if ((n = store_worker_byaddr(j->k->store,
		    j->header->from.v[i].addr, &w)) == -1)
			return -1;
		if (n == 1 && w.id == worker)
			return 1;
	}
	return 0;
}

struct hidden {
	const char	*text;
	int		 found;
};

static int
look_for_address(const struct store_worker_addr *a, void *arg)
{
	struct hidden *h = arg;

	if (strcasestr(h->text, a->address) != NULL)
		h->found = 1;
	return 0;
}

/* Does a From header hold the worker's address as mere text?  1, 0, -1. */
static int
hides_worker(struct judge *j, uint32_t worker)
{
	struct hidden h = { j->header->from_raw, 0 };

	if (store_worker_addrs(j->k->store, worker, look_for_address,
	    &h) == -1)
		return -1;
	return h.found;
}

/* Is it a reply, by the worker to whom the handles were issued? */
static int
is_reply(struct judge *j)
{
	int n;

	if (j->tx->nhandles == 0)
		return 0;
	if ((n = names_worker(j, j->tx->worker)) == 0) {
		if ((n = hides_worker(j, j->tx->worker)) == 1)
			j->hidden = 1;
	}
	if (n != 1)
		return n;
	/* A deleted worker has no handles any more. */
	if (store_worker_byid(j->k->store, j->tx->worker, &j->w) != 1 ||
	    store_mailbox_byid(j->k->store, j->tx->handlebox, &j->mb) != 1)
		return -1;
	j->reply = 1;
	return 1;
}

/* Is it mail of a member to a mailbox of theirs? */
static int
is_member(struct judge *j)
{
	size_t i, m;
	int n;

	for (i = 0; i < j->header->from.n; i++) {
		if ((n = store_worker_byaddr(j->k->store,
		    j->header->from.v[i].addr, &j->w)) == -1)
			return -1;
		if (n == 0)
			continue;
		for (m = 0; (n = get_mailbox(j, m, &j->mb)) == 1; m++)
			if ((n = store_is_member(j->k->store, j->mb.id,
			    j->w.id)) != 0)
				return n;
		if (n == -1)
			return -1;
	}
	return 0;
}

static void
refuse_mail(struct judge *j, const char *code, const char *why)
{
	int n;

	n = snprintf(j->tx->reply, sizeof(j->tx->reply), "%s %s", code, why);
	if (n < 0 || (size_t)n >= sizeof(j->tx->reply))
		snprintf(j->tx->reply, sizeof(j->tx->reply),
		    "%s Not accepted", code);
}

/* Somebody of whom we know nothing writes to the mailbox. */
static int
pass_stranger(struct judge *j, const char *top)
{
	struct ktx *tx = j->tx;
	int n;

	/* Who it is from may stand in what did not fit. */
	if (j->header->truncated & SUMMARY_TRUNC_HDR)
		top = POLICY_TOP_UNVERIFIED;
	if (top != NULL && (j->plan->top = strdup(top)) == NULL)
		return -1;
	if (j->header->spam && j->k->conf->replies.spam == CONF_SPAM_REFUSE) {
		refuse_mail(j, "550 5.7.1", "This message looks like spam");
		lograte_info(j->k->rate, j->k->now, tx->env.source,
		    "%s: refused: spam, from %s", tx->env.sid, tx->env.source);
		return 0;
	}
	if (tx->handlebox == 0 || tx->env.local)
		return 0;
	/* A worker's own replies do not count against the mailbox. */
	tx->counthandle = 1;
	if ((n = keeper_limit_room(j->k, tx, tx->handlebox, tx->reply)) == -1)
		return fail_judge(j);
	return 0;
}

/* What comes round again, RFC 5321 6.3: 1, 0 or -1. */
static int
judge_loop(struct judge *j)
{
	int n = 0;

	if (j->header->received > SUMMARY_RECEIVED_LOOP)
		n = 1;
	else if (!j->tx->env.local)
		n = own_msgid_check(j->k->store, j->k->keys,
		    j->header->message_id, j->k->now);
	if (n != 1)
		return n;
	refuse_mail(j, "554 5.4.6", "Mail loop: this message was here "
	    "before");
	log_info("%s: refused: a loop, from %s", j->tx->env.sid,
	    j->tx->env.source);
	return 1;
}

static const char *
what_it_is(const struct judge *j)
{
	if (j->reply)
		return "reply";
	return j->start ? "new conversation" : "team mail";
}

/* A worker's mail is judged; who may not be told is a stranger. */
static int
judge_claim(struct judge *j)
{
	char why[KEEPER_REPLY_MAX];
	int n;

	if (judge_sender(j) == -1 || (n = is_open(j)) == -1)
		return fail_judge(j);
	if (n == 1) {
		j->plan->action = PLAN_AUTH;
		return 0;
	}
	if ((n = judge_worker(j, why, sizeof(why))) == 1 && j->start)
		n = policy_start(j, why, sizeof(why));
	if (n == -1)
		return fail_judge(j);
	if (n == 1) {
		log_info("%s: %s of %s for %s accepted", j->tx->env.sid,
		    what_it_is(j), j->w.name, j->mb.address);
		n = j->reply || j->start ? policy_plan_reply(j) :
		    policy_plan_team(j);
		return n == -1 ? fail_judge(j) : 0;
	}
	if (j->header->auth_unsure && !j->sender) {
		refuse_mail(j, "451 4.7.0", "Your mail cannot be "
		    "authenticated now, it will be tried again");
		lograte_info(j->k->rate, j->k->now, j->w.name,
		    "%s: mail of %s for %s from %s is put off: name servers "
		    "do not answer", j->tx->env.sid, j->w.name, j->mb.address,
		    j->tx->env.source);
		return 0;
	}
	if (!j->reply && !j->sender) {
		lograte_info(j->k->rate, j->k->now, j->tx->env.source,
		    "%s: mail in the name of %s for %s from %s is taken as a "
		    "stranger's: %s", j->tx->env.sid, j->w.name, j->mb.address,
		    j->tx->env.source, why);
		return pass_stranger(j, POLICY_TOP_UNVERIFIED);
	}
	refuse_mail(j, "550 5.7.1", why);
	lograte_info(j->k->rate, j->k->now, j->w.name,
	    "%s: %s of %s for %s from %s refused: %s", j->tx->env.sid,
	    what_it_is(j), j->w.name, j->mb.address, j->tx->env.source, why);
	return 0;
}

/* Mail to mailboxes and handles, and copies for workers. */
static int
judge_ours(struct judge *j)
{
	struct ktx *tx = j->tx;
	int n;

	if (tx->handlebox == 0 && tx->nmailboxes == 0) {
		if (tx->toworker == 0 || tx->nrcpts != 1) {
			j->plan->rest = 1;
			return 0;
		}
		return policy_plan_sign(j) == -1 ? fail_judge(j) : 0;
	}
	if ((n = judge_loop(j)) != 0)
		return n == -1 ? fail_judge(j) : 0;
	if ((n = is_reply(j)) == 0)
		n = is_member(j);
	if (n == -1)
		return fail_judge(j);
	j->start = n == 1 && tx->starts.n > 0 && j->mb.id == tx->handlebox;
	return n == 1 ? judge_claim(j) : pass_stranger(j, NULL);
}

int
policy_judge(struct keeper *k, struct ktx *tx,
    const struct header_summary *header, struct plan *plan)
{
	struct judge j;
	int n;

	memset(&j, 0, sizeof(j));
	j.k = k;
	j.tx = tx;
	j.header = header;
	j.writer = summary_writer(header);
	j.plan = plan;
	plan->action = PLAN_PASS;
	if ((n = submit_judge(&j)) == -1)
		return fail_judge(&j);
	if (n == 1 && judge_ours(&j) == -1)
		return -1;
	return submit_plan(&j) == -1 ? fail_judge(&j) : 0;
}
