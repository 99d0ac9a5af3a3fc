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


"""table-relay answers what it should, in both protocols."""

import time

from tablepeer import (ALIAS, DOMAIN, MAILADDR, SLOW, SOURCE, USER, USERINFO,
                       Fatal, Gone, Imsg, Text, World, main, wait_for)

FOUND = "found " + USER


def test_mailbox(kind):
    """The keys that smtpd asks for a mailbox, an unknown address and a user."""
    with World() as world, kind(world) as t:
        assert t.check("support@company.example") == "found"
        assert t.lookup("support@company.example") == FOUND
        assert t.check("support@company.example", ALIAS) == "found"
        assert t.lookup("Support@Company.EXAMPLE") == FOUND
        assert t.lookup("support@company.example",
                        MAILADDR) == "found support@company.example"
        for key in (USER, USER + "@", "@", "@company.example", "", "support",
                    "support@company.test", "support@customer.test",
                    "nobody@company.example", "support@company.example ",
                    "support+tag@company.example", "a|b@company.example",
                    "support+abcdefgh234567ab@company.example",
                    "r-abcdefghijklmnopqrstuvwxyz@company.example"):
            assert t.lookup(key) == "not-found", key
            assert t.check(key) == "not-found", key
        for key in ("company.example", "company.TEST",
                    "bounce.company.example"):
            assert t.check(key, DOMAIN) == "found", key
        for key in ("customer.test", "", "x.company.example", "example"):
            assert t.check(key, DOMAIN) == "not-found", key
        assert t.check("support@company.example", USERINFO) == "not-found"
        assert t.fetch(SOURCE) == "not-found"
        t.nothing()


def test_change(kind):
    """A change is in force for the very next lookup."""
    with World() as world, kind(world) as t:
        for i in range(50):
            key = "box%d@company.example" % i
            assert t.check(key) == "not-found"
            world.seed("mailbox " + key)
            assert t.check(key) == "found", "change %d" % i
            if i % 2:
                world.seed("delete " + key)
                assert t.check(key) == "not-found", "deletion %d" % i
        assert t.update() == "ok"
        for i in range(50):
            want = "not-found" if i % 2 else "found"
            assert t.check("box%d@company.example" % i) == want


def test_handles(kind):
    """Handle addresses and return paths live and die."""
    with World() as world, kind(world) as t:
        long = world.seed("handles support@company.example 20 1000")
        paths = world.seed("rpaths company.example 5")
        paths += world.seed("rpaths bounce.company.example 5")
        for key in long + paths:
            assert t.check(key) == "found", key
            assert t.lookup(key.upper()) == FOUND, key
        began = time.time()
        brief = world.seed("handles support@company.example 1 3")[0]
        if t.check(brief) != "found":
            assert time.time() - began > 2
        wait_for("end of a handle", lambda: t.check(brief) == "not-found")
        assert time.time() - began > 1.9, "it died too early"
        for key in long:
            assert t.check(key) == "found", key
        world.seed("revoke")
        for key in long:
            assert t.check(key) == "not-found", key
        for key in paths:
            assert t.check(key) == "found", key


def test_start(kind):
    """Addresses by which workers begin conversations, where they may."""
    key = "support+to-carol=customer.test@company.example"
    with World() as world, kind(world) as t:
        assert t.check(key) == "not-found"
    with World(replies="\tstart allow\n") as world, kind(world) as t:
        handle = world.seed("handles support@company.example 1 1000")[0]
        assert t.check(key) == "found"
        assert t.lookup(key.upper()) == FOUND
        assert t.lookup(key, MAILADDR) == "found " + key
        for key in ("nobody+to-carol=customer.test@company.example",
                    "support+to-carol=customer.test@elsewhere.test",
                    "support+to-customer.test@company.example",
                    "support+to-=customer.test@company.example",
                    "support+to-carol=@company.example",
                    "+to-carol=customer.test@company.example",
                    "support+to-carol=a b@company.example",
                    "support+to-@company.example",
                    "support+to-c=" + "d" * 60 + "@company.example",
                    "support+to-c=" + "d" * 500 + "@company.example",
                    handle.replace("@", "+to-carol=customer.test@")):
            assert t.check(key) == "not-found", key
            assert t.lookup(key) == "not-found", key


def test_wrapped(kind):
    """Return paths that stand for a platform's sender, while they live."""
    sender = "jo=company.example__x@x.bnc.salesforce.com"
    month = 30 * 86400
    with World() as world:
        def wrap(domain, who, age):
            return world.seed("wrap %s %s %d" % (domain, who, age))[0]
        dead = wrap("company.example", "dead@platform.test", month + 1)
        with kind(world) as t:
            live = [wrap(domain, sender, 0) for domain in (
                "company.example", "bounce.company.example")]
            live.append(wrap("company.example", "old@platform.test",
                             month - 3600))
            foreign = wrap("customer.test", sender, 0)
            for key in live:
                assert t.check(key, MAILADDR) == "found", key
                assert t.lookup(key.upper()) == FOUND, key
                assert t.lookup(key, MAILADDR) == "found " + key
            for key in (dead, foreign):
                assert t.check(key, MAILADDR) == "not-found", key
                assert t.lookup(key) == "not-found", key
            # Its time is over without a word of the database.
            began = time.time()
            brief = wrap("company.example", "brief@platform.test", month - 3)
            if t.check(brief) != "found":
                assert time.time() - began > 2
            wait_for("end of a return path",
                     lambda: t.check(brief) == "not-found")
            for key in live:
                assert t.check(key) == "found", key


def test_many(kind):
    """Everything is there when there is much of it, from the first moment."""
    with World() as world:
        keys = world.many("handles support@company.example 20000 1000")
        with kind(world) as t:
            for key in keys[::97] + keys[-3:]:
                assert t.check(key) == "found", key
            assert t.update() == "ok"
            assert t.check(keys[-1]) == "found"
            more = world.many("handles support@company.example 5000 1000")
            for key in more[::97] + more[-3:]:
                assert t.check(key) == "found", key


def test_end(kind):
    """End of file ends all processes with status 0."""
    with World() as world, kind(world) as t:
        assert t.check("support@company.example") == "found"
        pids = list(t.children().values())
        assert len(pids) == 2
        assert t.end() == 0
        with kind(world) as u:
            u.check("support@company.example")
            u.proc.terminate()
            assert u.proc.wait(SLOW) == 0


def test_services(kind):
    """What is registered; a name with a bar in it does not confuse."""
    with World() as world, kind(world, "a|b") as t:
        assert sorted(t.services) == ["alias", "domain", "mailaddr"]
        assert t.check("support@company.example") == "found"
        t.nothing()


def test_close(kind):
    """smtpd says that it closes the table."""
    with World() as world, kind(world) as t:
        t.frame(3)
        assert t.proc.wait(SLOW) == 0


def test_version(kind):
    """A version of the protocol that nobody knows is refused at once."""
    with World() as world, kind(world, hello=False) as t:
        try:
            t.hello(3)
        except (Fatal, Gone):
            return
        raise AssertionError("it was accepted")


test_services.kinds = (Text,)
test_close.kinds = test_version.kinds = (Imsg,)

if __name__ == "__main__":
    main(globals())
