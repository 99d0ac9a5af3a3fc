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


"""What befalls the processes and files of a table about who sends, and what
they keep of secrets."""

import os
import re
import signal
import socket
import time

from senderspeer import Senders, default, may, routed, senders
from tablepeer import (CREDENTIALS, LOOKUP, MAILADDRMAP, RELAYHOST, Text, main,
                       memory, wait_for)


def test_courier(kind):
    """Its password while it has the port, else an error."""
    with Senders() as world, senders(kind, world.certificate().fill()) as t:
        pattern = re.compile("found courier:([0-9a-f]{64})$")
        first = wait_for("the courier", lambda: pattern.match(
            t.lookup("courier", CREDENTIALS)))
        for label in ("COURIER", "courier.", "courier.12"):
            assert t.lookup(label, CREDENTIALS) == first.group(0)
        for label in ("courier-1", "couriers", "courie", ".courier"):
            assert t.lookup(label, CREDENTIALS) == "not-found"
        relay = re.compile("found smtps://(courier[.][0-9]+)@127.0.0.1:%d$" %
                           world.port)
        one = relay.match(t.fetch(RELAYHOST)).group(1)
        assert t.lookup(one, CREDENTIALS) == first.group(0)
        wait_for("another relay", lambda: relay.match(
            t.fetch(RELAYHOST)).group(1) != one)
        assert t.lookup("partner.example", RELAYHOST) == "not-found"
        with senders(kind, world) as other:
            assert other.lookup("courier", CREDENTIALS) == "error"
            assert relay.match(other.fetch(RELAYHOST))
            assert other.lookup("partner",
                                CREDENTIALS).startswith("found bob@")
            routed(other, "eve@other.example")
        with open("/proc/%d/environ" % t.proc.pid, "rb") as f:
            assert first.group(1).encode() not in f.read()
        assert first.group(1) not in t.logged()


def test_port(kind):
    """Somebody else has the courier's port: an error, until it is free."""
    pattern = re.compile("found courier:([0-9a-f]{64})$")
    with Senders() as world, socket.socket() as s:
        s.bind(("127.0.0.1", world.port))
        s.listen()
        with senders(kind, world.certificate().fill()) as t:
            assert t.lookup("courier", CREDENTIALS) == "error"
            wait_for("a word about it",
                     lambda: str(world.port) in t.logged())
            assert t.lookup("courier", CREDENTIALS) == "error"
            s.close()
            wait_for("the courier", lambda: pattern.match(
                t.lookup("courier", CREDENTIALS)))


def test_front(kind):
    """A new front answers as the old one did."""
    asked = (("bob", MAILADDRMAP), ("other", CREDENTIALS),
             ("courier", CREDENTIALS))
    with Senders() as world, senders(kind, world.certificate().fill()) as t:
        wait_for("the courier", lambda: t.lookup(
            "courier", CREDENTIALS).startswith("found "))
        before = [t.lookup(*x) for x in asked]
        for _ in range(3):
            t.kill("front")
            for question, answer in zip(asked, before):
                wait_for("recovery", lambda q=question, a=answer:
                         t.lookup(*q) == a)
            routed(t, "eve@other.example")
        t.kill("keeper", signal.SIGSTOP)
        t.question(LOOKUP, CREDENTIALS, "other")
        wait_for("reading", lambda: t.unread() == 0)
        t.kill("front")
        assert t.answer(LOOKUP) == "error"
        assert t.lookup("courier", CREDENTIALS) == before[2]
        t.nothing()


def test_keeper(kind):
    """Its death or silence: what is known stays good, the rest is an
    error, and it comes back."""
    with Senders() as world, senders(kind, world.fill()) as t:
        routed(t, "eve@other.example")
        for _ in range(3):
            t.kill("keeper")
            routed(t, "eve@other.example")
            assert t.lookup("other", CREDENTIALS) in (
                "error", "found me:secret2")
            wait_for("recovery", lambda: t.lookup(
                "other", CREDENTIALS) == "found me:secret2")
        assert t.update() == "ok"
        pid = t.kill("keeper", signal.SIGSTOP)
        assert t.lookup("eve", MAILADDRMAP).startswith("found ")
        begin = time.monotonic()
        for _ in range(100):
            assert t.lookup("other", CREDENTIALS) == "error"
        assert time.monotonic() - begin < 60, "each of them waited"
        world.seed("identity eve new@other.example other")
        for _ in range(100):
            assert t.check("eve@other.example") == "error"
            assert t.lookup("eve", MAILADDRMAP) == "error"
        assert time.monotonic() - begin < 120, "each of them waited"
        default(t, "@", "eve")
        os.kill(pid, signal.SIGCONT)
        wait_for("recovery", lambda: t.check("new@other.example") == "found")
        wait_for("recovery", lambda: t.lookup(
            "other", CREDENTIALS) == "found me:secret2")
        t.nothing()


def test_database(kind):
    """Locked it is read; missing, it is an error."""
    with Senders() as world, senders(kind, world.fill()) as t:
        world.seed("begin")
        world.seed("identity eve new@other.example other")
        default(t, "new@other.example")
        routed(t, "eve@other.example")
        assert t.lookup("other", CREDENTIALS) == "found me:secret2"
        assert t.update() == "ok"
        world.seed("commit")
        routed(t, "new@other.example")
        # Without its key file it gives no password, and all else.
        key = os.path.join(world.path, "relay.key")
        os.rename(key, key + ".away")
        t.kill("keeper")
        wait_for("recovery", lambda: t.check("eve@other.example") == "found")
        assert t.lookup("other", CREDENTIALS) == "error"
        os.rename(key + ".away", key)
        wait_for("recovery", lambda: t.lookup(
            "other", CREDENTIALS) == "found me:secret2")
    with Senders(seed=False) as world, senders(kind, world) as t:
        assert t.check("eve@other.example") == "error"
        assert t.lookup("eve", MAILADDRMAP) == "error"
        assert t.lookup("other", CREDENTIALS) == "error"
        default(t, "@")
        world.start_seed()
        world.seed("mailbox support@company.example")
        world.fill()
        wait_for("recovery", lambda: t.check("eve@other.example") == "found")
        assert t.lookup("other", CREDENTIALS) == "found me:secret2"


def test_secrets(kind):
    """A password is in the front for one lookup, and in no other place."""
    words = ["Xyzzy-%d-plugh" % i for i in range(20)]
    with Senders() as world, senders(kind, world.fill()) as t:
        world.many(*("account s%d smtp+tls://u@smtp.partner.example %s"
                     % (i, w) for i, w in enumerate(words)))
        for i, w in enumerate(words):
            assert t.lookup("s%d" % i, CREDENTIALS) == "found u:" + w
        routed(t, "eve@other.example")
        for role in ("front", "keeper"):
            left = memory(t.role(role), words)
            assert not left, (role, left)
        assert not memory(t.proc.pid, words)
        assert not set(words) & set(re.findall("Xyzzy[-0-9a-z]*",
                                               t.logged()))
        for name in os.listdir(os.path.dirname(world.db)):
            with open(os.path.join(os.path.dirname(world.db), name),
                      "rb") as f:
                data = f.read()
            assert not [w for w in words if w.encode() in data], name


def test_long(kind):
    """As many addresses as one user may have; more than an answer of the
    binary protocol holds are an error, never some of them."""
    with Senders() as world, senders(kind, world.fill()) as t:
        world.many(*("identity bob x%d@partner.example -" % i
                     for i in range(500)))
        assert len(may(t, "bob")) == 505
        world.many(*("identity bob a.rather.long.name.%d@a.rather.long."
                     "domain.of.partner.example -" % i for i in range(400)))
        if kind is Text:
            assert len(may(t, "bob")) == 905
        else:
            assert t.lookup("bob", MAILADDRMAP) == "error"
            assert "more addresses" in t.logged()
        assert len(may(t, "eve")) == 3
        t.nothing()


def test_many(kind):
    """Many identities, there from the first lookup."""
    with Senders() as world, senders(kind, world.fill()) as t:
        routed(t, "eve@other.example")
        world.many("identities 20000")
        wait_for("all of them", lambda: t.check(
            "i19999@p999.example") == "found")
        for i in range(0, 20000, 97):
            routed(t, "i%d@p%d.example" % (i, i % 1000))
            assert len(may(t, "u%d" % (i // 10))) == 12
        wait_for("an update", lambda: t.update() == "ok")
        world.seed("identity eve new@other.example other")
        routed(t, "new@other.example", "i5@p5.example")
        batch, want = [], []
        for i in range(500):
            batch.append(t.request(LOOKUP, MAILADDRMAP, "u%d" % i))
            want.append(getattr(t, "id", None))
        t.send(b"".join(batch))
        for i, t.id in enumerate(want):
            assert "i%d@p" % (10 * i) in t.answer(LOOKUP)
        t.nothing()


test_many.kinds = test_port.kinds = (Text,)

if __name__ == "__main__":
    main(globals())
