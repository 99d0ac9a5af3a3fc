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

/* account test: how far a session with the server comes. */

#include <stdio.h>
#include <time.h>

#include "crypto/keys.h"
#include "ctl.h"
#include "ctl_account.h"
#include "ctl_upstream.h"
#include "ctlcmd.h"
#include "store/accurl.h"

static void
json_text(struct ctl *ctl, const char *name, const char *text)
{
	json_string(&ctl->js, name, text[0] != '\0' ? text : NULL);
}

static void
show_tls(struct ctl *ctl, const struct upstreamrun *run)
{
	const struct tlsio_info	*t = &run->info;
	char			 from[32], to[32];

	if (!run->tls) {
		json_null(&ctl->js, "tls");
		return;
	}
	json_object(&ctl->js, "tls");
	json_string(&ctl->js, "version", t->version);
	json_string(&ctl->js, "cipher", t->cipher);
	json_text(ctl, "subject", t->subject);
	json_text(ctl, "issuer", t->issuer);
	json_text(ctl, "names", t->names);
	json_text(ctl, "sha256", t->sha256);
	ctl_json_time(ctl, "not_before", t->notbefore);
	ctl_json_time(ctl, "not_after", t->notafter);
	json_bool(&ctl->js, "verified", t->verified);
	json_text(ctl, "problem", t->problem);
	json_end(&ctl->js);
	ctl_say(ctl, "TLS\t%s, %s", t->version, t->cipher);
	ctl_say(ctl, "subject\t%s", t->subject);
	ctl_say(ctl, "issuer\t%s", t->issuer);
	ctl_say(ctl, "names\t%s", t->names);
	ctl_say(ctl, "valid\t%s to %s", ctl_time(t->notbefore, from,
	    sizeof(from)), ctl_time(t->notafter, to, sizeof(to)));
	ctl_say(ctl, "SHA-256\t%s", t->sha256);
	ctl_say(ctl, "trust\t%s%s", t->verified ? "certificate and name are "
	    "right" : "NOT VERIFIED: ", t->problem);
}

static void
show_run(struct ctl *ctl, const struct store_account *acc,
    const struct upstreamrun *run)
{
	char	 used[64] = "";

	upstream_mechnames(run->caps.used, used, sizeof(used));
	json_object(&ctl->js, NULL);
	json_string(&ctl->js, "account", acc->name);
	json_bool(&ctl->js, "ready", run->ready);
	json_text(ctl, "server", run->peer);
	ctl_say(ctl, "server\t%s", run->peer[0] != '\0' ? run->peer : "-");
	show_tls(ctl, run);
	json_text(ctl, "mechanisms", run->caps.mechlist);
	json_text(ctl, "used", used);
	json_text(ctl, "answer", run->answer);
	ctl_say(ctl, "login\t%s%s%s", run->caps.mechlist[0] != '\0' ?
	    run->caps.mechlist : run->peer[0] != '\0' && (run->ready ||
	    run->end.stage == UPSTREAM_AUTH) ? "none offered" : "-",
	    used[0] != '\0' ? ", used " : "", used);
	if (run->answer[0] != '\0')
		ctl_say(ctl, "answer\t%s", run->answer);
	json_string(&ctl->js, "stage", run->ready ? NULL :
	    upstream_stagename(run->end.stage));
	json_string(&ctl->js, "reason", run->ready ? NULL : run->end.text);
	json_end(&ctl->js);
	if (run->ready)
		ctl_say(ctl, "%s works: its server would take mail",
		    acc->name);
}

/* null: no server, no session. */
static int
discards(struct ctl *ctl, const struct store_account *acc)
{
	json_object(&ctl->js, NULL);
	json_string(&ctl->js, "account", acc->name);
	json_bool(&ctl->js, "ready", 1);
	json_null(&ctl->js, "server");
	json_end(&ctl->js);
	ctl_say(ctl, "%s is null: what is sent through it is discarded",
	    acc->name);
	return CTL_OK;
}

static int
test(struct ctl *ctl, struct store *s, const struct keys *keys)
{
	struct store_account	 acc;
	struct upstreamrun	*run;
	char			 why[CTL_UPSTREAM_WHY];
	int			 status;

	status = ctl_find_account(ctl, s, ctl->arg[0], &acc);
	if (status == CTL_OK)
		status = ctl_account_allowed(ctl, &acc);
	if (status != CTL_OK)
		return status;
	if (acc.transport == STORE_NULL)
		return discards(ctl, &acc);
	if ((run = calloc(1, sizeof(*run))) == NULL)
		return ctl_fail(ctl, "out of memory");
	status = ctl_upstream(ctl, s, keys, &acc, NULL, run);
	/* Which certificate it was that was refused. */
	if (status != CTL_OK && run->end.stage == UPSTREAM_TLS && !run->tls)
		run->tls = ctl_upstream_look(&acc, &run->info);
	/* What was found on the way says more than where it ended. */
	ctl->show_anyway = 1;
	show_run(ctl, &acc, run);
	if (status != CTL_OK)
		status = ctl_fail(ctl, "%s: %s", acc.name,
		    ctl_upstream_why(run, why, sizeof(why)));
	else if (store_account_worked(s, acc.id, acc.generation,
	    time(NULL)) == -1)
		status = ctl_store_fail(ctl, s);
	free(run);
	return status;
}

int
ctl_account_test(struct ctl *ctl)
{
	struct store	*s;
	struct keys	*keys;
	char		 err[512];
	int		 status;

	if ((keys = keys_open(ctl->conf->key, err, sizeof(err))) == NULL)
		return ctl_fail(ctl, "%s", err);
	/* Nobody waits for the database while a server thinks. */
	if ((s = ctl_open(ctl)) == NULL)
		status = CTL_FAIL;
	else
		status = test(ctl, s, keys);
	store_close(s);
	keys_free(keys);
	return status;
}
