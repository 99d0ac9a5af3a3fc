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

#include <sys/socket.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hostport.h"
#include "conf/confset.h"
#include "conf/listfile.h"
#include "header/hdr.h"

#define DAY	INT64_C(86400)

/* What stands in relay.conf(5), checked and put where it belongs. */

static void
keep(struct confset *cs, char **where, const char *value)
{
	free(*where);
	if ((*where = strdup(value)) == NULL)
		cs->failed = 1;
}

void
confset_path(struct confset *cs, char **where, const char *word,
    const char *path)
{
	if (path[0] != '/' || path[1] == '\0' ||
	    path[strlen(path) - 1] == '/')
		conflex_error(cs->lex, 0, "%s \"%s\", expected the path of a "
		    "file from / on", word, path);
	else if (strlen(path) > CONF_PATH_MAX)
		conflex_error(cs->lex, 0, "%s \"%.64s...\", expected a path of "
		    "at most %d bytes", word, path, CONF_PATH_MAX);
	keep(cs, where, path);
}

void
confset_duration(struct confset *cs, int64_t *where, const char *value)
{
	int64_t	 n;

	if (conf_duration(value, &n) == -1)
		conflex_error(cs->lex, 0, "\"%s\", expected "
		    CONFSET_DURATION, value);
	else if (n < CONF_LIFETIME_MIN || n > CONF_LIFETIME_MAX)
		conflex_error(cs->lex, 0, "\"%s\" is out of range, expected "
		    "%d seconds to %d days", value, CONF_LIFETIME_MIN,
		    (int)(CONF_LIFETIME_MAX / 86400));
	else
		*where = n;
}

void
confset_number(struct confset *cs, unsigned int *where, const char *value,
    unsigned int max)
{
	const char	*bad;
	long long	 n;

	n = strtonum(value, 1, max, &bad);
	if (bad != NULL)
		conflex_error(cs->lex, 0, "\"%s\", expected a number from 1 "
		    "to %u", value, max);
	else
		*where = (unsigned int)n;
}

void
confset_spool(struct confset *cs, const char *value)
{
	if (conf_size(value, &cs->conf->spool) == -1 ||
	    cs->conf->spool > CONF_SPOOL_MAX) {
		conflex_error(cs->lex, 0, "\"%s\", expected a size such as "
		    "200M", value);
		cs->conf->spool = CONF_SPOOL;
	}
}

/* A domain in lower case into `buf'.  Returns 0, or -1 after a report. */
static int
get_domain(struct confset *cs, const char *value, char *buf, size_t size)
{
	size_t	 i;

	if (!hostport_is_domain(value) || strlcpy(buf, value, size) >= size) {
		conflex_error(cs->lex, 0, "\"%.128s\", expected a domain such "
		    "as \"company.example\"", value);
		return -1;
	}
	for (i = 0; buf[i] != '\0'; i++)
		buf[i] = (char)tolower((unsigned char)buf[i]);
	return 0;
}

void
confset_bounce(struct confset *cs, const char *value)
{
	char	 name[CONF_DOMAIN_MAX + 1];

	if (get_domain(cs, value, name, sizeof(name)) == 0)
		keep(cs, &cs->conf->bounce_domain, name);
}

/* Adds to the list unless it is there or the list is full. */
static void
add_item(struct confset *cs, struct conf_list *list, const char *what,
    const char *value)
{
	size_t	 i;

	for (i = 0; i < list->count; i++)
		if (strcmp(list->item[i], value) == 0) {
			conflex_error(cs->lex, 0, "%s \"%s\" stands here for "
			    "the second time", what, value);
			return;
		}
	if (list->count >= CONF_LIST_MAX)
		conflex_error(cs->lex, 0, "%s \"%s\" is one too many, "
		    "expected at most %d", what, value, CONF_LIST_MAX);
	else if (conf_list_add(list, value) == -1)
		cs->failed = 1;
}

/* Adds a domain, in lower case. */
static void
add_domain(struct confset *cs, struct conf_list *list,
    const char *value)
{
	char	 name[CONF_DOMAIN_MAX + 1];

	if (get_domain(cs, value, name, sizeof(name)) == 0)
		add_item(cs, list, "domain", name);
}

void
confset_domain(struct confset *cs, const char *value)
{
	add_domain(cs, &cs->conf->domains, value);
}

static void
add_login(struct confset *cs, struct conf_list *list,
    const char *value)
{
	if (value[0] == '\0' || strlen(value) > CONF_LOGIN_MAX)
		conflex_error(cs->lex, 0, "\"%.64s\", expected a login of 1 "
		    "to %d bytes", value, CONF_LOGIN_MAX);
	else
		add_item(cs, list, "login", value);
}

void
confset_login(struct confset *cs, const char *value)
{
	add_login(cs, &cs->conf->replies.helpdesk, value);
}

void
confset_host(struct confset *cs, const char *value)
{
	struct hostport	 hp;
	char		 why[HOSTPORT_WHY], server[HOSTPORT_TEXT_MAX + 1];

	if (hostport_parse(value, 0, &hp, why, sizeof(why)) == -1 ||
	    hostport_format(&hp, server, sizeof(server)) == -1)
		conflex_error(cs->lex, 0, "\"%.128s\": %s, expected a "
		    "server such as \"smtp.partner.example:587\"", value, why);
	else
		add_item(cs, &cs->conf->outbound.hosts, "server", server);
}

/*
 * smtpd gives the courier's password to whoever listens there.  Of an IPv6
 * address in brackets it makes a name that no certificate can have.
 */
void
confset_courier(struct confset *cs, const char *address, const char *port)
{
	char	 canonical[HOSTPORT_HOST_MAX + 1];

	if (hostport_loopback(address, canonical, sizeof(canonical)) == -1) {
		conflex_error(cs->lex, 0, "\"%.64s\", expected an address "
		    "of this machine alone: 127.0.0.1 or another of "
		    "127.0.0.0/8", address);
		return;
	}
	keep(cs, &cs->conf->outbound.courier, canonical);
	confset_number(cs, &cs->conf->outbound.courier_port, port, 65535);
}

void
confset_macro(struct confset *cs, const char *name, const char *value)
{
	size_t	 i;

	for (i = 0; name[i] != '\0'; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_') {
			conflex_error(cs->lex, 0, "\"%.64s\", expected "
			    "letters, digits and '_' in the name of a macro",
			    name);
			return;
		}
	if (conflex_define(cs->lex, name, value) == -1)
		cs->failed = 1;
}

static struct conf_gate *
gate_now(struct confset *cs)
{
	return &cs->conf->gate[cs->conf->ngates - 1];
}

static struct conf_require *
require_now(struct confset *cs)
{
	struct conf_gate	*g = gate_now(cs);

	return &g->require[g->nrequire - 1];
}

void
confgate_begin(struct confset *cs, const char *name)
{
	struct conf		*conf = cs->conf;
	struct conf_gate	*gate;
	size_t			 i;

	gate = reallocarray(conf->gate, conf->ngates + 1, sizeof(*gate));
	if (gate == NULL) {
		/* What follows would have nowhere to go. */
		cs->failed = 1;
		return;
	}
	conf->gate = gate;
	gate += conf->ngates++;
	memset(gate, 0, sizeof(*gate));
	if ((gate->name = strdup(name)) == NULL ||
	    (gate->require = calloc(CONF_REQUIRE_MAX,
	    sizeof(*gate->require))) == NULL) {
		cs->failed = 1;
		return;
	}
	for (i = 0; name[i] != '\0'; i++)
		if (!isalnum((unsigned char)name[i]) &&
		    strchr("-_.", name[i]) == NULL)
			break;
	if (i == 0 || name[i] != '\0' || i > CONF_GATE_NAME_MAX)
		conflex_error(cs->lex, 0, "\"%.64s\", expected a name of 1 to "
		    "%d letters, digits, '-', '_' and '.'", name,
		    CONF_GATE_NAME_MAX);
	if (conf->ngates > CONF_GATES_MAX)
		conflex_error(cs->lex, 0, "gate \"%.64s\" is one too many, "
		    "expected at most %d", name, CONF_GATES_MAX);
	for (i = 0; i + 1 < conf->ngates && !cs->failed; i++)
		if (strcasecmp(conf->gate[i].name, name) == 0)
			conflex_error(cs->lex, 0, "gate \"%.64s\" stands here "
			    "for the second time", name);
}

void
confgate_end(struct confset *cs)
{
	const struct conf_gate	*g = gate_now(cs);

	if (!g->local && g->sources.count == 0 && g->nfiles == 0 &&
	    g->listeners.count == 0 && g->who == CONF_WHO_ANYBODY &&
	    !g->own && g->domains.count == 0)
		conflex_error(cs->lex, 0, "gate \"%.64s\" ends here without "
		    "\"match\", expected conditions such as: match { source "
		    "192.0.2.0/24 }", g->name);
}

void
confgate_local(struct confset *cs)
{
	gate_now(cs)->local = 1;
}

void
confgate_source(struct confset *cs, const char *net)
{
	struct conf_gate	*g = gate_now(cs);

	if (netlist_add(&g->nets, net) == -1)
		conflex_error(cs->lex, 0, "\"%.64s\", expected a network such "
		    "as 192.0.2.0/24 or 2001:db8::/32, without bits behind its "
		    "length", net);
	else
		add_item(cs, &g->sources, "source", net);
}

void
confgate_file(struct confset *cs, const char *path)
{
	struct conf_gate	 *g = gate_now(cs);
	const struct listfile	**file;
	struct listfile		 *lf;
	char			  full[CONF_PATH_MAX + 1];
	size_t			  i;

	errno = 0;
	if (path[0] == '\0' || conf_relative(conflex_name(cs->lex), path,
	    full, sizeof(full)) == -1) {
		conflex_error(cs->lex, 0, "file \"%.64s\", expected the path "
		    "of a file of at most %d bytes", path, CONF_PATH_MAX);
		return;
	}
	lf = listfile_add(cs->conf->lists, full, LISTFILE_NETS);
	for (i = 0; lf != NULL && i < g->nfiles; i++)
		if (g->file[i] == lf) {
			conflex_error(cs->lex, 0, "file \"%s\" stands here "
			    "for the second time", path);
			return;
		}
	if (lf == NULL && errno == ENOSPC)
		conflex_error(cs->lex, 0, "file \"%s\" is one too many, "
		    "expected at most %d", path, LISTFILE_MAX);
	else if (lf == NULL || listfile_from(lf, conflex_name(cs->lex),
	    conflex_line(cs->lex)) == -1 || (file = reallocarray(g->file,
	    g->nfiles + 1, sizeof(*file))) == NULL)
		cs->failed = 1;
	else {
		g->file = file;
		file[g->nfiles++] = lf;
	}
}

/* An address as smtpd writes it, or `*', and a port behind it. */
void
confgate_listener(struct confset *cs, const char *listener)
{
	struct hostport	 hp;
	unsigned char	 addr[16];
	char		 why[HOSTPORT_WHY], text[HOSTPORT_TEXT_MAX + 1];
	int		 any = strncmp(listener, "*:", 2) == 0;

	if (any && snprintf(text, sizeof(text), "127.0.0.1%s",
	    listener + 1) >= (int)sizeof(text))
		any = 0;
	if (hostport_parse(any ? text : listener, 0, &hp, why,
	    sizeof(why)) == -1 || (inet_pton(AF_INET, hp.host, addr) != 1 &&
	    inet_pton(AF_INET6, hp.host, addr) != 1)) {
		conflex_error(cs->lex, 0, "\"%.64s\", expected an address and "
		    "a port such as 192.0.2.1:25, \"[2001:db8::1]:25\" or "
		    "\"*:25\"", listener);
		return;
	}
	if (any)
		(void)snprintf(text, sizeof(text), "*:%u", hp.port);
	else if (hostport_format(&hp, text, sizeof(text)) == -1) {
		cs->failed = 1;
		return;
	}
	add_item(cs, &gate_now(cs)->listeners, "listener", text);
}

void
confgate_who(struct confset *cs, enum conf_who who)
{
	struct conf_gate	*g = gate_now(cs);

	if (g->who != CONF_WHO_ANYBODY && g->who != who)
		conflex_error(cs->lex, 0, "\"user\" stands here for the second "
		    "time");
	g->who = who;
}

void
confgate_user(struct confset *cs, const char *login)
{
	confgate_who(cs, CONF_WHO_LISTED);
	add_login(cs, &gate_now(cs)->users, login);
}

void
confgate_own(struct confset *cs)
{
	gate_now(cs)->own = 1;
}

void
confgate_domain(struct confset *cs, const char *domain)
{
	add_domain(cs, &gate_now(cs)->domains, domain);
}

void
confgate_need(struct confset *cs, enum conf_need need)
{
	struct conf_gate	*g = gate_now(cs);

	if (g->nrequire < CONF_REQUIRE_MAX)
		g->nrequire++;
	else
		conflex_error(cs->lex, 0, "one requirement too many, expected "
		    "at most %d", CONF_REQUIRE_MAX);
	require_now(cs)->need = need;
}

void
confgate_tls(struct confset *cs, const char *version)
{
	if (strncasecmp(version, "TLSv", 4) == 0)
		version += 4;
	if (strlen(version) != 3 || strncmp(version, "1.", 2) != 0 ||
	    version[2] < '0' || version[2] > '3')
		conflex_error(cs->lex, 0, "\"%.64s\", expected a version: 1.0, "
		    "1.1, 1.2 or 1.3", version);
	else
		require_now(cs)->tls = version[2] - '0';
}

void
confgate_need_own(struct confset *cs)
{
	require_now(cs)->own = 1;
}

void
confgate_need_domain(struct confset *cs, const char *domain)
{
	add_domain(cs, &require_now(cs)->domains, domain);
}

/* A field's name, RFC 5322 2.2, that is kept by whoever reads the header. */
static int
gate_is_field(const char *name)
{
	size_t	 i;

	for (i = 0; name[i] != '\0'; i++)
		if (name[i] <= ' ' || name[i] > '~' || name[i] == ':' ||
		    name[i] == '*')
			return 0;
	return i > 0 && i <= HDR_NAME_MAX;
}

void
confgate_header(struct confset *cs, const char *name, const char *value)
{
	struct conf_require	*r = require_now(cs);

	if (!gate_is_field(name))
		conflex_error(cs->lex, 0, "\"%.64s\", expected the name of a "
		    "header such as \"X-SFDC-LK\"", name);
	if (value[0] == '\0' || strlen(value) > CONF_HEADER_MAX)
		conflex_error(cs->lex, 0, "\"%.64s\", expected a value of 1 to "
		    "%d bytes", value, CONF_HEADER_MAX);
	free(r->text);
	free(r->value);
	if ((r->text = strdup(name)) == NULL ||
	    (r->value = strdup(value)) == NULL)
		cs->failed = 1;
}

void
confgate_list(struct confset *cs, const char *list)
{
	struct conf_require	*r;

	confgate_need(cs, CONF_NEED_UNLISTED);
	r = require_now(cs);
	if (dnslist_parse(&r->list, list) == -1)
		conflex_error(cs->lex, 0, "\"%.128s\", expected a DNS list "
		    "such as \"zen.list.example\" or "
		    "\"zen.list.example=127.0.0.2,127.0.0.4-127.0.0.7\"",
		    list);
	free(r->text);
	if ((r->text = strdup(list)) == NULL)
		cs->failed = 1;
}

void
confgate_limit(struct confset *cs, int recipients, const char *number,
    int64_t span, int sender)
{
	struct conf_gate	*g = gate_now(cs);
	struct conf_limit	*l = sender ? &g->limit_sender : &g->limit;
	unsigned int		*where;

	where = recipients ? &l->recipients : &l->messages;
	if (*where != 0)
		conflex_error(cs->lex, 0, "\"%s\"%s stands here for the second "
		    "time", recipients ? "recipients" : "messages",
		    sender ? " per sender" : "");
	confset_number(cs, where, number, CONF_SENDER_MAX);
	if (recipients)
		l->recipients_span = span;
	else
		l->messages_span = span;
}

void
confgate_return_path(struct confset *cs, enum conf_return_path what)
{
	gate_now(cs)->return_path = what;
}

void
confgate_otherwise(struct confset *cs, enum conf_otherwise what)
{
	gate_now(cs)->otherwise = what;
}

static void
gate_free(struct conf_gate *g)
{
	size_t	 i;

	for (i = 0; i < g->nrequire; i++) {
		conf_list_free(&g->require[i].domains);
		free(g->require[i].text);
		free(g->require[i].value);
	}
	free(g->require);
	netlist_free(&g->nets);
	conf_list_free(&g->sources);
	free(g->file);
	conf_list_free(&g->listeners);
	conf_list_free(&g->users);
	conf_list_free(&g->domains);
	free(g->name);
}

static void
free_gates(struct conf *conf)
{
	size_t	 i;

	for (i = 0; i < conf->ngates; i++)
		gate_free(&conf->gate[i]);
	free(conf->gate);
	conf->gate = NULL;
	conf->ngates = 0;
}

/* Letters, digits, '_', '-' and '.', which need no quotes anywhere. */
static int
check_name(struct confset *cs, const char *what, const char *value)
{
	size_t	 i, n = strlen(value);

	for (i = 0; i < n; i++)
		if (!isalnum((unsigned char)value[i]) &&
		    strchr("_-.", value[i]) == NULL)
			break;
	if (n > 0 && i == n && n <= CONF_HANDOFF_NAME_MAX)
		return 0;
	conflex_error(cs->lex, 0, "%s \"%.64s\", expected 1 to %d letters, "
	    "digits, '_', '-' and '.'", what, value, CONF_HANDOFF_NAME_MAX);
	return -1;
}

static struct conf_handoff *
last(struct confset *cs)
{
	return &cs->conf->handoff[cs->conf->nhandoffs - 1];
}

/* A second block of that name, or one too many, is read all the same. */
void
confhandoff_begin(struct confset *cs, const char *name)
{
	struct conf		*conf = cs->conf;
	struct conf_handoff	*h;
	size_t			 i;

	(void)check_name(cs, "handoff", name);
	for (i = 0; i < conf->nhandoffs; i++)
		if (strcmp(conf->handoff[i].name, name) == 0)
			conflex_error(cs->lex, 0, "handoff \"%.64s\" stands "
			    "here for the second time", name);
	if (conf->nhandoffs == CONF_HANDOFF_MAX) {
		conflex_error(cs->lex, 0, "handoff \"%.64s\" is one too many, "
		    "expected at most %d", name, CONF_HANDOFF_MAX);
		return;
	}
	if ((h = reallocarray(conf->handoff, conf->nhandoffs + 1,
	    sizeof(*h))) == NULL) {
		cs->failed = 1;
		return;
	}
	conf->handoff = h;
	h += conf->nhandoffs++;
	memset(h, 0, sizeof(*h));
	h->priority = CONF_HANDOFF_PRIORITY;
	if ((h->name = strdup(name)) == NULL)
		cs->failed = 1;
}

void
confhandoff_end(struct confset *cs, int line)
{
	struct conf_handoff	*h;

	if (cs->conf->nhandoffs == 0)
		return;
	h = last(cs);
	if (h->symbol == NULL && h->name != NULL &&
	    (h->symbol = strdup(h->name)) == NULL)
		cs->failed = 1;
	if (line == 0)
		return;
	if (h->strategy == CONF_STRATEGY_NONE)
		conflex_error(cs->lex, line, "handoff \"%.64s\" has no "
		    "strategy", h->name);
}

/* The list of the file, which is read later. */
static void
set_file(struct confset *cs, struct conf_handoff *h, const char *path)
{
	struct listfile	*lf;
	char		 full[CONF_PATH_MAX + 1];

	if (path[0] == '\0' || conf_relative(conflex_name(cs->lex), path,
	    full, sizeof(full)) == -1) {
		conflex_error(cs->lex, 0, "\"%.64s\", expected the path of a "
		    "file, of at most %d bytes", path, CONF_PATH_MAX);
		return;
	}
	lf = listfile_add(cs->conf->lists, full,
	    h->strategy == CONF_STRATEGY_ADDRESSES ? LISTFILE_NETS :
	    LISTFILE_WORDS);
	h->file = lf;
	if (lf == NULL && errno == ENOSPC)
		conflex_error(cs->lex, 0, "\"%.64s\" is one file too many, "
		    "expected at most %d", path, LISTFILE_MAX);
	else if (lf == NULL || listfile_from(lf, conflex_name(cs->lex),
	    conflex_line(cs->lex)) == -1)
		cs->failed = 1;
}

void
confhandoff_strategy(struct confset *cs, enum conf_strategy strategy,
    const char *value)
{
	struct conf_handoff	*h;
	const char		*bad;

	if (cs->conf->nhandoffs == 0)
		return;
	h = last(cs);
	h->strategy = strategy;
	if (strategy == CONF_STRATEGY_COUNT) {
		h->count = (unsigned int)strtonum(value, 2,
		    CONF_HANDOFF_COUNT_MAX, &bad);
		if (bad != NULL)
			conflex_error(cs->lex, 0, "\"%.64s\", expected a "
			    "number from 2 to %d: the Received field of this "
			    "smtpd is 1", value, CONF_HANDOFF_COUNT_MAX);
	} else if (value != NULL)
		set_file(cs, h, value);
}

void
confhandoff_source(struct confset *cs, const char *net)
{
	if (cs->conf->nhandoffs == 0)
		return;
	if (netlist_add(&last(cs)->when, net) == 0)
		return;
	if (errno == ENOMEM)
		cs->failed = 1;
	else
		conflex_error(cs->lex, 0, "\"%.64s\", expected an address or "
		    "a network such as 192.0.2.0/24", net);
}

void
confhandoff_priority(struct confset *cs, const char *value)
{
	if (cs->conf->nhandoffs > 0)
		confset_number(cs, &last(cs)->priority, value,
		    CONF_HANDOFF_PRIORITY_MAX);
}

void
confhandoff_symbol(struct confset *cs, const char *value)
{
	struct conf_handoff	*h;

	if (cs->conf->nhandoffs == 0 ||
	    check_name(cs, "symbol", value) == -1)
		return;
	h = last(cs);
	free(h->symbol);
	if ((h->symbol = strdup(value)) == NULL)
		cs->failed = 1;
}

/*
 * Puts the blocks into the order in which they are asked: by priority, those
 * of the same as they stand.
 */
static void
sort_handoffs(struct conf *conf)
{
	struct conf_handoff	 h, *v = conf->handoff;
	size_t			 i, j;

	for (i = 1; i < conf->nhandoffs; i++) {
		h = v[i];
		for (j = i; j > 0 && v[j - 1].priority < h.priority; j--)
			v[j] = v[j - 1];
		v[j] = h;
	}
}

static void
free_handoffs(struct conf *conf)
{
	while (conf->nhandoffs > 0) {
		conf->nhandoffs--;
		free(conf->handoff[conf->nhandoffs].name);
		free(conf->handoff[conf->nhandoffs].symbol);
		netlist_free(&conf->handoff[conf->nhandoffs].when);
	}
	free(conf->handoff);
	conf->handoff = NULL;
}

struct conf *
conf_new(void)
{
	struct conf	*conf;

	if ((conf = calloc(1, sizeof(*conf))) == NULL)
		return NULL;
	if ((conf->lists = calloc(1, sizeof(*conf->lists))) == NULL) {
		free(conf);
		return NULL;
	}
	conf->spool = CONF_SPOOL;
	conf->replies.authenticate = CONF_AUTH_BOTH;
	conf->replies.from = CONF_FROM_MAILBOX;
	conf->replies.copies = CONF_COPIES_MAILBOX;
	conf->replies.signature_lifetime = 90 * DAY;
	conf->replies.handle_lifetime = 400 * DAY;
	conf->replies.retain = 800 * DAY;
	conf->replies.leak = CONF_LEAK_SCRUB;
	conf->replies.participants = 30;
	conf->replies.messages_per_hour = 600;
	conf->replies.spam = CONF_SPAM_ARCHIVE;
	conf->outbound.tls = CONF_TLS_VERIFY;
	conf->outbound.courier_port = CONF_COURIER_PORT;
	return conf;
}

void
conf_free(struct conf *conf)
{
	if (conf == NULL)
		return;
	free(conf->path);
	free(conf->database);
	free(conf->key);
	free(conf->bounce_domain);
	conf_list_free(&conf->domains);
	conf_list_free(&conf->replies.helpdesk);
	conf_list_free(&conf->outbound.hosts);
	free(conf->outbound.courier);
	free_handoffs(conf);
	listfile_free(conf->lists);
	free(conf->lists);
	free_gates(conf);
	free(conf);
}

int
conf_finish(struct conf *conf, const char *name, int line,
    struct conf_errors *errors)
{
	if (conf->database == NULL &&
	    (conf->database = strdup(CONF_DATABASE)) == NULL)
		return -1;
	if (conf->key == NULL && (conf->key = strdup(CONF_KEY)) == NULL)
		return -1;
	if (conf->outbound.courier == NULL &&
	    (conf->outbound.courier = strdup(CONF_COURIER_ADDRESS)) == NULL)
		return -1;
	if (conf->domains.count == 0)
		conf_error(errors, name, line, "the file ends here without "
		    "\"domain\", expected a line like: domain "
		    "{ \"company.example\" }");

	/* Bounces come in by it, so it is one of ours in any case. */
	if (conf->bounce_domain != NULL &&
	    !conf_is_our_domain(conf, conf->bounce_domain)) {
		if (conf_list_add(&conf->domains, conf->bounce_domain) == -1)
			return -1;
		conf->bounce_added = 1;
	}
	sort_handoffs(conf);
	if ((conf->path = strdup(name)) == NULL)
		return -1;
	return 0;
}
