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
 * The text protocol of tables, smtpd-tables(7), spoken since smtpd 7.6.
 * Pure: works on memory alone and keeps no state.
 */

#ifndef TABLETEXT_H
#define TABLETEXT_H

#include "request.h"

#define TABLETEXT_LINE_MAX	4096	/* of a request; smtpd's reach 1,300 */
#define TABLETEXT_ID_MAX	64
#define TABLETEXT_OP_MAX	32
#define TABLETEXT_VALUE_MAX	(256 * 1024)	/* smtpd has none */
#define TABLETEXT_ANSWER_MAX	(TABLETEXT_VALUE_MAX + 256)	/* a line */

/*
 * Takes one request line of len bytes, without its newline, apart; name is
 * the table's, for it might hold a `|'.  Returns 1 with *req filled, whose
 * pointers point into line and whose op is REQ_BAD for what is known to be
 * nobody's operation or service; 0 when the line is not a request or its id
 * cannot be made out, so that no answer to it could be right.
 */
int	tabletext_parse(const char *line, size_t len, const char *name,
	    struct request *req);

/*
 * Writes the answer to *req into the size bytes at buf, newline included,
 * no terminator.  value is what a lookup found or, with RESULT_ERROR, the
 * reason; it has no terminator and may be NULL with vallen 0 where none is
 * due.  Returns the length, or -1 when something in it is too long, empty
 * where smtpd wants it, or holds CR, LF or NUL; buf is then of no use.
 */
ssize_t	tabletext_answer(char *buf, size_t size, const struct request *req,
	    enum req_result result, const char *value, size_t vallen);

#endif
