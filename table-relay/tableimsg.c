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

#include "base/compat.h"
#include "tableimsg.h"

/* Bits of smtpd's enum table_service. */
#define K_ALIAS		0x001
#define K_DOMAIN	0x002
#define K_CREDENTIALS	0x004
#define K_MAILADDR	0x040
#define K_MAILADDRMAP	0x100
#define K_RELAYHOST	0x200

static enum req_service
service_of(uint32_t bits)
{
	switch (bits) {
	case K_ALIAS:
		return SERVICE_ALIAS;
	case K_DOMAIN:
		return SERVICE_DOMAIN;
	case K_MAILADDR:
		return SERVICE_MAILADDR;
	case K_MAILADDRMAP:
		return SERVICE_MAILADDRMAP;
	case K_CREDENTIALS:
		return SERVICE_CREDENTIALS;
	case K_RELAYHOST:
		return SERVICE_RELAYHOST;
	default:
		return SERVICE_OTHER;
	}
}

/*
 * Service, number of parameters (a size_t, and smtpd only ever says 0), and
 * for check and lookup the key with its NUL.
 */
static void
parse_query(const struct imsgwire *m, struct request *req, enum req_op op)
{
	const unsigned char	*p = m->data;
	size_t			 left = m->datalen, params;
	uint32_t		 bits;

	if (left < sizeof(bits) + sizeof(params))
		return;
	memcpy(&bits, p, sizeof(bits));
	p += sizeof(bits);
	memcpy(&params, p, sizeof(params));
	p += sizeof(params);
	left -= sizeof(bits) + sizeof(params);
	if (params != 0)
		return;
	req->service = service_of(bits);
	if (op == REQ_FETCH) {
		if (left == 0)
			req->op = op;
		return;
	}
	if (left < 1 || left > REQUEST_KEY_MAX + 1 ||
	    memchr(p, '\0', left) != p + left - 1)
		return;
	req->key = (const char *)p;
	req->keylen = left - 1;
	req->op = op;
}

void
tableimsg_parse(const struct imsgwire *m, struct request *req)
{
	uint32_t	version;

	memset(req, 0, sizeof(*req));
	req->op = REQ_BAD;
	req->service = SERVICE_OTHER;
	switch (m->type) {
	case TABLEIMSG_OPEN:
		if (m->datalen != sizeof(version) + TABLEIMSG_NAME)
			break;
		memcpy(&version, m->data, sizeof(version));
		if (version == TABLEIMSG_VERSION)
			req->op = REQ_OPEN;
		break;
	case TABLEIMSG_CLOSE:
		req->op = REQ_CLOSE;
		break;
	case TABLEIMSG_UPDATE:
		req->op = REQ_UPDATE;
		break;
	case TABLEIMSG_CHECK:
		parse_query(m, req, REQ_CHECK);
		break;
	case TABLEIMSG_LOOKUP:
		parse_query(m, req, REQ_LOOKUP);
		break;
	case TABLEIMSG_FETCH:
		parse_query(m, req, REQ_FETCH);
		break;
	}
}

static int32_t
code(enum req_op op, enum req_result result)
{
	switch (result) {
	case RESULT_FOUND:
		return 1;
	case RESULT_NOTFOUND:
		return 0;
	default:
		/* smtpd reads an update's failure as 0 or -1 alike. */
		return op == REQ_UPDATE ? 0 : -1;
	}
}

ssize_t
tableimsg_answer(void *buf, size_t size, const struct request *req,
    enum req_result result, const char *value, size_t vallen)
{
	unsigned char	data[sizeof(int32_t) + TABLEIMSG_VALUE_MAX + 1];
	struct imsgwire	m = { TABLEIMSG_OK, 0, 0, 0, data, 0 };
	int32_t		r;
	ssize_t		n;

	if (req->op == REQ_CLOSE)
		return 0;
	if (req->op == REQ_OPEN) {
		if (result != RESULT_FOUND)
			m.type = TABLEIMSG_FAIL;
		return imsgwire_put(buf, size, &m);
	}
	r = code(req->op, result);
	memcpy(data, &r, sizeof(r));
	m.datalen = sizeof(r);
	if (result == RESULT_FOUND &&
	    (req->op == REQ_LOOKUP || req->op == REQ_FETCH)) {
		if (vallen == 0 || vallen > TABLEIMSG_VALUE_MAX ||
		    memchr(value, '\0', vallen) != NULL)
			return -1;
		memcpy(data + m.datalen, value, vallen);
		data[m.datalen + vallen] = '\0';
		m.datalen += vallen + 1;
	}
	n = imsgwire_put(buf, size, &m);
	explicit_bzero(data, m.datalen);
	return n;
}
