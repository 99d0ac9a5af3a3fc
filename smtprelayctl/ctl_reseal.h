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

/* Accounts' secrets under another key. */

#ifndef CTL_RESEAL_H
#define CTL_RESEAL_H

#include <stdint.h>

#include "ctl.h"

struct reseal {
	unsigned int	 done;		/* sealed anew */
	unsigned int	 left;		/* still under key `id' */
	char		 name[64];	/* one of those left */
	char		 why[512];	/* "" if all went well */
};

/*
 * Seals every secret that is under another key than the one that signs under
 * that one, and counts those left under key id (0: under any other).  It is
 * done by a process of its own: the database is not touched as root, and the
 * caller has still to write the key file.  0; or -1, and r->why.  No database
 * means nothing to do.
 */
int	ctl_reseal(struct ctl *, uint8_t id, struct reseal *r);

#endif
