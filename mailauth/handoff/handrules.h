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
 * The hand-offs of relay.conf(5), asked for one message: the Received fields
 * of its header and who handed it to smtpd say where it comes from.
 */

#ifndef HANDRULES_H
#define HANDRULES_H

#include "conf/conf.h"
#include "handoff/handoff.h"

/* Received fields that are looked at; a loop has more. */
#define HANDRULES_FIELDS_MAX	64

/*
 * The client's address as smtpd tells it, "192.0.2.1" or "[2001:db8::1]",
 * without its port.  The family, or 0 when it is none.
 */
int	 handrules_addr(const char *source, unsigned char addr[16]);

/*
 * Whether any of the hand-offs might trust who handed the message to smtpd,
 * whatever the files of lists say: 1 or 0.
 */
int	 handrules_may(const struct conf *conf,
	    const struct handoff_session *s);

/*
 * Asks the hand-offs in their order, with the lists as they are now.  header
 * are lines, each with its LF; with `own' the first Received field in it is
 * smtpd's own, and those below are looked at.  1 and *hop: where the message
 * comes from, hop->symbol is conf's; 0: nothing is found, smtpd's client is
 * what counts; -1: no memory.
 */
int	 handrules_find(const struct conf *conf,
	    const struct handoff_session *s, const char *header, size_t len,
	    int own, struct handoff_hop *hop);

#endif
