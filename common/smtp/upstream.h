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
 * One session, as a client, with the SMTP or LMTP server of an account:
 * connection (RFC 8305), greeting, EHLO, STARTTLS or TLS, AUTH; then commands
 * and replies, pipelined where the server allows it, and messages.
 *
 *	up = upstream_new(&env, &conf, &callbacks, arg);
 *	ready()		the server waits for MAIL
 *	upstream_command(up, tag, "MAIL FROM:<...>")
 *	reply(tag)	one for each command, in order
 *	upstream_command(up, tag, "DATA"), reply(tag): 354
 *	upstream_data(up, buf, len) ..., drained() ..., upstream_end(up, tag, 1)
 *	reply(tag)	the message's fate
 *	upstream_command(up, tag, "RSET") ...
 *	upstream_quit(up)
 *	closed()	once, whatever happened; then upstream_free()
 *
 * Callbacks come from the event loop, never from inside a call to this
 * module, and each may call upstream_free().  The secret is wiped when it
 * has been used; it and what stands for it on the wire are in no text that
 * comes from here.
 */

#ifndef UPSTREAM_H
#define UPSTREAM_H

#include <stddef.h>
#include <stdint.h>

#include "smtp/ehlo.h"
#include "smtp/smtpreply.h"
#include "smtp/tlsio.h"

struct event_base;
struct resolve;
struct upstream;

#define UPSTREAM_HOST_MAX	255
#define UPSTREAM_USER_MAX	320
#define UPSTREAM_SECRET_MAX	8192	/* OAuth tokens are long */
#define UPSTREAM_COMMAND_MAX	2048	/* a command, without CR LF */
#define UPSTREAM_QUEUE_MAX	128	/* commands without a reply */
#define UPSTREAM_TEXT_MAX	SMTPREPLY_TEXT_MAX

enum upstream_kind {
	UPSTREAM_SMTP_TLS,	/* smtp+tls: STARTTLS, or no session */
	UPSTREAM_SMTPS,		/* smtps: TLS from the first byte */
	UPSTREAM_LMTP		/* lmtp: no TLS, no AUTH (RFC 2033) */
};

enum upstream_login {
	UPSTREAM_NOLOGIN,	/* no AUTH at all */
	UPSTREAM_PASSWORD,	/* PLAIN, else LOGIN */
	UPSTREAM_BEARER		/* OAUTHBEARER, else XOAUTH2 */
};

/* How far a session is, or was when it failed. */
enum upstream_stage {
	UPSTREAM_RESOLVE,
	UPSTREAM_CONNECT,
	UPSTREAM_TLS,		/* handshake and certificate */
	UPSTREAM_GREETING,
	UPSTREAM_EHLO,
	UPSTREAM_STARTTLS,
	UPSTREAM_AUTH,
	UPSTREAM_IDLE,		/* ready, no command without its reply */
	UPSTREAM_COMMAND,
	UPSTREAM_DATA,		/* from 354 on */
	UPSTREAM_DATAEND,	/* the final dot is on its way: nobody knows
				 * what became of the message */
	UPSTREAM_QUIT
};

#define UPSTREAM_STAGES		(UPSTREAM_QUIT + 1)

/* Seconds for each stage; 0 takes the default of upstream_timeouts(). */
struct upstream_timeouts {
	int		 stage[UPSTREAM_STAGES];
};

/* What many sessions share; all of it must outlive them. */
struct upstream_env {
	struct event_base	*base;	/* NULL: that of event_init() */
	struct resolve		*resolve;
	struct tlsio_ctx	*tls;	/* may be NULL for lmtp only */
};

/* What upstream_new() copies. */
struct upstream_conf {
	enum upstream_kind	 kind;
	const char		*host;	/* name or IP literal */
	int			 port;
	int			 verify; /* 1: chain and name; 0: `require' */
	const char		*helo;	/* our name in EHLO and LHLO */
	enum upstream_login	 login;
	const char		*user;	/* NULL without login */
	const char		*secret; /* password or access token */
	struct upstream_timeouts timeouts;
};

/* Why a session is over. */
struct upstream_end {
	enum upstream_stage	 stage;
	int			 code;	/* the server's, or 0 */
	int			 badlogin; /* the server refused the login for
					 * good: ask no more with this one */
	int			 quit;	/* asked for by upstream_quit() */
	/*
	 * One line of printable ASCII, at most UPSTREAM_TEXT_MAX - 1 - 20
	 * bytes, without a code of its own at its beginning: for the log,
	 * `account list', and behind "451 4.4.1 ".
	 */
	char			 text[UPSTREAM_TEXT_MAX - 20];
};

struct upstream_cb {
	void	(*ready)(struct upstream *, void *arg);
	/* The reply to a command (or to the end of a message); *r is the
	 * callee's during the call.  After a 421 comes `closed'. */
	void	(*reply)(struct upstream *, int tag,
		    const struct smtpreply *r, void *arg);
	/* upstream_room() is 1 again after it had been 0. */
	void	(*drained)(struct upstream *, void *arg);
	/* Nothing comes any more.  Commands without a reply get none. */
	void	(*closed)(struct upstream *, const struct upstream_end *,
		    void *arg);
};

/* The defaults: of RFC 5321 section 4.5.3.2, where less than 280 s. */
const struct upstream_timeouts *upstream_timeouts(void);

/*
 * Begins a session.  *cb must outlive it.  Returns NULL when there is no
 * memory, or *conf holds what cannot be: too long, control characters, a
 * login without user and secret; errno is then ENOMEM or EINVAL.
 */
struct upstream *upstream_new(const struct upstream_env *,
    const struct upstream_conf *, const struct upstream_cb *, void *arg);

/* Closes at once, without QUIT or callbacks.  NULL is allowed. */
void	 upstream_free(struct upstream *);

enum upstream_stage upstream_stage(const struct upstream *);

/* "connect", "greeting", "data" ...; "?" for what is none. */
const char *upstream_stagename(enum upstream_stage);

/* What the server offers; whole from ready() on. */
const struct ehlo *upstream_caps(const struct upstream *);

/* As tlsio_getinfo(); 0 before TLS. */
int	 upstream_tlsinfo(const struct upstream *, struct tlsio_info *);

/* The server's address in numbers, "[2001:db8::1]:587"; "" before. */
const char *upstream_peer(const struct upstream *);

/*
 * Sends a command, now or when those before it have their replies.  `line'
 * is without CR LF.  DATA is a command as any, but none is taken behind it
 * until it is answered.  Returns 0; -1 with errno EINVAL for a line with a
 * control character or one that is too long (nothing happened), ENOBUFS when
 * UPSTREAM_QUEUE_MAX commands wait, ENOTCONN when the session is not ready,
 * or over, or a message is being sent.
 */
int	 upstream_command(struct upstream *, int tag, const char *line);

/*
 * Sends a part of the message, in the state that a 354 to DATA opens.  The
 * bytes are those of the wire: lines end in CR LF, and a line that begins
 * with a dot has one more (RFC 5321 section 4.5.2).  Whoever gives something
 * that a server could take for the end of the message gets -1 and EINVAL, and
 * the session must be freed: a dot alone at the beginning of a line, a bare
 * LF, a bare CR with a dot behind it.  Lines may
 * come in pieces.  Returns 0, or -1 with errno ENOTCONN, ENOBUFS (more than
 * TLSIO_OUT_MAX bytes wait: the caller did not heed upstream_room()).
 */
int	 upstream_data(struct upstream *, const char *buf, size_t len);

/*
 * Ends the message with the final dot (and with CR LF before it when that is
 * missing).  reply() comes nreplies times with tag: once for SMTP, for LMTP
 * once for each recipient accepted (1 to UPSTREAM_QUEUE_MAX).  Returns 0, or
 * -1 with errno ENOTCONN or EINVAL.  A message that must not be sent after
 * all is given up with upstream_free().
 */
int	 upstream_end(struct upstream *, int tag, int nreplies);

/* 1 when more data is welcome; 0: wait for drained(). */
int	 upstream_room(const struct upstream *);

/* How many bytes wait to go out, which falls while the server takes them. */
size_t	 upstream_waiting(const struct upstream *);

/* How many commands have had no reply, those not sent yet included. */
int	 upstream_outstanding(const struct upstream *);

/*
 * Says QUIT when all commands have their replies, and then closes; closed()
 * comes in the end.  In a message, or before ready(), it closes at once.
 */
void	 upstream_quit(struct upstream *);

#endif
