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
 * One run: a message that smtpd handed over for one address of ours.  What
 * the jobs share.
 */

#ifndef RUN_H
#define RUN_H

#include "conf/conf.h"
#include "crypto/keys.h"
#include "editor.h"
#include "letter.h"
#include "mailer.h"
#include "store/store_mail.h"

#define RUN_TIME	240		/* seconds until a run ends itself */
#define RUN_LOCK_WAIT	120		/* seconds for another run's turn */

/* How a job ends. */
#define RUN_DONE	0
#define RUN_RETRY	(-1)

struct run {
	const struct conf	*conf;
	struct store		*store;
	struct keys		*keys;
	struct editor		*engine;
	struct mailer		*sender;
	int			 in, out;	/* the files */
	const char		*recipient;	/* as smtpd knows it */
	const char		*from;		/* envelope sender or "" */
	time_t			 now;
	struct letter		 letter;
	struct store_rcpt	 rcpt;		/* what the recipient is */
	uint8_t			 digest[MAILFILE_DIGEST];	/* its claim */
	uint8_t			 lock[MAILFILE_DIGEST];
	int			 locked;
};

/*
 * Claims 32 bytes that stand for a message or what belongs together: 1 it is
 * ours, 0 another run's that lives, -1 and has logged it.
 */
int	run_claim(struct run *, const uint8_t *hash);

/*
 * Makes this the only run of its mailbox that has the two names, of a message
 * say, until the run ends; waits for another one.  Once in a run.  Returns 0,
 * or -1 and has logged it.
 */
int	run_lock(struct run *, const char *a, const char *b);

/*
 * A transaction of the store.  What is committed is on disk at once when it
 * was begun as durable, as it must be before a message leaves; the rest when
 * something durable follows, at the latest when the run ends.  Both return 0,
 * or -1 and have logged it and rolled back.
 */
int	run_begin(struct run *, int durable);
int	run_commit(struct run *);

/* Logs the store's last failure with the message's id in front. */
void	run_store_failed(const struct run *, const char *what);

/*
 * Sends what is in the `out' file and logs how it went; `what' says what it
 * is, `whom' for whom without a private address.
 */
enum mailer_result run_send(struct run *, const char *rpath, const char *to,
	    const char *what, const char *whom, char reply[MAILER_REPLY_MAX]);

/* Adds to the log of events, as part of the caller's transaction or alone;
 * a failure is logged and no more. */
void	run_event(struct run *, const char *kind, uint64_t conversation,
	    uint32_t worker, const char *fmt, ...)
	    __attribute__((__format__ (printf, 5, 6)));

/*
 * Makes a return path of the mailbox for rp, in which the caller set all
 * that store_rpath_make() wants.  Returns 0, or -1 and has logged it.
 */
int	run_rpath(struct run *, const char *mailbox, struct store_rpath *rp);

/*
 * Makes a Message-Id with a token for a worker, one that no other message
 * has.  Returns 0, or -1 and has logged it.
 */
int	run_token(struct run *, const struct store_worker *, uint64_t
	    conversation, const char *mailbox, char *msgid, size_t size);

/* 1 when no mail of such a person is a participant's: a mailbox, handle or
 * return path of ours, or a member of the mailbox; 0 or -1. */
int	run_is_inside(struct run *, uint64_t mailbox, const char *addr);

/* 1 when the address (lower case) is a mailbox, handle or return path of
 * ours, or a mailbox with a tag; 0 or -1. */
int	run_is_ours(struct run *, const char *addr);

/* The members of a mailbox, as a list that outlives the walk over them. */
struct members {
	struct store_worker	*v;
	size_t			 n;
};

/* Fills *m.  Returns 0, or -1 and has logged it; members_free() after 0. */
int	members_get(struct run *, uint64_t mailbox, struct members *m);

/* Frees what *m owns. */
void	members_free(struct members *m);

/* 1 when the worker is among them and enabled, else 0. */
int	members_able(const struct members *m, uint32_t worker);

#endif
