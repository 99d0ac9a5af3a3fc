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

/* Commands as a client may and may not say them. */

#include <stdlib.h>

#include "table-relay/courier/smtpcmd.c"
#include "test.h"

static struct smtpcmd_path	p;

static void
test_verbs(void)
{
	const char	*arg;

	CHECK(smtpcmd_verb("MAIL FROM:<a@b>", &arg) == SMTPCMD_MAIL);
	CHECK_STR(arg, "FROM:<a@b>");
	CHECK(smtpcmd_verb("mail  x", &arg) == SMTPCMD_MAIL);
	CHECK_STR(arg, "x");
	CHECK(smtpcmd_verb("data", &arg) == SMTPCMD_DATA);
	CHECK_STR(arg, "");
	CHECK(smtpcmd_verb("", &arg) == SMTPCMD_UNKNOWN);
	CHECK(smtpcmd_verb(" QUIT", &arg) == SMTPCMD_UNKNOWN);
	CHECK(smtpcmd_verb("QUITS", &arg) == SMTPCMD_UNKNOWN);
	CHECK(smtpcmd_verb("STARTTLS", &arg) == SMTPCMD_UNKNOWN);
	CHECK(smtpcmd_verb("BDAT 5 LAST", &arg) == SMTPCMD_UNKNOWN);
}

static void
good(const char *arg, int rcpt, const char *address, const char *dsn)
{
	CHECK(smtpcmd_path(arg, rcpt, &p) == NULL);
	CHECK_STR(p.address, address);
	CHECK_STR(p.dsn, dsn);
}

static void
bad(const char *arg, int rcpt, const char *code)
{
	const char	*reply = smtpcmd_path(arg, rcpt, &p);

	CHECK(reply != NULL && strncmp(reply, code, 3) == 0);
}

static void
test_paths(void)
{
	char	buf[1024];

	good("FROM:<a@b.test>", 0, "a@b.test", "");
	good("from: <a@b.test>", 0, "a@b.test", "");
	good("FROM:<>", 0, "", "");
	good("FROM:<\"a b\\\"c>\"@b.test>", 0, "\"a b\\\"c>\"@b.test", "");
	good("TO:<@x.test,@y.test:a@b.test>", 1, "a@b.test", "");
	bad("TO:<>", 1, "553");
	bad("TO:<a>", 1, "553");
	bad("TO:<a@>", 1, "553");
	bad("TO:<@b>", 1, "501");
	bad("TO:a@b", 1, "501");
	bad("TO:<a@b", 1, "501");
	bad("TO:<a@b>x", 1, "501");
	bad("TO:<a b@c>", 1, "501");
	bad("TO:<a<@c>", 1, "501");
	bad("TO:<\"a\x01\"@c>", 1, "501");
	bad("TO:<\xc3\xa4@c>", 1, "501");
	bad("FROM:<a@b>", 1, "501");
	bad("TO:<a@b>", 0, "501");
	bad("", 0, "501");
	memset(buf, 'a', sizeof(buf));
	memcpy(buf, "TO:<", 4);
	strcpy(buf + 4 + SMTPCMD_ADDRESS_MAX - 2, "@b>");
	CHECK(smtpcmd_path(buf, 1, &p) == NULL);
	memset(buf + 4, 'a', SMTPCMD_ADDRESS_MAX);
	strcpy(buf + 4 + SMTPCMD_ADDRESS_MAX - 1, "@b>");
	bad(buf, 1, "501");
}

static void
test_mail_parameters(void)
{
	good("FROM:<a@b> SIZE=100 BODY=8BITMIME RET=HDRS ENVID=q+2Bx", 0,
	    "a@b", " RET=HDRS ENVID=q+2Bx");
	CHECK_STR(p.size, " SIZE=100");
	CHECK_STR(p.body, " BODY=8BITMIME");
	good("FROM:<a@b> body=7bit ret=full", 0, "a@b", " RET=full");
	CHECK_STR(p.body, " BODY=7BIT");
	good("FROM:<a@b> AUTH=<>", 0, "a@b", "");
	bad("FROM:<a@b> SIZE=1x", 0, "501");
	bad("FROM:<a@b> SIZE=1 SIZE=2", 0, "501");
	bad("FROM:<a@b> BODY=BINARYMIME", 0, "501");
	bad("FROM:<a@b> BODY=7BIT BODY=8BITMIME", 0, "501");
	bad("FROM:<a@b> RET=ALL", 0, "501");
	bad("FROM:<a@b> RET=FULL RET=FULL", 0, "501");
	bad("FROM:<a@b> ENVID=", 0, "501");
	bad("FROM:<a@b> ENVID=a=b", 0, "501");
	bad("FROM:<a@b> ENVID=+zz", 0, "501");
	bad("FROM:<a@b> SMTPUTF8", 0, "555");
	bad("FROM:<a@b> NOTIFY=NEVER", 0, "555");
}

static void
test_rcpt_parameters(void)
{
	good("TO:<a@b> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a+40b", 1,
	    "a@b", " NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a+40b");
	good("TO:<a@b> notify=never", 1, "a@b", " NOTIFY=never");
	bad("TO:<a@b> NOTIFY=NEVER,SUCCESS", 1, "501");
	bad("TO:<a@b> NOTIFY=SUCCESS,", 1, "501");
	bad("TO:<a@b> NOTIFY=", 1, "501");
	bad("TO:<a@b> ORCPT=a@b", 1, "501");
	bad("TO:<a@b> ORCPT=;a@b", 1, "501");
	bad("TO:<a@b> ORCPT=rfc822;a@b ORCPT=rfc822;a@b", 1, "501");
	bad("TO:<a@b> SIZE=1", 1, "555");
	bad("TO:<a@b> X", 1, "555");
}

int
main(void)
{
	test_verbs();
	test_paths();
	test_mail_parameters();
	test_rcpt_parameters();
	return test_done();
}
