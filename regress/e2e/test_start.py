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

"""`start allow': workers open conversations with people who have not
written, by mail to support+to-carol=customer.test@company.example."""

import re
import ssl

from relaytest import mail, ns
from relaytest.case import main, only, setup
from relaytest.relay import (ALICE, BOB, CAROL, MAILBOX, PETE, PRIVATE,
                             again)
from relaytest.sink import settle
from peers.dns import TXT

REPLIES = "\tcommands accept\n\tstart allow\n"


def to(whom, box="support"):
    """The address by which to begin with somebody."""
    return "%s+to-%s@company.example" % (box, whom.replace("@", "="))


def letter(who, rcpts, subject, body="I write to you.\n", mid=None):
    """What a worker's program sends to new people."""
    return mail.text(who.head()) + mail.message(
        who.sender(), ", ".join(rcpts), subject, body, mid=mid)


def clean(data):
    found = mail.leaks(data, PRIVATE + ("+to-",))
    assert not found, "leaks: " + "; ".join(found)


def begin(relay):
    """Bob, whose provider has SPF, writes to two people and to the team."""
    rcpts = [to(CAROL), to(PETE), MAILBOX]
    data = letter(BOB, rcpts, "An offer", "Offer of %s.\n" % BOB.address,
                  mid="<offer@garage.freemail.example>")
    for _ in range(2):	# a retry whose 250 was lost is no second mail
        relay.accept(relay.worker, BOB.address, rcpts, data)
    for address in (CAROL, PETE):
        got = relay.got(address)
        msg = mail.parse(got.data)
        clean(got.data)
        assert mail.addresses(msg, "From") == [MAILBOX], msg["From"]
        assert mail.addresses(msg, "To") == [CAROL, PETE, MAILBOX], msg["To"]
        assert "Offer of support@company.example." in got.data.decode()
        assert msg["In-Reply-To"] is None and msg["X-Relay-Reply"] is None
        assert re.match(r"r-[a-z2-7]{26}@company\.example$", got.sender)
    return mail.header(mail.parse(relay.got(CAROL).data), "Message-ID")


@setup(replies=REPLIES)
def test_conversation(relay):
    """From the first mail to the third, and who cannot begin."""
    relay.dns.add("freemail.example", TXT, "v=spf1 ip4:10.77.2.1 -all")
    offer = begin(relay)

    # Alice has the team's copy, with handles; both get Carol's answer.
    first = mail.parse(relay.got(ALICE.address).data)
    assert "Bob" in mail.header(first, "From"), first["From"]
    handles = mail.addresses(first, "To")
    assert len(mail.HANDLE.findall(" ".join(handles))) == 2, handles
    relay.ask(subject="Re: An offer", body="How much?\n", extra=(
        "In-Reply-To: %s\nReferences: %s\n" % (offer, offer)))
    number = first["X-Relay-Conversation"]
    for who, count in ((ALICE, 2), (BOB, 1)):
        msg = mail.parse(relay.got(who.address, count).data)
        assert msg["X-Relay-Conversation"] == number, "another conversation"
        assert "Carol Customer" in mail.header(msg, "From"), msg["From"]
    assert "offer@garage" in mail.header(msg, "In-Reply-To"), msg
    assert mail.addresses(mail.parse(relay.got(ALICE.address, 2).data),
                          "From")[0] in handles, "a second handle"

    # Bob answers that as any copy.
    rcpts, data = BOB.reply(relay.got(BOB.address).data)
    relay.accept(relay.worker, BOB.address, rcpts, data)
    got = relay.got(CAROL, 2)
    clean(got.data)
    assert offer in mail.header(mail.parse(got.data), "References")
    shown = relay.ctl("conversation", "show", number)
    assert CAROL in shown and PETE in shown and "An offer" in shown, shown

    strangers(relay)
    refusals(relay)
    relay.got(CAROL, 3)
    settle(relay.sinks())
    assert len(relay.customer.sink.to(CAROL)) == 3
    assert len(relay.stranger.sink.to(PETE)) == 1


def strangers(relay):
    """Who is not authenticated writes to the mailbox, whom he may name."""
    relay.wait_queue_empty()
    before = len(relay.worker.sink.to(ALICE.address))
    # A customer, a forged worker, a worker without sender authentication.
    data = mail.message(PETE, to(CAROL), "From a stranger", "I am Pete.\n",
                        "Cc: %s\n" % to(CAROL))
    relay.accept(relay.stranger, PETE, [to(CAROL)], data)
    relay.accept(relay.stranger, BOB.address, [to(CAROL)],
                 letter(BOB, [to(CAROL)], "Forged"))
    relay.accept(relay.worker, ALICE.address, [to(ALICE.address)],
                 letter(ALICE, [to(ALICE.address)], "Nobody knows"))
    for i in range(3):
        got = mail.parse(relay.got(ALICE.address, before + i + 1).data)
        assert "+to-" not in got.as_string(), got
    subjects = [mail.header(mail.parse(m.data), "Subject")
                for m in relay.worker.sink.to(ALICE.address)[before:]]
    assert sorted(subjects) == ["Forged", "From a stranger", "Nobody knows"]


def offered(relay, rcpts, subject):
    """What becomes of a letter of Bob's."""
    return again(lambda: relay.send(relay.worker, BOB.address, rcpts,
                                    letter(BOB, rcpts, subject)),
                 relay.add_log)


def refusals(relay):
    """Somebody of ours is written to directly; what is unknown is so."""
    for whom in ("dave@company.example", ALICE.address):
        out = offered(relay, [to(whom)], "To a colleague")
        assert out.final[0] == 550 and "our own" in out.final[1], str(out)
    for rcpt in (to(CAROL, "nowhere"), to("nowhere"), "support+to@" +
                 MAILBOX.split("@")[1]):
        out = offered(relay, [rcpt], "Nobody")
        assert out.final[0] == 550, str(out)
    # Who is elsewhere goes separately, in either order.
    out = offered(relay, [to(CAROL), PETE], "Only Pete is late")
    assert [code for code, _ in out.rcpts][1] in (452, 550), str(out)


@only("7.6", "7.9")
@setup(replies=REPLIES, submission=True, start=False)
def test_login(relay):
    """A login that belongs to the worker is authentication, too."""
    word = ns.run(["openssl", "passwd", "-6", "secret"]).stdout.decode()
    relay.write("/etc/mail/creds", "alice " + word, 0o644)
    relay.start_smtpd("table creds file:/etc/mail/creds\n" +
                      relay.conf.replace(" auth tag", " auth <creds> tag"))
    client = relay.client(relay.worker, port=587)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    client.starttls(context=context)
    client.ehlo()
    client.login("alice", "secret")
    data = letter(ALICE, [to(CAROL)], "By login")
    out = again(lambda: client.message(ALICE.address, [to(CAROL)], data),
                relay.add_log)
    client.close()
    assert out.final[0] == 250, str(out)
    clean(relay.got(CAROL).data)


if __name__ == "__main__":
    main(globals())
