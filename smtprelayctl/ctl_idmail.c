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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "ctl_idmail.h"
#include "ctl_upstream.h"
#include "header/date.h"
#include "header/msgid.h"

#define SENDMAIL	"/usr/sbin/sendmail"

/*
 * The message; its length, or -1 if it does not fit.  From is the identity
 * where it leaves through its account, for servers want their own; else ours,
 * to which what cannot be delivered comes back.
 */
static int
compose(const struct idmail *m, const char *from, const char *to, char *buf,
    size_t size)
{
	char	 date[DATE_SIZE], id[MSGID_MAX + 1];
	int	 r;

	if (date_format(date, sizeof(date), time(NULL)) == -1 ||
	    msgid_make(strrchr(m->rpath, '@') + 1, id, sizeof(id)) == -1)
		return -1;
	r = snprintf(buf, size,
	    "From: <%s>\n"
	    "To: <%s>\n"
	    "Reply-To: <%s>\n"
	    "Subject: Confirm that %s may send from %s\n"
	    "Date: %s\n"
	    "Message-Id: <%s>\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: text/plain; charset=us-ascii\n"
	    "Content-Transfer-Encoding: 7bit\n"
	    "Auto-Submitted: auto-generated\n"
	    "\n"
	    "The mail server of %s was told that its user\n"
	    "\n"
	    "    %s\n"
	    "\n"
	    "may send mail from the address\n"
	    "\n"
	    "    %s\n"
	    "\n"
	    "If that is right, answer this mail, or tell the administrator\n"
	    "of that server this code:\n"
	    "\n"
	    "    %s\n"
	    "\n"
	    "It is good for %d days.  If it is not right, do nothing: until\n"
	    "then nobody can use the address there.\n",
	    from, to, m->rpath, m->identity.user, m->identity.address, date,
	    id, strrchr(m->rpath, '@') + 1, m->identity.user,
	    m->identity.address, m->code, STORE_CODE_LIFE / 86400);
	return r < 0 || (size_t)r >= size ? -1 : r;
}

/* Feeds the message to sendmail and waits for it: 0, or -1. */
static int
feed(pid_t pid, int fd, const char *text, size_t len)
{
	size_t	 off = 0;
	ssize_t	 n;
	int	 status;

	while (off < len) {
		if ((n = write(fd, text + off, len - off)) == -1) {
			if (errno == EINTR)
				continue;
			break;
		}
		off += (size_t)n;
	}
	close(fd);
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	return off == len && WIFEXITED(status) && WEXITSTATUS(status) == 0 ?
	    0 : -1;
}

static int
locally(struct ctl *ctl, const struct idmail *m, const char *to,
    const char *text, size_t len)
{
	int	 fds[2], r;
	pid_t	 pid;

	(void)signal(SIGPIPE, SIG_IGN);
	if (pipe(fds) == -1 || (pid = fork()) == -1)
		return ctl_fail(ctl, "%s", strerror(errno));
	if (pid == 0) {
		(void)signal(SIGPIPE, SIG_DFL);
		/* Standard output is for what this command says. */
		if (dup2(fds[0], STDIN_FILENO) == -1 ||
		    dup2(STDERR_FILENO, STDOUT_FILENO) == -1)
			_exit(1);
		close(fds[0]);
		close(fds[1]);
		execl(SENDMAIL, "sendmail", "-f", m->sender, "--", to,
		    (char *)NULL);
		_exit(1);
	}
	close(fds[0]);
	r = feed(pid, fds[1], text, len);
	return r == 0 ? CTL_OK : ctl_fail(ctl, "%s: the mail with the code "
	    "could not be given to smtpd through " SENDMAIL
	    "; nothing was changed", m->identity.address);
}

static int
remotely(struct ctl *ctl, struct store *s, const struct keys *keys,
    const struct idmail *m, const char *to, const char *text, size_t len)
{
	struct upstreamrun_mail	 mail = { to, to, text, len };
	struct upstreamrun	*run;
	char			 why[CTL_UPSTREAM_WHY];
	int			 status;

	if ((run = calloc(1, sizeof(*run))) == NULL)
		return ctl_fail(ctl, "out of memory");
	status = ctl_upstream(ctl, s, keys, &m->account, &mail, run);
	if (status != CTL_OK)
		(void)ctl_fail(ctl, "%s: the mail with the code could not be "
		    "sent through %s: %s", m->identity.address,
		    m->account.name, ctl_upstream_why(run, why, sizeof(why)));
	free(run);
	return status;
}

int
ctl_idmail(struct ctl *ctl, struct store *s, const struct keys *keys,
    const struct idmail *m)
{
	char	 to[STORE_ADDR_MAX + 16], text[8192];
	int	 len, status;

	if (store_identity_mailto(&m->identity, to, sizeof(to)) == -1 ||
	    (len = compose(m, m->account.id != 0 ? to : m->rpath, to, text,
	    sizeof(text))) == -1)
		return ctl_fail(ctl, "%s: too long for a mail",
		    m->identity.address);
	if (m->account.id != 0)
		status = remotely(ctl, s, keys, m, to, text, (size_t)len);
	else
		status = locally(ctl, m, to, text, (size_t)len);
	explicit_bzero(text, sizeof(text));
	return status;
}
