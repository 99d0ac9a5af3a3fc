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

#include <stdlib.h>

#include "dkim/dkimkeys.h"

struct key {
	struct dkimkeys	 *all;
	struct dkim_sig	 *sig;
	struct dns_query *query;
};

struct dkimkeys {
	struct key	 v[DKIM_SIGS_MAX];
	size_t		 n;
	size_t		 wait;		/* answers under way */
	void		(*done)(void *);
	void		*arg;
};

static void
got_key(const struct dns_answer *a, void *arg)
{
	struct key	*k = arg;
	struct dkimkeys	*all = k->all;
	const char	*text[DKIM_KEYS_MAX * 2];
	size_t		 len[DKIM_KEYS_MAX * 2], n;

	k->query = NULL;
	switch (a->status) {
	case DNS_OK:
		for (n = 0; n < a->n && n < DKIM_KEYS_MAX * 2; n++) {
			text[n] = a->v[n].text;
			len[n] = a->v[n].len;
		}
		dkim_key(k->sig, text, len, n);
		break;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		dkim_key_none(k->sig, 0);
		break;
	default:
		dkim_key_none(k->sig, 1);
		break;
	}
	if (--all->wait == 0) {
		all->done(all->arg);
		free(all);
	}
}

int
dkimkeys_ask(struct dkimkeys **out, struct dns *d, struct dkim_sig *v,
    size_t n, void (*done)(void *), void *arg)
{
	struct dkimkeys	*all;
	struct key	*k;
	char		 name[DNS_NAME_MAX + 1];
	size_t		 i;

	*out = NULL;
	if ((all = calloc(1, sizeof(*all))) == NULL)
		return -1;
	all->done = done;
	all->arg = arg;
	for (i = 0; i < n && all->n < DKIM_SIGS_MAX; i++) {
		if (!dkim_key_name(&v[i], name, sizeof(name)))
			continue;
		k = &all->v[all->n];
		k->all = all;
		k->sig = &v[i];
		if ((k->query = dns_query(d, name, DNS_TXT, got_key,
		    k)) == NULL) {
			dkim_key_none(&v[i], 1);
			continue;
		}
		all->n++;
		all->wait++;
	}
	if (all->wait == 0) {
		free(all);
		return 1;
	}
	*out = all;
	return 0;
}

void
dkimkeys_cancel(struct dkimkeys *k)
{
	size_t	 i;

	if (k == NULL)
		return;
	for (i = 0; i < k->n; i++)
		dns_cancel(k->v[i].query);
	free(k);
}
