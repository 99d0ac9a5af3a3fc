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

#include "conf/conf.h"
#include "crypto/keys.h"
#include "ctl.h"
#include "ctl_account.h"
#include "ctl_upstream.h"
#include "ctlcmd.h"
#include "header/date.h"
#include "header/msgid.h"
#include "store/store_identity.h"

/* The mail that asks an identity's owner for a word. */

struct idmail {
	struct store_identity	 identity;
	struct store_account	 account;	/* id 0: by the default route */
	char			 code[STORE_CODE_TEXT + 1];
	char			 rpath[STORE_ADDR_MAX + 1]; /* for answers: a
							     * secret */
	char			 sender[STORE_ADDR_MAX + 1]; /* "" through an
							      * account */
};

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

/*
 * Mails the code to the identity's address, through the identity's own
 * account, which proves that login and address belong together; without an
 * account through sendmail(8).  CTL_OK, or CTL_FAIL after saying why.
 */
static int
mail_code(struct ctl *ctl, struct store *s, const struct keys *keys,
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

/* Within a transaction; the code too, when the identity needs one. */
static int
add(struct ctl *ctl, struct store *s, struct idmail *m, int *made)
{
	const struct conf	*conf = ctl->conf;
	const char		*domain = conf->bounce_domain != NULL ?
				    conf->bounce_domain :
				    conf->domains.item[0];
	uint64_t		 id;
	time_t			 now = time(NULL);
	int			 status;

	if (ctl->opt['a'] != NULL) {
		status = ctl_find_account(ctl, s, ctl->opt['a'], &m->account);
		if (status == CTL_OK)
			status = ctl_account_allowed(ctl, &m->account);
		if (status != CTL_OK)
			return status;
	}
	*made = store_identity_add(s, ctl->arg[0], ctl->arg[1],
	    m->account.id, !conf->outbound.verify_identity,
	    (const char *const *)conf->domains.item, conf->domains.count,
	    now, &id);
	if (*made == -1 || store_identity_byid(s, id, &m->identity) != 1)
		return ctl_store_fail(ctl, s);
	if (m->identity.verified != 0)
		return CTL_OK;
	if (m->account.id != 0 && m->account.transport == STORE_NULL)
		return ctl_fail(ctl, "%s: its account %s is null: the code, "
		    "which would be mailed through it, would be discarded",
		    m->identity.address, m->account.name);
	if (store_identity_code(s, id, domain, now, m->code, m->rpath) == -1 ||
	    store_identity_byid(s, id, &m->identity) != 1 ||
	    (m->account.id == 0 && store_identity_sender(s, &m->identity,
	    domain, now, m->sender) == -1))
		return ctl_store_fail(ctl, s);
	return CTL_OK;
}

/* The mail did not leave: a new identity goes, so that nothing is half. */
static void
undo(struct ctl *ctl, struct store *s, const struct idmail *m)
{
	if (store_identity_del(s, m->identity.user,
	    m->identity.address) == -1)
		(void)ctl_store_fail(ctl, s);
}

static void
added(struct ctl *ctl, const struct idmail *m)
{
	char	 to[STORE_ADDR_MAX + 16];

	json_object(&ctl->js, NULL);
	ctl_json_identity(ctl, "identity", &m->identity);
	json_bool(&ctl->js, "code_sent", m->identity.verified == 0);
	json_end(&ctl->js);
	if (m->identity.verified != 0) {
		ctl_say(ctl, "%s may send from %s", m->identity.user,
		    m->identity.address);
		return;
	}
	if (store_identity_mailto(&m->identity, to, sizeof(to)) == -1)
		(void)strlcpy(to, "its owner", sizeof(to));
	ctl_say(ctl, "%s may send from %s once it is verified: a code was "
	    "mailed to %s, good for %d days (smtprelayctl identity verify "
	    "CODE)", m->identity.user, m->identity.address, to,
	    STORE_CODE_LIFE / 86400);
}

int
ctl_identity_add(struct ctl *ctl)
{
	struct idmail	 m;
	struct keys	*keys = NULL;
	struct store	*s;
	char		 err[512];
	int		 made = 0, status;

	memset(&m, 0, sizeof(m));
	/* The code leaves through the account, with its password. */
	if (ctl->conf->outbound.verify_identity && ctl->opt['a'] != NULL &&
	    (keys = keys_open(ctl->conf->key, err, sizeof(err))) == NULL)
		return ctl_fail(ctl, "%s", err);
	if ((s = ctl_begin(ctl, 1)) == NULL) {
		keys_free(keys);
		return CTL_FAIL;
	}
	status = add(ctl, s, &m, &made);
	if (status == CTL_OK && store_commit(s) == -1)
		status = ctl_store_fail(ctl, s);
	if (status != CTL_OK)
		store_rollback(s);
	else if (m.identity.verified == 0 &&
	    (status = mail_code(ctl, s, keys, &m)) != CTL_OK && made)
		undo(ctl, s, &m);
	if (status == CTL_OK)
		added(ctl, &m);
	explicit_bzero(m.code, sizeof(m.code));
	store_close(s);
	keys_free(keys);
	return status;
}

int
ctl_identity_verify(struct ctl *ctl)
{
	struct store_identity	 idt;
	struct store		*s;
	int			 r;

	if ((s = ctl_open(ctl)) == NULL)
		return CTL_FAIL;
	/* A wrong one is counted, so this is no transaction to undo. */
	if ((r = store_identity_verify(s, ctl->arg[0], time(NULL),
	    &idt)) != 1) {
		(void)ctl_store_fail(ctl, s);
		store_close(s);
		return CTL_FAIL;
	}
	store_close(s);
	json_object(&ctl->js, NULL);
	ctl_json_identity(ctl, "identity", &idt);
	json_end(&ctl->js);
	ctl_say(ctl, "%s may send from %s", idt.user, idt.address);
	return CTL_OK;
}

int
ctl_identity_del(struct ctl *ctl)
{
	struct store	*s;
	int		 status = CTL_OK;

	if ((s = ctl_begin(ctl, 1)) == NULL)
		return CTL_FAIL;
	switch (store_identity_del(s, ctl->arg[0], ctl->arg[1])) {
	case 1:
		break;
	case 0:
		status = ctl_fail(ctl, "%s has no identity %s (smtprelayctl "
		    "identity list)", ctl->arg[0], ctl->arg[1]);
		break;
	default:
		status = ctl_store_fail(ctl, s);
	}
	if ((status = ctl_end_shred(ctl, s, status)) != CTL_OK)
		return status;
	json_object(&ctl->js, NULL);
	json_string(&ctl->js, "user", ctl->arg[0]);
	json_string(&ctl->js, "address", ctl->arg[1]);
	json_bool(&ctl->js, "changed", 1);
	json_end(&ctl->js);
	ctl_say(ctl, "%s may no longer send from %s", ctl->arg[0],
	    ctl->arg[1]);
	return CTL_OK;
}

static int
list_one(const struct store_identity *idt, void *arg)
{
	ctl_say_identity(arg, idt);
	ctl_json_identity(arg, NULL, idt);
	return 0;
}

int
ctl_identity_list(struct ctl *ctl)
{
	json_object(&ctl->js, NULL);
	json_array(&ctl->js, "identities");
	if (store_identity_each(ctl->store, ctl->argc > 0 ? ctl->arg[0] :
	    NULL, list_one, ctl) == -1)
		return ctl_store_fail(ctl, ctl->store);
	json_end(&ctl->js);
	json_end(&ctl->js);
	return CTL_OK;
}
