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
 */

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define VALUE	"_smtprelay"

struct hdr {
	uint32_t	type;
	uint16_t	len, flags;
	uint32_t	peerid, pid;
};

static char	in[65536];

static void
text(ssize_t n)
{
	static const char	ok[] = "register|alias\nregister|mailaddr\n"
				    "register|domain\nregister|ready\n";
	static char		out[256] = "lookup-result|";
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
		memcpy(out + 14 + (bar - p), "found|" VALUE "\n", 17);
		if (write(1, out, 14 + (bar - p) + 17) == -1)
			return;
	}
}

static void
imsg(void)
{
	static struct {
		struct hdr	h;
		int32_t		result;
		char		value[sizeof(VALUE)];
	} __attribute__((__packed__)) out = { { 0, 0, 0, 0, 0 }, 1, VALUE };

	out.h.len = sizeof(out.h);
	do {
		if (write(0, &out, out.h.len) == -1)
			return;
		out.h.len = sizeof(out);
	} while (read(0, in, sizeof(in)) > 0);
}

int
main(void)
{
	ssize_t	n;

	if ((n = read(0, in, sizeof(in))) < 8)
		return 1;
	if (memcmp(in, "config|", 7) == 0)
		text(n);
	else
		imsg();
	return 0;
}
