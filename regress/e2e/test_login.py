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

"""Logins on the submission port.  The smtpd of Debian 12 cannot serve TLS,
so all of this is for the newer releases."""

import ssl

from relaytest import mail, ns
from relaytest.case import main, only, setup
from relaytest.relay import ALICE, BOB, CAROL, MAILBOX, PRIVATE
from relaytest.sink import settle

BY_LOGIN = {
    "replies": "\tauthenticate sender\n",
    "submission": True,
    "start": False,
}
BOTH = dict(BY_LOGIN, replies="\tauthenticate signature and sender\n"
            "\ttrust authentication-results\n")
HELPDESK = dict(BY_LOGIN, replies="\tauthenticate signature\n"
                '\thelpdesk { "desk" }\n')


def start(relay):
    """Starts smtpd with a table of logins, all with the password secret."""
    word = ns.run(["openssl", "passwd", "-6", "secret"]).stdout.decode().strip()
    names = ("alice", "bobby", "desk")
    relay.write("/etc/mail/creds",
                "".join("%s %s\n" % (n, word) for n in names), 0o644)
    conf = relay.conf.replace(" auth tag", " auth <creds> tag")
    relay.start_smtpd("table creds file:/etc/mail/creds\n" + conf)


def login(relay, user, site=None):
    """A client that has logged in on port 587."""
    client = relay.client(site or relay.worker, port=587)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    client.starttls(context=context)
    client.ehlo()
    client.login(user, "secret")
    return client


@only("7.6", "7.9")
@setup(**BY_LOGIN)
def test_reply_by_login(relay):
    """Alice's login is enough, even without In-Reply-To."""
    start(relay)
    copy = relay.copy()
    rcpts, data = ALICE.reply(copy, threads=False)
    client = login(relay, "alice")
    out = client.message(ALICE.address, rcpts, data)
    client.close()
    assert out.final[0] == 250, str(out)
    got = relay.got(CAROL)
    assert not mail.leaks(got.data, PRIVATE)


@only("7.6", "7.9")
@setup(**BY_LOGIN)
def test_login_of_another(relay):
    """A login that belongs to somebody else authenticates nobody."""
    start(relay)
    copy = relay.copy()
    rcpts, data = ALICE.reply(copy)
    client = login(relay, "bobby")
    out = client.message(ALICE.address, rcpts, data)
    client.close()
    assert out.final[0] == 550 and out.final[1].startswith("5.7.1"), str(out)
    settle(relay.sinks())
    assert not relay.customer.sink.mails


@only("7.6", "7.9")
@setup(**BY_LOGIN)
def test_no_login(relay):
    start(relay)
    copy = relay.copy()
    rcpts, data = ALICE.reply(copy)
    out = relay.send(relay.worker, ALICE.address, rcpts, data)
    assert out.final[0] == 550, str(out)
    assert not relay.customer.sink.mails


@only("7.6", "7.9")
@setup(**BOTH)
def test_signature_and_login(relay):
    start(relay)
    copy = relay.copy()
    for threads, code in ((False, 550), (True, 250)):
        rcpts, data = ALICE.reply(copy, threads=threads)
        client = login(relay, "alice")
        out = client.message(ALICE.address, rcpts, data)
        client.close()
        assert out.final[0] == code, "threads %s: %s" % (threads, out)
    relay.got(CAROL)


@only("7.6", "7.9")
@setup(**HELPDESK)
def test_helpdesk(relay):
    """A helpdesk program's own copy gets a token, and can be answered."""
    start(relay)
    data = mail.message('"Support" <%s>' % MAILBOX, ALICE.address, "Ticket 7",
                        mid="<ticket-7@desk.example>")
    client = login(relay, "desk", relay.stranger)
    out = client.message("desk@company.example", [ALICE.address], data)
    client.close()
    assert out.final[0] == 250, str(out)
    got = relay.got(ALICE.address)
    msg = mail.parse(got.data)
    assert mail.TOKEN.search(msg["Message-ID"]), msg["Message-ID"]
    assert mail.addresses(msg, "From") == [MAILBOX]
    assert b"ticket-7@desk.example" not in got.data.split(b"\r\n\r\n")[0]


@only("7.6", "7.9")
@setup(**HELPDESK)
def test_helpdesk_only_members(relay):
    """A copy for a worker who is no member, or for two, is left alone."""
    start(relay)
    for rcpts in ([CAROL], [ALICE.address, BOB.address]):
        data = mail.message('"Support" <%s>' % MAILBOX, rcpts[0], "Ticket 7",
                            mid="<ticket-7@desk.example>")
        client = login(relay, "desk", relay.stranger)
        out = client.message("desk@company.example", rcpts, data)
        client.close()
        assert out.final[0] == 250, str(out)
    for who in (CAROL, ALICE.address, BOB.address):
        assert b"<ticket-7@desk.example>" in relay.got(who).data


if __name__ == "__main__":
    main(globals())
