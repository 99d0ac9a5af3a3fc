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
 * The host that handed a message to the first of several relays that are
 * trusted, found in their Received fields.
 *
 * A field is believed only while the address that handed the message on is
 * trusted: the first by smtpd's word, each other by the field above it.  The
 * origin is the first address that is not.  No greeting is ever believed, nor
 * is a name that its server has not verified; when each hop is trusted there is
 * no origin, and where one had a client but does not tell its address, the
 * origin is nobody known.
 */

#ifndef HANDOFF_H
#define HANDOFF_H

#include "base/netlist.h"
#include "conf/conf.h"
#include "handoff/received.h"

#define HANDOFF_FIELD_MAX	1024	/* for a field, its symbol up to 128 */

enum handoff_strategy {
	HANDOFF_AUTHENTICATED,	/* trusted: who had logged in */
	HANDOFF_COUNT,		/* the field of that number, from 1, smtpd's */
	HANDOFF_HOSTNAMES,	/* trusted: hosts of these names */
	HANDOFF_ADDRESSES,	/* trusted: these addresses */
	HANDOFF_LOCAL		/* trusted: private addresses */
};

/* The lists are the caller's; empty is none. */
struct handoff_rule {
	enum handoff_strategy	 strategy;
	int			 count;		/* HANDOFF_COUNT, from 2 */
	int			 any;		/* no list of users is asked */
	const struct wordlist	*words;		/* users, names */
	const struct netlist	*nets;		/* addresses */
	const struct netlist	*when;		/* sources, or NULL: any */
	const char		*symbol;
};

/* Who handed the message to smtpd. */
struct handoff_session {
	int		 family;	/* AF_INET, AF_INET6; 0: no address */
	unsigned char	 addr[16];
	const char	*host;		/* its verified name, or NULL */
	const char	*login;		/* or NULL */
};

struct handoff_hop {
	const char	*symbol;	/* the rule's */
	int		 family;	/* 0: it is not known */
	unsigned char	 addr[16];
	char		 host[RECEIVED_NAME_MAX + 1];	/* or "" */
	char		 helo[RECEIVED_NAME_MAX + 1];	/* or "" */
};

/*
 * Asks the n rules in their order.  r are the message's nr Received fields
 * below smtpd's own, in their order; one that cannot be read is all zero.  1
 * and *hop: the origin by the first rule that finds one; 0: none does.
 */
int	 handoff_find(const struct handoff_rule *rule, size_t n,
	    const struct handoff_session *s, const struct received *r,
	    size_t nr, struct handoff_hop *hop);

/*
 * Writes "X-Relay-Handoff: SYMBOL; ip=...; host=...; helo=...", without an end
 * of line.  0, or -1 when out is too small (HANDOFF_FIELD_MAX suffices).
 */
int	 handoff_field(const struct handoff_hop *hop, char *out, size_t outsz);

/*
 * The hand-offs of relay.conf(5), asked for one message: the Received fields
 * of its header and who handed it to smtpd say where it comes from.
 */

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
