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

/* What the files of `check message' share. */

#ifndef CHECKMSG_H
#define CHECKMSG_H

#include "ask.h"
#include "ctl.h"
#include "gate/gate.h"
#include "handoff/handoff.h"
#include "msgfile.h"

#define CHECKMSG_LOCAL	"local"		/* the source that is no address */

/* What the options say of the session and the envelope. */
struct checkmsg {
	struct ctl		*ctl;
	struct ask		 ask;
	const char		*source;	/* as given */
	struct handoff_session	 session;	/* family 0: by the socket */
	char			 name[256];	/* session.host, when asked */
	const char		*helo;		/* or NULL */
	const char		*listener;	/* address:port, or NULL */
	int			 tls;		/* 1.x: x; -1 without TLS */
	const char		*sender;	/* or NULL: the file's */
	unsigned int		 rcpts;
	int			 delivered;	/* smtpd's Received is there */
	struct store		*store;		/* when limits were asked for */
	int			 nostore;	/* it does not open */
};

/* One message and what was found. */
struct checkmsg_one {
	const char		*file;
	FILE			*fp;
	struct msgfile		 msg;
	struct hdr		 hdr;		/* what gates require */
	struct sbuf		 header;	/* its lines, LF after each */
	const char		*sender;	/* "" is the null sender */
	int			 from_path;	/* it is of Return-Path */
	int			 moved;		/* hop says where it is from */
	struct handoff_hop	 hop;
	struct judge_result	 judged;
	const struct conf_gate	*gate;		/* or NULL */
	struct gate_facts	 facts;
	struct gate_listed	 listed[CONF_REQUIRE_MAX];
};

/* Reads what the options say: CTL_OK, or CTL_USAGE after saying why. */
int	checkmsg_options(struct checkmsg *);

/* Shows who sent it. */
void	checkmsg_show_sender(struct checkmsg *, const struct checkmsg_one *);

/* Finds the gate; with what is known before the DNS is asked. */
void	checkmsg_gate(struct checkmsg *, struct checkmsg_one *);

/*
 * Shows the gate, what it requires and what it decides.  Returns the exit
 * status.
 */
int	checkmsg_decide(struct checkmsg *, struct checkmsg_one *);

#endif
