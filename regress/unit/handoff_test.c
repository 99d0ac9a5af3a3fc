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
 * Chains of Received fields and the origin that each has.  In every forged
 * one, 198.51.100.9 or fe.fe.example is what an outsider would like to be.
 */

#include <sys/socket.h>
#include <arpa/inet.h>

#include <stdlib.h>

#include "base/compat.h"
#include "handoff/handoff.h"
#include "test.h"

/* Relays of ours: addresses and names. */
static const char nets_text[] = "# ours\n192.0.2.0/28\n203.0.113.5 # one\n"
    "2001:db8:1::/48\n\n";
static const char names_text[] = "edge.example\nMX2.example\n"
    "relay.isp.example\n";
static const char users_text[] = "relayuser\n";
static const char when_text[] = "192.0.2.0/28\n2001:db8:1::/48\n";

static struct netlist	 nets, when;
static struct wordlist	 names, users;

#define L	HANDOFF_LOCAL
#define A	HANDOFF_ADDRESSES
#define H	HANDOFF_HOSTNAMES
#define U	HANDOFF_AUTHENTICATED
#define C	HANDOFF_COUNT

/* Fields, each ended by "; d" and LF. */
#define PF(helo, rdns, ip, by)						\
	"from " helo " (" rdns " [" ip "])\n\tby " by " (Postfix) with " \
	"ESMTP id 1; d\n"
#define PFA(helo, rdns, ip, by)						\
	"from " helo " (" rdns " [" ip "])\n\t(Authenticated sender: x)\n" \
	"\tby " by " (Postfix) with ESMTPSA id 1; d\n"
#define EX(rdns, ip, helo, by)						\
	"from " rdns " ([" ip "] helo=" helo ")\n\tby " by " with esmtp " \
	"(Exim 4.96)\n\tid 1; d\n"
#define SM(helo, rdns, ip, by)						\
	"from " helo " (" rdns " [" ip "])\n\tby " by " (8.15.2/8.15.2) " \
	"with ESMTP id x; d\n"
#define QM(name, helo, ip)						\
	"(qmail 7 invoked from network); d\nfrom " name " (HELO " helo ") " \
	"(" ip ")\n  by 0 with SMTP; d\n"
#define OS(helo, rdns, ip, by)						\
	"from " helo " (" rdns " [" ip "])\n\tby " by " (OpenSMTPD) with " \
	"ESMTP id 0123abcd\n\tfor <u@x>;\n\td\n"
#define MS(helo, ip, by)						\
	"from " helo " (" ip ") by\n " by " (10.0.0.6) with Microsoft SMTP " \
	"Server id 15; d\n"
#define GM(helo, rdns, ip)						\
	"from " helo " (" rdns ". [" ip "])\n        by mx.google.com with " \
	"ESMTPS id x; d\n"
#define FORGED	PF("fe.fe.example", "fe.fe.example", "198.51.100.9",	\
	"edge.example")

static const struct {
	const char	*why;
	int		 strategy, count;
	const char	*ip, *host, *login;	/* of the session */
	const char	*fields, *want;		/* "ip host helo", "-": none,
					 * "?": nobody known */
} chains[] = {
	/* addresses */
	{ "one relay, Postfix", A, 0, "192.0.2.1", NULL, NULL,
	    PF("h", "out.a.example", "198.18.0.1", "edge.example"),
	    "198.18.0.1 out.a.example h" },
	{ "one relay, Exim", A, 0, "192.0.2.1", NULL, NULL,
	    EX("out.a.example", "198.18.0.1", "h", "edge.example"),
	    "198.18.0.1 out.a.example h" },
	{ "one relay, Sendmail", A, 0, "192.0.2.1", NULL, NULL,
	    SM("h", "out.a.example", "198.18.0.1", "edge.example"),
	    "198.18.0.1 out.a.example h" },
	{ "one relay, qmail", A, 0, "192.0.2.1", NULL, NULL,
	    QM("out.a.example", "h", "198.18.0.1"),
	    "198.18.0.1 out.a.example h" },
	{ "one relay, OpenSMTPD", A, 0, "192.0.2.1", NULL, NULL,
	    OS("h", "out.a.example", "198.18.0.1", "edge.example"),
	    "198.18.0.1 out.a.example h" },
	{ "one relay, Exchange", A, 0, "192.0.2.1", NULL, NULL,
	    MS("h", "198.18.0.1", "edge.example"), "198.18.0.1 - h" },
	{ "one relay, Gmail", A, 0, "192.0.2.1", NULL, NULL,
	    GM("h", "out.a.example", "198.18.0.1"),
	    "198.18.0.1 out.a.example h" },
	{ "IPv6 on both sides", A, 0, "2001:db8:1::25", NULL, NULL,
	    PF("h", "six.a.example", "IPv6:2001:db8:9::1", "edge.example"),
	    "2001:db8:9::1 six.a.example h" },
	{ "IPv4 in IPv6", A, 0, "192.0.2.1", NULL, NULL,
	    SM("h", "a.example", "::ffff:198.18.0.1", "edge.example"),
	    "198.18.0.1 a.example h" },
	{ "two relays", A, 0, "192.0.2.1", NULL, NULL,
	    PF("e", "edge.example", "203.0.113.5", "in.example")
	    PF("h", "out.a.example", "198.18.0.1", "edge.example"),
	    "198.18.0.1 out.a.example h" },
	{ "three relays of three kinds", A, 0, "192.0.2.1", NULL, NULL,
	    PF("e", "unknown", "192.0.2.2", "in.example")
	    EX("edge.example", "203.0.113.5", "e", "mid.example")
	    SM("h", "out.a.example", "198.18.0.1", "edge.example"),
	    "198.18.0.1 out.a.example h" },
	{ "a filter in the relay", A, 0, "192.0.2.1", NULL, NULL,
	    PF("localhost", "localhost", "127.0.0.1", "edge.example")
	    "from edge.example ([127.0.0.1])\n\tby localhost (edge.example "
	    "[127.0.0.1]) (amavisd-new, port 10024)\n\twith ESMTP id x; d\n"
	    PF("h", "out.a.example", "198.18.0.1", "edge.example"),
	    "198.18.0.1 out.a.example h" },
	{ "a filter by ::1", A, 0, "192.0.2.1", NULL, NULL,
	    PF("localhost", "localhost", "IPv6:::1", "edge.example")
	    PF("h", "out.a.example", "198.18.0.1", "edge.example"),
	    "198.18.0.1 out.a.example h" },
	{ "not from a relay", A, 0, "198.18.0.1", NULL, NULL, FORGED, "-" },
	{ "not from a relay, whose name is one", A, 0, "198.18.0.1",
	    "edge.example", NULL, FORGED, "-" },
	{ "forged below the first hop", A, 0, "192.0.2.1", NULL, NULL,
	    PF("h", "unknown", "198.18.0.1", "edge.example") FORGED,
	    "198.18.0.1 - h" },
	{ "forged, with a relay's address", A, 0, "192.0.2.1", NULL, NULL,
	    PF("h", "unknown", "198.18.0.1", "edge.example")
	    PF("e", "edge.example", "192.0.2.2", "edge.example") FORGED,
	    "198.18.0.1 - h" },
	{ "forged below the second", A, 0, "192.0.2.1", NULL, NULL,
	    PF("e", "edge.example", "192.0.2.3", "in.example")
	    PF("h", "unknown", "198.18.0.1", "edge.example") FORGED,
	    "198.18.0.1 - h" },
	{ "a greeting with a relay's name", A, 0, "192.0.2.1", NULL, NULL,
	    PF("edge.example", "unknown", "198.18.0.1", "edge.example")
	    FORGED, "198.18.0.1 - edge.example" },
	{ "a greeting with a relay's address", A, 0, "192.0.2.1", NULL, NULL,
	    PF("[192.0.2.2]", "unknown", "198.18.0.1", "edge.example")
	    FORGED, "198.18.0.1 - [192.0.2.2]" },
	{ "the same with Exim", A, 0, "192.0.2.1", NULL, NULL,
	    "from [198.18.0.1] (helo=[192.0.2.2])\n\tby edge.example with "
	    "esmtp (Exim 4.96) id 1; d\n" FORGED,
	    "198.18.0.1 - [192.0.2.2]" },
	{ "the same with Sendmail", A, 0, "192.0.2.1", NULL, NULL,
	    "from [192.0.2.2] ([198.18.0.1])\n\tby edge.example "
	    "(8.15.2/8.15.2) with ESMTP id 1; d\n" FORGED,
	    "198.18.0.1 - [192.0.2.2]" },
	{ "the same with qmail", A, 0, "192.0.2.1", NULL, NULL,
	    QM("unknown", "192.0.2.2", "198.18.0.1") FORGED,
	    "198.18.0.1 - 192.0.2.2" },
	{ "the same with Exchange", A, 0, "192.0.2.1", NULL, NULL,
	    MS("[192.0.2.2]", "198.18.0.1", "edge.example") FORGED,
	    "198.18.0.1 - [192.0.2.2]" },
	{ "the same with Yahoo", A, 0, "192.0.2.1", NULL, NULL,
	    "from 192.0.2.2  (EHLO 192.0.2.2) (198.18.0.1)\n by 10.1.1.1 with "
	    "SMTPS; d\n" FORGED, "198.18.0.1 - 192.0.2.2" },
	{ "a greeting of brackets", A, 0, "192.0.2.1", NULL, NULL,
	    PF("([192.0.2.2])", "unknown", "198.18.0.1", "edge.example")
	    FORGED, "?" },
	{ "a greeting with a comment", A, 0, "192.0.2.1", NULL, NULL,
	    PF("x([192.0.2.2])", "unknown", "198.18.0.1", "edge.example")
	    FORGED, "?" },
	{ "a greeting that says to be logged in", U, 0, "192.0.2.1", NULL,
	    "relayuser", PF("x(Authenticated", "unknown", "198.18.0.1", "e")
	    FORGED, "?" },
	{ "a name that says to be logged in", U, 0, "192.0.2.1", NULL,
	    "relayuser", PF("h", "authenticated.example", "198.18.0.1", "e")
	    FORGED, "198.18.0.1 authenticated.example h" },
	{ "a sender who says to be logged in", U, 0, "192.0.2.1", NULL,
	    "relayuser", "from a.example ([198.18.0.1] helo=h)\n\tby e with "
	    "esmtp (Exim 4.96)\n\t(envelope-from <\"a) auth=yes (\"@x>)\n\tid "
	    "1; d\n" FORGED, "198.18.0.1 a.example h" },
	{ "a user of the relay", A, 0, "192.0.2.1", NULL, NULL,
	    "by edge.example (Postfix, from userid 0)\n\tid 1; d\n" FORGED,
	    "-" },
	{ "a user of an Exim relay", A, 0, "192.0.2.1", NULL, NULL,
	    "from joe by e.example with local (Exim 4.96); d\n" FORGED, "-" },
	{ "a server that tells the greeting alone", A, 0, "192.0.2.1", NULL,
	    NULL, "from [198.51.100.9] by edge.example (Odd) with SMTP; d\n",
	    "?" },
	{ "a name that the holder of the address chose", A, 0, "192.0.2.1",
	    NULL, NULL, OS("h", "edge.example", "198.18.0.1", "edge.example")
	    FORGED, "198.18.0.1 edge.example h" },
	{ "each hop is a relay", A, 0, "192.0.2.1", NULL, NULL,
	    PF("e", "edge.example", "203.0.113.5", "in.example")
	    PF("m", "unknown", "192.0.2.9", "edge.example"), "-" },
	{ "no field", A, 0, "192.0.2.1", NULL, NULL, "", "-" },
	{ "sent by a user of the relay", A, 0, "192.0.2.1", NULL, NULL,
	    "by edge.example (Postfix, from userid 33)\n\tid 1; d\n" FORGED,
	    "-" },
	{ "the same with Exim", A, 0, "192.0.2.1", NULL, NULL,
	    "from www-data by edge.example with local (Exim 4.96) id 1; d\n"
	    FORGED, "-" },
	{ "the same with qmail", A, 0, "192.0.2.1", NULL, NULL,
	    "(qmail 7 invoked by uid 33); d\n" FORGED, "-" },
	{ "the same with Sendmail", A, 0, "192.0.2.1", NULL, NULL,
	    "(from www@localhost)\n\tby edge.example (8.15.2/8.15.2/Submit) "
	    "id x; d\n" FORGED, "-" },
	{ "the same with OpenSMTPD", A, 0, "192.0.2.1", NULL, NULL,
	    "from localhost (edge.example [local])\n\tby edge.example "
	    "(OpenSMTPD) with ESMTPA id 0123abcd; d\n" FORGED, "-" },
	{ "a field that cannot be read", A, 0, "192.0.2.1", NULL, NULL,
	    "from a (b [198.51.100.9]\n" FORGED, "?" },
	{ "an address that is none", A, 0, "192.0.2.1", NULL, NULL,
	    PF("h", "x.example", "192.0.2.300", "edge.example") FORGED, "?" },
	{ "fetched by POP3", A, 0, "127.0.0.1", NULL, NULL,
	    "from pop.isp.example [203.0.113.5]\n\tby localhost with POP3 "
	    "(fetchmail-6.4.37)\n\tfor <joe@localhost> (single-drop); d\n"
	    PF("h", "out.a.example", "198.18.0.1", "pop.isp.example"),
	    "-" },
	{ "fetched by IMAP, from a relay", A, 0, "192.0.2.1", NULL, NULL,
	    "from pop.isp.example [203.0.113.5]\n\tby localhost with IMAP "
	    "(fetchmail-6.4.37)\n\tfor <joe@localhost> (single-drop); d\n"
	    PF("h", "out.a.example", "198.18.0.1", "pop.isp.example"),
	    "198.18.0.1 out.a.example h" },
	/* local */
	{ "a private relay", L, 0, "10.0.0.5", NULL, NULL,
	    PF("h", "out.a.example", "198.18.0.1", "edge.example"),
	    "198.18.0.1 out.a.example h" },
	{ "several private ones", L, 0, "192.168.1.1", NULL, NULL,
	    PF("e", "unknown", "172.16.5.5", "in.example")
	    MS("e2", "10.9.9.9", "mid.example")
	    PF("h", "out.a.example", "198.18.0.1", "edge.example"),
	    "198.18.0.1 out.a.example h" },
	{ "a private one by IPv6", L, 0, "fd00::1", NULL, NULL,
	    PF("e", "unknown", "IPv6:fe80::5", "in.example")
	    PF("h", "out.a.example", "198.18.0.1", "edge.example"),
	    "198.18.0.1 out.a.example h" },
	{ "loopback, fetched by POP3", L, 0, "127.0.0.1", NULL, NULL,
	    "from pop.isp.example [203.0.113.5]\n\tby localhost with POP3 "
	    "(fetchmail-6.4.37)\n\tfor <joe@localhost> (single-drop); d\n"
	    PF("h", "out.a.example", "198.18.0.1", "pop.isp.example"),
	    "203.0.113.5 pop.isp.example -" },
	{ "a public client", L, 0, "198.18.0.1", NULL, NULL, FORGED, "-" },
	{ "172.32 is public", L, 0, "172.32.0.1", NULL, NULL, FORGED, "-" },
	{ "forged behind a public hop", L, 0, "10.0.0.5", NULL, NULL,
	    PF("h", "unknown", "198.18.0.1", "edge.example") FORGED,
	    "198.18.0.1 - h" },
	{ "forged behind a public hop, with a private one", L, 0, "10.0.0.5",
	    NULL, NULL, PF("h", "unknown", "198.18.0.1", "edge.example")
	    PF("x", "unknown", "10.0.0.1", "edge.example") FORGED,
	    "198.18.0.1 - h" },
	{ "a private greeting", L, 0, "10.0.0.5", NULL, NULL,
	    PF("[10.0.0.1]", "unknown", "198.18.0.1", "edge.example") FORGED,
	    "198.18.0.1 - [10.0.0.1]" },
	{ "all private: the last hop is no origin", L, 0, "10.0.0.5", NULL,
	    NULL, PF("e", "unknown", "172.16.5.5", "in.example")
	    PF("h", "unknown", "192.168.7.7", "edge.example"), "-" },
	/* hostnames */
	{ "a relay by name", H, 0, "198.18.7.7", "edge.example", NULL,
	    PF("h", "out.a.example", "198.18.0.1", "edge.example"),
	    "198.18.0.1 out.a.example h" },
	{ "in any case of letters", H, 0, "198.18.7.7", "EDGE.example", NULL,
	    PF("h", "out.a.example", "198.18.0.1", "Edge.Example"),
	    "198.18.0.1 out.a.example h" },
	{ "two by name", H, 0, "198.18.7.7", "edge.example", NULL,
	    PF("m", "mx2.example", "198.18.7.8", "edge.example")
	    EX("out.a.example", "198.18.0.1", "h", "mx2.example"),
	    "198.18.0.1 out.a.example h" },
	{ "a filter in it", H, 0, "198.18.7.7", "edge.example", NULL,
	    PF("localhost", "localhost", "127.0.0.1", "inner.example")
	    PF("h", "out.a.example", "198.18.0.1", "edge.example"),
	    "198.18.0.1 out.a.example h" },
	{ "another name", H, 0, "198.18.7.7", "other.example", NULL,
	    PF("h", "x", "198.51.100.9", "edge.example"), "-" },
	{ "no name", H, 0, "198.18.7.7", NULL, NULL, FORGED, "-" },
	{ "a greeting with a relay's name", H, 0, "198.18.7.7",
	    "edge.example", NULL,
	    PF("mx2.example", "unknown", "198.18.0.1", "edge.example")
	    PF("h", "fe.fe.example", "198.51.100.9", "mx2.example"),
	    "198.18.0.1 - mx2.example" },
	{ "the same with Sendmail", H, 0, "198.18.7.7", "edge.example", NULL,
	    "from mx2.example ([198.18.0.1])\n\tby edge.example "
	    "(8.15.2/8.15.2) with ESMTP id 1; d\n"
	    PF("h", "fe.fe.example", "198.51.100.9", "mx2.example"),
	    "198.18.0.1 - mx2.example" },
	{ "the same with Exim", H, 0, "198.18.7.7", "edge.example", NULL,
	    "from [198.18.0.1] (helo=mx2.example)\n\tby edge.example with "
	    "esmtp (Exim 4.96) id 1; d\n"
	    PF("h", "fe.fe.example", "198.51.100.9", "mx2.example"),
	    "198.18.0.1 - mx2.example" },
	{ "a relay's name that is not verified", H, 0, "198.18.7.7",
	    "edge.example", NULL,
	    OS("h", "mx2.example", "198.18.0.1", "edge.example")
	    PF("h", "fe.fe.example", "198.51.100.9", "mx2.example"),
	    "198.18.0.1 mx2.example h" },
	{ "one that may be forged", H, 0, "198.18.7.7", "edge.example", NULL,
	    "from h (mx2.example [198.18.0.1] (may be forged))\n\tby "
	    "edge.example (8.15.2/8.15.2) with ESMTP id 1; d\n"
	    PF("h", "fe.fe.example", "198.51.100.9", "mx2.example"),
	    "198.18.0.1 mx2.example h" },
	{ "a field that another host wrote", H, 0, "198.18.7.7",
	    "edge.example", NULL,
	    PF("h", "x.example", "198.18.0.1", "other.example") FORGED, "-" },
	{ "no field of the relay", H, 0, "198.18.7.7", "edge.example", NULL,
	    "from x by y with z; d\n" FORGED, "?" },
	/* authenticated */
	{ "a relay that logs in", U, 0, "198.18.7.7", NULL, "relayuser",
	    PF("h", "out.a.example", "198.18.0.1", "edge.example"),
	    "198.18.0.1 out.a.example h" },
	{ "a client that had logged in there", U, 0, "198.18.7.7", NULL,
	    "relayuser", PFA("p", "host.isp.example", "198.18.9.9",
	    "edge.example")
	    PF("h", "out.a.example", "198.18.0.1", "home.example"),
	    "198.18.0.1 out.a.example h" },
	{ "... with nothing below", U, 0, "198.18.7.7", NULL, "relayuser",
	    PFA("p", "host.isp.example", "198.18.9.9", "edge.example"), "-" },
	{ "another user", U, 0, "198.18.7.7", NULL, "joe", FORGED, "-" },
	{ "nobody", U, 0, "198.18.7.7", NULL, NULL, FORGED, "-" },
	{ "forged logins below", U, 0, "198.18.7.7", NULL, "relayuser",
	    PF("h", "unknown", "198.18.0.1", "edge.example")
	    PFA("p", "x", "198.18.9.9", "edge.example") FORGED,
	    "198.18.0.1 - h" },
	{ "a recipient that says auth=yes", U, 0, "198.18.7.7", NULL,
	    "relayuser", "from h (<unknown> [198.18.0.1]) by edge.example "
	    "(OpenSMTPD) with ESMTP id 1 for <\"x auth=yes\"@b>; d\n" FORGED,
	    "198.18.0.1 - h" },
	{ "a greeting that says so", U, 0, "198.18.7.7", NULL, "relayuser",
	    QM("unknown", "Authenticated sender: x", "198.18.0.1") FORGED,
	    "198.18.0.1 - -" },
	/* count; its sources are 192.0.2.0/28 */
	{ "the second", C, 2, "192.0.2.1", NULL, NULL,
	    PF("h", "out.a.example", "198.18.0.1", "edge.example") FORGED,
	    "198.18.0.1 out.a.example h" },
	{ "the third", C, 3, "192.0.2.1", NULL, NULL,
	    PF("m", "unknown", "192.0.2.2", "edge.example")
	    PF("h", "out.a.example", "198.18.0.1", "mid.example") FORGED,
	    "198.18.0.1 out.a.example h" },
	{ "a filter counts", C, 3, "192.0.2.1", NULL, NULL,
	    PF("localhost", "localhost", "127.0.0.1", "edge.example")
	    PF("h", "out.a.example", "198.18.0.1", "edge.example") FORGED,
	    "198.18.0.1 out.a.example h" },
	{ "qmail's network lines do not", C, 2, "192.0.2.1", NULL, NULL,
	    QM("unknown", "h", "198.18.0.1") FORGED, "198.18.0.1 - h" },
	{ "the third, sent straight to the first relay", C, 3, "192.0.2.1",
	    NULL, NULL, PF("h", "unknown", "198.18.0.1", "edge.example")
	    FORGED, "198.18.0.1 - h" },
	{ "sent straight to us", C, 2, "198.18.0.1", NULL, NULL, FORGED,
	    "-" },
	{ "too few", C, 3, "192.0.2.1", NULL, NULL,
	    PF("m", "unknown", "192.0.2.2", "edge.example"), "-" },
	{ "one without an address in between", C, 3, "192.0.2.1", NULL, NULL,
	    "by edge.example (Postfix, from userid 33)\n\tid 1; d\n" FORGED,
	    "-" },
	{ "by IPv6", C, 2, "2001:db8:1::1", NULL, NULL,
	    PF("h", "six.a.example", "IPv6:2001:db8:9::1", "edge.example"),
	    "2001:db8:9::1 six.a.example h" },
	{ "counted alone", C, -3, "10.1.1.1", NULL, NULL,
	    PF("h", "unknown", "198.18.0.1", "inner.example"),
	    "198.18.0.1 - h" },
	{ "counted alone, from outside", C, -2, "192.0.2.1", NULL, NULL,
	    FORGED, "-" },
};

/* Splits the fields, which end where a line does not begin with a space. */
static size_t
read_fields(const char *s, struct received *r)
{
	const char	*end;
	size_t		 n = 0;

	for (; *s != '\0'; s = end + 1, n++) {
		for (end = s; *end != '\n' || end[1] == ' ' ||
		    end[1] == '\t'; end++)
			continue;
		if (received_parse(&r[n], s, end - s) == -1)
			memset(&r[n], 0, sizeof(r[n]));
	}
	return n;
}

static const char *
find(int strategy, int count, const char *ip, const char *host,
    const char *login, const char *fields)
{
	static char		 out[700];
	struct handoff_session	 s;
	struct handoff_rule	 rule;
	struct handoff_hop	 hop;
	struct received		 r[20];

	memset(&s, 0, sizeof(s));
	memset(&rule, 0, sizeof(rule));
	s.family = received_addr(ip, strlen(ip), s.addr);
	s.host = host;
	s.login = login;
	rule.strategy = strategy;
	rule.count = abs(count);
	rule.nets = &nets;
	rule.words = strategy == U ? &users : &names;
	rule.when = strategy == C && count > 0 ? &when : NULL;
	rule.symbol = "TEST";
	if (handoff_find(&rule, 1, &s, r, read_fields(fields, r), &hop) == 0)
		return "-";
	CHECK_STR(hop.symbol, "TEST");
	if (hop.family == 0)
		return "?";
	inet_ntop(hop.family, hop.addr, out, 64);
	snprintf(out + strlen(out), sizeof(out) - 64, " %s %s",
	    hop.host[0] ? hop.host : "-", hop.helo[0] ? hop.helo : "-");
	return out;
}

/* No field below the origin changes it. */
static void
test_below(size_t i)
{
	char	 more[4096];

	snprintf(more, sizeof(more), "%s%s%s", chains[i].fields, FORGED,
	    FORGED);
	CHECK_STR(find(chains[i].strategy, chains[i].count, chains[i].ip,
	    chains[i].host, chains[i].login, more), chains[i].want);
}

static void
test_rules(void)
{
	struct handoff_session	 s;
	struct handoff_rule	 rule[3];
	struct handoff_hop	 hop;
	struct received		 r[4];
	char			 field[1024];
	size_t			 n;

	memset(rule, 0, sizeof(rule));
	memset(&s, 0, sizeof(s));
	rule[0].strategy = U;
	rule[0].any = 1;
	rule[0].words = &users;
	rule[0].symbol = "ONE";
	rule[1].strategy = A;
	rule[1].nets = &nets;
	rule[1].when = &when;
	rule[1].symbol = "TWO";
	rule[2].strategy = L;
	rule[2].symbol = "THREE";
	n = read_fields(PF("h", "out.a.example", "198.18.0.1", "e"), r);
	s.family = received_addr("192.0.2.3", 9, s.addr);
	CHECK(handoff_find(rule, 3, &s, r, n, &hop) == 1);
	CHECK_STR(hop.symbol, "TWO");
	CHECK(handoff_field(&hop, field, sizeof(field)) == 0);
	CHECK_STR(field, "X-Relay-Handoff: TWO; ip=198.18.0.1; "
	    "host=out.a.example; helo=h");
	CHECK(handoff_field(&hop, field, 40) == -1);
	s.login = "anybody";
	CHECK(handoff_find(rule, 3, &s, r, n, &hop) == 1);
	CHECK_STR(hop.symbol, "ONE");
	s.login = NULL;
	s.family = received_addr("203.0.113.5", 11, s.addr);
	CHECK(handoff_find(rule, 3, &s, r, n, &hop) == 0);
	s.family = received_addr("10.1.1.1", 8, s.addr);
	CHECK(handoff_find(rule, 3, &s, r, n, &hop) == 1);
	CHECK_STR(hop.symbol, "THREE");
	s.family = 0;
	CHECK(handoff_find(rule, 3, &s, r, n, &hop) == 0);
}

int
main(void)
{
	size_t	 i, line, n = sizeof(chains) / sizeof(chains[0]);
	int	 before;

	CHECK(n >= 60);
	CHECK(netlist_text(&nets, nets_text, strlen(nets_text), &line) == 0);
	CHECK(netlist_text(&when, when_text, strlen(when_text), &line) == 0);
	CHECK(wordlist_text(&names, names_text, strlen(names_text),
	    &line) == 0);
	CHECK(wordlist_text(&users, users_text, strlen(users_text),
	    &line) == 0);
	for (i = 0; i < n; i++) {
		before = test_failures;
		CHECK_STR(find(chains[i].strategy, chains[i].count,
		    chains[i].ip, chains[i].host, chains[i].login,
		    chains[i].fields), chains[i].want);
		if (strcmp(chains[i].want, "-") != 0)
			test_below(i);
		CHECK(strstr(chains[i].want, "198.51.100.9") == NULL);
		if (test_failures > before)
			fprintf(stderr, "chain: %s\n", chains[i].why);
	}
	test_rules();
	netlist_free(&nets);
	netlist_free(&when);
	wordlist_free(&names);
	wordlist_free(&users);
	return test_done();
}
