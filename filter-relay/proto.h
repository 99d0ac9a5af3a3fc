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
 * The lines that smtpd sends to a filter, smtpd-filters(7), protocols 0.6
 * (up to 7.3) and 0.7.  Pure: takes lines apart and nothing else.
 */

#ifndef PROTO_H
#define PROTO_H

#include <stddef.h>

#define PROTO_ID	16		/* digits of a session or a token */
#define PROTO_LINE_MAX	(128 * 1024)	/* smtpd's own limit is below 64 k */
#define PROTO_TEXT_MAX	512		/* of a reply, RFC 5321 4.5.3.1.5 */
#define PROTO_CUT_MAX	2047		/* 0.6: bytes of an answer, whole */
#define PROTO_DATA_CUT	1997		/* ... and what it leaves of a line */

enum proto_kind {
	PROTO_JUNK,		/* nothing that we know */
	PROTO_CONFIG,		/* key, value */
	PROTO_READY,		/* config|ready */
	PROTO_CONNECT,
	PROTO_DISCONNECT,
	PROTO_AUTH,
	PROTO_TLS,
	PROTO_TX_RCPT,
	PROTO_OTHER,		/* a report or request that we did not want */
	PROTO_MAIL_FROM,	/* from here on requests, to be answered */
	PROTO_RCPT_TO,
	PROTO_DATA_LINE,
	PROTO_COMMIT,
	PROTO_REQUEST		/* another request */
};

/* A line taken apart; everything points into the line. */
struct proto_line {
	enum proto_kind	 kind;
	int		 old;		/* 1: protocol 0.6 or older */
	const char	*sid;		/* PROTO_ID digits */
	const char	*token;		/* PROTO_ID digits, of requests */
	const char	*param;		/* the rest; of CONFIG: key|value */
	size_t		 paramlen;
};

/*
 * Takes a line of len bytes, without its newline, apart.  Whatever it holds,
 * the result is good: PROTO_JUNK if it has no meaning.
 */
void	proto_parse(const char *line, size_t len, struct proto_line *pl);

/*
 * Of link-connect: the source address, without its end (its length goes to
 * *len).  The client's name comes first and is the client's own choice, so
 * the fields are counted from the end.  Returns 0, or -1 if malformed.
 */
int	proto_source(const struct proto_line *pl, const char **src,
	    size_t *len);

/*
 * Of link-connect: 1 and the client's name (not ended by NUL) when smtpd has
 * verified that it leads to the client's address, 0 when it has not, -1 if
 * malformed.
 */
int	proto_host(const struct proto_line *pl, const char **name,
	    size_t *len);

/*
 * Of link-connect: where the client has connected, with its port.  Returns 0,
 * or -1 if malformed.
 */
int	proto_listener(const struct proto_line *pl, const char **dest,
	    size_t *len);

/*
 * Of link-auth: 1 and the user name (not ended by NUL) if the login passed,
 * 0 if it did not, -1 if malformed.  The fields' order depends on the
 * protocol, and the name may hold `|'.
 */
int	proto_login(const struct proto_line *pl, const char **name,
	    size_t *len);

/* Of tx-rcpt: 1 if smtpd has taken the recipient, else 0. */
int	proto_rcpt_taken(const struct proto_line *pl);

/* 1 if s is PROTO_ID hexadecimal digits, else 0. */
int	proto_is_id(const char *s);

#endif
