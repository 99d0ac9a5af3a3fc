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

/*
 * DMARC: whatever the name servers answer, a judgement ends, once, within its
 * limit of questions.  The input is cut at NULs: the From address's domain,
 * two identifiers, then the texts that are answered; a text of one byte is an
 * error, an empty one no record.
 */

#include "dmarc/dmarc.h"

/* Walks of the author and of both identifiers, and whether it exists. */
#define QUESTIONS_MAX	(3 * DMARC_WALK_MAX + 1)

#include "fuzzdns.h"

static char *
string(void)
{
	const char	*p;
	size_t		 len = piece(&p);
	char		*s = strndup(p, len);

	CLAIM(s != NULL);
	return s;
}

static void
answer(struct dns_query *q)
{
	static const struct dns_record	 none;
	struct dns_record		 r = none;
	struct dns_answer		 a;
	const char			*p;
	size_t				 len = piece(&p);

	CLAIM(q->valid);
	memset(&a, 0, sizeof(a));
	a.status = len == 0 ? DNS_NXDOMAIN : DNS_SERVFAIL;
	if (len > 1 && dns_answer_add(&a, &r, p, len) == 0)
		a.status = DNS_OK;
	dns_done(q, &a);
	dns_answer_clear(&a);
}

static void
done(const struct dmarc *d, void *arg)
{
	size_t	 n = strlen(d->author), m = strlen(d->org);

	(void)arg;
	results++;
	CLAIM(*dmarc_result(d->result) != '\0');
	CLAIM(*dmarc_policy(d->policy) != '\0');
	CLAIM(d->policy >= 0 && d->policy <= d->published);
	CLAIM(m <= n && strcmp(d->author + n - m, d->org) == 0);
	CLAIM(d->result != DMARC_PASS || d->spf || d->dkim);
	CLAIM(!d->unsure || (!d->spf && !d->dkim));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dmarc_record	 r;
	struct dmarc_ident	 v[2];
	struct dmarc_check	*c;
	struct dmarc		 now;
	struct dns		 dns;
	char			*author, *spf, *dkim;

	dmarc_record_parse(&r, (const char *)data, size);
	if (size == 0)
		return 0;
	fuzz_dns(&dns, data, size);
	author = string();
	v[0].method = DMARC_SPF;
	v[0].domain = spf = string();
	v[1].method = DMARC_DKIM;
	v[1].domain = dkim = string();
	v[0].temporary = left > 0 && input[0] == 't';
	v[1].temporary = 0;
	if (dmarc_check(&c, &now, &dns, author, v, 2, done, NULL) == 0) {
		while (!TAILQ_EMPTY(&dns.queries))
			answer(TAILQ_FIRST(&dns.queries));
		CLAIM(results == 1);
	} else
		CLAIM(now.result == DMARC_PERMERROR);
	free(author);
	free(spf);
	free(dkim);
	return 0;
}
