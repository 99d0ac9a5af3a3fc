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
#include <strings.h>

#include "mime/parthdr.h"

static const char why_signed[] = "This reply, or what is forwarded in it, is "
    "signed, which cannot survive the change of sender: switch signing off "
    "and send it again";
static const char why_encrypted[] = "This reply, or what is forwarded in it, "
    "is encrypted or signed as a whole, so that nothing private can be taken "
    "out: switch that off and send it again";
static const char why_report[] = "A report (a bounce or a receipt) would "
    "show your private address: take it out, write what the customer needs "
    "and send it again";
static const char why_key[] = "A PGP key or signature or an S/MIME "
    "certificate shows your private address: take it out and send the reply "
    "again";
const char part_why_calendar[] = "An invitation or an answer to one "
    "(text/calendar) shows your private address: take it out, write the date "
    "as text and send it again";
static const char why_partial[] = "This is one piece of a message that was "
    "sent in pieces: send it in one";
static const char why_charset[] = "A text is in a character set that cannot "
    "be searched for private addresses: send it as UTF-8";
static const char why_uuencode[] = "A text is in an encoding that cannot be "
    "searched for private addresses: send it in quoted-printable or base64";
static const char why_message[] = "A forwarded message is encoded in a way "
    "that cannot be searched for private addresses: quote it in the text "
    "instead";

static const char *const keep_part[] = { "Content-*", NULL };
static const char *const keep_message[] = {
	"Content-*", "MIME-Version", "From", "Reply-To", "To", "Cc", "Subject",
	"Date", "Importance", NULL
};

const char *const *
parthdr_keep(enum part_kind kind)
{
	return kind == PART_EMBEDDED ? keep_message : keep_part;
}

static int
begins(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/*
 * Content-Transfer-Encoding: one word (RFC 2045 section 6.1), perhaps with
 * comments and whatever else programs put around it.
 */
static void
read_cte(struct part *p, const struct hdr_field *f, int *unreadable)
{
	static const struct {
		const char	*name, *out;
		enum recode_cte	 cte;
	} known[] = {
		{ "7bit", "7bit", RECODE_PLAIN },
		{ "8bit", "8bit", RECODE_PLAIN },
		{ "binary", "binary", RECODE_PLAIN },
		{ "quoted-printable", "quoted-printable", RECODE_QP },
		{ "base64", "base64", RECODE_BASE64 },
	};
	const char	*v = f->value;
	size_t		 i, n;

	for (;;) {
		v += strspn(v, " \t\r\n\"';");
		if (*v != '(')
			break;
		v += strcspn(v, ")");
		if (*v == ')')
			v++;
	}
	n = strcspn(v, " \t\r\n\"';(");
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i].name) == n &&
		    strncasecmp(known[i].name, v, n) == 0) {
			p->cte = known[i].cte;
			p->ctename = known[i].out;
			return;
		}
	p->ctename = "8bit";
	if (strcspn(v, "uU") < n && (strncasecmp(v, "x-uue", 5) == 0 ||
	    strncasecmp(v, "uue", 3) == 0 ||
	    strncasecmp(v, "x-uu", 4) == 0))
		*unreadable = 1;
}

/* What cannot be kept at all, by type. */
static const char *
refused(const struct part *p)
{
	static const struct {
		const char	*type, *why;
	} list[] = {
		{ "multipart/signed", why_signed },
		{ "multipart/encrypted", why_encrypted },
		{ "multipart/report", why_report },
		{ "application/pkcs7-mime", why_encrypted },
		{ "application/x-pkcs7-mime", why_encrypted },
		{ "application/pkcs7-signature", why_key },
		{ "application/x-pkcs7-signature", why_key },
		{ "application/pgp-encrypted", why_encrypted },
		{ "application/pgp-signature", why_key },
		{ "message/partial", why_partial },
	};
	size_t	i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (strcmp(p->ct.type, list[i].type) == 0)
			return list[i].why;
	if (begins(p->ct.type, "application/pgp") ||
	    begins(p->ct.type, "application/x-pgp"))
		return why_key;
	return p->method ? part_why_calendar : NULL;
}

static int
removed(const struct part *p)
{
	const char	*name = mimefield_get(&p->ct, "name");

	return strcmp(p->ct.type, "text/x-amp-html") == 0 ||
	    strcmp(p->ct.type, "application/ms-tnef") == 0 ||
	    strcmp(p->ct.type, "application/vnd.ms-tnef") == 0 ||
	    strcmp(p->ct.type, "text/rfc822-headers") == 0 ||
	    (name != NULL && strcasecmp(name, "winmail.dat") == 0);
}

/* Tags are looked for in all but what surely has none. */
static int
has_tags(const char *type)
{
	static const char *const without[] = {
		"text/plain", "text/calendar", "text/csv", "text/vcard",
		"text/x-vcard", "text/directory", "text/markdown", "text/css"
	};
	size_t	i;

	if (!begins(type, "text/"))
		return 0;
	for (i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		if (strcmp(type, without[i]) == 0)
			return 0;
	return 1;
}

static int
is_text_message(const char *type)
{
	return strcmp(type, "message/delivery-status") == 0 ||
	    strcmp(type, "message/disposition-notification") == 0 ||
	    strcmp(type, "message/feedback-report") == 0;
}

static int
classify(struct part *p, int digest, int unreadable)
{
	const char	*type = p->ct.type;

	if (type[0] == '\0') {
		/* It says nothing, and does not go out: RFC 2045 5.2. */
		mimefield_free(&p->ct);
		if (mimefield_parse(&p->ct, "text/plain", 10) == -1)
			return -1;
		p->ctfield = NULL;
		type = p->ct.type;
	}
	if (digest && p->ctfield == NULL)
		type = "message/rfc822";
	p->calendar = strcmp(type, "text/calendar") == 0;
	p->method = p->calendar && mimefield_get(&p->ct, "method") != NULL;
	p->html = has_tags(type);
	p->charset = textlex_charset(mimefield_get(&p->ct, "charset"));
	p->boundary = mimefield_get(&p->ct, "boundary");
	if (p->boundary != NULL &&
	    p->boundary[strspn(p->boundary, " \t\r")] == '\0')
		p->boundary = NULL;
	p->signature = strcmp(type, "multipart/signed") == 0;
	if ((p->why = refused(p)) != NULL) {
		p->action = PART_REFUSE;
	} else if (removed(p)) {
		p->action = PART_REMOVE;
	} else if (begins(type, "multipart/") && p->boundary != NULL) {
		p->action = PART_MULTIPART;
		/* No encoding is allowed here; some believe it all the same. */
		p->ctename = p->cte == RECODE_PLAIN ? p->ctename : NULL;
		p->cte = RECODE_PLAIN;
	} else if (begins(type, "message/") && !is_text_message(type)) {
		p->action = PART_MESSAGE;
		if (p->cte != RECODE_PLAIN || unreadable) {
			p->action = PART_REFUSE;
			p->why = why_message;
		}
	} else if (begins(type, "text/") || begins(type, "message/") ||
	    begins(type, "multipart/") || strchr(type, '/') == NULL) {
		p->action = PART_TEXT;
		if (p->charset == TEXTLEX_OPAQUE || unreadable) {
			p->action = PART_REFUSE;
			p->why = unreadable ? why_uuencode : why_charset;
		}
		/* NULs do not travel unencoded: then bytes it is. */
		if (p->cte == RECODE_PLAIN)
			p->charset = TEXTLEX_BYTES;
	} else
		p->action = PART_RAW;
	return 0;
}

/* The value as it came, from after the colon. */
static int
parse(struct mimefield *m, const struct hdr_field *f)
{
	const char	*v = memchr(f->raw, ':', f->rawlen);

	if (v == NULL || f->flags & HDR_BLANKFOLD)
		return mimefield_parse(m, f->value, f->valuelen);
	v++;
	return mimefield_parse(m, v, f->rawlen - (size_t)(v - f->raw));
}

int
part_read(struct part *p, const struct hdr *h, enum part_kind kind,
    int digest)
{
	const struct hdr_field	*f;
	struct mimefield	 cd;
	const char		*name;
	int			 unreadable = 0;

	memset(p, 0, sizeof(*p));
	p->ctfield = hdr_get(h, "Content-Type", 0);
	if (p->ctfield != NULL ? parse(&p->ct, p->ctfield) == -1 :
	    mimefield_parse(&p->ct, "text/plain", 10) == -1)
		return -1;
	if ((f = hdr_get(h, "Content-Transfer-Encoding", 0)) != NULL)
		read_cte(p, f, &unreadable);
	if (classify(p, digest && kind == PART_INNER, unreadable) == -1)
		return -1;
	if ((f = hdr_get(h, "Content-Disposition", 0)) == NULL)
		return 0;
	memset(&cd, 0, sizeof(cd));
	if (parse(&cd, f) == -1)
		return -1;
	p->attached = strcmp(cd.type, "attachment") == 0;
	name = mimefield_get(&cd, "filename");
	if (name != NULL && strcasecmp(name, "winmail.dat") == 0)
		p->action = PART_REMOVE;
	mimefield_free(&cd);
	return 0;
}

void
part_free(struct part *p)
{
	mimefield_free(&p->ct);
	memset(p, 0, sizeof(*p));
}
