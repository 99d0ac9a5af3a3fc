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
 * The parent process: forks a program's processes (roles), wires them up,
 * and starts again those that die.
 *
 * The program reads its configuration, fills in a struct privsep and calls
 * privsep_run(), which returns the exit status for main().  The parent keeps
 * descriptors 0, 1 and 2 for its children, parses nothing, and holds no
 * secret.  Each role's main function runs in a forked child (no exec):
 *
 *	static int
 *	keeper_main(struct privsep_child *pc, void *arg)
 *	{
 *		open what is needed;
 *		event_init();
 *		sandbox_keeper(&paths);
 *		privsep_child_event(pc, keeper_peer, arg);
 *		event_dispatch();
 *		return 0;
 *	}
 *
 * and learns of its peers by the callback: keeper_peer(FRONT, fd, arg) gives
 * a new channel's descriptor (for ipc_new()), at the start and again each
 * time when that peer was started anew; the channel to the old one is then
 * dead and is freed by the receiver.  A frame of the old peer can still
 * come before that; nothing of it comes after.
 *
 * The child that the table marks with PRIVSEP_MAIN ends the program: when it
 * exits with status 0 the parent ends the other children and returns 0.
 * Any other end of any child starts that child again, at once the first
 * time and after 100 ms to 5 s when it goes on dying.  SIGTERM and SIGINT to
 * the parent end the children and return 0.  When the parent dies, children
 * see end of file on their control channel and exit by themselves, but for
 * those with PRIVSEP_ORPHAN.  A child
 * (but the main one) whose event loop does not turn for 90 s is killed.
 */

#ifndef PRIVSEP_H
#define PRIVSEP_H

#include <stddef.h>

#define PRIVSEP_MAX_ROLES	4

#define PRIVSEP_MAIN		0x01	/* its exit 0 ends the program */
#define PRIVSEP_STDIO		0x02	/* keeps fd 0 and 1; others get
					 * /dev/null there */
#define PRIVSEP_ORPHAN		0x04	/* goes on when the parent has died */

struct privsep_child;

struct privsep_role {
	const char	*name;		/* for titles and the log: "front" */
	int		 flags;
	unsigned int	 peers;		/* bit mask 1 << role; both sides' */
	int		(*main)(struct privsep_child *pc, void *arg);
};

struct privsep {
	const struct privsep_role	*roles;
	int				 nroles;
	/* Called once in the parent before it forks: applies
	 * sandbox_parent(); may be NULL.  -1 ends the program with 1. */
	int				(*confine)(void *arg);
	void				*arg;
};

/*
 * Runs the program as above, after privsep_begin() and log_init().  Does
 * not take ownership of anything.  The calling process must not have called
 * event_init() and must have no threads.  Returns the exit status.
 */
int	 privsep_run(const struct privsep *ps);

/*
 * In a child, after event_init(): watches the control channel.  peer() is
 * called with a role's number and a connected descriptor that it now owns.
 * Returns 0, or -1 if libevent refuses.
 */
int	 privsep_child_event(struct privsep_child *pc,
	    void (*peer)(int role, int fd, void *arg), void *arg);

/* In a child: the number of times that this role was started before. */
int	 privsep_child_restarts(const struct privsep_child *pc);

/*
 * For every program, first thing in main(), before log_init(): closes the
 * descriptors above 2 that it inherited, opens /dev/null for those of 0, 1
 * and 2 that are closed, makes the process and its children unreadable for
 * others (not dumpable, no core file), and prepares privsep_title().
 * progname must live for ever.  Returns 0 or -1.
 */
int	 privsep_begin(const char *progname, int argc, char **argv);

/* Sets the title, "progname: role", and the name for the log.  Children of
 * privsep_run() have theirs already. */
void	 privsep_title(const char *role);

#endif
