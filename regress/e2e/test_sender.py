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

"""Replies of workers whose providers sign or publish SPF: the default
`authenticate signature and sender', with real signatures and a name server."""

import base64
import re
import time

import dkim

from relaytest import mail, ns
from relaytest.case import main, setup
from relaytest.relay import ALICE, BOB, CAROL, PETE, again
from peers.dns import TXT

REPLIES = "\tcommands accept\n"


def publish(relay, key, domain):
    """The public key of the provider, under the selector s."""
    der = ns.run(["openssl", "rsa", "-pubout", "-outform", "DER"],
                 input=key).stdout
    relay.dns.add("s._domainkey." + domain, TXT,
                  "v=DKIM1; p=" + base64.b64encode(der).decode())


def new_key():
    return ns.run(["openssl", "genrsa", "-traditional", "2048"]).stdout


def sign(key, domain, data):
    """The message with a signature on top."""
    data = re.sub(rb"\r?\n", b"\r\n", data)
    return dkim.sign(data, b"s", domain.encode(), key) + data


def reply(relay, who, key=None, domain=None, add=b"", **words):
    """(recipients, message) of an answer to a copy of a new question."""
    n = len(relay.asked)
    relay.asked.append(n)
    copy = relay.copy(who, n + 1, subject="Question %d" % n)
    rcpts, data = who.reply(copy, **words)
    if key is not None:
        data = sign(key, domain, data)
    return rcpts, data + add


@setup(replies=REPLIES)
def test_providers(relay):
    """One smtpd, workers of several kinds, one after the other."""
    relay.asked = []
    key, other = new_key(), new_key()
    publish(relay, key, "home.example")
    publish(relay, other, "elsewhere.test")
    relay.dns.add("_dmarc.home.example", TXT, "v=DMARC1; p=reject")
    relay.dns.add("freemail.example", TXT, "v=spf1 ip4:10.77.2.1 -all")
    relay.dns.add("elsewhere.test", TXT, "v=spf1 ip4:10.77.3.1 -all")

    # Alice's provider signs and has no SPF; Bob's has nothing but SPF.
    rcpts, data = reply(relay, ALICE, key, "home.example")
    relay.accept(relay.stranger, ALICE.address, rcpts, data)
    rcpts, data = reply(relay, BOB)
    relay.accept(relay.worker, BOB.address, rcpts, data)
    relay.got(CAROL, 2)

    def refused(site, sender, rcpts, data, code=550):
        def send():
            return relay.send(site, sender, rcpts, data)
        out = send() if code == 451 else again(send, relay.add_log)
        assert out.final[0] == code, str(out)
        return out.final[1]

    # Forged, without any; by a host that SPF does not name; by a signature of
    # another domain; with a footer that a mailing list has added.
    for who, site, args in (
            (ALICE, relay.worker, {}),
            (BOB, relay.stranger, {}),
            (ALICE, relay.stranger, {"key": other,
                                     "domain": "elsewhere.test"}),
            (ALICE, relay.stranger, {"key": key, "domain": "home.example",
                                     "add": b"-- \r\nfooter\r\n"})):
        rcpts, data = reply(relay, who, **args)
        text = refused(site, who.address, rcpts, data)
        assert "authenticated" in text, text
    # SPF passes, for the envelope of somebody else.
    rcpts, data = reply(relay, BOB)
    text = refused(relay.stranger, PETE, rcpts, data)
    assert "envelope sender" in text, text

    # Name servers that fail: 451, and the same message goes later, once.
    rcpts, data = reply(relay, ALICE)
    publish(relay, key, "mail.home.example")
    late = sign(key, "mail.home.example", data)
    relay.dns.down.add("mail.home.example")
    refused(relay.stranger, ALICE.address, rcpts, late, 451)
    relay.dns.down.clear()
    deadline = time.monotonic() + 60 * ns.PATIENCE
    while True:
        out = relay.send(relay.stranger, ALICE.address, rcpts, late)
        if out.final[0] == 250:
            break
        assert out.final[0] == 451 and time.monotonic() < deadline, str(out)
        time.sleep(1)
    relay.got(CAROL, 3)
    # A retry whose 250 was lost is no second mail.
    relay.accept(relay.stranger, ALICE.address, rcpts, late)

    # Without In-Reply-To and References the default refuses.
    rcpts, data = reply(relay, ALICE, key, "home.example", threads=False)
    text = refused(relay.stranger, ALICE.address, rcpts, data)
    assert "In-Reply-To" in text, text
    relay.wait_queue_empty()
    assert len(relay.customer.sink.mails) == 3


@setup(replies="\tauthenticate sender\n")
def test_no_references(relay):
    """A program that drops them, with a provider that signs."""
    relay.asked = []
    key = new_key()
    publish(relay, key, "home.example")
    rcpts, data = reply(relay, ALICE, key, "home.example", threads=False,
                        body="x" * 70 + "\n" + "long line\n" * 30000)
    relay.accept(relay.stranger, ALICE.address, rcpts, data)
    got = relay.got(CAROL)
    assert got.data.count(b"long line") == 30000, len(got.data)
    assert mail.header(mail.parse(got.data), "From").endswith(
        "<support@company.example>")


if __name__ == "__main__":
    main(globals())
