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

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/log.h"
#include "bounce.h"
#include "compose.h"
#include "identity.h"
#include "notice.h"

/* One address that failed, wherever that became known. */
struct failed {
	uint64_t	 conversation;
	const char	*key;		/* tells the notice from others */
	const char	*status;	/* or "" */
	const char	*text;		/* or "" */
};

static int	failed(struct run *, const struct store_rpath *,
		    const struct failure *);

/*
 * Counted before it leaves, and on disk: a run that dies in between has used
 * up one, but there are never more.  1 it may leave, 0 not, -1.
 */
static int
count_wrapped(struct run *r, struct store_rpath *rp)
{
	int	n;

	*rp = r->rcpt.rpath;
	if (run_begin(r, 1) == -1)
		return -1;
	if ((n = store_rpath_quote(r->store, rp->id)) == -1)
		run_store_failed(r, "bounce");
	if (n != 1) {
		store_rollback(r->store);
		if (n == 0)
			log_info("%s: dropped: %d bounces for %s, which "
			    "gate %s made for %s, have been sent back",
			    r->letter.header.smtpd_id, STORE_RPATH_QUOTES,
			    rp->address, rp->gate, rp->address_to);
		return n;
	}
	return run_commit(r) == -1 ? -1 : 1;
}

static int
send_back(struct run *r, const struct store_rpath *rp)
{
	enum mailer_result	result;
	char			reply[MAILER_REPLY_MAX];
	int			flags = COMPOSE_ARCHIVE;

	if (r->letter.flags & LETTER_LONGLINES)
		flags |= COMPOSE_ENCODING;
	if (editor_forward(r->engine, flags) == -1)
		return RUN_RETRY;
	result = run_send(r, "", rp->address_to, "bounce", rp->address_to,
	    reply);
	if (result == MAILER_RETRY)
		return RUN_RETRY;
	/* what is refused has no sender who could be told */
	run_event(r, "bounce", 0, 0, "%s to %s, whose mail came through gate "
	    "%s: %s", result == MAILER_QUEUED ? "sent back" :
	    "could not be sent back", rp->address_to, rp->gate, reply);
	return RUN_DONE;
}

/*
 * Mail to a wrapped return path: from the null sender, it is sent back to
 * the recorded sender alone, with the null sender again, as it came but for
 * what smtpd added for this delivery, STORE_RPATH_QUOTES times at most; all
 * else is dropped and logged.  Returns RUN_DONE or RUN_RETRY.
 */
static int
handle_wrapped(struct run *r)
{
	struct store_rpath	rp;
	int			n;

	/*
	 * Nobody but mail servers that could not deliver writes here, and
	 * they all use the null sender: RFC 5321 section 4.5.5.
	 */
	if (r->from[0] != '\0') {
		log_info("%s: dropped: no bounce, for the return path %s",
		    r->letter.header.smtpd_id, r->recipient);
		return RUN_DONE;
	}
	/* two bounces must not both be the last one */
	if (run_lock(r, "wrapped", r->rcpt.rpath.address) == -1)
		return RUN_RETRY;
	if ((n = count_wrapped(r, &rp)) != 1)
		return n == 0 ? RUN_DONE : RUN_RETRY;
	if (send_back(r, &rp) == RUN_DONE)
		return RUN_DONE;
	if (store_rpath_unquote(r->store, rp.id) == -1)
		run_store_failed(r, "bounce");
	return RUN_RETRY;
}

/* RFC 2034: "550 5.1.1 text" has a status of its own. */
static void
status_of(const char *text, char *status, size_t size)
{
	size_t	n;

	status[0] = '\0';
	if (strlen(text) < 6 || strchr("245", text[4]) == NULL ||
	    text[5] != '.')
		return;
	n = strspn(text + 4, "0123456789.");
	if (n >= size)
		return;
	memcpy(status, text + 4, n);
	status[n] = '\0';
}

static int
note_failing(struct run *r, const struct failed *f,
    const struct store_worker *w, const char *address)
{
	char	text[STORE_DIAG_MAX + 1];

	/* what is over the limit is not worth keeping */
	(void)strlcpy(text, f->text, sizeof(text));
	log_info("%s: the address of %s fails", r->letter.header.smtpd_id,
	    w->name);
	if (store_failing_set(r->store, address, f->status, text,
	    r->now) != -1)
		return 0;
	run_store_failed(r, "failing");
	return -1;
}

/* Status and a little of the diagnosis, without the addresses in it. */
static void
quoted(struct sbuf *b, const struct failed *f)
{
	const char	*p = f->text;
	size_t		 n, left = LETTER_TEXT_MAX;

	if (f->status[0] != '\0')
		(void)sbuf_printf(b, "Status: %s\n", f->status);
	if (*p == '\0') {
		(void)sbuf_addch(b, '\n');
		return;
	}
	(void)sbuf_addstr(b, "The mail server said:");
	while (*p != '\0' && left > 0) {
		p += strspn(p, " ");
		if ((n = strcspn(p, " ")) == 0)
			break;
		if (n > left)
			n = left;
		if (memchr(p, '@', n) != NULL)
			(void)sbuf_addstr(b, " [...]");
		else {
			(void)sbuf_addch(b, ' ');
			(void)sbuf_add(b, p, n);
		}
		left -= n;
		p += n;
	}
	(void)sbuf_addstr(b, "\n\n");
}

/*
 * Records the notice and counts it against what may be quoted for one
 * return path: 1 it may go out, 0 not, -1.
 */
static int
quote(struct run *r, const struct store_rpath *rp, const struct failed *f,
    uint64_t *id)
{
	int	n;

	if (run_begin(r, 0) == -1)
		return -1;
	n = notice_record(r, f->conversation, f->key, id);
	if (n == 1)
		n = store_rpath_quote(r->store, rp->id);
	else if (n == 0)
		n = 1;		/* counted by the run that recorded it */
	if (n != 1) {
		store_rollback(r->store);
		if (n == 0)
			log_info("%s: not quoted: too many for %s",
			    r->letter.header.smtpd_id, rp->address);
		return n;
	}
	return run_commit(r) == -1 ? -1 : 1;
}

/* Members learn that a colleague does not get mail, not at what address. */
static int
tell_others(struct run *r, const struct failed *f, uint64_t id,
    const struct store_worker *w)
{
	struct members	m;
	struct notice	n;
	struct sbuf	text;
	size_t		i;
	int		ret = RUN_DONE;

	if (members_get(r, r->rcpt.mailbox.id, &m) == -1)
		return RUN_RETRY;
	sbuf_init(&text, NOTICE_TEXT_MAX);
	(void)sbuf_printf(&text, "A copy in conversation %" PRIu64
	    " could not be delivered to %s (%s).\n\n", f->conversation,
	    w->display, w->name);
	quoted(&text, f);
	(void)sbuf_addstr(&text, "The administrator can see with "
	    "'smtprelayctl worker list' which addresses fail.\n");
	memset(&n, 0, sizeof(n));
	n.conversation = f->conversation;
	n.message = id;
	n.subject = "Undelivered: a copy for a member";
	n.text = &text;
	for (i = 0; i < m.n; i++)
		if (m.v[i].enabled && m.v[i].id != w->id &&
		    notice_send(r, &n, &m.v[i]) == RUN_RETRY)
			ret = RUN_RETRY;
	sbuf_free(&text);
	members_free(&m);
	return ret;
}

/* The worker who wrote learns which participant did not get it, and why. */
static int
tell_worker(struct run *r, const struct failed *f, uint64_t id,
    const struct store_message *m, const struct store_worker *w,
    const struct store_participant *p)
{
	struct store_handle	h;
	struct notice		n;
	struct sbuf		text;
	int			ret;

	if (store_handle_issue(r->store, w->id, f->conversation, p->id,
	    r->now, (time_t)r->conf->replies.handle_lifetime, &h) == -1) {
		run_store_failed(r, "handle");
		return RUN_RETRY;
	}
	sbuf_init(&text, NOTICE_TEXT_MAX);
	(void)sbuf_printf(&text, "Your message in conversation %" PRIu64
	    " could not be delivered to\n\n    %s%s<%s>\n\n",
	    f->conversation, p->name, p->name[0] != '\0' ? " " : "",
	    h.address);
	quoted(&text, f);
	(void)sbuf_addstr(&text, "Nobody else who was to receive it is "
	    "concerned.\n");
	memset(&n, 0, sizeof(n));
	n.conversation = f->conversation;
	n.message = id;
	n.subject = "Undelivered: your message to a participant";
	n.parent = m->own;
	n.text = &text;
	ret = notice_send(r, &n, w);
	sbuf_free(&text);
	return ret;
}

static int
failed(struct run *r, const struct store_rpath *rp, const struct failure *f)
{
	struct failed			 fa;
	char				 status[STORE_STATUS_MAX + 1];
	struct store_worker		 w;
	struct store_message		*m;
	struct store_participant	 p;
	uint64_t			 id;
	int				 n;

	fa.conversation = rp->conversation;
	fa.key = r->letter.header.message_id;
	fa.status = f->status;
	fa.text = f->text;
	/* smtpd says 5.0.0 of everything; the reply knows more */
	status_of(f->text, status, sizeof(status));
	if (status[0] != '\0' && (f->status[0] == '\0' ||
	    strcmp(f->status + 1, ".0.0") == 0))
		fa.status = status;
	run_event(r, "bounce", rp->conversation, rp->worker, "%s %s: %s",
	    rp->kind == STORE_RPATH_WORKER ? "a worker's address" :
	    rp->address_to, fa.status, fa.text);
	log_info("%s: a bounce for %s: %s %s", r->letter.header.smtpd_id,
	    r->recipient, fa.status, fa.text);
	if (rp->conversation == 0 || rp->worker == 0 ||
	    r->rcpt.mailbox.id == 0)
		return RUN_DONE;
	if ((n = store_worker_byid(r->store, rp->worker, &w)) != 1)
		return n == 0 ? RUN_DONE : RUN_RETRY;
	if (rp->kind == STORE_RPATH_WORKER && note_failing(r, &fa, &w,
	    rp->address_to) == -1)
		return RUN_RETRY;
	if ((n = quote(r, rp, &fa, &id)) != 1)
		return n == 0 ? RUN_DONE : RUN_RETRY;
	if (rp->kind == STORE_RPATH_WORKER)
		return tell_others(r, &fa, id, &w);
	if (store_participant_get(r->store, rp->participant, &p) != 1 ||
	    (m = calloc(1, sizeof(*m))) == NULL)
		return RUN_RETRY;
	n = store_message_get(r->store, rp->message, m);
	if (n != -1)
		n = tell_worker(r, &fa, id, m, &w, &p);
	free(m);
	return n == -1 ? RUN_RETRY : n;
}

int
bounce_run(struct run *r)
{
	const struct store_rpath	*rp = &r->rcpt.rpath;
	const struct letter		*l = &r->letter;
	size_t				 i;
	int				 report;

	if (rp->kind == STORE_RPATH_IDENTITY)
		return identity_run(r, rp);
	if (rp->kind == STORE_RPATH_WRAPPED)
		return handle_wrapped(r);
	report = r->from[0] == '\0' && (l->flags & LETTER_REPORT) != 0;
	if (report && l->nfailures > 0) {
		/* the one that the return path was for, if it is named */
		for (i = 0; i < l->nfailures; i++)
			if (strcasecmp(l->failure[i].recipient,
			    rp->address_to) == 0)
				break;
		return failed(r, rp, &l->failure[i < l->nfailures ? i : 0]);
	}
	if (report) {
		log_info("%s: a report of delay or success for %s",
		    l->header.smtpd_id, r->recipient);
		return RUN_DONE;
	}
	log_info("%s: dropped: no report, for the return path %s",
	    l->header.smtpd_id, r->recipient);
	return RUN_DONE;
}

int
bounce_participant(struct run *r, const struct store_message *message,
    const struct store_worker *w, const struct store_participant *p,
    const char *path, const char *text)
{
	struct failed	f;
	char		status[STORE_STATUS_MAX + 1];
	uint64_t	id;

	status_of(text, status, sizeof(status));
	f.conversation = message->conversation;
	f.key = path;
	f.status = status;
	f.text = text;
	run_event(r, "bounce", f.conversation, w->id, "%s: %s", p->address,
	    text);
	if (notice_record(r, f.conversation, f.key, &id) == -1)
		return RUN_RETRY;
	return tell_worker(r, &f, id, message, w, p);
}

int
bounce_worker(struct run *r, uint64_t conversation,
    const struct store_worker *w, const char *path, const char *text)
{
	struct failed	f;
	char		status[STORE_STATUS_MAX + 1];
	uint64_t	id;

	status_of(text, status, sizeof(status));
	f.conversation = conversation;
	f.key = path;
	f.status = status;
	f.text = text;
	run_event(r, "bounce", conversation, w->id, "a worker's address: %s",
	    status);
	if (note_failing(r, &f, w, w->address) == -1 ||
	    notice_record(r, conversation, f.key, &id) == -1)
		return RUN_RETRY;
	return tell_others(r, &f, id, w);
}
