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

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conf/conf.h"
#include "crypto/keys.h"
#include "ctl.h"
#include "ctl_store.h"
#include "ctlcmd.h"
#include "store/store_account.h"

int
ctl_check_config(struct ctl *ctl)
{
	struct conf_errors	 errors;
	const char		*warning;
	size_t			 i;
	int			 status = CTL_OK;

	memset(&errors, 0, sizeof(errors));
	if ((ctl->conf = conf_load(ctl->path, &errors)) == NULL ||
	    conf_load_lists(ctl->conf, &errors) == -1)
		status = CTL_FAIL;
	for (i = 0; i < errors.count; i++)
		(void)ctl_fail(ctl, "%s", errors.message[i]);
	conf_errors_free(&errors);
	if (status != CTL_OK)
		return status;

	json_object(&ctl->js, NULL);
	json_string(&ctl->js, "file", ctl->path);
	json_array(&ctl->js, "warnings");
	for (i = 0; (warning = conf_warning(ctl->conf, i)) != NULL; i++) {
		json_string(&ctl->js, NULL, warning);
		ctl_say(ctl, "%s: warning: %s", ctl->path, warning);
	}
	json_end(&ctl->js);
	json_end(&ctl->js);
	ctl_say(ctl, "%s: configuration OK", ctl->path);
	return CTL_OK;
}

/* log: what the programs have noted of mail, from the store. */

#define LOG_LAST	100	/* events shown at first */

struct logwalk {
	struct ctl	*ctl;
	struct store	*s;
	uint64_t	 seen;	/* the newest one shown */
};

static void
show_json(struct logwalk *walk, const struct store_event *ev)
{
	struct ctl	*ctl = walk->ctl;

	json_object(&ctl->js, NULL);
	json_int(&ctl->js, "id", (int64_t)ev->id);
	ctl_json_time(ctl, "when", ev->when);
	json_string(&ctl->js, "kind", ev->kind);
	if (ev->mailbox != 0)
		json_int(&ctl->js, "mailbox", (int64_t)ev->mailbox);
	if (ev->conversation != 0)
		json_int(&ctl->js, "conversation", (int64_t)ev->conversation);
	if (ev->worker != 0)
		json_int(&ctl->js, "worker", ev->worker);
	json_string(&ctl->js, "text", ev->text);
	json_end(&ctl->js);
}

static int
show_event(const struct store_event *ev, void *arg)
{
	struct logwalk		*walk = arg;
	struct store_mailbox	 mb;
	struct store_worker	 w;
	char			 when[32], conversation[48] = "";

	walk->seen = ev->id;
	if (walk->ctl->json) {
		show_json(walk, ev);
		return 0;
	}
	/* What is deleted by now has no name any more. */
	if (ev->mailbox == 0 || store_mailbox_byid(walk->s, ev->mailbox, &mb)
	    != 1)
		mb.address[0] = '\0';
	if (ev->worker == 0 || store_worker_byid(walk->s, ev->worker, &w) != 1)
		w.name[0] = '\0';
	if (ev->conversation != 0)
		(void)snprintf(conversation, sizeof(conversation),
		    " conversation %" PRIu64, ev->conversation);
	ctl_say(walk->ctl, "%s %s%s%s%s%s%s%s%s",
	    ctl_time(ev->when, when, sizeof(when)), ev->kind,
	    mb.address[0] != '\0' ? " " : "", mb.address,
	    w.name[0] != '\0' ? " worker " : "", w.name, conversation,
	    ev->text[0] != '\0' ? ": " : "", ev->text);
	return 0;
}

/*
 * Once a second: the store has no way to wake us, and what an administrator
 * watches may come a second late.
 */
static int
follow(struct ctl *ctl, struct logwalk *walk)
{
	for (;;) {
		if (fflush(ctl->out) == EOF)
			return ctl_fail(ctl, "standard output is gone");
		(void)sleep(1);
		if (store_event_each(walk->s, walk->seen, 0, show_event,
		    walk) == -1)
			return ctl_store_fail(ctl, walk->s);
	}
}

int
ctl_log(struct ctl *ctl)
{
	struct logwalk	 walk;
	int		 status = CTL_OK;

	if (ctl->json && ctl->opt['f'] != NULL)
		return ctl_usage(ctl, "-j writes one object when all is done, "
		    "and log -f never is");
	memset(&walk, 0, sizeof(walk));
	walk.ctl = ctl;
	if (ctl->opt['f'] != NULL)
		ctl->out = stdout;
	if ((walk.s = ctl_open(ctl)) == NULL)
		return CTL_FAIL;
	json_object(&ctl->js, NULL);
	json_array(&ctl->js, "events");
	if (store_event_each(walk.s, 0, LOG_LAST, show_event, &walk) == -1)
		status = ctl_store_fail(ctl, walk.s);
	json_end(&ctl->js);
	json_end(&ctl->js);
	if (status == CTL_OK && ctl->opt['f'] != NULL)
		status = follow(ctl, &walk);
	store_close(walk.s);
	return status;
}

/* status: one look at everything. */

/* Where smtpd listens for sendmail(8) and smtpctl(8); compiled into it. */
#define SMTPD_SOCKET	"/var/run/smtpd.sock"

/* Whether smtpd takes connections: 0, or an errno. */
static int
smtpd_answers(void)
{
	struct sockaddr_un	 sun;
	int			 fd, error = 0;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	(void)strlcpy(sun.sun_path, SMTPD_SOCKET, sizeof(sun.sun_path));
	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1)
		return errno;
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		error = errno;
	close(fd);
	return error;
}

static void
show_smtpd(struct ctl *ctl)
{
	int	 error = smtpd_answers();

	json_object(&ctl->js, "smtpd");
	json_string(&ctl->js, "socket", SMTPD_SOCKET);
	json_bool(&ctl->js, "answers", error == 0);
	json_string(&ctl->js, "error", error != 0 ? strerror(error) : NULL);
	json_end(&ctl->js);
	ctl_say(ctl, "smtpd\t\t%s%s%s", error == 0 ? "answers at "
	    SMTPD_SOCKET : "does not answer at " SMTPD_SOCKET,
	    error != 0 ? ": " : "", error != 0 ? strerror(error) : "");
}

/* Returns CTL_FAIL when the keys cannot be used. */
static int
show_keys(struct ctl *ctl)
{
	struct keys_info	 info;
	struct keys		*keys;
	char			 err[512], when[32];
	size_t			 i, live = 0;
	time_t			 created = 0;

	json_object(&ctl->js, "keys");
	json_string(&ctl->js, "file", ctl->conf->key);
	if ((keys = keys_open(ctl->conf->key, err, sizeof(err))) == NULL) {
		json_string(&ctl->js, "error", err);
		json_end(&ctl->js);
		ctl_say(ctl, "keys\t\t%s", err);
		return ctl_fail(ctl, "%s", err);
	}
	for (i = 0; i < keys_count(keys); i++) {
		if (keys_info(keys, i, &info) != 0 || info.retired)
			continue;
		live++;
		if (info.signs)
			created = info.created;
	}
	json_int(&ctl->js, "live", (int64_t)live);
	json_int(&ctl->js, "signs", keys_signer(keys));
	ctl_json_time(ctl, "created", created);
	json_end(&ctl->js);
	ctl_say(ctl, "keys\t\t%s, %zu live, %u signs since %s",
	    ctl->conf->key, live, keys_signer(keys),
	    ctl_time(created, when, sizeof(when)));
	keys_free(keys);
	return CTL_OK;
}

static int
first_conversation(const struct store_conversation *c, void *arg)
{
	*(time_t *)arg = c->last;
	return -1;
}

static int
show_failing(const struct store_worker_addr *a, void *arg)
{
	struct ctl	*ctl = arg;
	char		 when[32];

	if (a->failing == 0)
		return 0;
	json_object(&ctl->js, NULL);
	json_string(&ctl->js, "address", a->address);
	ctl_json_time(ctl, "since", a->failing);
	json_string(&ctl->js, "status", a->status);
	json_end(&ctl->js);
	ctl_say(ctl, "failing\t\t%s since %s: %s %s", a->address,
	    ctl_time(a->failing, when, sizeof(when)), a->status,
	    a->diagnostic);
	return 0;
}

/* An account that fails keeps mail in the queue. */
static int
show_account(const struct store_account *acc, void *arg)
{
	struct ctl	*ctl = arg;
	char		 when[32];

	if (acc->failures == 0)
		return 0;
	json_object(&ctl->js, NULL);
	json_string(&ctl->js, "account", acc->name);
	ctl_json_time(ctl, "failed", acc->failed);
	json_string(&ctl->js, "stage", acc->stage);
	json_string(&ctl->js, "reason", acc->reason);
	json_end(&ctl->js);
	ctl_say(ctl, "failing\t\taccount %s at %s: %s: %s", acc->name,
	    ctl_time(acc->failed, when, sizeof(when)), acc->stage,
	    acc->reason);
	return 0;
}

static void
show_counts(struct ctl *ctl, const struct store_counts *n)
{
	const struct {
		const char	*name;
		uint64_t	 value;
	} all[] = {
		{ "mailboxes", n->mailboxes },
		{ "workers", n->workers },
		{ "workers_disabled", n->workers_disabled },
		{ "conversations", n->conversations },
		{ "conversations_open", n->conversations_open },
		{ "participants", n->participants },
		{ "messages", n->messages },
		{ "handles", n->handles_live },
		{ "return_paths", n->return_paths_live },
		{ "copies_not_queued", n->copies_unqueued },
		{ "replies_not_queued", n->replies_unqueued },
		{ "addresses_failing", n->failing },
		{ "accounts", n->accounts },
		{ "accounts_failing", n->accounts_failing },
		{ "identities", n->identities },
		{ "identities_unverified", n->identities_unverified }
	};
	size_t	 i;

	json_object(&ctl->js, "counts");
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		json_int(&ctl->js, all[i].name, (int64_t)all[i].value);
	json_end(&ctl->js);
	ctl_say(ctl, "mailboxes\t%" PRIu64, n->mailboxes);
	ctl_say(ctl, "workers\t\t%" PRIu64 ", %" PRIu64 " disabled",
	    n->workers, n->workers_disabled);
	ctl_say(ctl, "conversations\t%" PRIu64 ", %" PRIu64 " open, %" PRIu64
	    " participants, %" PRIu64 " messages", n->conversations,
	    n->conversations_open, n->participants, n->messages);
	ctl_say(ctl, "handles\t\t%" PRIu64 ", return paths %" PRIu64,
	    n->handles_live, n->return_paths_live);
	ctl_say(ctl, "not queued\t%" PRIu64 " copies and %" PRIu64
	    " replies begun", n->copies_unqueued, n->replies_unqueued);
	ctl_say(ctl, "accounts\t%" PRIu64 ", %" PRIu64 " failing",
	    n->accounts, n->accounts_failing);
	ctl_say(ctl, "identities\t%" PRIu64 ", %" PRIu64 " not verified",
	    n->identities, n->identities_unverified);
}

static int
show_store(struct ctl *ctl, struct store *s)
{
	struct store_counts	 n;
	time_t			 last = 0;
	char			 when[32];

	if (store_counts(s, time(NULL), &n) == -1)
		return ctl_store_fail(ctl, s);
	json_object(&ctl->js, "database");
	json_string(&ctl->js, "file", ctl->conf->database);
	json_int(&ctl->js, "schema", store_version(s));
	json_int(&ctl->js, "bytes", (int64_t)n.bytes);
	json_end(&ctl->js);
	ctl_say(ctl, "database\t%s, schema %d, %" PRIu64 " bytes",
	    ctl->conf->database, store_version(s), n.bytes);
	show_counts(ctl, &n);
	/* The walk ends at the first, which the store calls a failure. */
	(void)store_conversation_each(s, 0, first_conversation, &last);
	ctl_json_time(ctl, "last_mail", last);
	ctl_say(ctl, "last mail\t%s", ctl_time(last, when, sizeof(when)));
	json_array(&ctl->js, "failing");
	if (store_worker_addrs(s, 0, show_failing, ctl) == -1)
		return ctl_store_fail(ctl, s);
	json_end(&ctl->js);
	json_array(&ctl->js, "accounts_failing");
	if (store_account_each(s, show_account, ctl) == -1)
		return ctl_store_fail(ctl, s);
	json_end(&ctl->js);
	return CTL_OK;
}

int
ctl_status(struct ctl *ctl)
{
	struct store	*s;
	int		 status;

	/* Also half of it is worth seeing when something is broken. */
	ctl->show_anyway = 1;
	json_object(&ctl->js, NULL);
	show_smtpd(ctl);
	status = show_keys(ctl);
	if ((s = ctl_begin(ctl, 0)) == NULL)
		status = CTL_FAIL;
	else if (ctl_end(ctl, s, show_store(ctl, s)) != CTL_OK)
		status = CTL_FAIL;
	json_end(&ctl->js);
	return status;
}
