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

"""The loop: a customer asks, workers get copies, one answers, the customer
gets the answer and sees nothing private."""

import re

from relaytest import mail
from relaytest.case import main
from relaytest.relay import ALICE, BOB, CAROL, MAILBOX, PETE, PRIVATE
from relaytest.sink import settle

HANDLE_ADDRESS = re.compile(r"^support\+[a-z2-7]{16}@company\.example$")
OURS = re.compile(r"^<relay\.[a-z2-7]+@company\.example>$")


def clean(data):
    found = mail.leaks(data, PRIVATE)
    assert not found, "leaks: " + "; ".join(found)


def test_copy(relay):
    """What a copy looks like."""
    relay.ask(subject="How =?utf-8?q?gr=C3=BCn?=?",
              extra="Disposition-Notification-To: %s\nX-Mailer: Foo\n"
              "Importance: high\n" % CAROL)
    for who in (ALICE, BOB):
        got = relay.got(who.address)
        msg = mail.parse(got.data)
        sender = mail.addresses(msg, "From")
        assert len(sender) == 1 and HANDLE_ADDRESS.match(sender[0]), sender
        assert "Carol Customer (via Company Support)" in mail.decoded(
            mail.header(msg, "From")), mail.header(msg, "From")
        assert mail.addresses(msg, "Reply-To") in ([], sender)
        assert mail.addresses(msg, "To") == [MAILBOX]
        assert OURS.match(mail.header(msg, "Message-ID"))
        assert mail.header(msg, "Importance") == "high"
        assert mail.header(msg, "X-Relay-Conversation")
        assert msg["Disposition-Notification-To"] is None
        assert msg["X-Mailer"] is None
        assert "grün" in mail.decoded(mail.header(msg, "Subject"))
        assert b"How do I do it?" in got.data
        assert re.match(r"r-[a-z2-7]{26}@company\.example$", got.sender), \
            got.sender
    settle(relay.sinks())
    assert len(relay.worker.sink.mails) == 2, "more copies than members"


def test_reply(relay):
    """Reply with the original quoted, back to the customer's program."""
    question = relay.ask()
    copy = relay.got(ALICE.address).data
    rcpts, data = ALICE.reply(copy, body="Like this. Write to %s.\n\n%s" % (
        ALICE.address, mail.quote(copy)))
    assert len(rcpts) == 1 and HANDLE_ADDRESS.match(rcpts[0]), rcpts
    relay.accept(relay.worker, ALICE.address, rcpts, data)
    got = relay.got(CAROL)
    msg = mail.parse(got.data)
    clean(got.data)
    assert mail.addresses(msg, "From") == [MAILBOX], msg["From"]
    assert "Company Support" in mail.header(msg, "From")
    assert mail.addresses(msg, "To") == [CAROL], msg["To"]
    assert mail.header(msg, "In-Reply-To") == question
    assert question in mail.header(msg, "References")
    assert mail.header(msg, "Subject") == "Re: A question"
    assert mail.header(msg, "Date").endswith("+0000"), msg["Date"]
    assert b"Like this. Write to support@company.example." in got.data
    for name in ("X-Relay-Reply", "Return-Path", "Delivered-To",
                 "User-Agent", "Organization", "X-Originating-IP"):
        assert msg[name] is None, name + " is there"
    assert got.sender.startswith("r-") and got.sender.endswith(
        "@company.example"), got.sender
    assert "home" not in got.params and "ORCPT" not in got.params, got.params
    settle(relay.sinks())
    assert len(relay.customer.sink.mails) == 1


def test_other_member_gets_reply(relay):
    """Bob is a member too: what he sees of Alice's reply, if anything, holds
    no private address of hers."""
    copy = relay.copy()
    relay.got(BOB.address)
    relay.answer(copy)
    relay.got(CAROL)
    settle(relay.sinks())
    for got in relay.worker.sink.to(BOB.address):
        shown = got.data.decode("utf-8", "replace").lower()
        assert "alice.liddell" not in shown and "rabbit-hole" not in shown


def test_thread(relay):
    """Six messages, and the threads hold on both sides."""
    customer_ids, alice_ids = [relay.ask()], []
    for turn in range(1, 4):
        copy = relay.got(ALICE.address, turn).data
        msg = mail.parse(copy)
        alice_ids.append(mail.header(msg, "Message-ID"))
        if turn > 1:
            refs = mail.header(msg, "References").split()
            assert mail.header(msg, "In-Reply-To") in known, "thread broken"
            assert alice_ids[0] in refs, "first copy is not in %r" % refs
        reply_id = "<r%d@rabbit-hole.home.example>" % turn
        known = alice_ids + [reply_id]
        relay.answer(copy, mid=reply_id)
        answer = mail.parse(relay.got(CAROL, turn).data)
        clean(relay.got(CAROL, turn).data)
        assert mail.header(answer, "In-Reply-To") == customer_ids[-1]
        assert mail.header(answer, "References").split()[0] == \
            customer_ids[0], answer["References"]
        mid = mail.header(answer, "Message-ID")
        customer_ids.append("<c%d@customer.test>" % turn)
        relay.ask(subject="Re: A question", mid=customer_ids[-1],
                  extra="In-Reply-To: %s\nReferences: %s %s\n" % (
                      mid, " ".join(customer_ids[:1]), mid))
    last = mail.parse(relay.got(ALICE.address, 4).data)
    first = mail.parse(relay.got(ALICE.address, 1).data)
    assert last["X-Relay-Conversation"] == first["X-Relay-Conversation"], \
        "a new conversation was begun"
    assert mail.addresses(last, "From") == mail.addresses(first, "From"), \
        "a second handle for the same participant"


def test_reply_all(relay):
    """A participant in Cc gets the answer, under her own address."""
    relay.ask(cc='"Pete Partner" <%s>, dave@company.example' % PETE)
    copy = relay.got(ALICE.address).data
    msg = mail.parse(copy)
    cc = mail.addresses(msg, "Cc")
    assert len(cc) == 2 and HANDLE_ADDRESS.match(cc[0]), cc
    assert PETE.encode() not in copy
    rcpts, data = ALICE.reply(copy, everyone=True)
    out = relay.accept(relay.worker, ALICE.address, rcpts, data)
    for who in (CAROL, PETE):
        got = relay.got(who)
        clean(got.data)
        answer = mail.parse(got.data)
        assert CAROL in mail.addresses(answer, "To")
        assert PETE in mail.addresses(answer, "Cc"), answer["Cc"]
        assert mail.addresses(answer, "From") == [MAILBOX]
    settle(relay.sinks())
    assert len(relay.customer.sink.to(CAROL)) == 1, str(out)
    assert len(relay.stranger.sink.to(PETE)) == 1


def test_participant_writes(relay):
    """Who was in Cc answers, and it is the same conversation."""
    relay.ask(cc=PETE)
    copy = relay.got(ALICE.address).data
    relay.answer(copy, everyone=True)
    answer = mail.parse(relay.got(PETE).data)
    relay.ask(sender=PETE, name="Pete Partner", subject="Re: A question",
              extra="In-Reply-To: %s\nReferences: %s\n" % (
                  answer["Message-ID"], answer["Message-ID"]))
    second = mail.parse(relay.got(ALICE.address, 2).data)
    assert second["X-Relay-Conversation"] == \
        mail.parse(copy)["X-Relay-Conversation"]
    assert "Pete Partner" in mail.header(second, "From")


HTML = """<html><body><p>Ask <a href="mailto:%(a)s">%(a)s</a> or
<a href="mailto:alice%%2Eliddell%%40home.example">me</a>, alice.&#108;iddell\
&#64;home.example.</p></body></html>
"""


def test_html_only(relay):
    copy = relay.copy()
    relay.answer(copy, body=HTML % {"a": ALICE.address},
                 ctype="text/html; charset=utf-8")
    got = relay.got(CAROL)
    clean(got.data)
    msg = mail.parse(got.data)
    assert msg.get_content_type() == "text/html"
    assert b"mailto:support@company.example" in msg.get_payload(decode=True)


PARTS = """This is a message in parts.
--=_alice.liddell@home.example
Content-Type: multipart/alternative; boundary="inner"

--inner
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Call alice.lid=
dell@home.example, caf=C3=A9.
--inner
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

%s
--inner--
--=_alice.liddell@home.example
Content-Type: application/octet-stream; name="a.bin"
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="a.bin"

%s
--=_alice.liddell@home.example--
"""


def test_attachment(relay):
    """Alternatives are scrubbed, an attachment comes byte for byte."""
    import base64
    copy = relay.copy()
    blob = bytes(range(256)) * 40
    html = "<p>Call <b>%s</b></p>" % ALICE.address
    body = PARTS % (base64.encodebytes(html.encode()).decode(),
                    base64.encodebytes(blob).decode())
    relay.answer(copy, body=body, ctype='multipart/mixed;\n '
                 'boundary="=_alice.liddell@home.example"')
    got = relay.got(CAROL)
    msg = mail.parse(got.data)
    parts = [p for p in msg.walk() if not p.is_multipart()]
    assert [p.get_content_type() for p in parts] == [
        "text/plain", "text/html", "application/octet-stream"], parts
    assert parts[2].get_payload(decode=True) == blob, "attachment changed"
    assert parts[2].get_filename() == "a.bin"
    assert "café" in parts[0].get_payload(decode=True).decode()
    for part in parts[:2]:
        assert b"support@company.example" in part.get_payload(decode=True)
    clean(got.data)


def test_archive(relay):
    """The archive gets each message as it came and each reply as sent."""
    relay.ctl("mailbox", "add", "help@company.example", "-n", "Help",
              "-a", "archive@elsewhere.test")
    relay.ctl("mailbox", "join", "help@company.example", "alice")
    relay.ask(to="help@company.example")
    first = relay.got("archive@elsewhere.test").data
    assert b"\r\nFrom: \"Carol Customer\" <carol@customer.test>" in first
    relay.answer(relay.got(ALICE.address).data)
    second = relay.got("archive@elsewhere.test", 2).data
    clean(second)
    assert relay.got(CAROL).data.split(b"\r\n\r\n", 1)[1] == \
        second.split(b"\r\n\r\n", 1)[1]
    settle(relay.sinks())
    assert len(relay.stranger.sink.mails) == 2


def test_team(relay):
    """A member who writes to the mailbox reaches the others."""
    copy = relay.copy()
    relay.got(BOB.address)
    bobs = relay.worker.sink.mark()
    refs = mail.parse(copy)["Message-ID"].strip()
    data = mail.text(ALICE.head()) + mail.message(
        ALICE.sender(), MAILBOX, "Re: A question", "Bob, do you know?\n",
        "In-Reply-To: %s\nReferences: %s\n" % (refs, refs),
        mid="<t1@rabbit-hole.home.example>")
    relay.accept(relay.worker, ALICE.address, [MAILBOX], data)
    got = relay.got(BOB.address, 1, bobs)
    msg = mail.parse(got.data)
    assert mail.decoded(mail.header(msg, "From")) == \
        '"Alice (Company Support)" <support@company.example>', msg["From"]
    assert msg["Reply-To"] is None
    assert any(HANDLE_ADDRESS.match(a)
               for a in mail.addresses(msg, "To", "Cc")), msg["To"]
    shown = got.data.decode().lower()
    assert "alice.liddell" not in shown and "rabbit-hole" not in shown
    settle(relay.sinks())
    assert not relay.customer.sink.mails, "the customer saw team mail"
    assert len(relay.worker.sink.to(ALICE.address)) == 1


if __name__ == "__main__":
    main(globals())
