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

/* What smtpd's sessions say: commands, and messages. */

#include <stdint.h>
#include <stdlib.h>

#include "table-relay/courier/dotstream.c"
#include "table-relay/courier/smtpcmd.c"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What is passed on is printable, and MAIL's is not RCPT's. */
static void
path(const char *arg, int rcpt)
{
	struct smtpcmd_path	p;
	const char		*reply = smtpcmd_path(arg, rcpt, &p), *s;

	if (reply != NULL) {
		if (reply[0] != '5')
			abort();
		return;
	}
	for (s = p.address; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			abort();
	for (s = p.dsn; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			abort();
	if (rcpt && (p.address[0] == '\0' || p.size[0] || p.body[0]))
		abort();
}

static void
message(const char *in, size_t len)
{
	struct dotstream	 d = { 0 };
	char			*out;
	size_t			 n, outlen, i;
	int			 end;

	if ((out = malloc(len + DOTSTREAM_MORE)) == NULL)
		abort();
	n = dotstream_feed(&d, in, len, out, &outlen, &end);
	if (n > len || (n < len && !end) || outlen > len + DOTSTREAM_MORE)
		abort();
	for (i = 0; i < outlen; i++)
		if ((out[i] == '\r') != (i + 1 < outlen && out[i + 1] ==
		    '\n'))
			abort();
	if (memmem(out, outlen, "\r\n.\r\n", 5) != NULL)
		abort();
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char	*arg;
	char		*line;

	message((const char *)data, size);
	if (size >= SMTPCMD_LINE_MAX || (line = malloc(size + 1)) == NULL)
		return 0;
	memcpy(line, data, size);
	line[size] = '\0';
	(void)smtpcmd_verb(line, &arg);
	path(arg, 0);
	path(arg, 1);
	free(line);
	return 0;
}
