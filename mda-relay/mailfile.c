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

#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/compat.h"
#include "mailfile.h"

#define MAILFILE_CHUNK	65536

/*
 * A file that never had a name where the system can make one, else one
 * whose name lived for a moment.
 */
static int
named(const char *dir, size_t dirlen)
{
	char	path[PATH_MAX];
	int	fd, n;

#ifdef O_TMPFILE
	n = snprintf(path, sizeof(path), "%.*s", (int)dirlen, dir);
	if (n < 0 || (size_t)n >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = open(path, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
	if (fd != -1 || (errno != EOPNOTSUPP && errno != EISDIR &&
	    errno != ENOENT && errno != EINVAL))
		return fd;
#endif
	n = snprintf(path, sizeof(path), "%.*s/.spool.XXXXXXXXXX",
	    (int)dirlen, dir);
	if (n < 0 || (size_t)n >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if ((fd = mkostemp(path, O_CLOEXEC)) == -1)
		return -1;
	if (unlink(path) == -1) {
		n = errno;
		close(fd);
		errno = n;
		return -1;
	}
	return fd;
}

int
mailfile_open(const char *database)
{
	const char	*slash;
	size_t		 len;

	if ((slash = strrchr(database, '/')) == NULL) {
		errno = EINVAL;
		return -1;
	}
	len = slash == database ? 1 : (size_t)(slash - database);
	return named(database, len);
}

static int
write_all(int fd, const char *p, size_t len)
{
	ssize_t	n;

	while (len > 0) {
		if ((n = write(fd, p, len)) == -1) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
copy(int fd, int in, EVP_MD_CTX *md)
{
	char	buf[MAILFILE_CHUNK];
	int64_t	total = 0;
	ssize_t	n;

	for (;;) {
		if ((n = read(in, buf, sizeof(buf))) == -1) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		if (n == 0)
			return 0;
		if ((total += n) > MAILFILE_MAX) {
			errno = EFBIG;
			return -1;
		}
		if (EVP_DigestUpdate(md, buf, (size_t)n) != 1) {
			errno = ENOMEM;
			return -1;
		}
		if (write_all(fd, buf, (size_t)n) == -1)
			return -1;
	}
}

int
mailfile_fill(int fd, int in, const char *recipient,
    uint8_t digest[MAILFILE_DIGEST])
{
	EVP_MD_CTX	*md;
	unsigned int	 len;
	int		 ret = -1;

	if ((md = EVP_MD_CTX_new()) == NULL) {
		errno = ENOMEM;
		return -1;
	}
	errno = ENOMEM;
	if (EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1 ||
	    EVP_DigestUpdate(md, recipient, strlen(recipient) + 1) != 1)
		goto out;
	if (copy(fd, in, md) == -1)
		goto out;
	errno = ENOMEM;
	if (EVP_DigestFinal_ex(md, digest, &len) != 1 || len != MAILFILE_DIGEST)
		goto out;
	ret = 0;
out:
	EVP_MD_CTX_free(md);
	return ret;
}

int
mailfile_clear(int fd)
{
	if (ftruncate(fd, 0) == -1)
		return -1;
	return mailfile_rewind(fd);
}

int
mailfile_rewind(int fd)
{
	return lseek(fd, 0, SEEK_SET) == -1 ? -1 : 0;
}
