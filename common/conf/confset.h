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
 * The values that the grammar of relay.conf(5) meets: each is checked and put
 * into the configuration, or reported as a mistake of the line in hand.
 */

#ifndef CONFSET_H
#define CONFSET_H

#include "conf/conf.h"
#include "conf/conflex.h"

#define CONFSET_DURATION	"a time such as 90d, 12h, 10m or 30s"

struct confset {
	struct conf	*conf;		/* what is being filled */
	struct conflex	*lex;		/* knows the line, takes reports */
	int		 failed;	/* out of memory */
};

/* Each takes one item of a list: of `domain', `helpdesk' and `hosts'. */
void	 confset_domain(struct confset *, const char *value);
void	 confset_login(struct confset *, const char *value);
void	 confset_host(struct confset *, const char *value);

/* The whole path of a file; `word' is what it is for. */
void	 confset_path(struct confset *, char **where, const char *word,
	    const char *path);

/* A time such as 90d, of CONF_LIFETIME_MIN to CONF_LIFETIME_MAX seconds. */
void	 confset_duration(struct confset *, int64_t *where,
	    const char *value);

/* A number from 1 to `max'. */
void	 confset_number(struct confset *, unsigned int *where,
	    const char *value, unsigned int max);

void	 confset_spool(struct confset *, const char *value);
void	 confset_bounce(struct confset *, const char *value);
void	 confset_courier(struct confset *, const char *address,
	    const char *port);

/* Defines a macro, unless its name is none. */
void	 confset_macro(struct confset *, const char *name,
	    const char *value);

/* The blocks `gate'. */

/* Begins a gate, to which all that follows belongs. */
void	 confgate_begin(struct confset *, const char *name);

/* Ends it: what only the whole shows. */
void	 confgate_end(struct confset *);

/* Conditions: one network, file, listener, login or domain of a sender. */
void	 confgate_local(struct confset *);
void	 confgate_source(struct confset *, const char *net);
void	 confgate_file(struct confset *, const char *path);
void	 confgate_listener(struct confset *, const char *listener);
void	 confgate_who(struct confset *, enum conf_who);
void	 confgate_user(struct confset *, const char *login);
void	 confgate_own(struct confset *);
void	 confgate_domain(struct confset *, const char *domain);

/* A requirement; what belongs to it follows. */
void	 confgate_need(struct confset *, enum conf_need);

/* TLS of that version at least, such as "1.2". */
void	 confgate_tls(struct confset *, const char *version);

/* The sender's domain is ours, or one of these. */
void	 confgate_need_own(struct confset *);
void	 confgate_need_domain(struct confset *, const char *domain);

/* A header and its value. */
void	 confgate_header(struct confset *, const char *name,
	    const char *value);

/* A DNS list. */
void	 confgate_list(struct confset *, const char *list);

/* A limit: of recipients or messages, of each sender or of all. */
void	 confgate_limit(struct confset *, int recipients, const char *number,
	    int64_t span, int sender);

void	 confgate_return_path(struct confset *, enum conf_return_path);
void	 confgate_otherwise(struct confset *, enum conf_otherwise);

/* The blocks `handoff'. */

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

#endif
