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

"""A table about who sends, as a real smtpd asks it: the static way, where
smtpd itself logs in with what the table tells; senders of a listener; and
relay host of the table."""

from relaytest import mail, ns
from relaytest.case import main, only
from relaytest.outbound import Outbound
from relaytest.relay import CAROL

ANNA, WORD = "anna.a@partner.example", "it's | a:word "
STATIC = ('action "static" relay host '
          'smtp+tls://Partner@smtp.partner.example:587 '
          'auth <mail_senders>\n')


def world(maker):
    """A test's function with an Outbound of its own, not yet started."""
    def mark(function):
        function.maker = maker
        return function
    return mark


class Senders(Outbound):
    """Without filter-relay at submission: what is refused there, smtpd and
    the table refuse."""

    def __init__(self, release, **kw):
        super().__init__(release, start=False, **kw)
        self.server = self.puppet(
            "smtp.partner.example", "10.77.5.1",
            users={"anna@partner.example": WORD, "other": "other word"})
        self.account("Partner", "smtp+tls://anna%40partner.example@"
                     "smtp.partner.example:587", WORD)
        self.identity("anna", ANNA, "Partner")

    def start(self, old='action "alternates" relay', new=None):
        """With another line of smtpd.conf instead of the old one."""
        lines = []
        for line in self.conf.replace("\\\n", "").splitlines():
            line = line.replace(" tag SUBMISSION filter replies",
                                " tag SUBMISSION")
            lines.append(new.rstrip() if new and line.startswith(old)
                         else line)
        assert new is None or new.rstrip() in lines
        self.start_smtpd("\n".join(lines) + "\n")


class Denied(Senders):
    def __init__(self, release):
        super().__init__(release, conf="outbound {\n\talternates deny\n}\n")


def static(relay):
    relay.start(new=STATIC.replace('"static"', '"alternates"'))


def taken(relay, count):
    relay.server.wait(count, 60)
    return relay.server.mails[count - 1]


@world(Senders)
def test_static(relay):
    """smtpd logs in at the server with the account's own password, and with
    another one after it was changed and the queue was empty."""
    static(relay)
    for count, sender in enumerate((ANNA, "anna.a+tag@partner.example",
                                    "Anna.A@PARTNER.example"), 1):
        relay.submitted("anna", sender)
        got = taken(relay, count)
        assert got.user == "anna@partner.example", got.user
        assert got.sender.lower() == sender.lower(), got.sender
    relay.identity("anna", "@family.example", "Partner")
    relay.submitted("anna", "granny@family.example")
    assert taken(relay, 4).sender == "granny@family.example"
    relay.wait_queue_empty()
    # The route, and the password with it, goes when nothing needs it.
    relay.account("partner", "smtp+tls://other@smtp.partner.example:587",
                  "other word")

    ns.wait_for("the end of the route", lambda: not relay.smtpctl(
        "show", "relays").strip(), 120)
    relay.submitted("anna", ANNA)
    assert taken(relay, 5).user == "other"
    assert not [x for x in relay.server.auths if not x[3]], relay.server.auths
    # Whoever has no identity takes the default route.
    relay.submitted("ben", "ben@company.example")
    data = relay.customer.sink.wait(CAROL, timeout=60).data
    assert b"ben@company.example" in data


@only("7.6", "7.9")
@world(Senders)
def test_senders(relay):
    """Whom a login may send as, in smtpd's own words, and a change of that
    in the next session."""
    static(relay)
    relay.ctl("identity", "add", "ben", "o'ben@partner.example", check=False)
    relay.identity("ben", "@band.example", "Partner")

    def tries(user, sender):
        out = relay.submit(user, sender)
        return str(out.final[0] if out.final else out.mail[0])
    allowed = (("anna", "anna@company.example"), ("anna", ANNA),
               ("anna", "ANNA.a+x@partner.example"),
               ("anna", "anna+tag@company.example"),
               ("ben", "any@band.example"), ("ben", "ben@company.example"))
    for user, sender in allowed:
        out = relay.submit(user, sender)
        assert out.final[0] == 250, "%s as %s: %s" % (user, sender, out)
    refused = (("ben", ANNA), ("anna", "any@band.example"),
               ("anna", "ben@company.example"), ("anna", "x@partner.example"),
               ("chris", "anna@company.example"), ("chris", ANNA),
               ("chris", "root@elsewhere.test"))
    for user, sender in refused:
        out = relay.submit(user, sender)
        assert "530" in str(out) and "Sender rejected" in str(out), (
            "%s as %s: %s" % (user, sender, out))
    relay.identity("chris", "chris@club.example", "Partner")
    out = relay.submit("chris", "chris@club.example")
    assert out.final[0] == 250, str(out)
    relay.ctl("identity", "del", "chris", "chris@club.example")
    out = relay.submit("chris", "chris@club.example")
    assert "Sender rejected" in str(out), str(out)
    relay.smtpctl("update", "table", "mail_senders")
    out = relay.submit("chris", "chris@company.example")
    assert out.final[0] == 250, str(out)


@world(Denied)
def test_deny(relay):
    """Identities with an account leave by the default route."""
    static(relay)
    relay.submitted("anna", ANNA)
    data = relay.customer.sink.wait(CAROL, timeout=60).data
    assert ANNA.encode() in data
    assert not relay.server.mails and not relay.server.auths


@world(Senders)
def test_relayhost(relay):
    """relay host <table> leads to the courier, by whatever port."""
    relay.start(new='action "alternates" relay host <mail_senders> '
                'ca courier auth <mail_senders>\n')
    relay.submitted("anna", ANNA, [CAROL, "dora@customer.test"])
    # One transaction, or one each when smtpd asked for them in two moments.
    ns.wait_for("both recipients", lambda: sorted(
        r for m in relay.server.mails for r in m.rcpts) == [
            CAROL, "dora@customer.test"], 60)
    for got in relay.server.mails:
        assert got.user == "anna@partner.example" and got.sender == ANNA
        assert mail.parse(got.data)["From"] == ANNA


if __name__ == "__main__":
    main(globals())
