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

/* Adds to the list unless it is there or the list is full. */
void	 confset_add(struct confset *, struct conf_list *, const char *what,
	    const char *value);

/* The same for what is a domain, in lower case, and for a login. */
void	 confset_add_domain(struct confset *, struct conf_list *,
	    const char *value);
void	 confset_add_login(struct confset *, struct conf_list *,
	    const char *value);

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

#endif
