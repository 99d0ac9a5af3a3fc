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
/* What stands in relay.conf(5), checked and put where it belongs. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/hostport.h"
#include "conf/confset.h"

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

void
confset_add(struct confset *cs, struct conf_list *list, const char *what,
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

void
confset_add_domain(struct confset *cs, struct conf_list *list,
    const char *value)
{
	char	 name[CONF_DOMAIN_MAX + 1];

	if (get_domain(cs, value, name, sizeof(name)) == 0)
		confset_add(cs, list, "domain", name);
}

void
confset_domain(struct confset *cs, const char *value)
{
	confset_add_domain(cs, &cs->conf->domains, value);
}

void
confset_add_login(struct confset *cs, struct conf_list *list,
    const char *value)
{
	if (value[0] == '\0' || strlen(value) > CONF_LOGIN_MAX)
		conflex_error(cs->lex, 0, "\"%.64s\", expected a login of 1 "
		    "to %d bytes", value, CONF_LOGIN_MAX);
	else
		confset_add(cs, list, "login", value);
}

void
confset_login(struct confset *cs, const char *value)
{
	confset_add_login(cs, &cs->conf->replies.helpdesk, value);
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
		confset_add(cs, &cs->conf->outbound.hosts, "server", server);
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
