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
#include <string.h>

#include "base/log.h"
#include "keeper.h"
#include "mime/bodyrw.h"
#include "scrub/bodycmd.h"
#include "store/store_mail.h"

/*
 * The conversation of tx->rec that has none: that of the same
 * message, or of another part of it, when it was here before; else a new one.
 * As part of the caller's transaction.  Returns 0 or -1.
 */
static int
find_conversation(struct keeper *k, struct ktx *tx)
{
	struct store_reply *r = tx->rec;
	char outside[STORE_MSGID_MAX + 1];
	int n;

	if (r->conversation != 0)
		return 0;
	if ((n = store_reply_before(k->store, r, k->now, &r->conversation,
	    outside, sizeof(outside))) != 0)
		return n == 1 ? 0 : -1;
	return store_conversation_new(k->store, r->mailbox, tx->subject,
	    k->now, &r->conversation);
}

/* Adds one to the conversation, if needed, and gets the handle. */
static int
start_person(struct keeper *k, struct ktx *tx, const char *whom)
{
	struct store_participant p;
	struct store_handle h;
	struct store_reply *r = tx->rec;
	int n;

	n = store_participant_byaddr(k->store, r->conversation, whom, &p);
	if (n == 0) {
		tx->nstarted++;
		n = store_participant_add(k->store, r->conversation, whom,
		    NULL, 1, k->conf->replies.participants, k->now, &p.id);
	}
	if (n == 0)
		strlcpy(tx->reply, "550 5.7.1 Not sent: more people than may "
		    "take part in a conversation", sizeof(tx->reply));
	if (n != 1)
		return n;
	if (r->nhandles == STORE_REPLY_HANDLES ||
	    store_handle_issue(k->store, tx->starter, r->conversation, p.id,
	    k->now, (time_t)k->conf->replies.handle_lifetime, &h) == -1)
		return -1;
	r->handle[r->nhandles++] = h.id;
	return 1;
}

/*
 * A worker's message to tx->starts, with its conversation:
 * before the commit finds or makes those who take part and their handles; as
 * part of the caller's transaction.  Returns 1; 0 and tx->reply is set; or -1.
 */
static int
start_conversation(struct keeper *k, struct ktx *tx)
{
	size_t i;
	int n = 1;

	for (i = 0; i < tx->starts.n && n == 1; i++)
		n = start_person(k, tx, tx->starts.v[i]);
	return n;
}

/* The SHA-256 stands in where a message has no Message-Id. */
static void
commit_dkey(struct store_reply *r, const struct finish *fi)
{
	static const char digits[] = "0123456789abcdef";
	char *p = r->dkey;
	size_t i;

	if (r->dkey[0] != '\0')
		return;
	for (i = 0; i < sizeof(fi->hash); i++) {
		*p++ = digits[fi->hash[i] >> 4];
		*p++ = digits[fi->hash[i] & 15];
	}
	*p = '\0';
}

static void
commit_commands(struct store_reply *r, uint32_t commands)
{
	static const struct {
		uint32_t	 bit;
		const char	*word;
	} words[] = {
		{ BODYCMD_NOTE, "note" }, { BODYCMD_CLOSE, "close" },
		{ BODYCMD_REOPEN, "reopen" }, { BODYCMD_TAKE, "take" }
	};
	size_t i;

	r->commands[0] = '\0';
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!(commands & words[i].bit))
			continue;
		if (r->commands[0] != '\0')
			strlcat(r->commands, " ", sizeof(r->commands));
		strlcat(r->commands, words[i].word, sizeof(r->commands));
	}
}

void
keeper_finish(struct keeper *k, struct ktx *tx, const struct finish *fi)
{
	int n;

	if (fi->status == FINISH_REFUSE && tx->reply[0] == '\0') {
		n = snprintf(tx->reply, sizeof(tx->reply), "550 5.7.1 %s",
		    fi->reply);
		if (n < 0 || (size_t)n >= sizeof(tx->reply))
			strlcpy(tx->reply, "550 5.7.1 Not sent: it cannot be "
			    "made anonymous", sizeof(tx->reply));
		lograte_info(k->rate, k->now, tx->env.source, "%s: refused: %s",
		    tx->env.sid, fi->reply);
	}
	keeper_gate_finish(k, tx, fi);
	if (tx->rec != NULL) {
		commit_dkey(tx->rec, fi);
		commit_commands(tx->rec, fi->commands);
	}
}

/*
 * The id under which it leaves; and the verdict, where a word to the team
 * that answers nothing begins a conversation: 1, 0 it was refused, or -1.
 */
static int
commit_record(struct keeper *k, struct ktx *tx)
{
	struct store_reply *r = tx->rec;
	int n;

	if (tx->outid != NULL && store_outid_put(k->store, tx->user,
	    tx->ownid, tx->outid, k->now) == -1)
		return -1;
	if (r == NULL)
		return 1;
	if (find_conversation(k, tx) == -1)
		return -1;
	if (tx->starter != 0 && (n = start_conversation(k, tx)) != 1)
		return n;
	return store_reply_add(k->store, r, k->now) == -1 ? -1 : 1;
}

/*
 * Mail that was only looked at, of which nothing is counted or kept: it need
 * not wait for those who write.
 */
static int
commit_nothing(const struct ktx *tx)
{
	return tx->rec == NULL && tx->outid == NULL && tx->gate == 0 &&
	    tx->nmailboxes == 0 && tx->handlebox == 0 &&
	    tx->toworker == 0 && !tx->submitted;
}

/*
 * What the message counts and leaves behind, together: 0, it may have been
 * refused then, or -1.  A count alone need not survive a power failure, and
 * not wait for the disk.
 */
static int
commit_all(struct keeper *k, struct ktx *tx)
{
	struct store *s = k->store;
	int n;

	if (store_durable(s, tx->rec != NULL) == -1 || store_begin(s) == -1)
		return -1;
	/* How many people are new is known when they are recorded. */
	if ((n = commit_record(k, tx)) == 1)
		n = keeper_limit_take(k, tx, tx->reply);
	if (n == 0) {
		store_rollback(s);
		return 0;
	}
	return n == -1 ? -1 : store_commit(s);
}

void
keeper_commit(struct keeper *k, struct ktx *tx, char *reply)
{
	if (tx->reply[0] == '\0' && !commit_nothing(tx) &&
	    commit_all(k, tx) == -1) {
		keeper_trouble(k, "verdict");
		store_rollback(k->store);
		strlcpy(tx->reply, KEEPER_TRY_LATER, sizeof(tx->reply));
	}
	(void)store_durable(k->store, 1);
	strlcpy(reply, tx->reply, KEEPER_REPLY_MAX + 1);
}
