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
#include <sys/stat.h>

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conf/conf.h"
#include "ctl.h"
#include "ctl_store.h"
#include "store/store.h"
#include "store/store_admin.h"
#include "sysuser.h"

/*
 * Whoever is in the group may put into the database's directory what they
 * like, a link or a file that is made to harm SQLite: nothing there is
 * touched as root.  Only a directory that is root's alone may be.
 */
static int
lower_address(struct ctl *ctl)
{
	struct stat	 st;
	char		 dir[PATH_MAX], why[256];

	if (geteuid() != 0)
		return CTL_OK;
	if (strlcpy(dir, ctl->conf->database, sizeof(dir)) >= sizeof(dir))
		return ctl_fail(ctl, "%s: name too long", ctl->conf->database);
	if (stat(dirname(dir), &st) == -1)
		return CTL_OK;		/* nothing to open there either */
	if (st.st_uid == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return CTL_OK;
	if (sysuser_become(SYSUSER_NAME, why, sizeof(why)) == -1)
		return ctl_fail(ctl, "user " SYSUSER_NAME ": %s", why);
	return CTL_OK;
}

const char *
ctl_why_denied(const char *database)
{
	char	 dir[PATH_MAX];

	if (strlcpy(dir, database, sizeof(dir)) >= sizeof(dir) ||
	    access(dirname(dir), X_OK) == 0 || errno != EACCES)
		return "";
	return " (it is for root and the group " SYSUSER_NAME ", whom all "
	    "directories above it must let pass)";
}

struct store *
ctl_open(struct ctl *ctl)
{
	struct store_err	 err;
	struct store		*s;

	if (lower_address(ctl) != CTL_OK)
		return NULL;
	s = store_open(ctl->conf->database, 0, CTL_BUSY_MS, &err);
	if (s == NULL) {
		if (err.kind == STORE_MISSING)
			(void)ctl_fail(ctl, "%s: there is no database: "
			    "smtprelayctl init makes it",
			    ctl->conf->database);
		else
			(void)ctl_fail(ctl, "%s%s", err.text,
			    ctl_why_denied(ctl->conf->database));
	}
	return s;
}

struct store *
ctl_begin(struct ctl *ctl, int writing)
{
	struct store	*s;

	if ((s = ctl_open(ctl)) == NULL)
		return NULL;
	if ((writing ? store_begin(s) : store_begin_read(s)) == -1) {
		(void)ctl_store_fail(ctl, s);
		store_close(s);
		return NULL;
	}
	return s;
}

int
ctl_end(struct ctl *ctl, struct store *s, int status)
{
	if (status == CTL_OK && store_commit(s) == -1)
		status = ctl_store_fail(ctl, s);
	if (status != CTL_OK)
		store_rollback(s);
	store_close(s);
	return status;
}

int
ctl_store_fail(struct ctl *ctl, struct store *s)
{
	const struct store_err	*err = store_error(s);

	if (err->kind == STORE_BUSY)
		return ctl_fail(ctl, "%s; nothing was changed, try again",
		    err->text);
	return ctl_fail(ctl, "%s", err->text);
}

int
ctl_find_mailbox(struct ctl *ctl, struct store *s, const char *address,
    struct store_mailbox *mb)
{
	switch (store_mailbox_get(s, address, mb)) {
	case 1:
		return CTL_OK;
	case 0:
		return ctl_fail(ctl, "there is no mailbox %s (smtprelayctl "
		    "mailbox list)", address);
	}
	return ctl_store_fail(ctl, s);
}

int
ctl_find_worker(struct ctl *ctl, struct store *s, const char *name,
    struct store_worker *w)
{
	switch (store_worker_get(s, name, w)) {
	case 1:
		return CTL_OK;
	case 0:
		return ctl_fail(ctl, "there is no worker %s (smtprelayctl "
		    "worker list)", name);
	}
	return ctl_store_fail(ctl, s);
}

int
ctl_find_conversation(struct ctl *ctl, struct store *s, const char *id,
    struct store_conversation *c)
{
	const char	*bad;
	long long	 n;

	n = strtonum(id, 1, LLONG_MAX, &bad);
	if (bad != NULL)
		return ctl_usage(ctl, "%s: expected the number of a "
		    "conversation", id);
	switch (store_conversation_get(s, (uint64_t)n, c)) {
	case 1:
		return CTL_OK;
	case 0:
		return ctl_fail(ctl, "there is no conversation %s "
		    "(smtprelayctl conversation list)", id);
	}
	return ctl_store_fail(ctl, s);
}

static int
warn_mailbox(const struct store_mailbox *mb, void *arg)
{
	(void)arg;
	if (mb->able == 0 && mb->archive[0] == '\0')
		(void)fprintf(stderr, "smtprelayctl: warning: %s has no "
		    "member who can get mail, and no archive: its mail is "
		    "put off with 451\n", mb->address);
	return 0;
}

void
ctl_warn_mailboxes(struct ctl *ctl, struct store *s)
{
	(void)ctl;
	(void)store_mailbox_each(s, 0, warn_mailbox, NULL);
}

const char *
ctl_time(time_t t, char *buf, size_t size)
{
	struct tm	 tm;

	if (t == 0 || localtime_r(&t, &tm) == NULL ||
	    strftime(buf, size, "%Y-%m-%d %H:%M", &tm) == 0)
		(void)strlcpy(buf, "-", size);
	return buf;
}

void
ctl_json_time(struct ctl *ctl, const char *name, time_t t)
{
	if (t == 0)
		json_null(&ctl->js, name);
	else
		json_int(&ctl->js, name, (int64_t)t);
}

static void
json_text(struct ctl *ctl, const char *name, const char *text)
{
	json_string(&ctl->js, name, text[0] != '\0' ? text : NULL);
}

void
ctl_json_mailbox(struct ctl *ctl, const char *name,
    const struct store_mailbox *mb)
{
	json_object(&ctl->js, name);
	json_int(&ctl->js, "id", (int64_t)mb->id);
	json_string(&ctl->js, "address", mb->address);
	json_text(ctl, "name", mb->name);
	json_text(ctl, "archive", mb->archive);
	ctl_json_time(ctl, "created", mb->created);
	json_int(&ctl->js, "members", mb->members);
	json_int(&ctl->js, "enabled_members", mb->able);
	json_int(&ctl->js, "open_conversations", mb->open);
	json_end(&ctl->js);
}

void
ctl_json_worker(struct ctl *ctl, const char *name,
    const struct store_worker *w)
{
	json_object(&ctl->js, name);
	json_int(&ctl->js, "id", w->id);
	json_string(&ctl->js, "worker", w->name);
	json_text(ctl, "name", w->display);
	json_text(ctl, "login", w->login);
	json_string(&ctl->js, "address", w->address);
	json_bool(&ctl->js, "enabled", w->enabled);
	ctl_json_time(ctl, "revoked", w->revoked);
	ctl_json_time(ctl, "created", w->created);
	json_end(&ctl->js);
}

void
ctl_json_conversation(struct ctl *ctl, const char *name,
    const struct store_conversation *c)
{
	json_object(&ctl->js, name);
	json_int(&ctl->js, "id", (int64_t)c->id);
	json_string(&ctl->js, "mailbox", c->address);
	json_bool(&ctl->js, "open", c->open);
	json_text(ctl, "taken", c->taken_name);
	json_string(&ctl->js, "subject", c->subject);
	ctl_json_time(ctl, "created", c->created);
	ctl_json_time(ctl, "last", c->last);
	json_int(&ctl->js, "participants", c->participants);
	json_int(&ctl->js, "messages", c->messages);
	json_end(&ctl->js);
}
