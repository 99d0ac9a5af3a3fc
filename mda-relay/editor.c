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

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/log.h"
#include "child.h"
#include "compose.h"
#include "editor.h"
#include "peruse.h"
#include "proc/sandbox.h"
#include "mailfile.h"

/* What parent and engine say to each other. */
enum {
	EDITOR_READ = 1,	/* parent: u8 look for a report */
	EDITOR_COPY,		/* parent: a struct copyhdr_plan */
	EDITOR_FORWARD,		/* parent: u32 flags */
	EDITOR_LETTER,		/* engine: a struct letter */
	EDITOR_DONE,		/* engine: the file is complete */
	EDITOR_FAILED		/* engine: string, why */
};

struct editor {
	struct child	 child;
	int		 in, out;
};

static int
answer(struct ipc *ch, int result, const char *why)
{
	struct ipc_pack	p;

	if (result == 0)
		return ipc_send_wait(ch, EDITOR_DONE, 0, NULL, 0, -1, -1);
	ipc_pack_init(&p);
	ipc_put_str(&p, why);
	return ipc_send_pack_wait(ch, EDITOR_FAILED, 0, &p);
}

static int
serve_read(struct ipc *ch, struct ipc_msg *msg, int in)
{
	struct ipc_pack		p;
	struct ipc_unpack	u;
	struct letter		l;
	int			report;

	ipc_unpack_init(&u, msg->data, msg->len);
	report = ipc_get_u8(&u);
	if (ipc_unpack_end(&u) == -1)
		return -1;
	if (peruse(in, report, &l) == -1)
		return answer(ch, -1, strerror(errno));
	ipc_pack_init(&p);
	ipc_put_record(&p, &letter_record, &l);
	letter_free(&l);
	if (!p.failed)
		return ipc_send_pack_wait(ch, EDITOR_LETTER, 0, &p);
	ipc_pack_free(&p);
	return answer(ch, -1, "the header is too long");
}

static int
serve_copy(struct ipc *ch, struct ipc_msg *msg, int in, int out)
{
	struct copyhdr_plan	 plan;
	const char		*why = "malformed plan";
	int			 n = -1;

	if (ipc_get_record(&copyhdr_plan_record, &plan, msg->data,
	    msg->len) == 0)
		n = compose_copy(in, out, &plan, &why);
	ipc_free_record(&copyhdr_plan_record, &plan);
	return answer(ch, n, why);
}

static int
serve_forward(struct ipc *ch, struct ipc_msg *msg, int in, int out)
{
	struct ipc_unpack	 u;
	const char		*why = "";
	uint32_t		 flags;

	ipc_unpack_init(&u, msg->data, msg->len);
	flags = ipc_get_u32(&u);
	if (ipc_unpack_end(&u) == -1)
		return -1;
	return answer(ch, compose_forward(in, out, (int)flags, &why), why);
}

static int
serve(struct ipc *ch, struct ipc_msg *msg, int in, int out)
{
	switch (msg->type) {
	case EDITOR_READ:
		return serve_read(ch, msg, in);
	case EDITOR_COPY:
		return serve_copy(ch, msg, in, out);
	case EDITOR_FORWARD:
		return serve_forward(ch, msg, in, out);
	default:
		return -1;
	}
}

/* The process: a request after the other until the parent is gone. */
static void
serve_all(struct ipc *ch, void *arg)
{
	const struct editor	*e = arg;
	struct ipc_msg		 msg;

	if (sandbox_engine() == -1)
		_exit(1);
	while (ipc_recv_wait(ch, &msg, -1) == 1)
		if (serve(ch, &msg, e->in, e->out) == -1)
			_exit(1);
}

struct editor *
editor_start(int in, int out, int other)
{
	struct editor	*e;
	int		 save;

	if ((e = calloc(1, sizeof(*e))) == NULL)
		return NULL;
	e->in = in;
	e->out = out;
	if (child_start(&e->child, "engine", IPC_MAX_DATA, other, serve_all,
	    e) == -1) {
		save = errno;
		free(e);
		errno = save;
		return NULL;
	}
	return e;
}

pid_t
editor_pid(const struct editor *e)
{
	return e->child.pid;
}

void
editor_stop(struct editor *e)
{
	if (e == NULL)
		return;
	child_stop(&e->child);
	free(e);
}

int
editor_read(struct editor *e, int report, struct letter *l)
{
	struct ipc_pack	p;
	struct ipc_msg	msg;
	int		n = -1;

	ipc_pack_init(&p);
	ipc_put_u8(&p, report ? 1 : 0);
	if (mailfile_rewind(e->in) == 0)
		n = ipc_send_pack_wait(e->child.ch, EDITOR_READ, 0, &p);
	if (n == -1 ||
	    ipc_recv_wait(e->child.ch, &msg, -1) != 1) {
		log_warnx("the engine is gone");
		return -1;
	}
	if (msg.type != EDITOR_LETTER ||
	    ipc_get_record(&letter_record, l, msg.data, msg.len) == -1) {
		log_warnx("the engine could not read the message");
		return -1;
	}
	return 0;
}

/* Has `out' written anew; frees the pack. */
static int
ask(struct editor *e, uint32_t type, struct ipc_pack *p)
{
	struct ipc_unpack	u;
	struct ipc_msg		msg;
	char			why[256];
	int			n = -1;

	if (mailfile_rewind(e->in) == -1 || mailfile_clear(e->out) == -1)
		log_warn("spool");
	else
		n = ipc_send_pack_wait(e->child.ch, type, 0, p);
	ipc_pack_free(p);
	if (n == -1 ||
	    ipc_recv_wait(e->child.ch, &msg, -1) != 1) {
		log_warnx("the engine is gone");
		return -1;
	}
	if (msg.type == EDITOR_DONE)
		return 0;
	ipc_unpack_init(&u, msg.data, msg.len);
	(void)ipc_get_str(&u, why, sizeof(why));
	log_warnx("the engine could not write: %s", why);
	return -1;
}

int
editor_copy(struct editor *e, const struct copyhdr_plan *plan)
{
	struct ipc_pack	p;

	ipc_pack_init(&p);
	ipc_put_record(&p, &copyhdr_plan_record, plan);
	return ask(e, EDITOR_COPY, &p);
}

int
editor_forward(struct editor *e, int flags)
{
	struct ipc_pack	p;

	ipc_pack_init(&p);
	ipc_put_u32(&p, (uint32_t)flags);
	return ask(e, EDITOR_FORWARD, &p);
}
