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
 * Asks tables as smtpd does, one lookup at a time, and says how many a
 * second each answers.  Tables and driver share one processor, so that what
 * a table spends shows in full.  Rounds of all tables alternate; what is
 * printed is the median of each table's rates, and the median of their ratios
 * to the first table's rate in the same round.
 *
 *	tablebench [-c cpu] [-n lookups] [-r rounds] [-t name] keys table ...
 *	table: NAME,imsg|text,SERVICE,strip|whole,PROGRAM[,ARGUMENT]
 *
 * keys is a file with a key a line; strip asks for what stands before `@'.
 * Tables are called name, or bench.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <err.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TABLES_MAX	16
#define ROUNDS_MAX	999

struct table {
	char	*name, *service, *path, *arg;
	int	 text, strip;
	int	 fd;
	pid_t	 pid;
	double	 rate[ROUNDS_MAX];
	double	 ratio[ROUNDS_MAX];	/* to the first table's */
};

static const char *called = "bench";
static char	**keys;
static size_t	  nkeys, misses;

static void
load(const char *path)
{
	FILE	*fp;
	char	*line = NULL;
	size_t	 size = 0, room = 0;
	ssize_t	 n;

	if ((fp = fopen(path, "r")) == NULL)
		err(1, "%s", path);
	while ((n = getline(&line, &size, fp)) > 1) {
		line[n - 1] = '\0';
		if (nkeys == room) {
			room = room * 2 + 1024;
			keys = realloc(keys, room * sizeof(*keys));
			if (keys == NULL)
				err(1, NULL);
		}
		if ((keys[nkeys++] = strdup(line)) == NULL)
			err(1, NULL);
	}
	fclose(fp);
	if (nkeys == 0)
		errx(1, "%s: no keys", path);
}

static void
parse(struct table *t, char *spec)
{
	char	*f;

	t->name = strsep(&spec, ",");
	f = strsep(&spec, ",");
	t->text = f != NULL && strcmp(f, "text") == 0;
	t->service = strsep(&spec, ",");
	f = strsep(&spec, ",");
	t->strip = f != NULL && strcmp(f, "strip") == 0;
	t->path = strsep(&spec, ",");
	t->arg = spec;
	if (t->path == NULL)
		errx(1, "a table has five fields or six");
}

/* An imsg from the table: returns the bytes of its data. */
static size_t
recv_imsg(struct table *t, unsigned char *buf, size_t size)
{
	uint16_t	len;
	size_t		have = 0;
	ssize_t		n;

	do {
		if ((n = read(t->fd, buf + have, size - have)) <= 0)
			errx(1, "%s has gone", t->name);
		have += n;
		memcpy(&len, buf + 4, sizeof(len));
	} while (have < 16 || have < len);
	return len - 16;
}

static void
send_imsg(struct table *t, uint32_t type, const void *data, size_t len)
{
	unsigned char	buf[4096] = { 0 };
	uint16_t	total = (uint16_t)(16 + len);

	memcpy(buf, &type, sizeof(type));
	memcpy(buf + 4, &total, sizeof(total));
	memcpy(buf + 16, data, len);
	if (write(t->fd, buf, total) != total)
		err(1, "%s", t->name);
}

static void
recv_line(struct table *t, char *buf, size_t size)
{
	size_t	have = 0;
	ssize_t	n;

	do {
		if ((n = read(t->fd, buf + have, size - 1 - have)) <= 0)
			errx(1, "%s has gone", t->name);
		have += n;
	} while (buf[have - 1] != '\n');
	buf[have] = '\0';
}

static void
start(struct table *t)
{
	unsigned char		buf[4096];
	char			hello[256];
	struct {
		uint32_t	version;
		char		name[2048];
	} open = { 2, "" };
	int			sp[2], len;

	snprintf(open.name, sizeof(open.name), "%s", called);
	len = snprintf(hello, sizeof(hello), "config|smtpd-version|7.8.0\n"
	    "config|protocol|0.1\nconfig|tablename|%s\nconfig|ready\n",
	    called);

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sp) == -1)
		err(1, "socketpair");
	if ((t->pid = fork()) == -1)
		err(1, "fork");
	if (t->pid == 0) {
		dup2(sp[1], 0);
		if (t->text)
			dup2(sp[1], 1);
		closefrom(3);
		execl(t->path, called, t->arg, (char *)NULL);
		err(1, "%s", t->path);
	}
	close(sp[1]);
	t->fd = sp[0];
	if (!t->text) {
		send_imsg(t, 2, &open, sizeof(open));
		recv_imsg(t, buf, sizeof(buf));
		return;
	}
	if (write(t->fd, hello, len) == -1)
		err(1, "%s", t->name);
	do
		recv_line(t, (char *)buf, sizeof(buf));
	while (strstr((char *)buf, "register|ready\n") == NULL);
}

static void
lookup(struct table *t, const char *key, unsigned int id)
{
	unsigned char	 buf[4096];
	static struct timespec ts;
	uint32_t	 service;
	size_t		 len = strlen(key), zero = 0;
	int32_t		 result;

	if (t->strip)
		len = strcspn(key, "@");
	if (t->text) {
		if (id % 1024 == 0)
			clock_gettime(CLOCK_REALTIME, &ts);
		len = snprintf((char *)buf, sizeof(buf),
		    "table|0.1|%lld.%06ld|%s|lookup|%s|%08x|%.*s\n",
		    (long long)ts.tv_sec, ts.tv_nsec / 1000, called,
		    t->service, id, (int)len, key);
		if (write(t->fd, buf, len) == -1)
			err(1, "%s", t->name);
		recv_line(t, (char *)buf, sizeof(buf));
		if (strstr((char *)buf, "|found|") == NULL)
			misses++;
		return;
	}
	service = strcmp(t->service, "alias") == 0 ? 0x01 :
	    strcmp(t->service, "mailaddr") == 0 ? 0x40 :
	    strcmp(t->service, "mailaddrmap") == 0 ? 0x100 : 0x10;
	memcpy(buf, &service, 4);
	memcpy(buf + 4, &zero, sizeof(zero));
	memcpy(buf + 4 + sizeof(zero), key, len);
	buf[4 + sizeof(zero) + len] = '\0';
	send_imsg(t, 6, buf, 4 + sizeof(zero) + len + 1);
	recv_imsg(t, buf, sizeof(buf));
	memcpy(&result, buf + 16, sizeof(result));
	if (result != 1)
		misses++;
}

static double
measure(struct table *t, size_t n)
{
	struct timespec	a, b;
	size_t		i;

	lookup(t, keys[0], 0);
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (i = 1; i <= n; i++)
		lookup(t, keys[i * 2654435761U % nkeys], (unsigned int)i);
	clock_gettime(CLOCK_MONOTONIC, &b);
	return n / (b.tv_sec - a.tv_sec + (b.tv_nsec - a.tv_nsec) / 1e9);
}

static int
cmp(const void *a, const void *b)
{
	double	x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
pin(int cpu)
{
	cpu_set_t	set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) == -1)
		warn("cannot stay on processor %d", cpu);
}

int
main(int argc, char **argv)
{
	struct table	 t[TABLES_MAX];
	size_t		 n = 2000, found;
	int		 ch, i, r, count, cpu = 0, rounds = 201;

	while ((ch = getopt(argc, argv, "c:n:r:t:")) != -1)
		switch (ch) {
		case 'c':
			cpu = atoi(optarg);
			break;
		case 'n':
			n = strtoul(optarg, NULL, 10);
			break;
		case 'r':
			rounds = atoi(optarg);
			break;
		case 't':
			called = optarg;
			break;
		default:
			return 2;
		}
	count = argc - optind - 1;
	if (count < 1 || count > TABLES_MAX || rounds < 1 ||
	    rounds > ROUNDS_MAX)
		errx(2, "usage: tablebench [-c cpu] [-n lookups] [-r rounds] "
		    "[-t name] keys table ...");
	signal(SIGPIPE, SIG_IGN);
	pin(cpu);
	load(argv[optind]);
	for (i = 0; i < count; i++) {
		parse(&t[i], argv[optind + 1 + i]);
		start(&t[i]);
	}
	for (r = 0; r < rounds; r++)
		for (i = 0; i < count; i++) {
			found = misses;
			t[i].rate[r] = measure(&t[i], n);
			t[i].ratio[r] = t[i].rate[r] / t[0].rate[r];
			if (misses != found)
				errx(1, "%s did not find %zu keys",
				    t[i].name, misses - found);
		}
	for (i = 0; i < count; i++) {
		qsort(t[i].rate, rounds, sizeof(double), cmp);
		qsort(t[i].ratio, rounds, sizeof(double), cmp);
		printf("%-20s %9.0f lookups/s   %5.2f of %s\n", t[i].name,
		    t[i].rate[rounds / 2], t[i].ratio[rounds / 2], t[0].name);
		close(t[i].fd);
		waitpid(t[i].pid, NULL, 0);
	}
	return 0;
}
