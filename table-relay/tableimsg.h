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
 * The binary protocol of tables, smtpd up to 7.5: imsg frames whose data is
 * in the sizes and byte order of the host that both ends run on.  Version 2
 * of it is the only one in use.  Pure: works on memory alone.
 */

#ifndef TABLEIMSG_H
#define TABLEIMSG_H

#include "imsgwire.h"
#include "request.h"

#define TABLEIMSG_VERSION	2
#define TABLEIMSG_NAME		2048	/* LINE_MAX where smtpd runs */
#define TABLEIMSG_VALUE_MAX	16000	/* a frame ends at 16,384 bytes */

/* The types of messages. */
enum tableimsg_type {
	TABLEIMSG_OK,
	TABLEIMSG_FAIL,
	TABLEIMSG_OPEN,
	TABLEIMSG_CLOSE,
	TABLEIMSG_UPDATE,
	TABLEIMSG_CHECK,
	TABLEIMSG_LOOKUP,
	TABLEIMSG_FETCH
};

/*
 * Reads the request in *m into *req, whose key points into m->data.  What
 * is not understood (type, version, sizes, a key without its NUL or with
 * parameters) has op REQ_BAD: smtpd waits for an answer to that, too.
 */
void	tableimsg_parse(const struct imsgwire *m, struct request *req);

/*
 * Writes the answer to *req into the size bytes at buf.  value (not
 * terminated) is what a lookup found.  Returns its length, 0 when none is
 * due (close), or -1 when the value is empty, too long or has a NUL in it.
 */
ssize_t	tableimsg_answer(void *buf, size_t size, const struct request *req,
	    enum req_result result, const char *value, size_t vallen);

#endif
