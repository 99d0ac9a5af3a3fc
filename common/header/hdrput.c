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
#include <strings.h>

#include "header/displayname.h"
#include "header/encword.h"
#include "header/hdrput.h"

#define TEXT_MAX	(HDR_FIELD_MAX * 4)

static const struct ipc_field addr_fields[] = {
	IPC_STRING(struct replyhdr_addr, from, IPC_STRING_MAX),
	IPC_STRING(struct replyhdr_addr, to, IPC_STRING_MAX),
	IPC_OPTIONAL(struct replyhdr_addr, name, IPC_STRING_MAX)
};
const struct ipc_record replyhdr_addr_record =
    IPC_RECORD_OF(struct replyhdr_addr, addr_fields);

static const struct ipc_field id_fields[] = {
	IPC_STRING(struct replyhdr_id, from, MSGID_MAX),
	IPC_STRING(struct replyhdr_id, to, MSGID_MAX)
};
const struct ipc_record replyhdr_id_record =
    IPC_RECORD_OF(struct replyhdr_id, id_fields);

/* 1 when a value may be written as it is. */
static int
is_plain(const struct hdr_field *h)
{
	size_t	 i;

	for (i = 0; i < h->valuelen; i++)
		if ((h->value[i] < ' ' && h->value[i] != '\t') ||
		    h->value[i] == 127)
			return 0;
	return 1;
}

/* Writes text, or the value as it came where text is NULL. */
static int
put_text(struct sbuf *b, const char *name, const struct hdr_field *h,
    const char *text)
{
	struct sbuf	 dec;
	size_t		 len = b->len;
	int		 r;

	if (text == NULL && is_plain(h)) {
		if (hdr_write(b, name, h->value) == 0)
			return 0;
		if (b->failed)
			return -1;
		sbuf_cut(b, len);
	}
	sbuf_init(&dec, TEXT_MAX);
	if (text == NULL) {
		if (encword_decode(&dec, h->value, h->valuelen) == -1)
			sbuf_reset(&dec);
		text = sbuf_str(&dec);
	}
	r = hdr_write_text(b, name, text);
	sbuf_free(&dec);
	if (r == -1 && !b->failed) {
		sbuf_cut(b, len);
		r = 0;
	}
	return r;
}

int
hdrput_text(struct sbuf *b, const struct header_summary *f, const char *name,
    struct hdrput_scrub *s)
{
	const struct hdr_field	*h;
	struct sbuf		 dec, out;
	int			 n = 0, r = -1;

	if ((h = hdr_get(&f->hdr, name, 0)) == NULL ||
	    h->flags & (HDR_OVERSIZE | HDR_NUL))
		return 0;
	if (s == NULL || s->scrub == NULL)
		return put_text(b, name, h, NULL);
	/* Words of an unknown charset are looked into as well. */
	sbuf_init(&dec, TEXT_MAX);
	sbuf_init(&out, TEXT_MAX * 2);
	if (encword_decode_any(&dec, h->value, h->valuelen) == 0)
		n = s->scrub(s->arg, sbuf_str(&dec), dec.len, &out);
	if (n != -1 && !dec.failed && !out.failed) {
		s->changed += n;
		r = put_text(b, name, h, n > 0 ? sbuf_str(&out) : NULL);
	}
	sbuf_free(&dec);
	sbuf_free(&out);
	return r;
}

/* Writes one field as it came where it may stand so. */
static int
put_field(struct sbuf *b, const struct hdr_field *h)
{
	size_t	 len = b->len;

	if (h->flags & (HDR_OVERSIZE | HDR_NUL))
		return 0;
	if (hdr_write_raw(b, h) == 0)
		return 0;
	if (!b->failed) {
		sbuf_cut(b, len);
		if (hdr_write(b, h->name, h->value) == 0)
			return 0;
	}
	if (b->failed)
		return -1;
	sbuf_cut(b, len);
	return 0;
}

int
hdrput_raw(struct sbuf *b, const struct header_summary *f, const char *name)
{
	const struct hdr_field	*h;
	size_t			 i;

	for (i = 0; (h = hdr_get(&f->hdr, name, i)) != NULL; i++)
		if (put_field(b, h) == -1)
			return -1;
	return 0;
}

int
hdrput_mime(struct sbuf *b, const struct header_summary *f, const char *mime)
{
	size_t	 i;

	if (mime != NULL)
		return sbuf_addstr(b, mime);
	if (sbuf_addstr(b, "MIME-Version: 1.0\n") == -1)
		return -1;
	for (i = 0; i < f->hdr.n; i++)
		if (strncasecmp(f->hdr.v[i].name, "Content-", 8) == 0 &&
		    put_field(b, &f->hdr.v[i]) == -1)
			return -1;
	/* Without it sendmail(8) would encode a message with long lines. */
	if (f->content_encoding == NULL)
		return sbuf_addstr(b, "Content-Transfer-Encoding: 8bit\n");
	return 0;
}

int
hdrput_id(struct sbuf *b, const char *name, const char *id)
{
	if (!msgid_valid(id))
		return -1;
	return sbuf_printf(b, "%s: <%s>\n", name, id);
}

/* What to write for an id, or NULL. */
static const char *
map_id(const char *id, const struct replyhdr_id *map, size_t nmap, int keep)
{
	size_t	 i;

	for (i = 0; i < nmap; i++)
		if (strcmp(map[i].from, id) == 0)
			return map[i].to;
	return keep ? id : NULL;
}

int
hdrput_ids(struct sbuf *b, const char *name, const struct msgids *ids,
    const struct replyhdr_id *map, size_t nmap, int keep_others)
{
	struct sbuf	 v;
	const char	*to;
	size_t		 i;
	int		 r = 0;

	sbuf_init(&v, b->limit);
	for (i = 0; i < ids->n && r == 0; i++) {
		to = map_id(ids->v[i], map, nmap, keep_others);
		if (to == NULL)
			continue;
		if (!msgid_valid(to) ||
		    sbuf_printf(&v, "%s<%s>", v.len > 0 ? " " : "", to) == -1)
			r = -1;
	}
	if (r == 0 && v.len > 0)
		r = hdr_write(b, name, sbuf_str(&v));
	sbuf_free(&v);
	return r;
}

const struct replyhdr_addr *
hdrput_find(const struct replyhdr_addr *map, size_t nmap, const char *addr)
{
	size_t	 i;

	for (i = 0; i < nmap; i++)
		if (addr_equal(map[i].from, addr))
			return &map[i];
	return NULL;
}

void
hdrput_list_init(struct hdrput_list *l)
{
	memset(l, 0, sizeof(*l));
	sbuf_init(&l->value, REPLYHDR_MAX);
}

void
hdrput_list_free(struct hdrput_list *l)
{
	sbuf_free(&l->value);
	addrlist_free(&l->seen);
}

void
hdrput_list_forget(struct hdrput_list *l)
{
	addrlist_free(&l->seen);
}

int
hdrput_list_add(struct hdrput_list *l, const char *name, const char *addr)
{
	if (addrlist_has(&l->seen, addr))
		return 0;
	if (addrlist_add(&l->seen, NULL, addr) == -1)
		return -1;
	if (l->value.len > 0 && sbuf_addstr(&l->value, ", ") == -1)
		return -1;
	return displayname_mailbox(&l->value, name, addr);
}

int
hdrput_list_write(struct sbuf *b, struct hdrput_list *l, const char *name)
{
	int	 r = 0;

	if (l->value.failed)
		return -1;
	if (l->value.len > 0)
		r = hdr_write(b, name, sbuf_str(&l->value));
	sbuf_reset(&l->value);
	return r;
}
