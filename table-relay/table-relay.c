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
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <libgen.h>
#include <stdio.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/log.h"
#include "proc/sandbox.h"
#include "smtp/tlsio.h"
#include "table-relay.h"

#define SENDERS	"senders"
#define TICK	1	/* s between two looks of the front at other channels */

#define FILES	8192	/* descriptors: sessions of the courier */

static const struct privsep_role roles_mail[ROLE_COUNT_MAIL] = {
	{ "front", PRIVSEP_MAIN | PRIVSEP_STDIO | PRIVSEP_ORPHAN,
	    1U << ROLE_KEEPER, front_main },
	{ "keeper", 0, 1U << ROLE_FRONT, keeper_main }
};

static const struct privsep_role roles_senders[ROLE_COUNT] = {
	{ "front", PRIVSEP_MAIN | PRIVSEP_STDIO | PRIVSEP_ORPHAN,
	    1U << ROLE_KEEPER, front_main },
	{ "keeper", 0, 1U << ROLE_FRONT | 1U << ROLE_COURIER |
	    1U << ROLE_OAUTH, keeper_main },
	{ "courier", 0, 1U << ROLE_KEEPER | 1U << ROLE_OAUTH, courier_main },
	{ "oauth", 0, 1U << ROLE_KEEPER | 1U << ROLE_COURIER, oauth_main }
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
	struct sandbox_paths	 paths = { t->conf->database, NULL, NULL,
	    NULL };

	if (!t->senders)
		return sandbox_parent(&paths);
	paths.key = t->conf->key;
	return sandbox_parent_network(&paths, t->conf->outbound.courier_port);
}

/* What the courier and its clients need, before anything is forked. */
static int
prepare_senders(struct table *t)
{
	struct rlimit	 rl;
	unsigned char	 raw[COURIER_PASSWORD / 2];
	size_t		 i;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0 && rl.rlim_cur < FILES) {
		rl.rlim_cur = rl.rlim_max < FILES ? rl.rlim_max : FILES;
		if (setrlimit(RLIMIT_NOFILE, &rl) == -1)
			log_warn("limit of descriptors");
	}
	t->courier = mmap(NULL, sizeof(*t->courier), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANON, -1, 0);
	t->password = calloc(1, COURIER_PASSWORD + 1);
	if (t->courier == MAP_FAILED || t->password == NULL ||
	    (t->tls = tlsio_ctx_client(getenv("SSL_CERT_FILE"))) == NULL)
		return -1;
	arc4random_buf(raw, sizeof(raw));
	for (i = 0; i < sizeof(raw); i++)
		snprintf(t->password + 2 * i, 3, "%02x", raw[i]);
	explicit_bzero(raw, sizeof(raw));
	return 0;
}

static int
run(struct table *t, const char *path)
{
	struct privsep	ps = { roles_mail, ROLE_COUNT_MAIL, confine, t };
	struct timeval	tick = { TICK, 0 };

	if ((t->conf = conf_load_log(path, 1)) == NULL)
		return 1;
	t->senders = is_about_senders(t->name);
	if (t->senders) {
		ps.roles = roles_senders;
		ps.nroles = ROLE_COUNT;
		if (prepare_senders(t) == -1)
			fatal("courier");
	}
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
