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
 * Imports: whatever is read, the store is sound afterwards, and what it took
 * it writes out and takes again.
 */

#include <stdlib.h>
#include <unistd.h>

#include "fuzz.h"
#include "lib/store_sound.h"
#include "smtprelayctl/store_export.h"

static struct store	*store;

static void
open_store(void)
{
	struct store_err	 err;
	char			 path[] = "/tmp/import_fuzz.XXXXXXXX";
	int			 fd;

	if ((fd = mkstemp(path)) == -1)
		abort();
	close(fd);
	store = store_open(path, STORE_CREATE, 100, &err);
	CLAIM(store != NULL);
	(void)unlink(path);
}

/* Reads size bytes within a transaction of its own that is not kept. */
static int
import(const char *text, size_t size, char **out, size_t *outlen)
{
	FILE		*fp;
	uint64_t	 rows;
	int		 ret;

	if ((fp = fmemopen((void *)(uintptr_t)text, size, "r")) == NULL)
		abort();
	ret = store_import(store, fp, &rows);
	fclose(fp);
	if (ret == -1) {
		CLAIM(store_error(store)->kind == STORE_REFUSED);
		return -1;
	}
	CLAIM(store_sound(store) == 1);
	if ((fp = open_memstream(out, outlen)) == NULL)
		abort();
	CLAIM(store_export(store, fp, 0, &rows) == 0);
	fclose(fp);
	return 0;
}

static int
import_once(const char *text, size_t size, char **out, size_t *outlen)
{
	int	 ret;

	CLAIM(store_begin(store) == 0);
	ret = import(text, size, out, outlen);
	store_rollback(store);
	return ret;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	*once = NULL, *twice = NULL;
	size_t	 len, again;

	if (store == NULL)
		open_store();
	if (size == 0 ||
	    import_once((const char *)data, size, &once, &len) == -1)
		return 0;
	CLAIM(import_once(once, len, &twice, &again) == 0);
	CLAIM(len == again && memcmp(once, twice, len) == 0);
	free(once);
	free(twice);
	return 0;
}
