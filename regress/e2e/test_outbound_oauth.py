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

"""Access tokens instead of passwords."""

from relaytest import ns
from relaytest.case import main, only
from relaytest.oauth import TokenServer
from relaytest.outbound import outbound
from relaytest.relay import CAROL
from relaytest.upstream import token

ANNA, BEN = "anna@partner.example", "ben@partner.example"


def add(relay, tokens, name, url, refresh):
    path = "/etc/mail/%s.oauth" % name
    relay.write(path, tokens.settings(refresh), 0o600)
    relay.ctl("account", "add", name, url, "-o", path)


def logins(server):
    return sorted((mech, user) for user, mech, _ in server.logins())


@outbound
def test_postfix(relay):
    """Dovecot believes a token that its OAuth server signed: XOAUTH2 and
    OAUTHBEARER.  Consent that is withdrawn stops the mail and is reported."""
    tokens = relay.keep(TokenServer(relay, "login.partner.example",
                                    "10.77.5.9", relay.ca))
    tokens.grants = {"annas-consent": lambda: token(ANNA),
                     "bens-consent": lambda: token(BEN)}
    first = relay.postfix(mechanisms="xoauth2")
    second = relay.postfix("mail.partner.example", "10.77.5.8",
                           mechanisms="oauthbearer")
    add(relay, tokens, "annas",
        "smtp+tls://anna%40partner.example@smtp.partner.example",
        "annas-consent")
    add(relay, tokens, "bens",
        "smtps://ben%40partner.example@mail.partner.example", "bens-consent")
    relay.identity("anna", ANNA, "annas")
    relay.identity("ben", BEN, "bens")
    relay.submitted("anna", ANNA)
    relay.submitted("ben", BEN)
    relay.customer.sink.wait(CAROL, 2, timeout=60)
    ns.wait_for("both in the logs", lambda: logins(first) == [
        ("XOAUTH2", ANNA)] and logins(second) == [("OAUTHBEARER", BEN)])
    assert all(f.get("client_secret", "our-secret") == "our-secret"
               for f in tokens.forms)
    for secret in ("annas-consent", "bens-consent", "our-secret", "eyJ"):
        assert secret not in relay.log(), "%s is in the log" % secret


@only("7.6")
@outbound
def test_renewed(relay):
    """A token that runs out is renewed with the newest refresh token; without
    consent the mail waits and `account list' says why."""
    count = []

    def fresh():
        count.append(len(count))
        word = "access-%d" % count[-1]
        band.users["band"] = word
        return word

    tokens = relay.keep(TokenServer(relay, "login.band.example", "10.77.5.9",
                                    relay.ca, seconds=3))
    tokens.grants = {"first": fresh}
    tokens.rotate = {"first": "second"}
    band = relay.puppet(users={})
    band.mechanisms = "PLAIN XOAUTH2"
    add(relay, tokens, "band", "smtps://band@smtp.band.example", "first")
    relay.identity("anna", "anna@band.example", "band")
    relay.submitted("anna", "anna@band.example")
    band.wait(1, 60)
    # Sessions end, so that another login needs another token.
    band.do("idle", "drop")
    before = len(count)
    ns.wait_for("a renewed token", lambda: relay.submitted(
        "anna", "anna@band.example") and len(count) > before and
        len(band.mails) > 2, 60, 1)
    relay.wait_queue_empty(60)
    assert {f["refresh_token"] for f in tokens.forms} == {"first", "second"}
    tokens.grants.clear()
    band.users.clear()
    relay.submitted("anna", "anna@band.example", subject="Without consent")
    taken = len(band.mails)

    def said():
        relay.retry()
        listed = relay.ctl("account", "list").lower()
        return "revoked" in listed or "invalid_grant" in listed
    ns.wait_for("a word about consent", said, 60, 1)
    assert len(band.mails) == taken and relay.queue()


if __name__ == "__main__":
    main(globals())
