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

#include "header/date.h"
#include "header/displayname.h"
#include "header/hdrput.h"
#include "header/replyhdr.h"

#define TAG_MAX		65

static int
is_private(const struct replyhdr_plan *p, const char *addr)
{
	size_t	 i;

	for (i = 0; i < p->nprivate; i++)
		if (addr_equal(p->private[i], addr))
			return 1;
	return 0;
}

/* 1 when addr is the mailbox with some tag: a handle that is not mapped. */
static int
is_tagged(const struct replyhdr_plan *p, const char *addr)
{
	char	 base[ADDR_MAX + 1], tag[TAG_MAX];

	return addr_split_tag(addr, base, sizeof(base), tag,
	    sizeof(tag)) == 1 && addr_equal(base, p->mailbox);
}

/* Scrubs a text into out: what was taken, or -1. */
static int
scrub(struct hdrput_scrub *s, const char *text, struct sbuf *out)
{
	int	 n;

	if (s->scrub == NULL)
		return sbuf_addstr(out, text);
	if ((n = s->scrub(s->arg, text, strlen(text), out)) > 0)
		s->changed += n;
	return n;
}

/* Adds an address that is neither a handle nor private. */
static int
add_other(struct hdrput_list *l, const struct replyhdr_plan *p,
    struct hdrput_scrub *s, const struct addr *a)
{
	struct sbuf	 b;
	char		 name[DISPLAYNAME_SIZE];
	int		 n, r = -1;

	sbuf_init(&b, ADDR_NAME_MAX * 4);
	if ((n = scrub(s, a->addr, &b)) > 0)
		r = hdrput_list_add(l, p->mailbox_name, p->mailbox);
	else if (n == 0) {
		sbuf_reset(&b);
		if (displayname_clean(a->name, name, sizeof(name)) == 0 &&
		    scrub(s, name, &b) != -1)
			r = hdrput_list_add(l, sbuf_str(&b), a->addr);
	}
	sbuf_free(&b);
	return r;
}

static int
put_addrs(struct sbuf *b, struct hdrput_list *l, const char *name,
    const struct addrlist *from, const struct replyhdr_plan *p,
    struct hdrput_scrub *s)
{
	const struct replyhdr_addr	*m;
	char				 clean[DISPLAYNAME_SIZE];
	size_t				 i;
	int				 r = 0;

	for (i = 0; i < from->n && r == 0; i++) {
		m = hdrput_find(p->map, p->nmap, from->v[i].addr);
		if (m != NULL) {
			r = displayname_clean(m->name, clean, sizeof(clean));
			if (r == 0)
				r = hdrput_list_add(l, clean, m->to);
		} else if (is_private(p, from->v[i].addr) ||
		    is_tagged(p, from->v[i].addr)) {
			s->changed++;
			r = hdrput_list_add(l, p->mailbox_name, p->mailbox);
		} else
			r = add_other(l, p, s, &from->v[i]);
	}
	if (r == 0)
		r = hdrput_list_write(b, l, name);
	return r;
}

static int
put_recipients(struct sbuf *b, const struct header_summary *f,
    const struct replyhdr_plan *p, struct hdrput_scrub *s)
{
	struct hdrput_list	 l;
	size_t			 len = b->len;
	int			 r = -1;

	hdrput_list_init(&l);
	if (put_addrs(b, &l, "To", &f->to, p, s) == 0 &&
	    put_addrs(b, &l, "Cc", &f->cc, p, s) == 0)
		r = 0;
	hdrput_list_free(&l);
	if (r == 0 && b->len == len)
		r = hdr_write(b, "To", "undisclosed-recipients:;");
	return r;
}

static int
put_from(struct sbuf *b, const struct replyhdr_plan *p)
{
	struct hdrput_list	 l;
	char			 worker[DISPLAYNAME_SIZE];
	char			 box[DISPLAYNAME_SIZE];
	char			 name[2 * DISPLAYNAME_SIZE + 4];
	int			 r = -1;

	if (displayname_clean(p->mailbox_name, box, sizeof(box)) == -1 ||
	    displayname_clean(p->worker_name, worker, sizeof(worker)) == -1)
		return -1;
	if (worker[0] != '\0' && box[0] != '\0')
		snprintf(name, sizeof(name), "%s (%s)", worker, box);
	else
		snprintf(name, sizeof(name), "%s", worker[0] != '\0' ?
		    worker : box);
	hdrput_list_init(&l);
	if (hdrput_list_add(&l, name, p->mailbox) == 0)
		r = hdrput_list_write(b, &l, "From");
	hdrput_list_free(&l);
	return r;
}

int
replyhdr_build(struct sbuf *b, const struct header_summary *f,
    const struct replyhdr_plan *p, int *changed)
{
	struct hdrput_scrub	 s = { p->scrub, p->arg, 0 };
	char			 date[DATE_SIZE];

	if (p->reply_id != NULL &&
	    hdr_write(b, "X-Relay-Reply", p->reply_id) == -1)
		return -1;
	if (f->first_received != NULL &&
	    hdr_write_raw(b, f->first_received) == -1)
		return -1;
	if (date_format(date, sizeof(date),
	    f->has_date ? f->date : p->now) == -1 ||
	    hdr_write(b, "Date", date) == -1 ||
	    put_from(b, p) == -1 ||
	    put_recipients(b, f, p, &s) == -1 ||
	    hdrput_text(b, f, "Subject", &s) == -1 ||
	    hdrput_id(b, "Message-ID", p->message_id) == -1 ||
	    hdrput_ids(b, "In-Reply-To", &f->in_reply_to, p->ids, p->nids,
	    0) == -1 ||
	    hdrput_ids(b, "References", &f->references, p->ids, p->nids,
	    0) == -1 ||
	    hdrput_mime(b, f, p->mime) == -1 ||
	    hdrput_text(b, f, "Importance", &s) == -1 ||
	    hdrput_text(b, f, "Sensitivity", &s) == -1 ||
	    hdrput_text(b, f, "Thread-Topic", &s) == -1)
		return -1;
	if (changed != NULL)
		*changed = s.changed;
	return 0;
}
