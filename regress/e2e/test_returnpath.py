#!/usr/bin/python3
#
# Copyright (c) 2026 The opensmtpd-relay developers
#
# Permission to use, copy, modify, and distribute this software for any
# purpose with or without fee is hereby granted, provided that the above
# copyright notice and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
# WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
# MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
# ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
# WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
# ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
# OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.

"""A platform that sends through us: its sender at the gate, and bounces on
their way back."""

import re

from relaytest import mail
from relaytest.case import main, setup
from relaytest.faults import sql
from relaytest.ns import wait_for
from relaytest.relay import CAROL, MAILBOX, again
from relaytest.sink import settle
from relaytest.world import ADDRESS
from peers.dns import TXT

HOST = "x.bnc.salesforce.com"
VERP = "jo=company.example__%s@" + HOST
GATES = """gate "strip" {
    match { source 10.77.5.1 }
    return-path strip verp
}
gate "strict" {
    match { source 10.77.6.1 }
    require { spf pass, sender domain own }
    return-path strip verp
}
gate "wrap" {
    match { source 10.77.4.0/24 }
    return-path wrap
}
"""
OUTSIDE = """match from src { 10.77.4.0/24, 10.77.5.1, 10.77.6.1 } for any \
action "out"
"""
DSN = """From: MAILER-DAEMON@mx.customer.test
To: %(to)s
Subject: Delivery failed
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"
Message-ID: <%(n)d@mx.customer.test>

--b
Content-Type: text/plain

Number %(n)d.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.customer.test

Final-Recipient: rfc822; carol@customer.test
Action: failed
Status: 5.1.1
--b--
"""


def begin(relay):
    relay.platform = relay.site("10.77.4.1", HOST)
    relay.other = relay.site("10.77.5.1", "crm.test")
    relay.strict = relay.site("10.77.6.1", "strict.test")
    relay.dns.add("company.example", TXT, "v=spf1 ip4:%s -all" % ADDRESS)
    relay.dns.add(HOST, TXT, "v=spf1 ip4:10.77.4.1 ip4:10.77.6.1 -all")
    relay.start_smtpd(relay.conf + OUTSIDE)


def through(relay, site, sender, rcpt=CAROL, body="Hello.\n"):
    """A message of the platform, accepted."""
    data = mail.message("jo@company.example", rcpt, "Offer", body)
    relay.accept(site, sender, [rcpt], data)


def passes(got):
    """What leaves has a sender of ours and comes from us, as SPF wants it."""
    assert got.peer == ADDRESS, got.peer
    assert got.sender.endswith("@company.example"), got.sender


def bounce(relay, path, n, sender=""):
    data = mail.text(DSN % {"to": path, "n": n})
    relay.accept(relay.customer, sender, [path], data)
    return data


@setup(start=False, top=GATES)
def test_wrap(relay):
    """One smtpd: the sender is ours outside, and each bounce the platform's;
    the sixth is nobody's."""
    begin(relay)
    sender = VERP % "one"
    through(relay, relay.platform, sender, body="line\n" * 10)
    got = relay.got(CAROL)
    passes(got)
    path = got.sender
    assert re.match(r"r-[a-z2-7]{26}@", path), path
    assert got.data.count(b"line\r\n") == 10
    assert mail.header(mail.parse(got.data), "From") == "jo@company.example"
    # Another message of that sender, and one of another.
    through(relay, relay.platform, sender)
    assert relay.got(CAROL, 2).sender == path
    through(relay, relay.platform, VERP % "two")
    second = relay.got(CAROL, 3).sender
    assert second != path and second.endswith("@company.example")

    back = relay.platform.sink
    for n in range(1, 6):
        sent = bounce(relay, path if n > 1 else path.upper(), n)
        got = back.wait(sender, n)
        assert got.sender == "" and got.peer == ADDRESS
        assert b"Number %d." % n in got.data
        # Above it stand the fields of its way, and nothing is changed.
        assert got.data.endswith(sent.replace(b"\r\n", b"\n").replace(
            b"\n", b"\r\n")), got.data
        assert b"Delivered-To" not in got.data
        assert got.data.count(b"Received: ") == 2, got.data
    bounce(relay, path, 6)
    # Mail of somebody, who could be anybody, goes nowhere.
    bounce(relay, second, 7, "eve@customer.test")
    relay.wait_queue_empty()
    relay.wait_log("dropped: 5 bounces for " + path)
    relay.wait_log("dropped: no bounce, for the return path " + second)
    # The other one has its own five; and what is sent now a new path.
    bounce(relay, second, 8)
    assert b"Number 8." in back.wait(VERP % "two").data
    through(relay, relay.platform, sender)
    third = relay.got(CAROL, 4).sender
    assert third not in (path, second)

    # smtpd's own bounce, of a recipient that is refused.
    relay.customer.sink.refuse("rcpt", CAROL, "550 5.1.1 moved away")
    through(relay, relay.platform, VERP % "three")
    got = back.wait(VERP % "three")
    assert got.sender == "" and b"moved away" in got.data
    assert len(back.mails) == 7, [m.rcpt for m in back.mails]

    # Its time is over: refused like any unknown address.
    sql(relay, "UPDATE rpath SET expires = 1000000000 WHERE gate = 'wrap'")
    relay.smtpctl("update", "table", "mailboxes")

    def refused():
        out = relay.send(relay.customer, "", [second], b"Subject: x\n\n")
        return out.final[0] == 550
    wait_for("refusal of an expired return path", refused, 30)
    unknown = "r-abcdefghijklmnopqrstuvwxyz@company.example"
    out = again(lambda: relay.send(relay.customer, "", [unknown],
                                   b"Subject: x\n\n"), relay.add_log)
    assert out.final[0] == 550, str(out)
    relay.wait_queue_empty()
    assert len(back.mails) == 7


@setup(start=False, top=GATES)
def test_strip(relay):
    """The address inside; and who needs no other sender keeps theirs."""
    begin(relay)
    other = relay.other

    def sender(site, given, count):
        through(relay, site, given)
        got = relay.got(CAROL, count)
        assert got.peer == ADDRESS
        return got.sender
    assert sender(other, VERP % "one", 1) == "jo@company.example"
    assert sender(other, "prvs=1234abcdef=Jo@company.example",
                  2) == "Jo@company.example"
    assert sender(other, "news@crm.test", 3) == "news@crm.test"
    assert sender(other, "", 4) == ""
    # Those that a gate would wrap, but are ours or nobody's.
    assert sender(relay.platform, "jo@company.example",
                  5) == "jo@company.example"
    assert sender(relay.platform, "", 6) == ""
    # SPF is that of the platform's sender; whose mail it is, stands inside.
    assert sender(relay.strict, VERP % "two", 7) == "jo@company.example"
    forged = mail.message("jo@company.example", CAROL, "Forged")
    out = again(lambda: relay.send(relay.strict, "jo=evil.test__x@" + HOST,
                                   [CAROL], forged), relay.add_log)
    assert out.final[0] == 550 and "sender domain own" in out.final[1], out
    # What the manual of a platform shows is no address; smtpd says so.
    out = relay.send(other, "jo@company.example__x@" + HOST, [CAROL],
                     b"Subject: x\n\n")
    assert out.final[0] == 553, str(out)
    # Mail for a mailbox of ours comes by a gate, too.
    through(relay, relay.platform, VERP % "box", MAILBOX)
    relay.wait_queue_empty()
    settle(relay.sinks())
    assert len(relay.customer.sink.mails) == 7
    assert len(relay.worker.sink.mails) == 2, "the members' copies"
    assert relay.platform.sink.mails == []


if __name__ == "__main__":
    main(globals())
