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
 * Run by smtpd for every message to an address of ours.  Three processes:
 * this one has the store and the keys, the engine reads and rewrites mail,
 * the sender runs sendmail.  Whatever happens, the exit status is 0 (done)
 * or 75 (try again), and nothing is written to standard output or standard
 * error, which smtpd would quote to the customer.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/log.h"
#include "proc/privsep.h"
#include "proc/sandbox.h"
#include "dispatch.h"
#include "run.h"
#include "mailfile.h"

#define MAIN_BUSY	120000		/* ms to wait for the database */

struct options {
	const char	*conf;
	const char	*sendmail;
	const char	*socket;
	const char	*recipient;
	int		 check;
	int		 verbose;
	int		 debug;
};

static volatile sig_atomic_t editor_child;

static int
options(struct options *o, int argc, char **argv)
{
	int	ch;

	memset(o, 0, sizeof(*o));
	o->conf = CONF_PATH;
	o->sendmail = MAILER_SENDMAIL;
	o->socket = MAILER_SOCKET;
	opterr = 0;
	while ((ch = getopt(argc, argv, "df:nS:s:v")) != -1) {
		switch (ch) {
		case 'd':
			o->debug = 1;
			break;
		case 'f':
			o->conf = optarg;
			break;
		case 'n':
			o->check = 1;
			break;
		case 'S':
			o->socket = optarg;
			break;
		case 's':
			o->sendmail = optarg;
			break;
		case 'v':
			o->verbose = 1;
			break;
		default:
			return -1;
		}
	}
	if (o->check)
		return optind == argc ? 0 : -1;
	if (argc - optind != 1 || strlen(argv[optind]) > ADDR_MAX)
		return -1;
	o->recipient = argv[optind];
	return 0;
}

/* Standard output and error lead nowhere from here on. */
static int
silence(int debug)
{
	int	fd, n;

	if ((fd = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1)
		return -1;
	n = dup2(fd, STDOUT_FILENO) == -1 ||
	    (!debug && dup2(fd, STDERR_FILENO) == -1) ? -1 : 0;
	close(fd);
	return n;
}

/*
 * Time is up.  The sender sees that its channel has ended, and ends sendmail;
 * the engine may be stuck.
 */
static void
give_up(int sig)
{
	(void)sig;
	if (editor_child > 0)
		(void)kill((pid_t)editor_child, SIGKILL);
	_exit(EX_TEMPFAIL);
}

/* Whatever was ignored or blocked before, these work here. */
static int
signals(void)
{
	static const int	list[] = { SIGALRM, SIGTERM, SIGINT, SIGHUP };
	struct sigaction	sa;
	sigset_t		none;
	size_t			i;

	memset(&sa, 0, sizeof(sa));
	sigfillset(&sa.sa_mask);
	sigemptyset(&none);
	sa.sa_handler = SIG_IGN;
	if (sigaction(SIGPIPE, &sa, NULL) == -1)
		return -1;
	sa.sa_handler = SIG_DFL;
	if (sigaction(SIGCHLD, &sa, NULL) == -1 ||
	    sigprocmask(SIG_SETMASK, &none, NULL) == -1)
		return -1;
	sa.sa_handler = give_up;
	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (sigaction(list[i], &sa, NULL) == -1)
			return -1;
	(void)alarm(RUN_TIME);
	return 0;
}

static int
memories(struct run *r)
{
	struct store_err	se;
	char			err[512];

	r->store = store_open(r->conf->database, 0, MAIN_BUSY, &se);
	if (r->store == NULL) {
		log_warnx("%s: %s", store_kind_name(se.kind), se.text);
		return -1;
	}
	if ((r->keys = keys_open(r->conf->key, err, sizeof(err))) == NULL) {
		log_warnx("%s", err);
		return -1;
	}
	return 0;
}

/*
 * The sender before the sandbox, which it could not work in; the store after
 * the last fork, as it wants to be opened.
 */
static int
start(struct run *r, const struct options *o)
{
	struct mailer_config	sc;
	struct sandbox_paths	paths;

	sc.sendmail = o->sendmail;
	sc.socket = o->socket;
	sc.message = r->out;
	sc.other = r->in;
	memset(&paths, 0, sizeof(paths));
	paths.database = r->conf->database;
	paths.key = r->conf->key;
	if (!freopen("/dev/null", "r", stdin) ||
	    (r->sender = mailer_start(&sc)) == NULL) {
		log_warn("sender");
		return -1;
	}
	if (sandbox_init(r->conf->sandbox_required, o->verbose) == -1 ||
	    sandbox_parent(&paths) == -1)
		return -1;
	r->engine = editor_start(r->in, r->out, mailer_fd(r->sender));
	if (r->engine == NULL) {
		log_warn("engine");
		return -1;
	}
	editor_child = editor_pid(r->engine);
	privsep_title("parent");
	if (editor_read(r->engine, r->from[0] == '\0', &r->letter) == -1)
		return -1;
	return memories(r);
}

static void
stop(struct run *r)
{
	(void)alarm(0);
	keys_free(r->keys);
	store_close(r->store);
	editor_child = 0;
	editor_stop(r->engine);
	mailer_stop(r->sender);
	letter_free(&r->letter);
	if (r->in != -1)
		close(r->in);
	if (r->out != -1)
		close(r->out);
	free(r);
}

/* The message is taken in whole before anything else is done. */
static int
message(const struct options *o, const struct conf *conf)
{
	struct run	*r;
	const char	*sender;
	int		 n = RUN_RETRY;

	if ((r = calloc(1, sizeof(*r))) == NULL) {
		log_warn("run");
		return RUN_RETRY;
	}
	r->in = r->out = -1;
	r->conf = conf;
	r->recipient = o->recipient;
	r->from = (sender = getenv("SENDER")) != NULL ? sender : "";
	r->now = time(NULL);
	(void)umask(007);
	if ((r->in = mailfile_open(conf->database)) == -1 ||
	    (r->out = mailfile_open(conf->database)) == -1)
		log_warn("spool beside %s", conf->database);
	else if (mailfile_fill(r->in, STDIN_FILENO, r->recipient,
	    r->digest) == -1)
		log_warn("spool");
	else if (start(r, o) == 0)
		n = dispatch_message(r);
	stop(r);
	return n;
}

int
main(int argc, char **argv)
{
	struct options	 o;
	struct conf	*conf;
	int		 n;

	if (privsep_begin("mda-relay", argc, argv) == -1)
		return EX_TEMPFAIL;
	if (options(&o, argc, argv) == -1) {
		log_init("mda-relay", 0);
		log_warnx("usage: mda-relay [-dnv] [-f file] [-S socket] "
		    "[-s sendmail] address");
		return EX_TEMPFAIL;
	}
	if (o.check)
		return conf_check(o.conf, o.verbose);
	if (silence(o.debug) == -1)
		return EX_TEMPFAIL;
	log_init("mda-relay", o.debug);
	log_setverbose(o.verbose);
	if (signals() == -1 || (conf = conf_load_log(o.conf, 0)) == NULL)
		return EX_TEMPFAIL;
	n = message(&o, conf);
	conf_free(conf);
	return n == RUN_DONE ? 0 : EX_TEMPFAIL;
}
