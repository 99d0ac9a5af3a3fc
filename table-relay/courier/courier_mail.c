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
#include <sys/types.h>

#include <ctype.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>

#include "base/log.h"
#include "courier.h"
#include "smtp/tlsio.h"

/* Transactions: what comes from an account's server. */

#define LOST	"451 4.4.2 The connection was lost"

static void	mail_reset(struct session *s);
static void	mail_retry(struct session *s, struct account *a, const char
	    *reply);
static void	mail_begin(struct session *s, const char *reply);

/*
 * The transaction has no link any more: what waits for an answer, and what
 * comes until smtpd gives up, gets this reply.
 */
static void
mail_lost(struct session *s, const char *reply)
{
	int	over = s->state == SESSION_END;

	s->link = NULL;
	if (s->state == SESSION_DATA) {
		/* The rest of the message goes nowhere. */
		s->lost = strdup(reply);
		session_hold(s, SESSION_DATA, SESSION_HOLD_TIME);
		tlsio_pause(s->io, 0);
		return;
	}
	if (over)
		mail_reset(s);
	else if (s->lost == NULL)
		s->lost = strdup(reply);
	if (s->state != SESSION_COMMAND)
		session_reply(s, "%s", reply);
}

static void
mail_lose(struct session *s, const char *reply)
{
	link_drop(s->link);
	mail_lost(s, reply);
}

/* Sends the server's words on; 421 would close smtpd's session. */
static void
mail_pass(struct session *s, const struct smtpreply *r)
{
	char	buf[COURIER_REPLY_MAX];

	smtpreply_text(r, buf, sizeof(buf));
	if (r->code == 421)
		memcpy(buf, "451", 3);
	session_reply(s, "%s", buf);
}

static void
mail_answer_mail(struct session *s, const struct smtpreply *r)
{
	struct link	*l = s->link;
	struct account	*a = l->account;

	if (r->code == 421 && l->used && !s->again) {
		/* Its goodbye, said while we did not look. */
		link_drop(l);
		mail_retry(s, a, LOST);
		return;
	}
	free(s->path);
	s->path = NULL;
	if (r->code / 100 == 2)
		s->mail = 1;
	else if (r->code == 421)
		link_drop(l);
	else
		link_release(l, 1);
	mail_pass(s, r);
}

static void
mail_answer_data(struct session *s, const struct smtpreply *r)
{
	char	buf[COURIER_REPLY_MAX];

	if (r->code != 354) {
		mail_pass(s, r);
		return;
	}
	smtpreply_text(r, buf, sizeof(buf));
	mail_begin(s, buf);
}

/* The message's fate. */
static void
mail_answer_end(struct session *s, const struct smtpreply *r)
{
	char	text[COURIER_REPLY_MAX];

	smtpreply_text(r, text, sizeof(text));
	log_info("account %s: from <%s>, %d recipient%s: %s",
	    s->link->account->name, s->sender, s->nrcpts,
	    s->nrcpts == 1 ? "" : "s", text);
	if (r->code == 421)
		link_drop(s->link);
	else
		link_release(s->link, 1);
	mail_reset(s);
	mail_pass(s, r);
}

static void
mail_answer(struct session *s, int tag, const struct smtpreply *r)
{
	struct link	*l = s->link;
	struct account	*a = l->account;
	int		 class = r->code / 100;

	/* 3xx belongs to DATA, and 2xx does not. */
	if (class < 2 || class > 5 || (class == 3 && (tag != TAG_DATA ||
	    r->code != 354)) || (class == 2 && tag == TAG_DATA)) {
		log_debug("account %s: reply %d makes no sense", a->name,
		    r->code);
		mail_lose(s, "451 4.5.0 The server's reply makes no sense");
		return;
	}
	switch (tag) {
	case TAG_RSET:
		if (class == 2)
			break;
		link_drop(l);
		mail_retry(s, a, LOST);
		break;
	case TAG_MAIL:
		mail_answer_mail(s, r);
		break;
	case TAG_RCPT:
		if (class == 2)
			s->nrcpts++;
		mail_pass(s, r);
		break;
	case TAG_DATA:
		mail_answer_data(s, r);
		break;
	case TAG_END:
		mail_answer_end(s, r);
		break;
	}
}

static void
mail_gone(struct session *s, struct account *a, int used,
    const struct upstream_end *end)
{
	char		 buf[COURIER_REPLY_MAX];
	const char	*said = strstr(end->text, ": ");

	s->link = NULL;
	/* What was said in the middle of the message is about that. */
	if (end->stage == UPSTREAM_DATA && end->code >= 400 &&
	    end->code != 421 && said != NULL && atoi(said + 2) == end->code)
		strlcpy(buf, said + 2, sizeof(buf));
	else
		snprintf(buf, sizeof(buf), "451 4.4.2 %s", end->text);
	if (s->state == SESSION_HELD && !s->mail) {
		if (used)
			mail_retry(s, a, buf);
		else
			session_reply(s, "%s", buf);
		return;
	}
	mail_lost(s, buf);
}

/*
 * Transactions: what smtpd says is said to the account's server, and what
 * that answers is the answer.  Nothing is acknowledged before the server has.
 */

#define LOST	"451 4.4.2 The connection was lost"
#define CHUNK	8192	/* bytes of a message that go on at once */

/* The transaction is over; its link is another matter. */
static void
mail_over(struct session *s)
{
	free(s->sender);
	free(s->path);
	free(s->lost);
	s->sender = s->lost = NULL;
	s->path = NULL;
	s->mail = s->null = s->again = s->nrcpts = s->ntried = 0;
	s->dots.state = 0;
}

static void
mail_reset(struct session *s)
{
	if (s->state == SESSION_FIND)
		RB_REMOVE(session_tree, &s->courier->questions, s);
	if (s->state == SESSION_WAIT)
		pool_cancel(s);
	if (s->link != NULL) {
		/* What was begun with DATA ends only with the connection. */
		if (s->state == SESSION_DATA || s->state == SESSION_END ||
		    upstream_stage(s->link->up) == UPSTREAM_DATA)
			link_drop(s->link);
		else
			link_release(s->link, 0);
	}
	mail_over(s);
}

static void
mail_from(struct session *s, const char *arg)
{
	struct courier	*c = s->courier;
	const char	*wrong;
	char		*p;

	if (!s->greeted || s->mail) {
		session_reply(s, "503 5.5.1 Not now");
		return;
	}
	mail_over(s);
	if ((s->path = malloc(sizeof(*s->path))) == NULL) {
		session_reply(s, "452 4.3.1 Out of memory");
		return;
	}
	if ((wrong = smtpcmd_path(arg, 0, s->path)) == NULL &&
	    s->path->address[0] == '\0')
		wrong = "550 5.7.1 Mail without a sender belongs to no account";
	if (wrong == NULL && (s->sender = strdup(s->path->address)) == NULL)
		wrong = "452 4.3.1 Out of memory";
	if (wrong != NULL) {
		session_reply(s, "%s", wrong);
		return;
	}
	for (p = s->sender; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	s->id = ++c->lastid;
	RB_INSERT(session_tree, &c->questions, s);
	session_hold(s, SESSION_FIND, SESSION_MAIL_TIME);
	/* A keeper that is not there now will be asked when it comes. */
	(void)courier_send_find(c->keeper, s->id, s->sender);
}

void
mail_found(struct session *s, const struct courier_target *t)
{
	RB_REMOVE(session_tree, &s->courier->questions, s);
	s->state = SESSION_WAIT;
	if (t->transport != COURIER_NULL) {
		pool_get(s, t);
		return;
	}
	s->mail = s->null = 1;
	session_reply(s, "250 2.1.0 Ok, to be discarded");
}

void
mail_refused(struct session *s, const struct courier_refused *r)
{
	RB_REMOVE(session_tree, &s->courier->questions, s);
	s->state = SESSION_HELD;
	if (r->why == COURIER_LATER)
		session_reply(s, "451 4.3.0 %s", r->text);
	else
		session_reply(s, "550 5.7.1 %s", r->text);
}

static void
mail_nolink(struct session *s, const char *reply)
{
	session_reply(s, "%s", reply);
}

static void
mail_retry(struct session *s, struct account *a, const char *reply)
{
	if (s->again) {
		session_reply(s, "%s", reply);
		return;
	}
	s->again = 1;
	s->state = SESSION_WAIT;
	pool_again(s, a);
}

static void
mail_link(struct session *s, struct link *l)
{
	const struct smtpcmd_path	*p = s->path;
	struct account			*a = l->account;
	unsigned int			 ext = upstream_caps(l->up)->extensions;
	char				 line[UPSTREAM_COMMAND_MAX];

	/* The time for MAIL goes on. */
	s->state = SESSION_HELD;
	if ((size_t)snprintf(line, sizeof(line), "MAIL FROM:<%s>%s%s%s",
	    p->address, ext & EHLO_SIZE ? p->size : "",
	    ext & EHLO_8BITMIME ? p->body : "",
	    ext & EHLO_DSN ? p->dsn : "") >= sizeof(line)) {
		link_release(l, 1);
		session_reply(s, "501 5.5.4 Too long");
		return;
	}
	if ((l->used && link_command(l, TAG_RSET, "RSET") == -1) ||
	    link_command(l, TAG_MAIL, line) == -1) {
		link_drop(l);
		mail_retry(s, a, LOST);
	}
}

/* The reply to whatever comes when the link is lost; NULL if it is not. */
static const char *
mail_hopeless(const struct session *s)
{
	if (s->null || s->link != NULL)
		return NULL;
	return s->lost != NULL ? s->lost : LOST;
}

static void
mail_rcpt(struct session *s, const char *arg)
{
	struct smtpcmd_path	 p;
	const char		*wrong;
	char			 line[UPSTREAM_COMMAND_MAX];
	int			 dsn;

	if (!s->mail)
		wrong = "503 5.5.1 Not now";
	else if (s->ntried >= SESSION_RCPT_MAX)
		wrong = "452 4.5.3 Too many recipients";
	else if ((wrong = smtpcmd_path(arg, 1, &p)) == NULL)
		wrong = mail_hopeless(s);
	/* After the data each of them would have its own reply. */
	if (wrong == NULL && s->nrcpts > 0 && s->link != NULL &&
	    s->link->account->transport == COURIER_LMTP)
		wrong = "452 4.5.3 One recipient at a time";
	if (wrong != NULL) {
		session_reply(s, "%s", wrong);
		return;
	}
	s->ntried++;
	if (s->null) {
		s->nrcpts++;
		session_reply(s, "250 2.1.5 Ok, to be discarded");
		return;
	}
	dsn = upstream_caps(s->link->up)->extensions & EHLO_DSN;
	snprintf(line, sizeof(line), "RCPT TO:<%s>%s", p.address,
	    dsn ? p.dsn : "");
	session_hold(s, SESSION_HELD, SESSION_HOLD_TIME);
	if (link_command(s->link, TAG_RCPT, line) == -1)
		mail_lose(s, LOST);
}

static void
mail_begin(struct session *s, const char *reply)
{
	session_reply(s, "%s", reply);
	if (s->state != SESSION_COMMAND)
		return;
	s->dots.state = 0;
	session_hold(s, SESSION_DATA, SESSION_HOLD_TIME);
}

static void
mail_data(struct session *s)
{
	if (!s->mail)
		session_reply(s, "503 5.5.1 Not now");
	else if (mail_hopeless(s) != NULL)
		session_reply(s, "%s", mail_hopeless(s));
	else if (s->nrcpts == 0)
		session_reply(s, "554 5.5.1 No valid recipients");
	else if (s->null)
		mail_begin(s, "354 To be discarded");
	else {
		session_hold(s, SESSION_HELD, SESSION_HOLD_TIME);
		if (link_command(s->link, TAG_DATA, "DATA") == -1)
			mail_lose(s, LOST);
	}
}

/* The final dot has come. */
static void
mail_dot(struct session *s)
{
	const char	*reply = mail_hopeless(s);
	char		*lost = s->lost;

	if (s->link != NULL) {
		session_hold(s, SESSION_END, SESSION_HOLD_TIME);
		link_owes(s->link, 1);
		if (upstream_end(s->link->up, TAG_END, 1) == -1)
			mail_lose(s, LOST);
		return;
	}
	s->lost = NULL;
	mail_over(s);
	session_reply(s, "%s", reply == NULL ? "250 2.0.0 Ok, discarded" :
	    reply);
	free(lost);
}

/*
 * smtpd writes the final dot when the message before it is acknowledged (RFC
 * 1122, section 4.2.3.4): at once, and not when there is a reply to go with
 * the acknowledgement, for there is none before the dot.
 */
static void
mail_ack(struct session *s)
{
#ifdef TCP_QUICKACK
	int	 on = 1;

	(void)setsockopt(tlsio_fd(s->io), IPPROTO_TCP, TCP_QUICKACK, &on,
	    sizeof(on));
#else
	(void)s;
#endif
}

static size_t
mail_input(struct session *s, const char *buf, size_t len)
{
	char	 out[CHUNK + DOTSTREAM_MORE];
	size_t	 n, outlen;
	int	 end;

	if (s->link != NULL && !upstream_room(s->link->up)) {
		link_owes(s->link, 1);
		tlsio_pause(s->io, 1);
		return 0;
	}
	n = dotstream_feed(&s->dots, buf, len < CHUNK ? len : CHUNK, out,
	    &outlen, &end);
	if (s->link != NULL && outlen > 0 &&
	    upstream_data(s->link->up, out, outlen) == -1)
		mail_lose(s, LOST);
	session_hold(s, SESSION_DATA, SESSION_HOLD_TIME);
	if (end)
		mail_dot(s);
	else
		mail_ack(s);
	return n;
}

static void
mail_drained(struct session *s)
{
	if (s->state == SESSION_DATA)
		tlsio_pause(s->io, 0);
}

static void
mail_late(struct session *s)
{
	char	reply[COURIER_REPLY_MAX];

	if (s->state == SESSION_FIND) {
		mail_reset(s);
		session_reply(s, "451 4.3.0 Temporary failure, try again");
	} else if (s->state == SESSION_WAIT || !s->mail) {
		snprintf(reply, sizeof(reply), "451 4.4.1 No session with %s "
		    "is ready", s->state == SESSION_WAIT ? s->account->host :
		    s->link->account->host);
		mail_reset(s);
		session_reply(s, "%s", reply);
	} else if (s->state == SESSION_DATA &&
	    (s->link == NULL || !s->link->owes))
		session_bye(s, "421 4.4.2 localhost Time is over");
	else
		mail_lose(s, "451 4.4.2 The server does not answer");
}

const struct mail_ops courier_mail = {
	.from = mail_from,
	.rcpt = mail_rcpt,
	.data = mail_data,
	.reset = mail_reset,
	.input = mail_input,
	.late = mail_late,
	.link = mail_link,
	.nolink = mail_nolink,
	.answer = mail_answer,
	.drained = mail_drained,
	.gone = mail_gone,
	.lose = mail_lose,
};
