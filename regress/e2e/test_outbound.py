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

"""Each sender's mail leaves through that sender's own server."""

import threading

from relaytest import mail, ns
from relaytest.case import main, setup
from relaytest.outbound import outbound
from relaytest.relay import CAROL
from relaytest.sink import settle

ANNA, ANNA2 = "anna@partner.example", "anna.a@club.example"
BEN = "ben@partner.example"


def through(relay, count, sender):
    """What came for Carol from this sender, when so many have come."""
    sink = relay.customer.sink
    return ns.wait_for(
        "%d mails from %s" % (count, sender),
        lambda: [m.data for m in sink.to(CAROL) if m.sender == sender][
            count - 1:] and [m.data for m in sink.to(CAROL)
                             if m.sender == sender], 60)


def two_servers(relay):
    """Anna has two servers, and one of them in common with Ben."""
    relay.partner = relay.postfix(
        users={ANNA: "pass%20 word", "ben": "b'en s%"})
    relay.club = relay.upstream_smtpd(address="fd77::5:2",
                                      users={"anna": "club word"})
    relay.account("annas", "smtp+tls://anna%40partner.example@"
                  "smtp.partner.example", "pass%20 word")
    relay.account("bens", "smtps://ben@smtp.partner.example", "b'en s%")
    relay.account("club", "smtp+tls://anna@smtp.club.example:587",
                  "club word")
    relay.identity("anna", ANNA, "annas")
    relay.identity("anna", ANNA2, "club")
    relay.identity("ben", BEN, "bens")


def check_mixed(relay):
    """One recipient of two is refused there: that one alone bounces."""
    relay.submitted("anna", ANNA, [CAROL, "nobody@customer.test"],
                    subject="Mixed")
    bounce = relay.home.sink.wait(ANNA, timeout=60)
    assert bounce.sender == "", bounce.sender
    text = bounce.data.decode()
    assert "550 5.1.1" in text and "No such person at smtp.partner" in text
    assert "nobody@customer.test" in text
    assert "Failed: carol" not in text and "for <carol" not in text.lower()
    through(relay, 2, ANNA)


@outbound
def test_right_login(relay):
    """Two users on one server, one of them with a second, IPv6 only; the
    logins are read from the servers' own logs."""
    two_servers(relay)
    for sender, user in ((ANNA, "anna"), (BEN, "ben"), (ANNA2, "anna")):
        relay.submitted(user, sender)
    for sender, login in ((ANNA, ANNA), (BEN, "ben")):
        data = through(relay, 1, sender)[0]
        assert ("Authenticated sender: %s)" % login).encode() in data, data
        assert b"by smtp.partner.example (Postfix)" in data
    ns.wait_for("mail at the club", lambda: len(relay.club.mails()) == 1, 60)
    ns.wait_for("Anna's login at the club",
                lambda: relay.club.logins() == [("anna", ANNA2)])
    check_mixed(relay)
    # What is nobody's identity takes the ordinary way.
    relay.submitted("anna", "anna@company.example")
    assert b"Postfix" not in through(relay, 1, "anna@company.example")[0]
    relay.wait_queue_empty()
    settle(relay.sinks())
    ns.wait_for("three logins at the partner", lambda: sorted(
        (user, sender) for user, _, sender in relay.partner.logins()) == [
            (ANNA, ANNA), (ANNA, ANNA), ("ben", BEN)])
    assert len(relay.customer.sink.to(CAROL)) == 4
    assert len(relay.home.sink.mails) == 1


@outbound
def test_addresses_and_transports(relay):
    """A whole domain as an identity, a tag, an identity without an account,
    null: and lmtp: servers."""
    band = relay.puppet(users={"band": "word"})
    club = relay.puppet("lmtp.club.example", "10.77.5.4", {})
    relay.account("band", "smtps://band@smtp.band.example", "word")
    relay.account("nowhere", "null:", "")
    relay.account("club", "lmtp://lmtp.club.example:2003", "")
    relay.identity("anna", "@band.example", "band")
    relay.identity("anna", "anna@partner.example")
    relay.identity("ben", "ben@club.example", "club")
    relay.identity("ben", "ben@partner.example", "nowhere")
    relay.submitted("anna", "any.one@band.example")
    relay.submitted("anna", "any.one+tag@band.example")
    relay.submitted("anna", "anna@partner.example")
    relay.submitted("ben", "ben@partner.example")
    relay.submitted("ben", "ben@club.example",
                    [CAROL, "nobody@customer.test"])
    band.wait(2)
    club.wait(1)
    assert {m.sender for m in band.mails} == {"any.one@band.example",
                                              "any.one+tag@band.example"}
    through(relay, 1, "anna@partner.example")
    # LMTP says the message's fate for each recipient, so each goes alone.
    bounce = ns.wait_for("the bounce", lambda: relay.retry() and [
        m.data for m in relay.home.sink.to("ben@club.example")], 60, 1)[0]
    assert b"lmtp.club.example knows no nobody" in bounce, bounce
    relay.wait_queue_empty()
    settle(relay.sinks())
    assert [m.rcpts for m in club.mails] == [[CAROL]]
    assert len(relay.customer.sink.mails) == 1, "null: let something out"
    assert len(relay.home.sink.mails) == 1


@setup(conf="outbound {\n\talternates deny\n}\n")
@outbound
def test_deny(relay):
    """With `alternates deny' an account is of no use."""
    band = relay.puppet(users={"band": "word"})
    relay.account("band", "smtps://band@smtp.band.example", "word")
    relay.identity("anna", "anna@band.example", "band")
    relay.submitted("anna", "anna@band.example")
    through(relay, 1, "anna@band.example")
    assert not band.mails and not band.auths


class Stream(threading.Thread):
    """Anna's mails, one after the other, until stop(); each has its number
    as its subject."""

    def __init__(self, relay, sender):
        super().__init__(daemon=True)
        self.relay = relay
        self.sender = sender
        self.accepted = 0
        self.going = True
        self.why = None

    def run(self):
        try:
            while self.going:
                self.relay.submitted("anna", self.sender,
                                     subject="%d" % self.accepted)
                self.accepted += 1
        except Exception as e:
            self.why = e

    def more(self, count=3):
        """Waits until so many more were accepted; their first number."""
        first = self.accepted
        ns.wait_for("mails going on", lambda: self.why or
                    self.accepted >= first + count, 60)
        assert self.why is None, self.why
        return first + 1

    def stop(self):
        self.going = False
        self.join()
        assert self.why is None, self.why


def number(taken):
    return int(mail.header(mail.parse(taken.data), "Subject"))


@outbound
def test_live_changes(relay):
    """An account changes while mail flows: another login, another password,
    another server, none.  Nothing is restarted, lost, sent twice, or sent
    with what was valid before."""
    band = relay.puppet(users={"one": "1", "two": "2"})
    club = relay.puppet("smtp.club.example", "10.77.5.4", {"three": "3"})
    sender = "anna@band.example"
    relay.account("band", "smtp+tls://one@smtp.band.example", "1")
    relay.identity("anna", sender, "band")
    courier = relay.pids("courier")
    stream = Stream(relay, sender)
    stream.start()
    stream.more()
    relay.account("band", "smtps://two@smtp.band.example", "2")
    second = stream.more()
    # The server's password changes first, the account's a little later.
    band.users["two"] = "22"
    stream.more()
    relay.account("band", "smtps://two@smtp.band.example", "22")
    stream.more()
    relay.account("band", "smtp+tls://three@smtp.club.example", "3")
    third = stream.more()
    stream.stop()
    relay.wait_queue_empty(60)
    found = sorted(number(m) for m in band.mails + club.mails)
    assert found == list(range(stream.accepted)), found
    assert {m.user for m in club.mails} == {"three"}
    for m in band.mails:
        assert m.user == "two" or number(m) < second, (m.user, number(m))
        assert number(m) < third, "the old server got mail %d" % number(m)
    assert [user for user, _, _, good in band.auths if not good] in (
        [], ["two"]), "a wrong password was tried again and again"
    assert relay.pids("courier") == courier, "something was restarted"


@outbound
def test_revoked(relay):
    """The identity goes while its mail waits: the mail is refused with a
    sentence, or keeps waiting; it never leaves under that login."""
    band = relay.puppet(users={"one": "1"})
    sender = "anna@band.example"
    relay.account("band", "smtps://one@smtp.band.example", "1")
    relay.identity("anna", sender, "band")
    relay.submitted("anna", sender)
    band.wait(1)
    band.do("mail", b"451 4.3.0 closed for today\r\n")
    relay.submitted("anna", sender, subject="waits")
    relay.wait_log("TempFail.*451 4.3.0 closed", 0, 60)
    relay.ctl("identity", "del", "anna", sender)
    relay.ctl("account", "del", "band")
    band.behave()
    logins = len(band.auths)
    start = relay.log_mark()
    relay.retry()
    relay.wait_log("result=\"?(TempFail|PermFail)", start, 60)
    settle(relay.sinks())
    assert len(band.mails) == 1 and len(band.auths) == logins
    assert not relay.customer.sink.mails, "it left another way"


if __name__ == "__main__":
    main(globals())
