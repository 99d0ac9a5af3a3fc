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

#include <string.h>

#include "gatefacts.h"
#include "handoff/handoff.h"

void
gatefacts_session(struct gate_facts *f, int local, const char *source,
    const char *listener, const char *login, const char *sender, int tls)
{
	memset(f, 0, sizeof(*f));
	f->known = GATE_KNOWN_SENDER;
	f->local = local != 0;
	if (!local && source != NULL)
		f->family = handrules_addr(source, f->addr);
	if (listener != NULL && listener[0] != '\0')
		f->listener = listener;
	if (login != NULL && login[0] != '\0')
		f->login = login;
	f->sender = sender;
	f->tls = tls - 1;
}
