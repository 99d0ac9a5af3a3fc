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
 * Authentication-Results: what counts as written under our name is known by
 * its first line, too, where that is all of it; and what we write of others'
 * words has no passes but ours.
 */

#include "fuzz.h"
#include "header/authres.h"
#include "judge/authreswrite.h"

#define NAME	"mx.example"
#define FIELD	"Authentication-Results:"

static void
check_read(const char *s, size_t len)
{
	struct authres	 r;
	char		*line;
	size_t		 i;
	int		 ours;

	memset(&r, 0, sizeof(r));
	ours = authres_parse(&r, NAME, s, len);
	CLAIM(ours || r.n == 0);
	CLAIM(r.n <= AUTHRES_MAX);
	for (i = 0; i < r.n; i++)
		CLAIM(*r.v[i].domain != '\0');
	authres_free(&r);
	if (memchr(s, '\n', len) != NULL)
		return;
	line = malloc(sizeof(FIELD) + len);
	CLAIM(line != NULL);
	memcpy(line, FIELD, sizeof(FIELD) - 1);
	memcpy(line + sizeof(FIELD) - 1, s, len);
	if (ours)
		CLAIM(authres_line(NAME, line, sizeof(FIELD) - 1 + len) == 1);
	free(line);
}

/* The input as a sender and a greeting. */
static void
check_write(const char *sender, const char *helo)
{
	struct authreswrite	 w;
	struct authres		 r;
	struct sbuf		 b;

	memset(&r, 0, sizeof(r));
	sbuf_init(&b, AUTHRESWRITE_MAX);
	authreswrite_begin(&w, &b, NAME);
	authreswrite_spf(&w, "softfail", sender, helo);
	if (authreswrite_end(&w) == 0) {
		claim_field(b.data, b.len, 0);
		CLAIM(authres_parse(&r, NAME, b.data + sizeof(FIELD) - 1,
		    b.len - sizeof(FIELD) + 1) == 1);
		CLAIM(r.n == 0);
		CLAIM(authres_line(NAME, b.data, b.len) == 1);
	}
	authres_free(&r);
	sbuf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	*s;

	if (size > 900)
		return 0;
	check_read((const char *)data, size);
	s = strndup((const char *)data, size);
	CLAIM(s != NULL);
	check_write(s, "h.example");
	check_write("a@b.example", s);
	free(s);
	return 0;
}
