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

/* What smtpd asks a table, in whichever protocol it did. */

#ifndef REQUEST_H
#define REQUEST_H

#include <sys/types.h>

#include <stdint.h>

#define REQUEST_KEY_MAX		1023	/* smtpd's own limit for a key */

enum req_op {
	REQ_BAD,		/* to be answered with an error */
	REQ_OPEN,
	REQ_CLOSE,
	REQ_UPDATE,
	REQ_CHECK,
	REQ_LOOKUP,
	REQ_FETCH
};

enum req_service {
	SERVICE_ALIAS,
	SERVICE_DOMAIN,
	SERVICE_MAILADDR,
	SERVICE_MAILADDRMAP,
	SERVICE_CREDENTIALS,
	SERVICE_RELAYHOST,
	SERVICE_OTHER		/* one that this program does not serve */
};

enum req_result {
	RESULT_FOUND,
	RESULT_NOTFOUND,
	RESULT_ERROR
};

struct request {
	enum req_op		 op;
	enum req_service	 service;
	const char		*key;		/* borrowed; no terminator */
	size_t			 keylen;
	const char		*opname;	/* text protocol: borrowed */
	size_t			 opnamelen;
	const char		*id;		/* text protocol: borrowed */
	size_t			 idlen;
};

#endif
