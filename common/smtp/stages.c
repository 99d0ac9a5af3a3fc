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

#include "smtp/upstream.h"

static const struct {
	const char	*name;
	int		 seconds;
} stages[UPSTREAM_STAGES] = {
	[UPSTREAM_RESOLVE] =	{ "name lookup", 20 },
	[UPSTREAM_CONNECT] =	{ "connect", 60 },
	[UPSTREAM_TLS] =	{ "TLS", 60 },
	[UPSTREAM_GREETING] =	{ "greeting", 270 },
	[UPSTREAM_EHLO] =	{ "EHLO", 270 },
	[UPSTREAM_STARTTLS] =	{ "STARTTLS", 120 },
	[UPSTREAM_AUTH] =	{ "AUTH", 270 },
	[UPSTREAM_IDLE] =	{ "idle", 0 },
	[UPSTREAM_COMMAND] =	{ "command", 270 },
	[UPSTREAM_DATA] =	{ "data", 180 },
	[UPSTREAM_DATAEND] =	{ "end of data", 270 },
	[UPSTREAM_QUIT] =	{ "QUIT", 10 },
};

const char *
upstream_stagename(enum upstream_stage stage)
{
	if ((unsigned int)stage >= UPSTREAM_STAGES)
		return "?";
	return stages[stage].name;
}

const struct upstream_timeouts *
upstream_timeouts(void)
{
	static struct upstream_timeouts	 defaults;
	int				 i;

	for (i = 0; i < UPSTREAM_STAGES; i++)
		defaults.stage[i] = stages[i].seconds;
	return &defaults;
}
