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
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/log.h"
#include "courier.h"
#include "smtp/resolve.h"
#include "smtp/tlsio.h"

/*
 * AUTH, RFC 4954, with PLAIN (RFC 4616) and LOGIN.  There is one name and one
 * password, both of which smtpd has from the table; everybody else has one
 * try, and learns nothing from it.
 */

#define AUTH_MAX	1024	/* bytes of what is decoded */

static void	session_secure(struct tlsio *io, void *arg);
static void	session_drained(struct tlsio *io, void *arg);
static void	session_closed(struct tlsio *io, enum tlsio_end how, const char
	    *why, void *arg);
static size_t	session_read(struct tlsio *io, const char *buf, size_t len,
	    void *arg);


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

/* AUTH with its argument, and the lines that follow it. */
static void
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

static void
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

/* smtpd's sessions: greeting, commands and replies, RFC 5321. */

#define NAME	"localhost"
#define GOODBYE	"221 2.0.0 " NAME " Bye"

static int
session_cmp(struct session *a, struct session *b)
{
	return a->id < b->id ? -1 : a->id > b->id;
}

RB_GENERATE(session_tree, session, question, session_cmp)

static size_t session_read(struct tlsio *, const char *, size_t, void *);
static void session_secure(struct tlsio *, void *);
static void session_drained(struct tlsio *, void *);
static void session_closed(struct tlsio *, enum tlsio_end, const char *,
    void *);

static const struct tlsio_cb callbacks = {
	session_read, session_secure, session_drained, session_closed
};

/* 1 when the text can be one reply of ours: code, blank, visible ASCII. */
static int
session_sound(const char *s)
{
	if (s[0] < '2' || s[0] > '5' || strlen(s) > COURIER_REPLY_MAX - 1)
		return 0;
	for (; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			return 0;
	return 1;
}

/* The one place from which replies leave, as they are, with CR LF. */
static void
session_put(struct session *s, const char *lines)
{
	if (tlsio_write(s->io, lines, strlen(lines)) == -1 ||
	    tlsio_write(s->io, "\r\n", 2) == -1) {
		/* It reads none of what we say: not from in here. */
		s->state = SESSION_CLOSING;
		courier_timer(&s->timer, 0);
	}
}

void
session_hold(struct session *s, enum session_state state, int seconds)
{
	s->state = state;
	/* A stranger's time is not made longer by what it says. */
	if (s->known)
		courier_timer(&s->timer, seconds);
}

void
session_reply(struct session *s, const char *fmt, ...)
{
	char	 buf[COURIER_REPLY_MAX];
	va_list	 ap;
	int	 n, held = s->state != SESSION_COMMAND;

	if (s->state == SESSION_CLOSING)
		return;
	va_start(ap, fmt);
	n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(buf) || !session_sound(buf))
		strlcpy(buf, "451 4.3.0 Internal error", sizeof(buf));
	session_hold(s, SESSION_COMMAND, SESSION_IDLE_TIME);
	session_put(s, buf);
	/* Whoever did not wait for this has more for us. */
	if (held && s->state == SESSION_COMMAND) {
		tlsio_pause(s->io, 1);
		tlsio_pause(s->io, 0);
	}
}

void
session_bye(struct session *s, const char *reply)
{
	if (s->state == SESSION_CLOSING)
		return;
	s->courier->mail->reset(s);
	s->state = SESSION_COMMAND;
	session_put(s, reply);
	s->state = SESSION_CLOSING;
	courier_timer(&s->timer, SESSION_BYE_TIME);
	tlsio_finish(s->io);
}

/* Ends it at once, and gives up its transaction. */
static void
session_free(struct session *s)
{
	struct courier	*c = s->courier;

	s->courier->mail->reset(s);
	event_del(&s->timer);
	tlsio_free(s->io);
	if (!s->known) {
		TAILQ_REMOVE(&c->strangers, s, stranger);
		c->nstrangers--;
	}
	TAILQ_REMOVE(&c->sessions, s, entry);
	c->nsessions--;
	free(s);
}

static void
session_timeout(int fd, short what, void *arg)
{
	struct session	*s = arg;

	(void)fd;
	(void)what;
	switch (s->state) {
	case SESSION_HANDSHAKE:
	case SESSION_CLOSING:
		session_free(s);
		break;
	case SESSION_FIND:
	case SESSION_WAIT:
	case SESSION_HELD:
	case SESSION_DATA:
	case SESSION_END:
		s->courier->mail->late(s);
		break;
	case SESSION_QUIT:
		session_bye(s, GOODBYE);
		break;
	default:
		session_bye(s, "421 4.4.2 " NAME " Time is over");
		break;
	}
}

/* Begins a session on a new connection; the descriptor is taken over. */
static void
session_new(struct courier *c, int fd)
{
	struct session	*s;

	if (c->nsessions >= c->maxsessions ||
	    (s = calloc(1, sizeof(*s))) == NULL) {
		close(fd);
		return;
	}
	s->courier = c;
	if ((s->io = tlsio_new(NULL, fd, &callbacks, s)) == NULL) {
		close(fd);
		free(s);
		return;
	}
	/* The strangers that came first have had their time. */
	if (c->nstrangers >= SESSION_STRANGERS)
		session_free(TAILQ_FIRST(&c->strangers));
	TAILQ_INSERT_TAIL(&c->strangers, s, stranger);
	c->nstrangers++;
	TAILQ_INSERT_TAIL(&c->sessions, s, entry);
	c->nsessions++;
	evtimer_set(&s->timer, session_timeout, s);
	courier_timer(&s->timer, SESSION_STRANGER_TIME);
	if (tlsio_server(s->io, c->tls) == -1)
		session_free(s);
}

static void
session_secure(struct tlsio *io, void *arg)
{
	struct session	*s = arg;

	(void)io;
	s->state = SESSION_COMMAND;
	session_put(s, "220 " NAME " ESMTP");
}

static void
session_drained(struct tlsio *io, void *arg)
{
	(void)io;
	(void)arg;
}

static void
session_closed(struct tlsio *io, enum tlsio_end how, const char *why,
    void *arg)
{
	struct session	*s = arg;

	(void)io;
	if (how != TLSIO_EOF && how != TLSIO_ERROR)
		lograte_info(s->courier->rate, time(NULL), "stranger",
		    "connection to the courier: %s", why);
	session_free(s);
}

static void
session_greeting(struct session *s, const char *arg, int extended)
{
	if (*arg == '\0') {
		session_reply(s, "501 5.5.4 Say who you are");
		return;
	}
	s->courier->mail->reset(s);
	s->greeted = 1;
	if (!extended) {
		session_reply(s, "250 " NAME);
		return;
	}
	session_put(s, "250-" NAME "\r\n250-8BITMIME\r\n250-DSN\r\n"
	    "250-ENHANCEDSTATUSCODES\r\n250-SIZE\r\n250 AUTH PLAIN LOGIN");
	session_hold(s, s->state, SESSION_IDLE_TIME);
}

static void
session_wrong(struct session *s, const char *reply)
{
	if (++s->wrong > SESSION_WRONG_MAX)
		session_bye(s, "421 4.7.0 " NAME " Too many mistakes");
	else
		session_reply(s, "%s", reply);
}

/* What only a session with a password may say. */
static void
session_mailing(struct session *s, enum smtpcmd_verb verb, const char *arg)
{
	if (!s->known)
		session_wrong(s, "530 5.7.0 Authentication required");
	else if (verb == SMTPCMD_MAIL)
		s->courier->mail->from(s, arg);
	else if (verb == SMTPCMD_RCPT)
		s->courier->mail->rcpt(s, arg);
	else if (verb == SMTPCMD_VRFY)
		session_reply(s, "252 2.1.5 Try it and see");
	else if (*arg != '\0')
		session_reply(s, "501 5.5.4 DATA has no argument");
	else
		s->courier->mail->data(s);
}

/*
 * smtpd says QUIT when it has no mail for us, and looks for mail that has
 * come since when that is answered: so it is, but late.
 */
static void
session_quit(struct session *s)
{
	struct timeval	 tv = { COURIER_QUIT / 1000,
			    COURIER_QUIT % 1000 * 1000 };

	if (!s->known) {
		session_bye(s, GOODBYE);
		return;
	}
	s->courier->mail->reset(s);
	s->state = SESSION_QUIT;
	evtimer_add(&s->timer, &tv);
}

static void
session_command(struct session *s, const char *line)
{
	const char		*arg;
	enum smtpcmd_verb	 verb = smtpcmd_verb(line, &arg);

	switch (verb) {
	case SMTPCMD_HELO:
	case SMTPCMD_EHLO:
		session_greeting(s, arg, verb == SMTPCMD_EHLO);
		break;
	case SMTPCMD_AUTH:
		auth_command(s, arg);
		break;
	case SMTPCMD_MAIL:
	case SMTPCMD_RCPT:
	case SMTPCMD_DATA:
	case SMTPCMD_VRFY:
		session_mailing(s, verb, arg);
		break;
	case SMTPCMD_RSET:
		s->courier->mail->reset(s);
		session_reply(s, "250 2.0.0 Ok");
		break;
	case SMTPCMD_NOOP:
		session_reply(s, "250 2.0.0 Ok");
		break;
	case SMTPCMD_HELP:
		session_reply(s, "214 2.0.0 RFC 5321");
		break;
	case SMTPCMD_QUIT:
		session_quit(s);
		break;
	default:
		session_wrong(s, "500 5.5.1 Unknown command");
		break;
	}
}

/* One line, of len bytes without its LF; strangers keep their deadline. */
static void
session_line(struct session *s, const char *buf, size_t len)
{
	char	line[SMTPCMD_LINE_MAX];
	size_t	i;

	if (len == 0 || buf[len - 1] != '\r' || len > sizeof(line)) {
		session_wrong(s, "500 5.5.2 A line ends in CR LF, and has at "
		    "most 2048 bytes");
		return;
	}
	memcpy(line, buf, --len);
	line[len] = '\0';
	for (i = 0; i < len && line[i] != '\0' && line[i] != '\r'; i++)
		;
	if (i < len)
		session_wrong(s, "500 5.5.2 Control character in a command");
	else if (s->state != SESSION_COMMAND)
		auth_line(s, line);
	else
		session_command(s, line);
	explicit_bzero(line, len);
}

/* Throws a line that is too long away, as it comes. */
static size_t
session_skip(struct session *s, const char *buf, size_t len)
{
	const char	*lf = memchr(buf, '\n', len);

	if (lf == NULL)
		return len;
	s->skipping = 0;
	s->state = SESSION_COMMAND;
	session_line(s, "", 0);
	return lf + 1 - buf;
}

static size_t
session_read(struct tlsio *io, const char *buf, size_t len, void *arg)
{
	struct session	*s = arg;
	const char	*lf;

	switch (s->state) {
	case SESSION_COMMAND:
	case SESSION_USER:
	case SESSION_PASS:
	case SESSION_PLAIN:
		break;
	case SESSION_DATA:
		return s->courier->mail->input(s, buf, len);
	case SESSION_QUIT:
	case SESSION_CLOSING:
		return len;
	default:
		tlsio_pause(io, 1);
		return 0;
	}
	if (s->skipping)
		return session_skip(s, buf, len);
	if ((lf = memchr(buf, '\n', len)) == NULL) {
		if (len < SMTPCMD_LINE_MAX)
			return 0;
		s->skipping = 1;
		return len;
	}
	session_line(s, buf, lf - buf);
	return lf + 1 - buf;
}

/* The courier's port on loopback. */

#define BACKLOG		512
#define RETRY		10	/* seconds until the next try at the port */
#define SOON		1	/* ... of the first tries: the courier of a
				 * smtpd that ends might still have it */
#define SOON_TRIES	5
#define PAUSE		1	/* ... to accept when descriptors are out */
#define ACCEPTS		64	/* in a row, before others have their turn */

static void
listen_again(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	listen_start(arg);
}

static void
listen_accept(int fd, short what, void *arg)
{
	struct courier	*c = arg;
	int		 i, new, on = 1;

	(void)what;
	for (i = 0; i < ACCEPTS; i++) {
		new = accept(fd, NULL, NULL);
		if (new == -1 && (errno == EMFILE || errno == ENFILE ||
		    errno == ENOBUFS || errno == ENOMEM)) {
			log_warn("courier: accept");
			event_del(&c->listen_event);
			courier_timer(&c->retry_timer, PAUSE);
			return;
		}
		if (new == -1)
			return;
		if (fcntl(new, F_SETFL, O_NONBLOCK) == -1 ||
		    fcntl(new, F_SETFD, FD_CLOEXEC) == -1)
			close(new);
		else {
			/* A reply is one write, and is waited for. */
			(void)setsockopt(new, IPPROTO_TCP, TCP_NODELAY, &on,
			    sizeof(on));
			session_new(c, new);
		}
	}
}

/* A socket on the port, or -1. */
static int
listen_open(const struct conf_outbound *conf)
{
	struct sockaddr_storage	 ss;
	socklen_t		 len;
	int			 fd, one = 1, save;

	if (!resolve_literal(conf->courier, (int)conf->courier_port, &ss,
	    &len)) {
		errno = EINVAL;
		return -1;
	}
	if ((fd = socket(ss.ss_family, SOCK_STREAM, 0)) == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one,
	    sizeof(one)) == -1 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) == -1 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 ||
	    bind(fd, (struct sockaddr *)&ss, len) == -1 ||
	    listen(fd, BACKLOG) == -1) {
		save = errno;
		close(fd);
		errno = save;
		return -1;
	}
	return fd;
}

void
listen_start(struct courier *c)
{
	const struct conf_outbound	*conf = &c->table->conf->outbound;

	evtimer_set(&c->retry_timer, listen_again, c);
	if (c->fd == -1 && (c->fd = listen_open(conf)) == -1) {
		if (!c->told)
			log_warn("courier: no mail leaves through accounts "
			    "while its port is not to be had: %s port %u",
			    conf->courier, conf->courier_port);
		c->told = 1;
		courier_timer(&c->retry_timer, c->tries++ < SOON_TRIES ?
		    SOON : RETRY);
		return;
	}
	if (c->told)
		log_info("courier: it has its port now");
	c->told = 0;
	event_set(&c->listen_event, c->fd, EV_READ | EV_PERSIST,
	    listen_accept, c);
	event_add(&c->listen_event, NULL);
	c->table->courier->listening = 1;
}
