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

#include <ctype.h>
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
conf_list_free(struct conf_list *list)
{
	size_t	 i;

	for (i = 0; i < list->count; i++)
		free(list->item[i]);
	free(list->item);
	list->item = NULL;
	list->count = 0;
}

int
conf_list_add(struct conf_list *list, const char *s)
{
	char	**item;

	item = reallocarray(list->item, list->count + 1, sizeof(*item));
	if (item == NULL)
		return -1;
	list->item = item;
	if ((item[list->count] = strdup(s)) == NULL)
		return -1;
	list->count++;
	return 0;
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
	confhandoff_free(conf);
	listfile_free(conf->lists);
	free(conf->lists);
	confgate_free(conf);
	free(conf);
}

void
conf_error(struct conf_errors *errors, const char *file, int line,
    const char *what)
{
	char	**message, *text;
	int	  r;

	if (errors->count >= CONF_ERRORS_MAX) {
		errors->dropped++;
		return;
	}
	message = reallocarray(errors->message, errors->count + 1,
	    sizeof(*message));
	if (message != NULL)
		errors->message = message;
	if (file == NULL)
		r = asprintf(&text, "%s", what);
	else if (line != 0)
		r = asprintf(&text, "%s:%d: %s", file, line, what);
	else
		r = asprintf(&text, "%s: %s", file, what);
	if (message == NULL || r == -1) {
		/* Without memory for it a mistake must still be counted. */
		errors->dropped++;
		return;
	}
	errors->message[errors->count++] = text;
}

void
conf_errors_free(struct conf_errors *errors)
{
	size_t	 i;

	for (i = 0; i < errors->count; i++)
		free(errors->message[i]);
	free(errors->message);
	memset(errors, 0, sizeof(*errors));
}

/* Why a file must not be believed; NULL when it may be. */
static const char *
conf_untrusted(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "it is not a regular file";
	if (st->st_uid != 0 && st->st_uid != getuid())
		return "it must belong to root (chown root)";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "others than its owner may write it (chmod go-w)";
	if (st->st_size > CONF_FILE_MAX)
		return "it is too large";
	return NULL;
}

char *
conf_read(const char *path, size_t *len, char *why, size_t whysize)
{
	struct stat	 st;
	const char	*bad;
	char		*text = NULL;
	ssize_t		 n = 0;
	size_t		 size;
	int		 fd;

	/* O_NONBLOCK: a fifo must not hold up the start. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1 || fstat(fd, &st) == -1)
		bad = strerror(errno);
	else if ((bad = conf_untrusted(&st)) == NULL &&
	    (text = malloc(CONF_FILE_MAX + 1)) == NULL)
		bad = strerror(errno);
	if (bad != NULL)
		goto out;
	for (size = 0; size <= CONF_FILE_MAX; size += (size_t)n)
		if ((n = read(fd, text + size, CONF_FILE_MAX + 1 - size)) <= 0)
			break;
	if (n == -1)
		bad = strerror(errno);
	else if (size > CONF_FILE_MAX)
		bad = "it is too large";
	*len = size;
 out:
	if (fd != -1)
		close(fd);
	if (bad != NULL) {
		(void)strlcpy(why, bad, whysize);
		free(text);
		return NULL;
	}
	return text;
}

int
conf_relative(const char *base, const char *path, char *full, size_t size)
{
	const char	*slash = strrchr(base, '/');
	int		 r;

	if (path[0] == '/' || slash == NULL)
		r = snprintf(full, size, "%s", path);
	else
		r = snprintf(full, size, "%.*s/%s", (int)(slash - base), base,
		    path);
	return r < 0 || (size_t)r >= size ? -1 : 0;
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
conf_log(struct conf_errors *errors)
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

	conf_log(&errors);
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
	conf_log(&errors);
	if (conf != NULL && warn)
		for (i = 0; (warning = conf_warning(conf, i)) != NULL; i++)
			log_warnx("%s", warning);
	return conf;
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
	confhandoff_sort(conf);
	if ((conf->path = strdup(name)) == NULL)
		return -1;
	return 0;
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
conf_is_our_domain(const struct conf *conf, const char *domain)
{
	size_t	 i;

	for (i = 0; i < conf->domains.count; i++)
		if (strcasecmp(conf->domains.item[i], domain) == 0)
			return 1;
	return 0;
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

/* Numbers with units, as relay.conf(5) and smtprelayctl(8) take them. */

/*
 * Digits and at most one letter of `units', whose factors are in `factors';
 * without a letter `bare' is the factor (0: a letter must stand).
 */
static int
conf_scaled(const char *text, const char *units, const int64_t *factors,
    int64_t bare, int64_t *result)
{
	const char	*unit;
	int64_t		 n = 0, factor = bare;

	if (!isdigit((unsigned char)*text))
		return -1;
	for (; isdigit((unsigned char)*text); text++) {
		if (n > (INT64_MAX - (*text - '0')) / 10)
			return -1;
		n = n * 10 + (*text - '0');
	}
	if (*text != '\0') {
		if ((unit = strchr(units, *text)) == NULL || text[1] != '\0')
			return -1;
		factor = factors[unit - units];
	}
	if (factor == 0 || n > INT64_MAX / factor)
		return -1;
	*result = n * factor;
	return 0;
}

int
conf_duration(const char *text, int64_t *seconds)
{
	static const int64_t	 factors[] = { 1, 60, 3600, 86400, 604800 };

	return conf_scaled(text, "smhdw", factors, 0, seconds);
}

int
conf_size(const char *text, int64_t *bytes)
{
	static const int64_t	 factors[] = {
		1024, 1024 * 1024, 1024 * 1024 * 1024
	};

	return conf_scaled(text, "KMG", factors, 1, bytes);
}
