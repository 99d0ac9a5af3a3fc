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
 * What each kind of process may still do once it has opened what it needs.
 *
 * OpenBSD: pledge(2) and unveil(2).  Linux: no_new_privs, Landlock (files,
 * network, signals, as far as the kernel knows them) and a seccomp filter.
 *
 * main() calls sandbox_init() once, before it forks; then each process calls
 * the function of its kind when it is ready.  A child inherits its parent's
 * limits and can only tighten them, so a parent's limits are as wide as its
 * widest child's.  All functions return 0, or -1 after having logged why;
 * -1 comes only where the limits could not be set although the system knows
 * them or although `required' was asked for, and the process must then end.
 */

#ifndef SANDBOX_H
#define SANDBOX_H

#include <stddef.h>
#include <stdint.h>

#define SANDBOX_FILES_MAX	64	/* other files in sandbox_paths */

/* Files that a process goes on to need; NULL for those that it does not. */
struct sandbox_paths {
	const char	*database;	/* its directory: read and write */
	const char	*key;		/* the key file's directory: read */
	const char	*sendmail;	/* run, by mda-relay's sender */
	/* Ends in NULL, or is NULL: their directories are read. */
	const char	*const *files;
};

/*
 * Looks at what the system can do, logs the level in one line (if logit),
 * and remembers required, `sandbox required' of relay.conf.  Returns -1 if
 * it is required and the system cannot.
 */
int	 sandbox_init(int required, int logit);

/* A short description of the level, "landlock 6, seccomp" say. */
const char *sandbox_level(void);

/* The supervisor of filter-relay and table-relay, and mda-relay's parent:
 * forks, waits, signals its children, passes descriptors, and whatever a
 * keeper may. */
int	 sandbox_parent(const struct sandbox_paths *paths);

/*
 * The same where children reach the network: they may besides be clients of
 * any server, listen on TCP port `port' (0: on none), and read, when they
 * start, what the system says of hosts, name servers and certificates.
 */
int	 sandbox_parent_network(const struct sandbox_paths *paths,
	    uint16_t port);

/* The process on smtpd's pipe: reads, writes and receives descriptors.
 * No file, no network, no exec, no other process. */
int	 sandbox_front(void);

/* The same for table-relay's front. */
int	 sandbox_table_front(void);

/* Parses hostile mail: as the front. */
int	 sandbox_engine(void);

/* Has the database and the key file, and nothing else.  Open both before;
 * the WAL and temporary files can still be made in the directory. */
int	 sandbox_keeper(const struct sandbox_paths *paths);

/*
 * Listens on a TCP port and is a client of mail servers: the network and
 * nothing else.  What it needs of files is read before.  With n, servers
 * have these n ports and no others, where the system knows such a rule.
 */
int	 sandbox_courier(uint16_t port, const uint16_t *servers, size_t n);

/* Is a client of name servers and web servers: as the courier, but it
 * listens nowhere. */
int	 sandbox_network(void);

/*
 * mda-relay's process that runs sendmail and asks smtpd's socket whether
 * somebody listens.  On Linux it can give up nothing: smtpd's sendmail is
 * setgid, and refuses to run for a process with no_new_privs, without which
 * neither Landlock nor seccomp is to be had.
 */
int	 sandbox_sender(const struct sandbox_paths *paths, const char *socket);

#endif
