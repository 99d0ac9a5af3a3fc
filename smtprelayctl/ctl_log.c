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
/* log: what the programs have noted of mail, from the store. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "ctl_store.h"
#include "ctlcmd.h"

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
