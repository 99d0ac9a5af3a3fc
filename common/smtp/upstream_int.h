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

/* What the files of upstream share; nobody else includes it. */

#ifndef UPSTREAM_INT_H
#define UPSTREAM_INT_H

#include <sys/types.h>
#include <sys/socket.h>

#include <event.h>

#include "base/compat.h"
#include "base/sbuf.h"
#include "smtp/resolve.h"
#include "smtp/upstream.h"

#define UPSTREAM_ADDRS		(2 * RESOLVE_ADDRS_MAX)
#define UPSTREAM_SASL_MAX	12286	/* of a line, RFC 4954 section 4 */

/* An attempt to connect. */
struct upstream_try {
	struct upstream	*up;
	int		 fd;		/* -1: over, or not begun */
	struct event	 ev;
};

/* The way from a name to a connected socket. */
struct upstream_dial {
	struct resolve_query	*query;
	struct sockaddr_storage	 addrs[UPSTREAM_ADDRS];
	int			 used[UPSTREAM_ADDRS];
	int			 naddrs;
	int			 ntries;	/* begun */
	int			 open;		/* ... and not over */
	int			 lastfamily;
	int			 error;		/* of the last that failed */
	struct event		 stagger;
	struct upstream_try	 tries[UPSTREAM_ADDRS];
};

/* Whether more may follow a command before its reply, RFC 2920. */
enum upstream_what {
	UPSTREAM_GROUPED,
	UPSTREAM_SYNC,
	UPSTREAM_DATACMD,	/* DATA itself */
	UPSTREAM_DOT,		/* the end of a message */
	UPSTREAM_QUITCMD
};

struct upstream_cmd {
	TAILQ_ENTRY(upstream_cmd) entry;
	enum upstream_what	 what;
	int			 tag;
	int			 sent;
	size_t			 len;
	char			 line[];	/* with CR LF */
};

/* Where the message's bytes are, for the search for a false end. */
enum upstream_pos {
	UPSTREAM_BOL,		/* at the beginning of a line */
	UPSTREAM_BOLDOT,	/* behind a dot there */
	UPSTREAM_TEXT,
	UPSTREAM_CR		/* behind a CR */
};

struct upstream {
	struct upstream_env	 env;
	const struct upstream_cb *cb;
	void			*arg;
	enum upstream_kind	 kind;
	enum upstream_login	 login;
	enum upstream_stage	 stage;
	int			 verify;
	int			 port;
	char			*host, *helo, *user;
	char			*secret;	/* freezero(3)d after AUTH */
	struct upstream_timeouts timeouts;
	struct upstream_caps	 caps;
	struct upstream_dial	*dial;		/* until it is connected */
	struct tlsio		*io;
	char			 peer[80];
	int			 tls;
	int			 step;		/* within AUTH */
	struct smtpreply	 reply;
	TAILQ_HEAD(upstream_cmds, upstream_cmd) cmds;
	int			 ncmds;
	enum upstream_pos	 pos;
	uint64_t		 written;	/* bytes of messages given */
	uint64_t		 seen;		/* ... that the timer saw go */
	struct event		 timer;
	struct event		 kick;		/* to fail, from the loop */
	struct upstream_end	 end;
	int			 over;
	int			 depth, freed;	/* as in tlsio */
	int			 quitting;
};

/* upstream.c.  Handlers run between these; up may be gone after the second. */
void	 upstream_enter(struct upstream *);
void	 upstream_leave(struct upstream *);
int	 upstream_dead(const struct upstream *);

/* Goes to a stage and starts its time. */
void	 upstream_setstage(struct upstream *, enum upstream_stage);

/*
 * Ends the session in the present stage and tells it, from a handler.  The
 * text is "host:port, stage: " and what is said here.
 */
void	 upstream_fail(struct upstream *, int code, const char *fmt, ...)
	    __attribute__((__format__ (printf, 3, 4)));

/* The same, for what the reply at hand says. */
void	 upstream_refused(struct upstream *);

/* Writes a line of the login, CR LF is added. */
void	 upstream_say(struct upstream *, const char *line, size_t len);

/* upstream_dial.c */
int	 upstream_dial(struct upstream *);
void	 upstream_dial_free(struct upstream *);

/* upstream_login.c: a connection is there; a reply before ready; TLS. */
void	 upstream_login_connected(struct upstream *, int fd);
void	 upstream_login_reply(struct upstream *);
void	 upstream_login_secure(struct upstream *);

/* upstream_sasl.c: begins AUTH; goes on with it; 1 when text holds something
 * of the secret. */
void	 upstream_sasl_start(struct upstream *);
void	 upstream_sasl_reply(struct upstream *);
int	 upstream_sasl_leaks(const struct upstream *, const char *text);
void	 upstream_sasl_wipe(struct upstream *);

/* upstream_caps.c: what EHLO answered. */
void	 upstream_caps_parse(struct upstream_caps *, const struct smtpreply *);

/* upstream_queue.c: sends what may be sent; a reply after ready. */
void	 upstream_queue_push(struct upstream *);
void	 upstream_queue_reply(struct upstream *);
void	 upstream_queue_free(struct upstream *);

/* Callbacks of the connection. */
extern const struct tlsio_cb upstream_io;

#endif
