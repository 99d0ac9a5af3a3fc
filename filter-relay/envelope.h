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
 * What smtpd says of a session and the mail in it before the header comes:
 * the front gathers it, and tells keeper and engine.
 */

#ifndef ENVELOPE_H
#define ENVELOPE_H

#include "gate/gate.h"
#include "proc/ipcpack.h"
#include "proto.h"

#define ENVELOPE_STR_MAX	1024	/* bytes of a string in it */

/* What is not known is NULL, and "" where it was sent to. */
struct envelope {
	char	 sid[PROTO_ID + 1];	/* the session's id */
	char	*admd;			/* whose Authentication-Results count;
					 * of a session NULL */
	char	*source;		/* the client, as smtpd writes it */
	char	*listener;		/* the same, where there are gates */
	char	*host;			/* the client's verified name, where
					 * it matters */
	char	*login;
	char	*sender;		/* of MAIL FROM, "" is null; of a
					 * session NULL before it */
	uint8_t	 local;			/* by smtpd's socket */
	uint8_t	 tls;			/* 0 without, else 1 more than the
					 * minor version */
};

/* What the front asks the keeper about a sender or a recipient. */
struct envelope_question {
	uint8_t		 flags;		/* MSG_RCPT_* */
	char		*recipient;	/* "" of a sender */
	struct envelope	 envelope;
};

/* How they are sent and freed, see proc/ipcpack.h. */
extern const struct ipc_record	 envelope_record;
extern const struct ipc_record	 envelope_question_record;

/*
 * Overwrites *f with what a gate is known by at MAIL FROM: all of it but
 * GATE_KNOWN_SOURCE and GATE_KNOWN_FILES, which the caller adds.  *e must
 * outlive *f.
 */
void	 envelope_facts(struct gate_facts *f, const struct envelope *e);

#endif
