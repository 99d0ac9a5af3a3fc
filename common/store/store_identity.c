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

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>

#include "base/base32.h"
#include "base/lex.h"
#include "store/store_admin.h"
#include "store/store_identity.h"
#include "store/store_db.h"
#include "store/store_mail.h"

#define IDENTITY							\
	"SELECT i.id, i.user, i.address, i.folded, i.account, a.name,"	\
	" i.verified, c.expires, c.tries, c.rpath, i.created,"		\
	" c.bounced"							\
	" FROM identity i LEFT JOIN account a ON a.id = i.account"	\
	" LEFT JOIN identity_code c ON c.identity = i.id "

static const struct db_column	 columns[] = {
	DB_INT(store_identity, id), DB_TEXT(store_identity, user),
	DB_TEXT(store_identity, address), DB_TEXT(store_identity, folded),
	DB_INT(store_identity, account),
	DB_TEXT(store_identity, account_name),
	DB_INT(store_identity, verified), DB_INT(store_identity, expires),
	DB_INT(store_identity, tries), DB_INT(store_identity, rpath),
	DB_INT(store_identity, created), DB_TEXT(store_identity, bounced),
	DB_END
};

/*
 * What may be an identity.  An address belongs to one user: whoever may send
 * from it has its account's login there.
 */

int
store_identity_user(struct store *s, const char *user,
    char buf[STORE_LOGIN_MAX + 1])
{
	if (*user == '\0')
		return db_fail(s, STORE_REFUSED, "the user is empty");
	if (rule_text(s, "the user", user, STORE_LOGIN_MAX) == -1)
		return -1;
	if (store_fold(user, buf, STORE_LOGIN_MAX + 1) == -1)
		return db_fail(s, STORE_REFUSED, "the user is longer than %d "
		    "bytes", STORE_LOGIN_MAX);
	return 0;
}

int
store_identity_form(struct store *s, const char *address)
{
	char		 whole[STORE_ADDR_MAX + 2] = "x";
	const char	*at, *p;
	char		 c = address[0];

	if (c == '@') {
		if (strlcat(whole, address, sizeof(whole)) >= sizeof(whole))
			return db_fail(s, STORE_REFUSED, "%.100s: is too "
			    "long", address);
		return rule_address(s, whole) == -1 ? db_fail(s,
		    STORE_REFUSED, "%.100s: is no domain", address) : 0;
	}
	if (rule_address(s, address) == -1)
		return -1;
	at = strrchr(address, '@');
	if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9')))
		return db_fail(s, STORE_REFUSED, "%s: smtpd cannot carry an "
		    "address that begins with `%c'", address, c);
	if ((p = strpbrk(address, "!#$%&*?`{|}~")) != NULL && p < at)
		return db_fail(s, STORE_REFUSED, "%s: smtpd cannot carry `%c' "
		    "in an address", address, *p);
	return 0;
}

/* Checks that the user may have one more. */
static int
check_room(struct store *s, const char *user)
{
	int64_t	 count;

	if (db_number(s, &count, "SELECT count(*) FROM identity "
	    "WHERE user = ?", "t", user) != 1)
		return -1;
	if (count >= STORE_USER_IDENTITIES)
		return db_fail(s, STORE_REFUSED, "%s has %d identities, and "
		    "gets no more", user, STORE_USER_IDENTITIES);
	return 0;
}

/* An @domain must have nobody else's address in it. */
static int
check_domain(struct store *s, const char *user, const char *folded,
    const char *const *domains, size_t n)
{
	struct store_worker	 w;
	char			 other[STORE_ADDR_MAX + 1];
	size_t			 i;
	int			 ret;

	for (i = 0; i < n; i++)
		if (strcasecmp(domains[i], folded + 1) == 0)
			return db_fail(s, STORE_REFUSED, "%s: is a domain of "
			    "relay.conf, with everybody's addresses in it",
			    folded);
	ret = db_text(s, other, sizeof(other), "SELECT folded FROM identity "
	    "WHERE substr(folded, instr(folded, '@')) = ? AND user <> ? "
	    "LIMIT 1", "tt", folded, user);
	if (ret == 1)
		return db_fail(s, STORE_REFUSED, "%s: %s is another user's",
		    folded, other);
	if (ret == -1)
		return -1;
	ret = db_text(s, other, sizeof(other), "SELECT a.folded "
	    "FROM worker_address a JOIN worker w ON w.id = a.worker "
	    "WHERE substr(a.folded, instr(a.folded, '@')) = ?1 AND "
	    "(w.login IS NULL OR lower(w.login) <> ?2) LIMIT 1", "tt", folded,
	    user);
	if (ret != 1)
		return ret;
	if ((ret = store_worker_byaddr(s, other, &w)) != 1)
		return ret;
	return db_fail(s, STORE_REFUSED, "%s: %s is the worker %s's", folded,
	    other, w.name);
}

/* Is the name before the @ the login of somebody else whom we know? */
static int
check_login(struct store *s, const char *user, const char *folded)
{
	char	 login[STORE_ADDR_MAX + 1];
	int64_t	 n;
	int	 ret;

	(void)strlcpy(login, folded, sizeof(login));
	login[strcspn(login, "@")] = '\0';
	if (strcmp(login, user) == 0)
		return 0;
	ret = db_number(s, &n, "SELECT 1 WHERE EXISTS (SELECT 1 FROM identity "
	    "WHERE user = ?1) OR EXISTS (SELECT 1 FROM worker "
	    "WHERE login = ?1 COLLATE NOCASE)", "t", login);
	if (ret == 1)
		return db_fail(s, STORE_REFUSED, "%s: is the own address of "
		    "the login %s", folded, login);
	return ret;
}

/*
 * Whoever may send from an address may, for smtpd, send from it with any
 * tag: the two are no two users'.
 */
static int
check_tag(struct store *s, const char *user, const char *folded, int ours)
{
	struct store_identity	 idt;
	struct store_mailbox	 mb;
	struct store_worker	 w;
	char			 other[STORE_ADDR_MAX + 1];
	const char		*at = strchr(folded, '@');
	size_t			 len = strcspn(folded, "+");
	int			 ret;

	if (len > (size_t)(at - folded)) {
		if ((ret = rule_tagged(s, user, folded, other)) == 1)
			return db_fail(s, STORE_REFUSED, "%s: %s is another "
			    "user's", folded, other);
		return ret;
	}
	(void)snprintf(other, sizeof(other), "%.*s%s", (int)len, folded, at);
	if ((ret = store_identity_get(s, other, &idt)) == 1 &&
	    strcmp(idt.user, user) != 0)
		return db_fail(s, STORE_REFUSED, "%s: %s, with all of its "
		    "tags, is an identity of %s's", folded, other, idt.user);
	if (ret != -1 && (ret = store_mailbox_get(s, other, &mb)) == 1)
		return db_fail(s, STORE_REFUSED, "%s: %s is a mailbox",
		    folded, other);
	if (ret != -1 && (ret = store_worker_byaddr(s, other, &w)) == 1 &&
	    strcasecmp(w.login, user) != 0)
		return db_fail(s, STORE_REFUSED, "%s: %s is the worker %s's "
		    "address", folded, other, w.name);
	return ret == -1 || !ours ? ret : check_login(s, user, other);
}

/* Says who has the address already, or all around it; 0 if nobody. */
static int
check_free(struct store *s, const char *user, const char *folded,
    const char *const *domains, size_t n)
{
	struct store_identity	 idt;
	struct store_mailbox	 mb;
	struct store_worker	 w;
	size_t			 i;
	int			 ours = 0, ret;

	if ((ret = store_identity_get(s, folded, &idt)) == 1)
		return db_fail(s, STORE_REFUSED, "%s is an identity of %s's "
		    "already", folded, idt.user);
	if (ret == -1)
		return -1;
	if (folded[0] == '@')
		return check_domain(s, user, folded, domains, n);
	if ((ret = store_mailbox_get(s, folded, &mb)) == 1)
		return db_fail(s, STORE_REFUSED, "%s is a mailbox", folded);
	if (ret == 0 && (ret = store_worker_byaddr(s, folded, &w)) == 1)
		return db_fail(s, STORE_REFUSED, "%s is the worker %s's "
		    "address", folded, w.name);
	if (ret == 0 && (ret = store_identity_get(s, strchr(folded, '@'),
	    &idt)) == 1 && strcmp(idt.user, user) != 0)
		return db_fail(s, STORE_REFUSED, "%s: all of %s is %s's",
		    folded, idt.folded, idt.user);
	for (i = 0; i < n && ret != -1; i++)
		if (strcasecmp(domains[i], strchr(folded, '@') + 1) == 0) {
			ours = 1;
			ret = check_login(s, user, folded);
		}
	if (ret != -1)
		ret = check_tag(s, user, folded, ours);
	return ret == -1 ? -1 : 0;
}

/* How an identity is verified; part of store_identity.h. */

#define TAG_LEN		4	/* characters that tell which identity */
#define CODE_BYTES	10	/* that STORE_CODE_LEN characters stand for */
#define HASH_HEX	(SHA256_DIGEST_LENGTH * 2)
#define TAG_DRAWS	16	/* until one is free */

/* The hash that is kept, in hexadecimal. */
static void
hash_code(const char code[STORE_CODE_LEN + 1], char hex[HASH_HEX + 1])
{
	unsigned char	 md[SHA256_DIGEST_LENGTH];

	(void)SHA256((const unsigned char *)code, STORE_CODE_LEN, md);
	lex_hex_write(md, sizeof(md), hex);
}

static int
draw_code(struct store *s, char code[STORE_CODE_LEN + 1],
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
format_code(const char code[STORE_CODE_LEN + 1], char text[STORE_CODE_TEXT + 1])
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

/* Makes a return path for mail to the identity's owner. */
static int
make_rpath(struct store *s, const struct store_identity *idt,
    uint64_t message, const char *domain, time_t now, struct store_rpath *rp)
{
	memset(rp, 0, sizeof(*rp));
	rp->kind = STORE_RPATH_IDENTITY;
	rp->message = message;
	if (store_identity_mailto(idt, rp->address_to,
	    sizeof(rp->address_to)) == -1)
		return db_fail(s, STORE_REFUSED, "%s: is too long",
		    idt->address);
	return store_rpath_make(s, domain, now, rp);
}

/* Within a transaction: 0 or -1. */
static int
make_code(struct store *s, uint64_t id, const char *domain, time_t now,
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
	/* The mail to which the old one belongs is void with its code. */
	if (db_run(s, "DELETE FROM rpath WHERE id = (SELECT rpath "
	    "FROM identity_code WHERE identity = ?)", "i", id) == -1 ||
	    make_rpath(s, &idt, 0, domain, now, &rp) == -1 ||
	    draw_code(s, code, tag) == -1)
		return -1;
	hash_code(code, hex);
	if (db_run(s, "INSERT OR REPLACE INTO identity_code (identity, tag, "
	    "hash, expires, tries, rpath) VALUES (?, ?, ?, ?, 0, ?)", "ittdi",
	    id, tag, hex, now + STORE_CODE_LIFE, rp.id) == -1)
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
	if ((ret = make_code(s, id, domain, now, code, rpath)) == 0)
		format_code(code, text);
	explicit_bzero(code, sizeof(code));
	return db_leave(s, ret);
}

int
store_identity_sender(struct store *s, const struct store_identity *idt,
    const char *domain, time_t now, char sender[STORE_ADDR_MAX + 1])
{
	struct store_rpath	 rp;
	int			 ret;

	if ((ret = make_rpath(s, idt, idt->rpath, domain, now, &rp)) == 0)
		(void)strlcpy(sender, rp.address, STORE_ADDR_MAX + 1);
	return ret;
}

/* Takes out what is only there for people: 0, or -1 if it is no code. */
static int
parse_code(const char *text, char code[STORE_CODE_LEN + 1])
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
set_verified(struct store *s, struct store_identity *idt, time_t now)
{
	if (db_run(s, "UPDATE identity SET verified = ? WHERE id = ?", "di",
	    now, idt->id) == -1 ||
	    db_run(s, "DELETE FROM identity_code WHERE identity = ?", "i",
	    idt->id) == -1)
		return -1;
	return store_identity_byid(s, idt->id, idt);
}

/* What is kept of a code. */
struct kept {
	uint64_t	 identity;
	char		 hash[HASH_HEX + 1];
};

static const struct db_column	 kept_columns[] = {
	DB_INT(kept, identity), DB_TEXT(kept, hash), DB_END
};

/*
 * The identity that the first characters name, if the rest is right: 1; 0 and
 * why.  A wrong one is counted.
 */
static int
try_code(struct store *s, const char code[STORE_CODE_LEN + 1], time_t now,
    struct store_identity *idt, const char **why)
{
	struct kept	 kept;
	char		 tag[TAG_LEN + 1], hex[HASH_HEX + 1];
	int		 ret;

	*why = "no identity waits for this code";
	memset(&kept, 0, sizeof(kept));
	(void)strlcpy(tag, code, sizeof(tag));
	ret = db_row(s, kept_columns, &kept, "SELECT identity, hash "
	    "FROM identity_code WHERE tag = ?", "t", tag);
	if (ret != 1 ||
	    (ret = store_identity_byid(s, kept.identity, idt)) != 1)
		return ret;
	if (idt->expires <= now) {
		*why = "the code has expired";
		return 0;
	}
	if (idt->tries >= STORE_CODE_TRIES) {
		*why = "the code is void after too many wrong ones";
		return 0;
	}
	hash_code(code, hex);
	if (CRYPTO_memcmp(hex, kept.hash, HASH_HEX) == 0)
		return 1;
	*why = "the code is wrong";
	return db_run(s, "UPDATE identity_code SET tries = tries + 1 "
	    "WHERE identity = ?", "i", kept.identity) == -1 ? -1 : 0;
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
	if (parse_code(text, code) == 0)
		ret = try_code(s, code, now, idt, &why);
	if (ret == 1)
		ret = set_verified(s, idt, now);
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
	ret = db_row(s, columns, idt, IDENTITY "WHERE c.rpath = ?", "i",
	    rpath);
	if (ret == 1 && (idt->expires <= now ||
	    store_identity_mailto(idt, to, sizeof(to)) == -1 ||
	    strcasecmp(to, from) != 0))
		ret = 0;
	if (ret == 1)
		ret = set_verified(s, idt, now);
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
	    "message IS NOT NULL", "i", rpath);
	if (ret == 0)
		of = rpath;
	if (ret != -1)
		ret = db_run(s, "UPDATE identity_code SET bounced = ? "
		    "WHERE rpath = ?", "ti", cut, of);
	if (ret > 0)
		ret = db_row(s, columns, idt, IDENTITY "WHERE c.rpath = ?",
		    "i", of);
	return db_leave(s, ret);
}

int
store_identity_byid(struct store *s, uint64_t id, struct store_identity *idt)
{
	return db_row(s, columns, idt, IDENTITY "WHERE i.id = ?", "i", id);
}

int
store_identity_get(struct store *s, const char *address,
    struct store_identity *idt)
{
	return db_row(s, columns, idt, IDENTITY "WHERE i.folded = lower(?)",
	    "t", address);
}

/*
 * smtpd compares in the same way: a tag is taken off unless the address in
 * the table has one itself.
 */
int
store_identity_find(struct store *s, const char *sender,
    struct store_identity *idt)
{
	char		 bare[STORE_ADDR_MAX + 1];
	const char	*at, *plus;
	int		 ret;

	if ((at = strrchr(sender, '@')) == NULL || at == sender)
		return 0;
	if ((ret = store_identity_get(s, sender, idt)) != 0)
		return ret;
	plus = strchr(sender, '+');
	if (plus != NULL && plus < at && plus != sender) {
		if (strlcpy(bare, sender, sizeof(bare)) >= sizeof(bare))
			return 0;
		(void)strlcpy(bare + (plus - sender), at,
		    sizeof(bare) - (plus - sender));
		if ((ret = store_identity_get(s, bare, idt)) != 0)
			return ret;
	}
	return store_identity_get(s, at, idt);
}

int
store_identity_each(struct store *s, const char *user,
    int (*cb)(const struct store_identity *, void *), void *arg)
{
	struct store_identity	 idt;
	struct db_query		*q;
	int			 ret;

	if (user == NULL)
		q = db_get(s, IDENTITY "ORDER BY i.user, i.folded", "");
	else
		q = db_get(s, IDENTITY "WHERE i.user = lower(?) "
		    "ORDER BY i.folded", "t", user);
	while ((ret = db_next(s, q, columns, &idt)) == 1)
		if (cb(&idt, arg) != 0)
			return db_stop(s, q);
	return ret;
}

static int
check_account(struct store *s, uint64_t account)
{
	struct store_account	 acc;
	int			 ret;

	if (account == 0)
		return 0;
	if ((ret = store_account_byid(s, account, &acc)) == 0)
		return db_fail(s, STORE_REFUSED, "there is no such account");
	return ret == -1 ? -1 : 0;
}

/* The user's own that is not verified yet: 1 and *id, 0 or -1. */
static int
take_up(struct store *s, const char *user, const char *folded,
    const char *address, uint64_t account, int verified, time_t now,
    uint64_t *id)
{
	struct store_identity	 idt;
	int			 ret;

	if ((ret = store_identity_get(s, folded, &idt)) != 1)
		return ret;
	if (strcmp(idt.user, user) != 0 || idt.verified != 0)
		return 0;
	*id = idt.id;
	if (db_run(s, "UPDATE identity SET address = ?, "
	    "account = nullif(?, 0), verified = nullif(?, 0) WHERE id = ?",
	    "tidi", address, account, verified ? now : 0, idt.id) == -1)
		return -1;
	if (verified && db_run(s, "DELETE FROM identity_code "
	    "WHERE identity = ?", "i", idt.id) == -1)
		return -1;
	return 1;
}

static int
insert_identity(struct store *s, const char *user, const char *address,
    const char *folded, uint64_t account, int verified, time_t now,
    uint64_t *id)
{
	return db_insert(s, id, "INSERT INTO identity (user, address, folded, "
	    "account, verified, created) VALUES (?, ?, ?, nullif(?, 0), "
	    "nullif(?, 0), ?)", "tttidd", user, address, folded, account,
	    verified ? now : 0, now);
}

int
store_identity_add(struct store *s, const char *user, const char *address,
    uint64_t account, int verified, const char *const *domains, size_t n,
    time_t now, uint64_t *id)
{
	char	 folded[STORE_ADDR_MAX + 1], who[STORE_LOGIN_MAX + 1];
	int	 ret;

	if (store_identity_user(s, user, who) == -1 ||
	    store_identity_form(s, address) == -1 ||
	    rule_fold(s, address, folded) == -1 || db_enter(s) == -1)
		return -1;
	if ((ret = check_account(s, account)) == 0)
		ret = take_up(s, who, folded, address, account, verified,
		    now, id);
	if (ret == 1)
		return db_leave(s, 0);
	if (ret == 0 && check_room(s, who) == 0 &&
	    check_free(s, who, folded, domains, n) == 0 &&
	    insert_identity(s, who, address, folded, account, verified, now,
	    id) == 0)
		ret = 1;
	else
		ret = -1;
	return db_leave(s, ret);
}

int
store_identity_del(struct store *s, const char *user, const char *address)
{
	return db_write(s, "DELETE FROM identity WHERE user = lower(?) AND "
	    "folded = lower(?)", "tt", user, address);
}
