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
 * The courier.  smtpd's sessions (courier_session.c) have transactions
 * (courier_mail.c), which hold a link to an account's server meanwhile; links
 * and accounts are the pool's (courier_pool.c).
 */

#ifndef COURIER_H
#define COURIER_H

#include <sys/types.h>

#include <event.h>
#include <stdint.h>

#include "base/compat.h"
#include "base/log.h"
#include "courier_msg.h"
#include "dotstream.h"
#include "smtp/upstream.h"
#include "smtpcmd.h"
#include "table-relay/table-relay.h"

#define COURIER_REPLY_MAX	511	/* of a reply, with its NUL: RFC 5321
					 * section 4.5.3.1.5 less CR LF */

/* Limits of sessions with smtpd. */
#define SESSION_MAX		2000	/* at once, if descriptors last */
#define SESSION_STRANGERS	256	/* ... without a password yet */
#define SESSION_STRANGER_TIME	20	/* seconds for handshake and AUTH */
#define SESSION_IDLE_TIME	290	/* seconds without a command */
#define SESSION_MAIL_TIME	5	/* seconds until MAIL is answered */
#define SESSION_HOLD_TIME	275	/* seconds of any other command */
#define SESSION_BYE_TIME	10	/* seconds for the last reply to go */
#define SESSION_WRONG_MAX	20	/* commands that are none */
#define SESSION_RCPT_MAX	1000	/* recipients of one transaction */

/* Limits of sessions with servers. */
#define POOL_LINKS_MAX		1000	/* at once, if descriptors last */
#define POOL_ACCOUNT_LINKS	10	/* ... of one account */
#define POOL_ACCOUNT_WAIT	500	/* transactions that wait for one */
#define POOL_IDLE		4	/* of one account that do nothing */
#define POOL_IDLE_TIME		60	/* seconds of that */
#define POOL_STUCK_TIME		10	/* seconds without progress */
#define POOL_FULL_TIME		60	/* seconds for which a server that
					 * takes no more has as many */
#define POOL_RETRY_MIN		5	/* seconds after a failure */
#define POOL_RETRY_MAX		300
#define POOL_LOGIN_MIN		60	/* ... after a refused login */
#define POOL_LOGIN_MAX		3600
#define POOL_FORGET_TIME	120	/* seconds that an account is kept */

struct account;
struct courier;
struct session;

enum link_state {
	LINK_CONNECTING,
	LINK_IDLE,
	LINK_BUSY,		/* it has a session */
	LINK_RESET,		/* on its way to LINK_IDLE */
	LINK_QUIT		/* nobody knows it any more */
};

/* Tags of commands, and thereby of replies. */
enum link_tag {
	TAG_RSET,		/* before MAIL */
	TAG_CLEAN,		/* RSET, after what was given up */
	TAG_MAIL,
	TAG_RCPT,
	TAG_DATA,
	TAG_END
};

/* A session with an account's server. */
struct link {
	TAILQ_ENTRY(link)	 entry;		/* in its account */
	TAILQ_ENTRY(link)	 idle_entry;	/* of all, oldest first */
	struct account		*account;	/* NULL with LINK_QUIT */
	struct courier		*courier;
	struct upstream		*up;
	struct session		*session;	/* with LINK_BUSY */
	struct event		 timer;		/* with LINK_IDLE */
	enum link_state		 state;
	int			 used;		/* it was idle before */
	int			 old;		/* the account has changed */
	int			 owes;		/* progress is due since ... */
	time_t			 since;
	size_t			 waiting;	/* bytes, when last looked at */
};

TAILQ_HEAD(link_list, link);
TAILQ_HEAD(session_list, session);

/* What is known of an account while it has links, or a bad name. */
struct account {
	RB_ENTRY(account)	 entry;
	uint64_t		 id;
	uint64_t		 generation;
	int			 transport;	/* enum courier_transport */
	int			 verify;
	int			 oauth;
	uint16_t		 port;
	char			*name;
	char			*host;
	char			*user;		/* "": no AUTH */
	char			*secret;	/* password or token */
	int64_t			 expires;	/* of a token, by the clock */
	int			 asked;		/* a token was asked for */
	int			 refused;	/* ... one was refused */
	int			 proven;	/* the secret was good once */
	struct link_list	 links;
	int			 nlinks;
	int			 nidle;
	struct session_list	 waiters;	/* oldest first */
	int			 nwaiters;
	int			 full;		/* as many links, until ... */
	time_t			 fulltill;
	unsigned int		 failures;	/* in a row */
	time_t			 retry;		/* not before */
	char			*reply;		/* until then, to MAIL */
	time_t			 touched;
};

RB_HEAD(account_tree, account);

enum session_state {
	SESSION_HANDSHAKE,
	SESSION_COMMAND,
	SESSION_USER,		/* AUTH LOGIN waits for the name */
	SESSION_PASS,		/* ... or for the password */
	SESSION_PLAIN,		/* AUTH PLAIN waits for all of it */
	SESSION_FIND,		/* MAIL waits for the keeper */
	SESSION_WAIT,		/* ... for a link */
	SESSION_HELD,		/* a command waits for the server's reply */
	SESSION_DATA,
	SESSION_END,		/* the final dot waits */
	SESSION_QUIT,		/* QUIT waits for its time */
	SESSION_CLOSING		/* nothing that comes matters any more */
};

/* A session with smtpd. */
struct session {
	TAILQ_ENTRY(session)	 entry;		/* of all */
	TAILQ_ENTRY(session)	 stranger;	/* until AUTH, oldest first */
	TAILQ_ENTRY(session)	 waiter;	/* in its account */
	RB_ENTRY(session)	 question;	/* SESSION_FIND */
	struct courier		*courier;
	struct tlsio		*io;
	struct event		 timer;
	enum session_state	 state;
	uint64_t		 id;		/* of its question */
	int			 greeted;	/* EHLO or HELO came */
	int			 known;		/* AUTH came */
	int			 username;	/* AUTH LOGIN: was it ours? */
	int			 wrong;		/* commands that were none */
	int			 skipping;	/* to the end of a long line */
	/* Of the transaction: */
	int			 mail;		/* there is one */
	int			 null;		/* it goes nowhere */
	int			 again;		/* a second link was tried */
	int			 nrcpts;	/* accepted */
	int			 ntried;	/* recipients in all */
	char			*sender;
	struct smtpcmd_path	*path;		/* of MAIL, until answered */
	struct account		*account;	/* with SESSION_WAIT */
	struct link		*link;		/* NULL: none, or lost */
	char			*lost;		/* the reply when it was lost */
	struct dotstream	 dots;
};

RB_HEAD(session_tree, session);

/*
 * What a transaction is told, by its session with smtpd and by the link to
 * the account's server, neither of which knows more of it (courier_mail.c).
 */
struct mail_ops {
	/* The commands of a transaction; arg is what follows the word. */
	void	(*from)(struct session *s, const char *arg);
	void	(*rcpt)(struct session *s, const char *arg);
	void	(*data)(struct session *s);
	/* Gives the transaction up, whatever its state; says nothing. */
	void	(*reset)(struct session *s);
	/* Takes message data; returns how much. */
	size_t	(*input)(struct session *s, const char *buf, size_t len);
	/* The session's time for this command is over. */
	void	(*late)(struct session *s);
	/* A link is the session's now; or there is none, and a reply. */
	void	(*link)(struct session *s, struct link *l);
	void	(*nolink)(struct session *s, const char *reply);
	/* The server has replied to the command with that tag. */
	void	(*answer)(struct session *s, int tag,
		    const struct smtpreply *r);
	/* The server has room for more data. */
	void	(*drained)(struct session *s);
	/* It has gone, and with it the link, which was used before or not. */
	void	(*gone)(struct session *s, struct account *a, int used,
		    const struct upstream_end *end);
	/* Closes the link: what is asked from here on gets this reply. */
	void	(*lose)(struct session *s, const char *reply);
};

struct courier {
	struct table		*table;
	const struct mail_ops	*mail;
	struct tlsio_ctx	*tls;		/* of the server */
	struct upstream_env	 env;
	struct ipc		*keeper;	/* NULL: not there */
	struct ipc		*oauth;
	struct lograte		*rate;		/* lines of the log */
	char			 helo[256];	/* our name */
	/* Sessions: */
	struct session_list	 sessions;
	struct session_list	 strangers;
	struct session_tree	 questions;
	int			 nsessions;
	int			 maxsessions;
	int			 nstrangers;
	uint64_t		 lastid;
	/* The port: */
	int			 fd;		/* -1: not ours */
	struct event		 listen_event;
	struct event		 retry_timer;
	int			 told;		/* that it is taken */
	int			 tries;
	/* The pool: */
	struct account_tree	 accounts;
	struct link_list	 idle;
	int			 nlinks;
	int			 maxlinks;
	struct event		 sweep_timer;
	struct event		 stuck_timer;
};

/* A timer of so many seconds. */
static inline void
courier_timer(struct event *ev, int seconds)
{
	struct timeval	 tv = { seconds, 0 };

	evtimer_add(ev, &tv);
}

/* Takes the port, or tries every ten seconds; tells the front. */
void	listen_start(struct courier *c);

/* ------------------------------------------------ courier_session.c */

/*
 * Sends one reply, "250 2.0.0 Ok" say, without CR LF, to what the session
 * waits for an answer to, and lets it go on.  What cannot be sent becomes
 * 451, or ends the session.
 */
void	session_reply(struct session *s, const char *fmt, ...)
	    __attribute__((__format__ (printf, 2, 3)));

/* The same after which the connection is closed. */
void	session_bye(struct session *s, const char *reply);

/* Waits for another process, so many seconds. */
void	session_hold(struct session *s, enum session_state state,
	    int seconds);

RB_PROTOTYPE(session_tree, session, question, session_cmp)

/* --------------------------------------------------- courier_mail.c */

extern const struct mail_ops courier_mail;

/* The keeper has answered. */
void	mail_found(struct session *s, const struct courier_target *t);
void	mail_refused(struct session *s, const struct courier_refused *r);

/* --------------------------------------------------- courier_pool.c */

/* Prepares the pool; ends what has been idle for long from then on. */
void	pool_init(struct courier *c);

/*
 * Finds a link for the session, which waits with SESSION_WAIT: calls
 * mail_link() or mail_nolink(), now or later, unless pool_cancel() comes
 * before that.
 */
void	pool_get(struct session *s, const struct courier_target *t);

/* The same for a session whose link had gone when it was to be used. */
void	pool_again(struct session *s, struct account *a);
void	pool_cancel(struct session *s);

/* A token has come, or the process that has them was started anew. */
void	pool_token(struct courier *c, const struct courier_token *t);
void	pool_ask_again(struct courier *c);

RB_PROTOTYPE(account_tree, account, entry, account_cmp)
/*
 * The account of *t: one that is known, whose links are retired if it has
 * changed, or a new one.  NULL without memory.
 */
struct account *account_get(struct courier *c,
	    const struct courier_target *t);

/* Frees an account that has neither links nor waiters. */
void	account_free(struct courier *c, struct account *a);

/* How many of its links are in that state; in any in which the server has
 * let us in. */
int	account_count(const struct account *a, enum link_state state);
/*
 * Takes it from its session, to be used again.  clean: it has no
 * transaction and owes no reply.
 */
void	link_release(struct link *l, int clean);

/* Closes it at once; its session, if any, is told nothing. */
void	link_drop(struct link *l);

/* The account has changed: no transaction more. */
void	link_retire(struct link *l);

/* Sends a command of its session.  -1 when the link is useless. */
int	link_command(struct link *l, int tag, const char *line);

/* Notes that something is due from the server, or that it has come. */
void	link_owes(struct link *l, int owes);

/* Prepares; from a link on, puts off what holds up others. */
void	stuck_init(struct courier *c);
#endif
