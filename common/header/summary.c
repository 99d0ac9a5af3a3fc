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
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/lex.h"
#include "header/date.h"
#include "header/encword.h"
#include "header/summary.h"

#define SMTPDID_LEN	8	/* hexadecimal digits */

static const char *const	 kept[] = {
	"From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date",
	"Message-Id", "In-Reply-To", "References", "Received",
	"Auto-Submitted", "Precedence", "X-Spam", "X-Relay-*",
	"Authentication-Results", "MIME-Version", "Content-*", "Importance",
	"Sensitivity", "Thread-Topic", "List-Id", NULL
};

/* Fields whose mere presence is a mark. */
static const char *const	 autoreply[] = {
	"X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply",
	"X-Mail-Autoreply", "X-AutoReply-From", NULL
};
static const char *const	 list[] = { "List-*", "Mailing-List", NULL };
static const char *const	 suppress[] = {
	"X-Auto-Response-Suppress", NULL
};

/* Counts and marks while fields go by; 0: not to be kept. */
static int
field_seen(void *arg, const char *name, size_t len, size_t place)
{
	struct header_summary	*f = arg;

	(void)place;
	if (lex_is(name, len, "From"))
		f->nfrom++;
	else if (lex_is(name, len, "Received"))
		return f->received++ == 0;
	else if (lex_is(name, len, "Authentication-Results"))
		return f->received == 0 && f->authserv_id != NULL;
	else if (hdr_match(autoreply, name, len))
		f->automatic |= SUMMARY_AUTO_XREPLY;
	else if (hdr_match(list, name, len))
		f->automatic |= SUMMARY_AUTO_LIST;
	else if (hdr_match(suppress, name, len))
		f->automatic |= SUMMARY_AUTO_SUPPRESS;
	return 1;
}

static const struct ipc_field addr_fields[] = {
	IPC_OPTIONAL(struct addr, name, ADDR_NAME_MAX),
	IPC_STRING(struct addr, addr, ADDR_MAX),
	IPC_STRING(struct addr, folded, ADDR_MAX)
};
static const struct ipc_record addr_record =
    IPC_RECORD_OF(struct addr, addr_fields);

static const struct ipc_field addrlist_fields[] = {
	IPC_LIST(struct addrlist, v, n, SUMMARY_ADDRS_MAX, &addr_record)
};
static const struct ipc_record addrlist_record =
    IPC_RECORD_OF(struct addrlist, addrlist_fields);

static const struct ipc_field msgids_fields[] = {
	IPC_LIST(struct msgids, v, n, SUMMARY_IDS_MAX, &ipc_strings)
};
static const struct ipc_record msgids_record =
    IPC_RECORD_OF(struct msgids, msgids_fields);

static const struct ipc_field summary_fields[] = {
	IPC_NUMBER(struct header_summary, nfrom),
	IPC_RECORD(struct header_summary, from, &addrlist_record),
	IPC_TEXT(struct header_summary, why_not),
	IPC_RECORD(struct header_summary, reply_to, &addrlist_record),
	IPC_RECORD(struct header_summary, to, &addrlist_record),
	IPC_RECORD(struct header_summary, cc, &addrlist_record),
	IPC_STRING(struct header_summary, subject, SUMMARY_SUBJECT_MAX),
	IPC_STRING(struct header_summary, message_id, MSGID_MAX),
	IPC_RECORD(struct header_summary, in_reply_to, &msgids_record),
	IPC_RECORD(struct header_summary, references, &msgids_record),
	IPC_NUMBER(struct header_summary, automatic),
	IPC_NUMBER(struct header_summary, received),
	IPC_TEXT(struct header_summary, smtpd_id),
	IPC_NUMBER(struct header_summary, spam),
	IPC_NUMBER(struct header_summary, truncated),
	IPC_STRING(struct header_summary, from_raw, SUMMARY_FROM_MAX),
	IPC_NUMBER(struct header_summary, auth_pass),
	IPC_NUMBER(struct header_summary, auth_judged),
	IPC_NUMBER(struct header_summary, auth_unsure)
};
const struct ipc_record summary_record =
    IPC_RECORD_OF(struct header_summary, summary_fields);

int
summary_init(struct header_summary *f, const char *authserv_id)
{
	memset(f, 0, sizeof(*f));
	hdr_init(&f->hdr, kept, field_seen, f);
	if (authserv_id != NULL &&
	    (f->authserv_id = strdup(authserv_id)) == NULL)
		return -1;
	return 0;
}

void
summary_free(struct header_summary *f)
{
	hdr_free(&f->hdr);
	addrlist_free(&f->from);
	addrlist_free(&f->reply_to);
	addrlist_free(&f->to);
	addrlist_free(&f->cc);
	free(f->subject);
	free(f->subject_raw);
	free(f->from_raw);
	free(f->message_id);
	msgids_free(&f->in_reply_to);
	msgids_free(&f->references);
	authres_free(&f->authres);
	free(f->authserv_id);
	memset(f, 0, sizeof(*f));
}

/* Collects the addresses of all fields of one name. */
static int
get_addrs(struct header_summary *f, const char *name, struct addrlist *l)
{
	const struct hdr_field	*h;
	size_t			 i;

	for (i = 0; (h = hdr_get(&f->hdr, name, i)) != NULL; i++)
		if (addrlist_parse(l, h->value, h->valuelen,
		    SUMMARY_ADDRS_MAX) == -1)
			return -1;
	if (l->flags & ADDRLIST_TRUNCATED)
		f->truncated |= SUMMARY_TRUNC_ADDRS;
	return 0;
}

static int
get_ids(struct header_summary *f, const char *name, struct msgids *l)
{
	const struct hdr_field	*h;
	size_t			 i;

	for (i = 0; (h = hdr_get(&f->hdr, name, i)) != NULL; i++)
		if (msgid_parse(l, h->value, h->valuelen,
		    SUMMARY_IDS_MAX) == -1)
			return -1;
	if (l->truncated)
		f->truncated |= SUMMARY_TRUNC_IDS;
	return 0;
}

static int
get_message_id(struct header_summary *f)
{
	const struct hdr_field	*h;
	struct msgids		 l;
	int			 r = 0;

	memset(&l, 0, sizeof(l));
	if ((h = hdr_get(&f->hdr, "Message-Id", 0)) != NULL)
		r = msgid_parse(&l, h->value, h->valuelen, 1);
	if (r == 0 && l.n > 0) {
		f->message_id = l.v[0];
		l.v[0] = NULL;
	}
	msgids_free(&l);
	return r;
}

static int
get_subject(struct header_summary *f)
{
	const struct hdr_field	*h;
	struct sbuf		 b;

	if ((h = hdr_get(&f->hdr, "Subject", 0)) == NULL)
		return 0;
	if ((f->subject_raw = strdup(h->value)) == NULL)
		return -1;
	sbuf_init(&b, SUMMARY_SUBJECT_MAX);
	if (encword_decode(&b, h->value, strlen(h->value)) == -1) {
		/* What was decoded so far is the best there is. */
		f->truncated |= SUMMARY_TRUNC_SUBJECT;
		b.failed = 0;
	}
	f->subject = sbuf_take(&b);
	sbuf_free(&b);
	return f->subject == NULL ? -1 : 0;
}

/* The first word of a value is word in any case, behind it no letters. */
static int
value_is(const struct hdr_field *h, const char *word)
{
	size_t	 i = 0, n;

	lex_cfws(h->value, h->valuelen, &i, NULL);
	for (n = i; n < h->valuelen && lex_ttext(h->value[n]); n++)
		continue;
	return lex_is(h->value + i, n - i, word);
}

/* RFC 3834 section 5 and what came before it. */
static void
get_automatic(struct header_summary *f)
{
	const struct hdr_field	*h;
	size_t			 i;

	for (i = 0; (h = hdr_get(&f->hdr, "Auto-Submitted", i)) != NULL; i++)
		if (!value_is(h, "no"))
			f->automatic |= SUMMARY_AUTO_SUBMITTED;
	for (i = 0; (h = hdr_get(&f->hdr, "Precedence", i)) != NULL; i++)
		if (value_is(h, "bulk") || value_is(h, "junk") ||
		    value_is(h, "list"))
			f->automatic |= SUMMARY_AUTO_PRECEDENCE;
	for (i = 0; (h = hdr_get(&f->hdr, "X-Spam", i)) != NULL; i++)
		if (value_is(h, "yes"))
			f->spam = 1;
}

static int
is_hex(int ch)
{
	return (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'f');
}

/* The eight digits behind " id " in a line of len bytes, or NULL. */
static const char *
find_id(const char *line, size_t len)
{
	const char	*p;
	size_t		 i, n;

	for (i = 0; len - i >= 4 + SMTPDID_LEN; i++) {
		if (strncmp(line + i, " id ", 4) != 0)
			continue;
		p = line + i + 4;
		for (n = 0; n < len - i - 4 && is_hex(p[n]); n++)
			continue;
		if (n != SMTPDID_LEN || (n < len - i - 4 && p[n] != ';' &&
		    !lex_ws(p[n])))
			return NULL;
		return p;
	}
	return NULL;
}

/*
 * smtpd's message id stands in the line "\tby HOST (...) with ESMTP id
 * 0123abcd".  The line before it holds what the client said in EHLO, any
 * text at all, and the one behind it the recipient: neither may be read.
 */
static void
get_smtpd_id(struct header_summary *f)
{
	const char	*p, *id, *end, *nl;

	f->first_received = hdr_get(&f->hdr, "Received", 0);
	if (f->first_received == NULL)
		return;
	p = f->first_received->raw + strlen("Received:");
	end = f->first_received->raw + f->first_received->rawlen;
	for (; p < end; p = nl + 1) {
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if (p >= end ||
		    (nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		if (nl - p < 3 || strncmp(p, "by ", 3) != 0)
			continue;
		if ((id = find_id(p, (size_t)(nl - p))) != NULL) {
			memcpy(f->smtpd_id, id, SMTPDID_LEN);
			f->smtpd_id[SMTPDID_LEN] = '\0';
		}
		return;
	}
}

static void
get_authres(struct header_summary *f)
{
	const struct hdr_field	*h;
	size_t			 i;

	for (i = 0; (h = hdr_get(&f->hdr, "Authentication-Results", i)) !=
	    NULL; i++)
		authres_parse(&f->authres, f->authserv_id, h->value,
		    h->valuelen);
}

/* Why no single address is the writer beyond doubt, or NULL. */
static const char *
doubt(const struct header_summary *f)
{
	const struct hdr_field	*h = hdr_get(&f->hdr, "From", 0);

	if (f->nfrom == 0)
		return "the message has no From header";
	if (f->nfrom > 1)
		return "the message has more than one From header";
	if (h == NULL || h->flags & HDR_OVERSIZE)
		return "the From header is too long";
	if (h->flags & (HDR_NUL | HDR_CR | HDR_SPACE))
		return "the From header is malformed";
	if (f->from.n > 1)
		return "the From header names more than one address";
	if (f->from.flags & ADDRLIST_AMBIGUOUS)
		return f->from.why;
	if (f->from.flags & ADDRLIST_GROUP)
		return "the From header names a group";
	if (f->from.flags != 0 || f->from.n == 0)
		return "the From header names no address";
	/* Elsewhere, what makes other programs see another header. */
	if (f->hdr.flags & (HDR_NUL | HDR_CR))
		return "the header holds control characters";
	if (f->hdr.flags & (HDR_NOBLANK | HDR_BLANKFOLD | HDR_ORPHAN))
		return "it is not clear where the header ends";
	return NULL;
}

int
summary_finish(struct header_summary *f)
{
	const struct hdr_field	*h;
	const char		*why;

	if (f->finished)
		return 0;
	f->finished = 1;
	if (hdr_finish(&f->hdr) == -1 ||
	    get_addrs(f, "From", &f->from) == -1 ||
	    get_addrs(f, "Reply-To", &f->reply_to) == -1 ||
	    get_addrs(f, "To", &f->to) == -1 ||
	    get_addrs(f, "Cc", &f->cc) == -1 ||
	    get_ids(f, "In-Reply-To", &f->in_reply_to) == -1 ||
	    get_ids(f, "References", &f->references) == -1 ||
	    get_message_id(f) == -1 || get_subject(f) == -1)
		return -1;
	if ((h = hdr_get(&f->hdr, "Date", 0)) != NULL)
		f->has_date = date_parse(h->value, h->valuelen, &f->date,
		    NULL) == 0;
	get_automatic(f);
	get_smtpd_id(f);
	get_authres(f);
	if ((h = hdr_get(&f->hdr, "Content-Type", 0)) != NULL)
		f->content_type = h->value;
	if ((h = hdr_get(&f->hdr, "Content-Transfer-Encoding", 0)) != NULL)
		f->content_encoding = h->value;
	if (f->hdr.flags & HDR_OVERSIZE)
		f->truncated |= SUMMARY_TRUNC_HDR;
	if ((why = doubt(f)) != NULL)
		snprintf(f->why_not, sizeof(f->why_not), "%s%s",
		    why == f->from.why ? "the From header " : "", why);
	return 0;
}

int
summary_line(struct header_summary *f, const char *line, size_t len)
{
	int	 r = hdr_line(&f->hdr, line, len);

	if (r == HDR_MORE || r == -1)
		return r;
	return summary_finish(f) == -1 ? -1 : r;
}

const struct addr *
summary_writer(const struct header_summary *f)
{
	return f->why_not[0] == '\0' && f->from.n == 1 ? &f->from.v[0] : NULL;
}

const char *
summary_id(const struct header_summary *f, size_t i)
{
	if (i < f->references.n)
		return f->references.v[i];
	i -= f->references.n;
	return i < f->in_reply_to.n ? f->in_reply_to.v[i] : NULL;
}

const struct addr *
summary_recipient(const struct header_summary *f, size_t i)
{
	if (i < f->to.n)
		return &f->to.v[i];
	i -= f->to.n;
	return i < f->cc.n ? &f->cc.v[i] : NULL;
}

const char *
summary_single(const struct header_summary *f, const char *name)
{
	const struct hdr_field	*h = hdr_get(&f->hdr, name, 0);

	if (h == NULL || hdr_get(&f->hdr, name, 1) != NULL ||
	    h->flags & (HDR_NUL | HDR_OVERSIZE))
		return NULL;
	return h->value;
}
