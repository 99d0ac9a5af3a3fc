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
#include <sys/time.h>
#include <sys/types.h>

#include <errno.h>
#include <event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/traces.h"
#include "smtp/dial.h"
#include "smtp/dotguard.h"
#include "smtp/resolve.h"
#include "smtp/sasl.h"
#include "smtp/upstream.h"

#define UPSTREAM_SASL_MAX	12286	/* of a line, RFC 4954 section 4 */

/* Whether more may follow a command before its reply, RFC 2920. */
enum upstream_what {
	UPSTREAM_GROUPED,
	UPSTREAM_SYNC,
	UPSTREAM_DATACMD,	/* DATA itself */
	UPSTREAM_DOT,		/* the end of a message */
	UPSTREAM_QUITCMD
};

struct upstream_cmd {
	TAILQ_ENTRY(upstream_cmd) entry;
	enum upstream_what	 what;
	int			 tag;
	int			 sent;
	size_t			 len;
	char			 line[];	/* with CR LF */
};

struct upstream {
	struct upstream_env	 env;
	const struct upstream_cb *cb;
	void			*arg;
	enum upstream_kind	 kind;
	enum upstream_login	 login;
	enum upstream_stage	 stage;
	int			 verify;
	int			 port;
	char			*host, *helo, *user;
	char			*secret;	/* freezero(3)d after AUTH */
	struct upstream_timeouts timeouts;
	struct ehlo		 caps;
	struct dial		*dial;		/* until it is connected */
	struct tlsio		*io;
	char			 peer[80];
	int			 tls;
	int			 step;		/* within AUTH */
	struct smtpreply	 reply;
	TAILQ_HEAD(upstream_cmds, upstream_cmd) cmds;
	int			 ncmds;
	enum dotguard		 pos;
	uint64_t		 written;	/* bytes of messages given */
	uint64_t		 seen;		/* ... that the timer saw go */
	struct event		 timer;
	struct event		 kick;		/* to fail, from the loop */
	struct upstream_end	 end;
	int			 over;
	int			 depth, freed;	/* as in tlsio */
	int			 quitting;
};

#define UPSTREAM_LINE	510	/* of a command, RFC 5321 section 4.5.3.1.4 */

/*
 * From the connection to ready(): greeting, EHLO, STARTTLS and EHLO again,
 * AUTH.  One command at a time; each stage knows the one reply that leads on.
 */

/* No control characters: they separate what SASL messages are made of. */
static int
is_text(const char *s, size_t max)
{
	if (s == NULL || *s == '\0' || strlen(s) > max)
		return 0;
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 127)
			return 0;
	return 1;
}

/* The next message of the login; NULL without memory. */
static char *
next_message(const struct upstream *up, int step)
{
	struct sasl	 s = { up->user, up->secret, up->host, up->port };

	return sasl_message(up->caps.used, step, &s);
}

/* 1 when the text holds something of the secret, or what stands for it. */
static int
leaks_secret(const struct upstream *up, const char *text)
{
	char	*b;
	int	 rv, step;

	if (up->secret == NULL || up->stage != UPSTREAM_AUTH ||
	    strlen(up->secret) < TRACES_SHORT)
		return 0;
	rv = traces_of(up->secret, text);
	for (step = 1; step <= 2 && rv == 0 && up->caps.used != 0; step++) {
		if ((b = next_message(up, step)) == NULL)
			return 1;
		/* A user's name in base64 is none. */
		if (up->caps.used != SASL_LOGIN || step == 2)
			rv = traces_of(b, text);
		sasl_wipe(b);
	}
	return rv;
}

static void
wipe_secret(struct upstream *up)
{
	sasl_wipe(up->secret);
	up->secret = NULL;
}

static int
is_dead(const struct upstream *up)
{
	return up->over || up->freed;
}

/* Closes what is open; nothing comes from the network any more. */
static void
close_all(struct upstream *up)
{
	evtimer_del(&up->timer);
	evtimer_del(&up->kick);
	dial_free(up->dial);
	up->dial = NULL;
	tlsio_free(up->io);
	up->io = NULL;
	wipe_secret(up);
}

/* Goes to a stage and starts its time. */
static void
set_stage(struct upstream *up, enum upstream_stage stage)
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
set_end(struct upstream *up, int code, const char *text)
{
	int	 brackets = strchr(up->host, ':') != NULL && *up->host != '[';
	char	*p;

	up->end.stage = up->stage;
	up->end.code = code;
	snprintf(up->end.text, sizeof(up->end.text), "%s%s%s:%d, %s: ",
	    brackets ? "[" : "", up->host, brackets ? "]" : "", up->port,
	    upstream_stagename(up->stage));
	/* A server's long story is cut. */
	strlcat(up->end.text, leaks_secret(up, text) ?
	    "(the server repeats the secret)" : text, sizeof(up->end.text));
	for (p = up->end.text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
}

static void
finish(struct upstream *up)
{
	if (is_dead(up))
		return;
	up->over = 1;
	close_all(up);
	up->end.quit = up->quitting;
	up->cb->closed(up, &up->end, up->arg);
}

static void	fail(struct upstream *up, int code, const char *fmt, ...)
	    __attribute__((__format__(printf, 3, 4)));

/*
 * Ends the session in the present stage and tells it, from a handler.  The
 * text is "host:port, stage: " and what is said here.
 */
static void
fail(struct upstream *up, int code, const char *fmt, ...)
{
	char	 text[UPSTREAM_TEXT_MAX];
	va_list	 ap;

	if (is_dead(up))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	set_end(up, code, text);
	finish(up);
}

/* The same, for what the reply at hand says. */
static void
refused(struct upstream *up)
{
	char	 text[UPSTREAM_TEXT_MAX];

	smtpreply_text(&up->reply, text, sizeof(text));
	fail(up, up->reply.code, "%s", text);
}

/* Writes a line of the login, CR LF is added. */
static void
say(struct upstream *up, const char *line, size_t len)
{
	if (tlsio_write(up->io, line, len) == -1 ||
	    tlsio_write(up->io, "\r\n", 2) == -1)
		fail(up, 0, "%s", strerror(ENOMEM));
}

/* Sends it, behind `prefix' when it fits there. */
static void
send_message(struct upstream *up, const char *prefix)
{
	char	*text;

	if ((text = next_message(up, up->step)) == NULL) {
		fail(up, 0, "no memory");
		return;
	}
	if (strlen(text) > UPSTREAM_SASL_MAX)
		fail(up, 0, "the secret is too long");
	else if (tlsio_write(up->io, prefix, strlen(prefix)) == -1)
		fail(up, 0, "no memory");
	else
		say(up, text, strlen(text));
	sasl_wipe(text);
}

static void
begin_auth(struct upstream *up)
{
	char	 line[80], name[SASL_NAMES_MAX], *text;
	size_t	 len;

	up->caps.used = sasl_choose(up->caps.mechs,
	    up->login == UPSTREAM_BEARER);
	up->step = 0;
	if (up->caps.used == 0) {
		fail(up, 0, "the server offers no login with %s "
		    "(but: %s)", up->login == UPSTREAM_BEARER ? "OAuth 2" :
		    "a password", up->caps.mechlist[0] == '\0' ? "nothing" :
		    up->caps.mechlist);
		return;
	}
	sasl_names(up->caps.used, name, sizeof(name));
	snprintf(line, sizeof(line), "AUTH %s", name);
	if (up->caps.used == SASL_LOGIN) {
		say(up, line, strlen(line));
		return;
	}
	if ((text = next_message(up, 1)) == NULL) {
		fail(up, 0, "no memory");
		return;
	}
	len = strlen(text);
	sasl_wipe(text);
	if (strlen(line) + 1 + len > UPSTREAM_LINE) {
		/* Too long for a command: it follows, RFC 4954 section 4. */
		say(up, line, strlen(line));
		return;
	}
	strlcat(line, " ", sizeof(line));
	up->step = 1;
	send_message(up, line);
}

/* 334: the server wants more. */
static void
continue_auth(struct upstream *up)
{
	up->step++;
	if (up->step == 1 || (up->step == 2 && up->caps.used == SASL_LOGIN))
		send_message(up, "");
	else if (up->step == 2 && up->caps.used == SASL_OAUTHBEARER)
		/* The error is in the challenge, and this has the server say
		 * 535: RFC 7628 section 3.2.3. */
		say(up, "AQ==", 4);
	else if (up->step == 2 && up->caps.used == SASL_XOAUTH2)
		say(up, "", 0);
	else
		fail(up, 0, "the server does not stop asking");
}

static void
begin_tls(struct upstream *up)
{
	set_stage(up, UPSTREAM_TLS);
	if (tlsio_client(up->io, up->env.tls, up->host, up->verify) == -1)
		fail(up, 0, "TLS cannot begin");
}

static void
say_hello(struct upstream *up)
{
	char	 line[UPSTREAM_HOST_MAX + 8];

	set_stage(up, UPSTREAM_EHLO);
	snprintf(line, sizeof(line), "%s %s", up->kind == UPSTREAM_LMTP ?
	    "LHLO" : "EHLO", up->helo);
	say(up, line, strlen(line));
}

static void
secured(struct upstream *up)
{
	/* What the server said before is forgotten, RFC 3207 section 4.2. */
	memset(&up->caps, 0, sizeof(up->caps));
	if (up->kind == UPSTREAM_SMTPS)
		set_stage(up, UPSTREAM_GREETING);
	else
		say_hello(up);
}

static void
logged_in(struct upstream *up)
{
	char	 text[sizeof(up->caps.answer)];

	if (up->stage == UPSTREAM_AUTH) {
		smtpreply_text(&up->reply, text, sizeof(text));
		if (!leaks_secret(up, text))
			strlcpy(up->caps.answer, text,
			    sizeof(up->caps.answer));
	}
	wipe_secret(up);
	set_stage(up, UPSTREAM_IDLE);
	up->cb->ready(up, up->arg);
}

/* EHLO was answered. */
static void
hello_answered(struct upstream *up)
{
	ehlo_parse(&up->caps, &up->reply);
	if (up->kind == UPSTREAM_SMTP_TLS && !up->tls) {
		set_stage(up, UPSTREAM_STARTTLS);
		if ((up->caps.extensions & EHLO_STARTTLS) == 0)
			fail(up, 0, "the server offers no STARTTLS");
		else
			say(up, "STARTTLS", 8);
	} else if (up->login != UPSTREAM_NOLOGIN) {
		set_stage(up, UPSTREAM_AUTH);
		begin_auth(up);
	} else
		logged_in(up);
}

static void
login_reply(struct upstream *up)
{
	int	 code = up->reply.code;

	if (up->stage == UPSTREAM_GREETING && code == 220)
		say_hello(up);
	else if (up->stage == UPSTREAM_EHLO && code == 250)
		hello_answered(up);
	else if (up->stage == UPSTREAM_STARTTLS && code == 220)
		begin_tls(up);
	else if (up->stage == UPSTREAM_AUTH && code == 235)
		logged_in(up);
	else if (up->stage == UPSTREAM_AUTH && code == 334)
		continue_auth(up);
	else {
		/* 500 to 504 say that the server did not understand: that is
		 * no judgement on the password. */
		if (up->stage == UPSTREAM_AUTH && code > 504 && up->step > 0)
			up->end.badlogin = 1;
		refused(up);
	}
}

/* After ready(): commands in a queue, messages between 354 and the dot. */

static void
drop_command(struct upstream *up, struct upstream_cmd *cmd)
{
	TAILQ_REMOVE(&up->cmds, cmd, entry);
	up->ncmds--;
	free(cmd);
}

static void
drop_commands(struct upstream *up)
{
	struct upstream_cmd	*cmd;

	while ((cmd = TAILQ_FIRST(&up->cmds)) != NULL)
		drop_command(up, cmd);
}

/* Appends a command; CR LF is added to what is not empty. */
static int
add_command(struct upstream *up, enum upstream_what what, int tag,
    const char *line)
{
	struct upstream_cmd	*cmd;
	size_t			 len = strlen(line);

	if ((cmd = calloc(1, sizeof(*cmd) + len + 3)) == NULL)
		return -1;
	cmd->what = what;
	cmd->tag = tag;
	memcpy(cmd->line, line, len);
	if (len > 0) {
		memcpy(cmd->line + len, "\r\n", 2);
		cmd->len = len + 2;
	}
	TAILQ_INSERT_TAIL(&up->cmds, cmd, entry);
	up->ncmds++;
	return 0;
}

/* Fails in the next turn of the loop: we are in a call from outside. */
static void
fail_soon(struct upstream *up)
{
	event_active(&up->kick, EV_TIMEOUT, 1);
}

/* Sends what may be sent. */
static void
push(struct upstream *up)
{
	struct upstream_cmd	*cmd, *before = NULL;
	int			 pipe, fresh;

	pipe = up->caps.extensions & EHLO_PIPELINING;
	TAILQ_FOREACH(cmd, &up->cmds, entry) {
		if (before != NULL && (!pipe ||
		    before->what != UPSTREAM_GROUPED))
			break;
		before = cmd;
		if (cmd->sent)
			continue;
		fresh = cmd == TAILQ_FIRST(&up->cmds);
		cmd->sent = 1;
		if (tlsio_write(up->io, cmd->line, cmd->len) == -1) {
			fail_soon(up);
			return;
		}
		if (fresh)
			set_stage(up, cmd->what == UPSTREAM_QUITCMD ?
			    UPSTREAM_QUIT : UPSTREAM_COMMAND);
	}
}

/* The commands that may stand in the middle of a group, RFC 2920. */
static enum upstream_what
kind_of(const char *line)
{
	if (strcasecmp(line, "DATA") == 0)
		return UPSTREAM_DATACMD;
	if (strncasecmp(line, "MAIL ", 5) == 0 ||
	    strncasecmp(line, "RCPT ", 5) == 0 ||
	    strcasecmp(line, "RSET") == 0)
		return UPSTREAM_GROUPED;
	return UPSTREAM_SYNC;
}

int
upstream_command(struct upstream *up, int tag, const char *line)
{
	struct upstream_cmd	*last;

	if (!is_text(line, UPSTREAM_COMMAND_MAX)) {
		errno = EINVAL;
		return -1;
	}
	last = TAILQ_LAST(&up->cmds, upstream_cmds);
	if (is_dead(up) || up->quitting ||
	    (up->stage != UPSTREAM_IDLE && up->stage != UPSTREAM_COMMAND) ||
	    (last != NULL && last->what == UPSTREAM_DATACMD)) {
		errno = ENOTCONN;
		return -1;
	}
	if (up->ncmds >= UPSTREAM_QUEUE_MAX) {
		errno = ENOBUFS;
		return -1;
	}
	if (add_command(up, kind_of(line), tag, line) == -1)
		return -1;
	push(up);
	return 0;
}

/* The stage that the queue now stands for. */
static void
settle(struct upstream *up)
{
	struct upstream_cmd	*cmd = TAILQ_FIRST(&up->cmds);

	if (cmd == NULL && up->quitting) {
		if (add_command(up, UPSTREAM_QUITCMD, 0, "QUIT") == -1)
			fail(up, 0, "closed");
	} else if (cmd == NULL)
		set_stage(up, UPSTREAM_IDLE);
	else if (cmd->what == UPSTREAM_DOT)
		set_stage(up, UPSTREAM_DATAEND);
	else if (cmd->sent)
		set_stage(up, UPSTREAM_COMMAND);
	if (!is_dead(up))
		push(up);
}

static void
command_reply(struct upstream *up)
{
	struct upstream_cmd	*cmd = TAILQ_FIRST(&up->cmds);
	enum upstream_what	 what;
	int			 tag, code = up->reply.code;

	if (cmd == NULL || !cmd->sent) {
		/* Nobody asked: a goodbye, a refusal in the middle of the
		 * message, or rubbish. */
		refused(up);
		return;
	}
	what = cmd->what;
	tag = cmd->tag;
	drop_command(up, cmd);
	if (what == UPSTREAM_QUITCMD) {
		tlsio_finish(up->io);
		return;
	}
	/* What would have both sides believe different things. */
	if ((code / 100 == 3 && (what != UPSTREAM_DATACMD || code != 354)) ||
	    (code / 100 == 2 && what == UPSTREAM_DATACMD)) {
		refused(up);
		return;
	}
	if (code == 354) {
		up->pos = DOTGUARD_BOL;
		up->written = up->seen = 0;
		set_stage(up, UPSTREAM_DATA);
	} else if (code != 421)
		settle(up);
	if (is_dead(up))
		return;
	up->cb->reply(up, tag, &up->reply, up->arg);
	if (code == 421)
		refused(up);
	else if (code == 354 && !is_dead(up) && up->quitting)
		fail(up, 0, "closed");
}

int
upstream_data(struct upstream *up, const char *buf, size_t len)
{
	if (is_dead(up) || up->stage != UPSTREAM_DATA || up->quitting) {
		errno = ENOTCONN;
		return -1;
	}
	if (dotguard(&up->pos, buf, len) == -1) {
		errno = EINVAL;
		return -1;
	}
	if (len > 0 && tlsio_write(up->io, buf, len) == -1) {
		errno = ENOBUFS;
		return -1;
	}
	up->written += len;
	return 0;
}

int
upstream_end(struct upstream *up, int tag, int nreplies)
{
	static const char	 end[] = "\r\n.\r\n";
	size_t			 skip;
	int			 i;

	if (is_dead(up) || up->stage != UPSTREAM_DATA || up->quitting) {
		errno = ENOTCONN;
		return -1;
	}
	if (nreplies < 1 || nreplies > UPSTREAM_QUEUE_MAX ||
	    (up->kind != UPSTREAM_LMTP && nreplies != 1) ||
	    up->pos == DOTGUARD_BOLDOT) {
		errno = EINVAL;
		return -1;
	}
	for (i = 0; i < nreplies; i++) {
		if (add_command(up, UPSTREAM_DOT, tag, "") == -1) {
			fail_soon(up);
			return 0;
		}
		TAILQ_LAST(&up->cmds, upstream_cmds)->sent = 1;
	}
	skip = up->pos == DOTGUARD_BOL ? 2 : up->pos == DOTGUARD_CR ? 1 : 0;
	if (tlsio_write(up->io, end + skip, 5 - skip) == -1)
		fail_soon(up);
	up->written += 5 - skip;
	set_stage(up, UPSTREAM_DATAEND);
	return 0;
}

int
upstream_room(const struct upstream *up)
{
	return !is_dead(up) && up->io != NULL &&
	    tlsio_waiting(up->io) <= TLSIO_OUT_HIGH;
}

size_t
upstream_waiting(const struct upstream *up)
{
	return up->io == NULL ? 0 : tlsio_waiting(up->io);
}

int
upstream_outstanding(const struct upstream *up)
{
	return up->ncmds;
}

void
upstream_quit(struct upstream *up)
{
	if (is_dead(up) || up->quitting)
		return;
	up->quitting = 1;
	if (up->stage == UPSTREAM_IDLE)
		settle(up);
	else if (up->stage != UPSTREAM_COMMAND)
		fail_soon(up);
}

/* upstream.c.  Handlers run between these; up may be gone after the second. */
static void
enter(struct upstream *up)
{
	up->depth++;
}

static void
destroy(struct upstream *up)
{
	dial_free(up->dial);
	up->dial = NULL;
	tlsio_free(up->io);
	drop_commands(up);
	wipe_secret(up);
	smtpreply_free(&up->reply);
	free(up->host);
	free(up->helo);
	free(up->user);
	free(up);
}

static void
leave(struct upstream *up)
{
	if (--up->depth == 0 && up->freed)
		destroy(up);
}

void
upstream_free(struct upstream *up)
{
	if (up == NULL || up->freed)
		return;
	close_all(up);
	up->freed = 1;
	if (up->depth == 0)
		destroy(up);
}

/* The time of a stage is up; a message that goes on moving has more. */
static void
on_timer(int fd, short what, void *arg)
{
	struct upstream	*up = arg;
	uint64_t	 gone;

	(void)fd;
	(void)what;
	enter(up);
	if (up->stage == UPSTREAM_DATA) {
		gone = up->written - tlsio_waiting(up->io);
		if (gone != up->seen || tlsio_waiting(up->io) == 0) {
			up->seen = gone;
			set_stage(up, up->stage);
			leave(up);
			return;
		}
	}
	fail(up, 0, "no answer for %d seconds",
	    up->timeouts.stage[up->stage]);
	leave(up);
}

/* Something failed inside a call from outside, or QUIT ended it. */
static void
on_kick(int fd, short what, void *arg)
{
	struct upstream	*up = arg;

	(void)fd;
	(void)what;
	enter(up);
	if (up->quitting)
		fail(up, 0, "closed");
	else
		fail(up, 0, "%s", strerror(ENOMEM));
	leave(up);
}

static void
one_reply(struct upstream *up)
{
	/* From ready() on a 421 may come at any time, RFC 5321 section 3.8;
	 * whoever waits for a reply has it as that. */
	if (up->stage < UPSTREAM_IDLE)
		login_reply(up);
	else
		command_reply(up);
}

static size_t
on_read(struct tlsio *io, const char *buf, size_t len, void *arg)
{
	struct upstream		*up = arg;
	size_t			 used, total = 0;
	enum upstream_stage	 stage;
	int			 rv;

	(void)io;
	enter(up);
	while (!is_dead(up) && total < len) {
		rv = smtpreply_feed(&up->reply, buf + total, len - total,
		    &used);
		total += used;
		if (rv == -1)
			fail(up, 0, "the server sent %s",
			    up->reply.error);
		if (rv != 1)
			break;
		stage = up->stage;
		one_reply(up);
		if (is_dead(up))
			break;
		/* An idle session holds no more than it must. */
		if (up->stage == UPSTREAM_IDLE)
			smtpreply_free(&up->reply);
		smtpreply_reset(&up->reply);
		/* What is left is not behind TLS. */
		if (stage == UPSTREAM_STARTTLS)
			break;
	}
	if (is_dead(up))
		total = len;
	leave(up);
	return total;
}

static void
on_secure(struct tlsio *io, void *arg)
{
	struct upstream	*up = arg;

	(void)io;
	enter(up);
	up->tls = 1;
	secured(up);
	leave(up);
}

static void
on_drained(struct tlsio *io, void *arg)
{
	struct upstream	*up = arg;

	(void)io;
	enter(up);
	if (!is_dead(up) && up->cb->drained != NULL)
		up->cb->drained(up, up->arg);
	leave(up);
}

static void
on_closed(struct tlsio *io, enum tlsio_end how, const char *why,
    void *arg)
{
	struct upstream	*up = arg;

	(void)io;
	(void)how;
	enter(up);
	fail(up, 0, "%s", why);
	leave(up);
}

/* A word without spaces and control characters, that is not too long. */
static int
is_word(const char *s, size_t max)
{
	const char	*p;

	if (s == NULL || *s == '\0' || strlen(s) > max)
		return 0;
	for (p = s; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return 0;
	return 1;
}

static int
check(const struct upstream_env *env,
    const struct upstream_conf *conf)
{
	if (!is_word(conf->host, UPSTREAM_HOST_MAX) ||
	    !is_word(conf->helo, UPSTREAM_HOST_MAX) ||
	    conf->port < 1 || conf->port > 65535 || env->resolve == NULL)
		return -1;
	if (conf->kind == UPSTREAM_LMTP)
		return conf->login == UPSTREAM_NOLOGIN ? 0 : -1;
	if (env->tls == NULL)
		return -1;
	if (conf->login != UPSTREAM_NOLOGIN &&
	    (!is_text(conf->user, UPSTREAM_USER_MAX) ||
	    !is_text(conf->secret, UPSTREAM_SECRET_MAX)))
		return -1;
	return 0;
}

static int
copy(struct upstream *up, const struct upstream_conf *conf)
{
	int	 i;

	up->kind = conf->kind;
	up->login = conf->login;
	up->verify = conf->verify;
	up->port = conf->port;
	up->timeouts = conf->timeouts;
	for (i = 0; i < UPSTREAM_STAGES; i++)
		if (up->timeouts.stage[i] == 0)
			up->timeouts.stage[i] =
			    upstream_timeouts()->stage[i];
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

/* A connection is there. */
static void
connected(struct upstream *up, int fd)
{
	static const struct tlsio_cb	 connection = { on_read, on_secure,
	    on_drained, on_closed };

	up->io = tlsio_new(up->env.base, fd, &connection, up);
	if (up->io == NULL) {
		close(fd);
		fail(up, 0, "no memory");
		return;
	}
	if (up->kind == UPSTREAM_SMTPS)
		begin_tls(up);
	else
		set_stage(up, UPSTREAM_GREETING);
}

static void
on_found(void *arg)
{
	set_stage(arg, UPSTREAM_CONNECT);
}

static void
on_dialled(int fd, const char *why, void *arg)
{
	struct upstream	*up = arg;

	enter(up);
	dial_free(up->dial);
	up->dial = NULL;
	if (fd == -1)
		fail(up, 0, "%s", why);
	else {
		dial_peer(fd, up->peer, sizeof(up->peer));
		connected(up, fd);
	}
	leave(up);
}

static int
begin_dial(struct upstream *up)
{
	static const struct dial_cb	 cb = { on_found, on_dialled };

	up->dial = dial_start(up->env.base, up->env.resolve, up->host,
	    up->port, &cb, up);
	return up->dial == NULL ? -1 : 0;
}

struct upstream *
upstream_new(const struct upstream_env *env, const struct upstream_conf *conf,
    const struct upstream_cb *cb, void *arg)
{
	struct upstream	*up;

	if (check(env, conf) == -1) {
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
	evtimer_set(&up->timer, on_timer, up);
	evtimer_set(&up->kick, on_kick, up);
	if (env->base != NULL) {
		event_base_set(env->base, &up->timer);
		event_base_set(env->base, &up->kick);
	}
	if (copy(up, conf) == -1 || begin_dial(up) == -1) {
		upstream_free(up);
		errno = ENOMEM;
		return NULL;
	}
	set_stage(up, UPSTREAM_RESOLVE);
	return up;
}

enum upstream_stage
upstream_stage(const struct upstream *up)
{
	return up->stage;
}

const struct ehlo *
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
