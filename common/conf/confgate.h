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
 * The blocks `gate' of relay.conf(5), filled as the grammar meets their
 * words; mistakes are reported as in confset.h.
 */

#ifndef CONFGATE_H
#define CONFGATE_H

#include "conf/confset.h"

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

/* Frees the gates of a configuration. */
void	 confgate_free(struct conf *);

#endif
