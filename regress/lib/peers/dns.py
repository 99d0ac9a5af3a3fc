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

"""A name server: MX, A, AAAA, TXT and PTR from a table."""

import socket
import struct
import threading

A, PTR, MX, TXT, AAAA = 1, 12, 15, 16, 28


def _name(name):
    out = b""
    for label in name.rstrip(".").split("."):
        out += bytes([len(label)]) + label.encode()
    return out + b"\0"


def _question(packet):
    """The name, the type and where the question ends."""
    at, labels = 12, []
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("latin-1"))
        at += packet[at] + 1
    return ".".join(labels).lower(), struct.unpack(
        ">H", packet[at + 1:at + 3])[0], at + 5


def _rdata(kind, value):
    if kind == A:
        return socket.inet_aton(value)
    if kind == AAAA:
        return socket.inet_pton(socket.AF_INET6, value)
    if kind == PTR:
        return _name(value)
    if kind == MX:
        return struct.pack(">H", 10) + _name(value)
    text = value.encode()
    return b"".join(bytes([len(text[i:i + 255])]) + text[i:i + 255]
                    for i in range(0, len(text), 255))


class Dns:
    """Answers on a bound UDP socket.  A domain that is added has its address
    as A record and, with mx, a mail host mx.DOMAIN of the same address."""

    ttl = 60

    def __init__(self, sock):
        self.sock = sock
        self.records = {}
        self.down = set()	# domains whose name servers fail
        self.silent = set()	# names about which nothing is said
        self.asked = self.unanswered = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def add(self, name, kind, value):
        self.records.setdefault((name.lower(), kind), []).append(value)

    def host(self, name, *addresses):
        """A name with these addresses of either kind."""
        for address in addresses:
            self.add(name, AAAA if ":" in address else A, address)

    def domain(self, name, address):
        """A domain whose mail goes to the host at this address."""
        self.add(name, MX, "mx." + name)
        self.add("mx." + name, A, address)
        reverse = ".".join(reversed(address.split("."))) + ".in-addr.arpa"
        if (reverse, PTR) not in self.records:
            self.add(reverse, PTR, "mx." + name)

    def serve(self):
        while True:
            try:
                packet, peer = self.sock.recvfrom(4096)
            except OSError:
                return
            try:
                answer = self.answer(packet)
                if answer is not None:
                    self.sock.sendto(answer, peer)
            except (OSError, IndexError, struct.error):
                pass

    def find(self, name, kind):
        """The values of the records of this kind."""
        return self.records.get((name, kind), [])

    def names(self):
        """All names that have records."""
        return [name for name, _ in self.records]

    def answer(self, packet):
        """One answer to one question, or None."""
        self.asked += 1
        name, kind, end = _question(packet)
        if name in self.silent:
            self.unanswered += 1
            return None
        found, rcode = self.find(name, kind), 0
        if any(name == d or name.endswith("." + d) for d in self.down):
            rcode, found = 2, []
        elif not found and not any(n == name or n.endswith("." + name)
                                   for n in self.names()):
            rcode = 3
        out = packet[:2] + struct.pack(">HHHHH", 0x8580 | rcode, 1,
                                       len(found), 0, 0)
        out += packet[12:end]
        for value in found:
            data = _rdata(kind, value)
            out += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, self.ttl,
                                             len(data))
            out += data
        return out

    def close(self):
        self.sock.close()
