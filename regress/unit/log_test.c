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
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/log.h"
#include "test.h"

static char	 path[] = "/tmp/log_test.XXXXXX";
static char	 text[65536];
static int	 saved = -1, file = -1;

/* What goes to standard error until caught() is called goes to a file. */
static void
catch(void)
{
	fflush(stderr);
	saved = dup(STDERR_FILENO);
	if (ftruncate(file, 0) == -1 || saved == -1 ||
	    dup2(file, STDERR_FILENO) == -1)
		abort();
	lseek(file, 0, SEEK_SET);
}

static const char *
caught(void)
{
	ssize_t	 n;

	fflush(stderr);
	if (dup2(saved, STDERR_FILENO) == -1)
		abort();
	close(saved);
	n = pread(file, text, sizeof(text) - 1, 0);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static unsigned int
lines(const char *s)
{
	unsigned int	 n = 0;

	for (; *s != '\0'; s++)
		n += *s == '\n';
	return n;
}

static void
test_lines(void)
{
	char	 big[4 * LOG_LINE_MAX];

	log_init("prog", 1);
	catch();
	log_info("one %d", 1);
	log_debug("unseen");
	log_procinit("engine");
	errno = ENOENT;
	log_warn("open %s", "x");
	log_setverbose(1);
	log_debug("seen");
	log_procinit(NULL);
	log_warnx("bad\n\r\033[1m\300\200 end");
	CHECK_STR(caught(), "prog: one 1\n"
	    "prog: engine: open x: No such file or directory\n"
	    "prog: engine: seen\n"
	    "prog: bad???[1m?? end\n");

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	catch();
	log_info("%s", big);
	CHECK(strlen(caught()) == strlen("prog: \n") + LOG_LINE_MAX - 1);
}

static void
test_rate(void)
{
	struct lograte	*lr = lograte_new();
	char		 key[32];
	int		 i, written = 0;

	if (lr == NULL)
		abort();
	catch();
	for (i = 0; i < 25; i++)
		written += lograte_info(lr, 100 + i, "1.2.3.4", "no %d", i);
	CHECK(lines(caught()) == LOGRATE_LINES);
	CHECK(written == LOGRATE_LINES);

	/* Another source has a share of its own. */
	catch();
	CHECK(lograte_info(lr, 130, "other", "no") == 1);
	CHECK_STR(caught(), "prog: no\n");

	catch();
	lograte_flush(lr, 100 + LOGRATE_WINDOW - 1);
	CHECK_STR(caught(), "");
	catch();
	lograte_flush(lr, 100 + LOGRATE_WINDOW);
	CHECK_STR(caught(),
	    "prog: 15 more lines about 1.2.3.4 were held back\n");
	catch();
	CHECK(lograte_info(lr, 161, "1.2.3.4", "again") == 1);
	CHECK_STR(caught(), "prog: again\n");

	/* Memory is bounded, and nobody's count is lost. */
	catch();
	for (i = 0; i < 12; i++)
		(void)lograte_info(lr, 170, "noisy", "x");
	for (i = 0; i < LOGRATE_KEYS; i++) {
		(void)snprintf(key, sizeof(key), "k%d", i);
		(void)lograte_info(lr, 170, key, "x");
	}
	CHECK(strstr(caught(), "2 more lines about noisy") != NULL);
	lograte_free(lr);
	lograte_free(NULL);
}

int
main(void)
{
	if ((file = mkstemp(path)) == -1)
		abort();
	unlink(path);
	test_lines();
	test_rate();
	return test_done();
}
