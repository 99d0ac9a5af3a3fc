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
 * Gates: which of relay.conf's gates a message comes to, and what of its
 * requirements the message does not fulfil.  Pure: it asks nobody, and decides
 * by what is known so far, so that it can be called as soon as something is.
 *
 *	i = gate_find(conf, &facts);		at MAIL FROM, and at the end
 *	if (i >= 0 && gate_judge(conf, &conf->gate[i], &facts, &d) == GATE_FAIL)
 *		gate_reply(&conf->gate[i], &d, reply, sizeof(reply));
 *
 * The first gate whose conditions all hold is the message's; what comes to
 * none is none of our business.  A condition with several values holds when
 * one of them does.  Only `source local' is about smtpd's own socket: other
 * gates are never those of its sessions.
 */

#ifndef GATE_H
#define GATE_H

#include "conf/conf.h"
#include "header/summary.h"
#include "header/verp.h"

#define GATE_WHY_MAX	300	/* bytes of a sentence, with its NUL */
#define GATE_REPLY_MAX	500	/* of an SMTP reply */

/* What is known of the facts below. */
#define GATE_KNOWN_SOURCE	0x01	/* local, family, addr */
#define GATE_KNOWN_FILES	0x02	/* the lists in files are loaded */
#define GATE_KNOWN_SENDER	0x04	/* sender */
#define GATE_KNOWN_HEADER	0x08	/* header, hdr */
#define GATE_KNOWN_AUTH		0x10	/* spf, dkim, aligned, dmarc */
#define GATE_KNOWN_LISTS	0x20	/* listed */
#define GATE_KNOWN_ALL		0x3f

enum gate_answer {
	GATE_NO,
	GATE_YES,
	GATE_LATER		/* name servers did not answer */
};

/* What a DNS list says of the source. */
struct gate_listed {
	enum gate_answer	 answer;
	char			 code[16];	/* "127.0.0.2", if YES */
};

/*
 * What there is to know of a message and its session.  listener, login and
 * tls are always known.  All of it belongs to the caller.
 */
struct gate_facts {
	unsigned int		 known;		/* GATE_KNOWN_* */
	int			 local;		/* by smtpd's socket */
	int			 family;	/* who handed it over: AF_INET,
						 * AF_INET6, or 0: unknown */
	unsigned char		 addr[16];
	const char		*listener;	/* "192.0.2.1:25" as smtpd
						 * writes it; NULL: unknown */
	const char		*login;		/* or NULL */
	int			 tls;		/* version 1.x: x; -1 without */
	const char		*sender;	/* of the envelope; "": none */
	const struct header_summary *header;
	const struct hdr	*hdr;		/* keeps gate_headers() */
	enum gate_answer	 spf;
	enum gate_answer	 dkim;		/* a signature is good */
	enum gate_answer	 aligned;	/* and its domain fits From */
	enum gate_answer	 dmarc;
	const char		*spf_word;	/* "softfail"; NULL: none */
	const char		*dkim_word;	/* why not, or NULL */
	const char		*dmarc_word;
	/* One for each requirement of the gate; only those that are a DNS
	 * list are looked at. */
	const struct gate_listed *listed;
};

enum gate_verdict {
	GATE_PASS,		/* all that is required is there */
	GATE_FAIL,
	GATE_PUTOFF,		/* what is missing may be there later */
	GATE_OPEN		/* more has to be known */
};

struct gate_decision {
	enum gate_verdict	 verdict;
	size_t			 which;	/* requirement, if FAIL or PUTOFF */
	char			 what[CONF_DOMAIN_MAX + 64]; /* as relay.conf
					 * says it, less a header's value */
	char			 why[GATE_WHY_MAX];	/* printable ASCII */
};

#define GATE_NONE	(-1)
#define GATE_UNSURE	(-2)

/*
 * The message's gate, by its index in conf->gate; GATE_NONE; or GATE_UNSURE
 * where that depends on what is not known yet.
 */
int	 gate_find(const struct conf *conf, const struct gate_facts *f);

/*
 * Judges by what is known.  FAIL as soon as one requirement is not fulfilled;
 * with several it is the first, as they are written.  What failed for want of
 * an answer counts only when nothing else did.
 */
enum gate_verdict gate_judge(const struct conf *conf,
	    const struct conf_gate *g, const struct gate_facts *f,
	    struct gate_decision *d);

/*
 * Judges by the requirement of index i alone; what and why tell of it with
 * PASS, too, if there is something to tell.
 */
enum gate_verdict gate_require(const struct conf *conf,
	    const struct conf_gate *g, size_t i, const struct gate_facts *f,
	    struct gate_decision *d);

/*
 * Whose mail it is, by the sender of the envelope: where the gate takes a
 * platform's return path off, the address inside, which is then in *v.
 */
const char *gate_sender(const struct conf_gate *g, const char *sender,
	    struct verp *v);

/*
 * The names of all headers that gates require, for hdr_init(): an array that
 * ends in NULL, to be freed; the names are conf's.  NULL without memory.
 */
const char **gate_headers(const struct conf *conf);

/*
 * The reply for FAIL and PUTOFF, by the gate's `otherwise': "550 5.7.1 ...",
 * "451 4.7.1 ..." or, with PUTOFF, "451 4.7.0 ...".  1; 0 when the message
 * passes all the same (junk, report), and reply is "".
 */
int	 gate_reply(const struct conf_gate *g, const struct gate_decision *d,
	    char *reply, size_t size);

/*
 * The minor number of TLS 1.x out of what smtpd reports ("TLSv1.3:..."), or
 * -1 when it says another thing.
 */
int	 gate_tls(const char *text, size_t len);

#endif
