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

/* How an identity is verified; part of store_identity.h. */

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <stdio.h>

#include "base/base32.h"
#include "store/store_identity_int.h"
#include "store/store_mail.h"

#define TAG_LEN		4	/* characters that tell which identity */
#define CODE_BYTES	10	/* that STORE_CODE_LEN characters stand for */
#define HASH_HEX	(SHA256_DIGEST_LENGTH * 2)
#define TAG_DRAWS	16	/* until one is free */

/* The hash that is kept, in hexadecimal. */
static void
digest(const char code[STORE_CODE_LEN + 1], char hex[HASH_HEX + 1])
{
	unsigned char	 md[SHA256_DIGEST_LENGTH];
	size_t		 i;

	(void)SHA256((const unsigned char *)code, STORE_CODE_LEN, md);
	for (i = 0; i < sizeof(md); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", md[i]);
}

static int
draw(struct store *s, char code[STORE_CODE_LEN + 1],
    char tag[TAG_LEN + 1])
{
	uint8_t	 rnd[CODE_BYTES];
	int64_t	 n;
	int	 i, ret = 1;

	for (i = 0; i < TAG_DRAWS && ret == 1; i++) {
		arc4random_buf(rnd, sizeof(rnd));
		(void)base32_encode(rnd, sizeof(rnd), code,
		    STORE_CODE_LEN + 1);
		explicit_bzero(rnd, sizeof(rnd));
		memcpy(tag, code, TAG_LEN);
		tag[TAG_LEN] = '\0';
		ret = db_number(s, &n, "SELECT 1 FROM identity_code "
		    "WHERE tag = ?", "t", tag);
	}
	return ret == 1 ? db_fail(s, STORE_REFUSED, "too many identities wait "
	    "for their codes") : ret;
}

/* abcd-efgh-ijkl-mnop */
static void
groups(const char code[STORE_CODE_LEN + 1], char text[STORE_CODE_TEXT + 1])
{
	size_t	 i, o = 0;

	for (i = 0; i < STORE_CODE_LEN; i++) {
		if (i > 0 && i % TAG_LEN == 0)
			text[o++] = '-';
		text[o++] = code[i];
	}
	text[o] = '\0';
}

int
store_identity_mailto(const struct store_identity *idt, char *buf,
    size_t size)
{
	if (strlcpy(buf, idt->address[0] == '@' ? "postmaster" : "",
	    size) >= size || strlcat(buf, idt->address, size) >= size)
		return -1;
	return 0;
}

/* Within a transaction: 0 or -1. */
static int
make(struct store *s, uint64_t id, const char *domain, time_t now,
    char code[STORE_CODE_LEN + 1], char rpath[STORE_ADDR_MAX + 1])
{
	struct store_identity	 idt;
	struct store_rpath	 rp;
	char			 tag[TAG_LEN + 1], hex[HASH_HEX + 1];
	int			 ret;

	if ((ret = store_identity_byid(s, id, &idt)) == -1)
		return -1;
	if (ret == 0 || idt.verified != 0)
		return db_fail(s, STORE_REFUSED, ret == 0 ?
		    "there is no such identity" : "%s is verified already",
		    idt.address);
	memset(&rp, 0, sizeof(rp));
	rp.kind = STORE_RPATH_IDENTITY;
	if (store_identity_mailto(&idt, rp.address_to,
	    sizeof(rp.address_to)) == -1)
		return db_fail(s, STORE_REFUSED, "%s: is too long",
		    idt.address);
	/* The mail to which the old one belongs is void with its code. */
	if (db_run(s, "DELETE FROM rpath WHERE id = (SELECT rpath FROM "
	    "identity_code WHERE identity = ?)", "i", (int64_t)id) == -1 ||
	    store_rpath_make(s, domain, now, &rp) == -1 ||
	    draw(s, code, tag) == -1)
		return -1;
	digest(code, hex);
	if (db_run(s, "INSERT OR REPLACE INTO identity_code (identity, tag, "
	    "hash, expires, tries, rpath) VALUES (?, ?, ?, ?, 0, ?)", "ittii",
	    (int64_t)id, tag, hex, (int64_t)now + STORE_CODE_LIFE,
	    (int64_t)rp.id) == -1)
		return -1;
	(void)strlcpy(rpath, rp.address, STORE_ADDR_MAX + 1);
	return 0;
}

int
store_identity_code(struct store *s, uint64_t id, const char *domain,
    time_t now, char text[STORE_CODE_TEXT + 1],
    char rpath[STORE_ADDR_MAX + 1])
{
	char	 code[STORE_CODE_LEN + 1] = "";
	int	 ret;

	if (db_enter(s) == -1)
		return -1;
	if ((ret = make(s, id, domain, now, code, rpath)) == 0)
		groups(code, text);
	explicit_bzero(code, sizeof(code));
	return db_leave(s, ret);
}

int
store_identity_sender(struct store *s, const struct store_identity *idt,
    const char *domain, time_t now, char sender[STORE_ADDR_MAX + 1])
{
	struct store_rpath	 rp;
	int			 ret;

	memset(&rp, 0, sizeof(rp));
	rp.kind = STORE_RPATH_IDENTITY;
	rp.message = idt->rpath;
	if (store_identity_mailto(idt, rp.address_to,
	    sizeof(rp.address_to)) == -1)
		return db_fail(s, STORE_REFUSED, "%s: is too long",
		    idt->address);
	if ((ret = store_rpath_make(s, domain, now, &rp)) == 0)
		(void)strlcpy(sender, rp.address, STORE_ADDR_MAX + 1);
	return ret;
}

/* Takes out what is only there for people: 0, or -1 if it is no code. */
static int
plain(const char *text, char code[STORE_CODE_LEN + 1])
{
	size_t	 n = 0;
	char	 c;

	for (; *text != '\0'; text++) {
		if (*text == '-' || *text == ' ' || *text == '\t')
			continue;
		c = *text >= 'A' && *text <= 'Z' ? *text + 'a' - 'A' : *text;
		if (n == STORE_CODE_LEN || !((c >= 'a' && c <= 'z') ||
		    (c >= '2' && c <= '7')))
			return -1;
		code[n++] = c;
	}
	code[n] = '\0';
	return n == STORE_CODE_LEN ? 0 : -1;
}

/* It works from now on, and its code is void. */
static int
verified(struct store *s, struct store_identity *idt, time_t now)
{
	if (db_run(s, "UPDATE identity SET verified = ? WHERE id = ?", "ii",
	    (int64_t)now, (int64_t)idt->id) == -1 ||
	    db_run(s, "DELETE FROM identity_code WHERE identity = ?", "i",
	    (int64_t)idt->id) == -1)
		return -1;
	return store_identity_byid(s, idt->id, idt);
}

/*
 * The identity that the first characters name, if the rest is right: 1; 0 and
 * why.  A wrong one is counted.
 */
static int
attempt(struct store *s, const char code[STORE_CODE_LEN + 1], time_t now,
    struct store_identity *idt, const char **why)
{
	sqlite3_stmt	*st;
	char		 tag[TAG_LEN + 1], hex[HASH_HEX + 1];
	char		 kept[HASH_HEX + 1] = "";
	int64_t		 id = 0;
	int		 ret;

	*why = "no identity waits for this code";
	(void)strlcpy(tag, code, sizeof(tag));
	if ((st = db_get(s, "SELECT identity, hash FROM identity_code "
	    "WHERE tag = ?", "t", tag)) == NULL)
		return -1;
	if ((ret = db_step(s, st)) == 1) {
		id = sqlite3_column_int64(st, 0);
		if (db_text(s, st, 1, kept, sizeof(kept)) == -1)
			ret = -1;
	}
	db_done(s, st);
	if (ret != 1 || (ret = store_identity_byid(s, id, idt)) != 1)
		return ret;
	if (idt->expires <= now) {
		*why = "the code has expired";
		return 0;
	}
	if (idt->tries >= STORE_CODE_TRIES) {
		*why = "the code is void after too many wrong ones";
		return 0;
	}
	digest(code, hex);
	if (CRYPTO_memcmp(hex, kept, HASH_HEX) == 0)
		return 1;
	*why = "the code is wrong";
	return db_run(s, "UPDATE identity_code SET tries = tries + 1 "
	    "WHERE identity = ?", "i", id) == -1 ? -1 : 0;
}

int
store_identity_verify(struct store *s, const char *text, time_t now,
    struct store_identity *idt)
{
	const char	*why = "this is no code: 16 letters and digits, in "
	    "groups of four";
	char		 code[STORE_CODE_LEN + 1];
	int		 ret = 0;

	if (db_enter(s) == -1)
		return -1;
	if (plain(text, code) == 0)
		ret = attempt(s, code, now, idt, &why);
	if (ret == 1)
		ret = verified(s, idt, now);
	explicit_bzero(code, sizeof(code));
	/* The wrong try is kept, too. */
	ret = db_leave(s, ret);
	if (ret == 0)
		(void)db_fail(s, STORE_REFUSED, "%s", why);
	return ret;
}

int
store_identity_confirm(struct store *s, uint64_t rpath, const char *from,
    time_t now, struct store_identity *idt)
{
	char	 to[STORE_ADDR_MAX + 1];
	int	 ret;

	if (db_enter(s) == -1)
		return -1;
	ret = identity_one(s, db_get(s, IDENTITY "WHERE c.rpath = ?", "i",
	    (int64_t)rpath), idt);
	if (ret == 1 && (idt->expires <= now ||
	    store_identity_mailto(idt, to, sizeof(to)) == -1 ||
	    strcasecmp(to, from) != 0))
		ret = 0;
	if (ret == 1)
		ret = verified(s, idt, now);
	return db_leave(s, ret);
}

int
store_identity_bounced(struct store *s, uint64_t rpath, const char *reason,
    struct store_identity *idt)
{
	char	 cut[STORE_DIAG_MAX + 1];
	int64_t	 of = 0;
	int	 ret;

	rule_cut(reason, cut, sizeof(cut));
	if (db_enter(s) == -1)
		return -1;
	ret = db_number(s, &of, "SELECT message FROM rpath WHERE id = ? AND "
	    "message IS NOT NULL", "i", (int64_t)rpath);
	if (ret == 0)
		of = (int64_t)rpath;
	if (ret != -1)
		ret = db_run(s, "UPDATE identity_code SET bounced = ? "
		    "WHERE rpath = ?", "ti", cut, of);
	if (ret > 0)
		ret = identity_one(s, db_get(s, IDENTITY "WHERE c.rpath = ?",
		    "i", of), idt);
	return db_leave(s, ret);
}
