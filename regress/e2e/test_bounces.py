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

"""Bounces, out-of-office replies and everything else that comes back."""

import re

from relaytest import mail
from relaytest.case import main
from relaytest.ns import wait_for
from relaytest.relay import ALICE, BOB, CAROL, PRIVATE
from relaytest.sink import settle

DSN = """From: MAILER-DAEMON@mx.customer.test
To: %(to)s
Subject: Delivery failed
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Prose that nobody shall quote, about %(private)s.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.customer.test

Final-Recipient: rfc822; %(private)s
Action: %(action)s
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 mailbox unknown here
--b--
"""


def bounce(relay, site, path, private, action="failed"):
    return relay.send(site, "", [path], mail.text(DSN % {
        "to": path, "private": private, "action": action}))


def test_customer_refused_in_session(relay):
    """The customer's server refuses: Alice learns why, by smtpd's own bounce,
    which has the reply in its text alone; and Carol's address is not given
    away."""
    copy = relay.copy()
    relay.customer.sink.refuse("rcpt", CAROL, "550 5.1.1 moved away")
    relay.answer(copy)
    got = relay.got(ALICE.address, 2)
    shown = got.data.decode("utf-8", "replace")
    assert "Status: 5.1.1" in shown and "moved away" in shown, shown
    assert CAROL not in shown, "the customer's address is in it"
    relay.wait_queue_empty()
    settle(relay.sinks())


def test_customer_bounces_later(relay):
    """A bounce to the return path is reported to whoever wrote."""
    copy = relay.copy()
    relay.answer(copy)
    path = relay.got(CAROL).sender
    relay.wait_queue_empty()
    bobs = len(relay.worker.sink.to(BOB.address))
    out = bounce(relay, relay.customer, path, CAROL)
    assert out.final[0] == 250, str(out)
    got = relay.got(ALICE.address, 2)
    shown = got.data.decode("utf-8", "replace")
    assert "5.1.1" in shown and "mailbox unknown here" in shown, shown
    assert "Prose" not in shown, "the prose of the bounce is quoted"
    settle(relay.sinks())
    assert len(relay.worker.sink.to(BOB.address)) == bobs


def test_at_most_five(relay):
    copy = relay.copy()
    relay.answer(copy)
    path = relay.got(CAROL).sender
    for _ in range(8):
        bounce(relay, relay.customer, path, CAROL)
    relay.wait_queue_empty()
    settle(relay.sinks())
    assert 2 <= len(relay.worker.sink.to(ALICE.address)) <= 6


def test_delay_is_only_logged(relay):
    copy = relay.copy()
    relay.answer(copy)
    path = relay.got(CAROL).sender
    bounce(relay, relay.customer, path, CAROL, "delayed")
    relay.wait_queue_empty()
    settle(relay.sinks())
    assert len(relay.worker.sink.to(ALICE.address)) == 1


def test_worker_fails(relay):
    """A worker's address that fails is shown, and the others are told."""
    relay.worker.sink.refuse("rcpt", BOB.address, "550 5.2.2 mailbox full")
    relay.copy()
    wait_for("failing", lambda: re.search(
        "(?i)fail", relay.ctl("worker", "list")))
    got = relay.got(ALICE.address, 2)
    shown = got.data.decode("utf-8", "replace")
    assert BOB.address not in shown.lower(), "a private address is told"
    settle(relay.sinks())
    assert not relay.customer.sink.mails, "the customer got a bounce"


def test_out_of_office_of_customer(relay):
    """Mail to a participant's return path is that participant's message."""
    copy = relay.copy()
    relay.answer(copy)
    path = relay.got(CAROL).sender
    data = mail.message(CAROL, path, "Out of office", "Back on Monday.\n",
                        "Auto-Submitted: auto-replied\n")
    out = relay.send(relay.customer, "", [path], data)
    assert out.final[0] == 250, str(out)
    got = relay.got(ALICE.address, 2)
    assert b"Back on Monday." in got.data
    settle(relay.sinks())


def test_out_of_office_of_worker(relay):
    """Mail to a worker's return path is dropped; no customer sees it."""
    relay.ask()
    path = relay.got(ALICE.address).sender
    data = mail.message(ALICE.address, path, "Out of office",
                        extra="Auto-Submitted: auto-replied\n")
    out = relay.send(relay.worker, "", [path], data)
    assert out.final[0] == 250, str(out)
    relay.wait_queue_empty()
    settle(relay.sinks())
    assert not relay.customer.sink.mails
    assert len(relay.worker.sink.mails) == 2


def test_worker_refused_never_reaches_customer(relay):
    """Every copy fails: the customer gets no bounce with an address."""
    for who in (ALICE, BOB):
        relay.worker.sink.refuse("rcpt", who.address, "550 5.1.1 unknown")
    relay.ask()
    relay.wait_queue_empty()
    settle(relay.sinks())
    for got in relay.customer.sink.mails:
        assert not mail.leaks(got.data, PRIVATE)


if __name__ == "__main__":
    main(globals())
