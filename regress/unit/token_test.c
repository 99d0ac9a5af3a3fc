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

#include <sys/stat.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/base32.h"
#include "crypto/keys.h"
#include "crypto/token.h"
#include "test.h"

#define BOX	"support@company.example"
#define WHEN	1790000000
#define LIFE	(90 * 86400)

/* What a key of 32 bytes 0x01 makes of these fields, computed elsewhere. */
#define KNOWN_SECRET	"0101010101010101010101010101010101" \
			"010101010101010101010101010101"

static char	 dir[] = "/tmp/token_test.XXXXXXXX";
static char	 path[64], err[512];

static void
put(const char *text)
{
	FILE	*fp;

	if ((fp = fopen(path, "w")) == NULL)
		exit(1);
	fputs(text, fp);
	fclose(fp);
	(void)chmod(path, 0600);
}

static void
forged(const struct keys *k, const char *token)
{
	struct token	 t;
	char		 text[TOKEN_LEN + 1];
	size_t		 i;

	/* Every character matters. */
	for (i = 0; i < TOKEN_LEN; i++) {
		(void)strcpy(text, token);
		text[i] = text[i] == 'a' ? 'b' : 'a';
		if (token_parse(text, TOKEN_LEN, &t))
			CHECK(token_verify(k, &t, BOX, WHEN, LIFE, 0) !=
			    TOKEN_VALID);
	}
}

static void
verify(void)
{
	struct keys	*k;
	struct token	 t;
	char		 text[TOKEN_LEN + 1];
	uint8_t		 id;

	CHECK((k = keys_open(path, err, sizeof(err))) != NULL);
	CHECK(token_make(k, 7, 0x123456789aULL, WHEN, "Support@Company.Example",
	    text, sizeof(text)) == 0);
	CHECK(strlen(text) == TOKEN_LEN);
	CHECK(token_parse(text, TOKEN_LEN, &t) == 1);
	CHECK(t.worker == 7 && t.conversation == 0x123456789aULL &&
	    t.time == WHEN && t.key == keys_signer(k));
	CHECK(token_verify(k, &t, BOX, WHEN, LIFE, 0) == TOKEN_VALID);
	CHECK(token_verify(k, &t, "sales@company.example", WHEN, LIFE, 0) ==
	    TOKEN_BAD_MAC);
	CHECK(token_verify(k, &t, BOX, WHEN + LIFE, LIFE, 0) == TOKEN_VALID);
	CHECK(token_verify(k, &t, BOX, WHEN + LIFE + 1, LIFE, 0) ==
	    TOKEN_EXPIRED);
	CHECK(token_verify(k, &t, BOX, WHEN + LIFE + 1, 0, 0) == TOKEN_VALID);
	CHECK(token_verify(k, &t, BOX, WHEN, LIFE, WHEN) == TOKEN_REVOKED);
	CHECK(token_verify(k, &t, BOX, WHEN, LIFE, WHEN - 1) == TOKEN_VALID);
	CHECK(token_time(WHEN, WHEN) == WHEN + 1);
	CHECK(token_time(WHEN, 0) == WHEN);
	forged(k, text);
	/* A forged one that is expired is a forged one. */
	t.mac[3] ^= 1;
	CHECK(token_verify(k, &t, BOX, WHEN + 2 * LIFE, LIFE, WHEN) ==
	    TOKEN_BAD_MAC);
	t.mac[3] ^= 1;
	CHECK(keys_rotate(path, WHEN, &id, err, sizeof(err)) == 0);
	CHECK(keys_reload(k, err, sizeof(err)) == 1);
	CHECK(token_verify(k, &t, BOX, WHEN, LIFE, 0) == TOKEN_VALID);
	CHECK(keys_retire(path, t.key, err, sizeof(err)) == 1);
	CHECK(keys_reload(k, err, sizeof(err)) == 1);
	CHECK(token_verify(k, &t, BOX, WHEN, LIFE, 0) == TOKEN_UNKNOWN_KEY);
	CHECK(token_make(k, 7, 1, -1, BOX, text, sizeof(text)) == -1);
	CHECK(token_make(k, 7, 1, WHEN, BOX, text, TOKEN_LEN) == -1);
	CHECK(token_make(k, UINT32_MAX, UINT64_MAX, UINT32_MAX, BOX, text,
	    sizeof(text)) == 0);
	CHECK(token_parse(text, TOKEN_LEN, &t) == 1);
	CHECK(t.worker == UINT32_MAX && t.conversation == UINT64_MAX &&
	    t.time == UINT32_MAX);
	keys_free(k);
}

static void
message_ids(void)
{
	struct keys	*k;
	struct token	 t;
	char		 text[TOKEN_LEN + 1], id[TOKEN_MSGID_MAX + 1];
	char		 angle[TOKEN_MSGID_MAX + 3];
	size_t		 i;

	CHECK((k = keys_open(path, err, sizeof(err))) != NULL);
	CHECK(token_make(k, 9, 5, WHEN, BOX, text, sizeof(text)) == 0);
	CHECK(token_msgid(text, "company.example", id, sizeof(id)) == 0);
	CHECK(token_msgid_parse(id, &t) == 1 && t.worker == 9);
	(void)snprintf(angle, sizeof(angle), "<%s>", id);
	for (i = 0; angle[i] != '\0'; i++)
		if (angle[i] >= 'a' && angle[i] <= 'z')
			angle[i] -= 'a' - 'A';
	CHECK(token_msgid_parse(angle, &t) == 1 && t.conversation == 5);
	CHECK(token_verify(k, &t, BOX, WHEN, LIFE, 0) == TOKEN_VALID);
	CHECK(token_msgid(text, "company.example", id, 60) == -1);
	CHECK(token_msgid_parse("", &t) == 0);
	CHECK(token_msgid_parse("<relay.>", &t) == 0);
	CHECK(token_msgid_parse("<relay.abc@company.example>", &t) == 0);
	CHECK(token_msgid_parse(text, &t) == 0);
	CHECK(token_parse("", 0, &t) == 0);
	CHECK(token_parse(text, TOKEN_LEN - 1, &t) == 0);
	keys_free(k);
}

/*
 * Against HMAC-SHA256 by another program:
 *	printf '\001\000\000\000\002\000\000\000\000\000\000\000\003\000\000
 *	\000\004support@company.example' | openssl dgst -sha256 -mac HMAC
 *	-macopt hexkey:0101...
 */
static void
known(void)
{
	static const uint8_t	 head[] = {
		1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 4
	};
	struct keys	*k;
	uint8_t		 raw[TOKEN_RAW];
	char		 text[TOKEN_LEN + 1], hex[33] = "";
	size_t		 i;

	put("key 1 live 1 " KNOWN_SECRET "\n");
	CHECK((k = keys_open(path, err, sizeof(err))) != NULL);
	CHECK(token_make(k, 2, 3, 4, BOX, text, sizeof(text)) == 0);
	CHECK(base32_decode(text, TOKEN_LEN, raw, sizeof(raw)) == 0);
	CHECK(memcmp(raw, head, sizeof(head)) == 0);
	for (i = 0; i < 16; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", raw[17 + i]);
	CHECK_STR(hex, "78f168efb7d7c8c1af368fb6fcf5d9cd");
	keys_free(k);
}

int
main(void)
{
	if (mkdtemp(dir) == NULL)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/relay.key", dir);
	CHECK(keys_init(path, -1, -1, WHEN, err, sizeof(err)) == 1);
	verify();
	message_ids();
	known();
	(void)unlink(path);
	CHECK(rmdir(dir) == 0);
	return test_done();
}
