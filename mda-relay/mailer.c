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
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/compat.h"
#include "child.h"
#include "proc/sandbox.h"
#include "mailer.h"
#include "mailfile.h"
#include "transcript.h"

#define MAILER_MAX_DATA	4096		/* bytes of a frame */
#define MAILER_JOB	1		/* parent: from, to */
#define MAILER_DONE	2		/* sender: result, reply */
#define MAILER_WAIT	10		/* seconds that smtpd may be busy */
#define MAILER_NAP	100		/* milliseconds between two tries */

struct mailer {
	struct child		 child;
	struct mailer_config	 config;
};

/*
 * Whether sendmail can pass the address on unchanged: it splits arguments
 * at commas, and smtpd's lines end at blanks and brackets.
 */
static int
carriable(const char *addr)
{
	for (; *addr != '\0'; addr++)
		if ((unsigned char)*addr <= ' ' || *addr == 0x7f ||
		    *addr == ',' || *addr == '<' || *addr == '>')
			return 0;
	return 1;
}

/*
 * Whether smtpd's control socket takes connections.  Its queue of them is
 * short, and where it is full Linux says EAGAIN, and sendmail will wait for
 * its turn; BSD says the same as of a stopped smtpd, hence busy is set.
 */
static int
listening(const char *path, int *busy)
{
	struct sockaddr_un	sun;
	int			fd, ok;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path))
		return 0;
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0)) == -1)
		return 0;
	ok = connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0 ||
	    errno == EAGAIN;
	*busy = !ok && errno == ECONNREFUSED;
	close(fd);
	return ok;
}

/*
 * In the child: becomes sendmail.  The option -o is one that smtpd's
 * sendmail ignores; the bar in its value is what it refuses to write into
 * the queue for a stopped smtpd, so that a message can never be both there
 * and, after a retry of ours, delivered once more.
 */
static __dead void
run(const struct mailer_config *cfg, int out, const char *from,
    const char *to)
{
	char	*argv[10], *envp[2];
	int	 i = 0;

	(void)setpgid(0, 0);
	if (dup2(cfg->message, STDIN_FILENO) == -1 ||
	    dup2(out, STDOUT_FILENO) == -1 ||
	    dup2(out, STDERR_FILENO) == -1)
		_exit(71);
	closefrom(STDERR_FILENO + 1);
	signal(SIGPIPE, SIG_DFL);
	argv[i++] = (char *)"sendmail";
	argv[i++] = (char *)"-o|";
	argv[i++] = (char *)"-i";
	argv[i++] = (char *)"-v";
	argv[i++] = (char *)"-f";
	argv[i++] = (char *)from;
	argv[i++] = (char *)"--";
	argv[i++] = (char *)to;
	argv[i] = NULL;
	envp[0] = (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	envp[1] = NULL;
	execve(cfg->sendmail, argv, envp);
	dprintf(STDERR_FILENO, "%s: %s\n", cfg->sendmail, strerror(errno));
	_exit(71);
}

/*
 * How sendmail ends when smtpd gave it no session: with 1 where its
 * connection was closed at once, since one user may have only so many; with
 * "server too busy"; and where it took smtpd for stopped.  One that was
 * killed is another matter, what it had said may be lost.
 */
static int
turned_away(int status)
{
	return status == 1 || status == EX_UNAVAILABLE ||
	    status == EX_SOFTWARE;
}

/*
 * Reads what sendmail says until it has closed its output, and waits for
 * it.  When the parent goes away meanwhile, sendmail goes too.
 */
static enum mailer_result
watch(struct ipc *ch, pid_t pid, int out, char *reply, int *busy)
{
	struct transcript	t;
	struct pollfd		pfd[2];
	char			buf[1024];
	ssize_t			n;
	int			status;

	transcript_init(&t);
	pfd[0].fd = out;
	pfd[1].fd = ipc_fd(ch);
	for (;;) {
		pfd[0].events = pfd[1].events = POLLIN;
		if (poll(pfd, 2, -1) == -1) {
			if (errno == EINTR)
				continue;
			break;
		}
		if (pfd[1].revents != 0) {
			/* the parent asks for one thing at a time */
			(void)kill(-pid, SIGKILL);
			_exit(0);
		}
		if (pfd[0].revents == 0)
			continue;
		if ((n = read(out, buf, sizeof(buf))) == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		transcript_feed(&t, buf, (size_t)n);
	}
	transcript_end(&t);
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return MAILER_RETRY;
	(void)strlcpy(reply, t.reply, MAILER_REPLY_MAX);
	/* whatever became of sendmail, smtpd's 250 is smtpd's word */
	if (t.accepted || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
		return MAILER_QUEUED;
	if (t.refused)
		return MAILER_REFUSED;
	*busy = !t.session && WIFEXITED(status) &&
	    turned_away(WEXITSTATUS(status));
	if (reply[0] == '\0')
		(void)snprintf(reply, MAILER_REPLY_MAX, "sendmail: %s %d",
		    WIFEXITED(status) ? "exit" : "signal",
		    WIFEXITED(status) ? WEXITSTATUS(status) :
		    WTERMSIG(status));
	return MAILER_RETRY;
}

/* Runs sendmail once; busy is set when smtpd had no time for it. */
static enum mailer_result
attempt(const struct mailer_config *cfg, struct ipc *ch, const char *from,
    const char *to, char *reply, int *busy)
{
	enum mailer_result	 result;
	pid_t			 pid;
	int			 out[2];

	if (!listening(cfg->socket, busy)) {
		(void)strlcpy(reply, "smtpd does not answer", MAILER_REPLY_MAX);
		return MAILER_RETRY;
	}
	if (mailfile_rewind(cfg->message) == -1 || pipe(out) == -1) {
		(void)strlcpy(reply, strerror(errno), MAILER_REPLY_MAX);
		return MAILER_RETRY;
	}
	if ((pid = fork()) == 0) {
		close(out[0]);
		run(cfg, out[1], from, to);
	}
	close(out[1]);
	if (pid == -1) {
		(void)strlcpy(reply, strerror(errno), MAILER_REPLY_MAX);
		close(out[0]);
		return MAILER_RETRY;
	}
	/* in the child and here, since either may come first */
	(void)setpgid(pid, pid);
	result = watch(ch, pid, out[0], reply, busy);
	close(out[0]);
	return result;
}

/* A pause, but not longer than the parent lives. */
static void
nap(struct ipc *ch)
{
	struct pollfd	pfd;

	pfd.fd = ipc_fd(ch);
	pfd.events = POLLIN;
	if (poll(&pfd, 1, MAILER_NAP) > 0)
		_exit(0);
}

/*
 * An smtpd that is only busy is asked again: its own next try of the whole
 * run could be minutes away.
 */
static enum mailer_result
deliver(const struct mailer_config *cfg, struct ipc *ch, const char *from,
    const char *to, char *reply)
{
	enum mailer_result	 result;
	struct timespec		 now;
	time_t			 until = 0;
	int			 busy;

	for (;;) {
		busy = 0;
		reply[0] = '\0';
		result = attempt(cfg, ch, from, to, reply, &busy);
		if (!busy || clock_gettime(CLOCK_MONOTONIC, &now) == -1)
			return result;
		if (until == 0)
			until = now.tv_sec + MAILER_WAIT;
		if (now.tv_sec >= until)
			return result;
		nap(ch);
	}
}

static void
serve_job(const struct mailer_config *cfg, struct ipc *ch,
    struct ipc_msg *msg)
{
	char			 from[MAILER_ADDR_MAX], to[MAILER_ADDR_MAX];
	char			 reply[MAILER_REPLY_MAX];
	struct ipc_pack		 p;
	struct ipc_unpack	 u;
	enum mailer_result	 result;

	ipc_unpack_init(&u, msg->data, msg->len);
	(void)ipc_get_str(&u, from, sizeof(from));
	(void)ipc_get_str(&u, to, sizeof(to));
	if (ipc_unpack_end(&u) == -1)
		_exit(1);
	reply[0] = '\0';
	if (!carriable(to) || to[0] == '\0' || !carriable(from)) {
		(void)strlcpy(reply, "501 5.1.3 the address cannot be carried",
		    sizeof(reply));
		result = MAILER_REFUSED;
	} else
		result = deliver(cfg, ch, from, to, reply);
	ipc_pack_init(&p);
	ipc_put_u32(&p, result);
	ipc_put_str(&p, reply);
	if (ipc_send_pack_wait(ch, MAILER_DONE, 0, &p) == -1)
		_exit(1);
}

/* The process: a job after the other until the parent is gone. */
static void
serve_all(struct ipc *ch, void *arg)
{
	const struct mailer_config	*cfg = arg;
	struct sandbox_paths		 paths;
	struct ipc_msg			 msg;

	memset(&paths, 0, sizeof(paths));
	paths.sendmail = cfg->sendmail;
	if (sandbox_sender(&paths, cfg->socket) == -1)
		_exit(1);
	while (ipc_recv_wait(ch, &msg, -1) == 1) {
		if (msg.type != MAILER_JOB)
			_exit(1);
		serve_job(cfg, ch, &msg);
	}
}

struct mailer *
mailer_start(const struct mailer_config *cfg)
{
	struct mailer	*s;
	int		 save;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->config = *cfg;
	if (child_start(&s->child, "sender", MAILER_MAX_DATA, cfg->other,
	    serve_all, &s->config) == -1) {
		save = errno;
		free(s);
		errno = save;
		return NULL;
	}
	return s;
}

enum mailer_result
mailer_send(struct mailer *s, const char *from, const char *to, char *reply)
{
	struct ipc_pack		 p;
	struct ipc_unpack	 u;
	struct ipc_msg		 msg;
	uint32_t		 result;

	(void)strlcpy(reply, "the sending process is gone", MAILER_REPLY_MAX);
	ipc_pack_init(&p);
	ipc_put_str(&p, from);
	ipc_put_str(&p, to);
	if (ipc_send_pack_wait(s->child.ch, MAILER_JOB, 0, &p) == -1 ||
	    ipc_recv_wait(s->child.ch, &msg, -1) != 1 ||
	    msg.type != MAILER_DONE)
		return MAILER_RETRY;
	ipc_unpack_init(&u, msg.data, msg.len);
	result = ipc_get_u32(&u);
	(void)ipc_get_str(&u, reply, MAILER_REPLY_MAX);
	if (ipc_unpack_end(&u) == -1)
		return MAILER_RETRY;
	if (result == MAILER_QUEUED || result == MAILER_REFUSED)
		return (enum mailer_result)result;
	return MAILER_RETRY;
}

int
mailer_fd(const struct mailer *s)
{
	return ipc_fd(s->child.ch);
}

void
mailer_stop(struct mailer *s)
{
	if (s == NULL)
		return;
	child_stop(&s->child);
	free(s);
}
