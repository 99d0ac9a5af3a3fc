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

"""What filter-relay decides about recipients and workers' mail."""

import re

from filterpeer import Filter, Session, World, main, message

ALICE = "alice@home.example"
BOX = "support@company.example"
REFUSED = "reject|550 5.7.1 Not sent: "


def reply(world, sender="Alice <alice@home.example>", refs=None, extra=(),
          body=("My answer", "")):
    """A worker's answer to a copy."""
    refs = world.token if refs is None else refs
    lines = message(sender, list(extra) + (
        ["In-Reply-To: <%s>" % refs, "References: <%s>" % refs] if refs
        else []), body)
    lines = ["To: \"Carol (via Company Support)\" <%s>" % world.handle
             if x.startswith("To: ") else x for x in lines]
    return lines + []


def header(lines, name):
    """The value of a field, unfolded; None if there is none."""
    found = None
    for line in lines:
        if line == "":
            break
        if found is not None:
            if line[:1] not in " \t":
                break
            found += line
        elif line.lower().startswith(name.lower() + ":"):
            found = line[len(name) + 1:].strip()
    return found


def test_reply():
    """A reply that passes is the mailbox's, with nothing private in it."""
    for version in ("0.6", "0.7"):
        with World() as world, Filter(world, version) as f:
            lines = reply(world, extra=[
                "Message-ID: <orig@home.example>", "X-Mailer: Foo",
                "Reply-To: alice@home.example", "Bcc: x@y.test",
                "Cc: %s, Bob <bob@home.example>" % world.handle2],
                body=["Hello Carol,", "mail me at Alice@Home.example or",
                      world.handle, "..dots", ".", "bye"][:4] + ["bye"])
            s = Session(f)
            got, verdict = s.send(ALICE, [world.handle, world.handle2], lines)
            assert verdict == "proceed", verdict
            assert header(got, "From") == \
                "Company Support <support@company.example>", got
            text = "\n".join(got).lower()
            for secret in ("home.example", world.handle, world.handle2,
                           world.token, "\nx-mailer:", "\nbcc:",
                           "\nreply-to:"):
                assert secret.lower() not in text, (secret, text)
            assert "carol@customer.test" in header(got, "To")
            assert "dave@customer.test" in header(got, "Cc")
            assert header(got, "In-Reply-To") == "<1@customer.test>"
            assert header(got, "References") == "<1@customer.test>"
            assert got[got.index("") + 1:][-2:] == ["..dots", "bye"], got
            ident = header(got, "X-Relay-Reply")
            assert got[0] == "X-Relay-Reply: " + ident
            record = world.record(ident)
            assert record["worker"] == "alice"
            assert record["conversation"] == world.conv
            assert record["smtpd"] == "5b1ad83f"
            assert record["own"] == "orig@home.example"
            assert record["handles"] == "2"
            assert header(got, "Message-ID") == \
                "<%s>" % record["outside"]


def refused(world, lines, sender=ALICE, rcpts=None, **session):
    """The verdict on a reply, of which nothing may be recorded."""
    with Filter(world) as f:
        got, verdict = Session(f, **session).send(
            sender, rcpts or [world.handle], lines)
        ident = header(got, "X-Relay-Reply")
        if verdict != "proceed" and ident is not None:
            assert world.record(ident) is None
        return verdict


def test_refusals():
    """Each with its own sentence, which no name server has to do with."""
    with World("authenticate signature\ntrust authentication-results") \
            as world:
        other = world.seed("conversation " + BOX)[0]
        far = world.seed("token alice %s %s 0" % (other, BOX))[0]
        old = world.seed("token alice %s %s 8000000" % (world.conv, BOX))[0]
        sales = world.seed("token alice %s sales@company.example 0"
                           % world.conv)[0]
        forged = "relay." + "a" * 53 + "@company.example"
        for lines, sender, why in (
                (reply(world, "alice@home.example, bob@home.example"),
                 ALICE, "From header"),
                (["From: carol@customer.test"] + reply(world),
                 ALICE, "From header"),
                (reply(world, "\"alice@home.example\" <x@evil.test>"),
                 "x@evil.test", "From header"),
                (reply(world, "x@evil.test (alice@home.example)"),
                 "x@evil.test", "From header"),
                (reply(world, refs=""), ALICE, "no message of ours"),
                (reply(world, refs="foo@bar.test"), ALICE,
                 "no message of ours"),
                (reply(world, refs=forged), ALICE, "that we signed"),
                (reply(world, refs=sales), ALICE, "that we signed"),
                (reply(world, refs=old), ALICE, "too old"),
                (reply(world, refs=far), ALICE, "another conversation"),
                (reply(world, refs=world.bobstoken), ALICE, "somebody else"),
                (reply(world), "x@evil.test", "envelope sender"),
                (reply(world), "", "automatic replies"),
                (reply(world, extra=["Auto-Submitted: auto-replied"]),
                 ALICE, "automatic replies"),
                (reply(world, extra=["Precedence: bulk"]), ALICE,
                 "automatic replies"),
                (reply(world, extra=["X-Autoreply: yes"]), ALICE,
                 "automatic replies")):
            verdict = refused(world, lines, sender)
            assert verdict.startswith(REFUSED), (why, verdict)
            assert why in verdict, (why, verdict)
            assert "alice" not in verdict and "home.example" not in verdict


def test_references():
    """Every id in both headers is looked at."""
    with World() as world:
        for extra in (["In-Reply-To: <a@b.test>",
                       "References: <c@d.test> <%s> <e@f.test>"
                       % world.token],
                      ["References: <c@d.test>",
                       "In-Reply-To: <%s>" % world.token],
                      ["In-Reply-To: <%s>" % world.token.upper()]):
            verdict = refused(world, reply(world, refs="", extra=extra))
            assert verdict == "proceed", (extra, verdict)


def test_state():
    """Disabled, no longer a member, revoked, a retired key."""
    with World() as world:
        world.seed("disable alice")
        assert "disabled" in refused(world, reply(world))
        world.seed("enable alice")
        world.seed("leave %s alice" % BOX)
        assert "any more for " + BOX in refused(world, reply(world))
        world.seed("join %s alice" % BOX)
        assert refused(world, reply(world)) == "proceed"
        world.seed("rotate")
        assert refused(world, reply(world)) == "proceed"
        world.seed("retire 1")
        assert "that we signed" in refused(world, reply(world))
    with World() as world, Filter(world) as f:
        world.seed("revoke alice")
        s = Session(f)
        s.mail(ALICE)
        assert s.rcpt(world.handle) == \
            "reject|550 5.7.1 This reply address has expired or was " \
            "withdrawn, write to " + BOX
        # To anybody else it is like an unknown address, smtpd's business.
        for sender in ("x@evil.test", "bob@home.example", ""):
            s.mail(sender)
            assert s.rcpt(world.handle) == "proceed"
        new = world.seed("handle alice %s carol@customer.test 10000"
                         % world.conv)[0]
        lines = [x.replace(world.handle, new) for x in reply(world)]
        got, verdict = s.send(ALICE, [new], lines)
        assert "revoked" in verdict, verdict


def test_strangers():
    """Who only claims to be a worker is a stranger to the mailbox."""
    with World() as world, Filter(world) as f:
        s = Session(f)
        mail = message("Alice <alice@home.example>")
        # No handle, no token: unverified, whoever it is.
        got, verdict = s.send(ALICE, [BOX], mail)
        assert verdict == "proceed"
        assert got == ["X-Relay-Unverified: yes"] + mail, got[:3]
        # Nobody of ours: as it was, to the mailbox and to a handle.
        mail = message("mallory@evil.test")
        for rcpt in (BOX, world.handle):
            got, verdict = s.send("mallory@evil.test", [rcpt], mail)
            assert verdict == "proceed" and got == mail
        # Another worker's handle: mail to the mailbox.
        lines = reply(world, "bob@home.example", refs="")
        got, verdict = s.send("bob@home.example", [world.handle], lines)
        assert verdict == "proceed"
        assert got == ["X-Relay-Unverified: yes"] + lines
        # With bob's own token it is his word to the team.
        lines = reply(world, "bob@home.example", refs=world.bobstoken)
        got, verdict = s.send("bob@home.example", [world.handle], lines)
        assert verdict == "proceed"
        ident = header(got, "X-Relay-Reply")
        assert got[1:] == lines
        record = world.record(ident)
        assert record["worker"] == "bob" and record["handles"] == "0"
        # A mailbox that they do not answer: customers like anyone.
        mail = message("Alice <alice@home.example>")
        world.seed("join sales@company.example bob")
        got, verdict = s.send(ALICE, ["sales@company.example"], mail)
        assert verdict == "proceed" and got == mail


def test_loop():
    """A token that comes back as Message-Id, or 51 Received."""
    with World() as world, Filter(world) as f:
        world.seed("join sales@company.example bob")
        s = Session(f)
        for extra in (["Message-ID: <%s>" % world.token],
                      ["Received: from x by y; Sat, 21 Nov 2026 22:00:00"
                       " +0000"] * 51):
            # It may come round by way of another mailbox.
            for box in (BOX, "sales@company.example"):
                _, verdict = s.send("c@customer.test", [box],
                                    message(extra=extra))
                assert verdict.startswith("reject|554 5.4.6 "), verdict


def test_mixed():
    """Handles of one worker and mailbox, and nobody outside."""
    with World() as world, Filter(world) as f:
        s = Session(f)
        s.mail(ALICE)
        assert s.rcpt(world.handle) == "proceed"
        assert s.rcpt("root@company.example") == "proceed"
        assert s.rcpt(BOX) == "proceed"
        assert s.rcpt(world.handle2.upper()) == "proceed"
        assert s.rcpt(world.bobs).startswith("reject|452 4.5.3 ")
        assert s.rcpt("joe@elsewhere.test").startswith("reject|452 4.5.3 ")
        lines = reply(world)
        assert s.data(lines)[0].startswith("X-Relay-Reply: ")
        assert s.commit() == "proceed"
        s.mail(ALICE)
        assert s.rcpt("joe@elsewhere.test") == "proceed"
        assert s.rcpt(world.handle).startswith("reject|452 4.5.3 ")
        assert s.rcpt(BOX) == "proceed"
        rpath = world.seed("rpath alice company.example")[0]
        assert s.rcpt(rpath) == "proceed"
        assert s.rcpt("r-" + "a" * 26 + "@company.example") == "proceed"
        assert s.rcpt("support+" + "a" * 16 + "@company.example") == "proceed"


def test_modes():
    """authenticate, by signature and by a login."""
    for mode, good in (("signature", "10 11"), ("sender", "01 11"),
                       ("signature or sender", "10 01 11"),
                       ("none", "00 01 10 11")):
        with World("authenticate " + mode) as world:
            for signed in "01":
                for login in "01":
                    verdict = refused(
                        world, reply(world, refs=None if signed == "1"
                                     else ""),
                        login="alice-login" if login == "1" else None)
                    want = (signed + login) in good.split()
                    assert (verdict == "proceed") == want, \
                        (mode, signed, login, verdict)


def test_words():
    """automatic pass, from worker, leak pass; none warns each time."""
    auto = ["Auto-Submitted: auto-replied"]
    secret = ["mail alice@home.example"]
    for words, auto_passes, name, kept in (
            ("automatic pass", True, "Company Support", False),
            ("from worker", False, "\"alice (Company Support)\"", False),
            ("leak pass", False, "Company Support", True)):
        with World("authenticate signature\n" + words) as world, \
                Filter(world) as f:
            s = Session(f)
            _, verdict = s.send(ALICE, [world.handle],
                                reply(world, extra=auto))
            assert (verdict == "proceed") == auto_passes, (words, verdict)
            got, verdict = s.send(ALICE, [world.handle],
                                  reply(world, body=secret))
            assert verdict == "proceed", (words, verdict)
            assert header(got, "From") == name + " <%s>" % BOX, got
            assert (secret[0] in got) == kept, got
            assert "Auto-Submitted" not in "".join(got)
    with World("authenticate none") as world, Filter(world) as f:
        for _ in range(2):
            Session(f).send(ALICE, [world.handle], reply(world, refs=""))
        assert f.logged().count("not authenticated") == 2
        assert "authenticate none: " in f.logged()


def test_results():
    """Authentication-Results, from above the first Received alone."""
    good = ("Authentication-Results: mx.company.example; dkim=pass "
            "header.d=home.example")
    with World("authenticate sender\ntrust authentication-results") as world:
        assert refused(world, [good] + reply(world)) == "proceed"
        # The envelope may then be another one (VERP, SRS).
        assert refused(world, [good] + reply(world),
                       "alice=home@srs.test") == "proceed"
        for line in (good.replace("mx.company", "other"),
                     good.replace("pass", "fail"),
                     good.replace("header.d=home", "header.d=evil")):
            verdict = refused(world, [line] + reply(world))
            assert verdict.startswith(REFUSED), verdict
        below = reply(world)
        below.insert(4, good)
        assert refused(world, below).startswith(REFUSED)


def test_team():
    """A member's login is told why; a stranger never is."""
    with World() as world:
        mail = message("alice@home.example")
        verdict = refused(world, mail, ALICE, [BOX], login="alice-login")
        assert verdict.startswith(REFUSED), verdict
        assert refused(world, mail, ALICE, [BOX], login="bob") == "proceed"
        assert refused(world, mail, ALICE, [BOX],
                       src="unix:/var/run/smtpd.sock") == "proceed"


def test_helpdesk():
    """Copies that a helpdesk program makes itself are signed."""
    with World("authenticate signature\nhelpdesk { \"desk\" }") as world:
        with Filter(world) as f:
            mail = message("support@company.example", extra=[
                "Message-Id: <orig@desk.test>", "X-Foo: bar"])
            s = Session(f, login="desk")
            got, verdict = s.send("desk@company.example", [ALICE], mail)
            assert verdict == "proceed"
            token = re.sub(r"[<>]", "", header(got, "Message-ID"))
            assert token.startswith("relay.")
            assert got == ["Message-ID: <%s>" % token] + [
                x for x in mail if not x.startswith("Message-Id")]
            # Another login, two recipients, another From: left alone.
            got, _ = Session(f, login="joe").send("d@company.example",
                                                  [ALICE], mail)
            assert got == mail
            got, _ = s.send("d@company.example", [ALICE, "j@e.test"], mail)
            assert got == mail
            other = message("joe@company.example")
            got, _ = s.send("d@company.example", [ALICE], other)
            assert got == other
            # The worker's answer to it is a word of the team.
            lines = message(ALICE, extra=["In-Reply-To: <%s>" % token])
            got, verdict = Session(f).send(ALICE, [BOX], lines)
            assert verdict == "proceed"
            assert got[0].startswith("X-Relay-Reply: ")


def test_limits():
    """messages per hour, nobody to receive, spam."""
    with World("authenticate signature\nmessages 3 per hour\nspam refuse") \
            as world, Filter(world) as f:
        s = Session(f)
        for _ in range(3):
            assert s.send("c@customer.test", [BOX], message())[1] == "proceed"
        s.mail("c@customer.test")
        assert s.rcpt(BOX).startswith("reject|451 4.7.1 ")
        assert s.rcpt("sales@company.example").startswith("reject|451 4.3.0 ")
        _, verdict = s.send("c@customer.test", [world.handle], message())
        assert verdict.startswith("reject|451 4.7.1 "), verdict
        world.seed("join sales@company.example bob")
        spam = message(extra=["X-Spam: Yes"])
        _, verdict = s.send("c@customer.test", ["sales@company.example"],
                            spam)
        assert verdict.startswith("reject|550 5.7.1 "), verdict
        lines = reply(world, extra=["X-Spam: Yes"])
        assert s.send(ALICE, [world.handle], lines)[1] == "proceed"


def test_limit_counts_mail():
    """Only what is accepted counts, also where many come at once."""
    with World("authenticate signature\nmessages 3 per hour\nspam refuse") \
            as world:
        with Filter(world) as f:
            s = Session(f)
            # Who names the mailbox and goes away takes nothing from it.
            for _ in range(9):
                assert s.mail("x@evil.test") == "proceed"
                assert s.rcpt(BOX) == "proceed"
            _, verdict = s.send("x@evil.test", [BOX],
                                message(extra=["X-Spam: Yes"]))
            assert verdict.startswith("reject|550 5.7.1 "), verdict
            # Five begin while there is room for three.
            many = [Session(f) for _ in range(5)]
            for one in many:
                one.mail("c@customer.test")
                assert one.rcpt(BOX) == "proceed"
                one.data(message())
            verdicts = [one.commit() for one in many]
            assert verdicts[:3] == ["proceed"] * 3, verdicts
            for verdict in verdicts[3:]:
                assert verdict.startswith("reject|451 4.7.1 "), verdict
        # It is remembered.
        with Filter(world) as f:
            s = Session(f)
            s.mail("c@customer.test")
            assert s.rcpt(BOX).startswith("reject|451 4.7.1 ")


def test_body():
    """Bodies that cannot go, commands, a leak that refuses."""
    signed = ["MIME-Version: 1.0", "Content-Type: multipart/signed; "
              "boundary=b; protocol=\"application/pgp-signature\""]
    with World("authenticate signature\ncommands accept") as world:
        with Filter(world) as f:
            s = Session(f)
            _, verdict = s.send(ALICE, [world.handle], reply(
                world, extra=signed, body=["--b", "", "x", "--b--"]))
            assert verdict.startswith("reject|550 5.7.1 "), verdict
            _, verdict = s.send(ALICE, [world.handle], reply(
                world, body=["#frobnicate", "", "hello"]))
            assert verdict.startswith("reject|550 5.7.1 "), verdict
            got, verdict = s.send(ALICE, [world.handle], reply(
                world, body=["#close", "#note", "", "hello"]))
            assert verdict == "proceed", verdict
            assert not any(x.startswith("#") for x in got)
            record = world.record(header(got, "X-Relay-Reply"))
            assert record["commands"] == "note close", record
            assert len(record["dkey"]) == 64 and record["own"] == ""
    with World("authenticate signature\nleak refuse") as world:
        verdict = refused(world, reply(world, body=["at Alice@home.example"]))
        assert verdict.startswith("reject|550 5.7.1 "), verdict


if __name__ == "__main__":
    main([test_reply, test_refusals, test_references, test_state,
          test_strangers, test_loop, test_mixed, test_modes, test_words,
          test_results,
          test_team, test_helpdesk, test_limits,
          test_limit_counts_mail, test_body])
