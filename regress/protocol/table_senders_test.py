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


"""table-relay under a name that ends in senders, in both protocols."""

import random

from senderspeer import PASSWORD, Senders, default, may, routed, senders
from tablepeer import (ALIAS, CREDENTIALS, DOMAIN, MAILADDR, MAILADDRMAP,
                       SOURCE, Text, World, main)

OWN = ["bob@company.example", "bob@company.test"]


def test_services(kind):
    """What is registered, and what is not served."""
    with Senders() as world, senders(kind, world.fill()) as t:
        if kind is Text:
            assert t.services == ["mailaddr", "mailaddrmap", "credentials",
                                  "relayhost"]
        for service in (ALIAS, DOMAIN, SOURCE):
            assert t.lookup("company.example", service) == "not-found"
            assert t.lookup("support@company.example",
                            service) == "not-found"
        assert t.fetch(SOURCE) == t.fetch(MAILADDR) == "not-found"
        assert t.update() == "ok"
        t.nothing()
    with World() as world, kind(world, "senders_of_mail") as t:
        assert t.check("support@company.example") == "found"
        assert t.lookup("bob", MAILADDRMAP) == "not-found"
        assert t.lookup("courier", CREDENTIALS) == "not-found"


def test_mailaddr(kind):
    """Whose mail leaves through an account."""
    with Senders() as world, senders(kind, world.fill()) as t:
        routed(t, "bob.smith@partner.example", "Bob.Smith@PARTNER.example",
               "bob.smith+tag@partner.example", "any@family.example",
               "any+tag@family.example", "eve@other.example")
        assert t.lookup("eve@other.example", MAILADDR) == (
            "found eve@other.example")
        default(t, "bob@company.example", "soon@partner.example",
                "soon+tag@partner.example", "plain@family.example",
                "plain+x@family.example", "@family.example", "@", "",
                "bob", "x@partner.example", "support@company.example",
                "any@sub.family.example", "@partner.example",
                "carl@home.example", "bob.smith@partner.example.",
                "bob.smith@partner.example ", "+bob.smith@partner.example")
        t.nothing()


def test_map(kind):
    """What a login may send as."""
    with Senders() as world, senders(kind, world.fill()) as t:
        assert may(t, "bob") == sorted(OWN + [
            "bob.smith@partner.example", "@family.example",
            "plain@family.example"])
        assert may(t, "BOB") == may(t, "bob")
        assert may(t, "eve") == ["eve@company.example", "eve@company.test",
                                 "eve@other.example"]
        assert may(t, "carl-login") == [
            "carl-login@company.example", "carl-login@company.test",
            "carl@home.example"]
        assert may(t, "nobody") == ["nobody@company.example",
                                    "nobody@company.test"]
        assert may(t, "dan@partner.example") == ["dan@partner.example"]
        # What is somebody else's is not theirs whose login spells it.
        assert may(t, "support") == ["support@company.test"]
        assert may(t, "eve@other.example") == []
        assert may(t, "o'hara") == ["o'hara@company.example",
                                    "o'hara@company.test"]
        t.nothing()


def test_helpdesk(kind):
    """Every mailbox for the logins of the helpdesk program."""
    with Senders(replies='helpdesk { "Desk" }') as world, \
            senders(kind, world) as t:
        own = ["desk@company.example", "desk@company.test"]
        assert may(t, "desk") == own + ["support@company.example"]
        world.seed("mailbox sales@company.example")
        assert may(t, "desk") == own + ["sales@company.example",
                                        "support@company.example"]
        world.seed("delete support@company.example")
        assert may(t, "desk") == own + ["sales@company.example"]
        assert may(t, "support") == ["support@company.example",
                                     "support@company.test"]
        assert may(t, "sales") == ["sales@company.test"]
        world.seed("mailbox desk@company.test")
        assert may(t, "desk") == own + ["sales@company.example"]


def test_hostile(kind):
    """Keys that nobody may have: no list is read otherwise than meant."""
    rng = random.Random(11)
    with Senders() as world, senders(kind, world.fill()) as t:
        for login in ("a,b", "a b", "@", "@company.example", "a@", "*", "a\\",
                      "\"a\"", "a@*", "a@b,c@d.example", "", "\xff", "(a)",
                      "a|b,@", "a@[127.0.0.1]", "k" * 300, "k" * 1000):
            assert may(t, login) in ([], [login + "@company.example",
                                          login + "@company.test"]), login
            assert t.lookup(login, CREDENTIALS) == "not-found", login
            assert t.check(login) == "not-found", login
        for _ in range(1000):
            key = "".join(chr(rng.choice([rng.randrange(1, 256), 64, 43, 124,
                                          39, 44, 92]))
                          for _ in range(rng.randrange(40)))
            key = key.replace("\n", "").replace("\0", "")
            for x in may(t, key):
                local, domain = x.rsplit("@", 1)
                assert domain in ("company.example", "company.test") or (
                    x == key.lower()), (key, x)
                assert local and not set(local) & set(" ,\"\\@()<>:;[]"), x
            assert t.check(key) == "not-found"
            assert t.lookup(key, CREDENTIALS) == "not-found"
        assert t.lookup("k" * 1024, MAILADDRMAP) == "error"
        routed(t, "eve@other.example")
        t.nothing()


def test_change(kind):
    """A change is in force at the very next lookup."""
    with Senders() as world, senders(kind, world.fill()) as t:
        for i in range(20):
            key = "x%d@partner.example" % i
            world.seed("identity bob %s Partner" % key)
            routed(t, key)
            assert key in may(t, "bob")
            if i % 2:
                world.seed("unidentity bob " + key)
                default(t, key)
                assert key not in may(t, "bob")
        assert t.update() == "ok"
        routed(t, "x18@partner.example")
        default(t, "x19@partner.example", "soon@partner.example")
        assert "soon@partner.example" not in may(t, "bob")
        world.seed("verify soon@partner.example")
        routed(t, "soon@partner.example")
        assert "soon@partner.example" in may(t, "bob")
        world.seed("unidentity bob @family.example")
        default(t, "any@family.example")
        assert "@family.example" not in may(t, "bob")
        # An address goes from one to another.
        world.many("unidentity eve eve@other.example",
                   "identity bob eve@other.example other")
        assert "eve@other.example" in may(t, "bob")
        assert "eve@other.example" not in may(t, "eve")
        world.seed("worker eva eve eve@home.example")
        assert "eve@home.example" in may(t, "eve")
        world.seed("unworker eva")
        assert may(t, "eve") == ["eve@company.example", "eve@company.test"]
        assert "dan@company.test" in may(t, "dan")
        world.seed("identity eve dan@company.test -")
        assert "dan@company.test" in may(t, "eve")
        assert may(t, "dan") == ["dan@company.example"]
        world.seed("unidentity eve dan@company.test")
        assert "dan@company.test" in may(t, "dan")
        # More changes than are told one by one.
        world.many("identities 900", "unidentity bob "
                   "bob.smith@partner.example")
        routed(t, "i0@p0.example", "i899@p899.example")
        default(t, "bob.smith@partner.example")
        assert len(may(t, "u89")) == 12
        world.many(*(
            "identity v%d w%d@partner.example -" % (i // 10, i)
            for i in range(5000)))
        assert len(may(t, "v499")) == 12
        default(t, "w4999@partner.example")
        routed(t, "i0@p0.example")


def test_same(kind):
    """Change by change it comes to what a new beginning would find, and to
    what filter and courier make of the database."""
    rng = random.Random(3)
    with Senders(more='\thosts { "smtp.partner.example:587" }\n',
                 replies='helpdesk { "u1" }') as world, \
            senders(kind, world) as t:
        world.many("account a smtp+tls://x@smtp.partner.example one",
                   "account b smtp+tls://x@elsewhere.example two")
        logins = ["u%d" % i for i in range(4)]
        boxes, mine, at = set(), {}, {"a": 1, "b": 0}
        keys = ["k%d@d%d.example" % (i, i % 2) for i in range(8)]
        keys += ["u1@company.example", "m@company.test", "u2@company.test",
                 "k1+x@d1.example", "@d2.example", "y@d2.example"]
        logins += ["m", "k0@d0.example"]
        for _ in range(6):
            for _ in range(12):
                key = rng.choice(keys)
                if key in mine:
                    world.seed("unidentity %s %s" % (mine.pop(key), key))
                elif key in boxes:
                    boxes.remove(key)
                    world.seed("delete " + key)
                elif "+" in key or key.startswith("y"):
                    continue
                elif key.startswith("m@"):
                    boxes.add(key)
                    world.seed("mailbox " + key)
                else:
                    user = rng.choice(logins[:4])
                    try:
                        world.seed("%s %s %s %s" % (
                            rng.choice(["identity", "unverified"]), user,
                            key, rng.choice(["a", "b", "-"])))
                    except RuntimeError:
                        continue
                    mine[key] = user
                if rng.random() < 0.3:
                    name = rng.choice("ab")
                    at[name] = not at[name]
                    world.seed("account %s smtp+tls://x@%s.example pw" % (
                        name, "smtp.partner" if at[name] else "elsewhere"))
                t.check(rng.choice(keys))
            before = [may(t, x) for x in logins], [t.check(x) for x in keys]
            assert t.update() == "ok"
            assert before == ([may(t, x) for x in logins],
                              [t.check(x) for x in keys])
            assert before[0] == [sorted(world.seed(
                "sends %s %s" % (world.conf, x))) for x in logins]
            assert before[1] == ["found" if world.seed(
                "leaves %s %s" % (world.conf, x)) else "not-found"
                                 for x in keys]
        assert mine


def test_deny(kind):
    """Without alternates identities are addresses like others."""
    with Senders("deny") as world, senders(kind, world.fill()) as t:
        default(t, "bob.smith@partner.example", "any@family.example",
                "eve@other.example")
        assert "bob.smith@partner.example" in may(t, "bob")
        assert "soon@partner.example" not in may(t, "bob")
        assert t.lookup("partner", CREDENTIALS) == "not-found"


def test_hosts(kind):
    """A server that policy does not list: as if the identity were not."""
    with Senders(more='\thosts { "smtp.partner.example:587" }\n') as world, \
            senders(kind, world.fill()) as t:
        routed(t, "bob.smith@partner.example")
        default(t, "eve@other.example")
        assert may(t, "eve") == ["eve@company.example", "eve@company.test"]
        assert t.lookup("partner", CREDENTIALS).startswith("found ")
        assert t.lookup("other", CREDENTIALS) == "not-found"
        world.seed("account other smtp+tls://me@smtp.partner.example pw")
        routed(t, "eve@other.example")
        assert "eve@other.example" in may(t, "eve")
        assert t.lookup("other", CREDENTIALS) == "found me:pw"
        world.seed("account other smtp+tls://me@elsewhere.example pw")
        default(t, "eve@other.example")
        assert "eve@other.example" not in may(t, "eve")


def test_credentials(kind):
    """Of an account for the static way, as they are now."""
    with Senders() as world, senders(kind, world.fill()) as t:
        want = "found bob@partner.example:" + PASSWORD
        for label in ("Partner", "partner", "PARTNER"):
            assert t.lookup(label, CREDENTIALS) == want
        assert t.check("partner", CREDENTIALS) == "found"
        for label in ("", "nobody", "partner ", "bob", "smtp.partner.example",
                      "bob@partner.example", "partner:x", "p" * 200):
            assert t.lookup(label, CREDENTIALS) == "not-found", label
        world.seed("account partner smtp+tls://bob%40partner.example@"
                   "smtp.partner.example:587 changed")
        assert t.lookup("partner", CREDENTIALS) == (
            "found bob@partner.example:changed")
        world.many("account none null:", "account drop lmtp://localhost:24")
        assert t.lookup("none", CREDENTIALS) == "not-found"
        assert t.lookup("drop", CREDENTIALS) == "not-found"
        world.seed("unaccount drop")
        assert t.lookup("drop", CREDENTIALS) == "not-found"
        t.nothing()


if __name__ == "__main__":
    main(globals())
