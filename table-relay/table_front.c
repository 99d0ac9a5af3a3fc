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
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "base/compat.h"
#include "base/log.h"
#include "mirror.h"
#include "proc/sandbox.h"
#include "senders.h"
#include "table-relay.h"
#include "tableimsg.h"
#include "tabletext.h"

#define FRONT_ANSWER	TABLETEXT_ANSWER_MAX		/* any one answer */
#define FRONT_OUT	(16384 + FRONT_ANSWER)	/* bytes of them in hand */

struct front {
	const struct table	*table;
	struct intake		*in;
	struct answerer		*answerer;
	struct mirror		*mirror;
	struct event		 stdin_event;
	int			 readable;	/* descriptor 0 */
	int			 hopeless;	/* it killed fronts before */
	int			 lost;		/* where a frame begins */
	int			 secret;	/* there is one among out */
	unsigned long		 nonsense;	/* lines with no answer */
	size_t			 outlen;
	char			 out[FRONT_OUT];
};

/* Writes the answers in hand.  -1 when smtpd has gone. */
static int
front_flush(struct front *f)
{
	int		 fd = f->in->protocol == PROTOCOL_IMSG ? 0 : 1;
	struct pollfd	 pfd = { fd, POLLOUT, 0 };
	size_t		 done = 0;
	ssize_t		 n;

	while (done < f->outlen) {
		n = write(fd, f->out + done, f->outlen - done);
		if (n > 0)
			done += n;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			poll(&pfd, 1, -1);
		else if (errno != EINTR)
			return -1;
	}
	if (f->secret) {
		explicit_bzero(f->out, f->outlen);
		answer_wipe(f->answerer);
		f->secret = 0;
	}
	f->outlen = 0;
	return 0;
}

static int
front_put(struct front *f, const char *s)
{
	size_t	len = strlen(s);

	if (len > sizeof(f->out) - f->outlen && front_flush(f) == -1)
		return -1;
	memcpy(f->out + f->outlen, s, len);
	f->outlen += len;
	return 0;
}

/* Answers one request, in every case and once.  -1 when smtpd has gone. */
static int
front_answer(struct front *f, const struct request *req)
{
	struct answer	 a;
	int		 imsg = f->in->protocol == PROTOCOL_IMSG;
	char		*p;
	size_t		 room;
	ssize_t		 n;

	if (sizeof(f->out) - f->outlen < FRONT_ANSWER && front_flush(f) == -1)
		return -1;
	p = f->out + f->outlen;
	room = sizeof(f->out) - f->outlen;
	if (f->hopeless) {
		a.result = RESULT_ERROR;
		a.value = "internal error";
		a.vallen = strlen(a.value);
	} else
		answer_request(f->answerer, req, &a);
	n = imsg ? tableimsg_answer(p, room, req, a.result, a.value, a.vallen) :
	    tabletext_answer(p, room, req, a.result, a.value, a.vallen);
	if (n == -1 && imsg && req->service == SERVICE_MAILADDRMAP) {
		/* Half of it would turn the other half's mail away. */
		log_warnx("more addresses of one login than smtpd can take");
		a.result = RESULT_ERROR;
		n = tableimsg_answer(p, room, req, a.result, NULL, 0);
	} else if (n == -1) {
		/* What cannot be said is not found: a key of strange bytes. */
		n = imsg ?
		    tableimsg_answer(p, room, req, RESULT_NOTFOUND, NULL, 0) :
		    tabletext_answer(p, room, req, RESULT_NOTFOUND, NULL, 0);
	}
	f->outlen += n;
	if (f->table->senders && req->service == SERVICE_CREDENTIALS)
		f->secret = 1;
	return 0;
}

/* What smtpd says of itself before its first request. */
static int
front_hello(struct front *f, const char *line, size_t len)
{
	static const char	name[] = "config|tablename|";
	size_t			head = sizeof(name) - 1;

	if (len > head && len - head < INTAKE_NAME_MAX &&
	    memcmp(line, name, head) == 0) {
		memcpy(f->in->name, line + head, len - head);
		f->in->name[len - head] = '\0';
	}
	if (len != 12 || memcmp(line, "config|ready", 12) != 0)
		return 0;
	/* smtpd does not start with a table that registers nothing. */
	return front_put(f, f->table->senders ?
	    "register|mailaddr\nregister|mailaddrmap\n"
	    "register|credentials\nregister|relayhost\n"
	    "register|ready\n" :
	    "register|alias\nregister|mailaddr\nregister|domain\n"
	    "register|ready\n");
}

/* Takes one line at offset off.  Returns what it took, 0 none, -1 ended. */
static ssize_t
front_text(struct front *f, size_t off)
{
	struct request	 req;
	const char	*line = f->in->buf + off;
	size_t		 len, used;
	int		 r = 0;

	if (!intake_line(f->in, off, TABLETEXT_LINE_MAX, &len, &used))
		return 0;
	if (len >= 7 && memcmp(line, "config|", 7) == 0)
		r = front_hello(f, line, len);
	else if (tabletext_parse(line, len, f->in->name, &req))
		r = front_answer(f, &req);
	else if (f->nonsense++ == 0)
		log_warnx("a line that is no request: %.*s",
		    (int)(len > 80 ? 80 : len), line);
	return r == -1 ? -1 : (ssize_t)used;
}

/* The same for a frame of the binary protocol. */
static ssize_t
front_imsg(struct front *f, size_t off)
{
	struct imsgwire	m;
	struct request	req;
	size_t		used;
	int		r;

	r = imsgwire_get(f->in->buf + off, f->in->len - off, &m, &used);
	if (r == -1)
		f->lost = 1;
	if (r != 1)
		return 0;
	tableimsg_parse(&m, &req);
	if (req.op == REQ_CLOSE)
		return -1;
	return front_answer(f, &req) == -1 ? -1 : (ssize_t)used;
}

/*
 * smtpd asks one thing at a time: all that has come belongs to the one
 * request that makes no sense, and gets one answer.
 */
static int
front_resync(struct front *f)
{
	struct request	 req = { .op = REQ_BAD };
	struct pollfd	 pfd = { 0, POLLIN, 0 };

	log_warnx("a frame of impossible length: what came with it is lost");
	f->lost = 0;
	do
		f->in->start = f->in->len = 0;
	while (poll(&pfd, 1, 0) == 1 && read(0, f->in->buf, INTAKE_SIZE) > 0);
	if (front_answer(f, &req) == -1)
		return -1;
	return front_flush(f);
}

/* The first bytes tell the protocol.  0 when there are too few of them. */
static int
front_protocol(struct front *f)
{
	static const char	word[] = "config|";
	struct intake		*in = f->in;
	size_t			 have = in->len - in->start;

	if (in->protocol != PROTOCOL_UNKNOWN)
		return 1;
	if (have > sizeof(word) - 1)
		have = sizeof(word) - 1;
	if (have == 0)
		return 0;
	if (memcmp(in->buf + in->start, word, have) != 0)
		in->protocol = PROTOCOL_IMSG;
	else if (have == sizeof(word) - 1)
		in->protocol = PROTOCOL_TEXT;
	return in->protocol != PROTOCOL_UNKNOWN;
}

/* Answers all that has come whole.  -1 when smtpd has gone. */
static int
front_work(struct front *f)
{
	struct intake	*in = f->in;
	size_t		 off = in->start;
	ssize_t		 n = 0;

	if (!front_protocol(f))
		return 0;
	in->tries++;
	while (off < in->len && (n = in->protocol == PROTOCOL_IMSG ?
	    front_imsg(f, off) : front_text(f, off)) > 0)
		off += n;
	/*
	 * Done with, before it is written: whoever reads an answer might run
	 * before we do, and a death then must not lead to a second one.
	 */
	in->start = (uint32_t)off;
	in->tries = 0;
	f->hopeless = 0;
	if (front_flush(f) == -1 || n == -1)
		return -1;
	return f->lost ? front_resync(f) : 0;
}

static void
front_readable(int fd, short what, void *arg)
{
	struct front	*f = arg;

	(void)fd;
	(void)what;
	f->readable = 1;
}

/*
 * Reads more.  While nothing is expected of the keeper, a plain read is all
 * that is done for a request; it ends now and then to look at the rest.
 * Returns the number of bytes, 0 when smtpd has gone.
 */
static ssize_t
front_read(struct front *f)
{
	size_t	room = intake_room(f->in);
	ssize_t	n;

	for (;;) {
		if (!f->table->timed || !mirror_quiet(f->mirror)) {
			f->readable = 0;
			event_add(&f->stdin_event, NULL);
			event_loop(EVLOOP_ONCE);
			event_del(&f->stdin_event);
			if (!f->readable)
				continue;
		}
		n = read(0, f->in->buf + f->in->len, room);
		if (n >= 0)
			break;
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			event_loop(EVLOOP_NONBLOCK);
		else if (errno != EINTR)
			return 0;
	}
	f->in->len += n;
	return n;
}

static void
front_peer(int role, int fd, void *arg)
{
	struct front	*f = arg;

	(void)role;
	mirror_peer(f->mirror, fd);
}

static int
front_start(struct front *f, struct privsep_child *pc)
{
	intake_repair(f->in);
	f->hopeless = f->in->tries >= INTAKE_TRIES;
	if (f->in->name[0] == '\0')
		strlcpy(f->in->name, f->table->name, sizeof(f->in->name));
	event_init();
	f->mirror = mirror_new(f->table->senders ? senders_may : NULL);
	if (f->mirror == NULL ||
	    (f->answerer = answer_new(f->table, f->mirror)) == NULL)
		return -1;
	if (privsep_child_event(pc, front_peer, f) == -1)
		return -1;
	event_set(&f->stdin_event, 0, EV_READ, front_readable, f);
	return sandbox_table_front();
}

int
front_main(struct privsep_child *pc, void *arg)
{
	struct front	*f;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		return 1;
	f->table = arg;
	f->in = f->table->intake;
	if (front_start(f, pc) == -1)
		return 1;
	/* A front before this one may have left a request. */
	do
		if (front_work(f) == -1)
			break;
	while (front_read(f) > 0);
	return 0;
}
