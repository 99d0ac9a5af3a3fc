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

"""Commands at the top of a reply."""

import json

from relaytest import mail
from relaytest.case import main, setup
from relaytest.ns import wait_for
from relaytest.relay import ALICE, BOB, CAROL, PRIVATE
from relaytest.sink import settle


def state(relay, copy):
    """What smtprelayctl says of a copy's conversation."""
    ident = mail.header(mail.parse(copy), "X-Relay-Conversation")
    return json.loads(relay.ctl("-j", "conversation", "show",
                                ident))["conversation"]


def test_close_and_reopen(relay):
    copy = relay.copy()
    relay.answer(copy, body="#close\n\nDone.\n")
    got = relay.got(CAROL)
    assert b"#close" not in got.data and b"Done." in got.data
    wait_for("closed", lambda: not state(relay, copy)["open"])
    relay.answer(copy, body="#reopen\n\nNot yet.\n")
    assert b"#reopen" not in relay.got(CAROL, 2).data
    wait_for("open", lambda: state(relay, copy)["open"])


def test_take(relay):
    copy = relay.copy()
    relay.answer(copy, body="#take\nMine.\n")
    got = relay.got(CAROL)
    assert b"#take" not in got.data
    wait_for("assignment", lambda: state(relay, copy)["taken"] == "alice")


def test_note(relay):
    """A note goes to the team and to nobody outside."""
    copy = relay.copy()
    relay.got(BOB.address)
    relay.answer(copy, body="#note\nHe is difficult.\n")
    got = relay.got(BOB.address, 2)
    assert b"difficult" in got.data and b"#note" not in got.data
    assert b"alice.liddell" not in got.data.lower()
    settle(relay.sinks())
    assert not relay.customer.sink.mails, "the customer got a note"


def test_heading_is_text(relay):
    """A hash further down, or without letters after it, is text."""
    copy = relay.copy()
    relay.answer(copy, body="Hello\n#close\n\n## Heading\n#1 is best\n")
    got = relay.got(CAROL)
    for line in (b"#close", b"## Heading", b"#1 is best"):
        assert line in got.data, line


ALTERNATIVE = """--b
Content-Type: text/plain

#close

Done.
--b
Content-Type: text/html

<html><body><div>#close</div><div><br></div><div>Done.</div></body></html>
--b--
"""


def test_in_alternative(relay):
    copy = relay.copy()
    relay.answer(copy, body=ALTERNATIVE,
                 ctype="multipart/alternative; boundary=b")
    got = relay.got(CAROL)
    assert b"#close" not in got.data, "in one of the alternatives"
    assert got.data.count(b"Done.") == 2
    assert not mail.leaks(got.data, PRIVATE)


def test_html_only(relay):
    copy = relay.copy()
    relay.answer(copy, ctype="text/html",
                 body="<html><body><p>#close</p><p>Done.</p></body></html>\n")
    got = relay.got(CAROL)
    assert b"#close" not in got.data and b"Done." in got.data


@setup(replies="\tauthenticate signature\n")
def test_ignored_by_default(relay):
    copy = relay.copy()
    relay.answer(copy, body="#close\n\nDone.\n")
    assert b"#close" in relay.got(CAROL).data


if __name__ == "__main__":
    main(globals())
