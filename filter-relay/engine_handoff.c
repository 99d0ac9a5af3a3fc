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

/* Where a message comes from that relays of ours have handed on. */

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine.h"
#include "handoff/handoff.h"

int
engine_handoff_origin(const struct etx *tx, unsigned char addr[16],
    const char **helo)
{
	if (helo != NULL)
		*helo = tx->hop != NULL && tx->hop->helo[0] != '\0' ?
		    tx->hop->helo : NULL;
	if (tx->hop == NULL)
		return handrules_addr(tx->source, addr);
	memcpy(addr, tx->hop->addr, sizeof(tx->hop->addr));
	return tx->hop->family;
}

int
engine_handoff_find(struct engine *e, struct etx *tx)
{
	struct handoff_session s;
	struct handoff_hop *hop;
	int n;

	if (e->conf->nhandoffs == 0 || tx->hop != NULL)
		return 0;
	memset(&s, 0, sizeof(s));
	s.family = handrules_addr(tx->source, s.addr);
	s.host = tx->host[0] != '\0' ? tx->host : NULL;
	s.login = tx->login[0] != '\0' ? tx->login : NULL;
	if ((hop = calloc(1, sizeof(*hop))) == NULL)
		return -1;
	n = handrules_find(e->conf, &s, tx->header.data, tx->header.len, 1,
	    hop);
	if (n == 1)
		tx->hop = hop;
	else
		free(hop);
	return n == -1 ? -1 : 0;
}

int
engine_handoff_write(struct engine *e, struct etx *tx)
{
	char line[HANDOFF_FIELD_MAX + 1];

	if (tx->hop == NULL)
		return 0;
	if (handoff_field(tx->hop, line, HANDOFF_FIELD_MAX) == -1)
		return -1;
	strlcat(line, "\n", sizeof(line));
	return engine_out(e, tx, line, strlen(line));
}
