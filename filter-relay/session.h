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

/* smtpd's SMTP sessions, as the front remembers them: by their id. */

#ifndef SESSION_H
#define SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "base/compat.h"
#include "envelope.h"

#define SESSION_MAX	100000		/* smtpd itself has far fewer */

struct tx;

/* Where in a message the data lines are. */
enum session_data {
	SESSION_NODATA,
	SESSION_HEADER,		/* X-Relay-* fields are taken out */
	SESSION_SKIP,		/* inside of such a field */
	SESSION_BODY,
	SESSION_SWALLOW		/* lost: nothing but the end goes on */
};

/* What smtpd waits for. */
enum session_wait {
	SESSION_NOWAIT,
	SESSION_MAIL,
	SESSION_RCPT,
	SESSION_COMMIT
};

struct session {
	struct session		*next;		/* in the hash */
	struct envelope		 env;
	char			 token[PROTO_ID];	/* last request's */
	uint8_t			 data;
	uint8_t			 wait;
	uint8_t			 old;		/* protocol 0.6 */
	uint8_t			 received;	/* smtpd's line of the message
						 * has come */
	uint8_t			 outside;	/* a recipient not of ours */
	uint8_t			 askall;	/* every recipient matters */
	uint8_t			 nameless;	/* a login that is not kept */
	uint8_t			 broken;	/* commit must be 451 */
	uint8_t			 plain;		/* the recipient asked about is
						 * none of ours, it seems */
	uint32_t		 nrcpts;	/* smtpd has taken, if we are
						 * told */
	unsigned int		 pending;	/* see pending.h, or 0 */
	int64_t			 deadline;
	TAILQ_ENTRY(session)	 waiting;
	struct tx		*tx;		/* keeper's and engine's */
};

TAILQ_HEAD(session_queue, session);

struct session_table {
	struct session		**bucket;
	size_t			 nbuckets;	/* a power of two */
	size_t			 count;
};

/* Prepares an empty table: 0, or -1 without memory. */
int	session_init(struct session_table *t);

/* Finds a session by its id; NULL if there is none. */
struct session *session_find(const struct session_table *t,
	    const char sid[PROTO_ID]);

/* Adds a session, which belongs to the table; NULL: no memory, or too
 * many.  The caller has made sure that there is none with this id. */
struct session *session_add(struct session_table *t,
	    const char sid[PROTO_ID]);

/* Takes a session out and frees it with its strings. */
void	session_del(struct session_table *t, struct session *s);

/* Replaces *dst, a malloced string or NULL, by a copy of len bytes; 0, or
 * -1 if they are more than ENVELOPE_STR_MAX, hold a NUL, or without memory:
 * *dst is NULL then. */
int	session_set(char **dst, const char *src, size_t len);

#endif
