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
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl.h"
#include "ctl_store.h"
#include "ctlcmd.h"
#include "header/addr.h"

static int
add(struct ctl *ctl, struct store *s, struct store_worker *w)
{
	uint32_t	 id;
	int		 i;

	for (i = 1; i < ctl->argc; i++)
		if (!addr_valid(ctl->arg[i]))
			return ctl_usage(ctl, "%s: expected a mail address",
			    ctl->arg[i]);
	if (store_worker_add(s, ctl->arg[0], ctl->opt['n'], ctl->opt['u'],
	    (const char *const *)ctl->arg + 1, (size_t)ctl->argc - 1,
	    time(NULL), &id) == -1 || store_worker_byid(s, id, w) != 1)
		return ctl_store_fail(ctl, s);
	return CTL_OK;
}

int
ctl_worker_add(struct ctl *ctl)
{
	struct store_worker	 w;
	struct store		*s;
	int			 status;

	if (ctl->opt['n'] == NULL)
		return ctl_usage(ctl, "worker add needs the worker's name: "
		    "-n \"Alice Liddell\"");
	if (ctl_text(ctl, ctl->opt['n']) == -1 ||
	    (ctl->opt['u'] != NULL && ctl_text(ctl, ctl->opt['u']) == -1))
		return CTL_USAGE;
	if ((s = ctl_begin(ctl, 1)) == NULL)
		return CTL_FAIL;
	if ((status = ctl_end(ctl, s, add(ctl, s, &w))) != CTL_OK)
		return status;
	ctl_json_worker(ctl, NULL, &w);
	ctl_say(ctl, "%s is a worker now, and gets copies at %s", w.name,
	    w.address);
	return CTL_OK;
}

/* One worker by name, changed by `fn', which returns 1, 0 or -1. */
static int
change(struct ctl *ctl, int (*fn)(struct store *, uint32_t),
    const char *done, const char *already)
{
	struct store		*s = ctl->store;
	struct store_worker	 w;
	int			 r, status;

	status = ctl_find_worker(ctl, s, ctl->arg[0], &w);
	if (status != CTL_OK)
		return status;
	if ((r = fn(s, w.id)) == -1)
		return ctl_store_fail(ctl, s);
	ctl_warn_mailboxes(ctl, s);
	json_object(&ctl->js, NULL);
	json_string(&ctl->js, "worker", w.name);
	json_bool(&ctl->js, "changed", r);
	json_end(&ctl->js);
	ctl_say(ctl, "%s %s", w.name, r == 1 ? done : already);
	return CTL_OK;
}

int
ctl_worker_del(struct ctl *ctl)
{
	return change(ctl, store_worker_del, "is deleted", "was not there");
}

static int
enable(struct store *s, uint32_t id)
{
	return store_worker_enable(s, id, 1);
}

static int
disable(struct store *s, uint32_t id)
{
	return store_worker_enable(s, id, 0);
}

int
ctl_worker_enable(struct ctl *ctl)
{
	return change(ctl, enable, "is enabled", "was enabled already");
}

int
ctl_worker_disable(struct ctl *ctl)
{
	return change(ctl, disable, "is disabled", "was disabled already");
}

static int
revoke_now(struct store *s, uint32_t id)
{
	return store_worker_revoke(s, id, time(NULL));
}

int
ctl_signature_revoke(struct ctl *ctl)
{
	return change(ctl, revoke_now, "must answer newer mail from now on: "
	    "every token and handle issued before is void", "was not there");
}

static int
list_addr(const struct store_worker_addr *a, void *arg)
{
	struct ctl	*ctl = arg;
	char		 when[32];

	json_object(&ctl->js, NULL);
	json_string(&ctl->js, "address", a->address);
	ctl_json_time(ctl, "failing", a->failing);
	if (a->failing != 0) {
		json_string(&ctl->js, "status", a->status);
		json_string(&ctl->js, "diagnostic", a->diagnostic);
		ctl_say(ctl, "\t%s FAILING since %s: %s %s", a->address,
		    ctl_time(a->failing, when, sizeof(when)), a->status,
		    a->diagnostic);
	} else
		ctl_say(ctl, "\t%s", a->address);
	json_end(&ctl->js);
	return 0;
}

static int
list_one(const struct store_worker *w, void *arg)
{
	struct ctl	*ctl = arg;
	int		 r;

	ctl_say(ctl, "%s\t%s%s%s%s", w->name, w->display,
	    w->login[0] != '\0' ? ", login " : "", w->login,
	    w->enabled ? "" : " (disabled)");
	json_object(&ctl->js, NULL);
	ctl_json_worker(ctl, "worker", w);
	json_array(&ctl->js, "addresses");
	r = store_worker_addrs(ctl->store, w->id, list_addr, ctl);
	json_end(&ctl->js);
	json_end(&ctl->js);
	return r;
}

int
ctl_worker_list(struct ctl *ctl)
{
	json_object(&ctl->js, NULL);
	json_array(&ctl->js, "workers");
	if (store_worker_each(ctl->store, list_one, ctl) == -1)
		return ctl_store_fail(ctl, ctl->store);
	json_end(&ctl->js);
	json_end(&ctl->js);
	return CTL_OK;
}

static int
show_mailbox(const struct store_mailbox *mb, void *arg)
{
	struct ctl	*ctl = arg;

	json_string(&ctl->js, NULL, mb->address);
	ctl_say(ctl, "mailbox\t%s", mb->address);
	return 0;
}

int
ctl_worker_show(struct ctl *ctl)
{
	struct store		*s = ctl->store;
	struct store_worker	 w;
	char			 when[32];
	int			 status;

	status = ctl_find_worker(ctl, s, ctl->arg[0], &w);
	if (status != CTL_OK)
		return status;
	json_object(&ctl->js, NULL);
	ctl_json_worker(ctl, "worker", &w);
	ctl_say(ctl, "worker\t%s%s", w.name, w.enabled ? "" : " (disabled)");
	ctl_say(ctl, "name\t%s", w.display);
	ctl_say(ctl, "login\t%s", w.login[0] != '\0' ? w.login : "-");
	ctl_say(ctl, "created\t%s", ctl_time(w.created, when, sizeof(when)));
	ctl_say(ctl, "revoked\t%s", ctl_time(w.revoked, when, sizeof(when)));
	json_array(&ctl->js, "mailboxes");
	if (store_mailbox_each(s, w.id, show_mailbox, ctl) == -1)
		return ctl_store_fail(ctl, s);
	json_end(&ctl->js);
	json_array(&ctl->js, "addresses");
	ctl_say(ctl, "addresses");
	if (store_worker_addrs(s, w.id, list_addr, ctl) == -1)
		return ctl_store_fail(ctl, s);
	json_end(&ctl->js);
	json_end(&ctl->js);
	return CTL_OK;
}
