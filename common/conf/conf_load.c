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

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/hostport.h"
#include "base/log.h"
#include "conf/conf.h"
#include "conf/confset.h"
#include "conf/listfile.h"

#define DAY	INT64_C(86400)

void
conf_errors_free(struct conf_errors *errors)
{
	size_t	 i;

	for (i = 0; i < errors->count; i++)
		free(errors->message[i]);
	free(errors->message);
	memset(errors, 0, sizeof(*errors));
}

struct conf *
conf_load(const char *path, struct conf_errors *errors)
{
	struct conf	*conf;
	char		*text, why[128];
	size_t		 len;

	if ((text = conf_read(path, &len, why, sizeof(why))) == NULL) {
		conf_error(errors, path, 0, why);
		return NULL;
	}
	conf = conf_parse(path, text, len, errors);
	free(text);
	return conf;
}

int
conf_load_lists(struct conf *conf, struct conf_errors *errors)
{
	return listfile_load(conf->lists, errors);
}

static void
log_errors(struct conf_errors *errors)
{
	size_t	 i;

	for (i = 0; i < errors->count; i++)
		log_warnx("%s", errors->message[i]);
	conf_errors_free(errors);
}

int
conf_load_lists_log(struct conf *conf)
{
	struct conf_errors	 errors = { NULL, 0, 0 };
	int			 rv = conf_load_lists(conf, &errors);

	log_errors(&errors);
	return rv;
}

struct conf *
conf_load_log(const char *path, int warn)
{
	struct conf_errors	 errors = { NULL, 0, 0 };
	struct conf		*conf;
	const char		*warning;
	size_t			 i;

	conf = conf_load(path, &errors);
	log_errors(&errors);
	if (conf != NULL && warn)
		for (i = 0; (warning = conf_warning(conf, i)) != NULL; i++)
			log_warnx("%s", warning);
	return conf;
}

const char *
conf_warning(const struct conf *conf, size_t i)
{
	const char	*all[3];
	size_t		 n = 0;

	if (conf->replies.authenticate == CONF_AUTH_NONE)
		all[n++] = "authenticate none: whoever writes a worker's "
		    "address into From and knows a handle writes to customers "
		    "as the mailbox";
	if (conf->replies.copies == CONF_COPIES_ORIGINAL)
		all[n++] = "copies from original: copies fail DMARC at many "
		    "sites, and may be refused or called spam there";
	if (conf->outbound.tls == CONF_TLS_REQUIRE)
		all[n++] = "tls require: certificates are not checked, and "
		    "who stands between gets passwords and mail";
	return i < n ? all[i] : NULL;
}

int
conf_check(const char *path, int verbose)
{
	struct conf_errors	 errors;
	struct conf		*conf;
	const char		*warning;
	size_t			 i;
	int			 status = 0;

	memset(&errors, 0, sizeof(errors));
	conf = conf_load(path, &errors);
	if (conf != NULL && conf_load_lists(conf, &errors) == -1) {
		conf_free(conf);
		conf = NULL;
	}
	for (i = 0; i < errors.count; i++)
		(void)fprintf(stderr, "%s\n", errors.message[i]);
	if (errors.dropped != 0)
		(void)fprintf(stderr, "%s: %zu more mistakes\n", path,
		    errors.dropped);
	conf_errors_free(&errors);
	if (conf == NULL)
		return 1;
	for (i = 0; (warning = conf_warning(conf, i)) != NULL; i++)
		(void)fprintf(stderr, "%s: warning: %s\n", path, warning);
	if (verbose && conf_print(conf, stdout) == -1) {
		(void)fprintf(stderr, "standard output: %s\n",
		    strerror(errno));
		status = 1;
	}
	conf_free(conf);
	return status;
}

int
conf_is_our_address(const struct conf *conf, const char *address)
{
	const char	*at;

	if ((at = strrchr(address, '@')) == NULL)
		return 0;
	return conf_is_our_domain(conf, at + 1);
}

const char *
conf_bounce_domain(const struct conf *conf, const char *mailbox)
{
	const char	*at;

	if (conf->bounce_domain != NULL)
		return conf->bounce_domain;
	at = strrchr(mailbox, '@');
	return at != NULL ? at + 1 : mailbox;
}

int
conf_is_helpdesk(const struct conf *conf, const char *login)
{
	size_t	 i;

	for (i = 0; i < conf->replies.helpdesk.count; i++)
		if (strcmp(conf->replies.helpdesk.item[i], login) == 0)
			return 1;
	return 0;
}

int
conf_host_allowed(const struct conf *conf, const char *host,
    unsigned int port)
{
	const struct conf_list	*list = &conf->outbound.hosts;
	struct hostport		 hp;
	char			 server[HOSTPORT_TEXT_MAX + 1];
	size_t			 i;

	if (list->count == 0)
		return 1;
	hp.port = port;
	if (strlcpy(hp.host, host, sizeof(hp.host)) >= sizeof(hp.host) ||
	    hostport_format(&hp, server, sizeof(server)) == -1)
		return 0;
	for (i = 0; i < list->count; i++)
		if (strcasecmp(list->item[i], server) == 0)
			return 1;
	return 0;
}

int
conf_beside(const struct conf *conf, const char *name, char *buf,
    size_t size)
{
	const char	*slash = strrchr(conf->key, '/');
	int		 r;

	r = snprintf(buf, size, "%.*s/%s", (int)(slash - conf->key),
	    conf->key, name);
	return r < 0 || (size_t)r >= size ? -1 : 0;
}
