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
#include <string.h>

#include "base/compat.h"
#include "wire.h"

static void		 put_opt(struct ipc_pack *, const char *);
static const char	*get_opt(struct ipc_unpack *, char **);
static const char	*get(struct ipc_unpack *, char **);
static int		 lists(struct ipc_unpack *, struct wire_plan *,
			    char **);

void
wire_plan_pack(struct ipc_pack *p, const struct copyhdr_plan *c)
{
	size_t	i;

	ipc_put_u8(p, (uint8_t)c->kind);
	ipc_put_u8(p, c->unverified ? 1 : 0);
	ipc_put_u8(p, c->original ? 1 : 0);
	ipc_put_u64(p, (uint64_t)c->now);
	ipc_put_str(p, c->mailbox);
	put_opt(p, c->mailbox_name);
	put_opt(p, c->from);
	put_opt(p, c->worker_name);
	ipc_put_str(p, c->message_id);
	ipc_put_str(p, c->conversation);
	ipc_put_u32(p, (uint32_t)c->nmap);
	for (i = 0; i < c->nmap; i++) {
		ipc_put_str(p, c->map[i].from);
		ipc_put_str(p, c->map[i].to);
		put_opt(p, c->map[i].name);
	}
	ipc_put_u32(p, (uint32_t)c->nours);
	for (i = 0; i < c->nours; i++)
		ipc_put_str(p, c->ours[i]);
	ipc_put_u32(p, (uint32_t)c->nids);
	for (i = 0; i < c->nids; i++) {
		ipc_put_str(p, c->ids[i].from);
		ipc_put_str(p, c->ids[i].to);
	}
}

/* A string that may be NULL, which is not the same as "". */
static void
put_opt(struct ipc_pack *p, const char *s)
{
	ipc_put_u8(p, s != NULL ? 1 : 0);
	if (s != NULL)
		ipc_put_str(p, s);
}

/*
 * The next string, copied to *at, which moves behind it.  All strings of a
 * frame fit into as many bytes as the frame has, for each one's length is in
 * it too.
 */
static const char *
get(struct ipc_unpack *u, char **at)
{
	const uint8_t	*p;
	char		*s = *at;
	size_t		 len;

	p = ipc_get_bytes(u, WIRE_MAX_DATA, &len);
	if (p == NULL || (len > 0 && memchr(p, '\0', len) != NULL)) {
		u->failed = 1;
		return "";
	}
	memcpy(s, p, len);
	s[len] = '\0';
	*at += len + 1;
	return s;
}

static const char *
get_opt(struct ipc_unpack *u, char **at)
{
	return ipc_get_u8(u) ? get(u, at) : NULL;
}

int
wire_plan_unpack(const void *data, size_t len, struct wire_plan *w)
{
	struct copyhdr_plan	*c = &w->plan;
	struct ipc_unpack	 u;
	char			*at;

	memset(w, 0, sizeof(*w));
	if ((w->data = malloc(len + 1)) == NULL)
		return -1;
	at = w->data;
	ipc_unpack_init(&u, data, len);
	c->kind = ipc_get_u8(&u);
	c->unverified = ipc_get_u8(&u);
	c->original = ipc_get_u8(&u);
	c->now = (time_t)ipc_get_u64(&u);
	c->mailbox = get(&u, &at);
	c->mailbox_name = get_opt(&u, &at);
	c->from = get_opt(&u, &at);
	c->worker_name = get_opt(&u, &at);
	c->message_id = get(&u, &at);
	c->conversation = get(&u, &at);
	if (lists(&u, w, &at) == -1)
		return -1;
	return ipc_unpack_end(&u);
}

static int
lists(struct ipc_unpack *u, struct wire_plan *w, char **at)
{
	uint32_t	i, n;

	if ((n = ipc_get_u32(u)) > WIRE_MAP_MAX)
		return -1;
	if ((w->map = calloc(n + 1, sizeof(*w->map))) == NULL)
		return -1;
	for (i = 0; i < n && !u->failed; i++) {
		w->map[i].from = get(u, at);
		w->map[i].to = get(u, at);
		w->map[i].name = get_opt(u, at);
	}
	w->plan.map = w->map;
	w->plan.nmap = n;
	if ((n = ipc_get_u32(u)) > WIRE_OURS_MAX)
		return -1;
	if ((w->ours = calloc(n + 1, sizeof(*w->ours))) == NULL)
		return -1;
	for (i = 0; i < n && !u->failed; i++)
		w->ours[i] = get(u, at);
	w->plan.ours = w->ours;
	w->plan.nours = n;
	if ((n = ipc_get_u32(u)) > WIRE_IDS_MAX)
		return -1;
	if ((w->ids = calloc(n + 1, sizeof(*w->ids))) == NULL)
		return -1;
	for (i = 0; i < n && !u->failed; i++) {
		w->ids[i].from = get(u, at);
		w->ids[i].to = get(u, at);
	}
	w->plan.ids = w->ids;
	w->plan.nids = n;
	return 0;
}

void
wire_plan_free(struct wire_plan *w)
{
	free(w->map);
	free(w->ids);
	free(w->ours);
	free(w->data);
	memset(w, 0, sizeof(*w));
}
