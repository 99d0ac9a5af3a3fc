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

"""Servers that hang, drop, refuse and lie, and a courier that is killed: no
mail is lost, and none goes out twice but where SMTP cannot tell."""

import collections
import os
import signal

from relaytest import mail, ns
from relaytest.case import main
from relaytest.outbound import outbound
from relaytest.puppet import DROP
from relaytest.relay import CAROL, again

# The stages of a session at which a server may hang.
EARLY = ("greeting", "hello", "starttls", "handshake", "ehlo", "auth")
LATE = ("mail", "rcpt", "data", "body", "dot")


def put(relay, client, sender, number):
    """A numbered mail to Carol."""
    data = mail.message(sender, CAROL, "Number %d" % number)
    return again(lambda: client.message(sender, [CAROL], data), relay.add_log)


class Fleet:
    """One server and one account of Anna's for each fault."""

    def __init__(self, relay):
        self.relay = relay
        self.servers = {}

    def add(self, name):
        n = len(self.servers) + 1
        server = self.relay.puppet("%s.bad.example" % name, "10.77.6.%d" % n,
                                   {"anna": "word"})
        self.servers[name] = server
        self.relay.account(name, "smtp+tls://anna@" + server.name, "word")
        self.relay.identity("anna", self.sender(name), name)
        return server

    def sender(self, name):
        return "%s@band.example" % name

    def submit(self, count=1, start=0, names=None):
        """So many mails for each server, numbered."""
        for name in names or list(self.servers):
            client = self.relay.login("anna")
            for n in range(start, start + count):
                sender = self.sender(name)
                out = put(self.relay, client, sender, n)
                assert out.final[0] == 250, str(out)
            client.close()

    def behave(self):
        for server in self.servers.values():
            server.behave()

    def numbers(self, name):
        """How often each numbered mail came."""
        with self.servers[name].lock:
            mails = list(self.servers[name].mails)
        return collections.Counter(
            int(mail.header(mail.parse(m.data), "Subject").split()[1])
            for m in mails)

    def arrived(self, count, timeout=120, twice=()):
        """Every mail came, and once; those for servers in twice may have come
        more often."""
        try:
            self.relay.wait_queue_empty(timeout)
        except ns.Timeout as e:
            missing = {n: count - len(self.numbers(n)) for n in self.servers}
            raise AssertionError("%r: %s" % (missing, e))
        for name in self.servers:
            found = self.numbers(name)
            assert sorted(found) == list(range(count)), (name, found)
            if name not in twice:
                assert set(found.values()) == {1}, (name, found)


def memory(relay):
    """What the courier holds, in kB."""
    total = 0
    for pid in relay.pids("courier"):
        with open("/proc/%d/status" % pid) as f:
            total += sum(int(x.split()[1]) for x in f
                         if x.startswith("RssAnon"))
    assert total, "no courier"
    return total


def connections(relay):
    """How many sessions smtpd has with the courier."""
    with open("/proc/%d/net/tcp" % relay.pid) as f:
        words = [x.split() for x in f.readlines()[1:]]
    return sum(1 for w in words if w[2].endswith(":295B") and w[3] == "01")


def send_many(relay, senders, count):
    """So many mails of Ben's, from these addresses in turn."""
    client = relay.login("ben")
    for n in range(count):
        if n and n % 50 == 0:
            client.close()
            client = relay.login("ben")
        sender = senders[n % len(senders)]
        out = put(relay, client, sender, n)
        assert out.final[0] == 250, str(out)
    client.close()


@outbound
def test_hanging(relay):
    """One account hangs at each stage while the others' mail drains."""
    count = 1000 if relay.release == "7.9" else 200
    fleet = Fleet(relay)
    for stage in EARLY + LATE:
        fleet.add(stage).hang(stage)
    silent = fleet.add("connect")
    ns.run(["nsenter", "-t", str(relay.pid), "-n", "--", "ip", "neigh",
            "replace", silent.address, "lladdr", "02:00:00:00:00:99", "dev",
            "br0", "nud", "permanent"])
    good = relay.puppet(users={"b%d" % n: "w" for n in range(10)})
    for n in range(10):
        relay.account("b%d" % n, "smtps://b%d@smtp.band.example" % n, "w")
        relay.identity("ben", "b%d@club.example" % n, "b%d" % n)
    fleet.submit(2)
    for stage in EARLY + LATE:
        server = fleet.servers[stage]
        ns.wait_for("hanging at " + stage, lambda s=server: s.hanging, 60)
    send_many(relay, ["b%d@club.example" % n for n in range(10)], count)
    good.wait(count, 300)
    # All this while the others hung, and not one of their mails went out.
    for name, server in fleet.servers.items():
        assert not server.mails, name
    assert len(relay.queue()) >= 2 * len(fleet.servers), relay.queue()
    assert collections.Counter(m.user for m in good.mails) == {
        "b%d" % n: count // 10 for n in range(10)}
    # smtpd opens no new connection while too many hang; when those that are
    # idle are closed, mail must still find its way.
    ns.wait_for("idle connections closed",
                lambda: connections(relay) <= len(LATE), 120)
    send_many(relay, ["b0@club.example"], 1)
    good.wait(count + 1, 60)
    fleet.behave()
    ns.run(["nsenter", "-t", str(relay.pid), "-n", "--", "ip", "neigh", "del",
            silent.address, "dev", "br0"])
    # A server that hung after the dot may have kept what was given up, and a
    # short mail's dot is sent with its body.
    fleet.arrived(2, 200, twice=("body", "dot"))


def endless(session):
    """A reply without an end."""
    for _ in range(200000):
        session.send(b"250-and so on, and so on, and so on\r\n")
    return b"250 ok\r\n"


FAULTS = {
    "refuses": ("mail", b"550 5.7.1 not you\r\n"),
    "late421": ("rcpt", b"421 4.3.2 going down\r\n"),
    "drops-mail": ("mail", DROP),
    "drops-data": ("data", DROP),
    "drops-body": ("body", DROP),
    "rubbish": ("mail", b"\x00\xff not a reply at all\r\n"),
    "rubbish-hello": ("ehlo", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "nothing": ("rcpt", b"\r\n"),
    "mixed-codes": ("mail", b"250-one\r\n550 two\r\n"),
    "many-lines": ("dot", b"450-4.2.0 one\r\n" * 60 + b"450 4.2.0 done\r\n"),
    "long-line": ("rcpt", b"450 4.2.0 " + b"x" * 100000 + b"\r\n"),
    "endless": ("ehlo", endless),
    "endless-mail": ("mail", endless),
    "greeting": ("greeting", b"554 5.3.2 no service\r\n"),
    "full": ("dot", b"452 4.2.2 mailbox full\r\n"),
    "two-replies": ("mail", b"250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go\r\n"
                    b"250 2.0.0 taken\r\n"),
    "closes": ("idle", lambda s: s.send(b"421 4.4.2 bye\r\n") or DROP),
    "goes-away": ("idle", DROP),
    "lost-reply": ("stored", DROP),
}
TIMES = {"closes": None, "goes-away": None}


@outbound
def test_server_faults(relay):
    """Every fault, twice for each server; then all is well again."""
    fleet = Fleet(relay)
    base = memory(relay)
    for name, (stage, what) in FAULTS.items():
        server = fleet.add(name)
        if name == "refuses":
            what = b"450 4.7.1 not yet\r\n"
        server.do(stage, what, times=TIMES.get(name, 2))
    fleet.submit(4)
    fleet.arrived(4, 240, twice=("lost-reply",))
    grown = memory(relay) - base
    assert grown < 16384, "the courier grew by %d kB" % grown
    assert len(fleet.servers["closes"].mails) == 4
    server = fleet.servers["refuses"]
    server.do("mail", b"550 5.7.1 not you\r\n")
    fleet.submit(1, 9, ["refuses"])
    bounce = relay.home.sink.wait(fleet.sender("refuses"), timeout=60)
    assert b"550 5.7.1 not you" in bounce.data, bounce.data
    # smtpd warns of a delay, too, after as many tries as these.
    failed = [m for m in relay.home.sink.mails if b"Action: failed" in m.data]
    assert len(failed) == 1, "more bounces than one"
    relay.wait_queue_empty()


@outbound
def test_killed(relay):
    """The courier is killed while a mail is at each stage; smtpd and the
    table stay, another courier goes on."""
    fleet = Fleet(relay)
    for stage in LATE + ("auth", "stored"):
        fleet.add(stage).hang(stage)
    fleet.submit(2)
    for stage, server in fleet.servers.items():
        ns.wait_for("hanging at " + stage, lambda s=server: s.hanging, 60)
    old = relay.pids("courier")
    relay.kill("courier", signal.SIGKILL)
    fleet.behave()

    def news():
        now = set(relay.pids("courier"))
        return now and not now & set(old)
    ns.wait_for("another courier", news, 60)
    fleet.arrived(2, 200, twice=("body", "dot", "stored"))
    # And the two that it asks.
    for name in ("keeper", "oauth"):
        for pid in relay.pids(r"table-relay.*senders.*%s|%s.*senders" % (
                name, name)):
            os.kill(pid, signal.SIGKILL)
    fleet.submit(1, 2)
    fleet.arrived(3, 200, twice=("body", "dot", "stored"))


if __name__ == "__main__":
    main(globals())
