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


"""A gate's `return-path': another sender for smtpd, at MAIL FROM."""

import os
import re
import signal
import sqlite3

from filterpeer import (LATER, Filter, Session, World, main, message,
                        wait_for)

VERP = "jo=company.example__x@x.bnc.salesforce.com"
INSIDE = "rewrite|<jo@company.example>"
GATES = """bounce domain "bounce.example"
gate "strip" {
    match { source 192.0.2.1 }
    return-path strip verp
}
gate "wrap" {
    match { source { 198.51.100.0/24, 2001:db8::/32, file "%(nets)s" } }
    return-path wrap
}
gate "keep" {
    match { source 203.0.113.1 }
    return-path keep
}
gate "login" {
    match { user { "sf" }, listener "192.0.2.2:25" }
    return-path strip verp
}
gate "sender" {
    match { sender domain "x.bnc.salesforce.com" }
    return-path strip verp
}
"""
STRIP, WRAP, KEEP = "192.0.2.1:9", "198.51.100.7:9", "203.0.113.1:9"
FILE, OTHER = "192.0.2.77:9", "192.0.2.99:9"


class Gates(World):
    def __init__(self, gates=GATES, nets="192.0.2.77\n", **words):
        super().__init__(**words)
        self.nets = os.path.join(self.path, "nets")
        with open(self.nets, "w") as f:
            f.write(nets)
        with open(self.conf, "a") as f:
            f.write(gates % {"nets": self.nets})

    def rows(self, sql):
        db = sqlite3.connect("file:%s?mode=ro" % self.db, uri=True,
                             timeout=30)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()


def mail(f, sender, src, **words):
    s = Session(f, src=src, **words)
    try:
        return s.mail(sender)
    finally:
        s.end()


class Ready(Filter):
    """One that answers: on a slow machine the keeper may come later."""

    def __init__(self, *args, **words):
        super().__init__(*args, **words)
        wait_for("keeper", lambda: mail(self, VERP, STRIP) == INSIDE)


def test_strip():
    """The address inside; what holds none stays."""
    for version in ("0.6", "0.7"):
        with Gates() as world, Ready(world, version) as f:
            assert mail(f, VERP, STRIP) == INSIDE
            assert mail(f, "SRS0=H=T=company.example=jo@fwd.test",
                        STRIP) == INSIDE
            for sender in ("", "jo@company.example", "jo@platform.test",
                           "jo@company.example__x@x.bnc.salesforce.com",
                           "list-bounces+jo=company.example@lists.test",
                           "jo=company.example_x@platform.test", "jo", "@",
                           "\"" + VERP.split("@")[0] + "\"@platform.test",
                           "x" * 300 + "=company.example__x@platform.test"):
                assert mail(f, sender, STRIP) == "proceed", sender
            for src in (KEEP, "unix:/var/run/smtpd.sock"):
                assert mail(f, VERP, src) == "proceed", src
            # By the sender, or by who has logged in where.
            assert mail(f, VERP, OTHER) == INSIDE
            other = VERP.replace("salesforce", "other")
            assert mail(f, other, OTHER) == "proceed"
            assert mail(f, other, OTHER, login="sf") == INSIDE
            assert mail(f, other, OTHER, login="x") == "proceed"


def test_wrap():
    """A return path of ours, one a day for each sender; the rest goes on."""
    for version in ("0.6", "0.7"):
        with Gates() as world, Ready(world, version) as f:
            s = Session(f, src=WRAP)
            answer = s.mail(VERP)
            m = re.match(r"rewrite\|<(r-[a-z2-7]{26}@bounce\.example)>$",
                         answer)
            assert m, answer
            assert s.rcpt("carol@customer.test") == "proceed"
            lines = message()
            assert s.data(lines) == lines
            assert s.commit() == "proceed"
            # The next of the session, and others of that sender.
            assert s.mail(VERP) == answer
            assert mail(f, VERP, "[2001:db8::1]:9") == answer
            assert mail(f, VERP, FILE) == answer
            other = mail(f, VERP.upper(), WRAP)
            assert other.startswith("rewrite|<r-") and other != answer
            # Ours need none, and what can be sent nothing back gets none.
            for sender in ("", "jo@company.example", "jo@Bounce.Example",
                           m.group(1), "\"a b\"@platform.test",
                           "jo@[192.0.2.1]", "jo"):
                assert mail(f, sender, WRAP) == "proceed", sender
            assert sorted(world.rows(
                "SELECT address, kind, gate, sent_to, expires - created "
                "FROM rpath WHERE gate IS NOT NULL")) == sorted([
                    (m.group(1), 4, "wrap", VERP, 30 * 86400),
                    (other[9:-1], 4, "wrap", VERP.upper(), 30 * 86400)])


def test_judged_by_the_first():
    """What is replaced is not what the mail is judged by."""
    with Gates(GATES, replies="authenticate signature") as world, \
            Ready(world) as f:
        # A reply by a worker, whose sender must be the worker's.
        s = Session(f, src=WRAP)
        assert s.mail("alice@home.example").startswith("rewrite|<r-")
        assert s.rcpt(world.handle) == "proceed"
        got = s.data(message("alice@home.example", [
            "Message-ID: <1@home.example>", "In-Reply-To: " + world.token]))
        assert got[0].startswith("X-Relay-Reply: "), got
        assert s.commit() == "proceed"


def test_failures():
    """Without keeper or database nobody's sender is replaced: 451."""
    gates = GATES.replace(', file "%(nets)s"', "")
    with Gates(gates) as world, Ready(world) as f:
        assert mail(f, VERP, WRAP).startswith("rewrite|<r-")
        os.rename(world.db, world.db + ".away")
        assert mail(f, "a@platform.test", WRAP).startswith(
            "reject|" + LATER)
        assert mail(f, VERP, OTHER).startswith("reject|" + LATER)
        # No gate's: none of its business.
        assert mail(f, "a@platform.test", OTHER) == "proceed"
        os.rename(world.db + ".away", world.db)
        wait_for("database", lambda: mail(f, VERP, WRAP).startswith(
            "rewrite|<r-"))
        # It dies while it is asked.
        pid = f.child("keeper")
        os.kill(pid, signal.SIGSTOP)
        s = Session(f, src=WRAP)
        s.ask("mail-from", VERP)
        f.nothing()
        os.kill(pid, signal.SIGKILL)
        assert s.result().startswith("reject|" + LATER)
        wait_for("keeper", lambda: s.mail(VERP).startswith("rewrite|<r-"))
        # It hangs: 451 after ten seconds, and what comes late is no answer.
        pid = f.child("keeper")
        os.kill(pid, signal.SIGSTOP)
        assert s.mail(VERP).startswith("reject|" + LATER)
        assert mail(f, "a@platform.test", OTHER) == "proceed"
        os.kill(pid, signal.SIGCONT)
        wait_for("keeper", lambda: s.mail(VERP).startswith("rewrite|<r-"))
        f.nothing()


def test_bounded():
    """A gate that has made too many return paths puts new senders off."""
    with Gates() as world, Ready(world) as f:
        first = mail(f, VERP, WRAP)
        db = sqlite3.connect(world.db, timeout=30)
        db.execute("UPDATE quota SET total = 50000 WHERE kind = 'wrapped'")
        db.execute("UPDATE quota_hit SET count = 50000")
        db.commit()
        db.close()
        answer = mail(f, "a@platform.test", WRAP)
        assert answer.startswith("reject|451 4.7.1 Too many senders"), answer
        assert mail(f, VERP, WRAP) == first
        assert "more than 50000 senders within a day" in f.logged()


if __name__ == "__main__":
    main([test_strip, test_wrap, test_judged_by_the_first, test_failures,
          test_bounded])
