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

/* Sets of networks and of words, as they stand in relay.conf and in files. */

#ifndef NETLIST_H
#define NETLIST_H

#include <sys/types.h>

#define NETLIST_MAX	100000		/* entries of one list */
#define NETLIST_WORD_MAX	255	/* bytes of one entry */
#define NETLIST_TEXT_MAX	(4 * 1024 * 1024)	/* bytes of a file */

struct net {
	int		family;		/* AF_INET, AF_INET6 */
	int		bits;
	unsigned char	addr[16];	/* network order; host bits are 0 */
};

/* All zero at the start. */
struct netlist {
	struct net	*v;
	size_t		 n;
	size_t		 sz;
};

/*
 * Adds "ADDRESS" or "ADDRESS/BITS", IPv4 or IPv6.  0; -1 when it is none, has
 * bits set behind its length (errno EINVAL), or there are too many.
 */
int	 netlist_add(struct netlist *l, const char *s);

/*
 * Adds each line of a text; what follows "#" is a comment.  0, or -1 and *line
 * (from 1): the first that is wrong.
 */
int	 netlist_text(struct netlist *l, const char *s, size_t len,
	    size_t *line);

/*
 * 1 when the address, of 4 or 16 bytes, lies in one of the networks, else 0.
 * IPv4 mapped into IPv6 counts as IPv4.
 */
int	 netlist_match(const struct netlist *l, int family, const void *addr);

/* Frees what *l owns and zeroes it. */
void	 netlist_free(struct netlist *l);

/* A set of words without regard to ASCII case; all zero at the start. */
struct wordlist {
	char		**v;
	size_t		 n;
	size_t		 sz;
};

/* Adds each line of a text, like netlist_text(); a line is one word. */
int	 wordlist_text(struct wordlist *l, const char *s, size_t len,
	    size_t *line);

/* 1 when the word is in the list, else 0. */
int	 wordlist_match(const struct wordlist *l, const char *word);

/* Frees what *l owns and zeroes it. */
void	 wordlist_free(struct wordlist *l);

#endif
