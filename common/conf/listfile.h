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
 * Files that relay.conf(5) names and that hold a list: networks or words, one
 * a line.  They may change while the programs run: whoever has files looks
 * now and then, and whoever has none is given the new text.
 *
 *	lf = listfile_add(lists, "/etc/mail/nets", LISTFILE_NETS);
 *	... = &lf->nets;			good as long as lists
 *	listfile_load(lists, &errors);		once, at start
 *	if (listfile_look(lf, now, why, sizeof(why)) == 1)
 *		send lf->text;			and there: listfile_set()
 */

#ifndef LISTFILE_H
#define LISTFILE_H

#include <sys/types.h>
#include <sys/stat.h>

#include <stdint.h>
#include <time.h>

#include "base/netlist.h"

#define LISTFILE_MAX		64		/* files in one relay.conf */
#define LISTFILE_BYTES		(768 * 1024)	/* of one file */
#define LISTFILE_WHY		1400		/* bytes for a reason */

struct conf_errors;

enum listfile_kind {
	LISTFILE_NETS,		/* addresses and networks */
	LISTFILE_WORDS		/* host names, logins */
};

/* What tells one state of a file from another. */
struct listfile_stamp {
	dev_t		 dev;
	ino_t		 ino;
	off_t		 size;
	struct timespec	 mtime;
	struct timespec	 ctime;
};

struct listfile {
	char			*path;
	char			*from;	/* the file that names it, or NULL */
	int			 line;	/* of that file */
	enum listfile_kind	 kind;
	struct netlist		 nets;	/* LISTFILE_NETS */
	struct wordlist		 words;	/* LISTFILE_WORDS */
	char			*text;	/* what they were read from, or NULL */
	size_t			 len;
	struct listfile_stamp	 stamp;	/* when it was last read */
	time_t			 looked;
	int			 young;	/* it may have changed since */
	int			 unread;	/* it could not be read */
};

struct listfiles {
	struct listfile		*v[LISTFILE_MAX];
	size_t			 n;
};

/*
 * The list of that path and kind, which is added empty unless it is there.  It
 * belongs to `lists', and its address never changes.  NULL: errno is ENOSPC
 * when there are LISTFILE_MAX, else there is no memory.
 */
struct listfile	*listfile_add(struct listfiles *lists, const char *path,
		    enum listfile_kind kind);

/*
 * The file is named on that line of `from' (copied); what is said of a file
 * that cannot be read at first begins with them.  0; -1 without memory.
 */
int		 listfile_from(struct listfile *lf, const char *from,
		    int line);

/*
 * Reads all files, for the first time.  The mistakes go to `errors', as
 * "FILE:LINE: what".  Returns 0, or -1 when there was any.
 */
int		 listfile_load(struct listfiles *lists,
		    struct conf_errors *errors);

/*
 * Looks, at most once a second, whether the file is another one than was last
 * read, and reads it then.  1: the list is new; 0: it is as it was; -1: the
 * file cannot be read or is wrong, "FILE:LINE: what" is in `why', of `size'
 * bytes, and the list is as it was.  -1 comes once for each state of a file.
 */
int		 listfile_look(struct listfile *lf, time_t now, char *why,
		    size_t size);

/*
 * Replaces the list by that of a text (copied).  0, or -1: it stays as it
 * was, and `why' is set as above.
 */
int		 listfile_set(struct listfile *lf, const char *text,
		    size_t len, char *why, size_t size);

/* Frees the lists, all of them; `lists' is empty then. */
void		 listfile_free(struct listfiles *lists);

/*
 * Their paths, at most max, and a NULL behind them, into paths, for
 * sandbox.h; they live as long as lists.
 */
void	 listfile_paths(const struct listfiles *lists, const char **paths,
	    size_t max);

#endif
