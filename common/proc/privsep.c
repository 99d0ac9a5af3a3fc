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
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <errno.h>
#include <event.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/compat.h"
#include "base/log.h"
#include "proc/ipc.h"
#include "proc/privsep.h"

#define PRIVSEP_DELAY_MIN	100	/* ms before the second restart */
#define PRIVSEP_DELAY_MAX	5000
#define PRIVSEP_STEADY		10000	/* ms of life that forgive deaths */
#define PRIVSEP_PING		30000	/* ms between two questions */
#define PRIVSEP_HUNG		90000	/* ms without an answer */
#define PRIVSEP_GRACE		1000	/* ms between SIGTERM and SIGKILL */
#define PRIVSEP_FRAME		64	/* bytes of a control frame */
#define PRIVSEP_QUEUE		4096

/* Frames on a control channel. */
enum {
	PRIVSEP_MSG_PEER = 1,		/* id: the role; with a descriptor */
	PRIVSEP_MSG_PING,
	PRIVSEP_MSG_PONG
};

struct privsep_proc {
	pid_t		 pid;		/* 0: not running */
	struct ipc	*ctl;
	int		 deaths;	/* in a row */
	int		 restarts;
	int64_t		 started;
	int64_t		 startat;	/* when to start it again */
	int64_t		 pinged;
	int		 asked;		/* questions without an answer */
	int64_t		 heard;
	unsigned int	 unwired;	/* peers that want a new channel */
	int		 lost;		/* its control channel failed */
};

struct privsep_state {
	const struct privsep	*ps;
	struct privsep_proc	 proc[PRIVSEP_MAX_ROLES];
	int			 devnull;
	int			 sigpipe[2];
	int			 stopping;
};

struct privsep_child {
	struct ipc	*ctl;
	int		 flags;
	int		 restarts;
	void		(*peer)(int, int, void *);
	void		*arg;
};

static int sigfd = -1;
static volatile sig_atomic_t sigend;

static void
on_signal(int sig)
{
	int save = errno;

	if (sig != SIGCHLD)
		sigend = 1;
	if (write(sigfd, "", 1) == -1)
		errno = save;
	errno = save;
}

int
privsep_begin(const char *progname, int argc, char **argv)
{
	struct rlimit rl;
	int fd;

	do {
		if ((fd = open("/dev/null", O_RDWR)) == -1)
			return -1;
	} while (fd < 3);
	closefrom(3);
	rl.rlim_cur = rl.rlim_max = 0;
	if (setrlimit(RLIMIT_CORE, &rl) == -1)
		return -1;
#ifdef __linux__
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		return -1;
	setproctitle_init(argc, argv, environ);
#else
	(void)argc;
	(void)argv;
#endif
	setprogname(progname);
	return 0;
}

void
privsep_title(const char *role)
{
	setproctitle("%s", role);
	log_procinit(role);
}

/* Runs a role in the forked child. */
static __dead void
find_child(struct privsep_state *st, int role, int fd)
{
	const struct privsep_role *r = &st->ps->roles[role];
	struct privsep_child pc;
	int i;

	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	for (i = 0; i < st->ps->nroles; i++)
		ipc_free(st->proc[i].ctl);
	close(st->sigpipe[0]);
	close(st->sigpipe[1]);
	if (!(r->flags & PRIVSEP_STDIO) && (dup2(st->devnull, 0) == -1 ||
	    dup2(st->devnull, 1) == -1))
		_exit(1);
	close(st->devnull);
	privsep_title(r->name);
	memset(&pc, 0, sizeof(pc));
	pc.flags = r->flags;
	pc.restarts = st->proc[role].restarts;
	if ((pc.ctl = ipc_new(fd, PRIVSEP_FRAME, PRIVSEP_QUEUE)) == NULL)
		fatal("control channel");
	_exit(r->main(&pc, st->ps->arg));
}

/* Gives two running roles a new channel to each other. */
static void
wire_peers(struct privsep_state *st, int a, int b)
{
	struct privsep_proc *pa = &st->proc[a], *pb = &st->proc[b];
	int fds[2];

	pa->unwired |= 1U << b;
	pb->unwired |= 1U << a;
	if (pa->pid == 0 || pb->pid == 0)
		return;
	if (ipc_pair(fds) == -1) {
		log_warn("socketpair");
		return;
	}
	if (ipc_send(pa->ctl, PRIVSEP_MSG_PEER, b, NULL, 0, fds[0]) == -1) {
		close(fds[1]);
		return;
	}
	if (ipc_send(pb->ctl, PRIVSEP_MSG_PEER, a, NULL, 0, fds[1]) == -1)
		return;
	pa->unwired &= ~(1U << b);
	pb->unwired &= ~(1U << a);
}

static void
start_child(struct privsep_state *st, int role)
{
	struct privsep_proc *p = &st->proc[role];
	struct ipc *ctl;
	int fds[2], i;
	pid_t pid;

	p->startat = clock_ms() + PRIVSEP_DELAY_MAX;
	if (ipc_pair(fds) == -1) {
		log_warn("socketpair");
		return;
	}
	if ((ctl = ipc_new(fds[0], PRIVSEP_FRAME, PRIVSEP_QUEUE)) == NULL ||
	    (pid = fork()) == -1) {
		log_warn("cannot start %s", st->ps->roles[role].name);
		if (ctl != NULL)
			ipc_free(ctl);
		else
			close(fds[0]);
		close(fds[1]);
		return;
	}
	if (pid == 0) {
		ipc_free(ctl);
		find_child(st, role, fds[1]);
	}
	close(fds[1]);
	p->ctl = ctl;
	p->lost = p->asked = 0;
	p->pid = pid;
	p->started = p->pinged = p->heard = clock_ms();
	for (i = 0; i < st->ps->nroles; i++)
		if (st->ps->roles[role].peers & (1U << i))
			wire_peers(st, role, i);
}

/* Notes a child's end.  Returns 1 if the program is to end. */
static int
note_end(struct privsep_state *st, int role, int status)
{
	struct privsep_proc *p = &st->proc[role];
	const struct privsep_role *r = &st->ps->roles[role];
	int64_t now = clock_ms(), delay = 0;
	int i;

	p->pid = 0;
	ipc_free(p->ctl);
	p->ctl = NULL;
	if ((r->flags & PRIVSEP_MAIN) && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 0)
		return 1;
	if (now - p->started >= PRIVSEP_STEADY)
		p->deaths = 0;
	for (i = 1; i <= p->deaths && delay < PRIVSEP_DELAY_MAX; i++)
		delay = i == 1 ? PRIVSEP_DELAY_MIN : delay * 2;
	if (delay > PRIVSEP_DELAY_MAX)
		delay = PRIVSEP_DELAY_MAX;
	p->deaths++;
	p->restarts++;
	p->startat = now + delay;
	if (st->stopping)
		return 0;
	if (WIFSIGNALED(status))
		log_warnx("%s ended by signal %d, starting it again",
		    r->name, WTERMSIG(status));
	else
		log_warnx("%s exited with status %d, starting it again",
		    r->name, WEXITSTATUS(status));
	return 0;
}

static int
reap_children(struct privsep_state *st)
{
	pid_t pid;
	int i, status, end = 0;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (i = 0; i < st->ps->nroles; i++)
			if (st->proc[i].pid == pid)
				end |= note_end(st, i, status);
	return end;
}

/*
 * Takes a child's answers.  Returns -1 when its channel has failed or it says
 * what nobody asked: whoever talks without end would keep us from the others.
 */
static int
hear_child(struct privsep_proc *p, int64_t now)
{
	struct ipc_msg msg;
	int n;

	while ((n = ipc_read(p->ctl)) == 1)
		while ((n = ipc_get(p->ctl, &msg)) == 1) {
			if (msg.fd != -1)
				close(msg.fd);
			if (msg.type != PRIVSEP_MSG_PONG || p->asked == 0)
				return -1;
			p->asked--;
			p->heard = now;
		}
	return n == -1 || ipc_flush(p->ctl) == -1 ? -1 : 0;
}

/* Asks a child whether it lives, and kills one that does not say so. */
static void
watch_child(struct privsep_state *st, int role, int64_t now)
{
	struct privsep_proc *p = &st->proc[role];

	if (p->lost)
		return;
	if (hear_child(p, now) == -1) {
		p->lost = 1;
		kill(p->pid, SIGKILL);
		return;
	}
	if (st->ps->roles[role].flags & PRIVSEP_MAIN)
		return;
	if (now - p->heard >= PRIVSEP_HUNG) {
		log_warnx("%s does not answer, killing it",
		    st->ps->roles[role].name);
		kill(p->pid, SIGKILL);
		p->heard = now;
	} else if (now - p->pinged >= PRIVSEP_PING) {
		if (ipc_send(p->ctl, PRIVSEP_MSG_PING, 0, NULL, 0, -1) == 0)
			p->asked++;
		p->pinged = now;
	}
}

/* Does what is due.  Returns milliseconds until there is more to do. */
static int
start_due(struct privsep_state *st)
{
	struct privsep_proc *p;
	int64_t now = clock_ms(), wait = PRIVSEP_PING;
	int i, j;

	for (i = 0; i < st->ps->nroles; i++) {
		p = &st->proc[i];
		if (p->pid == 0 && p->startat <= now)
			start_child(st, i);
		if (p->pid == 0) {
			if (p->startat - now < wait)
				wait = p->startat - now;
			continue;
		}
		watch_child(st, i, now);
		for (j = 0; j < i; j++)
			if (st->proc[j].pid != 0 &&
			    (p->unwired & (1U << j))) {
				wire_peers(st, i, j);
				if (p->unwired & (1U << j))
					wait = PRIVSEP_DELAY_MIN;
			}
		if (ipc_queued(p->ctl) > 0)
			wait = PRIVSEP_DELAY_MIN;
	}
	return wait < 0 ? 0 : (int)wait;
}

/* Ends all children, gently at first. */
static void
stop_children(struct privsep_state *st)
{
	struct pollfd pfd;
	int64_t until = clock_ms() + PRIVSEP_GRACE;
	int i, left;
	char buf[64];

	st->stopping = 1;
	for (i = 0; i < st->ps->nroles; i++)
		if (st->proc[i].pid != 0)
			kill(st->proc[i].pid, SIGTERM);
	do {
		reap_children(st);
		for (i = left = 0; i < st->ps->nroles; i++)
			if (st->proc[i].pid != 0)
				left++;
		if (left == 0)
			return;
		pfd.fd = st->sigpipe[0];
		pfd.events = POLLIN;
		if (poll(&pfd, 1, 50) == 1 &&
		    read(pfd.fd, buf, sizeof(buf)) == -1)
			break;
	} while (clock_ms() < until);
	for (i = 0; i < st->ps->nroles; i++)
		if (st->proc[i].pid != 0)
			kill(st->proc[i].pid, SIGKILL);
}

static int
prepare_role(struct privsep_state *st)
{
	struct sigaction sa;
	int i;

	if ((st->devnull = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1 ||
	    pipe(st->sigpipe) == -1)
		return -1;
	for (i = 0; i < 2; i++)
		if (fcntl(st->sigpipe[i], F_SETFL, O_NONBLOCK) == -1 ||
		    fcntl(st->sigpipe[i], F_SETFD, FD_CLOEXEC) == -1)
			return -1;
	sigfd = st->sigpipe[1];
	memset(&sa, 0, sizeof(sa));
	sigemptyset(&sa.sa_mask);
	sa.sa_handler = on_signal;
	sa.sa_flags = SA_RESTART;
	if (sigaction(SIGCHLD, &sa, NULL) == -1 ||
	    sigaction(SIGTERM, &sa, NULL) == -1 ||
	    sigaction(SIGINT, &sa, NULL) == -1)
		return -1;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	return 0;
}

int
privsep_run(const struct privsep *ps)
{
	struct privsep_state st;
	struct pollfd pfd[PRIVSEP_MAX_ROLES + 1];
	char buf[64];
	int i, n, wait;

	memset(&st, 0, sizeof(st));
	st.ps = ps;
	if (ps->nroles > PRIVSEP_MAX_ROLES || prepare_role(&st) == -1) {
		log_warn("cannot start");
		return 1;
	}
	privsep_title("parent");
	if (ps->confine != NULL && ps->confine(ps->arg) == -1)
		return 1;
	while (!sigend) {
		wait = start_due(&st);
		pfd[0].fd = st.sigpipe[0];
		pfd[0].events = POLLIN;
		for (i = 0, n = 1; i < ps->nroles; i++)
			if (st.proc[i].ctl != NULL && !st.proc[i].lost) {
				pfd[n].fd = ipc_fd(st.proc[i].ctl);
				pfd[n++].events = POLLIN;
			}
		if (poll(pfd, n, wait) == -1 && errno != EINTR) {
			log_warn("poll");
			break;
		}
		while (read(st.sigpipe[0], buf, sizeof(buf)) > 0)
			;
		if (reap_children(&st))
			break;
	}
	stop_children(&st);
	return 0;
}

/* The parent speaks: a new peer, a question; or it has ended. */
static void
on_parent_frame(struct ipc *ctl, struct ipc_msg *msg, void *arg)
{
	struct privsep_child *pc = arg;
	int fd;

	if (msg == NULL) {
		if (!(pc->flags & PRIVSEP_ORPHAN))
			_exit(0);
		log_warnx("the parent has died: nothing is started again");
		ipc_free(ctl);
		pc->ctl = NULL;
		return;
	}
	if (msg->type == PRIVSEP_MSG_PING)
		ipc_send(ctl, PRIVSEP_MSG_PONG, 0, NULL, 0, -1);
	else if (msg->type == PRIVSEP_MSG_PEER && msg->fd != -1 &&
	    msg->id < PRIVSEP_MAX_ROLES) {
		fd = msg->fd;
		msg->fd = -1;
		pc->peer((int)msg->id, fd, pc->arg);
	}
}

int
privsep_child_event(struct privsep_child *pc,
    void (*peer)(int, int, void *), void *arg)
{
	pc->peer = peer;
	pc->arg = arg;
	return ipc_event(pc->ctl, on_parent_frame, pc);
}

int
privsep_child_restarts(const struct privsep_child *pc)
{
	return pc->restarts;
}
