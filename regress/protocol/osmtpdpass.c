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
 * The least that a filter on libopensmtpd does: it lets everything pass.
 * Its answers are what filter-relay's are compared with, and its speed.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <stdint.h>
#include <stdio.h>

#include <opensmtpd.h>

static void
pass(struct osmtpd_ctx *ctx, const char *param)
{
	(void)param;
	osmtpd_filter_proceed(ctx);
}

static void
pass_line(struct osmtpd_ctx *ctx, const char *line)
{
	osmtpd_filter_dataline(ctx, "%s", line);
}

static void
pass_commit(struct osmtpd_ctx *ctx)
{
	osmtpd_filter_proceed(ctx);
}

int
main(void)
{
	osmtpd_register_filter_mailfrom(pass);
	osmtpd_register_filter_rcptto(pass);
	osmtpd_register_filter_dataline(pass_line);
	osmtpd_register_filter_commit(pass_commit);
	osmtpd_run();
	return 0;
}
