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
#include <time.h>

#include "conf/conf.h"
#include "crypto/keys.h"
#include "ctl.h"
#include "ctl_reseal.h"
#include "ctl_store.h"
#include "ctlcmd.h"

static void
show_key(struct ctl *ctl, const struct keys_info *info)
{
	const char	*state;
	char		 when[32];

	state = info->signs ? "signs" : info->retired ? "retired" : "verifies";
	json_object(&ctl->js, NULL);
	json_int(&ctl->js, "id", info->id);
	json_string(&ctl->js, "state", state);
	ctl_json_time(ctl, "created", info->created);
	json_end(&ctl->js);
	ctl_say(ctl, "%3u  %s  %s", info->id,
	    ctl_time(info->created, when, sizeof(when)), state);
}

int
ctl_key_list(struct ctl *ctl)
{
	struct keys_info	 info;
	struct keys		*keys;
	char			 err[512];
	size_t			 i;

	if ((keys = keys_open(ctl->conf->key, err, sizeof(err))) == NULL)
		return ctl_fail(ctl, "%s", err);
	json_object(&ctl->js, NULL);
	json_array(&ctl->js, "keys");
	for (i = 0; i < keys_count(keys); i++)
		if (keys_info(keys, i, &info) == 0)
			show_key(ctl, &info);
	json_end(&ctl->js);
	json_end(&ctl->js);
	keys_free(keys);
	return CTL_OK;
}

int
ctl_key_rotate(struct ctl *ctl)
{
	struct reseal	 r;
	uint8_t		 id;
	char		 err[512];

	if (keys_rotate(ctl->conf->key, time(NULL), &id, err,
	    sizeof(err)) == -1)
		return ctl_fail(ctl, "%s", err);
	/* The key is there already, and retire will try again. */
	if (ctl_reseal(ctl, 0, &r) == -1)
		(void)fprintf(stderr, "smtprelayctl: warning: accounts stay "
		    "sealed under the older keys: %s\n", r.why);
	json_object(&ctl->js, NULL);
	json_int(&ctl->js, "id", id);
	json_int(&ctl->js, "resealed", r.done);
	json_end(&ctl->js);
	ctl_say(ctl, "key %u signs from now on; the older ones verify until "
	    "they are retired", id);
	if (r.done > 0)
		ctl_say(ctl, "%u account%s sealed under it", r.done,
		    r.done == 1 ? " is" : "s are");
	return CTL_OK;
}

/* What only the key opens must not be lost with it. */
static int
unused(struct ctl *ctl, uint8_t id)
{
	struct reseal	 r;

	if (ctl_reseal(ctl, id, &r) == -1)
		return ctl_fail(ctl, "key %u is not retired: %s", id, r.why);
	if (r.left == 0)
		return CTL_OK;
	return ctl_fail(ctl, "key %u is not retired: %u account%s sealed "
	    "under it, %s for one (smtprelayctl key rotate seals them under "
	    "a new key)", id, r.left, r.left == 1 ? " is" : "s are", r.name);
}

int
ctl_key_retire(struct ctl *ctl)
{
	const char	*bad;
	char		 err[512];
	long long	 id;

	id = strtonum(ctl->arg[0], 1, KEYS_MAX, &bad);
	if (bad != NULL)
		return ctl_usage(ctl, "%s: expected the number of a key, 1 to "
		    "%d", ctl->arg[0], KEYS_MAX);
	if (unused(ctl, (uint8_t)id) != CTL_OK)
		return CTL_FAIL;
	switch (keys_retire(ctl->conf->key, (uint8_t)id, err, sizeof(err))) {
	case 1:
		break;
	case 0:
		return ctl_fail(ctl, "there is no key %lld that verifies "
		    "(smtprelayctl key list)", id);
	default:
		return ctl_fail(ctl, "%s", err);
	}
	json_object(&ctl->js, NULL);
	json_int(&ctl->js, "id", id);
	json_end(&ctl->js);
	ctl_say(ctl, "key %lld is retired: what it signed is void", id);
	return CTL_OK;
}
