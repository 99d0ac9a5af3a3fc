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
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conf/conf.h"
#include "crypto/keys.h"
#include "ctl.h"
#include "ctl_store.h"
#include "ctlcmd.h"
#include "store/account_seal.h"

/* Accounts' secrets under another key. */

struct reseal {
	unsigned int	 done;		/* sealed anew */
	unsigned int	 left;		/* still under key `id' */
	char		 name[64];	/* one of those left */
	char		 why[512];	/* "" if all went well */
};

struct walk {
	struct store	*s;
	struct keys	*keys;
	uint8_t		 id;
	struct reseal	*r;
	char		 before[STORE_SECRET_MAX + 1];
	char		 after[STORE_SECRET_MAX + 1];
};

/* 1 if it is under another key now, 0 if that cannot be. */
static int
again(struct walk *w, const struct store_account *acc)
{
	char	*secret;
	int	 ret;

	if ((ret = account_seal_open(w->keys, acc, w->before, &secret)) != 1)
		return ret;
	ret = account_seal_close(w->keys, acc, secret, w->after,
	    sizeof(w->after)) == 0;
	account_seal_wipe(secret);
	if (ret == 1)
		ret = store_account_reseal(w->s, acc->id, w->before,
		    w->after);
	return ret;
}

static int
one(const struct store_account *acc, void *arg)
{
	struct walk	*w = arg;
	uint8_t		 key;
	int		 ret;

	if ((ret = store_account_secret(w->s, acc->id, acc->generation,
	    w->before, sizeof(w->before))) != 1)
		return ret;
	if (!seal_key(w->before, &key))
		return 0;
	if (key != keys_signer(w->keys)) {
		if ((ret = again(w, acc)) == -1)
			return -1;
		w->r->done += ret == 1;
		if (ret == 1 || (w->id != 0 && key != w->id))
			return 0;
	} else if (key != w->id)
		return 0;
	w->r->left++;
	(void)strlcpy(w->r->name, acc->name, sizeof(w->r->name));
	return 0;
}

/* In the child, with the keys: 0, or -1 and why. */
static int
reseal_all(struct ctl *ctl, struct walk *w)
{
	int	 ret;

	if (access(ctl->conf->database, F_OK) == -1 && errno == ENOENT)
		return 0;
	if ((w->s = ctl_begin(ctl, 1)) == NULL) {
		(void)strlcpy(w->r->why, "the accounts in the database "
		    "cannot be looked at", sizeof(w->r->why));
		return -1;
	}
	ret = store_account_each(w->s, one, w);
	if (ret == 0)
		ret = store_commit(w->s);
	if (ret == -1)
		(void)strlcpy(w->r->why, store_error(w->s)->text,
		    sizeof(w->r->why));
	else
		(void)store_shred(w->s);
	store_close(w->s);
	return ret;
}

static void
work(struct ctl *ctl, uint8_t id, struct reseal *r)
{
	struct walk	*w;

	if ((w = calloc(1, sizeof(*w))) == NULL) {
		(void)strlcpy(r->why, "out of memory", sizeof(r->why));
		return;
	}
	w->id = id;
	w->r = r;
	w->keys = keys_open(ctl->conf->key, r->why, sizeof(r->why));
	if (w->keys != NULL)
		(void)reseal_all(ctl, w);
	keys_free(w->keys);
	free(w);
}

/*
 * Seals every secret that is under another key than the one that signs under
 * that one, and counts those left under key id (0: under any other).  It is
 * done by a process of its own: the database is not touched as root, and the
 * caller has still to write the key file.  0; or -1, and r->why.  No database
 * means nothing to do.
 */
static int
reseal_accounts(struct ctl *ctl, uint8_t id, struct reseal *r)
{
	ssize_t	 n;
	pid_t	 pid;
	int	 fds[2];

	memset(r, 0, sizeof(*r));
	if (pipe(fds) == -1 || (pid = fork()) == -1) {
		(void)strlcpy(r->why, strerror(errno), sizeof(r->why));
		return -1;
	}
	if (pid == 0) {
		close(fds[0]);
		work(ctl, id, r);
		/* One write of less than a pipe's buffer comes whole. */
		n = write(fds[1], r, sizeof(*r));
		_exit(n != (ssize_t)sizeof(*r));
	}
	close(fds[1]);
	n = read(fds[0], r, sizeof(*r));
	close(fds[0]);
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	if (n != (ssize_t)sizeof(*r)) {
		memset(r, 0, sizeof(*r));
		(void)strlcpy(r->why, "the accounts in the database cannot "
		    "be looked at", sizeof(r->why));
	}
	return r->why[0] == '\0' ? 0 : -1;
}

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
	if (reseal_accounts(ctl, 0, &r) == -1)
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

	if (reseal_accounts(ctl, id, &r) == -1)
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
