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
import subprocess

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
