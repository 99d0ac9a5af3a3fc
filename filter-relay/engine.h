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
 * The process that parses mail.  It has no files, no network and no keys:
 * lines come in, what the header says goes to the keeper, and by the keeper's
 * plan the lines go out again.
 */

#ifndef ENGINE_H
#define ENGINE_H

#include <openssl/evp.h>

#include "base/sbuf.h"
#include "conf/conf.h"
#include "envelope.h"
#include "handoff/handoff.h"
#include "header/summary.h"
#include "messages.h"
#include "proc/ipc.h"
#include "proc/privsep.h"
#include "spool.h"
#include "verdict.h"

#define ENGINE_TX_MAX		20000		/* messages at once */
#define ENGINE_HEADER_MAX	(256 * 1024)	/* bytes held; the rest counts
						 * as body */
#define ENGINE_HELD_MAX		(2 * MSG_WINDOW + 128 * 1024)
#define ENGINE_OUT		(16 * 1024)	/* bytes of one OUT, about */
#define ENGINE_OUT_MAX		(192 * 1024)	/* with one long line */
#define ENGINE_QUEUE		(64 * 1024 * 1024)

enum etx_state {
	ETX_HEADER,
	ETX_WAIT,		/* for the keeper's plan */
	ETX_AUTH,		/* for its end, and the DNS */
	ETX_PASS,		/* the rest goes on as it is */
	ETX_REPLY,		/* the rest is rewritten */
	ETX_DROP		/* refused; the rest goes nowhere */
};

struct bodyrw;
struct etx_auth;
struct etx_gate;
struct judge_result;
struct dkim_sig;
struct dnslist;
struct dns;
struct bodyrw_plan;
struct secrets;

struct etx {
	uint64_t	 id;
	struct engine	*engine;
	RB_ENTRY(etx)	 node;
	enum etx_state	 state;
	int		 eom;		/* the dot came, or no more comes */
	int		 rested;	/* the front was told that none needs */
	int		 failed;	/* told the front, waits for its END */
	uint32_t	 owed;		/* bytes not yet credited */
	struct envelope	 env;
	struct etx_auth	*auth;		/* when it was in AUTH */
	struct etx_gate	*gate;		/* where there are gates */
	int		 planned;	/* the keeper's word was the last */
	/*
	 * From the keeper's first plan on: who handed it to the relays that
	 * are trusted.  What is asked about a client is asked about this one.
	 * NULL: it is smtpd's client.
	 */
	struct handoff_hop *hop;
	int		 replaying;	/* out of the spool */
	struct header_summary	 summary;
	struct sbuf	 header;	/* lines as they came, LF after each */
	struct sbuf	 held;		/* the same of the body, in WAIT */
	struct sbuf	 out;
	struct plan	 plan;
	struct finish	 finish;
	EVP_MD_CTX	*hash;		/* or NULL */
	struct bodyrw	*rw;
	struct bodyrw_plan *scrub;
	struct secrets	*secrets;
	int		 rewriting;	/* the header is done */
	struct sbuf	 mime;		/* Content-* as rewritten */
};

RB_HEAD(etx_tree, etx);

struct engine {
	const struct conf	*conf;
	struct ipc		*front;
	struct ipc		*keeper;
	struct dns		*dns;		/* the resolver's */
	struct spool		*spool;
	const char		**gate_headers;	/* see gate.h */
	struct etx_tree		 txs;		/* by id */
	size_t			 ntxs;
};

/* The role's main function, for privsep.  arg is a struct setup. */
int	engine_main(struct privsep_child *pc, void *arg);

/* engine_out.c: it cannot be judged: the front answers 451. */
void	engine_fail(struct engine *e, struct etx *tx);

/* engine_out.c: lines for smtpd, each with its LF, dots stuffed: 0, or -1 and
 * it failed. */
int	engine_out(struct engine *e, struct etx *tx, const char *p,
	    size_t len);

/* engine_out.c: one line without LF, dots not stuffed: 0, or -1. */
int	engine_line(struct engine *e, struct etx *tx, const char *line,
	    size_t len);

/* engine_out.c: sends what was gathered: 0, or -1 and it failed. */
int	engine_flush(struct engine *e, struct etx *tx);

/*
 * engine_gate.c: who is asked about as the message's client: smtpd's or
 * the one before the relays that are trusted.  The family, and the address;
 * 0 when it is not known.  helo, when not NULL, gets its greeting or NULL.
 */
int	engine_handoff_origin(const struct etx *tx, unsigned char addr[16],
	    const char **helo);

/* engine_gate.c: looks for tx->hop.  0, or -1 and it failed. */
int	engine_handoff_find(struct engine *e, struct etx *tx);

/* engine_gate.c: writes X-Relay-Handoff, if there is a hop.  0 or -1. */
int	engine_handoff_write(struct engine *e, struct etx *tx);

/* engine_gate.c: a new message, where there are gates.  0, or -1: no memory. */
int	engine_gate_begin(struct engine *e, struct etx *tx);

/* engine_gate.c: a line of the header, without its end.  -1 without memory. */
int	engine_gate_line(struct etx *tx, const char *line, size_t len);

/*
 * engine_gate.c: the header is complete, and who handed it over is known:
 * which gate is it?  1 when the DNS has to be asked, 0, or -1 and it failed.
 */
int	engine_gate_find(struct etx *tx);

/*
 * engine_gate.c: the DNS lists to be asked, in *v, which stay as long as tx.
 * Returns how many; *v is set if there are any.
 */
size_t	engine_gate_lists(struct etx *tx, const struct dnslist *const **v);

/* engine_gate.c: what the DNS says, of the message's n signatures too. */
void	engine_gate_judged(struct etx *tx, const struct judge_result *r,
	    const struct dkim_sig *sigs, size_t n);

/* engine_gate.c: writes X-Spam, where the gate says so.  0 or -1. */
int	engine_gate_write(struct engine *e, struct etx *tx);

/* engine_gate.c: fills in what the keeper is told.  0, or -1: it failed. */
int	engine_gate_finish(struct etx *tx);

/* engine_gate.c: frees what this owns. */
void	engine_gate_free(struct etx *tx);

/* engine_reply.c: writes the header, when the plan is known.  0 or -1. */
int	engine_hide_header(struct engine *e, struct etx *tx);

/*
 * engine_reply.c: begins to rewrite, when the plan is known; writes the
 * header.  0, tx->state says whether it was refused, or -1: failure.
 */
int	engine_reply_begin(struct engine *e, struct etx *tx);

/* engine_reply.c: a line of the body, without LF, dots not stuffed. */
int	engine_reply_line(struct etx *tx, const char *line, size_t len);

/* engine_reply.c: the body is complete. */
int	engine_reply_end(struct etx *tx);

/* engine_reply.c: frees what the rewriting owns. */
void	engine_reply_free(struct etx *tx);

#endif
