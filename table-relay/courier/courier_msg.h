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
 * What the processes of a table about who sends tell each other, but for
 * front and keeper, whose frames are in mirror.h.
 *
 *	courier -> keeper	COURIER_FIND, COURIER_REPORT
 *	keeper -> courier	COURIER_ACCOUNT, COURIER_REFUSED
 *	courier -> oauth	COURIER_TOKEN, COURIER_TOKEN_BAD
 *	oauth -> courier	COURIER_TOKEN_IS
 *	oauth -> keeper		OAUTH_FIND, OAUTH_ROTATED
 *	keeper -> oauth		OAUTH_IS, OAUTH_NONE, OAUTH_GONE
 *
 * A question's id comes back with its answer.  An account is named by its
 * number and its generation, which every change of it makes another, so that
 * an answer about an account that was changed meanwhile is known as such.
 * The buffers of channels are wiped, since frames may hold secrets.
 */

#ifndef COURIER_MSG_H
#define COURIER_MSG_H

#include <stdint.h>

#include "proc/ipc.h"

#define COURIER_NAME_MAX	64	/* bytes of an account's name */
#define COURIER_SENDER_MAX	320	/* of an address */
#define COURIER_HOST_MAX	255
#define COURIER_USER_MAX	255
#define COURIER_SECRET_MAX	8192	/* of a password or a token */
#define COURIER_TEXT_MAX	400	/* of a reason */
#define COURIER_STAGE_MAX	16	/* of where something failed */
#define COURIER_FRAME_MAX	(32 * 1024)
#define COURIER_QUEUE_MAX	(16 * 1024 * 1024)

enum courier_frame {
	COURIER_FIND = 1,	/* str sender, in lower case */
	COURIER_ACCOUNT,	/* struct courier_target */
	COURIER_REFUSED,	/* struct courier_refused */
	COURIER_REPORT,		/* struct courier_report */
	COURIER_TOKEN,		/* u64 account, u64 generation */
	COURIER_TOKEN_BAD,	/* the same; the last one was refused */
	COURIER_TOKEN_IS,	/* struct courier_token */
	OAUTH_FIND,		/* u64 account, u64 generation */
	OAUTH_IS,		/* struct oauth_secrets */
	OAUTH_NONE,		/* it cannot be read now */
	OAUTH_GONE,		/* no such account, or of another generation */
	OAUTH_ROTATED		/* struct oauth_secrets: to be stored */
};

enum courier_transport {
	COURIER_NULL,		/* accept and discard */
	COURIER_STARTTLS,	/* smtp+tls: */
	COURIER_SMTPS,
	COURIER_LMTP
};

/* Where a sender's mail goes. */
struct courier_target {
	uint64_t	 account;
	uint64_t	 generation;
	char		 name[COURIER_NAME_MAX + 1];	/* for the log */
	int		 transport;	/* enum courier_transport */
	char		 host[COURIER_HOST_MAX + 1];
	uint16_t	 port;
	int		 verify;	/* certificate and name of the server */
	int		 oauth;		/* secret is empty: ask for a token */
	char		 user[COURIER_USER_MAX + 1];	/* "": no AUTH */
	char		 secret[COURIER_SECRET_MAX + 1];
};

enum courier_why {
	COURIER_UNKNOWN,	/* nobody's identity, or one without account */
	COURIER_POLICY,		/* relay.conf forbids it: text says what */
	COURIER_LATER		/* the keeper cannot say now */
};

struct courier_refused {
	int		 why;		/* enum courier_why */
	char		 text[COURIER_TEXT_MAX + 1];
};

/* How an account fares. */
struct courier_report {
	uint64_t	 account;
	uint64_t	 generation;
	int		 works;		/* the server let us in */
	int64_t		 retry;		/* else: not before, or 0 */
	char		 stage[COURIER_STAGE_MAX + 1];
	char		 text[COURIER_TEXT_MAX + 1];
};

enum courier_token_state {
	COURIER_TOKEN_GOOD,
	COURIER_TOKEN_REVOKED,	/* consent is gone: as a wrong password */
	COURIER_TOKEN_LATER	/* the server of tokens does not answer */
};

/* An access token, or why there is none. */
struct courier_token {
	uint64_t	 account;
	uint64_t	 generation;
	int		 state;		/* enum courier_token_state */
	int64_t		 expires;	/* seconds since the epoch */
	char		 text[COURIER_SECRET_MAX + 1];	/* or why not */
};

/* What a token is asked for with (oauthtext.h), or a new refresh token. */
struct oauth_secrets {
	uint64_t	 account;
	uint64_t	 generation;
	char		 text[COURIER_SECRET_MAX + 1];
};

/*
 * Each queues one frame with that id; 0, or -1 when the channel has failed,
 * is NULL or full, or memory is exhausted.
 */
int	courier_send_account(struct ipc *ch, uint32_t type, uint64_t id,
	    uint64_t account, uint64_t generation);
int	courier_send_find(struct ipc *ch, uint64_t id, const char *sender);
int	courier_send_target(struct ipc *ch, uint64_t id,
	    const struct courier_target *t);
int	courier_send_refused(struct ipc *ch, uint64_t id, int why,
	    const char *text);
int	courier_send_report(struct ipc *ch, const struct courier_report *r);
int	courier_send_token(struct ipc *ch, uint64_t id,
	    const struct courier_token *t);
int	courier_send_secrets(struct ipc *ch, uint32_t type, uint64_t id,
	    const struct oauth_secrets *s);

/*
 * Each takes apart the data of one frame of its type; 0, or -1 when it is
 * malformed.  What they fill may hold secrets: explicit_bzero(3) it.
 */
int	courier_get_account(const struct ipc_msg *m, uint64_t *account,
	    uint64_t *generation);
int	courier_get_find(const struct ipc_msg *m,
	    char sender[COURIER_SENDER_MAX + 1]);
int	courier_get_target(const struct ipc_msg *m, struct courier_target *t);
int	courier_get_refused(const struct ipc_msg *m,
	    struct courier_refused *r);
int	courier_get_report(const struct ipc_msg *m, struct courier_report *r);
int	courier_get_token(const struct ipc_msg *m, struct courier_token *t);
int	courier_get_secrets(const struct ipc_msg *m, struct oauth_secrets *s);

#endif
