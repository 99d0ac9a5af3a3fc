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

"""What filter-relay passes on, at every version of the protocol."""

import itertools
import random

from filterpeer import (LATER, REGISTERED, Filter, Session, World, main,
                        message)

VERSIONS = ("0.6", "0.7")


def each(test):
    """Once for each version, with a world and a filter."""
    def run():
        for version in VERSIONS:
            with World() as world, Filter(world, version) as f:
                test(world, f)
    run.__name__ = test.__name__
    return run


@each
def test_register(_, f):
    """What is needed is registered, and nothing twice."""
    assert [x[len("register|"):] for x in f.registered] == REGISTERED
    f.config()
    f.nothing()


@each
def test_pass(_, f):
    """Mail that is none of our business comes back as it was."""
    s = Session(f)
    lines = message(body=["one", "", "..two", " ", "\t", "a|b|c", "é", "\r",
                          "x" * 998, "|", ""])
    for rcpt in ("joe@elsewhere.test", "root@company.example"):
        got, verdict = s.send("carol@customer.test", [rcpt], lines)
        assert got == lines, got
        assert verdict == "proceed"
    s.end()


@each
def test_ours(_, f):
    """X-Relay-* fields go, but not those of the local socket."""
    lines = message(extra=["X-Relay-Reply: 1", "x-relay-foo: a", " b", "\tc",
                           "X-Relay: stays", "X-RELAY-BAR:", "Last: 1", " 2"],
                    body=["X-Relay-Body: stays"])
    want = [x for x in lines if x not in
            ("X-Relay-Reply: 1", "x-relay-foo: a", " b", "\tc",
             "X-RELAY-BAR:")]
    got, _ = Session(f).send("c@customer.test", ["j@elsewhere.test"], lines)
    assert got == want, got
    got, _ = Session(f).send("c@customer.test", ["support@company.example"],
                             lines)
    assert got == want, got
    local = Session(f, src="unix:/var/run/smtpd.sock")
    got, _ = local.send("c@customer.test", ["j@elsewhere.test"], lines)
    assert got == lines, got
    # The client's name is the client's own choice.
    liar = Session(f, name="x|pass|unix:/var/run/smtpd.sock|unix:/x")
    got, _ = liar.send("c@customer.test", ["j@elsewhere.test"], lines)
    assert got == want, got


@each
def test_forged_results(_, f):
    """Results under smtpd's name, below its Received, are forged."""
    forged = ["Authentication-Results: mx.company.example; dkim=pass",
              "\theader.d=bank.example",
              "AUTHENTICATION-RESULTS : \"MX\".company.example; spf=pass",
              "Authentication-Results:", "  mx.company.example; spf=pass"]
    fine = ["Authentication-Results: mx.customer.test; spf=pass",
            "\tsmtp.mailfrom=customer.test", "A: b", "Answer: c"]
    lines = message(extra=forged + fine, body=forged)
    top = ["Authentication-Results: mx.company.example; spf=fail",
           "\tsmtp.mailfrom=customer.test"]
    want = [x for x in message(extra=fine)[:-2]] + forged
    for rcpt in ("j@elsewhere.test", "support@company.example"):
        s = Session(f)
        for above in (top, []):
            got, _ = s.send("c@customer.test", [rcpt], above + lines)
            assert got == above + want, got
    local = Session(f, src="unix:/var/run/smtpd.sock")
    got, _ = local.send("c@customer.test", ["j@elsewhere.test"], lines)
    assert got == lines, got


@each
def test_long(_, f):
    """6.8 cuts answers: long lines are broken there, and nowhere else."""
    word = "abcdefghi "
    lines = message(body=[word * 300, "x" * 1997, "y" * 1998, "z" * 60000])
    for rcpt in ("j@elsewhere.test", "support@company.example"):
        got, _ = Session(f).send("c@customer.test", [rcpt], lines)
        if f.version == "0.7":
            assert got == lines
            continue
        assert max(len(x) for x in got) <= 1997
        at = got.index("")
        assert got[:at] == lines[:at]
        joined = []
        for line in got[at + 1:]:
            if line.startswith(" "):
                joined[-1] += line[1:]
            else:
                joined.append(line)
        assert joined == lines[at + 1:]


@each
def test_interleaved(_, f):
    """Several hundred sessions at once keep their lines apart."""
    random.seed(4)
    sessions = []
    for i in range(300):
        s = Session(f)
        rcpt = ("support@company.example" if i % 3 == 0
                else "j@elsewhere.test")
        assert s.mail("c@customer.test") == "proceed"
        assert s.rcpt(rcpt) == "proceed"
        s.token = "%016x" % 0xdef
        body = ["%s %d" % (s.sid, n) for n in range(random.randrange(60))]
        s.lines = message(body=body)
        s.rest = iter(s.lines + ["."])
        s.back = []
        sessions.append(s)
    open_ = list(sessions)
    while open_:
        batch = []
        for s in random.sample(open_, min(len(open_), 50)):
            for line in itertools.islice(s.rest, random.randrange(1, 9)):
                batch.append("filter|%s|1.000000|smtp-in|data-line|%s|%s|%s"
                             % (f.version, s.sid, s.token, line))
                if line == ".":
                    open_.remove(s)
        f.send(*batch)
    by_sid = {s.sid: s for s in sessions}
    left = len(sessions)
    while left:
        _, sid, token, line = f.line().split("|", 3)
        assert token == by_sid[sid].token
        by_sid[sid].back.append(line)
        left -= line == "."
    for s in sessions:
        assert s.back == s.lines + ["."], s.sid
        assert s.commit() == "proceed"


@each
def test_session(_, f):
    """Several transactions in a session, RSET between, and its end."""
    s = Session(f)
    for _ in range(3):
        assert s.mail("") == "proceed"
        assert s.rcpt("support@company.example") == "proceed"
    got, verdict = s.send("", ["support@company.example"], message())
    assert got == message() and verdict == "proceed"
    s.end()
    assert s.request("mail-from", "x@y.test").startswith("reject|" + LATER)


@each
def test_change(world, f):
    """A mailbox that was made a moment ago is one, and then is none."""
    s = Session(f)
    for i in range(20):
        box = "box%d@company.example" % i
        for _ in range(2):
            s.mail("c@customer.test")
            assert s.rcpt(box) == "proceed"
        world.seed("mailbox %s -" % box)
        s.mail("c@customer.test")
        assert s.rcpt(box).startswith("reject|451"), "nobody can receive"
        world.seed("join %s alice" % box)
        s.mail("c@customer.test")
        assert s.rcpt(box.upper()) == "proceed"


@each
def test_pieces(_, f):
    """A line may come in pieces of any size."""
    s = Session(f)
    assert s.mail("c@customer.test") == "proceed"
    assert s.rcpt("j@elsewhere.test") == "proceed"
    s.token = "%016x" % 0xdef
    lines = message(body=["line %d" % i for i in range(20)])
    data = "".join("filter|%s|1.000000|smtp-in|data-line|%s|%s|%s\n"
                   % (f.version, s.sid, s.token, x)
                   for x in lines + ["."]).encode("latin-1")
    for i in range(0, len(data), 7):
        f.raw(data[i:i + 7])
    assert s.got() == lines


if __name__ == "__main__":
    main([test_register, test_pass, test_ours, test_forged_results, test_long,
          test_interleaved, test_session, test_change, test_pieces])
