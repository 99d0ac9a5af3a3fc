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
#include <event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "smtp/aresev.h"
#include "smtp/resolve.h"
#include "upstreamrun.h"

/* The commands' tags, in their order. */
enum upstreamrun_tag {
	UPSTREAMRUN_MAIL,
	UPSTREAMRUN_RCPT,
	UPSTREAMRUN_DATA,
	UPSTREAMRUN_MESSAGE
};

struct upstreamrun_state {
	struct event_base		*base;
	struct upstream			*up;
	const struct upstreamrun_mail	*mail;
	struct upstreamrun		*run;
	size_t				 pos;	/* in the message */
	int				 failed;
	int				 done;
};

/* The server is as far as it gets: what is known of it. */
static void
note_step(struct upstreamrun_state *st)
{
	struct upstreamrun	*run = st->run;

	strlcpy(run->peer, upstream_peer(st->up), sizeof(run->peer));
	run->caps = *upstream_caps(st->up);
	if (upstream_tlsinfo(st->up, &run->info))
		run->tls = 1;
}

/* What went wrong on our side. */
static void
on_error(struct upstreamrun_state *st, int error)
{
	st->failed = st->done = 1;
	if (st->run->end.text[0] == '\0')
		strlcpy(st->run->end.text, strerror(error),
		    sizeof(st->run->end.text));
}

static void
say_line(struct upstreamrun_state *st, int tag, const char *line)
{
	if (upstream_command(st->up, tag, line) == -1)
		on_error(st, errno);
}

static void
on_ready(struct upstream *up, void *arg)
{
	struct upstreamrun_state	*st = arg;
	char				 line[UPSTREAM_COMMAND_MAX];

	st->run->ready = 1;
	note_step(st);
	strlcpy(st->run->answer, st->run->caps.answer,
	    sizeof(st->run->answer));
	if (st->mail == NULL) {
		upstream_quit(up);
		return;
	}
	snprintf(line, sizeof(line), "MAIL FROM:<%s>", st->mail->from);
	say_line(st, UPSTREAMRUN_MAIL, line);
}

/* One line of the message, dots doubled; the length of it in the message. */
static size_t
on_line(struct upstreamrun_state *st)
{
	const char	*p = st->mail->data + st->pos, *nl;
	size_t		 left = st->mail->len - st->pos, len;
	int		 rv = 0;

	nl = memchr(p, '\n', left);
	len = nl == NULL ? left : (size_t)(nl - p);
	left = nl == NULL ? len : len + 1;
	if (len > 0 && p[len - 1] == '\r')
		len--;
	if (len > 0 && *p == '.')
		rv = upstream_data(st->up, ".", 1);
	if (rv == -1 || upstream_data(st->up, p, len) == -1 ||
	    upstream_data(st->up, "\r\n", 2) == -1)
		on_error(st, errno);
	return left;
}

static void
pump_mail(struct upstream *up, void *arg)
{
	struct upstreamrun_state	*st = arg;

	if (upstream_stage(up) != UPSTREAM_DATA)
		return;
	while (!st->failed && st->pos < st->mail->len && upstream_room(up))
		st->pos += on_line(st);
	if (!st->failed && st->pos == st->mail->len &&
	    upstream_end(up, UPSTREAMRUN_MESSAGE, 1) == -1)
		on_error(st, errno);
}

static void
on_reply(struct upstream *up, int tag, const struct smtpreply *r,
    void *arg)
{
	struct upstreamrun_state	*st = arg;
	struct upstreamrun		*run = st->run;
	char				 line[UPSTREAM_COMMAND_MAX];

	smtpreply_text(r, run->answer, sizeof(run->answer));
	if (r->code / 100 != (tag == UPSTREAMRUN_DATA ? 3 : 2)) {
		st->failed = 1;
		run->end.stage = upstream_stage(up);
		run->end.code = r->code;
		strlcpy(run->end.text, run->answer, sizeof(run->end.text));
		upstream_quit(up);
		return;
	}
	switch (tag) {
	case UPSTREAMRUN_MAIL:
		snprintf(line, sizeof(line), "RCPT TO:<%s>", st->mail->rcpt);
		say_line(st, UPSTREAMRUN_RCPT, line);
		break;
	case UPSTREAMRUN_RCPT:
		say_line(st, UPSTREAMRUN_DATA, "DATA");
		break;
	case UPSTREAMRUN_DATA:
		pump_mail(up, st);
		break;
	case UPSTREAMRUN_MESSAGE:
		run->sent = 1;
		upstream_quit(up);
		break;
	}
}

static void
on_closed(struct upstream *up, const struct upstream_end *end,
    void *arg)
{
	struct upstreamrun_state	*st = arg;

	if (!st->run->ready)
		note_step(st);
	if (!st->failed && !end->quit)
		st->failed = 1;
	if (st->failed && st->run->end.text[0] == '\0')
		st->run->end = *end;
	st->done = 1;
	upstream_free(up);
	st->up = NULL;
}

static const struct upstream_cb upstreamrun_cb = { on_ready,
    on_reply, pump_mail, on_closed };

/* One session, in an event loop that is there. */
static void
run_loop(struct upstreamrun_state *st, const struct upstream_env *env,
    const struct upstream_conf *conf)
{
	st->up = upstream_new(env, conf, &upstreamrun_cb, st);
	if (st->up == NULL) {
		on_error(st, errno);
		return;
	}
	while (!st->done)
		if (event_base_loop(st->base, EVLOOP_ONCE) != 0)
			on_error(st, EIO);
	upstream_free(st->up);
}

/* 1 when an address can stand between <> in a command. */
static int
is_address(const char *s)
{
	if (strlen(s) > 512)
		return 0;
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~' || *s == '<' || *s == '>')
			return 0;
	return 1;
}

int
upstreamrun(const struct upstream_conf *conf, const char *ca,
    const char *servers, const struct upstreamrun_mail *mail,
    struct upstreamrun *run)
{
	struct upstreamrun_state	 st;
	struct aresev_conf		 dns;
	struct upstream_env		 env;

	memset(run, 0, sizeof(*run));
	memset(&st, 0, sizeof(st));
	memset(&env, 0, sizeof(env));
	memset(&dns, 0, sizeof(dns));
	dns.servers = servers;
	st.mail = mail;
	st.run = run;
	/* OpenSSL writes without MSG_NOSIGNAL. */
	signal(SIGPIPE, SIG_IGN);
	if (mail != NULL && (!is_address(mail->from) ||
	    !is_address(mail->rcpt))) {
		on_error(&st, EINVAL);
		return -1;
	}
	st.base = env.base = event_base_new();
	if (st.base == NULL ||
	    (env.resolve = resolve_new(st.base, &dns, NULL)) == NULL ||
	    (env.tls = tlsio_ctx_client(ca)) == NULL)
		on_error(&st, errno != 0 ? errno : ENOMEM);
	else
		run_loop(&st, &env, conf);
	tlsio_ctx_free(env.tls);
	resolve_free(env.resolve);
	if (st.base != NULL)
		event_base_free(st.base);
	if (st.failed || !run->ready || (mail != NULL && !run->sent)) {
		if (run->end.text[0] == '\0')
			strlcpy(run->end.text, "the session ended early",
			    sizeof(run->end.text));
		return -1;
	}
	return 0;
}
