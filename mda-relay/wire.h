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

/* What parent and engine say to each other. */

#ifndef WIRE_H
#define WIRE_H

#include "copyhdr.h"
#include "proc/ipc.h"

#define WIRE_MAX_DATA	IPC_MAX_DATA

#define WIRE_READ	1	/* parent: u8 look for a report */
#define WIRE_COPY	2	/* parent: a plan */
#define WIRE_FORWARD	3	/* parent: u32 flags */
#define WIRE_LETTER	4	/* engine: a letter */
#define WIRE_DONE	5	/* engine: the file is complete */
#define WIRE_FAILED	6	/* engine: string, why */

#define WIRE_MAP_MAX	2000	/* addresses in a plan */
#define WIRE_OURS_MAX	10000
#define WIRE_IDS_MAX	2000

/* A plan as it came, with what owns its strings. */
struct wire_plan {
	struct copyhdr_plan	 plan;
	struct replyhdr_addr	*map;
	struct replyhdr_id	*ids;
	const char		**ours;
	char			*data;		/* the strings */
};

/* Packs all of a plan but `mime'. */
void	wire_plan_pack(struct ipc_pack *, const struct copyhdr_plan *);

/*
 * Takes one apart: 0, or -1 when it is malformed or memory is exhausted;
 * wire_plan_free() in either case.
 */
int	wire_plan_unpack(const void *data, size_t len, struct wire_plan *);

void	wire_plan_free(struct wire_plan *);

#endif
