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
 * Measures how many data lines a second a filter passes, with sessions
 * interleaved.  Plays smtpd on both ends of its pipes.
 *
 *	filterbench [-x] [-l lines] [-s sessions] [-h headerfile] sender
 *	    recipient command [argument ...]
 *
 * Prints lines a second.  The header, sent before the clock starts, is taken
 * from a file or is a plain one.  -x is for filters that want data lines only.
 */

#include <sys/types.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BLOCK		20000		/* lines that are repeated */
#define DEADLINE	30000		/* ms without progress */

static int to, from;			/* pipes */
static char rest[1 << 20];		/* what came and was not taken yet */
static size_t nrest;
static size_t dots;			/* messages that have ended */

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void
pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) == -1)
		warn("sched_setaffinity");
}

static void
start(char **argv)
{
	int in[2], out[2];

	if (pipe(in) == -1 || pipe(out) == -1)
		err(1, "pipe");
	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0:
		pin(1);
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[0]);
		close(in[1]);
		close(out[0]);
		close(out[1]);
		execvp(argv[0], argv);
		err(1, "%s", argv[0]);
	}
	close(in[0]);
	close(out[1]);
	to = in[1];
	from = out[0];
	pin(0);
#ifdef F_SETPIPE_SZ
	/* The fewer turns of the processes, the less they are measured. */
	fcntl(to, F_SETPIPE_SZ, 1 << 20);
	fcntl(from, F_SETPIPE_SZ, 1 << 20);
#endif
	if (fcntl(to, F_SETFL, O_NONBLOCK) == -1 ||
	    fcntl(from, F_SETFL, O_NONBLOCK) == -1)
		err(1, "fcntl");
}

/* Reads what is there; returns how many lines end in it. */
static size_t
take(void)
{
	static char space[2 + 256 * 1024], *buf = space + 2;
	const char *p, *end;
	size_t lines = 0;
	ssize_t n;

	if ((n = read(from, buf, sizeof(space) - 2)) == 0)
		errx(1, "the filter ended");
	if (n == -1)
		return 0;
	for (p = buf, end = buf + n; (p = memchr(p, '\n', end - p)) != NULL;
	    p++) {
		lines++;
		if (p[-1] == '.' && p[-2] == '|')
			dots++;
	}
	/* The last bytes, for who wants to read them. */
	nrest = (size_t)n < sizeof(rest) ? (size_t)n : 0;
	memcpy(rest, buf, nrest);
	space[0] = n > 1 ? buf[n - 2] : space[1];
	space[1] = buf[n - 1];
	return lines;
}

static size_t
data_line(char *buf, size_t size, int session, const char *line)
{
	int n;

	n = snprintf(buf, size, "filter|0.7|1576147242.200225|smtp-in|"
	    "data-line|%016x|%016x|%s\n", session + 1, 7, line);
	if (n < 0 || (size_t)n >= size)
		errx(1, "line too long");
	return n;
}

/* Writes len bytes times over, and reads until so many lines are back. */
static void
exchange_many(const char *p, size_t len, long times, size_t want)
{
	struct pollfd pfd[2] = {
		{ .fd = from, .events = POLLIN }, { .fd = to }
	};
	size_t got = 0, pos = 0;
	ssize_t n;

	while (times > 0 || got < want) {
		pfd[1].events = times > 0 ? POLLOUT : 0;
		if (poll(pfd, 2, DEADLINE) < 1)
			errx(1, "%zu of %zu lines came", got, want);
		if (pfd[0].revents)
			got += take();
		if (times == 0 || !pfd[1].revents)
			continue;
		if ((n = write(to, p + pos, len - pos)) == -1) {
			if (errno != EAGAIN)
				err(1, "write");
			continue;
		}
		if ((pos += n) == len) {
			pos = 0;
			times--;
		}
	}
	if (got > want && want > 0)
		errx(1, "%zu lines, not %zu", got, want);
}

static void
exchange(const char *p, size_t len, size_t want)
{
	exchange_many(p, len, 1, want);
}

/* Ends the messages and waits until all of them have come. */
static void
finish(int sessions)
{
	struct pollfd pfd = { .fd = from, .events = POLLIN };
	char buf[4096];
	int i;

	for (i = 0; i < sessions; i++)
		exchange(buf, data_line(buf, sizeof(buf), i, "."), 0);
	while (dots < (size_t)sessions) {
		if (poll(&pfd, 1, DEADLINE) < 1)
			errx(1, "%zu of %d messages came", dots, sessions);
		take();
	}
}

/* Waits for register|ready. */
static void
registered(void)
{
	static const char config[] = "config|smtpd-version|7.6.0\n"
	    "config|protocol|0.7\nconfig|smtp-session-timeout|300\n"
	    "config|subsystem|smtp-in\nconfig|admd|mx\nconfig|ready\n";
	struct pollfd pfd = { .fd = from, .events = POLLIN };

	exchange(config, sizeof(config) - 1, 0);
	for (;;) {
		if (nrest >= 6 && memcmp(rest + nrest - 6, "ready\n", 6) == 0)
			return;
		if (poll(&pfd, 1, DEADLINE) < 1)
			errx(1, "not registered");
		take();
	}
}

static void
begin(int sessions, const char *sender, const char *rcpt, int phases)
{
	char buf[4096];
	int i, n;

	for (i = 0; i < sessions; i++) {
		n = snprintf(buf, sizeof(buf), "report|0.7|1576147242.200225|"
		    "smtp-in|link-connect|%016x|c.test|pass|192.0.2.1:33|"
		    "192.0.2.2:25\n", i + 1);
		exchange(buf, n, 0);
		if (!phases)
			continue;
		n = snprintf(buf, sizeof(buf), "filter|0.7|1576147242.200225|"
		    "smtp-in|mail-from|%016x|%016x|%s\n", i + 1, 7, sender);
		exchange(buf, n, 1);
		n = snprintf(buf, sizeof(buf), "filter|0.7|1576147242.200225|"
		    "smtp-in|rcpt-to|%016x|%016x|%s\n", i + 1, 7, rcpt);
		exchange(buf, n, 1);
		if (memmem(rest, nrest, "|reject|", 8) != NULL)
			errx(1, "rejected: %.*s", (int)nrest, rest);
	}
}

/* The header goes out first; what comes back of it is not measured. */
static void
header(int sessions, const char *path)
{
	struct pollfd pfd = { .fd = from, .events = POLLIN };
	char line[2048], buf[4096];
	FILE *f;
	int i;

	for (i = 0; i < sessions; i++) {
		if (path == NULL) {
			exchange(buf, data_line(buf, sizeof(buf), i,
			    "Subject: x"), 1);
			exchange(buf, data_line(buf, sizeof(buf), i, ""), 1);
			continue;
		}
		if ((f = fopen(path, "r")) == NULL)
			err(1, "%s", path);
		while (fgets(line, sizeof(line), f) != NULL) {
			line[strcspn(line, "\n")] = '\0';
			exchange(buf, data_line(buf, sizeof(buf), i, line), 0);
		}
		fclose(f);
		exchange(buf, data_line(buf, sizeof(buf), i, ""), 0);
	}
	/* Until nothing has come for a while. */
	while (path != NULL && poll(&pfd, 1, 500) == 1)
		take();
}

/* Lines of all sessions in turn. */
static char *
block(int sessions, size_t *len)
{
	static const char *const text[] = {
		"Dear customer, thank you for your question about the order.",
		"It left our house on Monday and should be with you by now;",
		"the number is 4711-0815. You can reach me at the usual place,",
		"> On Friday support@company.example wrote: see our answer,",
		"and please keep the parcel's label until then. Kind regards",
	};
	char *buf;
	size_t size = BLOCK * 256;
	int i;

	if ((buf = malloc(size)) == NULL)
		err(1, NULL);
	*len = 0;
	for (i = 0; i < BLOCK; i++)
		*len += data_line(buf + *len, size - *len, i % sessions,
		    text[i / sessions % 5]);
	return buf;
}

int
main(int argc, char **argv)
{
	const char *path = NULL;
	char *buf;
	size_t len;
	long lines = 2000000;
	int ch, sessions = 64, phases = 1;
	double t;

	while ((ch = getopt(argc, argv, "+h:l:s:x")) != -1)
		switch (ch) {
		case 'h':
			path = optarg;
			break;
		case 'l':
			lines = atol(optarg);
			break;
		case 's':
			sessions = atoi(optarg);
			break;
		case 'x':
			phases = 0;
			break;
		default:
			return 2;
		}
	argc -= optind;
	argv += optind;
	if (argc < 3 || sessions < 1 || lines < BLOCK)
		errx(2, "usage: filterbench [-x] [-h header] [-l lines] "
		    "[-s sessions] sender recipient command ...");
	signal(SIGPIPE, SIG_IGN);
	start(argv + 2);
	registered();
	begin(sessions, argv[0], argv[1], phases);
	header(sessions, path);
	buf = block(sessions, &len);
	t = now();
	exchange_many(buf, len, lines / BLOCK, path != NULL ? 0 :
	    lines / BLOCK * BLOCK);
	finish(sessions);
	printf("%.0f\n", lines / BLOCK * BLOCK / (now() - t));
	close(to);
	wait(NULL);
	return 0;
}
