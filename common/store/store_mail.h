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
 * What a message on its way needs.  Message-Ids are given with or without
 * angle brackets and come back without.
 */

#ifndef STORE_MAIL_H
#define STORE_MAIL_H

#include "store/store.h"
#include "store/store_admin.h"

#define STORE_RPATH_LIFE	(30 * 86400)	/* seconds */
#define STORE_RPATH_QUOTES	5		/* bounces quoted for each */
#define STORE_REPLY_LIFE	(10 * 86400)
#define STORE_CLAIM_LIFE	240
#define STORE_REPLY_HANDLES	100		/* of one reply */
#define STORE_HASH		32		/* bytes of a SHA-256 */

/* ------------------------------------------------------------ addresses */

enum store_rcptkind {
	STORE_RCPT_MAILBOX = 1,
	STORE_RCPT_HANDLE,
	STORE_RCPT_RPATH
};

struct store_handle {
	uint64_t	 id;
	char		 address[STORE_ADDR_MAX + 1];	/* support+HANDLE@... */
	uint32_t	 worker;	/* to whom it was issued */
	uint64_t	 mailbox;
	uint64_t	 conversation;
	uint64_t	 participant;
	time_t		 created;
	time_t		 expires;
	int		 revoked;
	int		 live;		/* neither expired nor revoked */
};

enum store_rpathkind {
	STORE_RPATH_WORKER = 1,		/* a copy to a worker, or a report */
	STORE_RPATH_PARTICIPANT,	/* a reply to a participant */
	STORE_RPATH_IDENTITY,		/* a code: see store_identity.h */
	STORE_RPATH_WRAPPED		/* a platform's */
};

struct store_rpath {
	uint64_t	 id;
	char		 address[STORE_ADDR_MAX + 1];	/* r-...@... */
	enum store_rpathkind kind;
	uint64_t	 mailbox;	/* 0 if it belongs to none, */
	uint64_t	 conversation;	/* and so all these ids */
	uint64_t	 message;	/* but STORE_RPATH_IDENTITY: that for
					 * answers, of one for bounces */
	uint32_t	 worker;	/* to whom; or who wrote */
	uint64_t	 participant;	/* to whom */
	char		 address_to[STORE_ADDR_MAX + 1];
	char		 gate[STORE_GATE_MAX + 1];	/* of a wrapped one */
	time_t		 created;
	time_t		 expires;
	unsigned int	 quoted;	/* bounces quoted so far; of a wrapped
					 * one: sent back */
};

struct store_rcpt {
	enum store_rcptkind kind;
	struct store_mailbox mailbox;	/* id 0 for a return path without */
	struct store_handle handle;	/* of STORE_RCPT_HANDLE */
	struct store_rpath rpath;	/* of STORE_RCPT_RPATH */
};

/*
 * Says what an address of ours is, in any case, at now.  A handle is found
 * dead or alive (look at handle.live), a return path only while it lives.
 */
int	store_rcpt_get(struct store *s, const char *address, time_t now,
	    struct store_rcpt *rcpt);

/*
 * Finds or makes the live handle of (worker, conversation, participant).  One
 * that lives is prolonged to now + lifetime once a tenth of that has passed.
 */
int	store_handle_issue(struct store *s, uint32_t worker,
	    uint64_t conversation, uint64_t participant, time_t now,
	    time_t lifetime, struct store_handle *h);

/* Finds a handle by id, dead or alive. */
int	store_handle_byid(struct store *s, uint64_t id, time_t now,
	    struct store_handle *h);

/* Walks over the live handles of a worker in a conversation. */
int	store_handle_each(struct store *s, uint32_t worker,
	    uint64_t conversation, time_t now,
	    int (*cb)(const struct store_handle *, void *), void *arg);

/*
 * Makes a return path at domain.  Of rp the caller sets kind, conversation,
 * message, worker, participant, address_to and gate; the rest is filled in.
 */
int	store_rpath_make(struct store *s, const char *domain, time_t now,
	    struct store_rpath *rp);

/* Counts one more quoted bounce: 1, or 0 if STORE_RPATH_QUOTES were. */
int	store_rpath_quote(struct store *s, uint64_t id);

/* Takes one back that was counted and came to nothing. */
int	store_rpath_unquote(struct store *s, uint64_t id);

/* -------------------------------------------------------- conversations */

/*
 * Makes an open conversation of a mailbox.  subject may be NULL; what is too
 * long of it is cut at a character.
 */
int	store_conversation_new(struct store *s, uint64_t mailbox,
	    const char *subject, time_t now, uint64_t *id);

/*
 * Finds the conversation of a mailbox to which a message with one of the n
 * outside Message-Ids belongs (ids[0] first), if writer is a participant.
 */
int	store_conversation_find(struct store *s, uint64_t mailbox,
	    const char *const *ids, size_t n, const char *writer,
	    uint64_t *id);

/*
 * Finds or adds a participant; the name is taken over if there was none, and
 * unverified is cleared once the address has written verified.  max > 0: a
 * conversation with so many gets no more.  Returns 1 and *id, 0 if full.
 */
int	store_participant_add(struct store *s, uint64_t conversation,
	    const char *address, const char *name, int unverified,
	    unsigned int max, time_t now, uint64_t *id);

/* Finds a participant by id, or by address in a conversation. */
int	store_participant_get(struct store *s, uint64_t id,
	    struct store_participant *p);
int	store_participant_byaddr(struct store *s, uint64_t conversation,
	    const char *address, struct store_participant *p);

/* ------------------------------------------------------------- messages */

/*
 * Finds what was recorded of the message with this smtpd id and outside
 * Message-Id ("" if it has none) for this mailbox in the last ten days: the
 * same message in another run, or to another address of the mailbox.
 */
int	store_message_find(struct store *s, uint64_t mailbox,
	    const char *smtpd, const char *outside, time_t now,
	    struct store_message *m);

/*
 * Records a message of a conversation, or finds it as store_message_find()
 * does: 1 if it is new, 0 if it was there; m->id is set.  The caller sets
 * conversation, kind, participant or worker, author, smtpd, outside and own.
 * A new one is the conversation's last mail, and opens it again if it is from
 * a participant.
 */
int	store_message_add(struct store *s, struct store_message *m,
	    time_t now);

/* Finds a message by id. */
int	store_message_get(struct store *s, uint64_t id,
	    struct store_message *m);

/*
 * Tells the Message-Id under which a worker knows the message that customers
 * know as outside: their own, if they wrote it, else that of their copy.
 * conversation is preferred, the mailbox's other ones count too.
 */
int	store_msgid_inside(struct store *s, uint64_t conversation,
	    uint32_t worker, const char *outside, char *buf, size_t size);

/*
 * Tells the Message-Id that customers know for an id that a worker knows: of
 * a copy (a token) or their own.  0 too if customers never saw that message.
 */
int	store_msgid_outside(struct store *s, uint64_t conversation,
	    uint32_t worker, const char *inside, char *buf, size_t size);

/*
 * As store_msgid_inside() and _outside() for a whole team: from what one
 * worker knows to what another knows, for messages between workers.
 */
int	store_msgid_across(struct store *s, uint64_t conversation,
	    uint32_t from, const char *inside, uint32_t to, char *buf,
	    size_t size);

/* --------------------------------------------------------------- copies */

struct store_copy {
	uint64_t	 id;
	char		 msgid[STORE_MSGID_MAX + 1];
	char		 rpath[STORE_ADDR_MAX + 1];
	int		 queued;
	int		 begun;		/* by an earlier run */
};

/*
 * Begins the copy of a message for a worker (0: for the archive).  If none
 * was begun, msgid and rpath of c are recorded; else c gets those that were,
 * and the copy is sent with them unless c->queued.
 */
int	store_copy_begin(struct store *s, uint64_t message, uint32_t worker,
	    time_t now, struct store_copy *c);

/* Records that smtpd has the copy. */
int	store_copy_queued(struct store *s, uint64_t id, time_t now);

/* -------------------------------------------------------------- replies */

struct store_reply {
	char		 id[STORE_REPLY_ID + 1];
	uint32_t	 worker;
	uint64_t	 mailbox;
	uint64_t	 conversation;
	char		 smtpd[STORE_SMTPD_MAX + 1];
	char		 own[STORE_MSGID_MAX + 1];	/* "" if it had none */
	char		 dkey[STORE_DKEY_MAX + 1];	/* own or the SHA-256 */
	char		 outside[STORE_MSGID_MAX + 1];	/* the new Message-Id */
	char		 commands[STORE_COMMANDS_MAX + 1]; /* "note close" */
	time_t		 created;
	size_t		 nhandles;
	uint64_t	 handle[STORE_REPLY_HANDLES];	/* accepted ones */
};

/* Makes the 128 random bits that name a reply. */
void	store_reply_id(char id[STORE_REPLY_ID + 1]);

/* Records a reply that passed; created is set. */
int	store_reply_add(struct store *s, struct store_reply *r, time_t now);

/* Finds the record of a reply that is not older than 10 days at now. */
int	store_reply_get(struct store *s, const char *id, time_t now,
	    struct store_reply *r);

/*
 * Tells the conversation of a record within 10 days with the same worker,
 * mailbox and dkey as r, which is one of the same message, and the outside
 * Message-Id (size bytes at outside) if it has one, else "".
 */
int	store_reply_before(struct store *s, const struct store_reply *r,
	    time_t now, uint64_t *conversation, char *outside, size_t size);

enum store_sent {
	STORE_SENT_NEW = 1,	/* send it */
	STORE_SENT_AGAIN,	/* begun by a run that died: send it */
	STORE_SENT_DONE,	/* smtpd has it: success, and no mail */
	STORE_SENT_BUSY		/* another run is at it: exit 75 */
};

/*
 * Begins to queue what a reply says for a handle, once for each (worker,
 * dkey, handle).  pid is the caller's.  rpath is recorded by STORE_SENT_NEW
 * and handed back by STORE_SENT_AGAIN (size bytes at rpath).  BUSY is what
 * was begun by another pid within STORE_CLAIM_LIFE; *pid gets that one.
 */
int	store_sent_begin(struct store *s, uint32_t worker, const char *dkey,
	    uint64_t handle, time_t now, int *pid, char *rpath, size_t size,
	    enum store_sent *state);

/* Records that smtpd has it; or that it has not, and anyone may try. */
int	store_sent_queued(struct store *s, uint32_t worker, const char *dkey,
	    uint64_t handle, time_t now);
int	store_sent_failed(struct store *s, uint32_t worker, const char *dkey,
	    uint64_t handle);

/*
 * Says that a reply's commands are being carried out: 1, or 0 if they were
 * before.  Call it in the transaction that carries them out.
 */
int	store_commands_once(struct store *s, uint32_t worker,
	    const char *dkey, time_t now);

/* ----------------------------------------------------- claims and limits */

/*
 * Claims the message with this hash for process pid: 1, or 0 if another
 * claimed it less than STORE_CLAIM_LIFE ago; *holder gets its pid.  A caller
 * that knows that process to be dead may release its claim.
 */
int	store_claim(struct store *s, const uint8_t hash[STORE_HASH], int pid,
	    time_t now, int *holder);
int	store_claim_release(struct store *s, const uint8_t hash[STORE_HASH],
	    int pid);

/*
 * Marks a worker's address as failing since now, or notes the newest reason;
 * store_worker_enable() forgets it.  1, or 0 if there is no such address.
 */
int	store_failing_set(struct store *s, const char *address,
	    const char *status, const char *diagnostic, time_t now);

/* Store functions that only mda-relay needs. */

/* 1 when a copy for that worker has this Message-Id, 0 when none, or -1. */
int	store_copy_known(struct store *s, uint32_t worker, const char *msgid);

/*
 * Finds a worker's message of a mailbox by what stands in `own': the worker's
 * Message-Id, or the hash that stands in for it.
 */
int	store_message_byown(struct store *s, uint64_t mailbox,
	    uint32_t worker, const char *own, struct store_message *m);

/*
 * The Message-Ids that left under another name: a program's own id may name
 * the host and the login of who wrote, so the outside gets another one, and
 * later mail that refers to the first must refer to the second.
 */

/*
 * Tells the id that the outside knows for an id of the user's own program
 * (both without angle brackets): 1, 0 if it never left under another, -1.
 */
int	store_outid_get(struct store *s, const char *user, const char *inside,
	    char *buf, size_t size);

/* Remembers it; an earlier one for the same id is forgotten. */
int	store_outid_put(struct store *s, const char *user, const char *inside,
	    const char *outside, time_t now);

/*
 * Return paths of ours that stand for a sender elsewhere: a gate puts one in
 * the place of a platform's sender, so that SPF is about our domain, and what
 * bounces goes back to the sender that is recorded here.  They are found and
 * expire like all return paths (store_mail.h), as STORE_RPATH_WRAPPED.
 */

#define STORE_WRAP_REUSE	86400	/* seconds that one serves new mail */
#define STORE_WRAPS_DAY		50000	/* new ones of a gate, in a day */

/*
 * Finds or makes the return path at domain for mail of sender that passes
 * the gate.  One is used again within STORE_WRAP_REUSE and until it has had
 * STORE_RPATH_QUOTES bounces, so that a flood does not fill the store.  The
 * sender is verp_valid(), and stays as it is typed.  Returns 1 and *rp; 0
 * when the gate has made STORE_WRAPS_DAY within a day; -1.
 */
int	store_wrap(struct store *s, const char *gate, const char *sender,
	    const char *domain, time_t now, struct store_rpath *rp);

#endif
