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
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "smtp/upstream_int.h"

/*
 * What happens after ready(): commands in a queue, each with one reply, and
 * the message between 354 and the final dot.
 */

static void
upstream_queue_drop(struct upstream *up, struct upstream_cmd *cmd)
{
	TAILQ_REMOVE(&up->cmds, cmd, entry);
	up->ncmds--;
	free(cmd);
}

void
upstream_queue_free(struct upstream *up)
{
	struct upstream_cmd	*cmd;

	while ((cmd = TAILQ_FIRST(&up->cmds)) != NULL)
		upstream_queue_drop(up, cmd);
}

/* Appends a command; CR LF is added to what is not empty. */
static int
upstream_queue_add(struct upstream *up, enum upstream_what what, int tag,
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
upstream_queue_kick(struct upstream *up)
{
	event_active(&up->kick, EV_TIMEOUT, 1);
}

void
upstream_queue_push(struct upstream *up)
{
	struct upstream_cmd	*cmd, *before = NULL;
	int			 pipe, fresh;

	pipe = up->caps.extensions & UPSTREAM_PIPELINING;
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
			upstream_queue_kick(up);
			return;
		}
		if (fresh)
			upstream_setstage(up, cmd->what == UPSTREAM_QUITCMD ?
			    UPSTREAM_QUIT : UPSTREAM_COMMAND);
	}
}

/* The commands that may stand in the middle of a group, RFC 2920. */
static enum upstream_what
upstream_queue_what(const char *line)
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
	const char		*p;

	for (p = line; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			break;
	if (*p != '\0' || p == line || p - line > UPSTREAM_COMMAND_MAX) {
		errno = EINVAL;
		return -1;
	}
	last = TAILQ_LAST(&up->cmds, upstream_cmds);
	if (upstream_dead(up) || up->quitting ||
	    (up->stage != UPSTREAM_IDLE && up->stage != UPSTREAM_COMMAND) ||
	    (last != NULL && last->what == UPSTREAM_DATACMD)) {
		errno = ENOTCONN;
		return -1;
	}
	if (up->ncmds >= UPSTREAM_QUEUE_MAX) {
		errno = ENOBUFS;
		return -1;
	}
	if (upstream_queue_add(up, upstream_queue_what(line), tag, line) == -1)
		return -1;
	upstream_queue_push(up);
	return 0;
}

/* The stage that the queue now stands for. */
static void
upstream_queue_settle(struct upstream *up)
{
	struct upstream_cmd	*cmd = TAILQ_FIRST(&up->cmds);

	if (cmd == NULL && up->quitting) {
		if (upstream_queue_add(up, UPSTREAM_QUITCMD, 0, "QUIT") == -1)
			upstream_fail(up, 0, "closed");
	} else if (cmd == NULL)
		upstream_setstage(up, UPSTREAM_IDLE);
	else if (cmd->what == UPSTREAM_DOT)
		upstream_setstage(up, UPSTREAM_DATAEND);
	else if (cmd->sent)
		upstream_setstage(up, UPSTREAM_COMMAND);
	if (!upstream_dead(up))
		upstream_queue_push(up);
}

/* DATA was answered with 354. */
static void
upstream_queue_go(struct upstream *up)
{
	up->pos = UPSTREAM_BOL;
	up->written = up->seen = 0;
	upstream_setstage(up, UPSTREAM_DATA);
}

void
upstream_queue_reply(struct upstream *up)
{
	struct upstream_cmd	*cmd = TAILQ_FIRST(&up->cmds);
	enum upstream_what	 what;
	int			 tag, code = up->reply.code;

	if (cmd == NULL || !cmd->sent) {
		/* Nobody asked: a goodbye, a refusal in the middle of the
		 * message, or rubbish. */
		upstream_refused(up);
		return;
	}
	what = cmd->what;
	tag = cmd->tag;
	upstream_queue_drop(up, cmd);
	if (what == UPSTREAM_QUITCMD) {
		tlsio_finish(up->io);
		return;
	}
	/* What would have both sides believe different things. */
	if ((code / 100 == 3 && (what != UPSTREAM_DATACMD || code != 354)) ||
	    (code / 100 == 2 && what == UPSTREAM_DATACMD)) {
		upstream_refused(up);
		return;
	}
	if (code == 354)
		upstream_queue_go(up);
	else if (code != 421)
		upstream_queue_settle(up);
	if (upstream_dead(up))
		return;
	up->cb->reply(up, tag, &up->reply, up->arg);
	if (code == 421)
		upstream_refused(up);
	else if (code == 354 && !upstream_dead(up) && up->quitting)
		upstream_fail(up, 0, "closed");
}

/*
 * Follows the message's lines.  Returns 0, or -1 when a server could see the
 * end of the message in it: a bare LF, a dot that is not doubled, or one
 * behind a bare CR.
 */
static int
upstream_guard(struct upstream *up, const char *p, size_t len)
{
	enum upstream_pos	 pos = up->pos;
	const char		*end = p + len, *nl, *cr;

	while (p < end) {
		if (pos == UPSTREAM_BOL && *p == '.') {
			pos = UPSTREAM_BOLDOT;
			p++;
			continue;
		}
		if ((pos == UPSTREAM_BOLDOT && *p != '.') ||
		    (pos == UPSTREAM_CR && *p == '.'))
			return -1;
		nl = memchr(p, '\n', end - p);
		if (nl != NULL && (nl == p ? pos != UPSTREAM_CR :
		    nl[-1] != '\r'))
			return -1;
		/* A CR before that of the line's end. */
		for (cr = p; (cr = memchr(cr, '\r', (nl == NULL ? end : nl) -
		    cr)) != NULL; cr++)
			if (cr + 1 < end && cr[1] == '.')
				return -1;
		p = nl == NULL ? end : nl + 1;
		pos = nl != NULL ? UPSTREAM_BOL : p[-1] == '\r' ?
		    UPSTREAM_CR : UPSTREAM_TEXT;
	}
	up->pos = pos;
	return 0;
}

int
upstream_data(struct upstream *up, const char *buf, size_t len)
{
	if (upstream_dead(up) || up->stage != UPSTREAM_DATA || up->quitting) {
		errno = ENOTCONN;
		return -1;
	}
	if (upstream_guard(up, buf, len) == -1) {
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

	if (upstream_dead(up) || up->stage != UPSTREAM_DATA || up->quitting) {
		errno = ENOTCONN;
		return -1;
	}
	if (nreplies < 1 || nreplies > UPSTREAM_QUEUE_MAX ||
	    (up->kind != UPSTREAM_LMTP && nreplies != 1) ||
	    up->pos == UPSTREAM_BOLDOT) {
		errno = EINVAL;
		return -1;
	}
	for (i = 0; i < nreplies; i++) {
		if (upstream_queue_add(up, UPSTREAM_DOT, tag, "") == -1) {
			upstream_queue_kick(up);
			return 0;
		}
		TAILQ_LAST(&up->cmds, upstream_cmds)->sent = 1;
	}
	skip = up->pos == UPSTREAM_BOL ? 2 : up->pos == UPSTREAM_CR ? 1 : 0;
	if (tlsio_write(up->io, end + skip, 5 - skip) == -1)
		upstream_queue_kick(up);
	up->written += 5 - skip;
	upstream_setstage(up, UPSTREAM_DATAEND);
	return 0;
}

int
upstream_room(const struct upstream *up)
{
	return !upstream_dead(up) && up->io != NULL &&
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
	if (upstream_dead(up) || up->quitting)
		return;
	up->quitting = 1;
	if (up->stage == UPSTREAM_IDLE)
		upstream_queue_settle(up);
	else if (up->stage != UPSTREAM_COMMAND)
		upstream_queue_kick(up);
}
