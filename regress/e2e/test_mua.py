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

"""The loop with real mail programs: s-nail and mutt."""

from relaytest import mail, mua
from relaytest.case import main
from relaytest.relay import ALICE, CAROL, MAILBOX, PETE, PRIVATE


def play(relay, work, ask=None, everyone=False):
    """Carol asks, work(program) answers with Alice's program, and what Carol
    gets is returned, searched for everything private."""
    provider = mua.Provider(relay.worker.host, "mx.home.example")
    program = mua.Program(relay, ALICE, [relay.copy(**(ask or {}))])
    try:
        shown = work(program)
    finally:
        program.close()
        provider.close()
    assert provider.outcomes, "nothing was sent: " + shown[-2000:]
    out = provider.outcomes[0]
    assert out.final[0] == 250, "refused: %s" % out
    for who in (CAROL, PETE) if everyone else (CAROL,):
        got = relay.got(who)
        found = mail.leaks(got.data, PRIVATE)
        assert not found, "; ".join(found)
        msg = mail.parse(got.data)
        assert mail.addresses(msg, "From") == [MAILBOX], msg["From"]
    return relay.got(CAROL).data


def test_snail_reply(relay):
    got = play(relay, lambda p: p.snail(
        "Reply 1\nDo it like this.\n~.\nquit\n"))
    assert b"Do it like this." in got
    assert b"How do I do it?" in got, "the original is not quoted"


def test_snail_reply_all(relay):
    got = play(relay, lambda p: p.snail(
        "reply 1\nDo it like this.\n~.\nquit\n"), {"cc": PETE}, True)
    assert b"Do it like this." in got


def test_snail_attachment(relay):
    got = play(relay, lambda p: p.snail(
        "Reply 1\nSee the file.\n~@ /etc/os-release\n~.\nquit\n"))
    parts = [x.get_filename() for x in mail.parse(got).walk()]
    assert "os-release" in parts, parts


def test_mutt_reply(relay):
    got = play(relay, lambda p: p.mutt("<reply>", "Do it like this.\n"))
    assert b"Do it like this." in got
    assert b"> How do I do it?" in got, "the original is not quoted"


def test_mutt_reply_all(relay):
    got = play(relay, lambda p: p.mutt("<group-reply>", "Grüße, alle!\n"),
               {"cc": PETE}, True)
    body = mail.parse(got).get_payload(decode=True).decode()
    assert "Grüße, alle!" in body


def test_mutt_html(relay):
    """HTML-only, as some programs write."""
    got = play(relay, lambda p: p.mutt(
        "<reply>", "<p>Call me at <i>%s</i></p>\n" % ALICE.address,
        "set include=no\nset content_type=text/html\n"))
    msg = mail.parse(got)
    assert msg.get_content_type() == "text/html", msg["Content-Type"]
    assert b"Call me at" in msg.get_payload(decode=True)


def test_mutt_attachment(relay):
    got = play(relay, lambda p: p.mutt("<reply>", "See the file.\n",
                                       attach="/etc/os-release"))
    parts = {x.get_filename(): x for x in mail.parse(got).walk()}
    with open("/etc/os-release", "rb") as f:
        sent = f.read()
    kept = parts["os-release"].get_payload(decode=True)
    assert kept.replace(b"\r\n", b"\n") == sent


if __name__ == "__main__":
    main(globals())
