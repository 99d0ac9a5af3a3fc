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

#define BAD_FORM	(HDR_SPACE | HDR_NUL | HDR_CR | HDR_BLANKFOLD)

static int	partmsg_write(const struct hdr_field *f, const struct bodytext
	    *t, struct sbuf *out);

/* The field as it came, or cleaned where it came in bad form.  0 or -1. */
static int
write_raw(const struct hdr_field *f, struct sbuf *out)
{
	size_t	was = out->len;

	if (!(f->flags & BAD_FORM) && hdr_write_raw(out, f) == 0)
		return 0;
	if (out->failed)
		return -1;
	sbuf_cut(out, was);
	/* What cannot be written in good form does not go out. */
	if (hdr_write_text(out, f->name, f->value) == -1 && !out->failed)
		sbuf_cut(out, was);
	return out->failed ? -1 : 0;
}

/* How many secrets a header's text has, encoded words decoded and not. */
static int
count(const struct bodytext *t, const char *text, size_t len)
{
	struct sbuf	dec, out;
	int		a, b = -1;

	sbuf_init(&dec, BODYTEXT_MAX);
	sbuf_init(&out, BODYTEXT_MAX * 2);
	a = bodytext_scrub(t, text, len, &out);
	sbuf_reset(&out);
	if (a != -1 && encword_decode_any(&dec, text, len) != -1)
		b = bodytext_scrub(t, sbuf_str(&dec), dec.len, &out);
	sbuf_free(&dec);
	sbuf_free(&out);
	return a == -1 || b == -1 ? -1 : a + b;
}

/* A field that goes when anything is wrong with it. */
static int
write_plain(const struct hdr_field *f, const struct bodytext *t,
    struct sbuf *out)
{
	int	leaks = count(t, f->value, f->valuelen);

	if (leaks != 0)
		return leaks;
	return write_raw(f, out);
}

/* A parameter without secrets, in what may read as encoded words neither. */
static int
scrub_param(struct mimefield *m, size_t i, const struct bodytext *t)
{
	const char	*v = m->v[i].value;
	struct sbuf	 dec, out;
	int		 n, more;

	sbuf_init(&dec, BODYTEXT_MAX * 2);
	sbuf_init(&out, BODYTEXT_MAX * 2);
	n = bodytext_scrub(t, v, strlen(v), &out);
	if (n != -1 && strstr(sbuf_str(&out), "=?") != NULL &&
	    encword_decode_any(&dec, out.data, out.len) != -1 &&
	    (more = count(t, sbuf_str(&dec), dec.len)) != 0) {
		sbuf_reset(&out);
		if (more == -1 || bodytext_scrub(t, sbuf_str(&dec), dec.len,
		    &out) == -1)
			n = -1;
		else
			n += more;
	}
	if (n > 0 && mimefield_set(m, m->v[i].name, sbuf_str(&out)) == -1)
		n = -1;
	sbuf_free(&dec);
	sbuf_free(&out);
	return n;
}

/* The parameters without secrets; returns how many there were, or -1. */
static int
scrub_params(struct mimefield *m, const struct bodytext *t)
{
	size_t	i;
	int	n, leaks = 0;

	for (i = 0; i < m->n && leaks != -1; i++) {
		if (m->v[i].value == NULL)
			continue;
		n = scrub_param(m, i, t);
		leaks = n == -1 ? -1 : leaks + n;
	}
	return leaks;
}

/*
 * The field from its type and parameters, nothing else of what came; the
 * names of these may be secrets too.
 */
static int
write_anew(const struct mimefield *m, const char *name,
    const struct bodytext *t, struct sbuf *out)
{
	struct mimefield	 fresh;
	size_t			 i;
	int			 rc = 0;

	memset(&fresh, 0, sizeof(fresh));
	if (mimefield_parse(&fresh, m->type, strlen(m->type)) == -1)
		return -1;
	for (i = 0; i < m->n && rc == 0; i++)
		if (m->v[i].value != NULL &&
		    count(t, m->v[i].name, strlen(m->v[i].name)) == 0)
			rc = mimefield_set(&fresh, m->v[i].name,
			    m->v[i].value);
	if (rc == 0)
		rc = mimefield_write(&fresh, name, out);
	mimefield_free(&fresh);
	return rc;
}

/*
 * A secret is in the field, but in no parameter as it was understood: what
 * is not ASCII may be of another charset than was thought, and goes.
 */
static int
drop_foreign(struct mimefield *m)
{
	const char	*p;
	size_t		 i;

	for (i = 0; i < m->n; i++) {
		for (p = m->v[i].value; p != NULL && *p != '\0'; p++)
			if (*p & 0x80)
				break;
		if (p != NULL && *p != '\0' &&
		    mimefield_set(m, m->v[i].name, NULL) == -1)
			return -1;
	}
	return 0;
}

/*
 * Content-Type or Content-Disposition.  As it came when nothing is wrong;
 * anew when there was a secret anywhere in it, or programs could read it
 * differently.
 */
static int
write_mime(const struct hdr_field *f, struct mimefield *m, int anew,
    const struct bodytext *t, struct sbuf *out)
{
	size_t	was;
	int	leaks, hidden;

	if ((leaks = scrub_params(m, t)) == -1 ||
	    (hidden = count(t, f->value, f->valuelen)) == -1)
		return -1;
	if (leaks == 0 && hidden > 0 && drop_foreign(m) == -1)
		return -1;
	if (leaks == 0)
		leaks = hidden;
	/* What says nothing, or too much, counts as absent: so it goes. */
	if (m->type[0] == '\0' || count(t, m->type, strlen(m->type)) != 0)
		return leaks;
	if (leaks > 0 || anew || f->flags & BAD_FORM || m->flags != 0 ||
	    m->changed)
		return write_anew(m, f->name, t, out) == -1 ? -1 : leaks;
	was = out->len;
	if (hdr_write_raw(out, f) == 0)
		return 0;
	if (out->failed)
		return -1;
	/* What does not go out as it came is written as it was read. */
	sbuf_cut(out, was);
	return write_anew(m, f->name, t, out);
}

/* A Content-Id, with or without angle brackets: <new name>. */
static int
rename_id(const char *id, size_t len, const struct bodytext *t,
    struct sbuf *out)
{
	const char	*open = memchr(id, '<', len), *close;

	if (open != NULL) {
		len -= (size_t)(open + 1 - id);
		id = open + 1;
		if ((close = memchr(id, '>', len)) != NULL)
			len = (size_t)(close - id);
	}
	while (len > 0 && (id[len - 1] == ' ' || id[len - 1] == '\t'))
		len--;
	while (len > 0 && (*id == ' ' || *id == '\t')) {
		id++;
		len--;
	}
	sbuf_addch(out, '<');
	if (bodytext_cid(t, id, len, out) == -1)
		return -1;
	return sbuf_addch(out, '>');
}

static int
write_type(struct part *p, const struct hdr_field *f, const char *boundary,
    const struct bodytext *t, struct sbuf *out)
{
	const char	*start = mimefield_get(&p->ct, "start");
	struct sbuf	 id;
	int		 rc = 0;

	if (p->ctfield == NULL)		/* it says nothing */
		return count(t, f->value, f->valuelen);
	if (p->action == PART_RAW && count(t, p->ct.type,
	    strlen(p->ct.type)) != 0 && mimefield_settype(&p->ct,
	    "application/octet-stream") == -1)
		return -1;	/* without a type it would be text */
	if (p->action != PART_MULTIPART)
		return write_mime(f, &p->ct, 0, t, out);
	/* RFC 2387 section 3.2: the Content-Id of the root. */
	if (start != NULL) {
		sbuf_init(&id, BODYTEXT_MAX);
		rc = rename_id(start, strlen(start), t, &id);
		if (rc == 0)
			rc = mimefield_set(&p->ct, "start", sbuf_str(&id));
		sbuf_free(&id);
	}
	if (rc == -1 || mimefield_set(&p->ct, "boundary", boundary) == -1)
		return -1;
	return write_mime(f, &p->ct, 1, t, out);
}

static int
write_disposition(const struct hdr_field *f, const struct bodytext *t,
    struct sbuf *out)
{
	struct mimefield	 m;
	int			 rc = -1;

	memset(&m, 0, sizeof(m));
	if (mimefield_parse(&m, f->value, f->valuelen) != -1)
		rc = write_mime(f, &m, 0, t, out);
	mimefield_free(&m);
	return rc;
}

static int
write_id(const struct hdr_field *f, const struct bodytext *t,
    struct sbuf *out)
{
	sbuf_addstr(out, "Content-ID: ");
	if (rename_id(f->value, f->valuelen, t, out) == -1)
		return -1;
	return sbuf_addch(out, '\n');
}

static int
write_field(struct part *p, const struct hdr *h, const struct hdr_field *f,
    const char *boundary, const struct bodytext *t, struct sbuf *out)
{
	if (strncasecmp(f->name, "Content-", 8) != 0)
		return partmsg_write(f, t, out);
	/* Of two, readers take one or the other; only one goes out. */
	if (hdr_get(h, f->name, 0) != f)
		return 0;
	if (strcasecmp(f->name, "Content-Type") == 0)
		return write_type(p, f, boundary, t, out);
	if (strcasecmp(f->name, "Content-Transfer-Encoding") == 0)
		return p->ctename == NULL ? 0 : sbuf_printf(out,
		    "Content-Transfer-Encoding: %s\n", p->ctename);
	if (strcasecmp(f->name, "Content-Disposition") == 0)
		return write_disposition(f, t, out);
	if (strcasecmp(f->name, "Content-ID") == 0)
		return write_id(f, t, out);
	if (strcasecmp(f->name, "Content-Description") == 0)
		return partmsg_write(f, t, out);
	/* They would be wrong after any change. */
	if (strcasecmp(f->name, "Content-MD5") == 0 ||
	    strcasecmp(f->name, "Content-Length") == 0)
		return 0;
	return write_plain(f, t, out);
}

int
part_write(struct part *p, const struct hdr *h, enum part_kind kind,
    const char *boundary, const struct bodytext *t, struct sbuf *out)
{
	size_t	i;
	int	n, leaks = 0;

	for (i = 0; i < h->n; i++) {
		n = write_field(p, h, &h->v[i], boundary, t, out);
		if (n == -1)
			return -1;
		leaks += n;
	}
	/* sendmail(8) encodes anew what does not say how it is encoded. */
	if (kind == PART_TOP && (p->ctename == NULL ||
	    hdr_get(h, "Content-Transfer-Encoding", 0) == NULL))
		sbuf_addstr(out, "Content-Transfer-Encoding: 8bit\n");
	return out->failed ? -1 : leaks;
}

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
		leaks = write_raw(f, out);
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
		rc = write_raw(f, out);
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

/*
 * For part_write(): one field of an embedded message (From, Subject, ...).
 * As part_write().
 */
static int
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
		enum cte_encoding	 cte;
	} known[] = {
		{ "7bit", "7bit", CTE_PLAIN },
		{ "8bit", "8bit", CTE_PLAIN },
		{ "binary", "binary", CTE_PLAIN },
		{ "quoted-printable", "quoted-printable", CTE_QP },
		{ "base64", "base64", CTE_BASE64 },
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
		p->ctename = p->cte == CTE_PLAIN ? p->ctename : NULL;
		p->cte = CTE_PLAIN;
	} else if (begins(type, "message/") && !is_text_message(type)) {
		p->action = PART_MESSAGE;
		if (p->cte != CTE_PLAIN || unreadable) {
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
		if (p->cte == CTE_PLAIN)
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
