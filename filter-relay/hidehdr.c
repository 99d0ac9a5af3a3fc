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

#include "base/lex.h"
#include "header/addr.h"
#include "header/date.h"
#include "header/hdr.h"
#include "header/hdrput.h"
#include "hidehdr.h"

#define HIDE_BEHALF	"shown as the one who really wrote, or a login"
#define HIDE_HOST	"names the submitting host or its address"
#define HIDE_PROGRAM	"names the program or the system"
#define HIDE_LOCAL	"notes of the program to itself"
#define HIDE_ENVELOPE	"who else gets it, or the envelope"
#define HIDE_RESULT	"made by a host before us; it names it"

static const struct hidehdr_rule	 rules[] = {
	{ "Sender", HIDEHDR_DROP, HIDE_BEHALF },
	{ "Resent-Sender", HIDEHDR_DROP, HIDE_BEHALF },
	{ "X-Sender", HIDEHDR_DROP, HIDE_BEHALF },
	{ "X-X-Sender", HIDEHDR_DROP, HIDE_BEHALF },
	{ "X-Original-Sender", HIDEHDR_DROP, HIDE_BEHALF },
	{ "X-Authenticated-*", HIDEHDR_DROP, HIDE_BEHALF },
	{ "X-Authentication-*", HIDEHDR_DROP, HIDE_BEHALF },
	{ "X-AuthUser", HIDEHDR_DROP, HIDE_BEHALF },
	{ "X-Auth-*", HIDEHDR_DROP, HIDE_BEHALF },
	{ "X-Get-Message-Sender-Via", HIDEHDR_DROP, HIDE_BEHALF },
	{ "X-Squirrel-*", HIDEHDR_DROP, HIDE_BEHALF },
	{ "X-Webmail-*", HIDEHDR_DROP, HIDE_BEHALF },
	{ "Received", HIDEHDR_RECEIVED, HIDE_HOST },
	{ "X-Received", HIDEHDR_DROP, HIDE_HOST },
	{ "X-Originating-*", HIDEHDR_DROP, HIDE_HOST },
	{ "X-OriginatorOrg", HIDEHDR_DROP, HIDE_HOST },
	{ "X-Client-*", HIDEHDR_DROP, HIDE_HOST },
	{ "X-ClientProxiedBy", HIDEHDR_DROP, HIDE_HOST },
	{ "X-Remote-*", HIDEHDR_DROP, HIDE_HOST },
	{ "X-Real-IP", HIDEHDR_DROP, HIDE_HOST },
	{ "X-Forwarded-*", HIDEHDR_DROP, HIDE_HOST },
	{ "X-Sender-*", HIDEHDR_DROP, HIDE_HOST },
	{ "X-Source*", HIDEHDR_DROP, HIDE_HOST },
	{ "X-HELO", HIDEHDR_DROP, HIDE_HOST },
	{ "X-PHP-*", HIDEHDR_DROP, HIDE_HOST },
	{ "X-AntiAbuse", HIDEHDR_DROP, HIDE_HOST },
	{ "X-Trace", HIDEHDR_DROP, HIDE_HOST },
	{ "X-MIMETrack", HIDEHDR_DROP, HIDE_HOST },
	{ "NNTP-Posting-*", HIDEHDR_DROP, HIDE_HOST },
	{ "Message-ID", HIDEHDR_MSGID, HIDE_HOST },
	{ "Resent-Message-ID", HIDEHDR_DROP, HIDE_HOST },
	{ "In-Reply-To", HIDEHDR_IDS, HIDE_HOST },
	{ "References", HIDEHDR_IDS, HIDE_HOST },
	{ "User-Agent", HIDEHDR_DROP, HIDE_PROGRAM },
	{ "X-User-Agent", HIDEHDR_DROP, HIDE_PROGRAM },
	{ "X-Mailer*", HIDEHDR_DROP, HIDE_PROGRAM },
	{ "X-Newsreader", HIDEHDR_DROP, HIDE_PROGRAM },
	{ "X-MimeOLE", HIDEHDR_DROP, HIDE_PROGRAM },
	{ "X-MSMail-Priority", HIDEHDR_DROP, HIDE_PROGRAM },
	{ "X-MS-*", HIDEHDR_DROP, HIDE_PROGRAM },
	{ "X-Exchange-*", HIDEHDR_DROP, HIDE_PROGRAM },
	{ "X-Apple-*", HIDEHDR_DROP, HIDE_PROGRAM },
	{ "X-Android-*", HIDEHDR_DROP, HIDE_PROGRAM },
	{ "X-Operating-System", HIDEHDR_DROP, HIDE_PROGRAM },
	{ "X-Enigmail-*", HIDEHDR_DROP, HIDE_PROGRAM },
	{ "X-Accept-Language", HIDEHDR_DROP, HIDE_PROGRAM },
	{ "X-Antivirus*", HIDEHDR_DROP, HIDE_PROGRAM },
	{ "MIME-Version", HIDEHDR_MIME, HIDE_PROGRAM },
	{ "X-Mozilla-*", HIDEHDR_DROP, HIDE_LOCAL },
	{ "X-Account-Key", HIDEHDR_DROP, HIDE_LOCAL },
	{ "X-Identity-Key", HIDEHDR_DROP, HIDE_LOCAL },
	{ "X-Uniform-Type-Identifier", HIDEHDR_DROP, HIDE_LOCAL },
	{ "X-Universally-Unique-Identifier", HIDEHDR_DROP, HIDE_LOCAL },
	{ "X-Unsent", HIDEHDR_DROP, HIDE_LOCAL },
	{ "X-Evolution-*", HIDEHDR_DROP, HIDE_LOCAL },
	{ "X-KMail-*", HIDEHDR_DROP, HIDE_LOCAL },
	{ "X-Claws-*", HIDEHDR_DROP, HIDE_LOCAL },
	{ "X-Sylpheed-*", HIDEHDR_DROP, HIDE_LOCAL },
	{ "X-Mutt-*", HIDEHDR_DROP, HIDE_LOCAL },
	{ "X-Gnus-*", HIDEHDR_DROP, HIDE_LOCAL },
	{ "X-Draft-*", HIDEHDR_DROP, HIDE_LOCAL },
	{ "Status", HIDEHDR_DROP, HIDE_LOCAL },
	{ "X-Status", HIDEHDR_DROP, HIDE_LOCAL },
	{ "X-UID*", HIDEHDR_DROP, HIDE_LOCAL },
	{ "X-Keywords", HIDEHDR_DROP, HIDE_LOCAL },
	{ "Bcc", HIDEHDR_DROP, HIDE_ENVELOPE },
	{ "Resent-Bcc", HIDEHDR_DROP, HIDE_ENVELOPE },
	{ "Apparently-To", HIDEHDR_DROP, HIDE_ENVELOPE },
	{ "Return-Path", HIDEHDR_DROP, HIDE_ENVELOPE },
	{ "Delivered-To", HIDEHDR_DROP, HIDE_ENVELOPE },
	{ "Envelope-*", HIDEHDR_DROP, HIDE_ENVELOPE },
	{ "X-Envelope-*", HIDEHDR_DROP, HIDE_ENVELOPE },
	{ "X-Original-To", HIDEHDR_DROP, HIDE_ENVELOPE },
	{ "Errors-To", HIDEHDR_DROP, HIDE_ENVELOPE },
	{ "Return-Receipt-To", HIDEHDR_RECEIPT, HIDE_BEHALF },
	{ "Disposition-Notification-To", HIDEHDR_RECEIPT, HIDE_BEHALF },
	{ "X-Confirm-Reading-To", HIDEHDR_RECEIPT, HIDE_BEHALF },
	{ "DKIM-Signature", HIDEHDR_DROP, HIDE_RESULT },
	{ "X-Google-DKIM-Signature", HIDEHDR_DROP, HIDE_RESULT },
	{ "DomainKey-Signature", HIDEHDR_DROP, HIDE_RESULT },
	{ "ARC-*", HIDEHDR_DROP, HIDE_RESULT },
	{ "Authentication-Results", HIDEHDR_DROP, HIDE_RESULT },
	{ "Received-SPF", HIDEHDR_DROP, HIDE_RESULT },
	{ "X-Spam-*", HIDEHDR_DROP, HIDE_RESULT },
	{ "X-Virus-*", HIDEHDR_DROP, HIDE_RESULT }
};

#define NRULES	(sizeof(rules) / sizeof(rules[0]))

const struct hidehdr_rule *
hidehdr_rules(size_t *n)
{
	*n = NRULES;
	return rules;
}

const struct hidehdr_rule *
hidehdr_rule(const char *name, size_t len)
{
	const char	*pattern[2] = { NULL, NULL };
	size_t		 i;

	for (i = 0; i < NRULES; i++) {
		pattern[0] = rules[i].name;
		if (hdr_match(pattern, name, len))
			return &rules[i];
	}
	return NULL;
}

/* A field: its lines, and the value from behind the colon on. */
struct field {
	const char			*raw;
	size_t				 rawlen;
	const char			*value;
	size_t				 valuelen;
	const struct hidehdr_rule	*rule;
};

/* Takes the next field off *pos: 1, or 0 when the header has ended. */
static int
field_next(const char **pos, const char *end, struct field *f)
{
	const char	*p = *pos, *nl, *colon;
	size_t		 n;

	if (p == end || *p == '\n')
		return 0;
	memset(f, 0, sizeof(*f));
	f->raw = p;
	do {
		nl = memchr(p, '\n', (size_t)(end - p));
		p = nl == NULL ? end : nl + 1;
	} while (p < end && (*p == ' ' || *p == '\t'));
	f->rawlen = (size_t)(p - f->raw);
	*pos = p;
	nl = memchr(f->raw, '\n', f->rawlen);
	n = nl == NULL ? f->rawlen : (size_t)(nl - f->raw);
	if ((colon = memchr(f->raw, ':', n)) == NULL)
		return 1;
	f->value = colon + 1;
	f->valuelen = f->rawlen - (size_t)(f->value - f->raw);
	if (f->valuelen > 0 && f->value[f->valuelen - 1] == '\n')
		f->valuelen--;
	/* RFC 5322 4.5 allows white space before the colon. */
	for (n = (size_t)(colon - f->raw); n > 0 && lex_ws(f->raw[n - 1]); n--)
		continue;
	f->rule = hidehdr_rule(f->raw, n);
	return 1;
}

/* The parts of a Received field that may stay, RFC 5321 4.4. */
struct trace {
	char	by[ADDR_DOMAIN_MAX + 1];
	char	with[32];
	char	id[64];
	time_t	when;
};

static void
trace_word(char *dst, size_t size, const char *p, size_t len)
{
	size_t	i;

	for (i = 0; i < len; i++)
		if (p[i] < '!' || p[i] > '~' || p[i] == ';')
			return;
	if (len >= size)
		return;
	memcpy(dst, p, len);
	dst[len] = '\0';
}

/* Reads "by HOST (...) with PROTOCOL id ID ..." up to a semicolon. */
static void
trace_clauses(struct trace *t, const char *p, size_t len)
{
	const char	*word, *last = NULL;
	size_t		 i = 0, n, lastlen = 0;

	while (i < len && p[i] != ';') {
		if (lex_cfws(p, len, &i, NULL) == -1)
			return;
		word = p + i;
		for (n = 0; i < len && !lex_ws(p[i]) && p[i] != '(' &&
		    p[i] != ';'; n++)
			i++;
		if (last == NULL) {
			last = word;
			lastlen = n;
			continue;
		}
		if (lex_is(last, lastlen, "by") && t->by[0] == '\0')
			trace_word(t->by, sizeof(t->by), word, n);
		else if (lex_is(last, lastlen, "with") && t->with[0] == '\0')
			trace_word(t->with, sizeof(t->with), word, n);
		else if (lex_is(last, lastlen, "id") && t->id[0] == '\0')
			trace_word(t->id, sizeof(t->id), word, n);
		last = NULL;
	}
}

/*
 * What the client said in EHLO stands before the line that begins with by,
 * and may be any text: it is not read.  1, or 0 if there is no such line.
 */
static int
trace_parse(struct trace *t, const struct field *f, time_t now)
{
	const char	*p = f->value, *end = p + f->valuelen, *nl, *date;

	memset(t, 0, sizeof(*t));
	t->when = now;
	for (; p < end; p = nl + 1) {
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if (end - p > 3 && strncasecmp(p, "by ", 3) == 0)
			break;
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			return 0;
	}
	if (p >= end)
		return 0;
	trace_clauses(t, p, (size_t)(end - p));
	for (date = end; date > p && date[-1] != ';'; date--)
		continue;
	if (date > p && date_parse(date, (size_t)(end - date), &t->when,
	    NULL) == -1)
		t->when = now;
	return t->by[0] != '\0';
}

static int
trace_write(struct sbuf *b, const struct trace *t)
{
	char	date[DATE_SIZE];

	if (date_format(date, sizeof(date), t->when) == -1)
		return -1;
	return sbuf_printf(b, "Received: by %s%s%s%s%s;\n\t%s\n", t->by,
	    t->with[0] == '\0' ? "" : " with ", t->with,
	    t->id[0] == '\0' ? "" : " id ", t->id, date);
}

/* The first one says who we are. */
static int
put_received(struct sbuf *b, const struct field *f, struct trace *ours,
    time_t now)
{
	struct trace	t;
	int		first = ours->by[0] == '\0';

	if (!trace_parse(&t, f, now))
		return 0;
	if (first)
		*ours = t;
	else if (strcasecmp(t.by, ours->by) != 0)
		return 0;
	return trace_write(b, &t);
}

/* Ids of one's own that are known outside under others. */
static int
put_ids(struct sbuf *b, const struct field *f, const struct hidehdr_plan *p)
{
	struct msgids	 ids;
	size_t		 i;
	int		 r, changed = 0;

	memset(&ids, 0, sizeof(ids));
	r = msgid_parse(&ids, f->value, f->valuelen, MSGID_LIST_MAX);
	for (i = 0; i < p->nids && r == 0 && !changed; i++)
		changed = msgids_has(&ids, p->ids[i].from);
	if (r == 0)
		r = changed ? hdrput_ids(b, f->rule->name, &ids, p->ids,
		    p->nids, 1) : sbuf_add(b, f->raw, f->rawlen);
	msgids_free(&ids);
	return r;
}

/* A receipt that goes to another address than the writer's names it. */
static int
put_receipt(struct sbuf *b, const struct field *f,
    const struct hidehdr_plan *p)
{
	struct addrlist	 l;
	int		 r;

	memset(&l, 0, sizeof(l));
	r = addrlist_parse(&l, f->value, f->valuelen, 2);
	if (r == 0 && l.n == 1 && l.flags == 0 && p->from != NULL &&
	    addr_equal(l.v[0].addr, p->from))
		r = sbuf_add(b, f->raw, f->rawlen);
	addrlist_free(&l);
	return r;
}

static int
put_field(struct sbuf *b, const struct field *f, struct trace *ours,
    const struct hidehdr_plan *p)
{
	if (f->rule == NULL)
		return sbuf_add(b, f->raw, f->rawlen);
	switch (f->rule->what) {
	case HIDEHDR_RECEIVED:
		return put_received(b, f, ours, p->now);
	case HIDEHDR_MIME:
		return sbuf_addstr(b, "MIME-Version: 1.0\n");
	case HIDEHDR_MSGID:
		return p->message_id != NULL ? 0 :
		    sbuf_add(b, f->raw, f->rawlen);
	case HIDEHDR_IDS:
		return put_ids(b, f, p);
	case HIDEHDR_RECEIPT:
		return put_receipt(b, f, p);
	default:
		return 0;
	}
}

int
hidehdr_build(struct sbuf *b, const char *header, size_t len,
    const struct hidehdr_plan *p)
{
	struct trace	 ours;
	struct field	 f;
	const char	*pos = header, *end = header + len;

	memset(&ours, 0, sizeof(ours));
	while (field_next(&pos, end, &f))
		if (put_field(b, &f, &ours, p) == -1)
			return -1;
	if (p->message_id != NULL && hdrput_id(b, "Message-ID",
	    p->message_id) == -1)
		return -1;
	return b->failed ? -1 : 0;
}
