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

"""A name server that answers slowly, wrongly, for other names or not at all:
the resolver gives each question one answer, and believes nothing foreign."""

import socket
import struct
import sys
import threading
import time

from dnspeer import Ask

A, CNAME, SOA, MX, TXT = 1, 5, 6, 15, 16
GOOD = socket.inet_aton("192.0.2.1")


def wire(name):
    out = b""
    for label in name.rstrip(".").split("."):
        if label:
            out += bytes([len(label)]) + label.encode()
    return out + b"\0"


def record(owner, kind, data, ttl=300):
    return wire(owner) + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


def soa(ttl, minimum):
    return record("example", SOA, wire("ns.example") + wire("root.example")
                  + struct.pack(">IIIII", 1, 2, 3, 4, minimum), ttl)


class Server:
    """The same on UDP and TCP, on a port of its own."""

    def __init__(self):
        while True:
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.bind(("127.0.0.1", 0))
            self.address = self.udp.getsockname()
            self.tcp = socket.socket()
            try:
                self.tcp.bind(self.address)
                break
            except OSError:
                continue
        self.tcp.listen(16)
        self.seen = []
        for target in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=target, daemon=True).start()

    def question(self, packet):
        at, labels = 12, []
        while packet[at]:
            labels.append(packet[at + 1:at + 1 + packet[at]].decode())
            at += packet[at] + 1
        return ".".join(labels), packet[12:at + 5]

    def reply(self, packet, question, answers=(), authority=(), rcode=0,
              flags=0x8180, ident=None):
        return (struct.pack(">HHHHHH",
                            ident if ident is not None
                            else struct.unpack(">H", packet[:2])[0],
                            flags | rcode, 1, len(answers), len(authority), 0)
                + question + b"".join(answers) + b"".join(authority))

    def answers(self, packet, tcp):
        """What goes back, one after the other."""
        name, q = self.question(packet)
        kind = struct.unpack(">H", q[-4:-2])[0]
        self.seen.append((name, tcp))
        good = [record(name, A, GOOD)]
        case = name.split(".")[0]
        if case == "silent":
            return []
        if case == "refused":
            return [self.reply(packet, q, rcode=5)]
        if case == "servfail":
            return [self.reply(packet, q, rcode=2)]
        if case == "slow":
            time.sleep(1)
            return [self.reply(packet, q, good)]
        if case == "othername":
            # Another question's answer, then an owner that nobody asked for.
            other = wire("good.example") + q[-4:]
            return [self.reply(packet, other, good),
                    self.reply(packet, q, [record("good.example", A, GOOD)])]
        if case == "otherid":
            ident = struct.unpack(">H", packet[:2])[0] ^ 1
            return [self.reply(packet, q, [record(name, A, b"\6\6\6\6")],
                               ident=ident), self.reply(packet, q, good)]
        if case == "garbage":
            return [packet[:2] + b"\x81\x80" + b"\xff" * 40]
        if case == "short":
            return [self.reply(packet, q, good)[:-2]]
        if case == "badlength":
            return [self.reply(packet, q, [record(name, A, b"\1\2\3")])]
        if case == "badtext":
            return [self.reply(packet, q, [record(name, TXT, b"\x09abc")])]
        if case == "pointer":
            loop = b"\xc0" + bytes([len(packet[:12]) + len(q)])
            return [self.reply(packet, q, [loop + struct.pack(
                ">HHIH", A, 1, 300, 4) + GOOD])]
        if case == "cut":
            if not tcp:
                return [self.reply(packet, q, flags=0x8380)]
            if kind == TXT:
                text = b"".join(b"\xff" + b"x" * 255 for _ in range(254))
                return [self.reply(packet, q, [record(name, TXT, text)])]
            return [self.reply(packet, q, good)]
        if case == "cutboth":
            return [self.reply(packet, q, flags=0x8380)]
        if case == "toomany":
            if not tcp:
                return [self.reply(packet, q, flags=0x8380)]
            short = [b"\xc0\x0c" + struct.pack(">HHIH", A, 1, 300, 4) + GOOD]
            return [self.reply(packet, q, short * 2000)]
        if case == "chain":
            return [self.reply(packet, q, [
                record(name, CNAME, wire("Two.example"), 30),
                record("three.example", A, GOOD, 200),
                record("two.example", CNAME, wire("three.example"), 20)])]
        if case == "dangling":
            return [self.reply(packet, q, [
                record(name, CNAME, wire("nowhere.example"))])]
        if case == "loop":
            return [self.reply(packet, q, [
                record(name, CNAME, wire("pool.example")),
                record("pool.example", CNAME, wire(name))])]
        if case == "no":
            return [self.reply(packet, q, [], [soa(500, 40)], rcode=3)]
        if case == "nodata":
            return [self.reply(packet, q, [], [soa(70, 900)])]
        if case == "noted":
            return [self.reply(packet, q, [], rcode=3)]
        if case == "longttl":
            return [self.reply(packet, q, [record(name, A, GOOD, 0x7ffffff)])]
        if case == "zerottl":
            return [self.reply(packet, q, [record(name, A, GOOD, 0)])]
        if case == "weird":
            return [self.reply(packet, q, [record(name, MX, b"\0\1\3a.b\1\xff"
                                                  b"\0")])]
        return [self.reply(packet, q, good)]

    def serve_udp(self):
        while True:
            packet, peer = self.udp.recvfrom(65535)
            threading.Thread(target=self.send, args=(packet, peer),
                             daemon=True).start()

    def send(self, packet, peer):
        for out in self.answers(packet, False):
            self.udp.sendto(out, peer)

    def serve_tcp(self):
        while True:
            c, _ = self.tcp.accept()
            threading.Thread(target=self.session, args=(c,),
                             daemon=True).start()

    def session(self, c):
        f = c.makefile("rwb")
        while True:
            head = f.read(2)
            if len(head) < 2:
                return
            for out in self.answers(f.read(struct.unpack(">H", head)[0]),
                                    True):
                f.write(struct.pack(">H", len(out)) + out)
            f.flush()

    def count(self, name):
        return sum(n == name for n, _ in self.seen)


BAD = []


def check(what, got, want):
    if got != want:
        BAD.append("%s: %r, want %r" % (what, got, want))


def test_wrong(server, ask):
    fail, good = "server failure", ("ok", 300, ["192.0.2.1"])
    for name, want in (
            ("good", good), ("slow", good), ("otherid", good), ("cut", good),
            ("servfail", (fail, 0, [])), ("refused", (fail, 0, [])),
            ("short", (fail, 0, [])), ("badlength", (fail, 0, [])),
            ("pointer", (fail, 0, [])), ("toomany", (fail, 0, [])),
            ("loop", (fail, 0, [])),
            ("chain", ("ok", 20, ["192.0.2.1"])),
            ("dangling", ("no data", 0, [])),
            ("no", ("no such name", 40, [])),
            ("nodata", ("no data", 70, [])),
            ("noted", ("no such name", 0, [])),
            ("longttl", ("ok", 0x7ffffff, ["192.0.2.1"]))):
        check(name, ask.one(name + ".example A"), want)
    # An answer whose owner is another's is no answer to this.
    check("othername", ask.status("othername.example A"), "no data")
    check("badtext", ask.status("badtext.example TXT"), fail)
    check("weird", ask.one("weird.example MX"),
          ("ok", 300, ["1 a\\046b.\\255"]))
    check("no name", ask.status("a..b A"), "no such name")
    status, _, texts = ask.one("cut.example TXT")
    check("64 KB", (status, len(texts[0])), ("ok", 254 * 255))
    check("tcp", ("cut.example", True) in server.seen, True)


def test_cache(server, ask):
    ask.many(*["burst.example A"] * 50)
    check("in flight", server.count("burst.example"), 1)
    for name, want in (("burst", 1), ("no", 1), ("nodata", 1), ("chain", 1)):
        before = server.count(name + ".example")
        got = ask.many(*[name + ".example A"] * 3)[name + ".example A"]
        check("cached " + name, server.count(name + ".example"),
              max(before, want))
        check("same " + name, len({(s, tuple(r)) for s, _, r in got}), 1)
    # What its server says is good for nothing is not kept.
    for name in ("zerottl.example", "noted.example"):
        before = server.count(name)
        ask.one(name + " A")
        ask.one(name + " A")
        check(name, server.count(name), before + 2)
    # A kept answer's time runs, and is cut.
    if ask.one("longttl.example A")[1] > 3600:
        BAD.append("a ttl over the limit")
    # Eight entries: the least used goes.
    small = Ask("127.0.0.1:%d" % server.address[1], "-e", "8")
    for i in range(20):
        small.one("n%d.example A" % i)
    small.one("n19.example A")
    check("kept", server.count("n19.example"), 1)
    small.one("n0.example A")
    check("gone", server.count("n0.example"), 2)
    small.close()


def test_silence(where):
    ask = Ask(where, "-t", "300", "-n", "2")
    for name in ("silent", "garbage", "cutboth"):
        got = ask.status(name + ".example A")
        if got not in ("time-out", "server failure"):
            BAD.append("%s: %s" % (name, got))
    ask.close()


def main():
    server = Server()
    where = "127.0.0.1:%d" % server.address[1]
    # Longer than the slow answer takes, on any machine.
    ask = Ask(where, "-t", "8000", "-n", "1")
    test_wrong(server, ask)
    test_cache(server, ask)
    ask.close()
    test_silence(where)
    # Nobody there: an answer all the same, and the second server's counts.
    server.tcp.close()
    none = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    none.bind(("127.0.0.1", 0))
    dead = "127.0.0.1:%d" % none.getsockname()[1]
    ask = Ask(dead, "-t", "300", "-n", "2")
    check("dead", ask.status("good3.example A"), "time-out")
    ask.close()
    ask = Ask(dead + "," + where, "-t", "300", "-n", "2")
    check("second", ask.status("good4.example A"), "ok")
    ask.close()
    print("\n".join(BAD))
    sys.exit(1 if BAD else 0)


if __name__ == "__main__":
    main()
