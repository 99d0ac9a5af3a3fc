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

#include <sys/socket.h>
#include <arpa/inet.h>

#include <stdlib.h>

#include "handoff/received.h"
#include "test.h"

/* "address helo host[!] by with[+]": "!" verified, "+" had logged in. */
static const char *
show(const char *s)
{
	static char	 out[1200];
	struct received	 r;
	char		 ip[64] = "-";

	if (received_parse(&r, s, strlen(s)) == -1)
		return "broken";
	if (r.trace)
		return "trace";
	if (r.family != 0)
		inet_ntop(r.family, r.addr, ip, sizeof(ip));
	snprintf(out, sizeof(out), "%s %s %s%s %s %s%s", ip,
	    r.helo[0] ? r.helo : "-", r.host[0] ? r.host : "-",
	    r.verified ? "!" : "", r.by[0] ? r.by : "-",
	    r.with[0] ? r.with : "-", r.authenticated ? "+" : "");
	return out;
}

static const struct {
	const char	*program, *in, *want;
} cases[] = {
	{ "Postfix", "from mail.a.example (out.a.example [192.0.2.1])\r\n"
	    "\tby mx.b.example (Postfix) with ESMTP id 4B\r\n"
	    "\tfor <u@b.example>; Sat, 21 Nov 2026 22:00:00 +0000 (UTC)",
	    "192.0.2.1 mail.a.example out.a.example! mx.b.example ESMTP" },
	{ "Postfix without a name", "from friend (unknown [192.0.2.1])\n"
	    "\tby mx.b.example (Postfix) with SMTP id 4B; date",
	    "192.0.2.1 friend - mx.b.example SMTP" },
	{ "Postfix, IPv6, TLS", "from a.example (a.example [IPv6:2001:db8::1])"
	    "\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 "
	    "bits)\n\t key-exchange X25519 server-signature RSA-PSS)\n\t(No "
	    "client certificate requested)\n\tby b.example (Postfix) with "
	    "ESMTPS id 1 for <u@b.example>; date",
	    "2001:db8::1 a.example a.example! b.example ESMTPS" },
	{ "Postfix, login", "from [10.0.0.7] (host.isp.example [192.0.2.9])\n"
	    "\t(Authenticated sender: joe)\n\tby b.example (Postfix) with "
	    "ESMTPSA id 1; date",
	    "192.0.2.9 [10.0.0.7] host.isp.example! b.example ESMTPSA+" },
	{ "Postfix, sendmail(1)", "by b.example (Postfix, from userid 1000)\n"
	    "\tid 12; date", "- - - b.example -" },
	{ "Postfix, a certificate's name",
	    "from a (unknown [192.0.2.1]) (Client CN \"x [198.51.100.9]\", "
	    "Issuer \"y\" (not verified)) by b.example (Postfix) with ESMTPS "
	    "id 1; date", "192.0.2.1 a - b.example ESMTPS" },
	{ "a certificate's name alone",
	    "from a (Client CN \"x [198.51.100.9]\") by b.example (X); date",
	    "- - - b.example -" },
	{ "amavis", "from b.example ([127.0.0.1])\n\tby localhost (b.example "
	    "[127.0.0.1]) (amavisd-new, port 10024)\n\twith ESMTP id x; date",
	    "127.0.0.1 b.example - localhost ESMTP" },
	{ "Exim", "from out.a.example ([192.0.2.1]:33012 helo=mail.a.example)\n"
	    "\tby b.example with esmtps (TLS1.3) tls TLS_AES_256_GCM_SHA384\n"
	    "\t(Exim 4.96)\n\t(envelope-from <x@a.example>)\n\tid 1t-0\n\tfor "
	    "u@b.example;\n\tdate",
	    "192.0.2.1 mail.a.example out.a.example! b.example esmtps" },
	{ "Exim, the greeting is the name",
	    "from out.a.example ([192.0.2.1]) by b.example with esmtp "
	    "(Exim 4.94) id 1; date",
	    "192.0.2.1 out.a.example out.a.example! b.example esmtp" },
	{ "Exim without a name", "from [192.0.2.1] (helo=mail.a.example)\n\tby "
	    "b.example with esmtp (Exim 4.94) id 1; date",
	    "192.0.2.1 mail.a.example - b.example esmtp" },
	{ "Exim with a port", "from [192.0.2.1] (port=12 helo=[198.51.100.9])\n"
	    "\tby b.example with esmtpsa (Exim 4.94) id 1; date",
	    "192.0.2.1 [198.51.100.9] - b.example esmtpsa+" },
	{ "Exim, no greeting", "from [192.0.2.1]\n\tby b.example with smtp "
	    "(Exim 4.94) id 1; date", "192.0.2.1 - - b.example smtp" },
	{ "Exim, ident", "from a.example ([192.0.2.1] ident=x@[198.51.100.9] "
	    "helo=g) by b.example with esmtp (Exim 4.94); date",
	    "192.0.2.1 g a.example! b.example esmtp" },
	{ "Exim, a literal as greeting", "from a.example ([192.0.2.1]:25 "
	    "helo=[10.0.0.7]) by b.example with esmtp (Exim 4.94); date",
	    "192.0.2.1 [10.0.0.7] a.example! b.example esmtp" },
	{ "Exim, local", "from joe by b.example with local (Exim 4.96) id 1; "
	    "date", "- - - b.example local" },
	{ "Sendmail", "from mail.a.example (out.a.example [192.0.2.1])\n\tby "
	    "b.example (8.15.2/8.15.2) with ESMTPS id x (version=TLSv1.3 "
	    "cipher=X bits=256 verify=NO)\n\tfor <u@b.example>; date",
	    "192.0.2.1 mail.a.example out.a.example! b.example ESMTPS" },
	{ "Sendmail, a name that may be forged",
	    "from a.example (relay.b.example [192.0.2.1] (may be forged)) by "
	    "b.example (8.15.2/8.15.2) with ESMTP id x; date",
	    "192.0.2.1 a.example relay.b.example b.example ESMTP" },
	{ "Sendmail without a name", "from relay.b.example ([192.0.2.1]) by "
	    "b.example (8.15.2/8.15.2) with ESMTP id x; date",
	    "192.0.2.1 relay.b.example - b.example ESMTP" },
	{ "Sendmail, ident", "from a.example (joe@a.example [192.0.2.1]) by "
	    "b.example (8.13.8/8.13.8) with SMTP id x; date",
	    "192.0.2.1 a.example a.example! b.example SMTP" },
	{ "Sendmail, ident with an address",
	    "from a.example ([198.51.100.9]@a.example [192.0.2.1]) by "
	    "b.example (8.13.8/8.13.8) with SMTP id x; date",
	    "192.0.2.1 a.example a.example! b.example SMTP" },
	{ "... and a space",
	    "from a.example ([198.51.100.9] @a.example [192.0.2.1]) by "
	    "b.example (8.13.8/8.13.8) with SMTP id x; date",
	    "- - - b.example SMTP" },
	{ "Sendmail, login", "from [10.1.1.1] (dsl.isp.example [192.0.2.1])\n"
	    "\t(authenticated bits=0)\n\tby b.example (8.14.4/8.14.4) with "
	    "ESMTP id x; date",
	    "192.0.2.1 [10.1.1.1] dsl.isp.example! b.example ESMTP+" },
	{ "Sendmail, submit", "(from joe@localhost)\n\tby b.example "
	    "(8.15.2/8.15.2/Submit) id x; date", "- - - - -" },
	{ "qmail", "from unknown (HELO mail.a.example) (192.0.2.1)\n  by 0 "
	    "with SMTP; 21 Nov 2026 22:00:00 -0000",
	    "192.0.2.1 mail.a.example - 0 SMTP" },
	{ "qmail with a name", "from out.a.example (HELO relay.b.example) "
	    "(joe@192.0.2.1)\n  by b.example with SMTP; date",
	    "192.0.2.1 relay.b.example out.a.example b.example SMTP" },
	{ "qmail, an address as greeting", "from unknown (HELO 198.51.100.9) "
	    "(192.0.2.1)\n  by b.example with ESMTPS; date",
	    "192.0.2.1 198.51.100.9 - b.example ESMTPS" },
	{ "qmail, network", "(qmail 12345 invoked from network); date",
	    "trace" },
	{ "qmail, a user", "(qmail 12345 invoked by uid 89); date",
	    "- - - - -" },
	{ "OpenSMTPD", "from mail.a.example (out.a.example [192.0.2.1])\n\tby "
	    "b.example (OpenSMTPD) with ESMTPS id 0123abcd (TLSv1.3:TLS_AES_256"
	    "_GCM_SHA384:256:NO)\n\tfor <u@b.example>;\n\tdate",
	    "192.0.2.1 mail.a.example out.a.example b.example ESMTPS" },
	{ "OpenSMTPD, login", "from a (<unknown> [192.0.2.1])\n\tby b.example "
	    "(OpenSMTPD) with ESMTPSA id 0123abcd (TLSv1.3:X:256:NO)\n\t"
	    "auth=yes user=joe\n\tfor <u@b.example>;\n\tdate",
	    "192.0.2.1 a - b.example ESMTPSA+" },
	{ "OpenSMTPD, local", "from localhost (b.example [local])\n\tby "
	    "b.example (OpenSMTPD) with ESMTPA id 0123abcd\n\tfor <u@b.exam"
	    "ple>;\n\tdate", "- - - b.example ESMTPA+" },
	{ "OpenSMTPD, a recipient that says auth=yes",
	    "from a (b.c [192.0.2.1]) by b.example (OpenSMTPD) with ESMTP id 1 "
	    "for <\"x auth=yes with ESMTPSA\"@b.example>; date",
	    "192.0.2.1 a b.c b.example ESMTP" },
	{ "Exchange", "from EX01.corp.example (10.0.0.5) by EX02.corp.example\n"
	    " (10.0.0.6) with Microsoft SMTP Server (version=TLS1_2,\n cipher="
	    "TLS_ECDHE) id 15.1.2507.6; date",
	    "10.0.0.5 EX01.corp.example - EX02.corp.example Microsoft" },
	{ "Exchange, mapi", "from EX01.corp.example ([10.0.0.5]) by\n EX01.corp"
	    ".example ([10.0.0.5]) with mapi id 15.01.2507.006; date",
	    "10.0.0.5 EX01.corp.example - EX01.corp.example mapi" },
	{ "Outlook.com", "from AM0PR01.eurprd01.prod.exchangelabs.com\n "
	    "(2603:10a6:208:be::23) by DB7PR01.eurprd01.prod.exchangelabs.com\n"
	    " (2603:10a6:10:7b::15) with Microsoft SMTP Server (version=TLS1_2,"
	    "\n cipher=TLS) id 15.20.8158.17; date",
	    "2603:10a6:208:be::23 AM0PR01.eurprd01.prod.exchangelabs.com - "
	    "DB7PR01.eurprd01.prod.exchangelabs.com Microsoft" },
	{ "Outlook.com's edge", "from mail.a.example (192.0.2.1) by\n VE1EUR01"
	    "FT.mail.protection.outlook.com (10.152.2.3) with Microsoft SMTP\n "
	    "Server (version=TLS1_2) id 15.20; date",
	    "192.0.2.1 mail.a.example - "
	    "VE1EUR01FT.mail.protection.outlook.com Microsoft" },
	{ "Gmail", "from mail-x.a.example (mail-x.a.example. [192.0.2.1])\n"
	    "        by mx.google.com with ESMTPS id x.1.2\n        for <u@b."
	    "example>\n        (version=TLS1_3 cipher=X bits=256/256);\n "
	    "       date",
	    "192.0.2.1 mail-x.a.example mail-x.a.example mx.google.com "
	    "ESMTPS" },
	{ "Gmail, IPv6", "from a.example (a.example. [2001:db8::7])\n by "
	    "mx.google.com with ESMTPS id x; date",
	    "2001:db8::7 a.example a.example mx.google.com ESMTPS" },
	{ "Gmail, submission", "from [10.0.0.4] (host.isp.example. [192.0.2.3])"
	    "\n by smtp.gmail.com with ESMTPSA id x; date",
	    "192.0.2.3 [10.0.0.4] host.isp.example smtp.gmail.com ESMTPSA+" },
	{ "Gmail, inside", "by 2002:a05:6a10:1234 with SMTP id x; date",
	    "- - - 2002:a05:6a10:1234 SMTP" },
	{ "Yahoo", "from 127.0.0.1  (EHLO smtp.a.example) (192.0.2.1)\n by "
	    "10.1.1.1 with SMTPS; date",
	    "192.0.2.1 smtp.a.example - 10.1.1.1 SMTPS" },
	{ "Courier", "from a.example (out.a.example [::ffff:192.0.2.1])\n  "
	    "(AUTH: LOGIN joe, TLS: TLSv1)\n  by b.example with ESMTPSA; date",
	    "192.0.2.1 a.example out.a.example b.example ESMTPSA+" },
	{ "CommuniGate", "from [192.0.2.1] (account joe@b.example [192.0.2.1] "
	    "verified)\n  by b.example (CommuniGate Pro SMTP 6.1) with ESMTPSA "
	    "id 1; date", "192.0.2.1 - - b.example ESMTPSA+" },
	{ "CommuniGate, another", "from [192.0.2.1] (HELO mail.a.example)\n  "
	    "by b.example (CommuniGate Pro SMTP 6.1) with ESMTP id 1; date",
	    "192.0.2.1 mail.a.example - b.example ESMTP" },
	{ "Domino", "from mail.a.example ([192.0.2.1])\n          by b.example "
	    "(Lotus Domino Release 8.5.3)\n          with ESMTP id 1; date",
	    "192.0.2.1 mail.a.example - b.example ESMTP" },
	{ "two addresses", "from x ([198.51.100.9]) (unknown [192.0.2.1]) by "
	    "b.example; date", "- - - - -" },
	{ "two addresses, with names", "from x (y [198.51.100.9]) (z "
	    "[192.0.2.1]) by b.example (Postfix); date", "- - - - -" },
	{ "two addresses, bare", "from x (198.51.100.9) (192.0.2.1) by "
	    "b.example; date", "- - - - -" },
	{ "the same address twice", "from x ([192.0.2.1]) (y [192.0.2.1]) by "
	    "b.example; date", "192.0.2.1 x - b.example -" },
	{ "Haraka", "from mail.a.example (out.a.example [192.0.2.1])\n\tby "
	    "b.example (Haraka/2.8.28) with ESMTP id 1\n\tenvelope-from "
	    "<x@a.example>;\n\tdate",
	    "192.0.2.1 mail.a.example out.a.example b.example ESMTP" },
	{ "Amazon SES", "from a8-31.smtp-out.amazonses.com (a8-31.smtp-out."
	    "amazonses.com [54.240.8.31]) by inbound-smtp.example with SMTP id "
	    "x for u@b.example; date", "54.240.8.31 "
	    "a8-31.smtp-out.amazonses.com a8-31.smtp-out.amazonses.com "
	    "inbound-smtp.example SMTP" },
	{ "fetchmail", "from pop.isp.example [192.0.2.1]\n\tby localhost with "
	    "POP3 (fetchmail-6.4.37)\n\tfor <joe@localhost> (single-drop); "
	    "date", "192.0.2.1 - pop.isp.example localhost POP3" },
	{ "fetchmail's form, another protocol",
	    "from x [198.51.100.9] by b.example with ESMTP; date",
	    "- - - b.example ESMTP" },
	{ "a greeting alone", "from [198.51.100.9] by b.example with ESMTP; "
	    "date", "- - - b.example ESMTP" },
	{ "a name alone", "from mail.a.example by b.example with ESMTP; date",
	    "- - - b.example ESMTP" },
	{ "a zone", "from a (b.c [fe80::1%em0]) by b.example (X); date",
	    "fe80::1 a b.c b.example -" },
	{ "no address", "from a (b.c [192.0.2.256]) by b.example (Postfix); d",
	    "- - - b.example -" },
	{ "nothing", "", "- - - - -" },
	{ "a date alone", "; Sat, 21 Nov 2026 22:00:00 +0000", "- - - - -" },
	{ "a comment without end", "from a (b [192.0.2.1]", "broken" },
	{ "... behind by", "from a (b [192.0.2.1]) by x (y; date", "broken" },
	{ "words of control", "from a\001b (c.d [192.0.2.1]) by x; date",
	    "192.0.2.1 - c.d x -" },
};

int
main(void)
{
	unsigned char	 addr[16];
	size_t		 i;
	int		 before;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		before = test_failures;
		CHECK_STR(show(cases[i].in), cases[i].want);
		if (test_failures > before)
			fprintf(stderr, "case: %s\n", cases[i].program);
	}
	CHECK(received_addr("192.0.2.1", 9, addr) == AF_INET);
	CHECK(received_addr("192.0.2.1 ", 10, addr) == 0);
	CHECK(received_addr("::FFFF:10.0.0.1", 15, addr) == AF_INET &&
	    addr[0] == 10);
	CHECK(received_addr("ipv6:::1", 8, addr) == AF_INET6 && addr[15] == 1);
	CHECK(received_addr("", 0, addr) == 0);
	CHECK(received_addr("1.2.3.4\0x", 9, addr) == 0);
	return test_done();
}
