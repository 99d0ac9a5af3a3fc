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



"""A customer's mail to a mailbox: conversations, copies, archive, marks."""

from mdapeer import *

DAVE = "dave@third.test"


def test_copies():
    """One copy for each member, with ids, handles and return path."""
    with Lab() as lab:
        lab.run(customer(lab))
        a, b = lab.sent(ALICE), lab.sent(BOB)
        assert len(lab.sent()) == 2 and len(a) == 1 and len(b) == 1
        handle = lab.handles("alice")[CAROL]
        assert handle != lab.handles("bob")[CAROL]
        assert handle in a[0]["From"] and handle not in b[0]["From"]
        assert a[0]["Message-ID"].startswith("<relay.")
        assert a[0]["Message-ID"] != b[0]["Message-ID"]
        assert a[0]["X-Relay-Conversation"] == "1"
        for s in lab.sent():
            assert re.fullmatch(r"r-[a-z2-7]{26}@company\.example", s.sender)
            assert CAROL.encode() not in s.raw.split(b"\n\n")[0]
            assert s.text == "Hello.\n"
            assert s["Content-Transfer-Encoding"]
            assert s.args[:3] == ["-o|", "-i", "-v"]
        assert a[0].sender != b[0].sender


def test_rerun():
    """The same message again, from smtpd or by another way: no mail."""
    with Lab() as lab:
        m = customer(lab)
        lab.run(m)
        lab.run(m)
        assert len(lab.sent()) == 2
        # to another address of the same mailbox, in the same transaction
        handle = lab.handles()[CAROL]
        other = m.replace(b"Delivered-To: support@", b"Delivered-To: " +
                          handle.split("@")[0].encode() + b"@")
        lab.run(other, to=handle)
        assert len(lab.sent()) == 2
        assert lab.rows("SELECT count(*) FROM message") == [(1,)]
        assert lab.rows("SELECT count(*) FROM claim") == [(0,)]


def test_threads():
    """Ids name the conversation if the writer takes part in it."""
    with Lab() as lab:
        lab.run(customer(lab, id="one@customer.test"))
        first = {s.to: s["Message-ID"] for s in lab.sent()}
        lab.forget()
        more = [("In-Reply-To", "<one@customer.test>"),
                ("References", "<zero@other.test> <one@customer.test>")]
        lab.run(customer(lab, more=more))
        for s in lab.sent():
            assert s["X-Relay-Conversation"] == "1"
            assert first[s.to] in s["In-Reply-To"], s["In-Reply-To"]
            assert first[s.to] in s["References"]
        lab.forget()
        # behind unknown ids, and only in References
        more = [("References", "<one@customer.test> <x@y.test> <z@y.test>")]
        lab.run(customer(lab, more=more))
        assert lab.sent()[0]["X-Relay-Conversation"] == "1"
        lab.forget()
        # somebody else who knows the id
        lab.run(customer(lab, more=more, sender=DAVE))
        assert lab.sent()[0]["X-Relay-Conversation"] == "2"


def test_handle():
    """A stranger who writes to a handle opens a conversation of their own."""
    with Lab() as lab:
        lab.run(customer(lab))
        handle = lab.handles()[CAROL]
        lab.forget()
        lab.run(customer(lab, rcpt=handle), to=handle)
        assert [s["X-Relay-Conversation"] for s in lab.sent()] == ["1", "1"]
        lab.forget()
        lab.run(customer(lab, rcpt=handle, sender=DAVE), to=handle,
                sender=DAVE)
        assert [s["X-Relay-Conversation"] for s in lab.sent()] == ["2", "2"]
        assert not lab.sent(CAROL)


def test_dead_handle():
    """A handle that is gone leaves mail to its mailbox."""
    with Lab() as lab:
        handle = "support+abcdefghijklmnop@company.example"
        lab.run(customer(lab, rcpt=handle), to=handle)
        assert len(lab.sent()) == 2


def test_participants():
    """From, Reply-To, To and Cc, less ours; each worker has own handles."""
    with Lab() as lab:
        more = [("Reply-To", "Office <office@customer.test>"),
                ("Cc", "Dave <%s>, %s, %s, sales@company.example" % (
                    DAVE, ALICE, MAILBOX))]
        lab.run(customer(lab, more=more))
        people = lab.handles()
        assert sorted(people) == sorted([
            CAROL, "office@customer.test", DAVE, "sales@company.example"])
        s = lab.sent(BOB)[0]
        bobs = lab.handles("bob")
        assert bobs["office@customer.test"] in s["Reply-To"]
        assert CAROL not in s["Reply-To"]
        assert bobs[DAVE] in s["Cc"] and DAVE not in s["Cc"]
        assert MAILBOX in s["To"] and MAILBOX not in s["Cc"]
        assert ALICE.encode() not in s.raw


def test_many():
    """Two hundred addresses in Cc: only From gets a handle."""
    with Lab(more="participants 30") as lab:
        for people, handles in ((200, 1), (30, 1), (29, 30)):
            cc = ", ".join("p%d@many.test" % i for i in range(people))
            lab.forget()
            lab.run(customer(lab, more=[("Cc", cc)]))
            for s in lab.sent():
                assert b"@many.test" not in s.raw
                assert (s["Cc"] or "").count("@") == handles - 1
            id = lab.sent()[0]["X-Relay-Conversation"]
            assert len(lab.handles(conversation=id)) == handles
        # a conversation that is full takes nobody more
        lab.forget()
        more = [("Cc", "new@many.test, p1@many.test"), ("In-Reply-To",
                                       "<00000003@customer.test>")]
        lab.run(customer(lab, more=more))
        s = lab.sent(ALICE)[0]
        assert s["X-Relay-Conversation"] == "3"
        assert s["Cc"].count("@") == 1


def test_lists():
    """Of a list only From gets a handle."""
    with Lab() as lab:
        for field in (("List-Id", "<all.list.test>"), ("Precedence", "bulk")):
            more = [("Cc", "all@list.test"), field]
            lab.run(customer(lab, more=more, sender="x%d@customer.test" %
                             lab.serial))
        assert lab.rows("SELECT count(*) FROM participant") == [(2,)]


def test_unverified():
    """The filter's mark is passed on; a member's From gets no handle."""
    with Lab() as lab:
        lab.run(customer(lab, more=[("X-Relay-Unverified", "yes")]))
        assert lab.sent()[0]["X-Relay-Unverified"] == "yes"
        lab.forget()
        lab.run(customer(lab, sender=ALICE, name="Alice"), sender=ALICE)
        for s in lab.sent():
            assert s["X-Relay-Unverified"] == "yes"
            assert MAILBOX in s["From"] and "+" not in s["From"]
            assert ALICE.encode() not in s.raw
        assert len(lab.sent()) == 2
        assert lab.rows("SELECT count(*) FROM participant") == [(1,)]


def test_from_is_odd():
    """No From, two of them, a quoted local part: never a loss."""
    with Lab() as lab:
        for headers in ([("Subject", "none")],
                        [("From", "a@x.test"), ("From", "b@x.test")],
                        [("From", '"a b"@x.test')],
                        [("From", "undisclosed:;")],
                        [("From", "=?utf-8?q?a=40b?= <c@x.test>")]):
            lab.forget()
            id = lab.smtpd_id()
            lab.run(letter(id, headers))
            assert len(lab.sent()) == 2, headers
        lab.forget()
        lab.run(letter(lab.smtpd_id(), [("Subject", "none")], sender=""),
                sender="")
        assert len(lab.sent()) == 2


def test_archive():
    """The archive gets the message as it came, once."""
    with Lab(archive="store@archive.test") as lab:
        m = customer(lab, more=[("X-Relay-Reply", "0" * 32),
                                ("X-Relay-Conversation", "7"),
                                ("X-Relay-Unverified", "yes"),
                                ("List-Id", "<x.y>"), ("X-Own", "kept")])
        lab.run(m)
        lab.run(m)
        s = lab.sent("store@archive.test")
        assert len(s) == 1 and len(lab.sent()) == 3
        assert s[0]["X-Own"] == "kept" and s[0]["List-Id"]
        assert s[0]["From"] == "Carol <%s>" % CAROL
        assert "Received" in s[0].msg and "Return-Path" not in s[0].msg
        assert "Delivered-To" not in s[0].msg
        assert "X-Relay-Reply" not in s[0].msg
        assert "X-Relay-Conversation" not in s[0].msg
        assert s[0]["X-Relay-Unverified"] == "yes"
        assert "Content-Transfer-Encoding" not in s[0].msg
        assert s[0].sender.startswith("r-")


def test_long_lines():
    """sendmail must find no reason to encode the body."""
    with Lab(archive="store@archive.test") as lab:
        lab.run(customer(lab, body="x" * 3000 + "\n"))
        for s in lab.sent():
            assert s["Content-Transfer-Encoding"] == "8bit"
            assert s.text == "x" * 3000 + "\n"


def test_calendar():
    """An invitation loses what a mail program would answer by itself."""
    with Lab() as lab:
        body = ("--b\nContent-Type: text/calendar; method=REQUEST; "
                "charset=utf-8\n\nBEGIN:VCALENDAR\nMETHOD:REQUEST\n"
                "BEGIN:VEVENT\nORGANIZER:mailto:%s\n"
                "ATTENDEE:mailto:%s\nSUMMARY:Lunch\nEND:VEVENT\n"
                "END:VCALENDAR\n--b--\n" % (CAROL, MAILBOX))
        lab.run(customer(lab, body=body, more=[
            ("MIME-Version", "1.0"),
            ("Content-Type", "multipart/mixed; boundary=b")]))
        for s in lab.sent():
            assert b"SUMMARY:Lunch" in s.raw
            for gone in (b"METHOD", b"method=", b"ORGANIZER", b"ATTENDEE"):
                assert gone not in s.raw, gone


def test_spam():
    with Lab(more="spam archive", archive="store@archive.test") as lab:
        lab.run(customer(lab, more=[("X-Spam", "Yes")]))
        assert [s.to for s in lab.sent()] == ["store@archive.test"]
        assert lab.rows("SELECT count(*) FROM conversation") == [(0,)]
    with Lab(more="spam archive") as lab:
        lab.run(customer(lab, more=[("X-Spam", "Yes")]))
        assert len(lab.sent()) == 2
    with Lab(more="spam pass", archive="store@archive.test") as lab:
        lab.run(customer(lab, more=[("X-Spam", "Yes")]))
        assert len(lab.sent()) == 3


def test_original():
    """`copies from original' keeps From; Reply-To has the handle."""
    with Lab(more="copies from original") as lab:
        lab.run(customer(lab))
        s = lab.sent(ALICE)[0]
        assert CAROL in s["From"]
        assert lab.handles()[CAROL] in s["Reply-To"]


def test_nobody():
    """Without a member who can receive and without archive: later."""
    with Lab(members=()) as lab:
        lab.run(customer(lab), expect=RETRY)
        assert not lab.sent()
        lab.ctl("mailbox", "join", MAILBOX, "alice")
        lab.ctl("worker", "disable", "alice")
        m = customer(lab)
        lab.run(m, expect=RETRY)
        lab.ctl("worker", "enable", "alice")
        lab.run(m)
        assert [s.to for s in lab.sent()] == [ALICE]


def test_no_such_address():
    """What is no address of ours waits for the administrator."""
    with Lab() as lab:
        lab.run(customer(lab), to="other@company.example", expect=RETRY)
        assert not lab.sent()


def test_loops():
    """A copy of ours that comes back, and a message that goes round."""
    with Lab() as lab:
        lab.run(customer(lab))
        id = lab.sent(ALICE)[0]["Message-ID"].strip("<>")
        lab.forget()
        lab.run(customer(lab, id=id, sender=ALICE), sender=ALICE)
        assert not lab.sent() and "loop" in lab.log
        many = [("Received", "from a by b; Sat, 21 Nov 2026 22:00:00 +0000")]
        lab.run(customer(lab, more=many * 51))
        assert not lab.sent() and "loop" in lab.log
        lab.run(customer(lab, more=many * 40))
        assert len(lab.sent()) == 2
        # a token that we never made is an id like any other
        lab.run(customer(lab, id="relay." + "a" * 53 + "@company.example"))
        assert len(lab.sent()) == 4


def test_same_second():
    """Copies of one second have ids of their own."""
    with Lab(members=("alice",)) as lab:
        lab.run(customer(lab))
        for i in range(5):
            lab.run(customer(lab, more=[
                ("In-Reply-To", "<00000001@customer.test>")]))
        ids = [s["Message-ID"] for s in lab.sent()]
        assert len(ids) == 6 and len(set(ids)) == 6
        assert {s["X-Relay-Conversation"] for s in lab.sent()} == {"1"}


def test_case():
    """An address is compared in lower case and kept as it was typed."""
    with Lab() as lab:
        lab.run(customer(lab, sender="Carol.C@Customer.Test",
                         id="one@customer.test"))
        lab.run(customer(lab, sender="carol.c@customer.test", more=[
            ("In-Reply-To", "<one@customer.test>")]))
        assert lab.rows("SELECT address FROM participant") == [
            ("Carol.C@Customer.Test",)]


def test_odd_people():
    """Addresses, names and subjects at the edge of what may be stored."""
    addrs = ["a@b", "a@b_c.test", "a@-b.test", "a@1.2.3.4", "a@[1.2.3.4]",
             "A.B@C.TEST", "a!b@c.test", "a`b@c.test", "a'b@c.test",
             "a{b}@c.test", "#a@c.test", "*@c.test", "a/b@c.test",
             "-a@c.test", "x" * 64 + "@c.test", "x" * 65 + "@c.test",
             "a@" + "x" * 63 + ".test", "a@" + "x" * 64 + ".test",
             "a@" + ".".join(["x" * 60] * 4), "a@b.test.", "a..b@c.test",
             ".a@c.test", "a@c..test", "a@xn--bcher-kva.test", "a@123"]
    texts = ["\u0085x", "a\u2028b", "\u202eevil", "x" * 500, "\x01\x02",
             "\xe9" * 300, "\ufeff", "\U0001F600" * 100, "\x7f",
             "=?utf-8?q?=00=01=0d=0aBcc:_x?=", "=?x?q?=ff?="]
    ids = ["<>", "<a>", "<a@b", "a b@c", "<" + "x" * 989 + "@c>",
           "<" + "x" * 2000 + "@c>", "<a@b> <c@d>", "<a@[b]>",
           '<"q q"@b>', "<a@@b>", "<.@.>"]
    with Lab(more="participants 100", members=("alice",)) as lab:
        lab.run(customer(lab, more=[("Cc", ", ".join(addrs))]))
        for a in addrs[::4]:
            lab.run(customer(lab, sender=a))
        for t in texts:
            lab.run(customer(lab, name=t, more=[
                ("Cc", "%s <x@y.test>" % t)]).replace(
                    b"Printer", t.encode()))
        for i in ids:
            lab.run(customer(lab, more=[("In-Reply-To", i),
                                        ("References", i)]).replace(
                b"<%08x@customer.test>" % lab.serial, i.encode()))
        assert len(lab.sent()) == 1 + len(addrs[::4]) + len(texts) + len(ids)


def test_hostile():
    """Whatever comes, the run ends with 0 and copies, or 75."""
    bodies = [b"", b"\n", b"no header at all\n", b"From: x\n" * 20000,
              b"Subject: " + b"a" * 1000000 + b"\n\nx\n",
              b"From: " + b"a@b.test," * 50000 + b"\n\nx\n",
              b"X" * 1000000 + b"\n", b"\0" * 1000 + b"\n",
              b"From: a@b.test\rTo: c@d.test\r\n\r\nx\r\n",
              b"\n" + b"x" * 2000000, b"From: a@b.test",
              b"From: a@b.test\nContent-Type: multipart/mixed; boundary=b"
              b"\n\n" + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n"
              * 10000,
              b"Message-ID: <" + b"y" * 5000 + b"@z>\nFrom: a@b.test\n\nx\n",
              b"Subject: \xff\xfe\x80\nFrom: a@b.test\n\n\xff\n"]
    with Lab(archive="store@archive.test") as lab:
        for n, body in enumerate(bodies):
            lab.forget()
            top = b"Return-Path: <a@b.test>\nDelivered-To: s\n" + \
                received("%08x" % n).encode()
            lab.run(top + body, sender="a@b.test")
            assert len(lab.sent()) == 3, (n, lab.log)
        lab.run(b"", expect=0)


def test_nul_in_header():
    """A NUL cannot make the body a part of the header."""
    with Lab() as lab:
        for field in ("Content-Type", "Content-Transfer-Encoding",
                      "Subject", "Date", "Importance", "List-Id"):
            lab.forget()
            lab.run(customer(lab, body="Reply-To: evil@x.test\n\nx\n",
                             more=[(field, "a\0b"), ("X-A", "b")]))
            for s in lab.sent():
                assert "evil" not in s["Reply-To"], field
                assert "Content-Transfer-Encoding" in s.msg
                assert s.text.startswith("Reply-To: evil@x.test\n"), field


if __name__ == "__main__":
    main(globals())
