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
 * The copies of one message for the members of its mailbox and for the
 * archive.  Each is begun in the store before it is queued and recorded
 * after it, so that another run finishes with the same Message-Ids what one
 * began.
 */

#ifndef COPIES_H
#define COPIES_H

#include "run.h"

#define COPIES_PEOPLE_MAX	1000	/* addresses that get handles */
#define COPIES_IDS_MAX		100	/* ids that are mapped */

/* An address as it stands in the header, and who that is. */
struct copies_person {
	const char	*addr;		/* lower case; the caller's */
	const char	*name;		/* the caller's; NULL: as it stands */
	uint64_t	 participant;
};

struct copies {
	int			 kind;		/* COPYHDR_* */
	uint64_t		 conversation;
	uint64_t		 message;
	uint64_t		 writer;	/* participant; 0: From gets no
						 * handle */
	const struct store_worker *author;	/* a member who wrote */
	uint32_t		 only;		/* this worker alone, or 0 */
	int			 unverified;
	int			 archive;	/* the archive gets it, too */
	int			 archive_flags;	/* EDITOR_* */
	struct copies_person	 person[COPIES_PEOPLE_MAX];
	size_t			 npeople;
};

/*
 * Sends every copy that is not queued yet.  An address that smtpd refuses is
 * reported to the other members and counts as done, unless it leaves nobody
 * who has the message.  Returns RUN_DONE when all is done, else RUN_RETRY.
 * *sent (NULL allowed) gets the number of copies that smtpd has.
 */
int	copies_send(struct run *, const struct copies *, unsigned int *sent);

/*
 * Sends the message to the archive, once, if there is one.  Returns RUN_DONE,
 * also when smtpd refuses the archive's address and others have the message
 * (else `alone'), or RUN_RETRY.  *sent (NULL allowed) grows by one when smtpd
 * has it.
 */
int	copies_archive(struct run *, uint64_t conversation, uint64_t message,
	    int flags, int alone, unsigned int *sent);

/* Remembers who an address in the header is; beyond the limit it is not. */
void	copies_add(struct copies *, const char *addr, const char *name,
	    uint64_t participant);

#endif
