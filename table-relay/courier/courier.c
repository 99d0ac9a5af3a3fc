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

/* The courier's process: what it starts with, and its channels. */

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/time.h>

#include <event.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "courier.h"
#include "proc/ipc.h"
#include "proc/sandbox.h"
#include "smtp/resolve.h"
#include "smtp/tlsio.h"

#define PORTS_MAX	64	/* of servers that are named to the system */
#define PORT_DNS	53
#define SPARE		100	/* descriptors for everything else */
#define MISSING_TIME	60	/* seconds until files are looked for again */

static struct session *
on_question(struct courier *c, uint64_t id)
{
	struct session	 find = { .id = id };

	return RB_FIND(session_tree, &c->questions, &find);
}

/* What the keeper says; what nobody asked for any more is nothing. */
static void
on_answer(struct courier *c, const struct ipc_msg *msg)
{
	struct courier_target	 t;
	struct courier_refused	 r;
	struct session		*s = on_question(c, msg->id);

	if (s == NULL)
		return;
	if (msg->type == COURIER_ACCOUNT && courier_get_target(msg, &t) == 0)
		mail_found(s, &t);
	else if (msg->type == COURIER_REFUSED &&
	    courier_get_refused(msg, &r) == 0)
		mail_refused(s, &r);
	else
		log_warnx("the keeper's answer makes no sense");
	explicit_bzero(&t, sizeof(t));
}

static void
on_keeper(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	struct courier	*c = arg;

	if (msg != NULL) {
		on_answer(c, msg);
		return;
	}
	ipc_free(ch);
	if (c->keeper == ch)
		c->keeper = NULL;
}

static void
on_oauth(struct ipc *ch, struct ipc_msg *msg, void *arg)
{
	struct courier		*c = arg;
	struct courier_token	 t;

	if (msg == NULL) {
		ipc_free(ch);
		if (c->oauth == ch)
			c->oauth = NULL;
		return;
	}
	if (msg->type == COURIER_TOKEN_IS && courier_get_token(msg, &t) == 0)
		pool_token(c, &t);
	else
		log_warnx("the token process's answer makes no sense");
	explicit_bzero(&t, sizeof(t));
}

static void
on_peer(int role, int fd, void *arg)
{
	struct courier	*c = arg;
	struct session	*s;
	struct ipc	**ch = role == ROLE_KEEPER ? &c->keeper : &c->oauth;

	ipc_free(*ch);
	if ((*ch = ipc_new(fd, COURIER_FRAME_MAX, COURIER_QUEUE_MAX)) ==
	    NULL) {
		close(fd);
		return;
	}
	ipc_secret(*ch);
	if (ipc_event(*ch, role == ROLE_KEEPER ? on_keeper :
	    on_oauth, c) == -1) {
		ipc_free(*ch);
		*ch = NULL;
		return;
	}
	/* What the one before it was asked and has not answered. */
	if (role == ROLE_OAUTH)
		pool_ask_again(c);
	else
		RB_FOREACH(s, session_tree, &c->questions)
			(void)courier_send_find(c->keeper, s->id, s->sender);
}

/* Key and certificate of the server lie beside the key file. */
static int
open_files(struct courier *c)
{
	char	 buf[PATH_MAX], cert[PATH_MAX], key[PATH_MAX], *dir;

	if (strlcpy(buf, c->table->conf->key, sizeof(buf)) >= sizeof(buf))
		return -1;
	dir = dirname(buf);
	if ((size_t)snprintf(cert, sizeof(cert), "%s/courier.crt", dir) >=
	    sizeof(cert) || (size_t)snprintf(key, sizeof(key),
	    "%s/courier.key", dir) >= sizeof(key))
		return -1;
	c->tls = tlsio_ctx_server(cert, key);
	return c->tls == NULL ? -1 : 0;
}

/* What we say in EHLO: the host's name, with a domain in any case. */
static void
get_name(struct courier *c)
{
	const struct conf_list	*domains = &c->table->conf->domains;
	char			 name[128];

	if (gethostname(name, sizeof(name)) == -1)
		name[0] = '\0';
	name[sizeof(name) - 1] = '\0';
	if (name[0] == '\0' || name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.")] != '\0')
		strlcpy(name, "localhost", sizeof(name));
	if (strchr(name, '.') != NULL || domains->count == 0 ||
	    (size_t)snprintf(c->helo, sizeof(c->helo), "%s.%s", name,
	    domains->item[0]) >= sizeof(c->helo))
		strlcpy(c->helo, name, sizeof(c->helo));
}

/* As many sessions as there are descriptors for, with some to spare. */
static void
set_limits(struct courier *c)
{
	struct rlimit	 rl;
	int		 third;

	c->maxsessions = SESSION_MAX;
	c->maxlinks = POOL_LINKS_MAX;
	if (getrlimit(RLIMIT_NOFILE, &rl) == -1 ||
	    rl.rlim_cur >= SESSION_MAX + POOL_LINKS_MAX + SPARE)
		return;
	third = rl.rlim_cur > 2 * SPARE ? (int)(rl.rlim_cur - SPARE) / 3 : 1;
	c->maxsessions = third;
	/* A link needs more than one while it tries several addresses. */
	c->maxlinks = third / 2 + 1;
	log_info("courier: %d sessions at most, for want of descriptors",
	    c->maxsessions);
}

static int
start_courier(struct courier *c, struct table *t)
{
	c->table = t;
	c->fd = -1;
	TAILQ_INIT(&c->sessions);
	TAILQ_INIT(&c->strangers);
	RB_INIT(&c->questions);
	get_name(c);
	set_limits(c);
	event_init();
	c->env.tls = t->tls;
	if ((c->rate = lograte_new()) == NULL ||
	    (c->env.resolve = resolve_new(NULL, NULL, NULL)) == NULL)
		return -1;
	c->mail = &courier_mail;
	pool_init(c);
	stuck_init(c);
	return 0;
}

/*
 * The ports of the servers that relay.conf allows, and that of name servers;
 * none when all servers are allowed.
 */
static size_t
collect_ports(const struct conf_list *hosts, uint16_t ports[PORTS_MAX])
{
	const char	*colon;
	size_t		 i, n = 0;

	if (hosts->count == 0 || hosts->count >= PORTS_MAX)
		return 0;
	for (i = 0; i < hosts->count; i++)
		if ((colon = strrchr(hosts->item[i], ':')) != NULL)
			ports[n++] = (uint16_t)atoi(colon + 1);
	ports[n++] = PORT_DNS;
	return n;
}

/* Gives up what it has no use for.  Returns 0 or -1. */
static int
confine_process(const struct conf_outbound *conf)
{
	uint16_t	ports[PORTS_MAX];
	size_t		n = collect_ports(&conf->hosts, ports);

	return sandbox_courier((uint16_t)conf->courier_port, ports, n);
}

int
courier_main(struct privsep_child *pc, void *arg)
{
	static struct courier	 c;
	struct timeval		 again = { MISSING_TIME, 0 };
	struct table		*t = arg;
	int			 ready;

	t->courier->listening = 0;
	if (start_courier(&c, t) == -1)
		return 1;
	if (!(ready = open_files(&c) == 0))
		log_warnx("courier: no mail leaves through accounts without "
		    "its key and certificate: run smtprelayctl init");
	if (confine_process(&t->conf->outbound) == -1 ||
	    privsep_child_event(pc, on_peer, &c) == -1)
		return 1;
	if (ready)
		listen_start(&c);
	else
		/* Another one of us will look again. */
		event_loopexit(&again);
	event_dispatch();
	return 1;
}
