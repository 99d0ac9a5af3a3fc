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

"""Sender authentication by the filter's own resolver: it runs in a network of
its own, whose one name server is this test."""

import base64
import os
import subprocess
import sys

import dkim

from dnspeer import Names, alone
from filterpeer import (PATIENCE, Filter, Session, World, main, message,
                        wait_for)

ALICE = "alice@home.example"
BOX = "support@company.example"
BOTH = "authenticate signature and sender"


NAMES = None
KEY = None


def reset():
    """Alice's provider signs and publishes, and its servers answer."""
    NAMES.down.clear()
    NAMES.silent.clear()
    NAMES.txt.clear()
    der = subprocess.run(["openssl", "rsa", "-pubout", "-outform", "DER"],
                         input=KEY, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=True).stdout
    record = "v=DKIM1; p=" + base64.b64encode(der).decode()
    for domain in ("home.example", "evil.example"):
        NAMES.txt["s._domainkey." + domain] = [record]
    NAMES.txt["home.example"] = ["v=spf1 ip4:192.0.2.1 -all"]
    NAMES.txt["evil.example"] = ["v=spf1 +all"]
    NAMES.txt["_dmarc.home.example"] = ["v=DMARC1; p=reject"]


def reply(world, sender=ALICE, body=("Hello", "..dot", ""), token=True):
    extra = ["Message-ID: <orig@home.example>"]
    if token:
        extra.append("In-Reply-To: <%s>" % world.token)
    return message(sender, extra, body)


def signed(lines, domain="home.example"):
    """With a signature below smtpd's own Received."""
    plain = [x[1:] if x.startswith(".") else x for x in lines[4:]]
    data = "\r\n".join(plain).encode() + b"\r\n"
    field = dkim.sign(data, b"s", domain.encode(), KEY,
                      include_headers=[b"from", b"subject", b"message-id"])
    return lines[:4] + field.decode().replace("\r\n", "\n").split("\n")[:-1] \
        + lines[4:]


def send(world, lines, sender=ALICE, src="192.0.2.1:3333", f=None, rcpt=None):
    """What went on, and the verdict."""
    if f is None:
        with Filter(world) as one:
            return send(world, lines, sender, src, one, rcpt)
    return Session(f, src=src).send(sender, [rcpt or world.handle], lines)


FAR = "198.51.100.7:25"


def test_accepted():
    """By a signature, by SPF alone, and by a signature in others' hands."""
    reset()
    with World(BOTH) as world, Filter(world) as f:
        got, verdict = send(world, signed(reply(world)), src=FAR, f=f)
        assert verdict == "proceed", verdict
        assert got[0].startswith("X-Relay-Reply: "), got
        assert got[got.index("") + 1:] == ["Hello", "..dot", ""], got
        got, verdict = send(world, reply(world), f=f)
        assert verdict == "proceed", verdict
        # A mailing program's own envelope sender, which SPF cannot help.
        got, verdict = send(world, signed(reply(world)),
                            "bounce-1@evil.example", FAR, f)
        assert verdict == "proceed", verdict
        # A relaxed alignment that only the policy shows.
        NAMES.txt["s._domainkey.mail.home.example"] = \
            NAMES.txt["s._domainkey.home.example"]
        got, verdict = send(world, signed(reply(world), "mail.home.example"),
                            src=FAR, f=f)
        assert verdict == "proceed", verdict


def test_refused():
    """A forged sender, a broken signature, another domain's."""
    reset()
    with World(BOTH) as world, Filter(world) as f:
        for lines, sender in (
                (reply(world), ALICE),
                (signed(reply(world))[:-2] + ["list footer", ""], ALICE),
                (signed(reply(world), "evil.example"), ALICE),
                (["From: evil@evil.example"] +
                 signed(reply(world), "evil.example"), ALICE)):
            got, verdict = send(world, lines, sender, FAR, f)
            assert verdict.startswith("reject|550 5.7.1"), verdict
            assert not any(x.startswith("X-Relay-Reply") for x in got), got
        # SPF passes for the envelope, which is not hers.
        _, verdict = send(world, reply(world), "a@evil.example", FAR, f)
        assert verdict.startswith("reject|550 5.7.1"), verdict
        # A good signature without what the reply answers.
        _, verdict = send(world, signed(reply(world, token=False)), src=FAR,
                          f=f)
        assert verdict.startswith("reject|550 5.7.1"), verdict


def test_later():
    """Name servers that fail: try later, and then it goes."""
    reset()
    with World(BOTH) as world, Filter(world) as f:
        lines = signed(reply(world))
        NAMES.down.add("home.example")
        _, verdict = send(world, lines, src=FAR, f=f)
        assert verdict.startswith("reject|451 4.7.0"), verdict
        # That concerns nobody who is not aligned.
        _, verdict = send(world, signed(reply(world), "evil.example"),
                          "a@evil.example", FAR, f)
        assert verdict.startswith("reject|"), verdict
    # What a name server failed with is remembered for a moment.
    reset()
    with World(BOTH) as world, Filter(world) as f:
        _, verdict = send(world, signed(reply(world)), src=FAR, f=f)
        assert verdict == "proceed", verdict


class Beside:
    """A filter without the lines of one of its sessions, which are kept."""

    def __init__(self, f, sid):
        self.f, self.sid, self.kept = f, sid, []
        self.version, self.serial, self.send = f.version, f.serial, f.send

    def line(self, timeout=PATIENCE):
        """The next one of the other sessions."""
        while True:
            line = self.f.line(timeout)
            if line.split("|")[1] != self.sid:
                return line
            self.kept.append(line)

    def back(self):
        """What was kept comes next; True if there is nothing."""
        self.f.lines.extendleft(x.encode("latin-1")
                                for x in reversed(self.kept))
        return not self.kept


def meanwhile(world, f, name):
    """Whether others' mail is done while one message waits for a name."""
    NAMES.silent.add("s._domainkey." + name)
    before = NAMES.unanswered
    s = Session(f, src=FAR)
    assert s.mail(ALICE) == "proceed" and s.rcpt(world.handle) == "proceed"
    s.put(*signed(reply(world), name))
    s.put(".")
    wait_for("question", lambda: NAMES.unanswered > before)
    beside = Beside(f, s.sid)
    got, verdict = send(world, message(), src=FAR, f=beside,
                        rcpt="user@company.example")
    assert (got, verdict) == (message(), "proceed"), verdict
    # Its questions have an answer.
    _, verdict = send(world, reply(world), f=beside)
    assert verdict == "proceed", verdict
    early = beside.back()
    s.got()
    verdict = s.commit()
    assert verdict.startswith("reject|451 4.7.0"), verdict
    return early


def test_silent():
    """A name server that says nothing delays the mail that needs it, for a
    time, and no other."""
    reset()
    with World(BOTH) as world, Filter(world) as f:
        # On a busy machine the time may be over first: once is enough.
        assert any(meanwhile(world, f, "mute%d.home.example" % i)
                   for i in range(10)), "all mail waits"


def test_sender():
    """Without In-Reply-To, where the sender alone is asked for."""
    reset()
    with World("authenticate sender") as world, Filter(world) as f:
        lines = signed(reply(world, token=False))
        _, verdict = send(world, lines, src=FAR, f=f)
        assert verdict == "proceed", verdict
        _, verdict = send(world, reply(world), src=FAR, f=f)
        assert verdict.startswith("reject|550 5.7.1"), verdict
    with World("authenticate signature or sender") as world, \
            Filter(world) as f:
        before = NAMES.asked
        _, verdict = send(world, reply(world), src=FAR, f=f)
        assert verdict == "proceed", verdict
        assert NAMES.asked == before, "asked for nothing"
        _, verdict = send(world, lines_for(world), src=FAR, f=f)
        assert verdict == "proceed", verdict
        _, verdict = send(world, reply(world, token=False), src=FAR, f=f)
        assert verdict.startswith("reject|550 5.7.1"), verdict


def lines_for(world):
    return signed(reply(world, token=False))


# What becomes of what a worker sends, by the forms of authenticate: as the
# table in relay.conf(5) says.
FORMS = ("signature", "sender", "signature or sender",
         "signature and sender")
TABLE = (
    # signed by, client, envelope, answers a copy, login; results
    ("home.example", FAR, ALICE, True, None, "+ + + +"),
    (None, "192.0.2.1:25", ALICE, True, None, "+ + + +"),
    (None, FAR, ALICE, True, "alice-login", "+ + + +"),
    ("evil.example", FAR, ALICE, True, None, "+ 550 + 550"),
    ("broken", FAR, ALICE, True, None, "+ 550 + 550"),
    (None, FAR, ALICE, True, None, "+ 550 + 550"),
    ("down", FAR, ALICE, True, None, "+ 451 + 451"),
    (None, FAR, "a@evil.example", True, None, "550 550 550 550"),
    ("home.example", FAR, "a@evil.example", True, None, "+ + + +"),
    ("home.example", FAR, ALICE, False, None, "550 + + 550"),
    (None, "192.0.2.1:25", ALICE, "old", None, "550 + + 550"),
    (None, FAR, ALICE, False, None, "550 550 550 550"))


def test_table():
    """Each form with each case of the manual page."""
    for i, form in enumerate(FORMS):
        reset()
        with World("authenticate " + form) as world, Filter(world) as f:
            token = world.token
            old = world.seed("token alice %s %s 8000000" % (world.conv, BOX))
            for signer, src, sender, answers, login, want in TABLE:
                world.token = old[0] if answers == "old" else token
                lines = reply(world, token=answers)
                NAMES.down.clear()
                if signer == "down":
                    name = "mail%d.home.example" % i
                    NAMES.down.add(name)
                    lines = signed(lines, name)
                elif signer == "broken":
                    lines = signed(lines) + ["footer", ""]
                elif signer is not None:
                    lines = signed(lines, signer)
                _, verdict = Session(f, src=src, login=login).send(
                    sender, [world.handle], lines)
                want = want.split()[i]
                assert verdict == "proceed" if want == "+" else \
                    verdict.startswith("reject|" + want), (
                        form, signer, src, sender, answers, login, verdict)


def test_team():
    """A member's mail to the mailbox has the results on top."""
    reset()
    with World("authenticate sender") as world, Filter(world) as f:
        lines = signed(message(ALICE))
        got, verdict = send(world, lines, src=FAR, f=f, rcpt=BOX)
        assert verdict == "proceed", verdict
        assert got[0] == "Authentication-Results: mx.company.example;", got
        text = " ".join(got[:8])
        assert "dkim=pass header.d=home.example" in text, got
        assert "spf=fail smtp.mailfrom=alice@home.example" in text, got
        assert "dmarc=pass header.from=home.example" in text, got
        assert "policy.dmarc=reject" in text, got
        # A stranger who says to be her goes to the mailbox, so marked.
        got, verdict = send(world, message(ALICE), src=FAR, f=f, rcpt=BOX)
        assert verdict == "proceed", verdict
        assert "X-Relay-Unverified: yes" in got, got
        # Nobody's business: nothing is asked, nothing waits.
        before = NAMES.asked
        got, verdict = send(world, message(), src=FAR, f=f, rcpt=BOX)
        assert verdict == "proceed" and got == message(), got
        assert NAMES.asked == before


def test_spool():
    """Long messages wait in a file, or not at all where it is full."""
    reset()
    body = ["line %d %s" % (i, "x" * 60) for i in range(20000)] + [
        "y" * 60000, ""]
    with World(BOTH) as world, Filter(world) as f:
        lines = signed(reply(world, body=body))
        for _ in range(2):
            got, verdict = send(world, lines, src=FAR, f=f)
            assert verdict == "proceed", verdict
            assert got[got.index("") + 1:] == body
    with World(BOTH, more="spool 128K") as world, Filter(world) as f:
        mail = signed(reply(world, body=body))
        s = Session(f, src=FAR)
        assert s.mail(ALICE) == "proceed"
        assert s.rcpt(world.handle) == "proceed"
        s.data(mail)
        assert s.commit().startswith("reject|451"), "not put off"
        got, verdict = send(world, signed(reply(world)), src=FAR, f=f)
        assert verdict == "proceed", verdict


def test_trust():
    """Where a filter before us is trusted it is not asked for again."""
    reset()
    with World(BOTH + "\ntrust authentication-results") as world, \
            Filter(world) as f:
        before = NAMES.asked
        _, verdict = send(world, signed(reply(world)), src=FAR, f=f)
        assert verdict.startswith("reject|550 5.7.1"), verdict
        top = ["Authentication-Results: mx.company.example; dkim=pass "
               "header.d=home.example"]
        _, verdict = send(world, top + reply(world), src=FAR, f=f)
        assert verdict == "proceed", verdict
        assert NAMES.asked == before


def inside():
    """In the network of the test."""
    global NAMES, KEY
    KEY = subprocess.run(
        ["openssl", "genrsa", "-traditional", "1024"], check=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    NAMES = Names()
    main([test_accepted, test_refused, test_later, test_silent,
          test_sender, test_table, test_team, test_spool, test_trust])


if __name__ == "__main__":
    alone(__file__, inside)
