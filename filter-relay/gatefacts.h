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

/* What every process of ours knows of a session, as facts for gate.h. */

#ifndef GATEFACTS_H
#define GATEFACTS_H

#include "gate/gate.h"

/*
 * Overwrites *f with what is known at MAIL FROM: all of it but
 * GATE_KNOWN_SOURCE and GATE_KNOWN_FILES, which the caller adds.  source and
 * listener as smtpd writes them, NULL or "" when not known, login NULL or ""
 * when there is none; they must outlive *f.  tls is 0 without, else 1 more than
 * the minor version.
 */
void	 gatefacts_session(struct gate_facts *f, int local,
	    const char *source, const char *listener, const char *login,
	    const char *sender, int tls);

#endif
