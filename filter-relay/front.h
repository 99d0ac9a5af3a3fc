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
 * The process on smtpd's pipe.  It speaks the line protocol, passes on what
 * is none of our business, and asks the other processes about the rest.
 *
 * Every request of smtpd gets exactly one answer: at once, when the keeper's
 * or the engine's word comes, or when its deadline is over.
 */

#ifndef FRONT_H
#define FRONT_H

#include <sys/time.h>

#include <event.h>

#include "conf/conf.h"
#include "messages.h"
#include "output.h"
#include "pending.h"
#include "proc/address_cache.h"
#include "proc/ipc.h"
#include "proc/privsep.h"
#include "session.h"

#define FRONT_READ	(256 * 1024)	/* bytes read at once */
#define FRONT_QUEUE	(256 * 1024)	/* bytes of a message waiting for
					 * credit: stop reading */
#define FRONT_QUEUE_ALL	(16 * 1024 * 1024)	/* of all messages: likewise */
#define FRONT_IPC_QUEUE	(8 * 1024 * 1024)	/* bytes for a peer */
#define FRONT_IPC_HIGH	(4 * 1024 * 1024)	/* no more DATA for now */
#define FRONT_TX_MAX	20000		/* transactions at once */
#define FRONT_ASK_MS	10000		/* for the keeper at RCPT TO */
#define FRONT_COMMIT_MS	60000		/* for the verdict */
#define FRONT_ENGINE_MS	60000		/* for a word of the engine */
#define FRONT_PATIENCE_MS	1000	/* for credit while nothing is read */
#define FRONT_START_MS	5000	/* for the peers before we register */
#define FRONT_JUNK	10	/* odd lines reported in a minute */

#define FRONT_TRY_LATER	"451 4.3.0 Temporary failure, please try again later"

/* A transaction that keeper and perhaps engine know of. */
struct tx {
	uint64_t		 id;
	struct session		*s;
	uint8_t			 engaged;	/* the engine will see it */
	uint8_t			 counted;	/* ask the keeper at the end */
	uint8_t			 rest;		/* no more is for the engine */
	uint8_t			 handle;	/* no recipient outside */
	uint8_t			 lost;		/* the keeper that knew it is
						 * gone */
	uint8_t			 begun;		/* the engine knows it */
	uint8_t			 eom;		/* the dot came */
	uint8_t			 eomsent;
	uint8_t			 done;		/* the engine has finished */
	uint8_t			 dirty;		/* on the list of flush */
	int64_t			 credit;	/* bytes the engine takes */
	char			*q;		/* lines for the engine */
	size_t			 qpos;
	size_t			 qlen;
	size_t			 qsize;
	int64_t			 heard;		/* when the engine last spoke */
	TAILQ_ENTRY(tx)		 flush;
	TAILQ_ENTRY(tx)		 silent;	/* in data, by heard */
};

TAILQ_HEAD(tx_queue, tx);

struct front {
	const struct conf	*conf;
	struct session_table	 sessions;
	struct output		 out;
	struct address_cache	*mailboxes;
	struct pending		*pending;	/* shared with a successor */
	int			 submission;	/* all sessions are users' */
	struct ipc		*keeper;
	struct ipc		*engine;
	struct session_queue	 asking;	/* by deadline, RCPT TO */
	struct session_queue	 committing;	/* by deadline, commit */
	struct tx_queue		 indata;	/* engaged, longest silent
						 * first */
	struct tx_queue		 dirty;	/* lines wait */
	struct tx		**slot;		/* transactions by id */
	size_t			 nslots;
	size_t			 nfull;		/* queues over FRONT_QUEUE */
	size_t			 queued;	/* bytes in all queues */
	uint32_t		 generation;
	char			*in;		/* FRONT_READ + a line */
	size_t			 inlen;
	int			 skipping;	/* to the end of a line */
	int			 fresh;		/* restarted, not yet read */
	int64_t			 started;
	int			 reading;
	unsigned int		 junk;		/* lines in this minute */
	int64_t			 heard;		/* when the engine last spoke */
	int64_t			 minute;	/* when it ends */
	int			 cut;		/* long lines were reported */
	int64_t			 now;		/* ms */
	struct event		 evin;
	struct event		 evout;
	struct event		 evtick;
};

/* The role's main function, for privsep.  arg is a struct setup. */
int	front_main(struct privsep_child *pc, void *arg);

/* front.c: takes the time, before anything else is done. */
void	front_time(struct front *f);

/* front_tx.c: 1 while so much waits for the engine that smtpd has to wait
 * too: in one message's queue or in all together. */
int	front_tx_crowded(const struct front *f);

/* front.c: writes, and stops or starts reading as the buffers ask for. */
void	front_push(struct front *f);

/* Answers what smtpd waits for in this session: NULL or a reply. */
void	front_answer(struct front *f, struct session *s, const char *text);

/* front_tx.c: smtpd is gone: the parent ends the rest. */
__dead void front_end(void);

/*
 * front_data.c: a data line, with what is known of its session; rest is
 * "sid|token|...".
 */
void	front_data_line(struct front *f, struct session *s, const char *rest,
	    size_t restlen);

/* front_data.c: the same of a session that began before us. */
void	front_data_lost(struct front *f, const char *rest, size_t restlen);

/* front_data.c: gives the engine what waits for it, as credit allows. */
void	front_flush_engine(struct front *f);

/* front_data.c: a frame of the engine; NULL: it is gone. */
void	front_engine(struct ipc *ch, struct ipc_msg *msg, void *arg);

/* front_data.c: engaged messages on which nothing moves. */
void	front_silent(struct front *f);

/* front_tx.c: a new transaction of the session, or NULL. */
struct tx *front_tx_new(struct front *f, struct session *s);

/* front_tx.c: the transaction with an id, or NULL. */
struct tx *front_tx_find(struct front *f, uint64_t id);

/* front_tx.c: ends the session's transaction, if any, and says so. */
void	front_tx_end(struct front *f, struct session *s);

/* front_tx.c: the rest of its message is swallowed, commit will be 451. */
void	front_tx_fail(struct front *f, struct tx *tx);

/* front_tx.c: appends lines for the engine: 0, or -1 without memory. */
int	front_tx_queue(struct front *f, struct tx *tx, const char *p,
	    size_t len);

/* front_tx.c: takes n bytes off the queue, which were sent. */
void	front_tx_sent(struct front *f, struct tx *tx, size_t n);

#endif
