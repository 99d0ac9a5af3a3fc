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
 * The process with the database and the keys.  It never sees a message:
 * the front tells it recipients, the engine what the header says; it decides.
 */

#ifndef KEEPER_H
#define KEEPER_H

#include "base/log.h"
#include "conf/conf.h"
#include "conf/listfile.h"
#include "crypto/keys.h"
#include "envelope.h"
#include "messages.h"
#include "proc/ipc.h"
#include "proc/privsep.h"
#include "store/store_mail.h"
#include "verdict.h"

#define KEEPER_TX_MAX		20000	/* transactions at once */
#define KEEPER_BUSY_MS		3000	/* for another process's lock */
#define KEEPER_HANDLES		STORE_REPLY_HANDLES
#define KEEPER_MAILBOXES	20	/* mailboxes in one transaction */
#define KEEPER_STARTS		100	/* new people for a worker in a day */
#define KEEPER_REPLY_MAX	512	/* bytes of a reply to a client */
#define KEEPER_QUEUE		(16 * 1024 * 1024)

#define KEEPER_TRY_LATER	"451 4.3.0 Temporary failure, please try " \
	"again later"

struct ktx {
	uint64_t		 id;
	RB_ENTRY(ktx)		 node;
	struct envelope		 env;
	int			 outside;
	char			*path;		/* smtpd takes this sender */
	int			 handed;	/* it may come from elsewhere */
	uint32_t		 gate;		/* 0, or 1 + its index */
	int			 submitted;	/* by a user of ours */
	char			*user;		/* then: who, "" if unknown */
	int			 alternate;	/* an identity is the sender, */
						/* 2: or in From */
	char			*ownid;		/* its Message-Id, if it */
	char			*outid;		/* leaves under this one */
	int			 engaged;	/* the engine sees it */
	uint32_t		 taken;		/* recipients, see MSG_COMMIT */
	uint64_t		 handle[KEEPER_HANDLES];
	uint64_t		 conversation[KEEPER_HANDLES];
	size_t			 nhandles;
	uint32_t		 worker;	/* of the handles */
	uint64_t		 handlebox;	/* their mailbox, or 0 */
	struct strlist		 starts;	/* whom to begin with there */
	uint64_t		 mailbox[KEEPER_MAILBOXES];	/* bare */
	size_t			 nmailboxes;
	int			 counthandle;	/* it counts for handlebox */
	uint32_t		 toworker;	/* helpdesk: whose address */
	size_t			 nrcpts;
	/* After the header: */
	int			 judged;
	int			 finished;
	int			 committing;
	char			 reply[KEEPER_REPLY_MAX + 1];	/* or "" */
	struct store_reply	*rec;		/* what to record, or NULL */
	uint32_t		 starter;	/* with new people, of whom */
	unsigned int		 nstarted;	/* there are so many */
	char			*subject;	/* of a message with rec */
};

RB_HEAD(ktx_tree, ktx);

struct keeper {
	const struct conf	*conf;
	struct store		*store;
	struct keys		*keys;
	struct ipc		*front;
	struct ipc		*engine;
	struct ktx_tree		 txs;		/* by id */
	size_t			 ntxs;
	time_t			 now;
	time_t			 opened;	/* last try to open the store */
	time_t			 busy;		/* do not wait again until */
	int			 reopen;	/* the store has failed */
	int			 told;		/* the front knows what to watch
						 * of it */
	struct lograte		*rate;
	uint8_t			 changed[LISTFILE_MAX];	/* since the start */
	uint8_t			 unsent[LISTFILE_MAX];	/* to the engine */
};

/* The role's main function, for privsep.  arg is a struct setup. */
int	keeper_main(struct privsep_child *pc, void *arg);

/* keeper_limit.c: logs what the store has said, and waits less for a while. */
void	keeper_trouble(struct keeper *k, const char *what);

/*
 * keeper_rcpt.c: takes a recipient into account.  Returns MSG_RCPT_*; reply
 * (KEEPER_REPLY_MAX + 1 bytes) is set for MSG_RCPT_REFUSE.
 */
int	keeper_rcpt(struct keeper *k, struct ktx *tx, int flags,
	    const char *rcpt, char *reply);

/*
 * submit.c: looks at the sender of a user's mail.  Returns MSG_RCPT_*; reply
 * (KEEPER_REPLY_MAX + 1 bytes) is set for MSG_RCPT_REFUSE.
 */
int	submit_mail(struct keeper *k, struct ktx *tx, char *reply);

/*
 * keeper_rcpt.c: a sender whose mail may come to a gate.  Returns MSG_RCPT_*;
 * reply (KEEPER_REPLY_MAX + 1 bytes) is set for MSG_RCPT_REFUSE.
 */
int	keeper_gate_mail(struct keeper *k, struct ktx *tx, char *reply);

/*
 * keeper_rcpt.c: what tx->gate, as it is known at MAIL FROM, puts in the
 * sender's place: tx->path, if anything.  Returns MSG_RCPT_PLAIN, or
 * MSG_RCPT_REFUSE and reply (KEEPER_REPLY_MAX + 1 bytes) is set.
 */
int	keeper_return_path(struct keeper *k, struct ktx *tx, char *reply);

/* keeper_rcpt.c: takes over what the engine found about the gate. */
void	keeper_gate_finish(struct keeper *k, struct ktx *tx,
	    const struct finish *fi);

/*
 * keeper_limit.c: is there room for one more message at its gate?  1; 0 and
 * reply (KEEPER_REPLY_MAX + 1 bytes) is set; or -1: the store fails.
 */
int	keeper_limit_gate(struct keeper *k, const struct ktx *tx, char *reply);

/*
 * keeper_limit.c: may the mailbox get one more message now?  1; 0 and reply
 * (KEEPER_REPLY_MAX + 1 bytes) is set; or -1: the store fails.
 */
int	keeper_limit_room(struct keeper *k, const struct ktx *tx,
	    uint64_t mailbox, char *reply);

/* keeper_limit.c: the same for one more message of the user. */
int	keeper_limit_user(struct keeper *k, const struct ktx *tx,
	    char *reply);

/*
 * keeper_limit.c: counts a message that is about to be accepted, against all
 * that limits it; as part of the caller's transaction.  As above.
 */
int	keeper_limit_take(struct keeper *k, const struct ktx *tx,
	    char *reply);

/*
 * policy.c: decides what becomes of a message.  The verdict goes into tx
 * (reply, record), what the engine is to do into plan, which is zeroed.
 * Returns 0, or -1: it cannot be judged now.
 */
int	policy_judge(struct keeper *k, struct ktx *tx,
	    const struct header_summary *header, struct plan *plan);

/* keeper_commit.c: takes over what the engine found in the body. */
void	keeper_finish(struct keeper *k, struct ktx *tx,
	    const struct finish *fi);

/*
 * keeper_commit.c: the message is complete; stores what has to be before
 * smtpd is answered.  reply (KEEPER_REPLY_MAX + 1 bytes) gets "" to accept.
 */
void	keeper_commit(struct keeper *k, struct ktx *tx, char *reply);

#endif
