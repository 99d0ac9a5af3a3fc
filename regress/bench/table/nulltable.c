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
 * A table that does nothing, in both protocols: it says `found' to all, and
 * believes its peer.  The limit that a table can reach, to measure against.
 *
 *	nulltable [length of its answer]
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VALUE_MAX	1000

struct hdr {
	uint32_t	type;
	uint16_t	len, flags;
	uint32_t	peerid, pid;
};

static char	in[65536], value[VALUE_MAX + 2];
static size_t	vallen = 10;

static void
text(ssize_t n)
{
	static const char	ok[] = "register|alias\nregister|mailaddr\n"
				    "register|domain\nregister|ready\n";
	static char		out[256 + VALUE_MAX] = "lookup-result|";
	char			*p, *bar;
	int			 i;

	while (memcmp(in + n - 6, "ready\n", 6) != 0)
		n += read(0, in + n, sizeof(in) - n);
	if (write(1, ok, sizeof(ok) - 1) == -1)
		return;
	while (read(0, in, sizeof(in)) > 0) {
		for (p = in, i = 0; i < 6; i++)
			p = strchr(p, '|') + 1;
		bar = strchr(p, '|') + 1;
		memcpy(out + 14, p, bar - p);
		memcpy(out + 14 + (bar - p), "found|", 6);
		memcpy(out + 20 + (bar - p), value, vallen);
		out[20 + (bar - p) + vallen] = '\n';
		if (write(1, out, 21 + (bar - p) + vallen) == -1)
			return;
	}
}

static void
imsg(void)
{
	static struct {
		struct hdr	h;
		int32_t		result;
		char		value[VALUE_MAX + 1];
	} __attribute__((__packed__)) out = { { 0, 0, 0, 0, 0 }, 1, "" };

	memcpy(out.value, value, vallen);
	out.h.len = sizeof(out.h);
	do {
		if (write(0, &out, out.h.len) == -1)
			return;
		out.h.len = sizeof(out.h) + 4 + vallen + 1;
	} while (read(0, in, sizeof(in)) > 0);
}

int
main(int argc, char **argv)
{
	ssize_t	n;

	if (argc > 1)
		vallen = strtoul(argv[1], NULL, 10);
	if (vallen == 0 || vallen > VALUE_MAX)
		return 1;
	memset(value, 'x', vallen);
	if ((n = read(0, in, sizeof(in))) < 8)
		return 1;
	if (memcmp(in, "config|", 7) == 0)
		text(n);
	else
		imsg();
	return 0;
}
