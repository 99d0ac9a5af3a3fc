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
/* smtprelayctl(8): what its commands share. */

#ifndef CTL_H
#define CTL_H

#include <stdarg.h>
#include <stdio.h>

#include "base/compat.h"
#include "conf/conf.h"
#include "json.h"

struct store;

#define CTL_OK		0	/* exit status: done */
#define CTL_FAIL	1	/* failed, nothing was changed */
#define CTL_USAGE	2	/* bad usage */

#define CTL_VALUES_MAX	64	/* values of options, of one command */

struct ctl {
	const char	 *path;		/* of relay.conf */
	struct conf	 *conf;		/* NULL for commands without */
	struct store	 *store;	/* open for commands that have one */
	int		  json;		/* -j */
	const char	 *opt[128];	/* by letter: NULL, "" or the value, the
					 * last where there are several */
	struct {
		int		 letter;
		const char	*value;
	}		  values[CTL_VALUES_MAX];	/* all, in order */
	int		  nvalues;
	char		**arg;		/* after the command's words */
	int		  argc;
	FILE		 *out;		/* held back until all went well, */
	int		  show_anyway;	/* or until the end at least */
	struct json	  js;		/* on `out' with -j, else nowhere */
	struct conf_list  errors;	/* what was said, for -j */
};

/*
 * What a command finds when it runs.  With a store it is in a transaction,
 * which its success commits and all else undoes.
 */
enum ctl_needs {
	CTL_ALONE,		/* nothing */
	CTL_CONF,		/* relay.conf, read */
	CTL_READS,		/* and the store, to be read */
	CTL_CHANGES		/* or to be changed */
};

struct ctl_command {
	const char	 *word[2];	/* the second may be NULL */
	int		(*run)(struct ctl *);
	const char	 *options;	/* as for getopt(3), without f and j */
	int		  min, max;	/* arguments; max -1: any number */
	int		  needs;	/* CTL_ALONE, ... */
	const char	 *usage;	/* what follows the words */
};

/*
 * Takes `argc' arguments behind the command's words apart, options anywhere
 * among them, `--' ending options.  `options' is as for getopt(3).  Returns
 * 0, or -1 after saying why.
 */
int	ctl_args(struct ctl *, const char *options, int argc, char **argv);

/*
 * The value of an option that may be given several times: the ith from 0 on,
 * or NULL when there are not so many.
 */
const char *ctl_value(const struct ctl *, int letter, int i);

/* Says on standard error what is wrong.  Returns CTL_FAIL. */
int	ctl_fail(struct ctl *, const char *fmt, ...)
	    __attribute__((__format__ (printf, 2, 3)));

/* The same for arguments that make no sense.  Returns CTL_USAGE. */
int	ctl_usage(struct ctl *, const char *fmt, ...)
	    __attribute__((__format__ (printf, 2, 3)));

/* Checks a name: UTF-8 in one line.  Returns 0, or -1 after saying why. */
int	ctl_text(struct ctl *, const char *text);

/*
 * A line for people; nothing with -j.  What is in it may come from mail:
 * characters that a terminal would act on become '?'.
 */
void	ctl_say(struct ctl *, const char *fmt, ...)
	    __attribute__((__format__ (printf, 2, 3)));

#endif
