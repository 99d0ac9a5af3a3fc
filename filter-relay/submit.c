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

/* What users of ours send: who may they say they are, and how much. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "header/addr.h"
#include "header/msgid.h"
#include "policy.h"
#include "store/sender.h"
#include "store/store_mail.h"

#define SUBMIT_LOGIN_MIN	3	/* shorter ones stand in any id */

/* Says why an address may not be used; where names where it stands. */
static void
say_why(enum sender_verdict verdict, const char *address,
    const char *where, char *reply)
{
	int n;

	switch (verdict) {
	case SENDER_UNVERIFIED:
		n = snprintf(reply, KEEPER_REPLY_MAX + 1, "550 5.7.1 %s is "
		    "not yet verified: enter the code that was mailed to it, "
		    "or answer that mail", address);
		break;
	case SENDER_HOST:
		n = snprintf(reply, KEEPER_REPLY_MAX + 1, "550 5.7.1 %s would "
		    "leave through a mail server that is not allowed here",
		    address);
		break;
	default:
		n = snprintf(reply, KEEPER_REPLY_MAX + 1, "550 5.7.1 %s%s is "
		    "not an address of yours", address, where);
		break;
	}
	/* What is no address may be no text for a reply either. */
	if (n < 0 || n > KEEPER_REPLY_MAX || !addr_valid(address))
		strlcpy(reply, "550 5.7.1 This is not an address of yours",
		    KEEPER_REPLY_MAX + 1);
}

static void
log_refusal(struct keeper *k, const struct ktx *tx, const char *reply)
{
	const char *who = tx->user[0] != '\0' ? tx->user : tx->env.source;

	lograte_info(k->rate, k->now, who, "%s: refused: mail of %s from %s: "
	    "%s", tx->env.sid, who, tx->env.source, reply);
}

/* Without a login, the one whose identity the sender is sends it. */
static int
find_user(struct keeper *k, struct ktx *tx)
{
	struct store_identity idt;
	int n = 0;

	if (tx->env.login[0] == '\0' && tx->env.sender[0] != '\0' &&
	    k->conf->outbound.present &&
	    (n = store_identity_find(k->store, tx->env.sender, &idt)) == -1)
		return -1;
	free(tx->user);
	tx->user = strdup(n == 1 ? idt.user : tx->env.login);
	return tx->user == NULL ? -1 : 0;
}

/* May they send as the envelope's sender?  1, 0 and reply is set, -1. */
static int
judge_sender(struct keeper *k, struct ktx *tx, char *reply)
{
	struct sender_addr who;
	enum sender_verdict verdict;

	if (tx->env.sender[0] == '\0' || tx->user[0] == '\0')
		return 1;
	if (sender_check(k->store, k->conf, tx->user, tx->env.sender, &verdict,
	    &who) == -1)
		return -1;
	if (verdict == SENDER_ALLOWED) {
		tx->alternate = who.kind == SENDER_IDENTITY;
		return 1;
	}
	say_why(verdict, tx->env.sender, "", reply);
	log_refusal(k, tx, reply);
	return 0;
}

int
submit_mail(struct keeper *k, struct ktx *tx, char *reply)
{
	int n = 1;

	tx->submitted = 1;
	if (find_user(k, tx) == -1)
		n = -1;
	else if (k->conf->outbound.present)
		n = judge_sender(k, tx, reply);
	if (n == 1)
		n = keeper_limit_user(k, tx, reply);
	if (n == 1)
		return k->conf->outbound.present ? MSG_RCPT_ENGAGE :
		    MSG_RCPT_COUNT;
	if (n == -1) {
		keeper_trouble(k, "sender");
		strlcpy(reply, KEEPER_TRY_LATER, KEEPER_REPLY_MAX + 1);
	}
	return MSG_RCPT_REFUSE;
}

/* One of whom we know no login must not use an identity in From. */
static int
judge_nobody(struct judge *j)
{
	struct store_identity idt;
	size_t i;
	int n;

	for (i = 0; i < j->header->from.n; i++) {
		n = store_identity_find(j->k->store, j->header->from.v[i].addr,
		    &idt);
		if (n == -1)
			return -1;
		if (n == 1) {
			say_why(SENDER_OTHERS, j->header->from.v[i].addr,
			    " in the From header", j->tx->reply);
			log_refusal(j->k, j->tx, j->tx->reply);
			return 0;
		}
	}
	return 1;
}

int
submit_judge(struct judge *j)
{
	const struct header_summary *h = j->header;
	struct ktx *tx = j->tx;
	struct sender_addr who;
	enum sender_verdict verdict;
	int n;

	if (!tx->submitted || !j->k->conf->outbound.present)
		return 1;
	if (tx->user[0] == '\0')
		return judge_nobody(j);
	if (j->writer == NULL || h->nfrom != 1 ||
	    h->truncated & SUMMARY_TRUNC_HDR) {
		n = snprintf(tx->reply, sizeof(tx->reply), "550 5.7.1 Send "
		    "it with exactly one of your addresses in the From "
		    "header: %s", h->why_not[0] != '\0' ? h->why_not :
		    "the header is too long");
		if (n < 0 || (size_t)n >= sizeof(tx->reply))
			return -1;
		log_refusal(j->k, tx, tx->reply);
		return 0;
	}
	if (sender_check(j->k->store, j->k->conf, tx->user, j->writer->addr,
	    &verdict, &who) == -1)
		return -1;
	if (verdict == SENDER_ALLOWED) {
		if (who.kind == SENDER_IDENTITY)
			tx->alternate = 2;
		return 1;
	}
	say_why(verdict, j->writer->addr, " in the From header", tx->reply);
	log_refusal(j->k, tx, tx->reply);
	return 0;
}

/* Does the id of a program tell nothing, and fit the domain already? */
static int
is_clean_id(const struct ktx *tx, const char *id, const char *domain)
{
	const char *at = strrchr(id, '@');
	char login[STORE_LOGIN_MAX + 1];

	if (at == NULL || strcasecmp(at + 1, domain) != 0 ||
	    strchr(id, '@') != at || strchr(id, '%') != NULL)
		return 0;
	if (strlcpy(login, tx->user, sizeof(login)) >= sizeof(login))
		return 0;
	login[strcspn(login, "@")] = '\0';
	return strlen(login) < SUBMIT_LOGIN_MIN ||
	    strcasestr(id, login) == NULL || strcasestr(id, login) > at;
}

/* Under which id does it leave?  "": under its own. */
static int
choose_id(struct judge *j, const char *domain)
{
	struct ktx *tx = j->tx;
	const char *own = j->header->message_id, *at;
	char id[STORE_MSGID_MAX + 1];
	int n = 0;

	if (own[0] != '\0' && is_clean_id(tx, own, domain)) {
		j->plan->message_id = strdup("");
		return j->plan->message_id == NULL ? -1 : 0;
	}
	/* One that comes again, after a lost 250 say, is the same mail. */
	if (own[0] != '\0' && (n = store_outid_get(j->k->store, tx->user,
	    own, id, sizeof(id))) == -1)
		return -1;
	if (n == 1 && ((at = strrchr(id, '@')) == NULL ||
	    strcasecmp(at + 1, domain) != 0))
		n = 0;
	if (n == 0 && msgid_make(domain, id, sizeof(id)) == -1)
		return -1;
	if (own[0] != '\0' && ((tx->ownid = strdup(own)) == NULL ||
	    (tx->outid = strdup(id)) == NULL))
		return -1;
	j->plan->message_id = strdup(id);
	return j->plan->message_id == NULL ? -1 : 0;
}

/* The ids of earlier mail, as it left. */
static int
map_ids(struct judge *j)
{
	const char *own;
	char id[STORE_MSGID_MAX + 1];
	size_t i;
	int n;

	for (i = 0; (own = summary_id(j->header, i)) != NULL; i++) {
		if ((n = store_outid_get(j->k->store, j->tx->user, own, id,
		    sizeof(id))) == -1)
			return -1;
		if (n == 1 && plan_id(j->plan, own, id) == -1)
			return -1;
	}
	return 0;
}

int
submit_plan(struct judge *j)
{
	struct ktx *tx = j->tx;
	const char *domain;

	if (!tx->submitted || j->plan->action != PLAN_PASS ||
	    tx->rec != NULL)
		return 0;
	j->plan->rest = 1;
	if (!tx->alternate || !j->k->conf->outbound.hide_client ||
	    tx->reply[0] != '\0')
		return 0;
	domain = addr_domain(tx->alternate == 2 ? j->writer->addr :
	    tx->env.sender);
	if (domain == NULL || choose_id(j, domain) == -1 ||
	    map_ids(j) == -1)
		return -1;
	j->plan->action = PLAN_HIDE;
	return 0;
}
