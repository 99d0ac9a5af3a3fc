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

"""From headers that different programs take for different people's: what the
espoofer collection does, and more of it."""

from dnspeer import alone
from filterpeer import Filter, World
from forgepeer import (ALICE, BOX, EVIL, FAR, START, A, E, b64, believed,
                       evil, mail, play, q, reset, send, try_all)


# Lines of the header that name a writer, in each case with any@evil.example
# behind it in one way or another.
FROM = [
    # several fields
    ["From: " + E, "From: " + A],
    ["From: " + A, "From: " + E],
    ["From: " + A, "From: " + A],
    ["FROM: " + E, "from: " + A],
    ["From: " + E, "Subject: x", "X: y", "From: " + A],
    [" From: " + E, "From: " + A],
    ["\tFrom: " + A, "From: " + E],
    ["From: " + A, " From: " + E],
    ["From: " + E, " From: " + A],
    ["From : " + A],
    ["From\t: " + A],
    ["From: " + E, "From : " + A],
    ["From : " + E, "From: " + A],
    ["From", " : " + E, "From: " + A],
    ["From: " + A, "From", " : " + E],
    ["From", " : " + A],
    ["Fr", " om: " + A, "From: " + E],
    ["From:", " ", " " + A],
    ["From: " + E, "", "From: " + A],
    ["", "From: " + A],
    ["no field at all", "From: " + A],
    ["From: " + E, "no field at all", "From: " + A],
    [": " + E, "From: " + A],
    ["Fro\0m: " + E, "From: " + A],
    ["From\0: " + A],
    ["From\xa0: " + E, "From: " + A],
    ["From\xc2\xa0: " + A, "From: " + E],
    ["From: " + E + "\rFrom: " + A],
    ["From: " + A + "\rFrom: " + E],
    ["X: y\rFrom: " + E, "From: " + A],
    ["From: " + E + "\r", "From: " + A],
    ["From:\x0b" + A],
    ["From:\x0c" + A, "From: " + E],
    ["\xef\xbb\xbfFrom: " + E, "From: " + A],
    # other fields
    ["From: " + E, "Sender: " + A],
    ["From", " : " + E, "Sender: " + A],
    ["From: " + E, "Resent-From: " + A],
    ["Sender: " + A],
    ["Resent-From: " + A],
    ["From: " + E, "Reply-To: " + A],
    ["Apparently-From: " + A, "From: " + E],
    ["X-From: " + A, "From:"],
    # several addresses
    ["From: %s, %s" % (E, A)],
    ["From: %s, %s" % (A, E)],
    ["From: %s,%s" % (ALICE, E)],
    ["From: %s,, %s" % (A, E)],
    ["From: ,%s,%s" % (E, A)],
    ["From: %s; %s" % (A, E)],
    ["From: %s %s" % (A, E)],
    ["From: %s%s" % (E, ALICE)],
    ["From: %s%s" % (ALICE, E)],
    ["From: %s%s" % (A, E)],
    ["From: %s\\,%s" % (A, E)],
    ["From: %s,\\%s" % (E, A)],
    ["From: %s,%s" % (b64(A), E)],
    ["From: %s,%s" % (q(A), E)],
    ["From: " + b64(A) + " " + E],
    ["From: " + b64(ALICE)],
    ["From: <%s>" % q(ALICE)],
    ["From: %s@home.example" % q("alice")],
    ["From: " + b64("%s, %s" % (ALICE, EVIL))],
    # groups
    ["From: Team: %s;" % A],
    ["From: Team: %s, %s;" % (E, A)],
    ["From: Team: %s; %s" % (E, A)],
    ["From: undisclosed:;, " + A],
    ["From: Team: " + A],
    ["From: %s: %s;" % (ALICE, E)],
    ["From: %s:%s" % (EVIL, ALICE)],
    # routes
    ["From: <@evil.example,@any.example:%s>" % ALICE],
    ["From: <@evil.example:%s>" % ALICE],
    ["From: <@home.example:%s>" % EVIL],
    ["From: @evil.example:" + ALICE],
    ["From: <@evil.example " + ALICE + ">"],
    # names, comments and quotes
    ["From: \"%s\" %s" % (ALICE, E)],
    ["From: %s %s" % (ALICE, E)],
    ["From: %s (%s)" % (EVIL, ALICE)],
    ["From: (%s) %s" % (EVIL, ALICE)],
    ["From: %s (%s)" % (ALICE, EVIL)],
    ["From: alice@home.example(.evil.example)"],
    ["From: alice@(.evil.example)home.example"],
    ["From: alice(any@evil.example)@home.example"],
    ["From: <alice@home.example(x>,(>" + E],
    ["From: <any@evil.example(%s)>" % ALICE],
    ["From: (" + A + " " + E],
    ["From: (\\)" + A + ") " + E],
    ["From: \"" + A + " " + E],
    ["From: \"\\\"" + A + "\" " + E],
    ["From: \"%s\"@evil.example" % ALICE],
    ["From: \"alice@home.example> \"" + E],
    ["From: al\\ice@home.example"],
    ["From: \"al\\ice\"@home.example"],
    ["From: \"alice\"@home.example"],
    ["From: alice @ home.example"],
    ["From: alice@home . example"],
    ["From: " + A + " any@evil.example"],
    ["From: " + A + " <"],
    ["From: <" + A + ">"],
    ["From: <" + ALICE],
    ["From: " + ALICE + ">"],
    ["From: <" + ALICE + E + ">"],
    # ends and bytes
    ["From: alice@home.example\0.evil.example"],
    ["From: <alice@home.example\0@evil.example>"],
    ["From: any@evil.example\0" + A],
    ["From: " + ALICE + "\0"],
    ["From: \0" + A],
    ["From: alice@home.example\r.evil.example"],
    ["From: alice@home.example\x0b"],
    ["From: alice@home.example\x7f"],
    ["From: alice@home.example."],
    ["From: alice@home.example\xa0"],
    ["From: alice@home.example\xe2\x80\x8b"],
    ["From: alice\xef\xbc\xa0home.example"],
    ["From: alice@h\xd0\xbeme.example"],
    ["From: \xe2\x80\xaealice@home.example"],
    # other domains
    ["From: alice@home.example.evil.example"],
    ["From: alice@evil-home.example"],
    ["From: alice@example"],
    ["From: alice%home.example@evil.example"],
    ["From: alice=home.example@evil.example"],
    ["From: home.example!alice@evil.example"],
    ["From: alice@home.example@evil.example"],
    ["From: alice@evil.example@home.example"],
    ["From: alice@[192.0.2.1]"],
    ["From: alice"],
    ["From:"],
    ["From: <>"],
    # in the message's own text
    ["From: " + E, "X: 1", " ", "From: " + A],
    ["From: " + E, "Subject: x", "\tFrom: " + A],
    # long ones
    ["From: " + "(" + "x" * 60000 + ") " + A, "From: " + E],
    ["From: " + E] + ["X-%d: %s" % (i, "y" * 900) for i in range(300)] +
    ["From: " + A],
    ["From: " + A] + ["X-%d: %s" % (i, "y" * 900) for i in range(300)] +
    ["From: " + E],
    ["From: " + E + ", "] + [" %s," % E] * 600 + [" " + A],
]


def test_from():
    """Signed and sent by evil.example, in all forms of From."""
    reset()
    try_all("sender", [("From %d %r" % (i, head[:3]), evil(mail(head)),
                        EVIL, FAR) for i, head in enumerate(FROM)])


def test_from_signature():
    """The same where a token would do, which an evil reader has seen."""
    reset()
    cases = []
    with World("authenticate signature") as world, Filter(world) as f:
        for head in FROM:
            lines = mail(head + ["In-Reply-To: <%s>" % world.token])
            got, verdict = send(f, world, lines, EVIL, FAR, world.handle)
            if believed(got, verdict):
                cases.append(head)
        # What names alice alone still lacks her envelope sender.
        assert cases == [], cases


def test_users():
    """Users with a login, who may send as themselves alone."""
    reset()
    wrong = []
    with World("authenticate sender\nstart allow", more="outbound {\n}") \
            as world, Filter(world) as f:
        for i, head in enumerate(FROM):
            for rcpt in (world.handle, BOX, START, "joe@elsewhere.test"):
                got, verdict = send(
                    f, world, mail(head), "mallory@company.example", FAR,
                    rcpt, login="mallory")
                # smtpd has no lines with a NUL, and would not take one.
                if not verdict.startswith("reject|550 5.7.1") and \
                        not "\0" in "".join(head):
                    wrong.append("%d %r to %s: %s" % (i, head[:3], rcpt,
                                                      verdict))
        got, verdict = send(
            f, world, mail(["From: mallory@company.example"]),
            "mallory@company.example", FAR, BOX, login="mallory")
        assert verdict == "proceed", verdict
    assert not wrong, "\n".join(wrong)


if __name__ == "__main__":
    assert len(FROM) > 100
    alone(__file__, lambda: play([test_from, test_from_signature, test_users]))
