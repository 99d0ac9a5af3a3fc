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

/* Speaks to smtpd(8) as one of its tables: table-relay(8). */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <libgen.h>
#include <stdio.h>
#include <unistd.h>

#include "compat.h"
#include "log.h"
#include "sandbox.h"
#include "table-relay.h"

#define SENDERS	"senders"
#define TICK	1	/* s between two looks of the front at other channels */

static const struct privsep_role roles[ROLE_COUNT] = {
	{ "front", PRIVSEP_MAIN | PRIVSEP_STDIO | PRIVSEP_ORPHAN,
	    1U << ROLE_KEEPER, front_main },
	{ "keeper", 0, 1U << ROLE_FRONT, keeper_main }
};

static __dead void
usage(void)
{
	fprintf(stderr, "usage: table-relay [-dnv] [-f file] [file]\n");
	exit(2);
}

/* The table's name decides what it is about; smtpd says nothing more. */
static int
is_about_senders(const char *name)
{
	size_t	len = strlen(name), want = strlen(SENDERS);

	return len >= want && strcmp(name + len - want, SENDERS) == 0;
}

static int
confine(void *arg)
{
	const struct table	*t = arg;
	struct sandbox_paths	 paths = { t->conf->database, NULL, NULL };

	return sandbox_parent(&paths);
}

static int
run(struct table *t, const char *path)
{
	struct privsep	ps = { roles, ROLE_COUNT, confine, t };
	struct timeval	tick = { TICK, 0 };

	if ((t->conf = conf_load_log(path, 1)) == NULL)
		return 1;
	t->senders = is_about_senders(t->name);
	if (t->senders)
		log_warnx("table %s: a name that ends in \"%s\" is for tables "
		    "about who sends, which this release does not serve",
		    t->name, SENDERS);
	if ((t->intake = intake_new()) == NULL)
		fatal("shared memory");
	/* Not from behind a sandbox; and a test's pipe has no such thing. */
	t->timed = setsockopt(0, SOL_SOCKET, SO_RCVTIMEO, &tick,
	    sizeof(tick)) == 0;
	if (sandbox_init(t->conf->sandbox_required, 1) == -1)
		return 1;
	return privsep_run(&ps);
}

int
main(int argc, char **argv)
{
	struct table	 t = { 0 };
	const char	*path = CONF_PATH;
	char		*name;
	int		 ch, debug = 0, check = 0, verbose = 0;

	while ((ch = getopt(argc, argv, "df:nv")) != -1)
		switch (ch) {
		case 'd':
			debug = 1;
			break;
		case 'f':
			path = optarg;
			break;
		case 'n':
			check = 1;
			break;
		case 'v':
			verbose = 1;
			break;
		default:
			usage();
		}
	if (argc - optind > 1)
		usage();
	if (argc - optind == 1)
		path = argv[optind];
	if (check)
		return conf_check(path, verbose);
	if ((name = strdup(argv[0])) == NULL)
		fatal("name");
	t.name = basename(name);
	if (privsep_begin("table-relay", argc, argv) == -1)
		fatal("cannot start");
	log_init("table-relay", debug);
	log_setverbose(verbose);
	return run(&t, path);
}
