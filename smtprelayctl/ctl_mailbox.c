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

#include "conf/conf.h"
#include "ctl.h"
#include "ctl_store.h"
#include "ctlcmd.h"
#include "header/addr.h"

static int
add(struct ctl *ctl, struct store *s, struct store_mailbox *mb)
{
	const char	*archive = ctl->opt['a'];
	uint64_t	 id;

	if (archive != NULL && !addr_valid_dotatom(archive))
		return ctl_usage(ctl, "%s: expected the address of an archive",
		    archive);
	if (!conf_is_our_address(ctl->conf, ctl->arg[0]))
		return ctl_fail(ctl, "%s does not lie in a domain of %s",
		    ctl->arg[0], ctl->path);
	if (store_mailbox_add(s, ctl->arg[0], ctl->opt['n'], archive,
	    (const char *const *)ctl->conf->domains.item,
	    ctl->conf->domains.count, time(NULL), &id) == -1 ||
	    store_mailbox_byid(s, id, mb) != 1)
		return ctl_store_fail(ctl, s);
	return CTL_OK;
}

int
ctl_mailbox_add(struct ctl *ctl)
{
	struct store_mailbox	 mb;
	struct store		*s;
	int			 status;

	if (ctl->opt['n'] != NULL && ctl_text(ctl, ctl->opt['n']) == -1)
		return CTL_USAGE;
	if ((s = ctl_begin(ctl, 1)) == NULL)
		return CTL_FAIL;
	if ((status = ctl_end(ctl, s, add(ctl, s, &mb))) != CTL_OK)
		return status;
	ctl_json_mailbox(ctl, NULL, &mb);
	ctl_say(ctl, "%s is a mailbox now; its workers: smtprelayctl mailbox "
	    "join %s WORKER ...", mb.address, mb.address);
	return CTL_OK;
}

int
ctl_mailbox_del(struct ctl *ctl)
{
	struct store		*s = ctl->store;
	struct store_mailbox	 mb;
	int			 status;

	status = ctl_find_mailbox(ctl, s, ctl->arg[0], &mb);
	if (status != CTL_OK)
		return status;
	if (store_mailbox_del(s, mb.id) == -1)
		return ctl_store_fail(ctl, s);
	ctl_json_mailbox(ctl, NULL, &mb);
	ctl_say(ctl, "%s is deleted with its conversations", mb.address);
	return CTL_OK;
}

static int
list_one(const struct store_mailbox *mb, void *arg)
{
	struct ctl	*ctl = arg;

	ctl_json_mailbox(ctl, NULL, mb);
	ctl_say(ctl, "%-32s %3u member%s %5u open  %s", mb->address,
	    mb->members, mb->members == 1 ? " " : "s", mb->open, mb->name);
	return 0;
}

int
ctl_mailbox_list(struct ctl *ctl)
{
	json_object(&ctl->js, NULL);
	json_array(&ctl->js, "mailboxes");
	if (store_mailbox_each(ctl->store, 0, list_one, ctl) == -1)
		return ctl_store_fail(ctl, ctl->store);
	json_end(&ctl->js);
	json_end(&ctl->js);
	return CTL_OK;
}

static int
show_member(const struct store_worker *w, void *arg)
{
	struct ctl	*ctl = arg;

	ctl_json_worker(ctl, NULL, w);
	ctl_say(ctl, "member\t%s\t%s <%s>%s", w->name, w->display, w->address,
	    w->enabled ? "" : " (disabled)");
	return 0;
}

int
ctl_mailbox_show(struct ctl *ctl)
{
	struct store		*s = ctl->store;
	struct store_mailbox	 mb;
	char			 when[32];
	int			 status;

	status = ctl_find_mailbox(ctl, s, ctl->arg[0], &mb);
	if (status != CTL_OK)
		return status;
	json_object(&ctl->js, NULL);
	ctl_json_mailbox(ctl, "mailbox", &mb);
	ctl_say(ctl, "mailbox\t%s", mb.address);
	ctl_say(ctl, "name\t%s", mb.name[0] != '\0' ? mb.name : "-");
	ctl_say(ctl, "archive\t%s", mb.archive[0] != '\0' ? mb.archive : "-");
	ctl_say(ctl, "created\t%s", ctl_time(mb.created, when, sizeof(when)));
	ctl_say(ctl, "open\t%u conversation%s", mb.open,
	    mb.open == 1 ? "" : "s");
	json_array(&ctl->js, "members");
	if (store_mailbox_members(s, mb.id, show_member, ctl) == -1)
		return ctl_store_fail(ctl, s);
	json_end(&ctl->js);
	json_end(&ctl->js);
	return CTL_OK;
}

/* Joins or leaves: all workers of the command line, or none. */
static int
change(struct ctl *ctl, int joining)
{
	struct store		*s = ctl->store;
	struct store_mailbox	 mb;
	struct store_worker	 w;
	int			 i, r, status;

	status = ctl_find_mailbox(ctl, s, ctl->arg[0], &mb);
	if (status != CTL_OK)
		return status;
	json_object(&ctl->js, NULL);
	json_string(&ctl->js, "mailbox", mb.address);
	json_array(&ctl->js, "workers");
	for (i = 1; i < ctl->argc; i++) {
		status = ctl_find_worker(ctl, s, ctl->arg[i], &w);
		if (status != CTL_OK)
			return status;
		if (joining)
			r = store_mailbox_join(s, mb.id, w.id, time(NULL));
		else
			r = store_mailbox_leave(s, mb.id, w.id);
		if (r == -1)
			return ctl_store_fail(ctl, s);
		json_object(&ctl->js, NULL);
		json_string(&ctl->js, "worker", w.name);
		json_bool(&ctl->js, "changed", r);
		json_end(&ctl->js);
		ctl_say(ctl, "%s %s a member of %s", w.name, joining ?
		    (r == 1 ? "is now" : "was already") :
		    (r == 1 ? "is no longer" : "was not"), mb.address);
	}
	json_end(&ctl->js);
	json_end(&ctl->js);
	ctl_warn_mailboxes(ctl, s);
	return CTL_OK;
}

int
ctl_mailbox_join(struct ctl *ctl)
{
	return change(ctl, 1);
}

int
ctl_mailbox_leave(struct ctl *ctl)
{
	return change(ctl, 0);
}
