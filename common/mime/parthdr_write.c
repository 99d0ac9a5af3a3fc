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

#include "header/encword.h"
#include "mime/parthdr.h"

#define BAD_FORM	(HDR_SPACE | HDR_NUL | HDR_CR | HDR_BLANKFOLD)

int
parthdr_raw(const struct hdr_field *f, struct sbuf *out)
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
	return parthdr_raw(f, out);
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
