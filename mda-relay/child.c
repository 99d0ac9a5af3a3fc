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
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/compat.h"
#include "child.h"
#include "proc/privsep.h"

int
child_start(struct child *c, const char *title, size_t maxdata, int other,
    void (*serve)(struct ipc *, void *), void *arg)
{
	struct ipc	*ch;
	int		 fds[2], save;

	if (ipc_pair(fds) == -1)
		return -1;
	if ((c->ch = ipc_new(fds[0], maxdata, 2 * maxdata)) == NULL) {
		close(fds[0]);
		close(fds[1]);
		errno = ENOMEM;
		return -1;
	}
	if ((c->pid = fork()) == 0) {
		close(fds[0]);
		close(other);
		privsep_title(title);
		signal(SIGPIPE, SIG_IGN);
		signal(SIGALRM, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		if ((ch = ipc_new(fds[1], maxdata, 2 * maxdata)) == NULL)
			_exit(1);
		serve(ch, arg);
		_exit(0);
	}
	save = errno;
	close(fds[1]);
	if (c->pid == -1) {
		ipc_free(c->ch);
		errno = save;
		return -1;
	}
	return 0;
}

void
child_stop(struct child *c)
{
	int	status;

	ipc_free(c->ch);
	while (waitpid(c->pid, &status, 0) == -1 && errno == EINTR)
		;
}
