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

#include "header/addr.h"
#include "header/displayname.h"
#include "header/encword.h"
#include "mime/parthdr.h"

/*
 * An embedded message keeps who wrote what to whom and when.  Where it came
 * through, its ids, and what any program added are left out: they name
 * servers, programs and tokens.
 */

/*
 * The text decoded and without secrets; how many there were, or -1.  Words
 * of an unknown charset are looked into as well.
 */
static int
clean(const char *text, size_t len, const struct bodytext *t,
    struct sbuf *out)
{
	struct sbuf	dec;
	int		leaks = -1;

	sbuf_init(&dec, BODYTEXT_MAX);
	if (encword_decode_any(&dec, text, len) != -1)
		leaks = bodytext_scrub(t, sbuf_str(&dec), dec.len, out);
	sbuf_free(&dec);
	return leaks;
}

static int
write_text(const struct hdr_field *f, const struct bodytext *t,
    struct sbuf *out)
{
	struct sbuf	raw, dec;
	int		leaks, hidden;

	sbuf_init(&raw, BODYTEXT_MAX * 2);
	sbuf_init(&dec, BODYTEXT_MAX * 2);
	leaks = clean(f->value, f->valuelen, t, &dec);
	hidden = bodytext_scrub(t, f->value, f->valuelen, &raw);
	if (leaks == -1 || hidden == -1)
		leaks = -1;
	else if (leaks == 0 && hidden == 0)
		leaks = parthdr_raw(f, out);
	else if (hdr_write_text(out, f->name, sbuf_str(&dec)) == -1)
		leaks = -1;
	else if (leaks == 0)
		leaks = hidden;
	sbuf_free(&raw);
	sbuf_free(&dec);
	return leaks;
}

/* One address, with its name, both clean; counts into *leaks. */
static int
write_addr(const struct addr *a, const struct bodytext *t, struct sbuf *out,
    int *leaks)
{
	struct sbuf	name, addr;
	int		n = 0, m, rc = -1;

	sbuf_init(&name, BODYTEXT_MAX * 2);
	sbuf_init(&addr, BODYTEXT_MAX * 2);
	if (a->name != NULL)
		n = clean(a->name, strlen(a->name), t, &name);
	if (n == 0 && a->name != NULL) {
		/* In UTF-8 as far as the charset is known. */
		sbuf_reset(&name);
		if (encword_decode(&name, a->name, strlen(a->name)) == -1)
			n = -1;
	}
	m = bodytext_scrub(t, a->addr, strlen(a->addr), &addr);
	if (n != -1 && m != -1) {
		rc = displayname_mailbox(out, sbuf_str(&name),
		    sbuf_str(&addr));
		*leaks += n + m;
	}
	sbuf_free(&name);
	sbuf_free(&addr);
	return rc;
}

/* The addresses anew: no comments, groups or obsolete forms are left. */
static int
write_addrs(const struct hdr_field *f, const struct bodytext *t,
    struct sbuf *out)
{
	struct addrlist	 l;
	struct sbuf	 b, raw;
	size_t		 i;
	int		 leaks = 0, hidden, rc = -1;

	memset(&l, 0, sizeof(l));
	sbuf_init(&b, PARTHDR_OUT_MAX);
	sbuf_init(&raw, PARTHDR_OUT_MAX);
	hidden = clean(f->value, f->valuelen, t, &raw);
	if (hidden == -1 || addrlist_parse(&l, f->value, f->valuelen,
	    ADDR_LIST_MAX) == -1)
		goto done;
	sbuf_printf(&b, "%s:", f->name);
	for (i = 0; i < l.n; i++) {
		sbuf_addstr(&b, i == 0 ? " " : ",\n ");
		if (write_addr(&l.v[i], t, &b, &leaks) == -1)
			goto done;
	}
	sbuf_addch(&b, '\n');
	if (leaks == 0)
		leaks = hidden;
	if (leaks == 0 && !(l.flags & (ADDRLIST_BAD | ADDRLIST_TRUNCATED)))
		rc = parthdr_raw(f, out);
	else if (l.n == 0)
		rc = 0;
	else if (!b.failed)
		rc = sbuf_add(out, b.data, b.len);
done:
	addrlist_free(&l);
	sbuf_free(&b);
	sbuf_free(&raw);
	return rc == -1 ? -1 : leaks;
}

int
partmsg_write(const struct hdr_field *f, const struct bodytext *t,
    struct sbuf *out)
{
	static const char *const lists[] = { "From", "Reply-To", "To", "Cc" };
	size_t	i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (strcasecmp(f->name, lists[i]) == 0)
			return write_addrs(f, t, out);
	return write_text(f, t, out);
}
