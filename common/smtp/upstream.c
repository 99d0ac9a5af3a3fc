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
#include <sys/time.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/upstream_int.h"

static const struct {
	const char	*name;
	int		 seconds;
} upstream_stages[UPSTREAM_STAGES] = {
	[UPSTREAM_RESOLVE] =	{ "name lookup", 20 },
	[UPSTREAM_CONNECT] =	{ "connect", 60 },
	[UPSTREAM_TLS] =	{ "TLS", 60 },
	[UPSTREAM_GREETING] =	{ "greeting", 270 },
	[UPSTREAM_EHLO] =	{ "EHLO", 270 },
	[UPSTREAM_STARTTLS] =	{ "STARTTLS", 120 },
	[UPSTREAM_AUTH] =	{ "AUTH", 270 },
	[UPSTREAM_IDLE] =	{ "idle", 0 },
	[UPSTREAM_COMMAND] =	{ "command", 270 },
	[UPSTREAM_DATA] =	{ "data", 180 },
	[UPSTREAM_DATAEND] =	{ "end of data", 270 },
	[UPSTREAM_QUIT] =	{ "QUIT", 10 },
};

const char *
upstream_stagename(enum upstream_stage stage)
{
	if ((unsigned int)stage >= UPSTREAM_STAGES)
		return "?";
	return upstream_stages[stage].name;
}

const struct upstream_timeouts *
upstream_timeouts(void)
{
	static struct upstream_timeouts	 defaults;
	int				 i;

	for (i = 0; i < UPSTREAM_STAGES; i++)
		defaults.stage[i] = upstream_stages[i].seconds;
	return &defaults;
}

void
upstream_enter(struct upstream *up)
{
	up->depth++;
}

static void
upstream_destroy(struct upstream *up)
{
	upstream_dial_free(up);
	tlsio_free(up->io);
	upstream_queue_free(up);
	upstream_sasl_wipe(up);
	smtpreply_free(&up->reply);
	free(up->host);
	free(up->helo);
	free(up->user);
	free(up);
}

void
upstream_leave(struct upstream *up)
{
	if (--up->depth == 0 && up->freed)
		upstream_destroy(up);
}

int
upstream_dead(const struct upstream *up)
{
	return up->over || up->freed;
}

/* Closes what is open; nothing comes from the network any more. */
static void
upstream_close(struct upstream *up)
{
	evtimer_del(&up->timer);
	evtimer_del(&up->kick);
	upstream_dial_free(up);
	tlsio_free(up->io);
	up->io = NULL;
	upstream_sasl_wipe(up);
}

void
upstream_free(struct upstream *up)
{
	if (up == NULL || up->freed)
		return;
	upstream_close(up);
	up->freed = 1;
	if (up->depth == 0)
		upstream_destroy(up);
}

void
upstream_setstage(struct upstream *up, enum upstream_stage stage)
{
	struct timeval	 tv = { up->timeouts.stage[stage], 0 };

	up->stage = stage;
	if (tv.tv_sec > 0)
		evtimer_add(&up->timer, &tv);
	else
		evtimer_del(&up->timer);
}

/* What `closed' will be told. */
static void
upstream_verdict(struct upstream *up, int code, const char *text)
{
	int	 brackets = strchr(up->host, ':') != NULL && *up->host != '[';
	char	*p;

	up->end.stage = up->stage;
	up->end.code = code;
	snprintf(up->end.text, sizeof(up->end.text), "%s%s%s:%d, %s: ",
	    brackets ? "[" : "", up->host, brackets ? "]" : "", up->port,
	    upstream_stagename(up->stage));
	/* A server's long story is cut. */
	strlcat(up->end.text, upstream_sasl_leaks(up, text) ?
	    "(the server repeats the secret)" : text, sizeof(up->end.text));
	for (p = up->end.text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
}

static void
upstream_finish(struct upstream *up)
{
	if (upstream_dead(up))
		return;
	up->over = 1;
	upstream_close(up);
	up->end.quit = up->quitting;
	up->cb->closed(up, &up->end, up->arg);
}

void
upstream_fail(struct upstream *up, int code, const char *fmt, ...)
{
	char	 text[UPSTREAM_TEXT_MAX];
	va_list	 ap;

	if (upstream_dead(up))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	upstream_verdict(up, code, text);
	upstream_finish(up);
}

void
upstream_refused(struct upstream *up)
{
	char	 text[UPSTREAM_TEXT_MAX];

	smtpreply_text(&up->reply, text, sizeof(text));
	upstream_fail(up, up->reply.code, "%s", text);
}

void
upstream_say(struct upstream *up, const char *line, size_t len)
{
	if (tlsio_write(up->io, line, len) == -1 ||
	    tlsio_write(up->io, "\r\n", 2) == -1)
		upstream_fail(up, 0, "%s", strerror(ENOMEM));
}

/* The time of a stage is up; a message that goes on moving has more. */
static void
upstream_on_timer(int fd, short what, void *arg)
{
	struct upstream	*up = arg;
	uint64_t	 gone;

	(void)fd;
	(void)what;
	upstream_enter(up);
	if (up->stage == UPSTREAM_DATA) {
		gone = up->written - tlsio_waiting(up->io);
		if (gone != up->seen || tlsio_waiting(up->io) == 0) {
			up->seen = gone;
			upstream_setstage(up, up->stage);
			upstream_leave(up);
			return;
		}
	}
	upstream_fail(up, 0, "no answer for %d seconds",
	    up->timeouts.stage[up->stage]);
	upstream_leave(up);
}

/* Something failed inside a call from outside, or QUIT ended it. */
static void
upstream_on_kick(int fd, short what, void *arg)
{
	struct upstream	*up = arg;

	(void)fd;
	(void)what;
	upstream_enter(up);
	if (up->quitting)
		upstream_fail(up, 0, "closed");
	else
		upstream_fail(up, 0, "%s", strerror(ENOMEM));
	upstream_leave(up);
}

static void
upstream_one_reply(struct upstream *up)
{
	/* From ready() on a 421 may come at any time, RFC 5321 section 3.8;
	 * whoever waits for a reply has it as that. */
	if (up->stage < UPSTREAM_IDLE)
		upstream_login_reply(up);
	else
		upstream_queue_reply(up);
}

static size_t
upstream_on_read(struct tlsio *io, const char *buf, size_t len, void *arg)
{
	struct upstream		*up = arg;
	size_t			 used, total = 0;
	enum upstream_stage	 stage;
	int			 rv;

	(void)io;
	upstream_enter(up);
	while (!upstream_dead(up) && total < len) {
		rv = smtpreply_feed(&up->reply, buf + total, len - total,
		    &used);
		total += used;
		if (rv == -1)
			upstream_fail(up, 0, "the server sent %s",
			    up->reply.error);
		if (rv != 1)
			break;
		stage = up->stage;
		upstream_one_reply(up);
		if (upstream_dead(up))
			break;
		/* An idle session holds no more than it must. */
		if (up->stage == UPSTREAM_IDLE)
			smtpreply_free(&up->reply);
		smtpreply_reset(&up->reply);
		/* What is left is not behind TLS. */
		if (stage == UPSTREAM_STARTTLS)
			break;
	}
	if (upstream_dead(up))
		total = len;
	upstream_leave(up);
	return total;
}

static void
upstream_on_secure(struct tlsio *io, void *arg)
{
	struct upstream	*up = arg;

	(void)io;
	upstream_enter(up);
	up->tls = 1;
	upstream_login_secure(up);
	upstream_leave(up);
}

static void
upstream_on_drained(struct tlsio *io, void *arg)
{
	struct upstream	*up = arg;

	(void)io;
	upstream_enter(up);
	if (!upstream_dead(up) && up->cb->drained != NULL)
		up->cb->drained(up, up->arg);
	upstream_leave(up);
}

static void
upstream_on_closed(struct tlsio *io, enum tlsio_end how, const char *why,
    void *arg)
{
	struct upstream	*up = arg;

	(void)io;
	(void)how;
	upstream_enter(up);
	upstream_fail(up, 0, "%s", why);
	upstream_leave(up);
}

const struct tlsio_cb upstream_io = { upstream_on_read, upstream_on_secure,
    upstream_on_drained, upstream_on_closed };

/* A word without spaces and control characters, that is not too long. */
static int
upstream_isword(const char *s, size_t max)
{
	const char	*p;

	if (s == NULL || *s == '\0' || strlen(s) > max)
		return 0;
	for (p = s; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return 0;
	return 1;
}

/* No control characters: they separate what SASL messages are made of. */
static int
upstream_istext(const char *s, size_t max)
{
	if (s == NULL || *s == '\0' || strlen(s) > max)
		return 0;
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 127)
			return 0;
	return 1;
}

static int
upstream_check(const struct upstream_env *env,
    const struct upstream_conf *conf)
{
	if (!upstream_isword(conf->host, UPSTREAM_HOST_MAX) ||
	    !upstream_isword(conf->helo, UPSTREAM_HOST_MAX) ||
	    conf->port < 1 || conf->port > 65535 || env->resolve == NULL)
		return -1;
	if (conf->kind == UPSTREAM_LMTP)
		return conf->login == UPSTREAM_NOLOGIN ? 0 : -1;
	if (env->tls == NULL)
		return -1;
	if (conf->login != UPSTREAM_NOLOGIN &&
	    (!upstream_istext(conf->user, UPSTREAM_USER_MAX) ||
	    !upstream_istext(conf->secret, UPSTREAM_SECRET_MAX)))
		return -1;
	return 0;
}

static int
upstream_copy(struct upstream *up, const struct upstream_conf *conf)
{
	int	 i;

	up->kind = conf->kind;
	up->login = conf->login;
	up->verify = conf->verify;
	up->port = conf->port;
	up->timeouts = conf->timeouts;
	for (i = 0; i < UPSTREAM_STAGES; i++)
		if (up->timeouts.stage[i] == 0)
			up->timeouts.stage[i] = upstream_stages[i].seconds;
	if ((up->host = strdup(conf->host)) == NULL ||
	    (up->helo = strdup(conf->helo)) == NULL)
		return -1;
	if (up->login == UPSTREAM_NOLOGIN)
		return 0;
	if ((up->user = strdup(conf->user)) == NULL ||
	    (up->secret = strdup(conf->secret)) == NULL)
		return -1;
	return 0;
}

struct upstream *
upstream_new(const struct upstream_env *env, const struct upstream_conf *conf,
    const struct upstream_cb *cb, void *arg)
{
	struct upstream	*up;

	if (upstream_check(env, conf) == -1) {
		errno = EINVAL;
		return NULL;
	}
	if ((up = calloc(1, sizeof(*up))) == NULL)
		return NULL;
	up->env = *env;
	up->cb = cb;
	up->arg = arg;
	TAILQ_INIT(&up->cmds);
	smtpreply_init(&up->reply);
	evtimer_set(&up->timer, upstream_on_timer, up);
	evtimer_set(&up->kick, upstream_on_kick, up);
	if (env->base != NULL) {
		event_base_set(env->base, &up->timer);
		event_base_set(env->base, &up->kick);
	}
	if (upstream_copy(up, conf) == -1 || upstream_dial(up) == -1) {
		upstream_free(up);
		errno = ENOMEM;
		return NULL;
	}
	upstream_setstage(up, UPSTREAM_RESOLVE);
	return up;
}

enum upstream_stage
upstream_stage(const struct upstream *up)
{
	return up->stage;
}

const struct upstream_caps *
upstream_caps(const struct upstream *up)
{
	return &up->caps;
}

int
upstream_tlsinfo(const struct upstream *up, struct tlsio_info *info)
{
	return up->io == NULL ? 0 : tlsio_getinfo(up->io, info);
}

const char *
upstream_peer(const struct upstream *up)
{
	return up->peer;
}
