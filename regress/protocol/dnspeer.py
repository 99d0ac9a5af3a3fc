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

"""A program that asks name servers, for tests of the resolver."""

import os
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../lib"))
from peers import dns  # noqa: E402
from peers.world import OBJ, TOP, World  # noqa: E402,F401


class Ask:
    """regress/tool/dnsask; each question's answer is a tuple of its status,
    its ttl and the list of its records."""

    def __init__(self, servers, *args):
        tool = World.tool("dnsask")
        self.process = subprocess.Popen(
            [tool] + (["-s", servers] if servers else []) + list(args),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.sent = 0

    def many(self, *questions):
        """The answers to "NAME TYPE" ..., all asked at once."""
        self.process.stdin.write(" ".join(questions) + "\n")
        self.process.stdin.flush()
        answers = {}
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise EOFError("dnsask has ended")
            f = line.rstrip("\n").split("\t")
            if f[0] == "sent":
                self.sent = int(f[1])
                break
            answers.setdefault(f[0] + " " + f[1], []).append(
                (f[2], int(f[3]), f[4:]))
        return answers

    def one(self, question):
        return self.many(question)[question][0]

    def status(self, question):
        return self.one(question)[0]

    def close(self):
        self.process.stdin.close()
        if self.process.wait(60) != 0:
            raise AssertionError("dnsask failed")


class Names(dns.Dns):
    """A name server of 127.0.0.1: TXT by a dictionary, A and PTR by others
    of addresses and of names."""

    ttl = 0

    def __init__(self):
        self.txt = {}
        self.addresses = {}
        self.pointers = {}
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 53))
        super().__init__(sock)

    def find(self, name, kind):
        table = {dns.A: self.addresses, dns.PTR: self.pointers,
                 dns.TXT: self.txt}.get(kind, {})
        return table.get(name, [])

    def names(self):
        return [*self.txt, *self.addresses, *self.pointers]


def alone(file, inside):
    """Runs inside() in a network of its own, whose one name server is to be
    Names; file is the test's."""
    if not os.environ.get("DNSPEER_ALONE"):
        os.environ["DNSPEER_ALONE"] = "1"
        os.execvp("unshare", ["unshare", "-nm", sys.executable,
                              os.path.abspath(file)] + sys.argv[1:])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.NamedTemporaryFile("w") as resolv:
        resolv.write("nameserver 127.0.0.1\n")
        resolv.flush()
        os.chmod(resolv.name, 0o644)
        subprocess.run(["mount", "--bind", resolv.name, "/etc/resolv.conf"],
                       check=True)
        inside()
