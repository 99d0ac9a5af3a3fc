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
 * From a server's name and port to a connected socket: its addresses are
 * tried in turn, a quarter of a second apart, of both families alternately,
 * and the first that answers wins (RFC 8305).
 */

#ifndef DIAL_H
#define DIAL_H

#include <stddef.h>

#define DIAL_STAGGER	250	/* ms between attempts, RFC 8305 section 5 */

struct dial;
struct event_base;
struct resolve;

struct dial_cb {
	/* Addresses are known, attempts begin.  Called once, or never. */
	void	(*found)(void *arg);
	/*
	 * It is over: fd is the caller's, or it is -1 and why says what is
	 * wrong.  dial_free() is to be called then; it may be, from here.
	 */
	void	(*done)(int fd, const char *why, void *arg);
};

/*
 * Begins.  base may be NULL, for that of event_init(); *cb and what resolve
 * and base are must outlive it.  Callbacks come from the event loop.  Returns
 * NULL without memory.
 */
struct dial	*dial_start(struct event_base *base, struct resolve *resolve,
		    const char *host, int port, const struct dial_cb *cb,
		    void *arg);

/* Gives up whatever is under way, and frees it.  NULL is allowed. */
void		 dial_free(struct dial *);

/* "[address]:port" of the peer of a connected socket; "" if there is none. */
void		 dial_peer(int fd, char *buf, size_t size);

#endif
