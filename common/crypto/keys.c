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

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/compat.h"
#include "base/lex.h"
#include "crypto/keys.h"

#define KEYS_FILE_MAX	(64 * 1024)	/* bytes of a key file */

struct key {
	uint8_t		 id;
	int		 retired;
	time_t		 created;
	uint8_t		 secret[KEYS_SECRET];
};

struct keys {
	char		 path[PATH_MAX];
	dev_t		 dev;		/* of the file as it was read */
	ino_t		 ino;
	struct timespec	 mtime;
	off_t		 size;
	size_t		 n;
	size_t		 signer;	/* index; n if no key is live */
	struct key	 key[KEYS_MAX];
};

#define FIELDS	5

static int	set_error(char *err, size_t errsize, const char *fmt, ...)
	    __attribute__((__format__(printf, 3, 4)));

/* Writes one sentence into err; always returns -1. */
static int
set_error(char *err, size_t errsize, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	(void)vsnprintf(err, errsize, fmt, ap);
	va_end(ap);
	return -1;
}

/* Finds the key that signs: the newest live one, of equal age the last. */
static void
choose_signer(struct keys *keys)
{
	size_t	 i;

	keys->signer = keys->n;
	for (i = 0; i < keys->n; i++) {
		if (keys->key[i].retired)
			continue;
		if (keys->signer == keys->n ||
		    keys->key[i].created >= keys->key[keys->signer].created)
			keys->signer = i;
	}
}

static int
parse_secret(const char *s, struct key *key)
{
	int	 hi, lo;
	size_t	 i;

	if (key->retired)
		return strcmp(s, "-") == 0 ? 0 : -1;
	if (strlen(s) != 2 * KEYS_SECRET)
		return -1;
	for (i = 0; i < KEYS_SECRET; i++) {
		if ((hi = lex_hex(s[2 * i])) == -1 ||
		    (lo = lex_hex(s[2 * i + 1])) == -1)
			return -1;
		key->secret[i] = hi << 4 | lo;
	}
	return 0;
}

/* Reads one line into the next key.  Returns what is wrong, or NULL. */
static const char *
parse_line(struct keys *keys, char *line)
{
	struct key	*key;
	char		*f[FIELDS], *p;
	const char	*bad;
	size_t		 i, n = 0;

	if (line[0] == '#' || line[0] == '\0')
		return NULL;
	if (keys->n == KEYS_MAX)
		return "too many keys";
	while ((p = strsep(&line, " \t")) != NULL) {
		if (*p == '\0')
			continue;
		if (n == FIELDS)
			return "too many words";
		f[n++] = p;
	}
	if (n != FIELDS || strcmp(f[0], "key") != 0)
		return "expected: key ID STATE CREATED SECRET";
	key = &keys->key[keys->n];
	key->id = strtonum(f[1], 1, KEYS_MAX, &bad);
	if (bad != NULL)
		return "the id is not 1 to 255";
	for (i = 0; i < keys->n; i++)
		if (keys->key[i].id == key->id)
			return "the id stands twice";
	if (strcmp(f[2], "live") != 0 && strcmp(f[2], "retired") != 0)
		return "the state is neither live nor retired";
	key->retired = f[2][0] == 'r';
	key->created = strtonum(f[3], 0, UINT32_MAX, &bad);
	if (bad != NULL)
		return "the time is no number";
	if (parse_secret(f[4], key) == -1)
		return "the secret is malformed";
	keys->n++;
	return NULL;
}

static int
parse(struct keys *keys, char *buf, char *err, size_t errsize)
{
	const char	*bad;
	char		*line;
	int		 lineno = 0;

	keys->n = 0;
	while ((line = strsep(&buf, "\n")) != NULL) {
		lineno++;
		if ((bad = parse_line(keys, line)) != NULL)
			return set_error(err, errsize, "key file %s:%d: %s",
			    keys->path, lineno, bad);
	}
	choose_signer(keys);
	if (keys->signer == keys->n)
		return set_error(err, errsize, "key file %s: holds no live "
		    "key", keys->path);
	return 0;
}

static int
check(const struct keys *keys, const struct stat *st, char *err,
    size_t errsize)
{
	if (!S_ISREG(st->st_mode))
		return set_error(err, errsize, "key file %s: not a regular "
		    "file", keys->path);
	if (st->st_uid != 0 && st->st_uid != getuid())
		return set_error(err, errsize, "key file %s: belongs to user "
		    "%u; use chown root", keys->path,
		    (unsigned int)st->st_uid);
	if ((st->st_mode & S_IRWXO) != 0)
		return set_error(err, errsize, "key file %s: mode %04o lets "
		    "others at it; use chmod 0640", keys->path,
		    (unsigned int)st->st_mode & 07777);
	if ((st->st_mode & S_IWGRP) != 0)
		return set_error(err, errsize, "key file %s: mode %04o lets "
		    "its group write; use chmod 0640", keys->path,
		    (unsigned int)st->st_mode & 07777);
	if (st->st_size > KEYS_FILE_MAX)
		return set_error(err, errsize, "key file %s: too large",
		    keys->path);
	return 0;
}

/* Reads the file into keys, whose path is set.  0, or -1 with err. */
static int
read_file(struct keys *keys, char *err, size_t errsize)
{
	struct stat	 st;
	char		*buf = NULL;
	ssize_t		 n;
	size_t		 len = 0;
	int		 fd, ret = -1;

	fd = open(keys->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1 || fstat(fd, &st) == -1) {
		(void)set_error(err, errsize, "key file %s: %s%s", keys->path,
		    strerror(errno), errno == ENOENT ?
		    " (bring back a copy, or smtprelayctl init makes a new "
		    "one)" : "");
		goto out;
	}
	if (check(keys, &st, err, errsize) == -1)
		goto out;
	if ((buf = calloc(1, KEYS_FILE_MAX + 1)) == NULL) {
		(void)set_error(err, errsize, "out of memory");
		goto out;
	}
	while (len < KEYS_FILE_MAX &&
	    (n = read(fd, buf + len, KEYS_FILE_MAX - len)) > 0)
		len += n;
	if (strlen(buf) != len) {
		(void)set_error(err, errsize, "key file %s: not text",
		    keys->path);
		goto out;
	}
	keys->dev = st.st_dev;
	keys->ino = st.st_ino;
	keys->mtime = st.st_mtim;
	keys->size = st.st_size;
	ret = parse(keys, buf, err, errsize);
 out:
	freezero(buf, KEYS_FILE_MAX + 1);
	if (fd != -1)
		close(fd);
	return ret;
}

static int
write_keys(const struct keys *keys, FILE *fp)
{
	size_t	 i, j;

	fprintf(fp, "# Secret. Made by smtprelayctl; see key rotate.\n");
	for (i = 0; i < keys->n; i++) {
		fprintf(fp, "key %u %s %lld ", keys->key[i].id,
		    keys->key[i].retired ? "retired" : "live",
		    (long long)keys->key[i].created);
		if (keys->key[i].retired)
			fputc('-', fp);
		else
			for (j = 0; j < KEYS_SECRET; j++)
				fprintf(fp, "%02x", keys->key[i].secret[j]);
		fputc('\n', fp);
	}
	return ferror(fp) || fflush(fp) == EOF ? -1 : 0;
}

/* Makes what a rename did last through a power cut. */
static int
sync_dir(const char *path)
{
	char	 dir[PATH_MAX], *slash;
	int	 fd, ret;

	if (strlcpy(dir, path, sizeof(dir)) >= sizeof(dir))
		return -1;
	if ((slash = strrchr(dir, '/')) == NULL)
		(void)strlcpy(dir, ".", sizeof(dir));
	else if (slash == dir)
		dir[1] = '\0';
	else
		*slash = '\0';
	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -1;
	ret = fsync(fd);
	close(fd);
	return ret;
}

/*
 * Puts keys into place of its path: a file beside it, synchronised, then
 * renamed over it, or linked if nothing may be there yet (excl; 0 if there
 * is).  Returns 1, 0 or -1.
 */
static int
replace(const struct keys *keys, uid_t uid, gid_t gid, int excl, char *err,
    size_t errsize)
{
	char	 tmp[PATH_MAX], buf[BUFSIZ];
	FILE	*fp = NULL;
	int	 fd, n, ret = -1;

	n = snprintf(tmp, sizeof(tmp), "%s.XXXXXXXXXX", keys->path);
	if (n < 0 || (size_t)n >= sizeof(tmp))
		return set_error(err, errsize, "key file: path too long");
	if ((fd = mkstemp(tmp)) == -1)
		return set_error(err, errsize, "key file %s: %s", tmp,
		    strerror(errno));
	if (fchown(fd, uid, gid) == -1 || fchmod(fd, 0640) == -1 ||
	    (fp = fdopen(fd, "w")) == NULL)
		goto out;
	setvbuf(fp, buf, _IOFBF, sizeof(buf));
	if (write_keys(keys, fp) == -1 || fsync(fd) == -1)
		goto out;
	if (!excl)
		ret = rename(tmp, keys->path) == -1 ? -1 : 1;
	else if (link(tmp, keys->path) == 0)
		ret = 1;
	else
		ret = errno == EEXIST ? 0 : -1;
	if (ret == 1 && sync_dir(keys->path) == -1)
		ret = -1;
 out:
	if (ret == -1)
		(void)set_error(err, errsize, "key file %s: %s", keys->path,
		    strerror(errno));
	if (fp != NULL)
		fclose(fp);
	else
		close(fd);
	explicit_bzero(buf, sizeof(buf));
	if (excl || ret == -1)
		(void)unlink(tmp);
	return ret;
}

/* Adds a fresh key; forgets the first retired one if ids run out. */
static int
add_key(struct keys *keys, time_t now)
{
	struct key	*key;
	uint8_t		 used[KEYS_MAX + 1] = { 0 };
	size_t		 i;
	int		 id, newest = 0;

	if (keys->n == KEYS_MAX) {
		for (i = 0; i < keys->n && !keys->key[i].retired; i++)
			continue;
		if (i == keys->n)
			return -1;
		memmove(&keys->key[i], &keys->key[i + 1],
		    (keys->n - i - 1) * sizeof(keys->key[0]));
		keys->n--;
	}
	for (i = 0; i < keys->n; i++) {
		used[keys->key[i].id] = 1;
		newest = keys->key[i].id;
		if (keys->key[i].created > now)
			now = keys->key[i].created;
	}
	for (id = newest % KEYS_MAX + 1; used[id]; id = id % KEYS_MAX + 1)
		continue;
	key = &keys->key[keys->n++];
	memset(key, 0, sizeof(*key));
	key->id = id;
	key->created = now;
	arc4random_buf(key->secret, sizeof(key->secret));
	choose_signer(keys);
	return id;
}

int
keys_init(const char *path, uid_t uid, gid_t gid, time_t now, char *err,
    size_t errsize)
{
	struct keys	*keys;
	struct stat	 st;
	int		 ret;

	if (lstat(path, &st) == 0)
		return 0;
	if ((keys = calloc(1, sizeof(*keys))) == NULL)
		return set_error(err, errsize, "out of memory");
	if (strlcpy(keys->path, path, sizeof(keys->path)) >=
	    sizeof(keys->path))
		ret = set_error(err, errsize, "key file: path too long");
	else {
		(void)add_key(keys, now);
		ret = replace(keys, uid, gid, 1, err, errsize);
	}
	keys_free(keys);
	return ret;
}

/*
 * Opens the file for a change and locks its directory entry's inode, so that
 * two changes at once do not lose one.  Returns the lock's descriptor or -1.
 */
static int
open_locked(const char *path, struct keys **keys, struct stat *st, char *err,
    size_t errsize)
{
	struct stat	 now;
	int		 fd;

	for (;;) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd == -1 || flock(fd, LOCK_EX) == -1 ||
		    fstat(fd, st) == -1) {
			(void)set_error(err, errsize, "key file %s: %s", path,
			    strerror(errno));
			break;
		}
		if (stat(path, &now) == -1 || now.st_ino != st->st_ino ||
		    now.st_dev != st->st_dev) {
			close(fd);	/* replaced while we waited */
			continue;
		}
		if ((*keys = keys_open(path, err, errsize)) == NULL)
			break;
		return fd;
	}
	if (fd != -1)
		close(fd);
	return -1;
}

int
keys_rotate(const char *path, time_t now, uint8_t *id, char *err,
    size_t errsize)
{
	struct keys	*keys;
	struct stat	 st;
	int		 fd, new, ret;

	if ((fd = open_locked(path, &keys, &st, err, errsize)) == -1)
		return -1;
	if ((new = add_key(keys, now)) == -1)
		ret = set_error(err, errsize, "key file %s: 255 live keys; "
		    "retire some first", path);
	else
		ret = replace(keys, st.st_uid, st.st_gid, 0, err, errsize);
	keys_free(keys);
	close(fd);
	if (ret == -1)
		return -1;
	*id = new;
	return 0;
}

int
keys_retire(const char *path, uint8_t id, char *err, size_t errsize)
{
	struct keys	*keys;
	struct stat	 st;
	size_t		 i, live = 0, found;
	int		 fd, ret;

	if ((fd = open_locked(path, &keys, &st, err, errsize)) == -1)
		return -1;
	found = keys->n;
	for (i = 0; i < keys->n; i++) {
		live += !keys->key[i].retired;
		if (keys->key[i].id == id && !keys->key[i].retired)
			found = i;
	}
	if (found == keys->n)
		ret = 0;
	else if (live == 1)
		ret = set_error(err, errsize, "key %u is the only live one; "
		    "rotate first", id);
	else {
		keys->key[found].retired = 1;
		explicit_bzero(keys->key[found].secret, KEYS_SECRET);
		ret = replace(keys, st.st_uid, st.st_gid, 0, err, errsize);
	}
	keys_free(keys);
	close(fd);
	return ret;
}

#define HASH_LEN	32

struct keys *
keys_open(const char *path, char *err, size_t errsize)
{
	struct keys	*keys;
	uint8_t		 mac[HASH_LEN];

	if ((keys = calloc(1, sizeof(*keys))) == NULL) {
		(void)set_error(err, errsize, "%s: %s", path, strerror(errno));
		return NULL;
	}
	if (strlcpy(keys->path, path, sizeof(keys->path)) >=
	    sizeof(keys->path)) {
		(void)set_error(err, errsize, "key file: path too long");
		keys_free(keys);
		return NULL;
	}
	if (read_file(keys, err, errsize) == -1) {
		keys_free(keys);
		return NULL;
	}
	/* Once now, so that libcrypto loads before a sandbox closes. */
	if (keys_hmac(keys, keys_signer(keys), "", 0, mac) != 1) {
		(void)set_error(err, errsize, "key file %s: libcrypto cannot "
		    "sign with it", path);
		keys_free(keys);
		return NULL;
	}
	explicit_bzero(mac, sizeof(mac));
	return keys;
}

void
keys_free(struct keys *keys)
{
	freezero(keys, sizeof(*keys));
}

int
keys_reload(struct keys *keys, char *err, size_t errsize)
{
	struct keys	*new;
	struct stat	 st;

	if (stat(keys->path, &st) == -1)
		return set_error(err, errsize, "key file %s: %s", keys->path,
		    strerror(errno));
	if (st.st_dev == keys->dev && st.st_ino == keys->ino &&
	    st.st_size == keys->size &&
	    st.st_mtim.tv_sec == keys->mtime.tv_sec &&
	    st.st_mtim.tv_nsec == keys->mtime.tv_nsec)
		return 0;
	if ((new = keys_open(keys->path, err, errsize)) == NULL)
		return -1;
	memcpy(keys, new, sizeof(*keys));
	keys_free(new);
	return 1;
}

size_t
keys_count(const struct keys *keys)
{
	return keys->n;
}

int
keys_info(const struct keys *keys, size_t i, struct keys_info *info)
{
	if (i >= keys->n)
		return -1;
	info->id = keys->key[i].id;
	info->retired = keys->key[i].retired;
	info->signs = i == keys->signer;
	info->created = keys->key[i].created;
	return 0;
}

uint8_t
keys_signer(const struct keys *keys)
{
	return keys->key[keys->signer].id;
}

static const struct key *
find_live(const struct keys *keys, uint8_t id)
{
	size_t	 i;

	for (i = 0; i < keys->n; i++)
		if (keys->key[i].id == id && !keys->key[i].retired)
			return &keys->key[i];
	return NULL;
}

int
keys_hmac(const struct keys *keys, uint8_t id, const void *data, size_t len,
    uint8_t mac[32])
{
	const struct key	*key;
	unsigned int		 maclen;

	if ((key = find_live(keys, id)) == NULL)
		return 0;
	if (HMAC(EVP_sha256(), key->secret, sizeof(key->secret), data, len,
	    mac, &maclen) == NULL || maclen != HASH_LEN)
		return -1;
	return 1;
}

int
keys_derive(const struct keys *keys, uint8_t id, const char *purpose,
    uint8_t *out, size_t len)
{
	const struct key	*key;

	if ((key = find_live(keys, id)) == NULL)
		return 0;
	if (keys_hkdf(NULL, 0, key->secret, sizeof(key->secret),
	    (const uint8_t *)purpose, strlen(purpose), out, len) == -1)
		return -1;
	return 1;
}

/* RFC 5869 section 2.3; info is at most INFO_MAX bytes. */
#define INFO_MAX	256
static int
expand(const uint8_t prk[HASH_LEN], const uint8_t *info, size_t infolen,
    uint8_t *out, size_t len)
{
	uint8_t		 block[HASH_LEN + INFO_MAX + 1];
	uint8_t		 t[HASH_LEN] = { 0 };
	size_t		 have = 0, n, done = 0;
	unsigned int	 maclen;
	uint8_t		 count = 0;
	int		 ret = -1;

	while (done < len) {
		memcpy(block, t, have);
		if (infolen > 0)
			memcpy(block + have, info, infolen);
		block[have + infolen] = ++count;
		if (HMAC(EVP_sha256(), prk, HASH_LEN, block,
		    have + infolen + 1, t, &maclen) == NULL)
			goto out;
		have = HASH_LEN;
		n = len - done < HASH_LEN ? len - done : HASH_LEN;
		memcpy(out + done, t, n);
		done += n;
	}
	ret = 0;
 out:
	explicit_bzero(t, sizeof(t));
	explicit_bzero(block, sizeof(block));
	return ret;
}

int
keys_hkdf(const uint8_t *salt, size_t saltlen, const uint8_t *ikm,
    size_t ikmlen, const uint8_t *info, size_t infolen, uint8_t *out,
    size_t len)
{
	static const uint8_t	 zero[HASH_LEN];
	uint8_t			 prk[HASH_LEN];
	unsigned int		 maclen;
	int			 ret;

	if (len == 0 || len > KEYS_HKDF_MAX || infolen > INFO_MAX)
		return -1;
	if (saltlen == 0) {
		salt = zero;
		saltlen = sizeof(zero);
	}
	if (saltlen > INT_MAX || HMAC(EVP_sha256(), salt, saltlen, ikm, ikmlen,
	    prk, &maclen) == NULL)
		return -1;
	ret = expand(prk, info, infolen, out, len);
	explicit_bzero(prk, sizeof(prk));
	return ret;
}
