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
 * What engine and keeper tell each other of one message: the engine what its
 * header says (header/summary.h) and how it ended, the keeper the plan.
 */

#ifndef VERDICT_H
#define VERDICT_H

#include <stddef.h>
#include <stdint.h>

#include "header/hdrput.h"
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
	struct replyhdr_addr *map;	/* handle addresses: whom they mean */
	size_t		 nmap;
	struct replyhdr_id *ids;	/* inside, outside */
	size_t		 nids;
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

/*
 * Adds to plan->map or plan->ids; name "": none.  0, or -1 without memory.
 */
int	plan_map(struct plan *pl, const char *from, const char *to,
	    const char *name);
int	plan_id(struct plan *pl, const char *from, const char *to);

/*
 * How they are sent and freed, see proc/ipcpack.h: the header as a
 * summary_record.  Strings that were NULL are "" where they were sent to.
 */
extern const struct ipc_record	 strlist_record;
extern const struct ipc_record	 plan_record;
extern const struct ipc_record	 finish_record;

#endif
