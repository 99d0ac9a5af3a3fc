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
 * What engine and keeper tell each other of one message: the engine the
 * facts, the keeper the plan.  Neither holds more than was asked for.
 */

#ifndef VERDICT_H
#define VERDICT_H

#include <stddef.h>
#include <stdint.h>

#include "header/facts.h"
#include "proc/ipcpack.h"

#define VERDICT_LIST_MAX	30000	/* strings of one list */
#define VERDICT_STR_MAX		4096	/* bytes of one string */
#define VERDICT_HASH		32	/* bytes of a SHA-256 */

/* Strings that belong to the list. */
struct strlist {
	char	**v;
	size_t	  n;
	size_t	  size;
};

/* Of a header; what the keeper decides by. */
struct msgfacts {
	uint32_t	 nfrom;		/* From fields */
	uint32_t	 automatic;	/* FACTS_AUTO_* */
	uint32_t	 truncated;	/* FACTS_TRUNC_* */
	uint32_t	 received;
	uint8_t		 spam;
	uint8_t		 authpass;	/* believed and aligned with writer */
	uint8_t		 judged;	/* our own resolver was asked */
	uint8_t		 unsure;	/* and an error may hide a pass */
	char		*writer;	/* "" if it is not clear who */
	char		*why_not;	/* then: why */
	char		*from_raw;	/* all From fields as they came */
	char		*message_id;	/* "" if none */
	char		*smtpd_id;
	char		*subject;	/* decoded */
	struct strlist	 from;		/* addresses */
	struct strlist	 rcpts;		/* addresses in To and Cc */
	struct strlist	 ids;		/* In-Reply-To, References: oldest
					 * first */
};

enum plan_action {
	PLAN_PASS,		/* as it is, with top in front */
	PLAN_REPLY,		/* rewrite */
	PLAN_SIGN,		/* replace the Message-Id by message_id */
	PLAN_HIDE,		/* hide where it comes from, see hidehdr.h */
	PLAN_AUTH		/* come again with sender authentication */
};

struct plan {
	uint8_t		 action;
	uint8_t		 leak;		/* enum conf_leak */
	uint8_t		 commands;	/* take them out */
	uint8_t		 rest;		/* the body is nobody's business */
	char		*top;		/* lines, each with LF */
	char		*mailbox;
	char		*mailbox_name;	/* "" if none */
	char		*worker_name;	/* "" unless `from worker' */
	char		*message_id;	/* new, without angle brackets; of
					 * PLAN_HIDE "": it stays */
	char		*reply_id;
	struct strlist	 map;		/* handle address, address, name, ... */
	struct strlist	 ids;		/* inside, outside, ... */
	struct strlist	 private;	/* every worker's addresses */
	struct strlist	 mailboxes;	/* handles of these are secret */
	struct strlist	 handles;	/* secret where they stand alone, too */
};

/* How the engine ended. */
enum finish_status {
	FINISH_GOOD,
	FINISH_REFUSE,		/* reply says why */
	FINISH_FAIL		/* 451 */
};

struct finish {
	uint8_t		 status;
	uint32_t	 commands;	/* BODYRW_* */
	char		*reply;
	uint32_t	 gate;		/* 1 more than its index, 0: none */
	char		*gatereply;	/* whole, when it refuses, or "" */
	char		*gatewhy;	/* what is missing there, or "" */
	uint8_t		 hash[VERDICT_HASH];	/* of Date, Subject, body as
						 * they came */
};

/* Appends a copy of a string: 0, or -1: too long, too many, no memory. */
int	strlist_add(struct strlist *l, const char *s);

/* 1 if the list holds the string, ASCII case aside, else 0. */
int	strlist_has(const struct strlist *l, const char *s);

/* Frees the strings and empties the list. */
void	strlist_free(struct strlist *l);

/* Appends the list to a message; takes one off it (u->failed tells). */
void	strlist_pack(struct ipc_pack *p, const struct strlist *l);
void	strlist_unpack(struct ipc_unpack *u, struct strlist *l);

/* Takes over what the keeper needs of f: 0, or -1 without memory.  mf is
 * overwritten; in every case msgfacts_free() follows. */
int	msgfacts_set(struct msgfacts *mf, const struct facts *f, int trust);

/* Each pack appends; p->failed tells of failure. */
void	msgfacts_pack(struct ipc_pack *p, const struct msgfacts *mf);
void	plan_pack(struct ipc_pack *p, const struct plan *pl);
void	finish_pack(struct ipc_pack *p, const struct finish *fi);

/* Each unpack overwrites its structure, and returns 0, or -1 if the message
 * is malformed or memory is exhausted; the free function follows in every
 * case. */
int	msgfacts_unpack(struct msgfacts *mf, const void *data, size_t len);
int	plan_unpack(struct plan *pl, const void *data, size_t len);
int	finish_unpack(struct finish *fi, const void *data, size_t len);

/* Frees what the structure owns and zeroes it. */
void	msgfacts_free(struct msgfacts *mf);
void	plan_free(struct plan *pl);
void	finish_free(struct finish *fi);

#endif
