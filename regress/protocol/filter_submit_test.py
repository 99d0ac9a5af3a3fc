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


"""What users with a login may send, and what of it is hidden."""

import re
import signal
import os

from filterpeer import (Filter, LATER, Session, World,
                        main, wait_for)

PARTNER = "user.name@partner.example"
ALICE = "alice-login@company.example"
BOB = "bob@elsewhere.test"
OUTBOUND = "outbound {\n%s\n}\n"
HIDE = OUTBOUND % "\talternates allow\n\thide client yes"
NOT_YOURS = "is not an address of yours"
HOST = "laptop.home"
CLIENT = "192.0.2.1"


def message(sender=PARTNER, extra=(), body=("Hello", "")):
    """Mail as smtpd gives it to its filters after a login."""
    return ["Received: from %s (%s [%s])" % (HOST, HOST, CLIENT),
            "\tby mx.company.example (OpenSMTPD) with ESMTPSA id 5b1ad83f "
            "(TLSv1.3:TLS_AES_256_GCM_SHA384:256:NO) auth=yes "
            "user=alice-login",
            "\tfor <%s>;" % BOB,
            "\tSat, 21 Nov 2026 22:00:00 +0000 (UTC)",
            "From: " + sender, "To: " + BOB, "Subject: hello",
            "Date: Sat, 21 Nov 2026 22:00:00 +0000"] + list(extra) + [
                ""] + list(body)


def field(lines, name):
    """The value of a header field, unfolded; None if there is none."""
    text = "\n".join(lines[:lines.index("")])
    found = re.search(r"(?im)^%s:[ \t]*(.*(?:\n[ \t].*)*)" % re.escape(name),
                      text)
    return found and found.group(1).replace("\n", "")


def identities(world):
    world.seed("account home smtp.partner.example 587")
    world.seed("account far smtp.far.example 465")
    world.seed("identity alice-login %s home yes" % PARTNER)
    world.seed("identity alice-login new@partner.example home no")
    world.seed("identity alice-login me@far.example far yes")
    world.seed("identity alice-login @alice.example - yes")
    world.seed("identity bobby bob@partner.example home yes")


def submission(f, login="alice-login"):
    return Session(f, "%s:3333" % CLIENT, login, HOST)


def test_sender():
    """The envelope's sender: one's own, or it is refused at once."""
    more = HIDE.replace("\thide", '\thosts { "smtp.partner.example:587" }\n'
                        "\thide")
    for version in ("0.6", "0.7"):
        with World(more=more) as world, Filter(world, version) as f:
            identities(world)
            s = submission(f)
            for good in (PARTNER, PARTNER.upper(), "",
                         "user.name+tag@partner.example",
                         "any.one@alice.example", ALICE,
                         "alice@home.example", "alice+x@home.example"):
                assert s.mail(good) == "proceed", good
            for bad, why in (("bob@partner.example", NOT_YOURS),
                             ("new@partner.example", "not yet verified"),
                             ("me@far.example", "not allowed here"),
                             ("bobby@company.example", NOT_YOURS),
                             ("bob@home.example", NOT_YOURS),
                             ("support@company.example", NOT_YOURS),
                             ("x@nowhere.test", NOT_YOURS),
                             ("@", NOT_YOURS), ("caf\xe9@x.test", NOT_YOURS),
                             ("x" * 900 + "@x.test", NOT_YOURS)):
                answer = s.mail(bad)
                assert answer.startswith("reject|550 5.7.1 "), answer
                assert why in answer, answer
            # It is as if there had been no such command.
            assert s.mail(PARTNER) == "proceed"
            assert s.rcpt(BOB) == "proceed"
            # A change is in force at once.
            world.seed("unidentity alice-login " + PARTNER)
            assert s.mail(PARTNER).startswith("reject|550 5.7.1 ")
            world.seed("identity alice-login %s home yes" % PARTNER)
            assert s.mail(PARTNER) == "proceed"
            # Who has not logged in is the outside, whatever they say; and
            # smtpd's own socket is no login.
            for other in (Session(f), Session(f, "unix:/var/run/smtpd.sock")):
                lines = message("new@partner.example")
                assert other.send("bob@partner.example", [BOB], lines) == (
                    lines, "proceed")


def test_from():
    """The From header: exactly one address, and that is one's own."""
    with World(more=HIDE) as world, Filter(world) as f:
        identities(world)
        s = submission(f)
        for good in (PARTNER, "Me <%s>" % ALICE, "<x@alice.example>"):
            assert s.send(PARTNER, [BOB], message(good))[1] == "proceed", good
        for bad, why in (("bob@partner.example", NOT_YOURS),
                         ("new@partner.example", "not yet verified"),
                         ("ceo@bank.test", NOT_YOURS),
                         ("%s, %s" % (PARTNER, ALICE), "more than one"),
                         ("%s\nFrom: ceo@bank.test" % PARTNER, "more than"),
                         ("undisclosed:;", "exactly one"),
                         ("", "exactly one"),
                         ("\"ceo@bank.test\" <nobody>", "exactly one")):
            lines = "\n".join(message(bad)).split("\n")
            for sender in (PARTNER, ALICE, ""):
                got, verdict = s.send(sender, [BOB], lines)
                assert verdict.startswith("reject|550 5.7.1 "), (bad, verdict)
                assert why in verdict, (bad, verdict)
        lines = [x for x in message() if not x.startswith("From:")]
        assert "no From" in s.send(PARTNER, [BOB], lines)[1]
        lines = message(extra=["X-Long: " + "x" * 900] * 400)
        assert "too long" in s.send(PARTNER, [BOB], lines)[1]
        lines = message(extra=["X-Odd: a\rFrom: ceo@bank.test"])
        assert s.send(PARTNER, [BOB], lines)[1].startswith("reject|550 ")
        assert s.send(PARTNER, [BOB], message())[1] == "proceed"
    # Without the block nobody is asked.
    with World() as world, Filter(world) as f:
        lines = message("ceo@bank.test")
        assert submission(f).send("x@y.test", [BOB], lines) == (
            lines, "proceed")


SECRET = [
    "Sender: <alice-login@company.example>",
    "X-Sender: alice-login", "X-Originating-IP: [10.0.0.7]",
    "User-Agent: Famous Program 1.0", "X-Mailer: Famous Program 1.0\r",
    "Received: from [10.0.0.7] by laptop.home with HTTP;",
    "\tSat, 21 Nov 2026 22:00:00 +0000",
    "MIME-Version: 1.0 (Famous Program)",
    "Bcc: hidden@elsewhere.test", "Return-Path: <alice-login@x.test>",
    "Disposition-Notification-To: alice-login@company.example",
    "Message-ID: <1234.alice-login@laptop.home>",
    "X-Kept: yes", "..Dotted: header",
]
TELLTALE = ("laptop", CLIENT, "10.0.0.7", "alice-login", "famous", "hidden@",
            "sender:", "bcc:")


def test_hide():
    """Nothing of the header tells the host, the login or the program."""
    body = ["Sender: in the body stays", "..", "..x", "x" * 1500, ""]
    secret = [x.rstrip("\r") for x in SECRET]
    for version in ("0.6", "0.7"):
        with World(more=HIDE) as world, Filter(world, version) as f:
            identities(world)
            s = submission(f)
            got, verdict = s.send(PARTNER, [BOB],
                                  message(extra=secret, body=body))
            assert verdict == "proceed", verdict
            head = "\n".join(got[:got.index("")]).lower()
            for word in TELLTALE:
                assert word not in head, (word, head)
            assert got[got.index("") + 1:] == body, got
            assert field(got, "From") == PARTNER
            assert field(got, "X-Kept") == "yes"
            assert "..Dotted: header" in got
            assert field(got, "Received") == (
                "by mx.company.example with ESMTPSA id 5b1ad83f;"
                "\tSat, 21 Nov 2026 22:00:00 +0000"), got
            first = field(got, "Message-ID")
            assert first.endswith("@partner.example>"), first
            # The same mail again has the same id.
            again, _ = s.send(PARTNER, [BOB], message(extra=secret))
            assert field(again, "Message-ID") == first
            # What refers to it refers to what the outside knows.
            got, _ = s.send("x@alice.example", [BOB], message(
                "x@alice.example", extra=[
                    "In-Reply-To: <1234.alice-login@laptop.home>",
                    "References: <other@elsewhere.test>",
                    "\t<1234.alice-login@laptop.home>"]))
            assert field(got, "In-Reply-To") == first
            assert field(got, "References") == \
                "<other@elsewhere.test> " + first
            assert field(got, "Message-ID").endswith("@alice.example>")
            # An id that tells nothing stays, so that threads hold.
            for own, stays in (("0a1b-2c3d@partner.example", 1),
                               ("0a%1b@partner.example", 0),
                               ("1.Alice-Login.2@partner.example", 0)):
                got, _ = s.send(PARTNER, [BOB], message(
                    extra=["Message-ID: <%s>" % own]))
                assert (field(got, "Message-ID") == "<%s>" % own) == stays
            # The identity may stand in the envelope alone.
            got, _ = s.send(PARTNER, [BOB], message(ALICE, extra=secret))
            assert field(got, "Message-ID").endswith("@partner.example>")
            assert field(got, "Sender") is None


def test_hide_not():
    """Mail of one's own address, and all of it without `hide client'."""
    lines = message(ALICE, extra=[x.rstrip("\r") for x in SECRET])
    with World(more=HIDE) as world, Filter(world) as f:
        identities(world)
        assert submission(f).send(ALICE, [BOB], lines) == (lines, "proceed")
        # Another user knows nothing of the first one's ids.
        submission(f).send(PARTNER, [BOB], message(
            extra=["Message-ID: <1@laptop.home>"]))
        got, _ = submission(f, "bobby").send(
            "bob@partner.example", [BOB], message("bob@partner.example", [
                "References: <1@laptop.home>"]))
        assert field(got, "References") == "<1@laptop.home>"
    with World(more=OUTBOUND % "\thide client no") as world, \
            Filter(world) as f:
        identities(world)
        lines = message(extra=[x.rstrip("\r") for x in SECRET])
        assert submission(f).send(PARTNER, [BOB], lines) == (lines, "proceed")


def test_listener():
    """With -s a session is a user's without a login."""
    with World(more=HIDE) as world, \
            Filter(world, "0.6", options=["-s"]) as f:
        identities(world)
        s = submission(f, None)
        got, verdict = s.send(PARTNER, [BOB], message(
            extra=["X-Mailer: Famous"]))
        assert verdict == "proceed" and "X-Mailer: Famous" not in got
        assert field(got, "Message-ID").endswith("@partner.example>")
        assert s.mail("bob@partner.example") == "proceed"
        assert NOT_YOURS in s.send("bob@partner.example", [BOB],
                                   message())[1]
        assert "not yet verified" in s.mail("new@partner.example")
        # Nobody's address passes, but not with somebody's in From.
        lines = message("x@nowhere.test")
        assert s.send("x@nowhere.test", [BOB], lines) == (lines, "proceed")
        assert NOT_YOURS in s.send("x@nowhere.test", [BOB], message())[1]
        s = Session(f, "unix:/var/run/smtpd.sock")
        lines = message()
        assert s.send("x@nowhere.test", [BOB], lines) == (lines, "proceed")


def test_login_unknown():
    """Whoever logged in under a name that we cannot keep is not nobody."""
    with World(more=HIDE) as world:
        identities(world)
        with Filter(world) as f:
            s = submission(f, "a" * 1100)
            for sender in ("bob@partner.example", "x@elsewhere.test"):
                assert s.mail(sender).startswith(
                    "reject|" + LATER), sender
            assert submission(f).mail(PARTNER) == "proceed"


def test_deny():
    """Without alternates a server that is not listed does not matter."""
    more = OUTBOUND % ('\talternates deny\n\thosts { "x.example:587" }')
    with World(more=more) as world, Filter(world) as f:
        identities(world)
        assert submission(f).mail(PARTNER) == "proceed"


def taken(s, rcpt, result="ok"):
    """A recipient, and what smtpd says of it."""
    assert s.rcpt(rcpt) == "proceed"
    s.report("tx-rcpt", "5b1ad83f", result, rcpt)


def test_limit():
    """Messages and recipients of a user, counted when they are accepted."""
    more = "limit sender { messages 3 per day, recipients 5 per hour }"
    with World(more=more) as world:
        with Filter(world) as f:
            assert "register|report|smtp-in|tx-rcpt" in f.registered
            s = submission(f)
            lines = message("any@one.test")
            for _ in range(9):
                assert s.mail("x@y.test") == "proceed"
                assert s.rcpt(BOB) == "proceed"
            s.mail("x@y.test")
            taken(s, BOB)
            taken(s, "no@company.example", "permfail")
            taken(s, "later@company.example", "tempfail")
            assert s.data(lines) == lines
            assert s.commit() == "proceed"
            # Five begin at once, and there is room for two.
            many = [submission(f) for _ in range(5)]
            for one in many:
                assert one.mail("x@y.test") == "proceed"
                taken(one, BOB)
                one.data(lines)
            verdicts = [one.commit() for one in many]
            assert verdicts[:2] == ["proceed"] * 2, verdicts
            for verdict in verdicts[2:]:
                assert verdict == "reject|451 4.7.1 Your limit of 3 " \
                    "messages within a day is reached, please try again " \
                    "later", verdict
        # It holds for a new process, and for the user under any name.
        with Filter(world) as f:
            assert submission(f).mail("x@y.test").startswith(
                "reject|451 4.7.1 Your limit of 3 messages")
            assert submission(f, "Alice-Login").mail("z@y.test").startswith(
                "reject|451 ")
            # Others go on: another user, and mail from outside.
            s = submission(f, "bobby")
            assert s.mail("x@y.test") == "proceed"
            for n in range(4):
                taken(s, "r%d@elsewhere.test" % n)
            s.data(lines)
            assert s.commit() == "proceed"
            s.mail("x@y.test")
            taken(s, "a@elsewhere.test")
            taken(s, "b@elsewhere.test")
            s.data(lines)
            assert s.commit().startswith(
                "reject|451 4.7.1 Your limit of 5 recipients within an hour")
            s = submission(f, "carol")
            s.mail("x@y.test")
            for n in range(6):
                taken(s, "r%d@elsewhere.test" % n)
            s.data(lines)
            assert s.commit().startswith("reject|550 5.7.1 ")
            for _ in range(9):
                assert Session(f).send("x@y.test", [BOB], lines)[1] == \
                    "proceed"


def test_limit_identity():
    """The same where the header is looked at as well."""
    more = HIDE + "limit sender { messages 2 per day }"
    with World(more=more) as world, Filter(world) as f:
        identities(world)
        s = submission(f)
        # What is refused counts nothing.
        for _ in range(3):
            assert s.send(PARTNER, [BOB],
                          message("x@y.test"))[1].startswith("reject|550 ")
        for _ in range(2):
            assert s.send(PARTNER, [BOB], message())[1] == "proceed"
        assert s.mail(PARTNER).startswith("reject|451 4.7.1 ")
        assert s.mail(ALICE).startswith("reject|451 4.7.1 ")


def test_mailbox():
    """A login's mail to a mailbox, and a worker's reply by login."""
    more = HIDE + "limit sender { messages 100 per day }"
    with World("authenticate sender", more=more) as world, \
            Filter(world) as f:
        identities(world)
        s = submission(f)
        lines = message("alice@home.example", extra=["X-Mailer: Famous"])
        lines = [x.replace(BOB, world.handle) for x in lines]
        got, verdict = s.send("alice@home.example", [world.handle], lines)
        assert verdict == "proceed", verdict
        assert field(got, "From") == \
            "Company Support <support@company.example>"
        got, verdict = s.send("alice@home.example",
                              ["support@company.example"],
                              message("alice@home.example"))
        assert verdict == "proceed"
        assert got[0].startswith("X-Relay-Reply: ")
        # As an identity they are a customer like anyone.
        got, verdict = s.send(PARTNER, ["support@company.example"],
                              message(extra=["X-Mailer: Famous"]))
        assert verdict == "proceed" and field(got, "X-Mailer") is None
        # A worker's reply is not sent as somebody else.
        got, verdict = submission(f, "bobby").send(
            "bobby@company.example", [world.handle], lines)
        assert NOT_YOURS in verdict, verdict


def test_rest():
    """The body does not need the engine once the header is through."""
    with World(more=HIDE) as world, Filter(world) as f:
        identities(world)
        s = submission(f)
        assert s.mail(PARTNER) == "proceed"
        assert s.rcpt(BOB) == "proceed"
        lines = message(body=["begin"])
        s.put(*lines)
        got = []
        while "begin" not in got:
            line = f.line().split("|", 3)
            assert line[:3] == ["filter-dataline", s.sid, s.token], line
            got.append(line[3])
        # What comes with the header may still go round; what comes after
        # the engine has let go is answered although it is stopped.
        wait_for("detached body", lambda: rest(f, s))
        pid = f.kill("engine", signal.SIGSTOP)
        try:
            body = ["line %d" % n for n in range(10000)]
            s.put(*body)
            s.put(".")
            assert s.got() == body
            assert s.commit() == "proceed"
        finally:
            os.kill(pid, signal.SIGCONT)
        # When it dies before the header is through, the mail is put off.
        s.mail(PARTNER)
        s.rcpt(BOB)
        s.put(*message()[:5])
        f.nothing()
        f.kill("engine")
        s.put(*message()[5:])
        s.put(".")
        assert s.got() == []
        assert s.commit().startswith("reject|" + LATER)
        assert s.send(PARTNER, [BOB], message())[1] == "proceed"


def rest(f, s):
    """A line goes through while the engine is stopped."""
    pid = f.kill("engine", signal.SIGSTOP)
    s.put("probe")
    passed = f.lines or f.receive(0.2)
    os.kill(pid, signal.SIGCONT)
    assert f.line().endswith("|probe")
    return passed


def test_keeper():
    """Without the keeper users' mail is put off, not let through."""
    with World(more=HIDE + "limit sender { messages 100 per day }") as world, \
            Filter(world) as f:
        identities(world)
        s = submission(f)
        assert s.mail(PARTNER) == "proceed"
        assert s.rcpt(BOB) == "proceed"
        f.kill("keeper")
        s.data(message())
        assert s.commit().startswith("reject|" + LATER)
        wait_for("keeper", lambda: s.mail(PARTNER) == "proceed")
        # Others go on.
        pid = f.kill("keeper", signal.SIGSTOP)
        lines = message()
        assert Session(f).send(PARTNER, [BOB], lines) == (lines, "proceed")
        s.ask("mail-from", PARTNER)
        assert s.result(30).startswith("reject|" + LATER)
        os.kill(pid, signal.SIGCONT)
        wait_for("keeper", lambda: s.mail(PARTNER) == "proceed")


def test_keeper_counts():
    """A recipient that it was asked about in vain does not make it forget
    that the message counts."""
    with World(more="limit sender { messages 1 per day }") as world, \
            Filter(world) as f:
        s = submission(f)
        assert s.mail("x@y.test") == "proceed"
        assert s.rcpt(BOB) == "proceed"
        pid = f.kill("keeper", signal.SIGSTOP)
        s.ask("rcpt-to", world.handle)
        assert s.result(30).startswith("reject|" + LATER)
        os.kill(pid, signal.SIGCONT)
        s.data(message("x@y.test"))
        assert s.commit().startswith("reject|" + LATER)
        # It was not accepted, so there is room for one.
        for verdict in ("proceed", "reject|451 4.7.1 "):
            assert s.mail("x@y.test").startswith(verdict)
            if verdict == "proceed":
                assert s.rcpt(BOB) == "proceed"
                s.data(message("x@y.test"))
                assert s.commit() == "proceed"


if __name__ == "__main__":
    main([test_sender, test_from, test_hide, test_hide_not, test_listener,
          test_deny, test_limit, test_limit_identity, test_mailbox,
          test_rest, test_keeper, test_keeper_counts])
