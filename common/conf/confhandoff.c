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
#include <netinet/in.h>

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/confhandoff.h"

/* Letters, digits, '_', '-' and '.', which need no quotes anywhere. */
static int
check_name(struct confset *cs, const char *what, const char *value)
{
	size_t	 i, n = strlen(value);

	for (i = 0; i < n; i++)
		if (!isalnum((unsigned char)value[i]) &&
		    strchr("_-.", value[i]) == NULL)
			break;
	if (n > 0 && i == n && n <= CONFHANDOFF_NAME_MAX)
		return 0;
	conflex_error(cs->lex, 0, "%s \"%.64s\", expected 1 to %d letters, "
	    "digits, '_', '-' and '.'", what, value, CONFHANDOFF_NAME_MAX);
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
	if (conf->nhandoffs == CONFHANDOFF_MAX) {
		conflex_error(cs->lex, 0, "handoff \"%.64s\" is one too many, "
		    "expected at most %d", name, CONFHANDOFF_MAX);
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
	h->priority = CONFHANDOFF_PRIORITY;
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
		    CONFHANDOFF_COUNT_MAX, &bad);
		if (bad != NULL)
			conflex_error(cs->lex, 0, "\"%.64s\", expected a "
			    "number from 2 to %d: the Received field of this "
			    "smtpd is 1", value, CONFHANDOFF_COUNT_MAX);
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
		    CONFHANDOFF_PRIORITY_MAX);
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

void
confhandoff_sort(struct conf *conf)
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
print_when(const struct netlist *l, FILE *fp)
{
	char	 ip[INET6_ADDRSTRLEN];
	size_t	 i;

	(void)fprintf(fp, "\twhen { source {\n");
	for (i = 0; i < l->n; i++)
		if (inet_ntop(l->v[i].family, l->v[i].addr, ip,
		    sizeof(ip)) != NULL)
			(void)fprintf(fp, "\t\t%s/%d%s\n", ip, l->v[i].bits,
			    i + 1 < l->n ? "," : "");
	(void)fprintf(fp, "\t} }\n");
}

void
confhandoff_print(const struct conf_handoff *h, FILE *fp)
{
	(void)fprintf(fp, "\nhandoff \"%s\" {\n\tstrategy ", h->name);
	switch (h->strategy) {
	case CONF_STRATEGY_COUNT:
		(void)fprintf(fp, "count %u", h->count);
		break;
	case CONF_STRATEGY_LOCAL:
		(void)fprintf(fp, "local");
		break;
	case CONF_STRATEGY_AUTHENTICATED:
		(void)fprintf(fp, "authenticated%s",
		    h->file != NULL ? " users " : "");
		break;
	case CONF_STRATEGY_HOSTNAMES:
		(void)fprintf(fp, "hostnames ");
		break;
	default:
		(void)fprintf(fp, "addresses ");
	}
	if (h->file != NULL)
		conf_print_string(fp, h->file->path);
	(void)fprintf(fp, "\n");
	if (h->when.n > 0)
		print_when(&h->when, fp);
	(void)fprintf(fp, "\tpriority %u\n\tsymbol \"%s\"\n}\n", h->priority,
	    h->symbol);
}

void
confhandoff_free(struct conf *conf)
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
