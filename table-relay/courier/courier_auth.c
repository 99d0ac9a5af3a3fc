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

/*
 * AUTH, RFC 4954, with PLAIN (RFC 4616) and LOGIN.  There is one name and one
 * password, both of which smtpd has from the table; everybody else has one
 * try, and learns nothing from it.
 */

#include <sys/types.h>

#include <stdio.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "base/base64.h"
#include "base/log.h"
#include "courier_int.h"

#define AUTH_MAX	1024	/* bytes of what is decoded */

/* Decodes the whole of it: its length, or -1. */
static ssize_t
auth_decode(const char *text, unsigned char buf[AUTH_MAX + 3])
{
	struct base64	b = { 0 };
	size_t		len = strlen(text), n;

	if (len > AUTH_MAX || len % 4 != 0)
		return -1;
	n = base64_decode(&b, text, len, buf);
	return b.bad || b.n != 0 ? -1 : (ssize_t)n;
}

/* Compares in a time that tells nothing but the length. */
static int
auth_same(const unsigned char *got, size_t len, const char *want)
{
	return len == strlen(want) && CRYPTO_memcmp(got, want, len) == 0;
}

static void
auth_done(struct session *s, int good)
{
	struct courier	*c = s->courier;

	if (!good) {
		lograte_info(c->rate, time(NULL), "stranger",
		    "login to the courier with a wrong password");
		session_bye(s, "535 5.7.8 Authentication failed");
		return;
	}
	s->known = 1;
	TAILQ_REMOVE(&c->strangers, s, stranger);
	c->nstrangers--;
	session_reply(s, "235 2.7.0 Authentication succeeded");
}

static void
auth_plain(struct session *s, const char *text)
{
	unsigned char	 buf[AUTH_MAX + 3], *name, *pass;
	ssize_t		 len = auth_decode(text, buf);
	int		 good = 0;

	if (len > 0 && (name = memchr(buf, '\0', len)) != NULL &&
	    (pass = memchr(name + 1, '\0', buf + len - name - 1)) != NULL)
		good = auth_same(name + 1, pass - name - 1, COURIER_LABEL) &
		    auth_same(pass + 1, buf + len - pass - 1,
		    s->courier->table->password) &
		    (name == buf || auth_same(buf, name - buf,
		    COURIER_LABEL));
	explicit_bzero(buf, sizeof(buf));
	auth_done(s, good);
}

static void
auth_user(struct session *s, const char *text)
{
	unsigned char	 buf[AUTH_MAX + 3];
	ssize_t		 len = auth_decode(text, buf);

	s->username = len > 0 && auth_same(buf, len, COURIER_LABEL);
	session_reply(s, "334 UGFzc3dvcmQ6");
	if (s->state == SESSION_COMMAND)
		s->state = SESSION_PASS;
}

static void
auth_pass(struct session *s, const char *text)
{
	unsigned char	 buf[AUTH_MAX + 3];
	ssize_t		 len = auth_decode(text, buf);
	int		 good;

	good = len > 0 && auth_same(buf, len, s->courier->table->password);
	explicit_bzero(buf, sizeof(buf));
	auth_done(s, good & s->username);
}

/* Asks for the next line, in base64. */
static void
auth_ask(struct session *s, enum session_state state, const char *text)
{
	session_reply(s, "334 %s", text);
	if (s->state == SESSION_COMMAND)
		s->state = state;
}

void
auth_command(struct session *s, const char *arg)
{
	size_t		 n = strcspn(arg, " ");
	const char	*rest = arg + n + strspn(arg + n, " ");

	if (!s->greeted || s->known || s->mail)
		session_reply(s, "503 5.5.1 Not now");
	else if (n == 5 && strncasecmp(arg, "PLAIN", 5) == 0) {
		if (*rest != '\0')
			auth_plain(s, rest);
		else
			auth_ask(s, SESSION_PLAIN, "");
	} else if (n == 5 && strncasecmp(arg, "LOGIN", 5) == 0) {
		if (*rest != '\0')
			auth_user(s, rest);
		else
			auth_ask(s, SESSION_USER, "VXNlcm5hbWU6");
	} else
		session_reply(s, "504 5.5.4 PLAIN or LOGIN");
}

void
auth_line(struct session *s, const char *line)
{
	enum session_state	 state = s->state;

	s->state = SESSION_COMMAND;
	if (strcmp(line, "*") == 0)
		session_reply(s, "501 5.0.0 Cancelled");
	else if (state == SESSION_USER)
		auth_user(s, line);
	else if (state == SESSION_PASS)
		auth_pass(s, line);
	else
		auth_plain(s, line);
}
