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
 * The blocks `handoff' of relay.conf(5): how the host is found that handed a
 * message to the first of several relays that are trusted.
 */

#ifndef CONFHANDOFF_H
#define CONFHANDOFF_H

#include <stdio.h>

#include "base/netlist.h"
#include "conf/confset.h"
#include "conf/listfile.h"

#define CONFHANDOFF_MAX		64	/* blocks */
#define CONFHANDOFF_NAME_MAX	64	/* bytes of a name or a symbol */
#define CONFHANDOFF_COUNT_MAX	50	/* fields; a loop has more */
#define CONFHANDOFF_PRIORITY	1	/* unless it is given */
#define CONFHANDOFF_PRIORITY_MAX 1000

/* What makes a host trusted. */
enum conf_strategy {
	CONF_STRATEGY_NONE,		/* the block has none yet */
	CONF_STRATEGY_COUNT,
	CONF_STRATEGY_LOCAL,
	CONF_STRATEGY_AUTHENTICATED,
	CONF_STRATEGY_HOSTNAMES,
	CONF_STRATEGY_ADDRESSES
};

struct conf_handoff {
	char			*name;
	char			*symbol;	/* the name unless given */
	enum conf_strategy	 strategy;
	unsigned int		 count;		/* from 2 */
	const struct listfile	*file;		/* users, names, addresses;
						 * NULL: any user */
	struct netlist		 when;		/* sources; empty: any */
	unsigned int		 priority;
};

/* Begins a block, to which all that follows belongs. */
void	 confhandoff_begin(struct confset *, const char *name);

/* Ends the block that began on line `line': what only the whole shows.  0:
 * mistakes in it were reported, and these would only follow from them. */
void	 confhandoff_end(struct confset *, int line);

/* The strategy, with its number or the path of its file; NULL for none. */
void	 confhandoff_strategy(struct confset *, enum conf_strategy,
	    const char *value);

/* One network of `when { source ... }'. */
void	 confhandoff_source(struct confset *, const char *net);

void	 confhandoff_priority(struct confset *, const char *value);
void	 confhandoff_symbol(struct confset *, const char *value);

/* Puts the blocks of a configuration into the order in which they are asked:
 * by priority, those of the same as they stand. */
void	 confhandoff_sort(struct conf *);

/* Writes a block as relay.conf would say it. */
void	 confhandoff_print(const struct conf_handoff *, FILE *);

/* Frees the blocks of a configuration. */
void	 confhandoff_free(struct conf *);

#endif
