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

#include "copyhdr.h"
#include "header/date.h"
#include "header/displayname.h"
#include "header/hdrput.h"

#define NAME_SIZE	(3 * DISPLAYNAME_SIZE)

/*
 * What to call somebody without a name: the address, written so that no
 * program takes it for one and answers around the mailbox.
 */
static void
name_of_address(const char *addr, char *out, size_t outsz)
{
	const char	*at = strrchr(addr, '@');

	if (at == NULL)
		snprintf(out, outsz, "someone");
	else
		snprintf(out, outsz, "%.*s at %s", (int)(at - addr), addr,
		    at + 1);
}

/* More than any list that fits into a frame. */
#define LIST_MAX	10000

static const struct ipc_field plan_fields[] = {
	IPC_NUMBER(struct copyhdr_plan, kind),
	IPC_STRING(struct copyhdr_plan, mailbox, ADDR_MAX),
	IPC_OPTIONAL(struct copyhdr_plan, mailbox_name, IPC_STRING_MAX),
	IPC_OPTIONAL(struct copyhdr_plan, from, ADDR_MAX),
	IPC_OPTIONAL(struct copyhdr_plan, worker_name, IPC_STRING_MAX),
	IPC_NUMBER(struct copyhdr_plan, unverified),
	IPC_NUMBER(struct copyhdr_plan, original),
	IPC_LIST(struct copyhdr_plan, map, nmap, LIST_MAX,
	    &replyhdr_addr_record),
	IPC_LIST(struct copyhdr_plan, ours, nours, LIST_MAX, &ipc_strings),
	IPC_LIST(struct copyhdr_plan, ids, nids, LIST_MAX,
	    &replyhdr_id_record),
	IPC_STRING(struct copyhdr_plan, message_id, MSGID_MAX),
	IPC_STRING(struct copyhdr_plan, conversation, IPC_STRING_MAX),
	IPC_NUMBER(struct copyhdr_plan, now)
};
const struct ipc_record copyhdr_plan_record =
    IPC_RECORD_OF(struct copyhdr_plan, plan_fields);

static int
is_ours(const struct copyhdr_plan *p, const char *addr)
{
	size_t	 i;

	for (i = 0; i < p->nours; i++)
		if (addr_equal(p->ours[i], addr))
			return 1;
	return addr_equal(p->mailbox, addr);
}

/* Adds a participant's handle under the name that the worker shall see. */
static int
add_handle(struct hdrput_list *l, const struct copyhdr_plan *p,
    const struct replyhdr_addr *m, const char *name)
{
	char	 fallback[ADDR_MAX + 8], out[NAME_SIZE];

	name_of_address(m->from, fallback, sizeof(fallback));
	if (displayname_via(m->name != NULL ? m->name : name, fallback,
	    p->mailbox_name, 0, out, sizeof(out)) == -1)
		return -1;
	return hdrput_list_add(l, out, m->to);
}

/* Adds the addresses that may stay: how many are ours, or -1. */
static int
add_addrs(struct hdrput_list *l, const struct copyhdr_plan *p,
    const struct addrlist *from)
{
	const struct replyhdr_addr	*m;
	char				 name[DISPLAYNAME_SIZE];
	size_t				 i;
	int				 ours = 0;

	for (i = 0; i < from->n; i++) {
		m = hdrput_find(p->map, p->nmap, from->v[i].addr);
		if (m != NULL) {
			if (add_handle(l, p, m, from->v[i].name) == -1)
				return -1;
		} else if (is_ours(p, from->v[i].addr)) {
			ours++;
			if (displayname_clean(from->v[i].name, name,
			    sizeof(name)) == -1 ||
			    hdrput_list_add(l, name, from->v[i].addr) == -1)
				return -1;
		}
	}
	return ours;
}

/* "Alice (Company Support)", the mailbox's own name, or nothing. */
static void
team_name(const struct copyhdr_plan *p, char *out, size_t outsz)
{
	char	 worker[DISPLAYNAME_SIZE], box[DISPLAYNAME_SIZE];

	if (displayname_clean(p->worker_name, worker, sizeof(worker)) == -1)
		worker[0] = '\0';
	if (displayname_clean(p->mailbox_name, box, sizeof(box)) == -1)
		box[0] = '\0';
	if (worker[0] != '\0' && box[0] != '\0')
		snprintf(out, outsz, "%s (%s)", worker, box);
	else
		snprintf(out, outsz, "%s", worker[0] != '\0' ? worker : box);
}

/* "Carol (via Company Support)" for the writer of a customer's message. */
static int
writer_name(const struct header_summary *f, const struct copyhdr_plan *p,
    char *out,
    size_t outsz)
{
	const struct replyhdr_addr	*m = NULL;
	const struct addr		*a = NULL;
	const char			*name = NULL;
	char				 fallback[ADDR_MAX + 8] = "someone";

	if (f->from.n > 0) {
		a = &f->from.v[0];
		name = a->name;
		m = hdrput_find(p->map, p->nmap, a->addr);
		if (m != NULL && m->name != NULL)
			name = m->name;
		/* Without a handle it may be a member's private address. */
		if (p->from != NULL)
			name_of_address(a->addr, fallback, sizeof(fallback));
	}
	return displayname_via(name, fallback, p->mailbox_name, p->unverified,
	    out, outsz);
}

/* From, and Reply-To for a customer's message. */
static int
put_from(struct sbuf *b, struct hdrput_list *l, const struct header_summary *f,
    const struct copyhdr_plan *p)
{
	const char	*addr = p->mailbox;
	char		 name[NAME_SIZE];
	size_t		 len = b->len;

	if (p->kind == COPYHDR_TEAM)
		team_name(p, name, sizeof(name));
	else {
		if (p->from != NULL)
			addr = p->from;
		if (writer_name(f, p, name, sizeof(name)) == -1)
			return -1;
	}
	if (p->original && hdrput_raw(b, f, "From") == -1)
		return -1;
	if (b->len == len && (hdrput_list_add(l, name, addr) == -1 ||
	    hdrput_list_write(b, l, "From") == -1))
		return -1;
	hdrput_list_forget(l);
	if (p->kind == COPYHDR_TEAM)
		return 0;
	if (add_addrs(l, p, &f->reply_to) == -1)
		return -1;
	if (l->value.len == 0 && hdrput_list_add(l, name, addr) == -1)
		return -1;
	if (hdrput_list_write(b, l, "Reply-To") == -1)
		return -1;
	hdrput_list_forget(l);
	return 0;
}

/*
 * To and Cc; one of our mailboxes always stands in To.  Members see all who
 * take part in what their team says, so that an answer to all reaches them.
 */
static int
put_recipients(struct sbuf *b, struct hdrput_list *l,
    const struct header_summary *f,
    const struct copyhdr_plan *p)
{
	size_t	 i;
	int	 n;

	if ((n = add_addrs(l, p, &f->to)) == -1)
		return -1;
	if (n == 0 && hdrput_list_add(l, p->mailbox_name, p->mailbox) == -1)
		return -1;
	if (hdrput_list_write(b, l, "To") == -1 ||
	    add_addrs(l, p, &f->cc) == -1)
		return -1;
	for (i = 0; p->kind == COPYHDR_TEAM && i < p->nmap; i++)
		if (add_handle(l, p, &p->map[i], NULL) == -1)
			return -1;
	return hdrput_list_write(b, l, "Cc");
}

/* The date as it came, or now where that is none. */
static int
put_date(struct sbuf *b, const struct header_summary *f,
    const struct copyhdr_plan *p)
{
	char	 date[DATE_SIZE];
	size_t	 len = b->len;

	if (f->has_date) {
		if (hdr_write(b, "Date",
		    hdr_get(&f->hdr, "Date", 0)->value) == 0)
			return 0;
		if (b->failed)
			return -1;
		sbuf_cut(b, len);
	}
	if (date_format(date, sizeof(date),
	    f->has_date ? f->date : p->now) == -1)
		return -1;
	return hdr_write(b, "Date", date);
}

int
copyhdr_build(struct sbuf *b, const struct header_summary *f,
    const struct copyhdr_plan *p)
{
	struct hdrput_list	 l;
	int			 keep, r = -1;

	/* A member's unknown ids may be tokens of theirs. */
	keep = p->kind == COPYHDR_CUSTOMER;
	hdrput_list_init(&l);
	if (p->conversation != NULL &&
	    hdr_write(b, "X-Relay-Conversation", p->conversation) == -1)
		goto done;
	if (p->unverified && hdr_write(b, "X-Relay-Unverified", "yes") == -1)
		goto done;
	if (put_date(b, f, p) == -1 || put_from(b, &l, f, p) == -1 ||
	    put_recipients(b, &l, f, p) == -1 ||
	    hdrput_text(b, f, "Subject", NULL) == -1 ||
	    hdrput_id(b, "Message-ID", p->message_id) == -1 ||
	    hdrput_ids(b, "In-Reply-To", &f->in_reply_to, p->ids, p->nids,
	    keep) == -1 ||
	    hdrput_ids(b, "References", &f->references, p->ids, p->nids,
	    keep) == -1 ||
	    hdrput_mime(b, f, p->mime) == -1 ||
	    hdrput_text(b, f, "Importance", NULL) == -1 ||
	    hdrput_text(b, f, "Sensitivity", NULL) == -1 ||
	    hdrput_raw(b, f, "Auto-Submitted") == -1 ||
	    hdrput_raw(b, f, "List-Id") == -1)
		goto done;
	r = 0;
done:
	hdrput_list_free(&l);
	return r;
}
