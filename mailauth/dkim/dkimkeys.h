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

/* The keys of a message's signatures, all asked for at once. */

#ifndef DKIMKEYS_H
#define DKIMKEYS_H

#include "dkim/dkim.h"
#include "dns/dns.h"

struct dkimkeys;

/*
 * Asks d for the key of each of the n signatures at v that waits for one, and
 * decides it.  0: done(arg) is called once, later, when the last is decided;
 * *out is a handle for dkimkeys_cancel() until then, and v has to stay.  1:
 * there was nothing to ask, done is not called.  -1 when memory is exhausted.
 */
int	 dkimkeys_ask(struct dkimkeys **out, struct dns *d,
	    struct dkim_sig *v, size_t n, void (*done)(void *), void *arg);

/* Ends it; what still waits is left so.  NULL is allowed. */
void	 dkimkeys_cancel(struct dkimkeys *k);

#endif
