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

/* What table-relay's processes share, and the processes. */

#ifndef TABLE_RELAY_H
#define TABLE_RELAY_H

#include "base/compat.h"
#include "conf/conf.h"
#include "intake.h"
#include "proc/privsep.h"

#define TABLE_USER	"_smtprelay"	/* what every alias of ours answers */

enum table_role {
	ROLE_FRONT,
	ROLE_KEEPER,
	ROLE_COURIER,		/* these two under a name in `senders' */
	ROLE_OAUTH,
	ROLE_COUNT
};

#define ROLE_COUNT_MAIL	ROLE_COURIER	/* of a table about who receives */

#define COURIER_LABEL	"courier"	/* as whom smtpd logs in to it */
#define COURIER_SLICE	100	/* milliseconds until another label, */
#define COURIER_QUIT	200	/* ... and until a QUIT has its answer */
#define COURIER_PASSWORD 64		/* characters: 32 random bytes */

/*
 * What the courier tells the front, in memory that both have since before
 * they were forked.
 */
struct courier_shared {
	volatile uint32_t	 listening;	/* it holds the port */
};

struct tlsio_ctx;

struct table {
	const char	*name;		/* in smtpd.conf; smtpd's argv[0] */
	int		 senders;	/* it is one about who sends */
	int		 timed;		/* reads of fd 0 end by themselves */
	struct conf	*conf;
	struct intake	*intake;	/* shared by parent and fronts */

	/* Only of a table about who sends: */
	struct courier_shared *courier;
	struct tlsio_ctx *tls;		/* of clients: the authorities, which
					 * a courier that is started again
					 * could not read any more */
	char		*password;	/* the courier's, made anew at each
					 * start; COURIER_PASSWORD hex digits,
					 * in the front and the courier only */
};

/*
 * Speaks with smtpd on descriptors 0 and 1 and answers from memory.  Returns
 * the process's status: 0 when smtpd has gone, 1 when it could not start.
 */
int	front_main(struct privsep_child *pc, void *arg);

/* Reads the database for the others.  Returns only when it cannot start. */
int	keeper_main(struct privsep_child *pc, void *arg);

/*
 * Takes the mail of senders with an account from smtpd and passes it to the
 * account's server as it comes.  Returns only when it cannot start.
 */
int	courier_main(struct privsep_child *pc, void *arg);

/* Gets access tokens for it.  Returns only when it cannot start. */
int	oauth_main(struct privsep_child *pc, void *arg);

/* Forgets the courier's password, in a process that has no use for it. */
static inline void
table_forget(struct table *t)
{
	freezero(t->password, t->password == NULL ? 0 : COURIER_PASSWORD);
	t->password = NULL;
}

#endif
