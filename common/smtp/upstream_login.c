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

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "smtp/upstream_int.h"

/*
 * From the connection to ready(): greeting, EHLO, STARTTLS and EHLO again,
 * AUTH.  One command at a time; each stage knows the one reply that leads on.
 */

static void
upstream_login_tls(struct upstream *up)
{
	upstream_setstage(up, UPSTREAM_TLS);
	if (tlsio_client(up->io, up->env.tls, up->host, up->verify) == -1)
		upstream_fail(up, 0, "TLS cannot begin");
}

void
upstream_login_connected(struct upstream *up, int fd)
{
	up->io = tlsio_new(up->env.base, fd, &upstream_io, up);
	if (up->io == NULL) {
		close(fd);
		upstream_fail(up, 0, "no memory");
		return;
	}
	if (up->kind == UPSTREAM_SMTPS)
		upstream_login_tls(up);
	else
		upstream_setstage(up, UPSTREAM_GREETING);
}

static void
upstream_login_hello(struct upstream *up)
{
	char	 line[UPSTREAM_HOST_MAX + 8];

	upstream_setstage(up, UPSTREAM_EHLO);
	snprintf(line, sizeof(line), "%s %s", up->kind == UPSTREAM_LMTP ?
	    "LHLO" : "EHLO", up->helo);
	upstream_say(up, line, strlen(line));
}

void
upstream_login_secure(struct upstream *up)
{
	/* What the server said before is forgotten, RFC 3207 section 4.2. */
	memset(&up->caps, 0, sizeof(up->caps));
	if (up->kind == UPSTREAM_SMTPS)
		upstream_setstage(up, UPSTREAM_GREETING);
	else
		upstream_login_hello(up);
}

static void
upstream_login_ready(struct upstream *up)
{
	char	 text[sizeof(up->caps.answer)];

	if (up->stage == UPSTREAM_AUTH) {
		smtpreply_text(&up->reply, text, sizeof(text));
		if (!upstream_sasl_leaks(up, text))
			strlcpy(up->caps.answer, text,
			    sizeof(up->caps.answer));
	}
	upstream_sasl_wipe(up);
	upstream_setstage(up, UPSTREAM_IDLE);
	up->cb->ready(up, up->arg);
}

/* EHLO was answered. */
static void
upstream_login_next(struct upstream *up)
{
	upstream_caps_parse(&up->caps, &up->reply);
	if (up->kind == UPSTREAM_SMTP_TLS && !up->tls) {
		upstream_setstage(up, UPSTREAM_STARTTLS);
		if ((up->caps.extensions & UPSTREAM_OFFERS_TLS) == 0)
			upstream_fail(up, 0, "the server offers no STARTTLS");
		else
			upstream_say(up, "STARTTLS", 8);
	} else if (up->login != UPSTREAM_NOLOGIN) {
		upstream_setstage(up, UPSTREAM_AUTH);
		upstream_sasl_start(up);
	} else
		upstream_login_ready(up);
}

void
upstream_login_reply(struct upstream *up)
{
	int	 code = up->reply.code;

	if (up->stage == UPSTREAM_GREETING && code == 220)
		upstream_login_hello(up);
	else if (up->stage == UPSTREAM_EHLO && code == 250)
		upstream_login_next(up);
	else if (up->stage == UPSTREAM_STARTTLS && code == 220)
		upstream_login_tls(up);
	else if (up->stage == UPSTREAM_AUTH && code == 235)
		upstream_login_ready(up);
	else if (up->stage == UPSTREAM_AUTH && code == 334)
		upstream_sasl_reply(up);
	else {
		/* 500 to 504 say that the server did not understand: that is
		 * no judgement on the password. */
		if (up->stage == UPSTREAM_AUTH && code > 504 && up->step > 0)
			up->end.badlogin = 1;
		upstream_refused(up);
	}
}
