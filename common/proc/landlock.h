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

/* Linux: which files, networks and processes a process may still reach. */

#ifndef LANDLOCK_H
#define LANDLOCK_H

#include <stddef.h>
#include <stdint.h>

#define LANDLOCK_READ	0x01	/* files beneath may be read */
#define LANDLOCK_WRITE	0x02	/* ... written, made, renamed and removed */
#define LANDLOCK_EXEC	0x04	/* ... run */

/* A file or a directory with all that is beneath it. */
struct landlock_path {
	const char	*path;	/* one that does not exist is passed over */
	int		 access;
};

/* What of TCP is left; all zero is nothing. */
struct landlock_tcp {
	int		 connect;	/* to servers ... */
	const uint16_t	*ports;		/* ... on these ports, if any stand
					 * here, else on all */
	size_t		 nports;
	uint16_t	 bind;		/* to this port, 0 for none */
};

/* The kernel's version of Landlock, 0 if it has none. */
int	landlock_abi(void);

/*
 * Confines this process and its future children to the given paths and what
 * tcp leaves, and no signals or abstract sockets to processes outside, as
 * far as the version knows these.  Returns 0, or -1 with errno set.
 */
int	landlock_confine(const struct landlock_path *paths, size_t npaths,
	    const struct landlock_tcp *tcp);

#endif
