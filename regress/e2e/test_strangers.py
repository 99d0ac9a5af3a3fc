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

"""Strangers, transactions with several kinds of recipients, replays."""

import re

from relaytest import mail
from relaytest.case import main
from relaytest.ns import wait_for
from relaytest.relay import ALICE, BOB, CAROL, MAILBOX, PETE, PRIVATE
from relaytest.sink import settle

EVE = "eve@elsewhere.test"


def test_stranger_to_handle(relay):
    """Whoever writes to a handle address reaches the mailbox, no customer."""
    copy = relay.copy()
    relay.got(BOB.address)
    handle = mail.addresses(mail.parse(copy), "From")[0]
    data = mail.message(EVE, handle, "Psst")
    out = relay.send(relay.stranger, EVE, [handle], data)
    assert out.final[0] == 250, str(out)
    relay.got(ALICE.address, 2)
    relay.got(BOB.address, 2)
    settle(relay.sinks())
    assert not relay.customer.sink.mails, "a customer got a stranger's mail"


def test_stranger_as_worker(relay):
    """A stranger who knows the handle and writes as its worker has no token:
    refused, with the sentence, for he knows a live handle."""
    copy = relay.copy()
    rcpts, data = ALICE.reply(copy, threads=False)
    out = relay.send(relay.stranger, ALICE.address, rcpts, data)
    assert out.final[0] == 550, str(out)
    assert not relay.customer.sink.mails


def test_guessing_workers(relay):
    """Mail to the mailbox as a worker and as nobody is answered alike."""
    answers = set()
    for who in (ALICE.address, BOB.address, "nobody@home.example",
                "nobody@elsewhere.test"):
        data = mail.message(who, MAILBOX, "Guess")
        out = relay.send(relay.stranger, who, [MAILBOX], data)
        answers.add(tuple(re.sub(r"[0-9a-f]{8}", "ID", text) for _, text in (
            [out.mail, out.final] + out.rcpts)))
    assert len(answers) == 1, answers


def test_unverified_is_marked(relay):
    """A stranger's mail with a worker's From is unverified in the copies."""
    data = mail.message('"Alice" <%s>' % ALICE.address, MAILBOX, "Guess")
    relay.accept(relay.stranger, EVE, [MAILBOX], data)
    got = relay.got(BOB.address)
    msg = mail.parse(got.data)
    assert "unverified" in mail.decoded(mail.header(msg, "From")).lower(), \
        msg["From"]
    assert "alice.liddell" not in mail.header(msg, "From")


def test_unknown_addresses(relay):
    """Handles and return paths that are unknown, and users that are, get
    the same answer."""
    relay.ask()
    client = relay.client(relay.stranger)
    client.docmd("MAIL FROM:<%s>" % EVE)
    answers = set()
    for local in ("support+abcdefgh23456722", "unknown", "support+x",
                  "r-abcdefghijklmnopqrstuvwxyz", "sales+abcdefgh23456722"):
        code, words = client.docmd("RCPT TO:<%s@company.example>" % local)
        answers.add((code, words.decode().split(":")[0].split("<")[0]))
    client.close()
    assert len(answers) == 1, answers
    assert answers.pop()[0] == 550


def test_customer_mixed(relay):
    """The mailbox and an ordinary local user in one transaction."""
    data = mail.message(CAROL, MAILBOX + ", dave@company.example", "Both")
    relay.accept(relay.customer, CAROL, [MAILBOX, "dave@company.example"],
                 data)
    relay.got(ALICE.address)
    wait_for("local mail", lambda: relay.local_mails("dave"))
    local = relay.local_mails("dave")[0]
    assert b"From: carol@customer.test" in local
    assert b"X-Relay-" not in local
    settle(relay.sinks())
    assert len(relay.worker.sink.to(ALICE.address)) == 1


def test_worker_mixed(relay):
    """A reply that also names a local user: both get it, rewritten."""
    copy = relay.copy()
    rcpts, data = ALICE.reply(copy, extra="Cc: dave@company.example\n")
    rcpts.append("dave@company.example")
    relay.accept(relay.worker, ALICE.address, rcpts, data)
    got = relay.got(CAROL)
    assert not mail.leaks(got.data, PRIVATE)
    wait_for("local mail", lambda: relay.local_mails("dave"))
    local = relay.local_mails("dave")[0]
    body = local.split(b"\n\n", 1)[1]
    assert b"alice.liddell" not in body
    assert mail.addresses(mail.parse(local), "From") == [MAILBOX]


def outside(relay, rcpts, refused):
    """In this order, exactly the one with this index is 452 4.5.3."""
    client = relay.client(relay.worker)
    client.docmd("MAIL FROM:<%s>" % ALICE.address)
    codes = []
    for rcpt in rcpts:
        code, words = client.docmd("RCPT TO:<%s>" % rcpt)
        codes.append(code)
        if code == 452:
            assert words.startswith(b"4.5.3"), words
    client.close()
    assert codes[refused] == 452, codes
    assert codes[1 - refused] == 250, codes


def test_handle_and_outside(relay):
    """A handle and a recipient outside our domains, in either order.  For
    smtpd to take the latter at all, relaying is open here."""
    copy = relay.copy()
    handle = mail.addresses(mail.parse(copy), "From")[0]
    relay.stop_smtpd()
    relay.start_smtpd(relay.conf + 'match from any for any action "out"\n')
    outside(relay, [handle, PETE], 1)
    outside(relay, [PETE, handle], 1)


def test_two_mailboxes(relay):
    """Handles of two mailboxes in one transaction."""
    relay.ctl("mailbox", "join", "sales@company.example", "alice")
    first = mail.parse(relay.copy())
    second = mail.parse(relay.copy(count=2, to="sales@company.example"))
    outside(relay, [mail.addresses(first, "From")[0],
                    mail.addresses(second, "From")[0]], 1)


def test_two_workers(relay):
    first = mail.parse(relay.copy())
    second = mail.parse(relay.got(BOB.address).data)
    outside(relay, [mail.addresses(first, "From")[0],
                    mail.addresses(second, "From")[0]], 1)


def test_replay(relay):
    """The same reply once more, later: success, and no second mail."""
    copy = relay.copy()
    rcpts, data = ALICE.reply(copy)
    for _ in range(3):
        relay.accept(relay.worker, ALICE.address, rcpts, data)
    relay.got(CAROL)
    relay.wait_queue_empty()
    settle(relay.sinks())
    assert len(relay.customer.sink.to(CAROL)) == 1, "sent twice"


def test_replay_without_id(relay):
    """A reply that has no Message-Id is known by what is in it."""
    copy = relay.copy()
    rcpts, data = ALICE.reply(copy)
    data = re.sub(rb"(?m)^Message-ID: <\d+\.reply.*\r\n", b"", data)
    assert b"reply@" not in data.lower().split(b"\r\n\r\n")[0]
    for _ in range(2):
        relay.accept(relay.worker, ALICE.address, rcpts, data)
    relay.got(CAROL)
    other = data.replace(b"Here is", b"There is")
    relay.accept(relay.worker, ALICE.address, rcpts, other)
    relay.got(CAROL, 2)
    settle(relay.sinks())
    assert len(relay.customer.sink.to(CAROL)) == 2


def test_reply_record_forged(relay):
    """X-Relay-Reply from outside is worth nothing."""
    copy = relay.copy()
    handle = mail.addresses(mail.parse(copy), "From")[0]
    data = mail.text("X-Relay-Reply: %s\nX-Relay-Unverified: no\n\tx\n" % (
        "0" * 32)) + mail.message(EVE, handle, "Psst")
    relay.accept(relay.stranger, EVE, [handle], data)
    got = relay.got(ALICE.address, 2)
    assert b"X-Relay-Reply" not in got.data
    settle(relay.sinks())
    assert not relay.customer.sink.mails


def test_from_local_socket(relay):
    """Any local user's sendmail may write such a line; it is not believed."""
    copy = relay.copy()
    relay.got(BOB.address)
    handle = mail.addresses(mail.parse(copy), "From")[0]
    text = "X-Relay-Reply: %s\nFrom: %s\nTo: %s\nSubject: x\n\nx\n" % (
        "0" * 32, ALICE.sender(), handle)
    relay.run(["sendmail", "-f", "dave@company.example", handle], text=text)
    relay.got(BOB.address, 2)
    settle(relay.sinks())
    assert not relay.customer.sink.mails


if __name__ == "__main__":
    main(globals())
