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

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/log.h"
#include "conf/conf.h"
#include "conf/listfile.h"
#include "engine.h"
#include "front.h"
#include "keeper.h"
#include "pending.h"
#include "proc/privsep.h"
#include "proc/sandbox.h"
#include "resolver.h"
#include "setup.h"

#define PEER(role)	(1U << (role))

static const struct privsep_role roles[ROLE_COUNT] = {
	[ROLE_FRONT] = { "front", PRIVSEP_MAIN | PRIVSEP_STDIO,
	    PEER(ROLE_ENGINE) | PEER(ROLE_KEEPER), front_main },
	[ROLE_ENGINE] = { "engine", 0,
	    PEER(ROLE_FRONT) | PEER(ROLE_KEEPER) | PEER(ROLE_RESOLVER),
	    engine_main },
	[ROLE_KEEPER] = { "keeper", 0,
	    PEER(ROLE_FRONT) | PEER(ROLE_ENGINE), keeper_main },
	[ROLE_RESOLVER] = { "resolver", 0, PEER(ROLE_ENGINE), resolver_main },
};

static __dead void
usage(void)
{
	fprintf(stderr, "usage: filter-relay [-dnsv] [-f file]\n");
	exit(2);
}

static int
confine(void *arg)
{
	const struct setup *setup = arg;
	const struct conf *conf = setup->conf;
	const char *files[SANDBOX_FILES_MAX + 1];
	struct sandbox_paths paths = { conf->database, conf->key, NULL,
	    files };

	listfile_paths(conf->lists, files, SANDBOX_FILES_MAX);
	if (sandbox_init(conf->sandbox_required, 1) == -1)
		return -1;
	return sandbox_parent_network(&paths, 0);
}

/* Beside the database, if there is a place yet. */
static int
open_spool(const struct conf *conf)
{
	const char *dirs[] = { NULL, "/var/tmp", "/tmp", NULL };
	char dir[1024];
	int fd;

	if (strlcpy(dir, conf->database, sizeof(dir)) < sizeof(dir) &&
	    strrchr(dir, '/') != NULL)
		*strrchr(dir, '/') = '\0';
	dirs[0] = dir;
	if ((fd = spool_open(dirs)) == -1)
		log_warn("no spool: long messages cannot wait for their end");
	return fd;
}

int
main(int argc, char **argv)
{
	struct privsep ps = { roles, ROLE_COUNT, confine, NULL };
	struct setup setup = { NULL, NULL, 0, -1 };
	struct conf *conf;
	const char *path = CONF_PATH;
	int ch, check = 0, debug = 0, verbose = 0;

	if (privsep_begin("filter-relay", argc, argv) == -1)
		return 1;
	while ((ch = getopt(argc, argv, "df:nsv")) != -1)
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
		case 's':
			setup.submission = 1;
			break;
		case 'v':
			verbose = 1;
			break;
		default:
			usage();
		}
	if (optind != argc)
		usage();
	if (check)
		return conf_check(path, verbose);
	umask(007);
	log_init("filter-relay", debug);
	log_setverbose(verbose);
	if ((conf = conf_load_log(path, 1)) == NULL ||
	    conf_load_lists_log(conf) == -1) {
		log_warnx("not started, the configuration has mistakes");
		return 1;
	}
	setup.conf = conf;
	if ((setup.pending = pending_map()) == NULL)
		fatal("shared memory");
	setup.spool = open_spool(setup.conf);
	ps.arg = &setup;
	return privsep_run(&ps);
}
