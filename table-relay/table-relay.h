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

#include "conf.h"
#include "intake.h"
#include "privsep.h"

#define TABLE_USER	"_smtprelay"	/* what every alias of ours answers */

enum table_role {
	ROLE_FRONT,
	ROLE_KEEPER,
	ROLE_COUNT
};

struct table {
	const char	*name;		/* in smtpd.conf; smtpd's argv[0] */
	int		 senders;	/* it is one about who sends */
	int		 timed;		/* reads of fd 0 end by themselves */
	struct conf	*conf;
	struct intake	*intake;	/* shared by parent and fronts */
};

/*
 * Speaks with smtpd on descriptors 0 and 1 and answers from memory.  Returns
 * the process's status: 0 when smtpd has gone, 1 when it could not start.
 */
int	front_main(struct privsep_child *pc, void *arg);

/* Reads the database for the front.  Returns only when it cannot start. */
int	keeper_main(struct privsep_child *pc, void *arg);

#endif
