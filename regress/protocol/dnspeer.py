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
import struct
import subprocess
import sys
import tempfile
import threading

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
OBJ = os.environ.get("OBJ", os.path.join(TOP, "obj"))


def build(*names):
    """Makes tools of regress/tool."""
    tools = [os.path.join(OBJ, "regress/tool", n) for n in names]
    subprocess.run(["make", "-s", "-f", "Makefile.linux", "OBJ=" + OBJ]
                   + tools, cwd=TOP, check=True)
    return tools


class Ask:
    """regress/tool/dnsask; each question's answer is a tuple of its status,
    its ttl and the list of its records."""

    def __init__(self, servers, *args):
        tool, = build("dnsask")
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


class Names(threading.Thread):
    """A name server of 127.0.0.1: TXT by a dictionary, A and PTR by others
    of addresses and of names; what is in down, and below it, is SERVFAIL, and
    what is in silent has no answer at all."""

    def __init__(self):
        super().__init__(daemon=True)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 53))
        self.txt = {}
        self.addresses = {}
        self.pointers = {}
        self.down = set()
        self.silent = set()
        self.unanswered = 0
        self.asked = 0

    def run(self):
        while True:
            query, peer = self.sock.recvfrom(4096)
            try:
                answer = self.answer(query)
                if answer is not None:
                    self.sock.sendto(answer, peer)
            except (IndexError, struct.error):
                pass

    def answer(self, query):
        """One answer to one question, or None."""
        self.asked += 1
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
            at += query[at] + 1
        name = ".".join(labels)
        if name in self.silent:
            self.unanswered += 1
            return None
        question = query[12:at + 5]
        kind = struct.unpack(">H", query[at + 1:at + 3])[0]
        rcode, records = 0, []
        if any(name == x or name.endswith("." + x) for x in self.down):
            rcode = 2
        else:
            records = self.records(name, kind)
            if not records and not any(
                    x == name or x.endswith("." + name) for y in (
                        self.txt, self.addresses, self.pointers) for x in y):
                rcode = 3
        out = query[:2] + struct.pack(">HHHHH", 0x8180 | rcode, 1,
                                      len(records), 0, 0) + question
        for data in records:
            out += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0,
                                             len(data)) + data
        return out

    def records(self, name, kind):
        """The data of each record."""
        if kind == 1:
            return [socket.inet_aton(x) for x in self.addresses.get(name, [])]
        if kind == 12:
            return [b"".join(bytes([len(y)]) + y.encode()
                             for y in x.split(".")) + b"\0"
                    for x in self.pointers.get(name, [])]
        if kind != 16:
            return []
        return [b"".join(bytes([len(x[i:i + 250])]) + x[i:i + 250].encode()
                         for i in range(0, len(x), 250))
                for x in self.txt.get(name, [])]


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
