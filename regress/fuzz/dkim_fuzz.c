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
 * DKIM signatures and key records.  The input is a key record, a NUL, and a
 * message: whichever way the body comes, the outcome is the same, and it can
 * be written as Authentication-Results.
 */

#include "dkim/dkim.h"
#include "fuzz.h"
#include "judge/authreswrite.h"

/* Reads the message; the body in pieces of at most step bytes. */
static struct dkim *
read_message(const char *s, size_t len, size_t step)
{
	struct dkim	*d = dkim_new(1700000000);
	const char	*nl;
	size_t		 n, i;
	int		 head = 1;

	CLAIM(d != NULL);
	while (len > 0) {
		nl = memchr(s, '\n', len);
		n = nl == NULL ? len : (size_t)(nl - s);
		if (head && n == 0) {
			CLAIM(dkim_header_end(d) == 0);
			head = 0;
		} else if (head)
			CLAIM(dkim_header_line(d, s, n) == 0);
		else {
			for (i = 0; i < n; i += step)
				CLAIM(dkim_body(d, s + i, n - i < step ?
				    n - i : step) == 0);
			CLAIM(dkim_body_eol(d) == 0);
		}
		if (nl == NULL)
			break;
		s += n + 1;
		len -= n + 1;
	}
	if (head)
		CLAIM(dkim_header_end(d) == 0);
	CLAIM(dkim_finish(d) == 0);
	return d;
}

static void
check_field(struct dkim *d)
{
	struct authreswrite	 w;
	struct sbuf		 b;
	size_t			 i;

	sbuf_init(&b, AUTHRESWRITE_MAX);
	authreswrite_begin(&w, &b, "mx.example");
	for (i = 0; i < dkim_count(d); i++)
		authreswrite_dkim(&w, dkim_sig(d, i));
	CLAIM(authreswrite_end(&w) == 0);
	claim_field(b.data, b.len, 0);
	sbuf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char		*key = (const char *)data, *msg;
	const uint8_t		*nul = memchr(data, '\0', size);
	struct dkim		*a, *b;
	struct dkim_sig		*s, *t;
	struct dkim_record	 r;
	char			 name[DKIM_NAME_MAX + 1];
	size_t			 keylen, i;

	if (nul == NULL)
		return 0;
	keylen = nul - data;
	msg = (const char *)nul + 1;
	if (dkim_record_parse(&r, key, keylen) == 0) {
		CLAIM(r.keylen <= DKIM_KEY_MAX);
		dkim_record_bits(&r);
	}
	a = read_message(msg, size - keylen - 1, size);
	b = read_message(msg, size - keylen - 1, 3);
	CLAIM(dkim_count(a) == dkim_count(b));
	CLAIM(dkim_count(a) <= DKIM_SIGS_MAX);
	for (i = 0; i < dkim_count(a); i++) {
		s = dkim_sig(a, i);
		t = dkim_sig(b, i);
		CLAIM(memcmp(s, t, sizeof(*s)) == 0);
		CLAIM(s->result != DKIM_PASS);
		if (s->result == DKIM_WAITS)
			CLAIM(dkim_key_name(s, name, sizeof(name)) == 1);
		dkim_key(s, &key, &keylen, 1);
		CLAIM(s->result != DKIM_WAITS);
		CLAIM(dkim_why(s) != NULL && dkim_result(s) != NULL);
		CLAIM(!dkim_counts(s) || s->result == DKIM_PASS);
	}
	check_field(a);
	dkim_free(a);
	dkim_free(b);
	return 0;
}
