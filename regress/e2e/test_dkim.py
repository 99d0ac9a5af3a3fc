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

"""Outgoing signatures by filter-dkimsign, checked with python3-dkim."""

import re

import dkim

from relaytest import mail, ns
from relaytest.case import main, setup
from relaytest.ns import wait_for
from relaytest.relay import ALICE, CAROL, MAILBOX


def verify(relay, data):
    """Whether a signature of company.example in a message is good."""
    public = ns.run(["openssl", "rsa", "-pubout", "-outform", "DER"],
                    input=relay.dkim_pem).stdout
    import base64
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)

    def txt(name, timeout=5):
        name = name.decode() if isinstance(name, bytes) else name
        assert name == "mail._domainkey.company.example.", name
        return record
    fields = re.findall(rb"(?mi)^DKIM-Signature:", data.split(b"\r\n\r\n")[0])
    assert len(fields) == 1, "%d signatures" % len(fields)
    return dkim.verify(data, dnsfunc=txt)


@setup(dkim=True)
def test_copies_and_replies(relay):
    """What the worker and the customer get verifies as it arrives."""
    relay.ask(body="Line one\n\n" + "long " * 300 + "\n.dot\n  \n")
    copy = relay.got(ALICE.address).data
    assert verify(relay, copy), "the worker's copy does not verify"
    relay.answer(copy, body="Gr=FC=DFe\n" + "x" * 900 + "\n",
                 extra="MIME-Version: 1.0\n"
                 "Content-Transfer-Encoding: quoted-printable\n"
                 "Content-Type: text/plain; charset=iso-8859-1\n")
    got = relay.got(CAROL).data
    assert verify(relay, got), "the customer's copy does not verify"


@setup(dkim=True)
def test_eight_bit(relay):
    """8-bit text and text without any MIME header verify, too."""
    relay.ask(body="Grüße\n")
    copy = relay.got(ALICE.address).data
    assert verify(relay, copy)
    relay.answer(copy, body="Grüße zurück\n")
    assert verify(relay, relay.got(CAROL).data)


@setup(dkim=True)
def test_strangers_are_not_signed(relay):
    """Mail from outside with a From of ours stays unsigned."""
    data = mail.message(MAILBOX, "dave@company.example", "Forged")
    relay.accept(relay.stranger, "eve@elsewhere.test",
                 ["dave@company.example"], data)
    wait_for("local mail", lambda: relay.local_mails("dave"))
    assert b"DKIM-Signature" not in relay.local_mails("dave")[0]


if __name__ == "__main__":
    main(globals())
