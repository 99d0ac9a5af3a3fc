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

#include <openssl/evp.h>

#include "store/store_int.h"
#include "store/store_outid.h"

#define OUTID_BYTES	16	/* of the SHA-256 of user and id */
#define OUTID_KEY	(2 * OUTID_BYTES)	/* in hexadecimal digits */

/* Only a digest is kept of what is not for the outside. */
static int
outid_key(struct store *s, const char *user, const char *inside,
    char key[OUTID_KEY + 1])
{
	static const char	 digits[] = "0123456789abcdef";
	EVP_MD_CTX		*md;
	unsigned char		 hash[EVP_MAX_MD_SIZE];
	char			 bare[STORE_MSGID_MAX + 1];
	int			 i, ok;

	if (rule_msgid(s, inside, bare) == -1)
		return -1;
	md = EVP_MD_CTX_new();
	ok = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(md, user, strlen(user) + 1) == 1 &&
	    EVP_DigestUpdate(md, bare, strlen(bare)) == 1 &&
	    EVP_DigestFinal_ex(md, hash, NULL) == 1;
	EVP_MD_CTX_free(md);
	if (!ok)
		return db_fail(s, STORE_OTHER, "no digest");
	for (i = 0; i < OUTID_BYTES; i++) {
		key[2 * i] = digits[hash[i] >> 4];
		key[2 * i + 1] = digits[hash[i] & 15];
	}
	key[OUTID_KEY] = '\0';
	return 0;
}

int
store_outid_get(struct store *s, const char *user, const char *inside,
    char *buf, size_t size)
{
	sqlite3_stmt	*st;
	char		 key[OUTID_KEY + 1];
	int		 n;

	if (outid_key(s, user, inside, key) == -1 ||
	    (st = db_get(s, "SELECT outside FROM outid WHERE id = ?", "t",
	    key)) == NULL)
		return -1;
	if ((n = db_step(s, st)) == 1 && db_text(s, st, 0, buf, size) == -1)
		n = -1;
	db_done(s, st);
	return n;
}

int
store_outid_put(struct store *s, const char *user, const char *inside,
    const char *outside, time_t now)
{
	char	 key[OUTID_KEY + 1], bare[STORE_MSGID_MAX + 1];
	int	 ret;

	if (outid_key(s, user, inside, key) == -1 ||
	    rule_msgid(s, outside, bare) == -1 || db_enter(s) == -1)
		return -1;
	ret = db_run(s, "INSERT INTO outid (id, outside, created) "
	    "VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET "
	    "outside = excluded.outside, created = excluded.created", "tti",
	    key, bare, (int64_t)now);
	return db_leave(s, ret == -1 ? -1 : 0);
}

int
store_outid_prune(struct store *s, time_t before, unsigned int max)
{
	return db_run(s, "DELETE FROM outid WHERE id IN (SELECT id FROM outid "
	    "WHERE created < ? ORDER BY created LIMIT ?)", "ii",
	    (int64_t)before, (int64_t)max);
}
