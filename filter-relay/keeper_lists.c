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

#include <string.h>
#include <time.h>

#include "base/log.h"
#include "conf/listfile.h"
#include "keeper.h"

/* Gives the engine a list that it does not have. */
static void
lists_send(struct keeper *k, size_t i)
{
	const struct listfile *lf = k->conf->lists->v[i];
	struct ipc_pack p;

	ipc_pack_init(&p);
	ipc_put_u32(&p, (uint32_t)i);
	ipc_put_bytes(&p, lf->text, lf->len);
	if (!p.failed && k->engine != NULL &&
	    ipc_send(k->engine, MSG_LISTFILE, 0, p.buf, p.len, -1) == 0)
		k->unsent[i] = 0;
	ipc_pack_free(&p);
}

void
keeper_lists_look(struct keeper *k)
{
	struct listfile *lf;
	char why[LISTFILE_WHY];
	time_t now = time(NULL);
	size_t i;

	for (i = 0; i < k->conf->lists->n; i++) {
		lf = k->conf->lists->v[i];
		switch (listfile_look(lf, now, why, sizeof(why))) {
		case 1:
			log_info("%s: has changed, %zu entries", lf->path,
			    lf->kind == LISTFILE_NETS ? lf->nets.n :
			    lf->words.n);
			k->changed[i] = k->unsent[i] = 1;
			break;
		case -1:
			log_warnx("%s: the list stays as it was", why);
			break;
		}
		if (k->unsent[i])
			lists_send(k, i);
	}
}

void
keeper_lists_engine(struct keeper *k)
{
	memcpy(k->unsent, k->changed, sizeof(k->unsent));
	keeper_lists_look(k);
}
