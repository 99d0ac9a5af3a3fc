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



"""Workers' replies, team mail, commands, and what comes back."""

from mdapeer import *

DAVE = "dave@third.test"
ARCHIVE = "store@archive.test"


class World(Lab):
    """A store in which carol (and dave) have written."""

    def __init__(self, cc=(), **kw):
        super().__init__(**kw)
        more = [("Cc", ", ".join(cc))] if cc else []
        self.run(customer(self, id="one@customer.test", more=more))
        self.first = {s.to: s["Message-ID"].strip("<>")
                      for s in self.sent()}
        self.handle = self.handles()
        self.forget()

    def record(self, handles, own=None, commands="", worker="alice",
               conversation="1", smtpd=None):
        """What filter-relay leaves: the record's id and the message."""
        smtpd = smtpd or self.smtpd_id()
        own = own or smtpd + "@private.test"
        id = self.seed("reply", worker, conversation, smtpd, own,
                       "out-%s@company.example" % smtpd, commands,
                       *handles).strip()
        return id, smtpd

    def reply(self, id, smtpd, rcpt, body="Turn it off.\n", more=(),
              to=CAROL, sender=ALICE):
        """The message as filter-relay rewrites it."""
        top = "Return-Path: <%s>\nDelivered-To: %s\n" % (sender, rcpt)
        top += "X-Relay-Reply: %s\n" % id
        top += received(smtpd, rcpt)
        headers = [("Date", "Sat, 21 Nov 2026 22:10:00 +0000"),
                   ("From", "Company Support <%s>" % MAILBOX), ("To", to),
                   ("Subject", "Re: Printer"),
                   ("Message-ID", "<out-%s@company.example>" % smtpd),
                   ("In-Reply-To", "<one@customer.test>"),
                   ("MIME-Version", "1.0"),
                   ("Content-Type", "text/plain; charset=utf-8"),
                   ("Content-Transfer-Encoding", "8bit")] + list(more)
        return (top + "".join("%s: %s\n" % h for h in headers) + "\n" +
                body).encode()

    def answer(self, people=(CAROL,), expect=0, run=None, **kw):
        """A reply to each of the people; returns the messages."""
        addresses = [self.handle[p] for p in people]
        id, smtpd = self.record(addresses, **kw)
        all = {a: self.reply(id, smtpd, a) for a in addresses}
        for a in addresses:
            self.run(all[a], to=a, sender=ALICE, expect=expect)
        return all


def test_reply():
    """The participant gets it under a return path of its own."""
    with World() as w:
        m = w.answer()
        s, = w.sent()
        assert s.to == CAROL
        assert re.fullmatch(r"r-[a-z2-7]{26}@company\.example", s.sender)
        for name in ("X-Relay-Reply", "Received", "Return-Path",
                     "Delivered-To"):
            assert name not in s.msg, name
        assert b"private" not in s.raw and b"+" not in s.raw.split(
            b"\n\n")[0].replace(b"+0000", b"")
        assert s["From"] == "Company Support <%s>" % MAILBOX
        # again: success and no mail
        for a in m:
            w.run(m[a], to=a, sender=ALICE)
        assert len(w.sent()) == 1


def test_replay():
    """A new record for the same original: success and no mail."""
    with World(archive=ARCHIVE) as w:
        w.answer(own="same@private.test")
        w.answer(own="same@private.test")
        assert sorted(s.to for s in w.sent()) == [CAROL, ARCHIVE]
        # to another participant or from another worker it is another mail
        w.answer(own="other@private.test")
        assert sorted(s.to for s in w.sent()) == [CAROL, CAROL, ARCHIVE,
                                                  ARCHIVE]


def test_parts():
    """A message that the worker's server sends to each recipient alone, the
    team first: answers to each part belong to the conversation."""
    with World(cc=(DAVE,)) as w:
        id, smtpd = w.record([], own="same@private.test")
        w.run(w.reply(id, smtpd, MAILBOX), sender=ALICE)
        for person in (CAROL, DAVE):
            for _ in range(2):
                w.answer(people=(person,), own="same@private.test")
        assert sorted(s.to for s in w.sent()) == sorted([BOB, CAROL, DAVE])
        for person in (CAROL, DAVE):
            s, = w.sent(person)
            w.forget()
            w.run(customer(w, sender=person, more=[
                ("In-Reply-To", s["Message-ID"])]))
            assert [x["X-Relay-Conversation"] for x in w.sent()] == ["1"] * 2
            w.answer(people=(DAVE,), own="two" + person)
        assert w.rows("SELECT count(*) FROM conversation") == [(1,)]


def test_all():
    """Reply-All: each participant once, the archive once."""
    with World(cc=(DAVE,), archive=ARCHIVE) as w:
        w.answer(people=(CAROL, DAVE))
        assert sorted(s.to for s in w.sent()) == [CAROL, DAVE, ARCHIVE]
        assert len({s.sender for s in w.sent()}) == 3


def test_start():
    """Mail that begins a conversation goes to whom the recipient names."""
    with World(cc=(DAVE,), archive=ARCHIVE) as w:
        id, smtpd = w.record([w.handle[CAROL], w.handle[DAVE]])
        for person in ("Dave@Third.test", CAROL):
            a = "support+to-%s@company.example" % person.replace("@", "=")
            for _ in range(2):
                w.run(w.reply(id, smtpd, a), to=a, sender=ALICE)
        assert [s.to for s in w.sent()] == [ARCHIVE, DAVE, CAROL]
        assert all(b"X-Relay" not in s.raw and b"+to-" not in s.raw
                   for s in w.sent())
        # The mailbox has its own part; what is not in the record is mail to
        # it, and so is a stranger's.
        w.forget()
        w.run(w.reply(id, smtpd, MAILBOX), sender=ALICE)
        assert [s.to for s in w.sent()] == [BOB], w.sent()
        w.forget()
        a = "support+to-eve=evil.test@company.example"
        m = customer(w, rcpt=a, more=[("Cc", a + ", x@third.test")])
        w.run(m, to=a)
        assert sorted(s.to for s in w.sent()) == sorted([ALICE, BOB, ARCHIVE])
        for s in w.sent(ALICE) + w.sent(BOB):
            assert b"eve" not in s.raw, s.raw
            assert len(re.findall(rb"support\+[a-z2-7]{16}@", s.raw)) == 3
        assert w.rows("SELECT 1 FROM participant WHERE address LIKE "
                      "'%eve%'") == []
        w.run(customer(w, rcpt=a), to="nobody+to-a=b.test@company.example",
              expect=RETRY)


def test_received_below():
    """Only smtpd's own first Received goes; there is none below it."""
    with World() as w:
        a = w.handle[CAROL]
        id, smtpd = w.record([a])
        m = w.reply(id, smtpd, a)
        m = m.replace(b"Subject:", b"X-Relay-Conversation: 1\nSubject:")
        w.run(m, to=a, sender=ALICE)
        s, = w.sent(CAROL)
        assert b"X-Relay" not in s.raw


def test_not_believed():
    """Without a record that fits, it is a stranger's mail to the mailbox."""
    with World(cc=(DAVE,)) as w:
        a, b = w.handle[CAROL], w.handle[DAVE]
        id, smtpd = w.record([b])
        for wrong in (("0" * 32, smtpd), (id, "ffffffff")):
            w.run(w.reply(wrong[0], wrong[1], b), to=b, sender=ALICE)
        w.run(w.reply(id, smtpd, a), to=a, sender=ALICE)
        w.run(w.reply("x" * 500, smtpd, a), to=a, sender=ALICE)
        assert not w.sent(CAROL) and not w.sent(DAVE)
        assert len(w.sent(ALICE)) > 0
        # two of the lines are none
        m = w.reply(id, smtpd, b)
        m = m.replace(b"X-Relay-Reply", b"X-Relay-Reply: 1\nX-Relay-Reply")
        w.run(m, to=b, sender=ALICE)
        assert not w.sent(DAVE)


def test_refused_at_once():
    """smtpd's 5xx for a participant is told to the worker, once."""
    with World() as w:
        w.orders("customer refuse\n")
        m = w.answer()
        s, = w.sent()
        assert s.to == ALICE and s.sender == ""
        assert s["Auto-Submitted"] == "auto-replied"
        assert s["From"] == "Company Support <%s>" % MAILBOX
        assert w.handle[CAROL] in s.text and "5.1.1" in s.text
        assert CAROL.encode() not in s.raw
        for a in m:
            w.run(m[a], to=a, sender=ALICE)
        assert len(w.sent()) == 1


def test_note():
    """#note goes to the team and nowhere else, whatever the recipients."""
    with World(cc=(DAVE,)) as w:
        w.answer(people=(CAROL, DAVE), commands="note")
        s, = w.sent()
        assert s.to == BOB
        assert "Alice" in s["From"] and MAILBOX in s["From"]
        bobs = w.handles("bob")
        assert bobs[CAROL] in s["To"] and CAROL.encode() not in s.raw
        assert bobs[DAVE] in s["Cc"] and DAVE.encode() not in s.raw


def test_commands():
    """Close, reopen and take, once for each original."""
    with World() as w:
        m = w.answer(commands="close take")
        assert w.rows("SELECT open, taken FROM conversation") == [(0, 1)]
        w.ctl("conversation", "reopen", "1")
        for a in m:
            w.run(m[a], to=a, sender=ALICE)
        assert w.rows("SELECT open FROM conversation") == [(1,)]
        w.answer(commands="close")
        assert w.rows("SELECT open FROM conversation") == [(0,)]
        w.answer(commands="reopen")
        assert w.rows("SELECT open FROM conversation") == [(1,)]
        w.run(customer(w, more=[("In-Reply-To", "<one@customer.test>")]))


def test_team():
    """A member's mail to the mailbox goes to the other members."""
    with World(cc=(DAVE,), archive=ARCHIVE) as w:
        id, smtpd = w.record([], own="team@private.test")
        top = "X-Relay-Reply: %s\n" % id
        m = letter(smtpd, [
            ("From", "Alice A <%s>" % ALICE),
            ("To", "%s, %s" % (MAILBOX, w.handle[CAROL])),
            ("Cc", "%s, %s" % (w.handle[DAVE], BOB)),
            ("Subject", "Re: Printer"), ("Reply-To", ALICE),
            ("In-Reply-To", "<%s>" % w.first[ALICE]),
            ("Message-ID", "<team@private.test>")], sender=ALICE)
        m = m.replace(b"Received:", top.encode() + b"Received:", 1)
        w.run(m, sender=ALICE)
        s, = w.sent(BOB)
        assert len(w.sent()) == 2 and w.sent(ARCHIVE)
        bobs = w.handles("bob")
        assert s["From"] == "Alice (Company Support) <%s>" % MAILBOX or \
            s["From"] == '"Alice (Company Support)" <%s>' % MAILBOX
        assert bobs[CAROL] in s["To"] and MAILBOX in s["To"]
        assert bobs[DAVE] in s["Cc"] and "Reply-To" not in s.msg
        assert ALICE.encode() not in s.raw
        assert w.handle[CAROL].encode() not in s.raw
        assert s["To"].count("(via Company Support)") == 1
        assert w.first[BOB] in s["In-Reply-To"]
        w.run(m, sender=ALICE)
        assert len(w.sent()) == 2
        # bob's answer to the team threads with what alice wrote
        id2, smtpd2 = w.record([], own="b@elsewhere.test", worker="bob")
        m2 = letter(smtpd2, [
            ("From", BOB), ("To", MAILBOX), ("Subject", "Re: Printer"),
            ("In-Reply-To", s["Message-ID"]),
            ("Message-ID", "<b@elsewhere.test>")], sender=BOB)
        m2 = m2.replace(b"Received:", b"X-Relay-Reply: " + id2.encode() +
                        b"\nReceived:", 1)
        w.run(m2, sender=BOB)
        s, = w.sent(ALICE)
        assert "<team@private.test>" in s["In-Reply-To"]
        # to all: who takes part stands in Cc, though not in his header
        assert w.handle[CAROL] in s["Cc"] and w.handle[DAVE] in s["Cc"]


def test_threads_back():
    """The customer's answer to a reply threads for each worker."""
    with World() as w:
        w.answer(own="mine@private.test")
        out = w.sent(CAROL)[0]["Message-ID"]
        w.forget()
        w.run(customer(w, more=[("In-Reply-To", out),
                                ("References", "<one@customer.test> " +
                                 out)]))
        a, b = w.sent(ALICE)[0], w.sent(BOB)[0]
        assert a["X-Relay-Conversation"] == "1"
        assert "<mine@private.test>" in a["In-Reply-To"]
        assert w.first[ALICE] in a["References"]
        assert w.first[BOB] in b["References"]


def bounce(w, path, n=0, **kw):
    headers, body = dsn(**kw)
    w.run(letter(w.smtpd_id(), headers, body, sender="", rcpt=path),
          to=path, sender="")


def test_bounce_participant():
    """A bounce is told to the worker, five times for a return path."""
    with World() as w:
        w.answer(own="mine@private.test")
        path = w.sent(CAROL)[0].sender
        w.forget()
        for i in range(7):
            bounce(w, path, text="smtp; 550 5.1.1 no\twho " + "z" * 400)
        all = w.sent()
        assert len(all) == 5 and {s.to for s in all} == {ALICE}
        s = all[0]
        assert s.sender == "" and "5.1.1" in s.text
        assert w.handle[CAROL] in s.text and "Carol" in s.text
        assert "z" * 100 in s.text and "z" * 201 not in s.text
        assert "prose" not in s.text
        assert "<mine@private.test>" in s["In-Reply-To"]


def test_bounce_worker():
    """A worker's failing address is noted, and told without it."""
    with World() as w:
        lab_path = w.rows("SELECT rpath FROM copy WHERE worker = 1")[0][0]
        bounce(w, lab_path, recipient=ALICE,
               text="smtp; 550 5.1.1 <%s> unknown" % ALICE)
        s, = w.sent()
        assert s.to == BOB and "Alice" in s.text
        assert ALICE.encode() not in s.raw and "5.1.1" in s.text
        assert "FAILING" in w.ctl("worker", "show", "alice")


def test_refused_copy():
    """The same when smtpd refuses it at once; the others get theirs."""
    with Lab() as lab:
        lab.orders("private refuse\n")
        m = customer(lab)
        lab.run(m)
        assert [s.to for s in lab.sent()] == [BOB, BOB]
        notice, = [s for s in lab.sent() if s.sender == ""]
        assert ALICE.encode() not in notice.raw
        assert "FAILING" in lab.ctl("worker", "show", "alice")
        lab.run(m)
        assert len(lab.sent()) == 2


def test_all_refused():
    """While nobody has a message, a refusal is no end of it."""
    for archive in (None, ARCHIVE):
        with Lab(archive=archive) as lab:
            lab.orders("test refuse\n")
            m = customer(lab)
            lab.run(m, expect=RETRY)
            assert not lab.sent()
            lab.orders("private refuse\n")
            lab.run(m)
            assert lab.sent(BOB) and not lab.sent(ALICE)
            assert "FAILING" in lab.ctl("worker", "show", "alice")
            lab.forget()
            lab.run(m)
            assert not lab.sent()
    with Lab(archive=ARCHIVE, members=()) as lab:
        lab.orders("archive refuse\n")
        lab.run(customer(lab), expect=RETRY)
    with Lab(archive=ARCHIVE) as lab:
        lab.orders("archive refuse\n")
        lab.run(customer(lab))
        assert len(lab.sent()) == 2
        lab.run(customer(lab, more=[("X-Spam", "Yes")]), expect=RETRY)


def test_no_failure():
    """Reports of delay or success are logged and no more."""
    with World() as w:
        w.answer()
        path = w.sent(CAROL)[0].sender
        w.forget()
        for action in ("delayed", "delivered", "relayed", "failedx"):
            bounce(w, path, action=action)
        assert not w.sent()


def test_not_null():
    """A delivery status with a sender is no bounce."""
    with World() as w:
        w.answer()
        path = w.sent(CAROL)[0].sender
        w.forget()
        headers, body = dsn()
        w.run(letter(w.smtpd_id(), headers, body, sender="evil@x.test",
                     rcpt=path), to=path, sender="evil@x.test")
        assert all(s.sender != "" for s in w.sent())
        assert {s.to for s in w.sent()} == {ALICE}


def test_out_of_office():
    """To a participant's return path: to that worker; else dropped."""
    with World() as w:
        w.answer()
        path = w.sent(CAROL)[0].sender
        mine = w.rows("SELECT rpath FROM copy WHERE worker = 1")[0][0]
        w.forget()
        auto = [("From", "Carol <%s>" % CAROL), ("To", MAILBOX),
                ("Subject", "Away"), ("Auto-Submitted", "auto-replied")]
        w.run(letter(w.smtpd_id(), auto, "Away.\n", sender="", rcpt=path),
              to=path, sender="")
        s, = w.sent()
        assert s.to == ALICE and w.handle[CAROL] in s["From"]
        assert s["Auto-Submitted"] == "auto-replied"
        assert s["X-Relay-Conversation"] == "1"
        w.forget()
        w.run(letter(w.smtpd_id(), auto, "Away.\n", sender="", rcpt=mine),
              to=mine, sender="")
        assert not w.sent() and "dropped" in w.log
        # an unknown one
        w.run(letter(w.smtpd_id(), auto, sender=""), sender="",
              to="r-" + "a" * 26 + "@company.example")
        assert not w.sent()


def test_worker_gone():
    """The worker has left; the answer goes to those who are there."""
    with World() as w:
        w.answer()
        path = w.sent(CAROL)[0].sender
        w.forget()
        w.ctl("mailbox", "leave", MAILBOX, "alice")
        w.run(letter(w.smtpd_id(), [("From", CAROL), ("Subject", "Away")],
                     sender=CAROL, rcpt=path), to=path)
        assert [s.to for s in w.sent()] == [BOB]


if __name__ == "__main__":
    main(globals())
