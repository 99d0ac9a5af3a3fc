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


"""A platform relays through us, and nobody else does: each requirement of its
gate in turn missing, and ten thousand messages against a limit."""

import base64
import re
import ssl
import threading

import dkim

from relaytest import mail, ns
from relaytest.case import main, only, setup
from relaytest.relay import MAILBOX, Client, again
from peers.dns import A, TXT

OUT = "someone@elsewhere.test"
SALES = "sales@company.example"
OPEN = "sales@company.test"     # ours, too, and without a policy
ORG = "X-Org: 00D1\n"
GATE = '''gate "platform" {
	match { source 10.77.1.0/24, listener "0.0.0.0:25" }
	require { %s sender domain own, header "X-Org" "00D1",
	    dkim pass aligned, spf pass, dmarc pass,
	    not listed "zen.list.test=127.0.0.2-127.0.0.4" }
	limit { messages 4 per day, recipients 9 per day }
	otherwise reject
}
gate "marked" {
	match { source 10.77.2.1 }
	require { sender domain own }
	otherwise junk
}
'''
# The bulk of the mail is for nobody: its files are in memory, and pile up.
MANY = '''gate "many" {
	match { source 10.77.1.1 }
	limit { messages 6000 per day }
}
'''
RELAYED = 'match from src %s for any action "out"\n'


def conf(relay, tls):
    """smtpd.conf of a server that relays for the platform."""
    text = relay.conf + RELAYED % "{ 10.77.1.0/24, 10.77.2.1 }"
    if tls:
        relay.tls_key()
        text = ('pki edge cert "/etc/mail/mx.crt"\n'
                'pki edge key "/etc/mail/mx.key"\n') + text.replace(
            "listen on 0.0.0.0 filter", "listen on 0.0.0.0 tls pki edge "
            "filter")
    return text


class Platform:
    """Sends its users' mail by way of us."""

    def __init__(self, relay, tls):
        self.relay = relay
        self.tls = tls
        self.keys = {}
        for domain in ("company.example", "company.test", "evil.test"):
            key = ns.run(["openssl", "genrsa", "-traditional", "2048"]).stdout
            der = ns.run(["openssl", "rsa", "-pubout", "-outform", "DER"],
                         input=key).stdout
            self.keys[domain] = key
            relay.dns.add("s._domainkey." + domain, TXT,
                          "v=DKIM1; p=" + base64.b64encode(der).decode())
            relay.dns.add(domain, TXT, "v=spf1 ip4:10.77.1.0/30 -all")
            if domain != "company.test":
                relay.dns.add("_dmarc." + domain, TXT, "v=DMARC1; p=reject")

    def message(self, author=SALES, extra=ORG, domain="company.example"):
        """As it signs and sends it."""
        data = mail.message(author, OUT, "An offer", "Only today.\n", extra)
        data = re.sub(rb"\r?\n", b"\r\n", data)
        if domain:
            data = dkim.sign(data, b"s", domain.encode(),
                             self.keys[domain]) + data
        return data

    def send(self, **args):
        """The answer to one message; what a busy machine puts off is sent
        again, but not what a limit does."""
        def one():
            code, text = self.once(**args)
            return Answer((0 if "lets" in text else code, text))
        return again(one, self.relay.add_log).final

    def once(self, sender=SALES, data=None, tls=None, site=None, rcpts=1):
        client = Client((site or self.relay.customer).host)
        try:
            if self.tls if tls is None else tls:
                context = ssl.create_default_context()
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
                client.starttls(context=context)
                client.ehlo()
            rcpts = ["r%d@elsewhere.test" % n for n in range(rcpts)]
            out = client.message(sender, rcpts, data or self.message())
        finally:
            client.close()
        return out.final

    def refused(self, why, **args):
        code, text = self.send(**args)
        want = '5.7.1 Gate "platform" requires ' + why
        assert code == 550 and text.startswith(want), (why, code, text)

    def accepted(self, **args):
        code, text = self.send(**args)
        assert code == 250, (code, text)


class Answer:
    """What again() looks at; 0 is a limit's 451."""

    def __init__(self, final):
        self.final = final


@setup(start=False, top=GATE % "")
@only("6.8")
def test_gate_plain(relay):
    """All but TLS, which that smtpd cannot serve."""
    gate(relay, False)


@setup(start=False, top=GATE % "tls 1.2,")
@only("7.6", "7.9")
def test_gate(relay):
    """With TLS."""
    gate(relay, True)


def gate(relay, tls):
    """Each requirement in turn missing, then the limits over a restart."""
    platform = Platform(relay, tls)
    text = conf(relay, tls)
    relay.start_smtpd(text)
    platform.accepted()
    got = relay.stranger.sink.wait("r0@elsewhere.test").data
    assert b"\nX-Org: 00D1" in got and b"spf=pass" in got, got
    assert b"dkim=pass" in got and b"dmarc=pass" in got, got

    if tls:
        platform.refused("tls 1.2: the connection is not encrypted",
                         tls=False)
    domain = "sender domain own: "
    platform.refused(domain + "the sender x@evil.test", sender="x@evil.test")
    platform.refused(domain + "x@evil.test in the From",
                     data=platform.message("x@evil.test"))
    platform.refused("header X-Org: there is no such",
                     data=platform.message(extra=""))
    platform.refused("header X-Org: X-Org has another", data=platform.message(
        extra=ORG + "X-Org: 00D2\n"))
    platform.refused("dkim pass aligned: ", data=platform.message(domain=None))
    platform.refused("dkim pass aligned: ",
                     data=platform.message(domain="evil.test"))
    platform.refused("dkim pass aligned: ",
                     data=platform.message() + b"-- \r\nfooter\r\n")
    platform.refused("spf pass: SPF says fail",
                     site=relay.site("10.77.1.77", "far.test"))
    platform.refused("dmarc pass: DMARC says none", sender=OPEN,
                     data=platform.message(OPEN, domain="company.test"))
    # What counts is what the gate says counts.
    relay.dns.add("1.1.77.10.zen.list.test", A, "127.0.0.9")
    relay.dns.add("2.1.77.10.zen.list.test", A, "127.0.0.4")
    platform.refused("not listed zen.list.test: the address that sends this "
                     "is listed there (127.0.0.4)",
                     site=relay.site("10.77.1.2", "listed.test"))
    elsewhere(relay, platform)
    limits(relay, platform, text)


def elsewhere(relay, platform):
    """What the gate is not for, and the other gate."""
    data = mail.message("a@home.example", MAILBOX, "Hello", "Hi\n")
    relay.accept(relay.stranger, "a@elsewhere.test", [MAILBOX], data)
    data = platform.message("a@home.example", extra="", domain=None)
    platform.accepted(sender="a@home.example", data=data, tls=False,
                      site=relay.worker, rcpts=2)
    got = relay.stranger.sink.wait("r1@elsewhere.test").data
    assert b"\nX-Spam: Yes\r\n" in b"\n" + got, got


def limits(relay, platform, text):
    """Four messages and nine recipients may pass in all; one has."""
    platform.accepted(rcpts=4)
    relay.stop_smtpd()
    relay.start_smtpd(text)
    relay.wait_answers()
    for rcpts in (5, 6):
        code, said = platform.send(rcpts=rcpts)
        assert code == 0 and "lets 9 recipients pass" in said, (code, said)
    platform.accepted(rcpts=3)
    platform.accepted()
    code, said = platform.send()
    assert code == 0 and "lets 4 messages pass within a day" in said, said
    # The limit ends nobody else's mail.
    data = mail.message("a@home.example", MAILBOX, "Again", "Hi\n")
    relay.accept(relay.stranger, "a@elsewhere.test", [MAILBOX], data)


class Sender(threading.Thread):
    """One of several that send at once; counts what is taken."""

    def __init__(self, relay, count):
        super().__init__(daemon=True)
        self.relay = relay
        self.count = count
        self.taken = self.over = 0
        self.odd = None

    def run(self):
        try:
            while self.count > 0:
                client = Client(self.relay.customer.host)
                for _ in range(min(self.count, 90)):
                    self.one(client)
                client.close()
        except Exception as e:
            self.odd = e

    def one(self, client):
        data = b"From: a@b.test\r\n\r\nHi\r\n"
        out = again(lambda: Later(client.message("a@b.test", [OUT], data)),
                    self.relay.add_log)
        self.count -= 1
        self.taken += out.final[0] == 250
        self.over += out.final[0] == 0
        if out.final[0] not in (0, 250):
            raise RuntimeError(str(out.final))


class Later:
    """A limit that is reached is no reason to try again."""

    def __init__(self, out):
        self.final = out.final
        if 'Gate "many" lets 6000 messages pass' in out.final[1]:
            self.final = 0, "over"


@setup(start=False, top=MANY)
@only("7.9")
def test_limit(relay):
    """Ten thousand messages of eight senders, exactly six thousand pass."""
    text = conf(relay, False)
    taken = over = 0
    for count in (500, 750):
        relay.start_smtpd(text)
        # Nothing is delivered: that is smtpd's work and not to be tested.
        relay.smtpctl("pause", "mta")
        senders = [Sender(relay, count) for _ in range(8)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
            assert sender.odd is None, sender.odd
        taken += sum(x.taken for x in senders)
        over += sum(x.over for x in senders)
        if count == 500:
            assert (taken, over) == (4000, 0), (taken, over)
            relay.stop_smtpd()
    assert (taken, over) == (6000, 4000), (taken, over)


if __name__ == "__main__":
    main(globals())
