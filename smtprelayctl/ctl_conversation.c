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
#include "report.h"

#define PRUNE_STEP	500	/* conversations between two signs of life */

static int
list_one(const struct store_conversation *c, void *arg)
{
	struct ctl	*ctl = arg;
	char		 when[32];

	ctl_json_conversation(ctl, NULL, c);
	ctl_say(ctl, "%-6llu %s %-6s %s  %s%s%s", (unsigned long long)c->id,
	    ctl_time(c->last, when, sizeof(when)), c->open ? "open" : "closed",
	    c->address, c->subject,
	    c->taken_name[0] != '\0' ? "  taken by " : "", c->taken_name);
	return 0;
}

int
ctl_conversation_list(struct ctl *ctl)
{
	struct store_mailbox	 mb;
	int			 status;

	mb.id = 0;
	if (ctl->argc == 1) {
		status = ctl_find_mailbox(ctl, ctl->store, ctl->arg[0], &mb);
		if (status != CTL_OK)
			return status;
	}
	json_object(&ctl->js, NULL);
	json_array(&ctl->js, "conversations");
	if (store_conversation_each(ctl->store, mb.id, list_one, ctl) == -1)
		return ctl_store_fail(ctl, ctl->store);
	json_end(&ctl->js);
	json_end(&ctl->js);
	return CTL_OK;
}

static int
show_participant(const struct store_participant *p, void *arg)
{
	struct ctl	*ctl = arg;

	json_object(&ctl->js, NULL);
	json_string(&ctl->js, "address", p->address);
	json_string(&ctl->js, "name", p->name[0] != '\0' ? p->name : NULL);
	json_bool(&ctl->js, "unverified", p->unverified);
	json_end(&ctl->js);
	ctl_say(ctl, "\t%s%s<%s>%s", p->name, p->name[0] != '\0' ? " " : "",
	    p->address, p->unverified ? " (unverified)" : "");
	return 0;
}

static const char *
kind_name(enum store_msgkind kind)
{
	switch (kind) {
	case STORE_MSG_IN:
		return "in";
	case STORE_MSG_OUT:
		return "out";
	case STORE_MSG_TEAM:
		return "team";
	}
	return "?";
}

static int
show_message(const struct store_message *m, void *arg)
{
	struct ctl	*ctl = arg;
	char		 when[32];

	json_object(&ctl->js, NULL);
	json_int(&ctl->js, "id", (int64_t)m->id);
	json_string(&ctl->js, "kind", kind_name(m->kind));
	ctl_json_time(ctl, "created", m->created);
	json_string(&ctl->js, "author", m->author);
	json_string(&ctl->js, "message_id",
	    m->outside[0] != '\0' ? m->outside : NULL);
	json_end(&ctl->js);
	ctl_say(ctl, "\t%s %-4s %s%s%s%s",
	    ctl_time(m->created, when, sizeof(when)), kind_name(m->kind),
	    m->author, m->outside[0] != '\0' ? " <" : "", m->outside,
	    m->outside[0] != '\0' ? ">" : "");
	return 0;
}

int
ctl_conversation_show(struct ctl *ctl)
{
	struct store			*s = ctl->store;
	struct store_conversation	 c;
	char				 when[32];
	int				 status;

	status = ctl_find_conversation(ctl, s, ctl->arg[0], &c);
	if (status != CTL_OK)
		return status;
	json_object(&ctl->js, NULL);
	ctl_json_conversation(ctl, "conversation", &c);
	ctl_say(ctl, "conversation\t%llu (%s)", (unsigned long long)c.id,
	    c.open ? "open" : "closed");
	ctl_say(ctl, "mailbox\t%s", c.address);
	ctl_say(ctl, "subject\t%s", c.subject);
	ctl_say(ctl, "taken\t%s",
	    c.taken_name[0] != '\0' ? c.taken_name : "-");
	ctl_say(ctl, "created\t%s", ctl_time(c.created, when, sizeof(when)));
	ctl_say(ctl, "last\t%s", ctl_time(c.last, when, sizeof(when)));
	ctl_say(ctl, "participants");
	json_array(&ctl->js, "participants");
	if (store_conversation_people(s, c.id, show_participant, ctl) == -1)
		return ctl_store_fail(ctl, s);
	json_end(&ctl->js);
	ctl_say(ctl, "messages");
	json_array(&ctl->js, "messages");
	if (store_conversation_messages(s, c.id, show_message, ctl) == -1)
		return ctl_store_fail(ctl, s);
	json_end(&ctl->js);
	json_end(&ctl->js);
	return CTL_OK;
}

static int
set_open(struct ctl *ctl, int is_open)
{
	struct store			*s = ctl->store;
	struct store_conversation	 c;
	int				 r, status;

	status = ctl_find_conversation(ctl, s, ctl->arg[0], &c);
	if (status != CTL_OK)
		return status;
	if ((r = store_conversation_open(s, c.id, is_open)) == -1)
		return ctl_store_fail(ctl, s);
	json_object(&ctl->js, NULL);
	json_int(&ctl->js, "conversation", (int64_t)c.id);
	json_bool(&ctl->js, "open", is_open);
	json_bool(&ctl->js, "changed", r);
	json_end(&ctl->js);
	ctl_say(ctl, "conversation %llu %s %s", (unsigned long long)c.id,
	    r == 1 ? "is now" : "was already", is_open ? "open" : "closed");
	return CTL_OK;
}

int
ctl_conversation_close(struct ctl *ctl)
{
	return set_open(ctl, 0);
}

int
ctl_conversation_reopen(struct ctl *ctl)
{
	return set_open(ctl, 1);
}

int
ctl_conversation_prune(struct ctl *ctl)
{
	struct store	*s;
	int64_t		 age = ctl->conf->replies.retain;
	time_t		 before;
	unsigned int	 all = 0;
	int		 gone, status;

	if (ctl->opt['o'] != NULL &&
	    conf_duration(ctl->opt['o'], &age) == -1)
		return ctl_usage(ctl, "-o %s: expected a time such as 90d, "
		    "12h, 10m or 30s", ctl->opt['o']);
	before = time(NULL);
	before = age < before ? before - (time_t)age : 0;
	if ((s = ctl_begin(ctl, 1)) == NULL)
		return CTL_FAIL;
	progress_begin("conversations pruned");
	do {
		gone = store_conversation_prune(s, before, PRUNE_STEP);
		if (gone > 0)
			all += (unsigned int)gone;
		progress_count(all);
	} while (gone == PRUNE_STEP);
	progress_end();
	status = gone == -1 ? ctl_store_fail(ctl, s) : CTL_OK;
	if ((status = ctl_end(ctl, s, status)) != CTL_OK)
		return status;
	json_object(&ctl->js, NULL);
	json_int(&ctl->js, "pruned", all);
	json_end(&ctl->js);
	ctl_say(ctl, "%u conversation%s forgotten", all,
	    all == 1 ? " is" : "s are");
	return CTL_OK;
}
