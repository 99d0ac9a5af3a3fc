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
 * usage: tlssink port certificate key counter
 *
 * A provider's mail server for measurements: on every address of this
 * machine, with STARTTLS and AUTH PLAIN and LOGIN, a thread for each session.
 * Believes any password and throws mail away.  The file `counter' holds how
 * many mails, sessions and logins there were and how many mails wait for their
 * last reply, as four numbers of 64 bits; there is no such reply while a fifth
 * number is not 0.
 */

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define LINE	2048
#define STACK		(128 * 1024)

struct counter {
	uint64_t	 mails;
	uint64_t	 sessions;
	uint64_t	 logins;
	uint64_t	 waiting;
	volatile uint64_t hold;
};

struct session {
	int		 fd;
	SSL		*ssl;
	char		 buf[16384];
	size_t		 len, pos;
};

static SSL_CTX		*ctx;
static struct counter	*counter;

static int
fill(struct session *s)
{
	int	 n, one = 1;

	if (s->ssl != NULL)
		n = SSL_read(s->ssl, s->buf, sizeof(s->buf));
	else
		n = read(s->fd, s->buf, sizeof(s->buf));
	if (n <= 0)
		return -1;
	(void)setsockopt(s->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
	s->len = n;
	s->pos = 0;
	return 0;
}

/* A line without its end; what is too long is cut. */
static int
get(struct session *s, char line[LINE])
{
	size_t	 n = 0;
	char	 c;

	for (;;) {
		if (s->pos == s->len && fill(s) == -1)
			return -1;
		c = s->buf[s->pos++];
		if (c == '\n')
			break;
		if (c != '\r' && n < LINE - 1)
			line[n++] = c;
	}
	line[n] = '\0';
	return 0;
}

static int
put(struct session *s, const char *text)
{
	int	 len = strlen(text);

	if (s->ssl != NULL)
		return SSL_write(s->ssl, text, len) == len ? 0 : -1;
	return write(s->fd, text, len) == len ? 0 : -1;
}

static int
starttls(struct session *s)
{
	if (put(s, "220 go on\r\n") == -1 || (s->ssl = SSL_new(ctx)) == NULL)
		return -1;
	s->pos = s->len = 0;
	SSL_set_fd(s->ssl, s->fd);
	return SSL_accept(s->ssl) == 1 ? 0 : -1;
}

static int
ehlo(struct session *s)
{
	if (s->ssl == NULL)
		return put(s, "250-sink\r\n250 STARTTLS\r\n");
	return put(s, "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
	    "250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n250-SIZE 50000000\r\n"
	    "250 AUTH PLAIN LOGIN\r\n");
}

static int
auth(struct session *s, char line[LINE])
{
	if (strncasecmp(line + 5, "LOGIN", 5) == 0) {
		if ((strlen(line) <= 11 &&
		    (put(s, "334 VXNlcm5hbWU6\r\n") == -1 ||
		    get(s, line) == -1)) ||
		    put(s, "334 UGFzc3dvcmQ6\r\n") == -1 || get(s, line) == -1)
			return -1;
	} else if (strlen(line) <= 11) {
		if (put(s, "334 \r\n") == -1 || get(s, line) == -1)
			return -1;
	}
	__sync_fetch_and_add(&counter->logins, 1);
	return put(s, "235 2.7.0 ok\r\n");
}

static int
data(struct session *s, char line[LINE])
{
	if (put(s, "354 go on\r\n") == -1)
		return -1;
	do {
		if (get(s, line) == -1)
			return -1;
	} while (strcmp(line, ".") != 0);
	if (counter->hold) {
		__sync_fetch_and_add(&counter->waiting, 1);
		while (counter->hold)
			usleep(10000);
		__sync_fetch_and_sub(&counter->waiting, 1);
	}
	__sync_fetch_and_add(&counter->mails, 1);
	return put(s, "250 2.0.0 thrown away\r\n");
}

static int
command(struct session *s, char line[LINE])
{
	if (strncasecmp(line, "EHLO", 4) == 0)
		return ehlo(s);
	if (strcasecmp(line, "STARTTLS") == 0)
		return starttls(s);
	if (strncasecmp(line, "AUTH ", 5) == 0)
		return auth(s, line);
	if (strcasecmp(line, "DATA") == 0)
		return data(s, line);
	if (strcasecmp(line, "QUIT") == 0) {
		(void)put(s, "221 bye\r\n");
		return -1;
	}
	return put(s, "250 2.0.0 ok\r\n");
}

static void *
serve(void *arg)
{
	struct session	*s = arg;
	char		 line[LINE];

	__sync_fetch_and_add(&counter->sessions, 1);
	if (put(s, "220 sink ESMTP\r\n") == 0)
		while (get(s, line) == 0 && command(s, line) == 0)
			;
	ERR_clear_error();
	if (s->ssl != NULL)
		SSL_free(s->ssl);
	close(s->fd);
	free(s);
	return NULL;
}

static void
prepare(const char *cert, const char *key, const char *path)
{
	int	 fd;

	signal(SIGPIPE, SIG_IGN);
	if ((ctx = SSL_CTX_new(TLS_server_method())) == NULL ||
	    SSL_CTX_use_certificate_chain_file(ctx, cert) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		errx(1, "certificate");
	if ((fd = open(path, O_RDWR | O_CREAT, 0644)) == -1 ||
	    ftruncate(fd, sizeof(*counter)) == -1)
		err(1, "%s", path);
	counter = mmap(NULL, sizeof(*counter), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	if (counter == MAP_FAILED)
		err(1, "%s", path);
}

static int
listener(int port)
{
	struct sockaddr_in	 sin = { 0 };
	int			 fd, one = 1;

	sin.sin_family = AF_INET;
	sin.sin_port = htons(port);
	if ((fd = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == -1 ||
	    bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(fd, 4096) == -1)
		err(1, "port %d", port);
	return fd;
}

int
main(int argc, char **argv)
{
	struct session	*s;
	pthread_attr_t	 attr;
	pthread_t	 thread;
	int		 fd, one = 1;

	if (argc != 5)
		errx(1, "usage: tlssink port certificate key counter");
	prepare(argv[2], argv[3], argv[4]);
	fd = listener(atoi(argv[1]));
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (;;) {
		if ((s = calloc(1, sizeof(*s))) == NULL)
			err(1, NULL);
		if ((s->fd = accept(fd, NULL, NULL)) == -1) {
			free(s);
			continue;
		}
		(void)setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one,
		    sizeof(one));
		if (pthread_create(&thread, &attr, serve, s) != 0) {
			close(s->fd);
			free(s);
		}
	}
}
