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
#include <arpa/inet.h>

#include <event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "dns/dns_resolver.h"
#include "dns/dnscares.h"

#define DNS_PORT	53

struct waiting {
	int			 done;
	struct dns_answer	*answer;
	struct spf_result	*result;
	struct judge		*judge;		/* under way */
	struct judge_result	*judged;
};

/* The name server, an address, as dnscares.h wants it; 0 or -1. */
static int
ask_server(struct ctl *ctl, int letter, char *buf, size_t size)
{
	const char	*text = ctl->opt[letter];
	struct hostport	 hp;
	unsigned char	 addr[16];
	char		 why[HOSTPORT_WHY];

	if (hostport_parse(text, DNS_PORT, &hp, why, sizeof(why)) == -1) {
		(void)ctl_usage(ctl, "-%c %s: %s", letter, text, why);
		return -1;
	}
	if ((inet_pton(AF_INET, hp.host, addr) != 1 &&
	    inet_pton(AF_INET6, hp.host, addr) != 1) ||
	    hostport_format(&hp, buf, size) == -1) {
		(void)ctl_usage(ctl, "-%c %s: expected the address of a name "
		    "server", letter, text);
		return -1;
	}
	return 0;
}

int
ask_open(struct ask *ask, struct ctl *ctl, int letter)
{
	struct dnscares_conf	 conf;
	const char		*error;
	long long		 seconds = ASK_SECONDS;

	memset(&conf, 0, sizeof(conf));
	ask->server[0] = '\0';
	if (ctl->opt[letter] != NULL) {
		if (ask_server(ctl, letter, ask->server,
		    sizeof(ask->server)) == -1)
			return CTL_USAGE;
		conf.servers = ask->server;
	}
	if (ctl->opt['t'] != NULL) {
		seconds = strtonum(ctl->opt['t'], 1, ASK_SECONDS_MAX, &error);
		if (error != NULL)
			return ctl_usage(ctl, "-t %s: expected seconds, 1 to "
			    "%d", ctl->opt['t'], ASK_SECONDS_MAX);
	}
	/* Two tries, and the second waits twice as long. */
	conf.timeout = (int)(seconds * 1000 / 3);
	conf.tries = 2;
	if ((ask->base = event_base_new()) == NULL)
		return ctl_fail(ctl, "out of memory");
	if ((ask->dns = dnscares_new(ask->base, &conf)) == NULL) {
		event_base_free(ask->base);
		return ctl_fail(ctl, "the DNS cannot be asked");
	}
	return CTL_OK;
}

void
ask_close(struct ask *ask)
{
	dns_free(ask->dns);
	event_base_free(ask->base);
}

static void
wait_answers(struct ask *ask, struct waiting *w)
{
	while (!w->done)
		if (event_base_loop(ask->base, EVLOOP_ONCE) != 0)
			break;
}

static void
on_answer(const struct dns_answer *a, void *arg)
{
	struct waiting	*w = arg;
	size_t		 i;

	w->done = 1;
	w->answer->status = a->status;
	w->answer->ttl = a->ttl;
	for (i = 0; i < a->n; i++)
		if (dns_answer_add(w->answer, &a->v[i], a->v[i].text,
		    a->v[i].len) == -1) {
			dns_answer_clear(w->answer);
			w->answer->status = DNS_SERVFAIL;
			return;
		}
}

int
ask_dns(struct ask *ask, const char *name, int type, struct dns_answer *a)
{
	struct waiting	 w;

	memset(a, 0, sizeof(*a));
	memset(&w, 0, sizeof(w));
	w.answer = a;
	a->status = DNS_SERVFAIL;
	if (dns_query(ask->dns, name, type, on_answer, &w) != NULL)
		wait_answers(ask, &w);
	return a->status;
}

void
ask_clear(struct dns_answer *a)
{
	dns_answer_clear(a);
}

static void
on_checked(const struct spf_result *r, void *arg)
{
	struct waiting	*w = arg;

	w->done = 1;
	*w->result = *r;
}

void
ask_spf(struct ask *ask, const struct spf_request *req, struct spf_result *r)
{
	struct waiting	 w;

	memset(r, 0, sizeof(*r));
	memset(&w, 0, sizeof(w));
	w.result = r;
	r->result = SPF_TEMPERROR;
	if (spf_check(ask->dns, req, on_checked, &w) != NULL)
		wait_answers(ask, &w);
}

static void
on_judged(const struct judge_result *r, void *arg)
{
	struct waiting	*w = arg;

	w->done = 1;
	w->judge = NULL;
	*w->judged = *r;
}

static void
on_late(int fd, short events, void *arg)
{
	struct waiting	*w = arg;

	(void)fd;
	(void)events;
	judge_late(w->judge);
}

void
ask_judge(struct ask *ask, const struct judge_request *req,
    struct judge_result *r)
{
	struct timeval	 tv = { ASK_JUDGE_SECONDS, 0 };
	struct waiting	 w;
	struct event	 late;

	memset(r, 0, sizeof(*r));
	memset(&w, 0, sizeof(w));
	w.judged = r;
	switch (judge_ask(&w.judge, r, ask->dns, req, on_judged, &w)) {
	case 1:
		return;
	case -1:
		r->spf.result = SPF_TEMPERROR;
		r->dmarc.result = DMARC_TEMPERROR;
		r->dmarc.unsure = r->late = 1;
		return;
	}
	evtimer_set(&late, on_late, &w);
	if (event_base_set(ask->base, &late) == 0 &&
	    evtimer_add(&late, &tv) == 0)
		wait_answers(ask, &w);
	evtimer_del(&late);
	if (!w.done)
		judge_late(w.judge);
}

int
ask_later(int status)
{
	return status == DNS_SERVFAIL || status == DNS_TIMEOUT;
}
