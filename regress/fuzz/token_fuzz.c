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
 * Tokens, handle addresses and return paths: what is read is written the
 * same, but for case, and nothing that was made up is believed.
 */

#include <sys/stat.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/base32.h"
#include "crypto/token.h"
#include "fuzz.h"
#include "header/handle.h"

#define TEXT_MAX	1024

static struct keys	*keys;

static void
make_keys(void)
{
	char	 dir[] = "/tmp/token_fuzz.XXXXXXXX", path[64], err[256];

	if (mkdtemp(dir) == NULL)
		abort();
	(void)snprintf(path, sizeof(path), "%s/key", dir);
	CLAIM(keys_init(path, -1, -1, 1, err, sizeof(err)) == 1);
	CLAIM((keys = keys_open(path, err, sizeof(err))) != NULL);
	(void)unlink(path);
	(void)rmdir(dir);
}

static void
addresses(const char *text, const char *small)
{
	const char	*domain;
	char		 box[TEXT_MAX], again[TEXT_MAX];
	char		 handle[HANDLE_LEN + 1], name[RPATH_LEN + 1];

	if (handle_addr_parse(text, box, sizeof(box), handle)) {
		CLAIM(handle_addr(box, handle, again, sizeof(again)) == 0);
		CLAIM(strcmp(again, small) == 0);
	}
	if (rpath_addr_parse(text, name, &domain)) {
		CLAIM(rpath_addr(name, domain, again, sizeof(again)) == 0);
		CLAIM(strcmp(again, small) == 0);
	}
}

static void
raw(const char *text, const char *small, size_t len)
{
	uint8_t	 bytes[TEXT_MAX];
	char	 again[TEXT_MAX];
	size_t	 n = len * 5 / 8;

	if (base32_decode(text, len, bytes, n) == 0) {
		CLAIM(base32_valid(text, len));
		CLAIM(base32_encode(bytes, n, again, sizeof(again)) == 0);
		CLAIM(strcmp(again, small) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct token	 t;
	char		 text[TEXT_MAX], small[TEXT_MAX];
	size_t		 i;

	if (keys == NULL)
		make_keys();
	if (size >= sizeof(text) || memchr(data, '\0', size) != NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	for (i = 0; i <= size; i++)
		small[i] = text[i] >= 'A' && text[i] <= 'Z' ?
		    text[i] + 'a' - 'A' : text[i];
	if (token_parse(text, size, &t) || token_msgid_parse(text, &t))
		CLAIM(token_verify(keys, &t, "a@b.example", 1, 0, 0) !=
		    TOKEN_VALID);
	addresses(text, small);
	raw(text, small, size);
	return 0;
}
