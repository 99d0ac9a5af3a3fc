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


"""What comes back to the mail that asks an identity's owner for a word."""

from mdapeer import CAROL, Lab, customer, dsn, letter, main

OWN = "user.name@partner.example"


def pending(lab, address=OWN):
    """An identity that waits; the address to which its owner may answer."""
    return lab.seed("identity", "alice", address, "company.example").strip()


def verified(lab, address=OWN):
    return lab.rows("SELECT verified FROM identity WHERE folded = ?",
                    address)[0][0] is not None


def events(lab):
    return [text for text, in lab.rows(
        "SELECT text FROM event WHERE kind = 'identity' ORDER BY id")]


def answer(lab, rpath, who=OWN, sender=None, more=()):
    sender = who if sender is None else sender
    headers = [("From", "User Name <%s>" % who), ("To", rpath),
               ("Subject", "Re: is this yours?"), ("Message-ID", "<1@p>")]
    lab.run(letter(lab.smtpd_id(), headers + list(more), "Yes.\n", sender,
                   rpath), to=rpath, sender=sender)


def test_answer():
    """The owner's answer verifies, in any case, and once."""
    with Lab() as lab:
        rpath = pending(lab)
        assert not verified(lab)
        answer(lab, rpath.upper(), who="User.Name@Partner.Example")
        assert verified(lab), lab.log
        assert "identity %s of alice is verified" % OWN in lab.log, lab.log
        assert events(lab) == ["%s of alice is verified, by an answer" % OWN]
        answer(lab, rpath)
        assert "is verified" not in lab.log
        assert lab.sent() == []
        # All of a domain: its postmaster.
        rpath = pending(lab, "@all.example")
        answer(lab, rpath, "someone@all.example")
        assert not verified(lab, "@all.example")
        answer(lab, rpath, "postmaster@all.example")
        assert verified(lab, "@all.example")


def test_no_answer():
    """Somebody else's, an automatic one, one that is marked: nothing."""
    with Lab() as lab:
        rpath = pending(lab)
        answer(lab, rpath, CAROL)
        answer(lab, rpath, "alice@private.test")
        answer(lab, rpath, sender="")
        for mark in (("Auto-Submitted", "auto-replied"),
                     ("Precedence", "bulk"), ("X-Autoreply", "yes"),
                     ("X-Spam", "Yes"), ("X-Relay-Unverified", "yes"),
                     ("From", CAROL)):
            answer(lab, rpath, more=[mark])
            assert not verified(lab), mark
        # Mail to another return path, or another identity's.
        other = pending(lab, "other@partner.example")
        answer(lab, other)
        assert not verified(lab) and not verified(
            lab, "other@partner.example")
        answer(lab, rpath)
        assert verified(lab), lab.log
        # A customer's ordinary mail does nothing of the kind.
        lab.run(customer(lab))
        assert not verified(lab, "other@partner.example")


def test_bounce():
    """The mail with the code came back: noted, and the code still counts."""
    with Lab() as lab:
        rpath = pending(lab)
        for action in ("delayed", "relayed"):
            headers, body = dsn(action, recipient=OWN)
            lab.run(letter(lab.smtpd_id(), headers, body, "", rpath),
                    to=rpath, sender="")
            assert lab.rows("SELECT bounced FROM identity_code") == [(None,)]
        headers, body = dsn(recipient=OWN)
        lab.run(letter(lab.smtpd_id(), headers, body, "", rpath), to=rpath,
                sender="")
        assert not verified(lab)
        ((why,),) = lab.rows("SELECT bounced FROM identity_code")
        assert "5.1.1" in why and "no such user" in why, why
        assert "came back" in lab.log and "came back" in events(lab)[0]
        answer(lab, rpath)
        assert verified(lab)


if __name__ == "__main__":
    main(globals())
