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
 * check message: a dry run of one message through hand-off, sender
 * authentication and gates.
 */

#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "checkmsg.h"
#include "conf/confhandoff.h"
#include "ctlcmd.h"
#include "handoff/handrules.h"
#include "judge/judgefacts.h"
#include "store/store.h"

#define NAMES_MAX	5	/* of the client's address that are looked at */

/* Has the name that address? */
static int
leads_back(struct checkmsg *c, const char *name)
{
	const struct handoff_session	*s = &c->session;
	struct dns_answer		 a;
	size_t				 i;
	int				 found = 0;

	(void)ask_dns(&c->ask, name, s->family == AF_INET ? DNS_A : DNS_AAAA,
	    &a);
	for (i = 0; i < a.n && !found; i++)
		found = s->family == AF_INET ?
		    memcmp(&a.v[i].in, s->addr, 4) == 0 :
		    memcmp(&a.v[i].in6, s->addr, 16) == 0;
	ask_clear(&a);
	return found;
}

/* The name of the client's address that leads back to it, as smtpd asks. */
static void
find_name(struct checkmsg *c)
{
	struct dns_answer	 a;
	char			 name[DNS_NAME_MAX + 1];
	size_t			 i;

	if (c->session.host != NULL || c->session.family == 0 ||
	    dns_reverse(c->session.family, c->session.addr, name,
	    sizeof(name)) == -1)
		return;
	(void)ask_dns(&c->ask, name, DNS_PTR, &a);
	for (i = 0; i < a.n && i < NAMES_MAX; i++)
		if (leads_back(c, a.v[i].text) && strlcpy(c->name,
		    a.v[i].text, sizeof(c->name)) < sizeof(c->name)) {
			c->session.host = c->name;
			break;
		}
	ask_clear(&a);
}

/* A line of the header: for fields that gates require, and Received. */
static int
header_line(void *arg, const char *line, size_t len)
{
	struct checkmsg_one	*o = arg;

	return hdr_line(&o->hdr, line, len) == -1 ||
	    sbuf_add(&o->header, line, len) == -1 ||
	    sbuf_addch(&o->header, '\n') == -1 ? -1 : 0;
}

/* Reads the file: CTL_OK, or CTL_FAIL after saying why. */
static int
read_one(struct checkmsg *c, struct checkmsg_one *o, const char **names)
{
	const char	*why = NULL;

	if (msgfile_init(&o->msg, time(NULL)) == -1)
		return ctl_fail(c->ctl, "out of memory");
	hdr_init(&o->hdr, names, NULL, NULL);
	sbuf_init(&o->header, 2 * MSGFILE_HEADER_MAX);
	o->msg.header = header_line;
	o->msg.arg = o;
	if (msgfile_read(&o->msg, o->fp, &why) == -1)
		return ctl_fail(c->ctl, "%s: %s", o->file, why);
	if (hdr_finish(&o->hdr) == -1)
		return ctl_fail(c->ctl, "out of memory");
	if (c->sender != NULL)
		o->sender = c->sender;
	else if ((o->from_path = o->msg.has_path))
		o->sender = o->msg.path;
	else
		o->sender = o->msg.facts.writer != NULL ?
		    o->msg.facts.writer : "";
	return CTL_OK;
}

/* Where it is from. */
static int
find_origin(struct checkmsg *c, struct checkmsg_one *o)
{
	o->moved = handrules_find(c->ctl->conf, &c->session, o->header.data,
	    o->header.len, c->delivered, &o->hop);
	return o->moved != -1 ? CTL_OK : ctl_fail(c->ctl, "out of memory");
}

static void
judge(struct checkmsg *c, struct checkmsg_one *o)
{
	const struct dnslist	*lists[CONF_REQUIRE_MAX];
	struct judge_request	 req;

	memset(&req, 0, sizeof(req));
	req.family = o->moved ? o->hop.family : c->session.family;
	req.addr = o->moved ? o->hop.addr : c->session.addr;
	req.helo = c->helo;
	if (o->moved)
		req.helo = o->hop.helo[0] != '\0' ? o->hop.helo : NULL;
	req.sender = o->sender;
	if (o->msg.facts.writer != NULL)
		req.author = addr_domain(o->msg.facts.writer);
	req.sigs = dkim_sig(o->msg.dkim, 0);
	req.nsigs = dkim_count(o->msg.dkim);
	req.lists = lists;
	if (o->gate != NULL)
		req.nlists = judgefacts_lists(o->gate, lists);
	ask_judge(&c->ask, &req, &o->judged);
	judgefacts_set(&o->facts, &o->judged, req.sigs, req.nsigs, o->gate,
	    o->listed);
}

static int
check_one(struct checkmsg *c, struct checkmsg_one *o)
{
	struct json	*js = &c->ctl->js;
	int		 status;

	checkmsg_gate(c, o);
	judge(c, o);
	json_object(js, NULL);
	json_string(js, "file", o->file);
	json_int(js, "bytes", o->msg.bytes);
	ctl_say(c->ctl, "%s: %lld bytes", o->file, o->msg.bytes);
	checkmsg_show_sender(c, o);
	status = checkmsg_decide(c, o);
	json_end(js);
	return status;
}

static void
free_all(struct checkmsg_one *v, int n)
{
	int	 i;

	for (i = 0; i < n; i++) {
		if (v[i].fp != NULL && v[i].fp != stdin)
			(void)fclose(v[i].fp);
		msgfile_free(&v[i].msg);
		hdr_free(&v[i].hdr);
		sbuf_free(&v[i].header);
	}
	free(v);
}

/* Opens and reads all of them: CTL_OK, or another status after saying why. */
static int
read_all(struct checkmsg *c, struct checkmsg_one *v, const char **names)
{
	int	 i, rv, dash = 0;

	for (i = 0; i < c->ctl->argc; i++)
		dash += strcmp(c->ctl->arg[i], "-") == 0;
	if (dash > 1)
		return ctl_usage(c->ctl, "standard input can be read once");
	for (i = 0; i < c->ctl->argc; i++) {
		v[i].file = c->ctl->arg[i];
		if (strcmp(v[i].file, "-") == 0)
			v[i].fp = stdin;
		else if ((v[i].fp = fopen(v[i].file, "r")) == NULL)
			return ctl_fail(c->ctl, "%s: %s", v[i].file,
			    strerror(errno));
		if ((rv = read_one(c, &v[i], names)) != CTL_OK ||
		    (rv = find_origin(c, &v[i])) != CTL_OK)
			return rv;
	}
	return CTL_OK;
}

/* Names of hosts matter where a hand-off goes by them. */
static int
asks_names(const struct conf *conf)
{
	size_t	 i;

	for (i = 0; i < conf->nhandoffs; i++)
		if (conf->handoff[i].strategy == CONF_STRATEGY_HOSTNAMES)
			return 1;
	return 0;
}

/* Reads the lists that relay.conf names; as when filter-relay starts. */
static int
load_lists(struct ctl *ctl)
{
	struct conf_errors	 errors;
	size_t			 i;
	int			 rv;

	memset(&errors, 0, sizeof(errors));
	rv = conf_load_lists(ctl->conf, &errors);
	for (i = 0; i < errors.count; i++)
		(void)ctl_fail(ctl, "%s", errors.message[i]);
	conf_errors_free(&errors);
	return rv == 0 ? CTL_OK : CTL_FAIL;
}

/* All of it, with the name servers at hand. */
static int
run(struct checkmsg *c, struct checkmsg_one *v)
{
	struct ctl	 *ctl = c->ctl;
	const char	**names;
	int		  i, one, status;

	if (asks_names(ctl->conf))
		find_name(c);
	if ((names = gate_headers(ctl->conf)) == NULL)
		return ctl_fail(ctl, "out of memory");
	if ((status = read_all(c, v, names)) == CTL_OK) {
		ctl->show_anyway = 1;
		json_object(&ctl->js, NULL);
		json_array(&ctl->js, "messages");
		for (i = 0; i < ctl->argc; i++)
			if ((one = check_one(c, &v[i])) > status)
				status = one;
		json_end(&ctl->js);
		json_end(&ctl->js);
	}
	free(names);
	return status;
}

int
ctl_check_message(struct ctl *ctl)
{
	struct checkmsg		 c;
	struct checkmsg_one	*v;
	int			 rv;

	memset(&c, 0, sizeof(c));
	c.ctl = ctl;
	log_init("smtprelayctl", 1);
	if ((rv = checkmsg_options(&c)) != CTL_OK ||
	    (rv = load_lists(ctl)) != CTL_OK)
		return rv;
	if ((v = calloc(ctl->argc, sizeof(*v))) == NULL)
		return ctl_fail(ctl, "out of memory");
	if ((rv = ask_open(&c.ask, ctl, 'S')) == CTL_OK) {
		rv = run(&c, v);
		ask_close(&c.ask);
	}
	store_close(c.store);
	free_all(v, ctl->argc);
	return rv;
}
