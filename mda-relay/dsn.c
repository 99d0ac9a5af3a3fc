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

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "dsn.h"
#include "mime/mimeparam.h"

#define DSN_SKIP	0		/* a body that is of no interest */
#define DSN_HEADER	1		/* the header of a part */
#define DSN_STATUS	2		/* fields of a delivery status */
#define DSN_TEXT	3		/* may hold replies */

static const char *const part_fields[] = { "Content-Type", NULL };
static const char *const status_fields[] = { "Action", "Status",
	"Diagnostic-Code", "Final-Recipient", "Original-Recipient", NULL };

static void
begin(struct dsn *d, int mode)
{
	hdr_init(&d->hdr, mode == DSN_STATUS ? status_fields : part_fields,
	    NULL, NULL);
	d->have_hdr = 1;
	d->mode = mode;
}

/* What a part's Content-Type means for its body. */
static int
content(struct dsn *d, const char *type)
{
	struct mimefield	 f;
	const char		*boundary;

	d->mode = DSN_SKIP;
	if (strlen(type) > MIMEPARAM_FIELD_MAX)
		return 0;
	if (mimefield_parse(&f, type, strlen(type)) == -1) {
		mimefield_free(&f);
		return -1;
	}
	if (strncmp(f.type, "multipart/", 10) == 0) {
		boundary = mimefield_get(&f, "boundary");
		if (boundary != NULL && *boundary != '\0' &&
		    d->depth < DSN_DEPTH && strlcpy(d->boundary[d->depth],
		    boundary, sizeof(d->boundary[0])) <
		    sizeof(d->boundary[0]))
			d->depth++;
	} else if (strcmp(f.type, "message/delivery-status") == 0 ||
	    strcmp(f.type, "message/global-delivery-status") == 0) {
		d->letter->flags |= LETTER_REPORT;
		begin(d, DSN_STATUS);
	} else if (strcmp(f.type, "text/plain") == 0 && d->depth > 0)
		d->mode = DSN_TEXT;
	mimefield_free(&f);
	return 0;
}

int
dsn_init(struct dsn *d, struct letter *l, const char *content_type)
{
	memset(d, 0, sizeof(*d));
	d->letter = l;
	if (content_type == NULL)
		return 0;
	return content(d, content_type);
}

/* "rfc822; carol@customer.test" as a malloced lower case address, or "". */
static char *
failure_recipient(const struct hdr *h)
{
	const struct hdr_field	*hf;
	const char		*s;
	char			 one[ADDR_MAX + 3], folded[ADDR_MAX + 1];
	size_t			 len;

	if ((hf = hdr_get(h, "Final-Recipient", 0)) == NULL &&
	    (hf = hdr_get(h, "Original-Recipient", 0)) == NULL)
		return strdup("");
	s = (s = strchr(hf->value, ';')) != NULL ? s + 1 : hf->value;
	while (*s == ' ' || *s == '\t' || *s == '<')
		s++;
	(void)strlcpy(one, s, sizeof(one));
	len = strcspn(one, " \t>");
	one[len] = '\0';
	if (addr_fold(one, folded, sizeof(folded)) == -1)
		return strdup("");
	return strdup(folded);
}

/* RFC 3463: digits and dots, or nothing. */
static void
failure_status(struct failure *f, const char *s)
{
	size_t	n;

	n = strspn(s, "0123456789.");
	if (n == 0 || n >= sizeof(f->status) ||
	    (s[n] != '\0' && s[n] != ' ' && s[n] != '\t' && s[n] != '('))
		return;
	memcpy(f->status, s, n);
	f->status[n] = '\0';
}

/* At most LETTER_TEXT_MAX characters, all printable ASCII. */
static void
quote(char *to, const char *s, size_t len)
{
	size_t	i;

	for (i = 0; i < LETTER_TEXT_MAX && i < len; i++)
		to[i] = s[i] >= ' ' && s[i] <= '~' ? s[i] :
		    s[i] == '\t' || s[i] == '\n' ? ' ' : '?';
	to[i] = '\0';
}

/* "smtp; 550 5.1.1 no such user": what follows the type, printable ASCII. */
static void
failure_text(struct failure *f, const char *s)
{
	const char	*semi;

	if ((semi = strchr(s, ';')) != NULL)
		s = semi + 1;
	while (*s == ' ' || *s == '\t')
		s++;
	quote(f->text, s, strlen(s));
}

/* A group of fields is complete: one recipient's when it has an Action. */
static int
group(struct dsn *d)
{
	const struct hdr_field	*hf;
	struct failure		*f;
	size_t			 n;

	if ((hf = hdr_get(&d->hdr, "Action", 0)) == NULL)
		return 0;
	n = strcspn(hf->value, " \t(;");
	if (n != 6 || strncasecmp(hf->value, "failed", 6) != 0)
		return 0;
	if (d->letter->nfailures >= LETTER_FAILURES_MAX)
		return 0;
	n = d->letter->nfailures;
	if ((f = recallocarray(d->letter->failure, n, n + 1,
	    sizeof(*f))) == NULL)
		return -1;
	d->letter->failure = f;
	f += n;
	if ((f->recipient = failure_recipient(&d->hdr)) == NULL)
		return -1;
	d->letter->nfailures++;
	if ((hf = hdr_get(&d->hdr, "Status", 0)) != NULL)
		failure_status(f, hf->value);
	if ((hf = hdr_get(&d->hdr, "Diagnostic-Code", 0)) != NULL)
		failure_text(f, hf->value);
	return 0;
}

/* The part that was being read is over. */
static int
leave(struct dsn *d)
{
	int	n = 0;

	if (d->have_hdr) {
		if (hdr_finish(&d->hdr) == -1 ||
		    (d->mode == DSN_STATUS && group(d) == -1))
			n = -1;
		hdr_free(&d->hdr);
		d->have_hdr = 0;
	}
	d->mode = DSN_SKIP;
	return n;
}

/*
 * A line that begins or ends a part (RFC 2046 5.1.1), also of an outer
 * multipart when the inner one was not closed: 1 it was one, 0 not, -1.
 */
static int
delimiter(struct dsn *d, const char *line, size_t len)
{
	size_t	i, n;
	int	last;

	if (len < 3 || line[0] != '-' || line[1] != '-')
		return 0;
	while (len > 2 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	for (i = d->depth; i > 0; i--) {
		n = strlen(d->boundary[i - 1]);
		if (len < n + 2 || memcmp(line + 2, d->boundary[i - 1], n) != 0)
			continue;
		last = len == n + 4 && line[n + 2] == '-' &&
		    line[n + 3] == '-';
		if (!last && len != n + 2)
			continue;
		if (leave(d) == -1)
			return -1;
		d->depth = last ? i - 1 : i;
		if (!last)
			begin(d, DSN_HEADER);
		return 1;
	}
	return 0;
}

/* Keeps "carol@customer.test: 550 5.1.1 no such user". */
static void
text_line(struct dsn *d, const char *line, size_t len)
{
	struct dsn_reply	*r;
	const char		*p;
	char			 addr[ADDR_MAX + 1];
	size_t			 n;

	if (d->nreplies == DSN_REPLIES_MAX ||
	    (p = memchr(line, ':', len)) == NULL)
		return;
	n = (size_t)(p - line);
	if (n > ADDR_MAX || len - n < 6 || p[1] != ' ' ||
	    (p[2] != '4' && p[2] != '5') ||
	    !isdigit((unsigned char)p[3]) || !isdigit((unsigned char)p[4]))
		return;
	memcpy(addr, line, n);
	addr[n] = '\0';
	r = &d->reply[d->nreplies];
	if (addr_fold(addr, r->recipient, sizeof(r->recipient)) == -1)
		return;
	quote(r->text, p + 2, len - n - 2);
	d->nreplies++;
}

int
dsn_line(struct dsn *d, const char *line, size_t len)
{
	const struct hdr_field	*hf;
	int			 n;

	if ((n = delimiter(d, line, len)) != 0)
		return n == -1 ? -1 : 0;
	if (d->mode == DSN_TEXT)
		text_line(d, line, len);
	if (d->mode == DSN_SKIP || d->mode == DSN_TEXT)
		return 0;
	if ((n = hdr_line(&d->hdr, line, len)) == -1)
		return -1;
	if (n == HDR_MORE)
		return 0;
	if (d->mode == DSN_STATUS) {
		if (group(d) == -1)
			return -1;
		hdr_free(&d->hdr);
		begin(d, DSN_STATUS);
		return 0;
	}
	hf = hdr_get(&d->hdr, "Content-Type", 0);
	n = 0;
	d->have_hdr = 0;
	if (hf != NULL) {
		struct hdr	 h = d->hdr;

		n = content(d, hf->value);
		hdr_free(&h);
	} else {
		hdr_free(&d->hdr);
		d->mode = DSN_SKIP;
	}
	return n;
}

/* Failures without a diagnosis of their own get the reply in the text. */
static void
match(struct dsn *d)
{
	struct failure	*f;
	size_t		 i, k;

	for (i = 0; i < d->letter->nfailures; i++) {
		f = &d->letter->failure[i];
		for (k = 0; k < d->nreplies && f->text[0] == '\0'; k++)
			if (strcmp(d->reply[k].recipient, f->recipient) == 0)
				(void)strlcpy(f->text, d->reply[k].text,
				    sizeof(f->text));
	}
}

int
dsn_end(struct dsn *d)
{
	int	n = leave(d);

	match(d);
	return n;
}
