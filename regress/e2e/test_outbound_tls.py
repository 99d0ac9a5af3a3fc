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

"""Servers that cannot prove who they are get neither password nor mail."""

import contextlib
import re

from relaytest import ns
from relaytest.case import main, setup
from relaytest.certs import Authority
from relaytest.outbound import outbound

FAULTS = ("expired", "self-signed", "wrong-name", "authority", "no-starttls",
          "old")
PASSWORD = "never to be seen"


def bad_server(relay, fault, n, other):
    """A server with this fault."""
    name = "%s.bad.example" % fault
    server = relay.puppet(name, "10.77.6.%d" % (n + 1), {"anna": PASSWORD},
                          fault=fault if fault in FAULTS[:3] else None)
    if fault == "authority":
        server.certify(other)
    elif fault == "no-starttls":
        server.starttls, server.plain = False, True
    elif fault == "old":
        server.old_tls()
    return server


def cure(relay, server):
    server.certify(relay.ca)
    server.starttls, server.plain = True, False


def check_account(relay, name, *words):
    """What `account list' says of an account that does not work."""
    def said():
        lines = [x for x in relay.ctl("account", "list").splitlines()
                 if name in x]
        text = " ".join(lines).lower()
        return any(re.search(w, text) for w in words) and text
    ns.wait_for("a word about %s in account list" % name, said, 30)


@outbound
def test_refused(relay):
    """Expired, self-signed, of another name, of nobody we know, without
    STARTTLS, with an old TLS: nobody gets a password, the mail waits, and it
    leaves when the server is well."""
    with contextlib.closing(Authority("Somebody")) as other:
        servers = {}
        for n, fault in enumerate(FAULTS):
            server = bad_server(relay, fault, n, other)
            servers[fault] = server
            url = "smtps" if fault == "authority" else "smtp+tls"
            relay.account(fault, "%s://anna@%s" % (url, server.name), PASSWORD)
            relay.identity("anna", "%s@band.example" % fault, fault)
            relay.submitted("anna", "%s@band.example" % fault)
        for fault in FAULTS:
            relay.wait_log(r"from=<%s@band\.example>.*TempFail" % fault, 0, 60)
    check_account(relay, "expired", "expired")
    check_account(relay, "self-signed", "self.signed")
    check_account(relay, "wrong-name", "name")
    check_account(relay, "no-starttls", "starttls")
    assert len(relay.queue()) == len(FAULTS), relay.queue()
    for server in servers.values():
        assert not server.auths and not server.mails, server.name
        cure(relay, server)
    relay.wait_queue_empty(120)
    for server in servers.values():
        assert len(server.mails) == 1, server.name
        assert set(server.names) == {server.name}, "no SNI"
    assert not relay.customer.sink.mails, "a mail took the ordinary way"


@setup(outbound="\ttls require\n")
@outbound
def test_require(relay):
    """`tls require' takes any certificate, but never a connection without
    TLS."""
    good = relay.puppet("self.bad.example", "10.77.6.1", {"anna": PASSWORD},
                        fault="self-signed")
    bad = relay.puppet("none.bad.example", "10.77.6.2", {"anna": PASSWORD})
    bad.starttls, bad.plain = False, True
    for name in ("self", "none"):
        relay.account(name, "smtp+tls://anna@%s.bad.example" % name, PASSWORD)
        relay.identity("anna", name + "@band.example", name)
        relay.submitted("anna", name + "@band.example")
    good.wait(1, 60)
    relay.wait_log(r"from=<none@band\.example>.*TempFail", 0, 60)
    assert not bad.auths and not bad.mails


@outbound
def test_injection(relay):
    """A man in the middle of STARTTLS puts replies in: before the handshake,
    and after it.  Nothing of it is believed."""
    first = relay.puppet("first.bad.example", "10.77.6.1", {"anna": PASSWORD})
    second = relay.puppet("second.bad.example", "10.77.6.2",
                          {"anna": PASSWORD})
    # All that a session would need, in the clear: if it were believed, the
    # client would take its mail for accepted.
    first.do("starttls", b"220 2.0.0 go on\r\n250 AUTH PLAIN\r\n"
             b"235 2.7.0 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 done\r\n")
    second.do("ehlo", lambda session: session.say_clear(b"250 AUTH PLAIN\r\n"))
    for name in ("first", "second"):
        relay.account(name, "smtp+tls://anna@%s.bad.example" % name, PASSWORD)
        relay.identity("anna", name + "@band.example", name)
        relay.submitted("anna", name + "@band.example")
    for server in (first, second):
        relay.wait_log(r"from=<%s@band\.example>.*TempFail" %
                       server.name.split(".")[0], 0, 60)
        assert not server.mails, "it was believed"
    assert not second.auths
    for server in (first, second):
        server.behave()
    relay.wait_queue_empty(120)
    assert len(first.mails) == 1 and len(second.mails) == 1


if __name__ == "__main__":
    main(globals())
