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
 * The process that hands messages to smtpd through sendmail(8).
 *
 * It has neither store nor keys and parses no mail.  It is a process of its
 * own because smtpd's sendmail is setgid, which no process that has given
 * up new privileges can run, and because it notices when the parent has
 * died: a sendmail still at work is then killed, so that it cannot deliver
 * what another run will deliver again.
 */

#ifndef MAILER_H
#define MAILER_H

#include <stddef.h>

#define MAILER_SENDMAIL	"/usr/sbin/sendmail"
#define MAILER_SOCKET	"/var/run/smtpd.sock"
#define MAILER_REPLY_MAX	512	/* bytes of a reply, with its NUL */
#define MAILER_ADDR_MAX		512	/* bytes of an address, with its NUL */

enum mailer_result {
	MAILER_QUEUED = 1,	/* smtpd has it on disk */
	MAILER_REFUSED,		/* smtpd refused the recipient for good */
	MAILER_RETRY		/* anything else */
};

struct mailer_config {
	const char	*sendmail;	/* path of the program */
	const char	*socket;	/* smtpd's control socket */
	int		 message;	/* the file that holds the message */
	int		 other;		/* a descriptor that it does not get */
};

struct mailer;

/*
 * Forks the process.  `cfg' is copied; the descriptor stays the caller's and
 * is shared with the new process, its offset too.  Returns NULL with errno
 * set on failure.
 */
struct mailer	*mailer_start(const struct mailer_config *cfg);

/*
 * Hands the message file as it is now to smtpd, from its beginning, with
 * the envelope sender `from' ("" for the null sender) and the one recipient
 * `to'.  Waits for the end of it.  `reply', of MAILER_REPLY_MAX bytes, gets
 * smtpd's last words, printable ASCII.
 */
enum mailer_result	 mailer_send(struct mailer *, const char *from,
			    const char *to, char *reply);

/* The channel's descriptor, which no other process may hold. */
int		 mailer_fd(const struct mailer *);

/* Ends the process, waits for it and frees; NULL is allowed. */
void		 mailer_stop(struct mailer *);

#endif
