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


"""Bounces of mail whose sender a gate has replaced: back to that sender."""

from mdapeer import CAROL, MAILBOX, Lab, dsn, letter, main

VERP = "jo=company.example__x@x.bnc.salesforce.com"
DOMAIN = "company.example"


def wrap(lab, sender=VERP, age=0, gate="sf"):
    """The return path that stands for the sender."""
    return lab.seed("wrap", gate, sender, DOMAIN, str(age)).strip()


def bounce(rpath, id, more=(), body=None):
    headers, text = dsn(recipient=CAROL)
    return letter(id, headers + list(more), body or text, "", rpath)


def count(lab, rpath):
    return lab.rows("SELECT quoted FROM rpath WHERE address = ?",
                    rpath)[0][0]


def test_back():
    """As it came, to the recorded sender alone, from nobody; five times."""
    with Lab() as lab:
        rpath = wrap(lab)
        for i in range(5):
            message = bounce(rpath, lab.smtpd_id(), [
                ("Message-ID", "<%d@mx.customer.test>" % i),
                ("X-Failed-Recipients", CAROL)])
            lab.run(message, to=rpath.upper() if i else rpath, sender="")
            (sent,) = lab.sent()
            assert sent.sender == "" and sent.to == VERP, sent.args
            assert sent.args[-2:] == ["--", VERP], sent.args
            # Less Delivered-To, which smtpd added for this delivery.
            delivered, rest = message.split(b"\n", 1)
            assert delivered == b"Delivered-To: " + rpath.encode()
            assert sent.raw == rest, sent.raw
            assert "bounce for %s: queued" % VERP in lab.log, lab.log
            lab.forget()
        lab.run(bounce(rpath, lab.smtpd_id()), to=rpath, sender="")
        assert lab.sent() == [] and count(lab, rpath) == 5
        assert "dropped: 5 bounces for " + rpath in lab.log, lab.log
        events = lab.rows("SELECT text FROM event WHERE kind = 'bounce'")
        assert len(events) == 5, events
        assert "sent back to %s" % VERP in events[0][0], events
        # What is sent from now on has a path that was not used up.
        fresh = wrap(lab)
        assert fresh != rpath
        lab.run(bounce(fresh, lab.smtpd_id()), to=fresh, sender="")
        assert [s.to for s in lab.sent()] == [VERP]


def test_any_form():
    """No report that we understand, long lines: all of it is the sender's."""
    with Lab() as lab:
        rpath = wrap(lab)
        long = "x" * 2000
        lab.run(bounce(rpath, lab.smtpd_id(), body="gone\n" + long + "\n"),
                to=rpath, sender="")
        (sent,) = lab.sent()
        assert sent["Content-Transfer-Encoding"] == "8bit"
        assert long in sent.text
        lab.forget()
        lab.run(letter(lab.smtpd_id(), [
            ("From", CAROL), ("Auto-Submitted", "auto-replied")], "away\n",
            "", rpath), to=rpath, sender="")
        (sent,) = lab.sent()
        assert sent.to == VERP and sent.text == "away\n"


def test_dropped():
    """Mail that is no bounce, one that goes round, one that is too late."""
    with Lab() as lab:
        rpath = wrap(lab)
        for sender in (CAROL, VERP, MAILBOX, rpath):
            headers, body = dsn()
            lab.run(letter(lab.smtpd_id(), headers, body, sender, rpath),
                    to=rpath, sender=sender)
            assert "dropped: no bounce" in lab.log, lab.log
        hops = [("Received", "from a by b; Sat, 21 Nov 2026 22:51:01 +0000")]
        lab.run(bounce(rpath, lab.smtpd_id(), hops * 50), to=rpath,
                sender="")
        assert "dropped: a loop" in lab.log, lab.log
        assert count(lab, rpath) == 0
        late = wrap(lab, "late@platform.test", 30 * 86400 + 1)
        lab.run(bounce(late, lab.smtpd_id()), to=late, sender="")
        assert "expired" in lab.log, lab.log
        unknown = "r-abcdefghijklmnopqrstuvwxyz@company.example"
        lab.run(bounce(unknown, lab.smtpd_id()), to=unknown, sender="")
        assert lab.sent() == []
        # One hop less is none too many.
        lab.run(bounce(rpath, lab.smtpd_id(), hops * 49), to=rpath,
                sender="")
        assert [s.to for s in lab.sent()] == [VERP]


def test_later():
    """What smtpd cannot take now comes again, and counts once."""
    with Lab() as lab:
        rpath = wrap(lab)
        message = bounce(rpath, lab.smtpd_id())
        for order in ("later", "die"):
            lab.orders("salesforce %s\n" % order)
            lab.run(message, to=rpath, sender="", expect=75)
            assert count(lab, rpath) == 0, order
        lab.orders("")
        lab.run(message, to=rpath, sender="")
        assert [s.to for s in lab.sent()] == [VERP]
        assert count(lab, rpath) == 1
        # Refused for good: there is nobody to tell, and it is over.
        lab.orders("salesforce refuse\n")
        lab.run(bounce(rpath, lab.smtpd_id()), to=rpath, sender="")
        assert "refused" in lab.log, lab.log
        assert count(lab, rpath) == 2


def test_at_once():
    """Many bounces together: five, and each run ends well."""
    with Lab() as lab:
        rpath = wrap(lab)
        runs = [lab.start(bounce(rpath, lab.smtpd_id()), to=rpath, sender="")
                for i in range(6)]
        for p in runs:
            assert lab.finish(p) == 0, lab.log
        assert len(lab.sent(VERP)) == 5 and len(lab.sent()) == 5
        assert count(lab, rpath) == 5


if __name__ == "__main__":
    main(globals())
