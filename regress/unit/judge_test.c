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

/* All questions of one message: answered, unanswered, ended. */

#include <sys/socket.h>
#include <arpa/inet.h>

#include <time.h>

#include "base/compat.h"
#include "judge/judge.h"
#include "lib/dnstable.h"
#include "test.h"

static const char zone[] =
    "good.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "mail.good.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "_dmarc.good.example TXT \"v=DMARC1; p=reject\"\n"
    "s._domainkey.late.example TIMEOUT\n"
    "late.example TIMEOUT\n"
    "1.2.0.192.list.example A 127.0.0.4\n"
    "1.2.0.192.slow.example TIMEOUT\n";
static const char signature[] = "DKIM-Signature: v=1; a=rsa-sha256; "
    "d=late.example; s=s; h=from; b=AAAA; "
    "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; c=relaxed/relaxed";

static struct dns *table;
static struct judge_result got;
static int calls;

static void
judged(const struct judge_result *r, void *arg)
{
	CHECK(arg == table);
	got = *r;
	calls++;
}

static int
ask(struct judge **j, struct judge_request *req)
{
	static const unsigned char addr[4] = { 192, 0, 2, 1 };

	calls = 0;
	memset(&got, 0, sizeof(got));
	req->addr = addr;
	return judge_ask(j, &got, table, req, judged, table);
}

static void
run(struct judge_request *req)
{
	struct judge *j;

	CHECK(ask(&j, req) == 0);
	CHECK(calls == 0);
	dnstable_run(table);
	CHECK(calls == 1);
}

static void
test_spf(void)
{
	struct judge_request req = { .family = AF_INET,
	    .sender = "a@good.example", .author = "Good.Example" };

	run(&req);
	CHECK(got.spf_asked && got.spf.result == SPF_PASS);
	CHECK(got.dmarc.result == DMARC_PASS && got.dmarc.spf);
	CHECK(!got.late);
	/* By the greeting alone nobody is aligned. */
	req.sender = "";
	req.helo = "mail.good.example";
	run(&req);
	CHECK(got.spf_asked && got.spf.result == SPF_PASS);
	CHECK(got.dmarc.result == DMARC_FAIL && !got.dmarc.spf);
	req.helo = NULL;
	run(&req);
	CHECK(!got.spf_asked && got.spf.result == SPF_NONE);
	/* Nobody knows where it came from. */
	req.sender = "a@good.example";
	req.family = 0;
	run(&req);
	CHECK(!got.spf_asked && got.spf.result == SPF_NONE);
}

static void
test_lists(void)
{
	struct dnslist l[4];
	const struct dnslist *v[4] = { &l[0], &l[1], &l[2], &l[3] };
	struct judge_request req = { .family = AF_INET, .sender = "",
	    .lists = v, .nlists = 4 };

	CHECK(dnslist_parse(&l[0], "list.example") == 0);
	CHECK(dnslist_parse(&l[1], "list.example=127.0.0.2") == 0);
	CHECK(dnslist_parse(&l[2], "slow.example") == 0);
	CHECK(dnslist_parse(&l[3], "none.example") == 0);
	run(&req);
	CHECK(got.list[0].answer == DNSLIST_LISTED);
	CHECK_STR(inet_ntoa(got.list[0].code), "127.0.0.4");
	CHECK(got.list[1].answer == DNSLIST_NOT);
	CHECK(got.list[2].answer == DNSLIST_LATER);
	CHECK(got.list[3].answer == DNSLIST_NOT);
	req.nlists = JUDGE_LISTS_MAX + 1;
	CHECK(judge_ask(&(struct judge *){ NULL }, &got, table, &req,
	    judged, table) == -1);
	/* Without an address there is nothing to ask. */
	req.nlists = 1;
	req.family = 0;
	CHECK(ask(&(struct judge *){ NULL }, &req) == 1);
	CHECK(got.list[0].answer == DNSLIST_NOT);
	CHECK(got.dmarc.result == DMARC_PERMERROR);
}

static void
test_keys(void)
{
	struct judge_request req = { .family = AF_INET,
	    .sender = "a@late.example", .author = "late.example" };
	struct dnslist l;
	const struct dnslist *v = &l;
	struct dkim *d;
	struct judge *j;
	int late;

	CHECK(dnslist_parse(&l, "list.example") == 0);
	for (late = 0; late < 3; late++) {
		CHECK((d = dkim_new(time(NULL))) != NULL);
		CHECK(dkim_header_line(d, signature, strlen(signature)) == 0);
		CHECK(dkim_header_line(d, "From: a@late.example", 20) == 0);
		CHECK(dkim_header_end(d) == 0 && dkim_finish(d) == 0);
		CHECK(dkim_count(d) == 1);
		req.sigs = dkim_sig(d, 0);
		req.nsigs = 1;
		req.lists = &v;
		req.nlists = 1;
		CHECK(ask(&j, &req) == 0);
		if (late == 0)
			dnstable_run(table);
		else if (late == 1)
			judge_late(j);
		else
			judge_cancel(j);
		CHECK(calls == (late != 2));
		CHECK(got.late == (late == 1));
		dnstable_run(table);
		CHECK(calls == (late != 2));
		if (late != 2) {
			CHECK(got.spf.result == SPF_TEMPERROR);
			CHECK_STR(dkim_result(req.sigs), "temperror");
			CHECK(got.dmarc.result == DMARC_TEMPERROR);
			CHECK(got.dmarc.unsure);
			CHECK(got.list[0].answer == (late ? DNSLIST_LATER :
			    DNSLIST_LISTED));
		}
		dkim_free(d);
	}
	judge_cancel(NULL);
}

int
main(void)
{
	size_t line;

	table = dnstable_new(zone, sizeof(zone) - 1, &line);
	CHECK(table != NULL);
	if (table == NULL)
		return 1;
	test_spf();
	test_lists();
	test_keys();
	dns_free(table);
	return test_done();
}
