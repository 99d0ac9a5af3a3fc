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

#include <stdio.h>

#include <openssl/crypto.h>

#include "base/compat.h"

#include "base/base32.h"
#include "crypto/token.h"

#define TOKEN_SIGNED	17	/* bytes before the signature */
#define TOKEN_MAILBOX	320

static void
put32(uint8_t *p, uint32_t v)
{
	p[0] = v >> 24;
	p[1] = v >> 16;
	p[2] = v >> 8;
	p[3] = v;
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static void
pack(const struct token *t, uint8_t raw[TOKEN_SIGNED])
{
	raw[0] = t->key;
	put32(raw + 1, t->worker);
	put32(raw + 5, t->conversation >> 32);
	put32(raw + 9, t->conversation & 0xffffffffU);
	put32(raw + 13, t->time);
}

/* Signs as keys_hmac() does; mac gets all 32 bytes. */
static int
sign(const struct keys *keys, const struct token *t, const char *mailbox,
    uint8_t mac[32])
{
	uint8_t	 data[TOKEN_SIGNED + TOKEN_MAILBOX];
	size_t	 i, len;

	if ((len = strlen(mailbox)) > TOKEN_MAILBOX)
		return -1;
	pack(t, data);
	for (i = 0; i < len; i++) {
		data[TOKEN_SIGNED + i] = mailbox[i];
		if (mailbox[i] >= 'A' && mailbox[i] <= 'Z')
			data[TOKEN_SIGNED + i] += 'a' - 'A';
	}
	return keys_hmac(keys, t->key, data, TOKEN_SIGNED + len, mac);
}

time_t
token_time(time_t now, time_t revoked)
{
	return now > revoked ? now : revoked + 1;
}

int
token_make(const struct keys *keys, uint32_t worker, uint64_t conversation,
    time_t when, const char *mailbox, char *buf, size_t size)
{
	struct token	 t;
	uint8_t		 raw[TOKEN_RAW], mac[32];

	if (when < 0 || (uint64_t)when > UINT32_MAX)
		return -1;
	t.key = keys_signer(keys);
	t.worker = worker;
	t.conversation = conversation;
	t.time = when;
	if (sign(keys, &t, mailbox, mac) != 1)
		return -1;
	pack(&t, raw);
	memcpy(raw + TOKEN_SIGNED, mac, sizeof(t.mac));
	explicit_bzero(mac, sizeof(mac));
	return base32_encode(raw, sizeof(raw), buf, size);
}

int
token_parse(const char *s, size_t len, struct token *token)
{
	uint8_t	 raw[TOKEN_RAW];

	if (len != TOKEN_LEN || base32_decode(s, len, raw, sizeof(raw)) == -1)
		return 0;
	token->key = raw[0];
	token->worker = get32(raw + 1);
	token->conversation = (uint64_t)get32(raw + 5) << 32 | get32(raw + 9);
	token->time = get32(raw + 13);
	memcpy(token->mac, raw + TOKEN_SIGNED, sizeof(token->mac));
	return 1;
}

enum token_result
token_verify(const struct keys *keys, const struct token *token,
    const char *mailbox, time_t now, time_t lifetime, time_t revoked)
{
	uint8_t	 mac[32];
	int	 ret;

	if ((ret = sign(keys, token, mailbox, mac)) == -1)
		return TOKEN_FAILED;
	if (ret == 0)
		return TOKEN_UNKNOWN_KEY;
	ret = CRYPTO_memcmp(mac, token->mac, sizeof(token->mac));
	explicit_bzero(mac, sizeof(mac));
	if (ret != 0)
		return TOKEN_BAD_MAC;
	if (revoked != 0 && (time_t)token->time <= revoked)
		return TOKEN_REVOKED;
	if (lifetime != 0 && now > (time_t)token->time &&
	    now - (time_t)token->time > lifetime)
		return TOKEN_EXPIRED;
	return TOKEN_VALID;
}

int
token_msgid(const char *token, const char *domain, char *buf, size_t size)
{
	int	 n;

	n = snprintf(buf, size, TOKEN_PREFIX "%s@%s", token, domain);
	return n < 0 || (size_t)n >= size ? -1 : 0;
}

int
token_msgid_parse(const char *msgid, struct token *token)
{
	const size_t	 plen = sizeof(TOKEN_PREFIX) - 1;

	if (*msgid == '<')
		msgid++;
	if (strncasecmp(msgid, TOKEN_PREFIX, plen) != 0)
		return 0;
	msgid += plen;
	if (strnlen(msgid, TOKEN_LEN + 1) <= TOKEN_LEN ||
	    msgid[TOKEN_LEN] != '@')
		return 0;
	return token_parse(msgid, TOKEN_LEN, token);
}
