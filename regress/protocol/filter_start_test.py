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

"""Workers begin conversations: support+to-carol=customer.test@..."""

import sqlite3

from filterpeer import Filter, Session, World, main, message
from filter_policy_test import header

ALICE = "alice@home.example"
BOX = "support@company.example"
TRUST = "trust authentication-results\nstart allow\n"
RESULTS = "Authentication-Results: mx.company.example; dkim=pass " \
    "header.d=home.example"


def to(whom, box="support"):
    """The address by which to begin with somebody."""
    return "%s+to-%s@company.example" % (box, whom.replace("@", "="))


CAROL, DAVE = to("Carol@customer.test"), to("dave@other.test")


def mail(rcpts=(CAROL,), sender="Alice <alice@home.example>", mid=None,
         extra=(), body=("Good morning", "")):
    """A worker's message, with what another filter has found on top."""
    lines = message(sender, list(extra) + (
        ["Message-ID: <%s>" % mid] if mid else []), body)
    return [RESULTS] + ["To: " + ", ".join(rcpts) if x.startswith("To: ")
                        else x for x in lines]


def rows(world, sql, *args):
    db = sqlite3.connect("file:%s?mode=ro" % world.db, uri=True, timeout=10)
    try:
        return db.execute(sql, args).fetchall()
    finally:
        db.close()


def people(world, ident):
    """Who takes part in the conversation of a record, and whose handles the
    record has."""
    record = world.record(ident)
    had = rows(world, "SELECT address FROM participant WHERE conversation = ?"
               " ORDER BY id", record["conversation"])
    handles = rows(world, "SELECT p.address FROM reply_handle r JOIN handle h"
                   " ON h.id = r.handle JOIN participant p ON "
                   "p.id = h.participant WHERE r.reply = ? ORDER BY p.id",
                   ident)
    return [x for x, in had], [x for x, in handles]


def begun(f, rcpts, lines, sender=ALICE, **session):
    """The lines that went on and the id of a message that may go."""
    got, verdict = Session(f, **session).send(sender, rcpts, lines)
    assert verdict == "proceed", verdict
    assert got[0].startswith("X-Relay-Reply: "), got[:3]
    return got, header(got, "X-Relay-Reply")


def conversations(world):
    return rows(world, "SELECT count(*) FROM conversation")[0][0]


def test_begins():
    """Rewritten like a reply; conversation, people and handles recorded."""
    with World(TRUST) as world, Filter(world) as f:
        got, ident = begun(f, [CAROL, DAVE], mail(
            [CAROL, '"Dave D." <%s>' % DAVE], mid="one@home.example",
            extra=["Cc: %s, Bob <bob@home.example>" % BOX,
                   "In-Reply-To: <%s>" % world.token,
                   "References: <private@home.example> <%s>" % world.token,
                   "X-Mailer: Foo", "Reply-To: alice@home.example"],
            body=["I am Alice@Home.example", "", "..", ""]))
        assert header(got, "From") == "Company Support <%s>" % BOX, got
        assert header(got, "To") == "Carol@customer.test, dave@other.test"
        assert header(got, "Cc") == "%s, Company Support <%s>" % (
            BOX, BOX) or header(got, "Cc") == BOX, got
        text = "\n".join(got).lower()
        for secret in ("home.example", world.token, "+to-", "x-mailer",
                       "reply-to", "references"):
            assert secret not in text, (secret, text)
        record = world.record(ident)
        assert record["conversation"] != world.conv
        assert record["worker"] == "alice", record
        assert header(got, "Message-ID") == "<%s>" % record["outside"]
        assert people(world, ident) == (
            ["Carol@customer.test", "dave@other.test"],) * 2
        subject, = rows(world, "SELECT subject FROM conversation WHERE id = ?",
                        record["conversation"])[0]
        assert subject == "hello", subject


def test_again():
    """A retry, and what a server sends to each recipient alone, is the same
    conversation; another message is another."""
    with World("authenticate sender\n" + TRUST) as world, Filter(world) as f:
        lines = mail([CAROL, DAVE], mid="one@home.example")
        first, a = begun(f, [CAROL], lines)
        again, b = begun(f, [CAROL.upper()], lines)
        other, c = begun(f, [DAVE], lines)
        assert a != b != c
        assert len({world.record(x)["conversation"] for x in (a, b, c)}) == 1
        assert len({header(x, "Message-ID")
                    for x in (first, again, other)}) == 1
        assert people(world, b) == people(world, b)
        assert people(world, c) == (
            ["Carol@customer.test", "dave@other.test"], ["dave@other.test"])
        assert rows(world, "SELECT count(*) FROM handle WHERE conversation "
                    "= ?", world.record(a)["conversation"]) == [(2,)]
        _, d = begun(f, [CAROL], mail(mid="two@home.example"))
        assert world.record(d)["conversation"] != \
            world.record(a)["conversation"]
        # The team's part comes first, and is the conversation's.
        got, verdict = Session(f).send(ALICE, [BOX], mail(
            [BOX, CAROL], mid="three@home.example"))
        team = world.record(header(got, "X-Relay-Reply"))
        got, h = begun(f, [CAROL], mail([BOX, CAROL],
                                        mid="three@home.example"))
        assert world.record(h)["conversation"] == team["conversation"]
        assert header(got, "Message-ID"), got
        got, verdict = Session(f).send(ALICE, [BOX], mail(
            [BOX, CAROL], mid="two@home.example"))
        team = world.record(header(got, "X-Relay-Reply"))
        assert world.record(d)["conversation"] == team["conversation"]
        # Without a Message-Id it is known by what is in it.
        _, e = begun(f, [CAROL], mail())
        _, g = begun(f, [CAROL], mail())
        assert world.record(e)["conversation"] == \
            world.record(g)["conversation"]


def test_modes():
    """Sender authentication and nothing else, whatever `authenticate'."""
    for mode in ("signature", "sender", "signature or sender",
                 "signature and sender", "none"):
        with World("authenticate %s\n%s" % (mode, TRUST)) as world, \
                Filter(world) as f:
            begun(f, [CAROL], mail())
            begun(f, [CAROL], mail()[1:], login="alice-login")
            # Bounce addresses of mailing programs do no harm.
            begun(f, [CAROL], mail(), sender="b-1@mailer.test")
            before = conversations(world)
            for lines, session in (
                    (mail()[1:], {}),
                    (mail()[1:], {"login": "somebody"}),
                    # A token of hers is no proof of the sender.
                    (mail(extra=["References: <%s>" % world.token])[1:], {}),
                    (["Authentication-Results: mx.company.example; "
                      "dkim=pass header.d=evil.test"] + mail()[1:], {}),
                    (["Authentication-Results: evil.test; dkim=pass "
                      "header.d=home.example"] + mail()[1:], {})):
                got, verdict = Session(f, **session).send(
                    ALICE, [CAROL], lines)
                assert verdict == "proceed", verdict
                assert got == ["X-Relay-Unverified: yes"] + lines, got
            assert conversations(world) == before
            # Those of customers pass as they are.
            lines = message("carol@customer.test")
            got, verdict = Session(f).send("carol@customer.test", [DAVE],
                                           lines)
            assert verdict == "proceed" and got == lines


def test_may_not():
    """Each with its own sentence; nothing is begun."""
    with World(TRUST) as world, Filter(world) as f:
        world.seed("worker eve - eve@private.test")
        before = conversations(world)
        for rcpts, lines, why in (
                ([to("dave@company.example")], mail(), "one of our own"),
                ([to("Bob@home.example")], mail(), "Bob@home.example is one"),
                ([CAROL, to("eve@private.test")], mail(), "one of our own"),
                ([CAROL], mail(extra=["Auto-Submitted: auto-replied"]),
                 "by hand"),
                ([CAROL], mail(sender="alice@home.example, "
                                      "bob@home.example"), "From header"),
                ([CAROL], mail(extra=["MIME-Version: 1.0", "Content-Type: "
                                      "multipart/signed; boundary=x"]),
                 "signed"),
                ([CAROL, world.bobs], mail(), "somebody else")):
            got, verdict = Session(f, login="alice-login").send(
                ALICE, rcpts, lines)
            assert verdict.startswith("reject|550 5.7.1 "), verdict
            assert why in verdict, (why, verdict)
            ident = header(got, "X-Relay-Reply")
            assert ident is None or world.record(ident) is None
        # Who has no right to know is not told who the workers are.
        lines = message("mallory@evil.test")
        for rcpt in (to("bob@home.example"), to("nobody@home.example")):
            got, verdict = Session(f).send("mallory@evil.test", [rcpt], lines)
            assert verdict == "proceed" and got == lines
        world.seed("disable alice")
        _, verdict = Session(f).send(ALICE, [CAROL], mail())
        assert "disabled" in verdict, verdict
        world.seed("enable alice")
        world.seed("leave %s alice" % BOX)
        got, verdict = Session(f).send(ALICE, [CAROL], mail())
        assert verdict == "proceed" and got == mail(), got
        assert conversations(world) == before


def test_refuse():
    """Without `start allow' it is an address like any, which smtpd does not
    know."""
    with World("trust authentication-results") as world, Filter(world) as f:
        got, verdict = Session(f).send(ALICE, [CAROL], mail())
        assert verdict == "proceed" and got == mail(), got
        got, verdict = Session(f).send(ALICE, [CAROL, BOX], mail(
            extra=["References: <%s>" % world.token]))
        assert header(got, "X-Relay-Reply") and CAROL in "\n".join(got)


def test_recipients():
    """What goes together in one transaction."""
    with World(TRUST) as world, Filter(world) as f:
        s = Session(f)
        world.seed("join sales@company.example alice")
        s.mail(ALICE)
        assert s.rcpt(CAROL) == "proceed"
        assert s.rcpt(to("x@y.test", "sales")).startswith(
            "reject|452 4.5.3 ")
        assert s.rcpt("joe@elsewhere.test").startswith("reject|452 4.5.3 ")
        assert s.rcpt("root@company.example") == "proceed"
        assert s.rcpt(world.handle) == "proceed"
        assert s.rcpt(world.bobs).startswith("reject|452 4.5.3 ")
        assert s.rcpt(BOX) == "proceed"
        s.mail(ALICE)
        assert s.rcpt("joe@elsewhere.test") == "proceed"
        assert s.rcpt(CAROL).startswith("reject|452 4.5.3 ")
        s.mail(ALICE)
        assert s.rcpt(to("x@y.test", "nobody")) == "proceed"
        assert s.rcpt("x+to-y=z.test@elsewhere.test") == "proceed"
        s.mail(ALICE)
        for i in range(100):
            assert s.rcpt(to("c%d@customer.test" % i)) == "proceed", i
        assert s.rcpt(CAROL).startswith("reject|452 4.5.3 ")
        assert s.rcpt(to("C7@customer.test")) == "proceed"
    with World(TRUST) as world, Filter(world) as f:
        world.seed("disable alice")
        world.seed("disable bob")
        s = Session(f)
        s.mail("joe@elsewhere.test")
        assert s.rcpt(CAROL).startswith("reject|451 4.3.0 ")


def test_mixed():
    """With handles it is a reply to which people are added."""
    with World("authenticate signature\n" + TRUST) as world, \
            Filter(world) as f:
        refs = ["In-Reply-To: <%s>" % world.token]
        lines = mail([world.handle, DAVE], extra=refs)
        got, ident = begun(f, [DAVE, world.handle], lines)
        assert world.record(ident)["conversation"] == world.conv
        assert "dave@other.test" in people(world, ident)[0]
        assert people(world, ident)[1] == ["carol@customer.test",
                                           "dave@other.test"]
        assert header(got, "In-Reply-To") == "<1@customer.test>", got
        assert header(got, "To") == \
            "Carol <carol@customer.test>, dave@other.test", got
        # The signature is not enough for somebody new, nor the sender for
        # the reply.
        for wrong in (lines[1:], mail([world.handle, DAVE])):
            _, verdict = Session(f).send(ALICE, [world.handle, DAVE], wrong)
            assert verdict.startswith("reject|550 5.7.1 Not sent"), verdict
        # The mailbox, too: a conversation with a copy for the team.
        got, ident = begun(f, [BOX, CAROL], mail(
            [BOX, CAROL], mid="team@home.example"))
        assert people(world, ident)[1] == ["Carol@customer.test"]
        # A mailbox of which she is no member.
        world.seed("join sales@company.example bob")
        got, verdict = Session(f).send(
            ALICE, [BOX, to("x@y.test", "sales")],
            mail([BOX], extra=refs))
        assert verdict == "proceed" and header(got, "X-Relay-Reply")
        assert header(got, "From") == "Alice <alice@home.example>", got


def test_limits():
    """A hundred people a day, and no more than may take part."""
    with World(TRUST + "participants 60") as world, Filter(world) as f:
        box = [to("c%d@customer.test" % i) for i in range(61)]
        _, verdict = Session(f).send(ALICE, box, mail(box[:5]))
        assert verdict.startswith("reject|550 5.7.1 Not sent: more people")
        for part in (box[:60], box[:39]):
            begun(f, part, mail(part[:5], mid="%d@a.test" % len(part)))
        before = conversations(world)
        lines = mail(box[:2], mid="last@a.test")
        got, verdict = Session(f).send(ALICE, box[:2], lines)
        assert verdict.startswith("reject|451 4.7.1 "), verdict
        assert world.record(header(got, "X-Relay-Reply")) is None
        assert conversations(world) == before
        # What has been counted is not counted again, and one is left.
        begun(f, box[:39], mail(box[:5], mid="39@a.test"))
        begun(f, box[:1], lines)
        begun(f, box[:1], lines)
        _, verdict = Session(f).send(ALICE, box[1:2], lines)
        assert verdict.startswith("reject|451 4.7.1 "), verdict
        # Each worker has a hundred.
        begun(f, [CAROL], mail(sender="bob@home.example"),
              sender="bob@home.example")


if __name__ == "__main__":
    main([test_begins, test_again, test_modes, test_may_not, test_refuse,
          test_recipients, test_mixed, test_limits])
