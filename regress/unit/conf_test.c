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

#include "base/compat.h"
#include "conf/conf.h"
#include "test.h"

#define BASE	"database \"/d/relay.db\"\nkey \"/d/relay.key\"\n"

static struct conf *
parse(const char *text)
{
	struct conf_errors	 errors;
	struct conf		*conf;

	memset(&errors, 0, sizeof(errors));
	conf = conf_parse("test.conf", text, strlen(text), &errors);
	CHECK((conf == NULL) == (errors.count != 0));
	conf_errors_free(&errors);
	return conf;
}

static void
test_units(void)
{
	static const struct {
		const char	*text;
		int64_t		 seconds, bytes;	/* -1: none */
	} all[] = {
		{ "30s", 30, -1 }, { "10m", 600, -1 }, { "12h", 43200, -1 },
		{ "90d", 7776000, -1 }, { "2w", 1209600, -1 },
		{ "200M", -1, 209715200 }, { "1K", -1, 1024 },
		{ "2G", -1, INT64_C(2147483648) }, { "17", -1, 17 },
		{ "0s", 0, -1 }, { "0", -1, 0 }, { "", -1, -1 },
		{ "s", -1, -1 }, { "-1s", -1, -1 }, { "+1s", -1, -1 },
		{ " 1s", -1, -1 }, { "1s ", -1, -1 }, { "1ss", -1, -1 },
		{ "1k", -1, -1 }, { "1.5h", -1, -1 }, { "0x10", -1, -1 },
		{ "9223372036854775807", -1, INT64_MAX },
		{ "9223372036854775808", -1, -1 },
		{ "9223372036854775807s", INT64_MAX, -1 },
		{ "9223372036854775807m", -1, -1 },
		{ "99999999999999999999999999d", -1, -1 },
		{ "9223372036854775807K", -1, -1 }
	};
	int64_t	 n;
	size_t	 i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		n = -2;
		CHECK(conf_duration(all[i].text, &n) ==
		    (all[i].seconds == -1 ? -1 : 0));
		CHECK(n == (all[i].seconds == -1 ? -2 : all[i].seconds));
		n = -2;
		CHECK(conf_size(all[i].text, &n) ==
		    (all[i].bytes == -1 ? -1 : 0));
		CHECK(n == (all[i].bytes == -1 ? -2 : all[i].bytes));
	}
}

static void
test_domains(void)
{
	struct conf	*conf;

	conf = parse(BASE "domain { \"Company.example\", \"b.test\" }\n");
	if (conf == NULL)
		return;
	CHECK_STR(conf->domains.item[0], "company.example");
	CHECK(conf_is_our_domain(conf, "COMPANY.example") == 1);
	CHECK(conf_is_our_domain(conf, "b.test") == 1);
	CHECK(conf_is_our_domain(conf, "b.tes") == 0);
	CHECK(conf_is_our_domain(conf, "a.b.test") == 0);
	CHECK(conf_is_our_domain(conf, "") == 0);
	CHECK(conf_is_our_address(conf, "x@y@b.TEST") == 1);
	CHECK(conf_is_our_address(conf, "b.test") == 0);
	CHECK(conf_is_our_address(conf, "x@b.test@other.example") == 0);
	CHECK_STR(conf_bounce_domain(conf, "support@b.test"), "b.test");
	conf_free(conf);

	conf = parse(BASE "domain b.test\nbounce domain Bounces.test\n");
	if (conf == NULL)
		return;
	CHECK_STR(conf_bounce_domain(conf, "support@b.test"), "bounces.test");
	CHECK(conf_is_our_address(conf, "r-x@bounces.test") == 1);
	CHECK(conf->domains.count == 2);
	conf_free(conf);
}

static void
test_default_paths(void)
{
	struct conf	*conf = parse("domain b.test\n");

	if (conf == NULL)
		return;
	CHECK_STR(conf->database, CONF_DATABASE);
	CHECK_STR(conf->key, CONF_KEY);
	conf_free(conf);
}

static void
test_defaults(void)
{
	struct conf	*conf = parse(BASE "domain b.test\n");

	if (conf == NULL)
		return;
	CHECK_STR(conf->database, "/d/relay.db");
	CHECK_STR(conf->key, "/d/relay.key");
	CHECK(conf->replies.authenticate == CONF_AUTH_BOTH);
	CHECK(conf->replies.trust_results == 0);
	CHECK(conf->replies.signature_lifetime == INT64_C(90) * 86400);
	CHECK(conf->replies.handle_lifetime == INT64_C(400) * 86400);
	CHECK(conf->replies.retain == INT64_C(800) * 86400);
	CHECK(conf->replies.automatic_pass == 0);
	CHECK(conf->replies.commands_accept == 0);
	CHECK(conf->replies.start_allow == 0);
	CHECK(conf->replies.participants == 30);
	CHECK(conf->replies.messages_per_hour == 600);
	CHECK(conf->sandbox_required == 0);
	CHECK(conf_warning(conf, 0) == NULL);
	CHECK(conf_is_helpdesk(conf, "") == 0);
	conf_free(conf);

	conf = parse(BASE "domain b.test\nreplies { authenticate none\n"
	    "copies from original\nhelpdesk { desk } }\n");
	if (conf == NULL)
		return;
	CHECK(conf_warning(conf, 0) != NULL);
	CHECK(conf_warning(conf, 1) != NULL);
	CHECK(conf_warning(conf, 2) == NULL);
	CHECK(conf_is_helpdesk(conf, "desk") == 1);
	CHECK(conf_is_helpdesk(conf, "Desk") == 0);
	conf_free(conf);
}

/* A configuration is read as often as somebody wants. */
static void
test_again(void)
{
	struct conf	*conf;

	CHECK(parse("replies {") == NULL);
	CHECK(parse("mode = x\n") == NULL);
	CHECK(parse(BASE "domain $mode\n") == NULL);
	CHECK(parse("\"") == NULL);
	CHECK((conf = parse(BASE "domain b.test")) != NULL);
	conf_free(conf);
	conf_free(NULL);
}

int
main(void)
{
	test_units();
	test_domains();
	test_defaults();
	test_default_paths();
	test_again();
	return test_done();
}
