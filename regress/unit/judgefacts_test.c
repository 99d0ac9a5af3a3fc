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

/* What the DNS says of a message, as a gate sees it. */

#include <sys/socket.h>
#include <arpa/inet.h>

#include "base/compat.h"
#include "judge/judgefacts.h"
#include "test.h"

static struct judge_result r;
static struct dkim_sig sigs[2];
static struct gate_facts f;
static struct gate_listed listed[CONF_REQUIRE_MAX];

static void
set(size_t nsigs, const struct conf_gate *g)
{
	memset(&f, 0, sizeof(f));
	judgefacts_set(&f, &r, sigs, nsigs, g, listed);
	CHECK(f.known == (GATE_KNOWN_AUTH | (g != NULL ? GATE_KNOWN_LISTS :
	    0)));
}

static void
test_spf(void)
{
	r.spf.result = SPF_NONE;
	set(0, NULL);
	CHECK(f.spf == GATE_NO && f.spf_word == NULL);
	r.spf_asked = 1;
	r.spf.result = SPF_SOFTFAIL;
	set(0, NULL);
	CHECK(f.spf == GATE_NO);
	CHECK_STR(f.spf_word, "softfail");
	r.spf.result = SPF_PASS;
	set(0, NULL);
	CHECK(f.spf == GATE_YES);
	r.spf.result = SPF_TEMPERROR;
	set(0, NULL);
	CHECK(f.spf == GATE_LATER);
}

/* Whoever gives no sender may greet by any name that passes. */
static void
test_spf_null(void)
{
	r.spf_asked = 1;
	r.spf.result = SPF_PASS;
	memset(&f, 0, sizeof(f));
	f.sender = "";
	judgefacts_set(&f, &r, sigs, 0, NULL, listed);
	CHECK(f.spf == GATE_NO && f.spf_word == NULL);
	f.sender = "a@company.example";
	judgefacts_set(&f, &r, sigs, 0, NULL, listed);
	CHECK(f.spf == GATE_YES);
	r.spf.result = SPF_TEMPERROR;
	f.sender = "";
	judgefacts_set(&f, &r, sigs, 0, NULL, listed);
	CHECK(f.spf == GATE_NO);
}

static void
test_dkim(void)
{
	set(0, NULL);
	CHECK(f.dkim == GATE_NO && f.aligned == GATE_NO);
	CHECK(f.dkim_word == NULL);
	sigs[0].result = DKIM_FAIL;
	sigs[0].why = DKIM_BODY;
	sigs[1].result = DKIM_TEMPERROR;
	sigs[1].why = DKIM_DNS;
	set(1, NULL);
	CHECK(f.dkim == GATE_NO && f.aligned == GATE_NO);
	CHECK_STR(f.dkim_word, dkim_why(&sigs[0]));
	set(2, NULL);
	CHECK(f.dkim == GATE_LATER && f.aligned == GATE_LATER);
	/* One is good, of another domain; the one that is not known yet may
	 * be aligned. */
	sigs[0].result = DKIM_PASS;
	sigs[0].why = DKIM_OK;
	set(2, NULL);
	CHECK(f.dkim == GATE_YES && f.aligned == GATE_LATER);
	set(1, NULL);
	CHECK(f.dkim == GATE_YES && f.aligned == GATE_NO);
	r.dmarc.unsure = 1;
	set(1, NULL);
	CHECK(f.aligned == GATE_LATER);
	r.dmarc.unsure = 0;
	r.dmarc.dkim = 1;
	set(2, NULL);
	CHECK(f.aligned == GATE_YES);
}

static void
test_dmarc(void)
{
	r.dmarc.result = DMARC_PASS;
	set(0, NULL);
	CHECK(f.dmarc == GATE_YES);
	r.dmarc.result = DMARC_NONE;
	set(0, NULL);
	CHECK(f.dmarc == GATE_NO);
	CHECK_STR(f.dmarc_word, "none");
	r.dmarc.result = DMARC_TEMPERROR;
	set(0, NULL);
	CHECK(f.dmarc == GATE_LATER);
}

/* Lists have the places of their requirements. */
static void
test_lists(void)
{
	struct conf_require need[6];
	struct conf_gate g;
	const struct dnslist *v[CONF_REQUIRE_MAX];
	size_t i;

	memset(need, 0, sizeof(need));
	memset(&g, 0, sizeof(g));
	g.require = need;
	g.nrequire = 6;
	for (i = 0; i < 6; i++)
		need[i].need = i == 0 || i == 3 ? CONF_NEED_SPF :
		    CONF_NEED_UNLISTED;
	CHECK(judgefacts_lists(&g, v) == 4);
	CHECK(v[0] == &need[1].list && v[3] == &need[5].list);
	r.list[0].answer = DNSLIST_LISTED;
	r.list[0].code.s_addr = htonl(0x7f000004);
	r.list[1].answer = DNSLIST_NOT;
	r.list[2].answer = DNSLIST_LATER;
	r.list[3].answer = DNSLIST_REFUSED;
	set(0, &g);
	CHECK(f.listed == listed);
	CHECK(listed[1].answer == GATE_YES);
	CHECK_STR(listed[1].code, "127.0.0.4");
	CHECK(listed[2].answer == GATE_NO);
	CHECK(listed[4].answer == GATE_LATER);
	CHECK(listed[5].answer == GATE_NO);
}

int
main(void)
{
	test_spf();
	test_spf_null();
	test_dkim();
	test_dmarc();
	test_lists();
	return test_done();
}
