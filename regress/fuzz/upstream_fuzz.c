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
 * A session, and a server that says whatever the input holds.  The first
 * byte is the kind of session: with TLS (as if it were on already), without,
 * which mechanism; the second how long the pieces are.  The session must end
 * once, with a clean text, and tell no secret.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "fuzz.h"
#include "smtp/aresev.h"
#include "smtp/resolve.h"
#include "smtp/upstream.c"

#define SECRET	"s3cret-s3cret-s3cret"

static struct event_base *base;
static struct upstream_env env;
static struct upstream_end ended;
static int gone, outstanding;

static void
command(struct upstream *up, int tag, const char *line)
{
	if (upstream_command(up, tag, line) == 0)
		outstanding++;
}

static void
got_ready(struct upstream *up, void *arg)
{
	(void)arg;
	CLAIM(up->secret == NULL);
	CLAIM(upstream_stage(up) == UPSTREAM_IDLE);
	command(up, 1, "MAIL FROM:<a@b>");
	command(up, 2, "RCPT TO:<c@d>");
	command(up, 3, "RCPT TO:<e@f>");
	command(up, 4, "DATA");
}

static void
got_reply(struct upstream *up, int tag, const struct smtpreply *r, void *arg)
{
	(void)arg;
	CLAIM(r->done && r->code >= 200 && r->code <= 599);
	CLAIM(tag >= 1 && tag <= 6);
	if (r->code == 354) {
		CLAIM(tag == 4 && upstream_stage(up) == UPSTREAM_DATA);
		CLAIM(upstream_data(up, "x\r\n..y", 6) == 0);
		if (upstream_end(up, 5, up->kind == UPSTREAM_LMTP ? 2 : 1) ==
		    0)
			outstanding += up->kind == UPSTREAM_LMTP ? 2 : 1;
	}
	CLAIM(--outstanding >= 0);
	if (tag == 5 || (tag == 4 && r->code != 354))
		command(up, 6, "RSET");
	if (tag == 6)
		upstream_quit(up);
}

static void
got_closed(struct upstream *up, const struct upstream_end *e, void *arg)
{
	(void)up;
	(void)arg;
	CLAIM(!gone);
	gone = 1;
	ended = *e;
}

static const struct upstream_cb callbacks = { got_ready, got_reply, NULL,
    got_closed };

static void
setup(void)
{
	struct aresev_conf	 dns = { "127.0.0.1:1", 100, 1 };

	signal(SIGPIPE, SIG_IGN);
	base = env.base = event_base_new();
	env.resolve = resolve_new(base, &dns, "");
	env.tls = tlsio_ctx_client("/nonexistent");
	if (env.tls == NULL)
		env.tls = tlsio_ctx_client(NULL);
	CLAIM(base != NULL && env.resolve != NULL && env.tls != NULL);
}

static struct upstream *
begin(uint8_t kind, int fd)
{
	struct upstream_conf	 conf;
	struct upstream		*up;

	memset(&conf, 0, sizeof(conf));
	conf.kind = kind & 1 ? UPSTREAM_LMTP : UPSTREAM_SMTP_TLS;
	conf.host = "127.0.0.1";
	conf.port = 25;
	conf.helo = "here.example";
	if ((kind & 1) == 0) {
		conf.login = kind & 2 ? UPSTREAM_BEARER : UPSTREAM_PASSWORD;
		conf.user = "alice";
		conf.secret = SECRET;
	}
	up = upstream_new(&env, &conf, &callbacks, NULL);
	CLAIM(up != NULL);
	/* Connected already, and with TLS in the eyes of the session. */
	dial_free(up->dial);
	up->dial = NULL;
	up->tls = (kind & 4) == 0;
	connected(up, fd);
	return up;
}

/* What the session wrote goes nowhere, so that it does not block. */
static void
drain(int fd)
{
	char	 buf[4096];

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		continue;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct upstream	*up;
	const char	*p;
	size_t		 n, piece;
	int		 fds[2], i;

	if (size < 2)
		return 0;
	if (base == NULL)
		setup();
	CLAIM(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	gone = outstanding = 0;
	up = begin(data[0], fds[0]);
	piece = 1 + data[1] * 4;
	for (data += 2, size -= 2; size > 0 && !gone; data += n, size -= n) {
		n = size < piece ? size : piece;
		(void)!send(fds[1], data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		event_base_loop(base, EVLOOP_NONBLOCK);
		event_base_loop(base, EVLOOP_NONBLOCK);
		drain(fds[1]);
	}
	shutdown(fds[1], SHUT_WR);
	for (i = 0; i < 20 && !gone; i++) {
		event_base_loop(base, EVLOOP_NONBLOCK);
		drain(fds[1]);
	}
	close(fds[1]);
	CLAIM(gone);
	CLAIM(ended.text[0] != '\0' || ended.quit);
	for (p = ended.text; *p != '\0'; p++)
		CLAIM(*p >= ' ' && *p <= '~');
	CLAIM(strstr(ended.text, SECRET) == NULL
	    || ended.stage != UPSTREAM_AUTH);
	upstream_free(up);
	return 0;
}
