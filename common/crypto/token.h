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
 * Tokens: base32 of key id (1 byte), worker (4), conversation (8), time (4),
 * all big-endian, and the first 16 bytes of HMAC-SHA256 over these and the
 * mailbox's address in lower case.  A copy's Message-Id carries one:
 * <relay.TOKEN@company.example>.
 */

#ifndef TOKEN_H
#define TOKEN_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "crypto/keys.h"

#define TOKEN_RAW	33	/* bytes */
#define TOKEN_LEN	53	/* characters */
#define TOKEN_PREFIX	"relay."
#define TOKEN_MSGID_MAX	(sizeof("<" TOKEN_PREFIX "@>") - 1 + TOKEN_LEN + 255)

enum token_result {
	TOKEN_VALID,
	TOKEN_MALFORMED,
	TOKEN_UNKNOWN_KEY,	/* never ours, or retired */
	TOKEN_BAD_MAC,		/* forged, or of another mailbox */
	TOKEN_EXPIRED,
	TOKEN_REVOKED,
	TOKEN_FAILED		/* could not be computed; treat as 451 */
};

struct token {
	uint8_t		 key;
	uint32_t	 worker;
	uint64_t	 conversation;
	uint32_t	 time;		/* seconds since 1970 */
	uint8_t		 mac[16];
};

/*
 * The time to put into a token: now, but later than revoked (what the
 * worker's signatures were revoked up to), so that a token made in the
 * second of the revocation is not born revoked.
 */
time_t	token_time(time_t now, time_t revoked);

/*
 * Writes a token signed by the newest key, and a NUL, into buf (at least
 * TOKEN_LEN + 1 bytes).  mailbox is the mailbox's address in any case.
 * Returns 0, or -1.
 */
int	token_make(const struct keys *keys, uint32_t worker,
	    uint64_t conversation, time_t when, const char *mailbox,
	    char *buf, size_t size);

/*
 * Reads len characters as a token, in any case.  Returns 1, or 0 if they
 * are none.  Nothing is verified.
 */
int	token_parse(const char *s, size_t len, struct token *token);

/*
 * Says whether token was made by us for mailbox, is not older than lifetime
 * seconds at now (0: no limit), and is newer than revoked (0: never).  The
 * signature is compared in constant time and before anything else is told.
 */
enum token_result token_verify(const struct keys *keys,
	    const struct token *token, const char *mailbox, time_t now,
	    time_t lifetime, time_t revoked);

/*
 * Writes relay.TOKEN@domain, without angle brackets.  Returns 0, or -1 if it
 * does not fit.
 */
int	token_msgid(const char *token, const char *domain, char *buf,
	    size_t size);

/*
 * Reads a Message-Id of the form relay.TOKEN@domain, in any case, with or
 * without angle brackets.  Returns 1 and the token, or 0.
 */
int	token_msgid_parse(const char *msgid, struct token *token);

#endif
