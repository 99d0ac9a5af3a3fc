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

"""Mail by way of a relay on a host of its own: who handed it to that relay is
who is judged, and what an outsider writes is believed by nobody."""

from relaytest import mail, ns
from relaytest.case import main, setup
from relaytest.relay import ALICE, CAROL, again
from peers.dns import TXT

EDGE, WORKER, STRANGER = "10.77.4.1", "10.77.2.1", "10.77.3.1"
LIST = "/etc/mail/relays"
DAVE = "dave@plain.example"
TOP = """handoff "edge" {
	strategy addresses "%s"
	symbol "SECONDARY_MX"
}""" % LIST


def hop(ip, helo, by="edge.example"):
    """What the relay writes: it looks up no names."""
    return ("Received: from %s (unknown [%s])\r\n\tby %s (Postfix) with ESMTP "
            "id 4bX\r\n\tfor <x@company.example>; Sat, 21 Nov 2026 10:00:00 "
            "+0200 (CEST)\r\n" % (helo, ip, by)).encode()


class Edge:
    """The relay: takes mail from anybody and hands it on from its own
    address."""

    def __init__(self, relay):
        self.relay = relay
        self.site = relay.site(EDGE, "edge.example")

    def send(self, site, sender, rcpts, data, helo="client.example"):
        """One message by way of it; what smtpd said to it."""
        client = self.relay.client(site, address=EDGE, helo=helo)
        before = self.site.sink.mark()
        out = client.message(sender, rcpts, data)
        client.close()
        assert out.final[0] == 250, str(out)
        taken = self.site.sink.mails[before]
        assert taken.peer == site.host.address, taken.peer
        return again(lambda: self.relay.send(
            self.site, sender, rcpts, hop(taken.peer, taken.helo) +
            taken.data), self.relay.add_log)


def handoff(data):
    return mail.header(mail.parse(data), "X-Relay-Handoff")


def set_list(relay, text):
    """As an editor does: another file takes the place of the list."""
    relay.write(LIST + ".new", text)
    relay.run(["mv", LIST + ".new", LIST])


@setup(replies="\tcommands ignore\n", top=TOP, start=False)
def test_relay(relay):
    relay.write(LIST, "# the relay before us\n%s\n" % EDGE)
    relay.start_smtpd(relay.conf)
    edge = Edge(relay)
    relay.dns.add("home.example", TXT, "v=spf1 ip4:%s -all" % WORKER)
    count = 0

    def ordinary(send, site, extra=""):
        """The field in a message to a local user, or None."""
        nonlocal count
        count += 1
        subject = "number %d." % count
        out = send(site, CAROL, [DAVE], mail.message(CAROL, DAVE, subject,
                                                     extra=extra))
        assert out.final[0] == 250, str(out)
        return handoff(ns.wait_for(subject, lambda: next((
            m for m in relay.local_mails("dave") if subject.encode() in m),
            None), 30))

    want = "SECONDARY_MX; ip=%s; host=unknown; helo=client.example"
    assert ordinary(edge.send, relay.customer) == want % "10.77.1.1"
    forged = ("X-Relay-Handoff: SECONDARY_MX; ip=1.2.3.4\n"
              "Received: from x (x [1.2.3.4]) by edge.example; d\n")
    assert ordinary(edge.send, relay.stranger, forged) == want % STRANGER
    assert ordinary(relay.send, relay.customer, forged) is None

    # Alice's provider has SPF and nothing else: the relay is not in it.
    copy = relay.copy()
    rcpts, data = ALICE.reply(copy)
    out = edge.send(relay.worker, ALICE.address, rcpts, data)
    assert out.final[0] == 250, str(out)
    got = relay.got(CAROL).data
    assert b"10.77" not in got and b"X-Relay" not in got, got

    # Forged, below the relay's field and in its greeting.
    for helo, below in (("client.example", b""),
                        ("client.example", hop(WORKER, "x")),
                        ("[%s]" % WORKER, hop(WORKER, "x")),
                        ("x([%s])" % EDGE, hop(WORKER, "x")),
                        ("x(unknown", hop(WORKER, "x"))):
        rcpts, data = ALICE.reply(copy)
        out = edge.send(relay.stranger, ALICE.address, rcpts, below + data,
                        helo)
        assert out.final[0] == 550, (helo, str(out))
    rcpts, data = ALICE.reply(copy)
    out = relay.send(relay.stranger, ALICE.address, rcpts,
                     hop(WORKER, "x") + data)
    assert out.final[0] == 550, str(out)

    # The list changes while smtpd runs; a broken one changes nothing.
    set_list(relay, "10.77.9.9\n")
    ns.wait_for("new list", lambda: ordinary(
        edge.send, relay.customer) is None, 30)
    rcpts, data = ALICE.reply(copy)
    out = edge.send(relay.worker, ALICE.address, rcpts, data)
    assert out.final[0] == 550, str(out)
    set_list(relay, "%s\nedge.example\n" % EDGE)
    mark = relay.log_mark()
    ns.wait_for("mistake", lambda: ordinary(edge.send, relay.customer) is None
                and LIST + ":2: expected" in relay.log(mark), 30)
    set_list(relay, "10.77.4.0/24\n")
    ns.wait_for("list", lambda: ordinary(
        edge.send, relay.customer) == want % "10.77.1.1", 30)
    rcpts, data = ALICE.reply(copy)
    out = edge.send(relay.worker, ALICE.address, rcpts, data)
    assert out.final[0] == 250, str(out)
    relay.got(CAROL, 2)
    relay.wait_queue_empty()
    assert len(relay.customer.sink.mails) == 2


if __name__ == "__main__":
    main(globals())
