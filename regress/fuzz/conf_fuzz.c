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
/* relay.conf: what is accepted prints to what parses to the same. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* The text printed for what `text' says; NULL, if it was refused. */
static char *
normal(const char *text, size_t len)
{
	struct conf_errors	 errors;
	struct conf		*conf;
	FILE			*fp;
	char			*out = NULL;
	size_t			 outlen = 0;

	memset(&errors, 0, sizeof(errors));
	conf = conf_parse("/nonexistent/relay.conf", text, len, &errors);
	if ((conf == NULL) != (errors.count + errors.dropped != 0) ||
	    errors.count > CONF_ERRORS_MAX)
		abort();
	conf_errors_free(&errors);
	if (conf == NULL)
		return NULL;
	if ((fp = open_memstream(&out, &outlen)) == NULL ||
	    conf_print(conf, fp) == -1)
		abort();
	fclose(fp);
	conf_free(conf);
	return out;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	*once, *twice;

	if ((once = normal((const char *)data, size)) == NULL)
		return 0;
	if ((twice = normal(once, strlen(once))) == NULL ||
	    strcmp(once, twice) != 0)
		abort();
	free(once);
	free(twice);
	return 0;
}
