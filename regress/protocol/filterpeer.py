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

"""smtpd's side of a running filter-relay, for the tests."""

import collections
import itertools
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../lib"))
from peers import world  # noqa: E402
from peers.world import (OBJ, PATIENCE, SANITIZER, TOP,  # noqa: E402,F401
                         Fatal, Gone, Silent, build, children, wait_for)

PROGRAM = os.path.join(OBJ, "bin", "filter-relay")
LATER = "451 4.3.0"
REGISTERED = ["report|smtp-in|link-connect", "report|smtp-in|link-disconnect",
              "report|smtp-in|link-auth", "filter|smtp-in|mail-from",
              "filter|smtp-in|rcpt-to", "filter|smtp-in|data-line",
              "filter|smtp-in|commit", "ready"]


class World(world.World):
    """A world of filter-relay, with a mailbox and two members."""

    key_file = "key/relay.key"

    def __init__(self, replies="authenticate signature", seed=True,
                 more=""):
        super().__init__('domain { "company.example" }\nreplies {\n%s\n}\n'
                         '%s\n' % (replies, more))
        if seed:
            self.fill()

    def fill(self):
        self.start_seeder("filterseed")
        self.box = "support@company.example"
        self.seed("mailbox support@company.example -")
        self.seed("mailbox sales@company.example -")
        self.seed("worker alice alice-login alice@home.example")
        self.seed("worker bob - bob@home.example")
        self.seed("join support@company.example alice")
        self.seed("join support@company.example bob")
        self.conv = self.seed("conversation support@company.example")[0]
        self.handle = self.seed("handle alice %s carol@customer.test 10000"
                                % self.conv)[0]
        self.handle2 = self.seed("handle alice %s dave@customer.test 10000"
                                 % self.conv)[0]
        self.bobs = self.seed("handle bob %s carol@customer.test 10000"
                              % self.conv)[0]
        self.token = self.seed("copy alice %s %s 1@customer.test"
                               % (self.conv, self.box))[0]
        self.bobstoken = self.seed("token bob %s %s 0"
                                   % (self.conv, self.box))[0]

    def record(self, ident):
        """A stored verdict as a dictionary, or None."""
        lines = self.seed("record " + ident)
        if lines == ["none"]:
            return None
        return dict(line.split(" ", 1) for line in lines)


class Filter:
    """A running filter-relay and smtpd's ends of its pipes."""

    def __init__(self, world, version="0.7", command=None, register=True,
                 options=()):
        self.version = version
        self.log = tempfile.TemporaryFile()
        self.args = command or [PROGRAM, "-d", "-f", world.conf,
                                *options]
        self.proc = subprocess.Popen(
            self.args, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.log, bufsize=0, env={**os.environ, **SANITIZER})
        self.buf = b""
        self.lines = collections.deque()
        self.serial = itertools.count(1)
        os.set_blocking(self.proc.stdout.fileno(), False)
        self.config()
        if register:
            self.registered = self.lines_until("register|ready")

    def config(self):
        self.send("config|smtpd-version|7.6.0")
        if self.version != "0.6":
            self.send("config|protocol|" + self.version)
        self.send("config|smtp-session-timeout|300",
                  "config|subsystem|smtp-in", "config|admd|mx.company.example",
                  "config|ready")

    def raw(self, data, timeout=PATIENCE):
        """Writes bytes as smtpd does: its reading never stops meanwhile."""
        end = time.monotonic() + timeout
        fd = self.proc.stdin.fileno()
        os.set_blocking(fd, False)
        data = memoryview(data)
        while data:
            _, w, _ = select.select([self.proc.stdout], [fd], [], 0.5)
            if w:
                try:
                    data = data[os.write(fd, data[:65536]):]
                except BlockingIOError:
                    pass
            self.receive(0)
            if time.monotonic() > end:
                raise Silent("the filter reads no more")

    def send(self, *lines):
        self.raw(b"".join(
            (x if isinstance(x, bytes) else x.encode("latin-1")) + b"\n"
            for x in lines))

    def receive(self, timeout):
        """Takes what has come: True if anything has."""
        r, _, _ = select.select([self.proc.stdout], [], [], timeout)
        if not r:
            return False
        try:
            data = os.read(self.proc.stdout.fileno(), 1 << 20)
        except BlockingIOError:
            return False
        if not data:
            raise Gone("the filter has closed its output")
        *lines, self.buf = (self.buf + data).split(b"\n")
        self.lines.extend(lines)
        return True

    def line(self, timeout=PATIENCE):
        end = time.monotonic() + timeout
        while not self.lines:
            left = end - time.monotonic()
            if left <= 0 or (not self.receive(left) and
                             time.monotonic() > end):
                raise Silent("no line within %g s" % timeout)
        return self.check(self.lines.popleft().decode("latin-1"))

    def check(self, line):
        """What lka_filter.c would not take is fatal."""
        kind, *rest = line.split("|")
        if kind == "register":
            return line
        if kind not in ("filter-result", "filter-dataline") or len(rest) < 3:
            raise Fatal(line)
        int(rest[0], 16)
        int(rest[1], 16)
        if kind == "filter-result":
            if rest[2] == "proceed":
                if len(rest) != 3:
                    raise Fatal(line)
            elif rest[2] not in ("reject", "disconnect", "rewrite", "junk"):
                raise Fatal(line)
            elif rest[2] == "reject" and (
                    not rest[3][:3].isdigit() or rest[3][0] not in "45" or
                    rest[3][3] != " " or len(line) > 1000):
                raise Fatal(line)
            elif rest[2] == "rewrite" and not re.fullmatch(
                    r"<[^<>@ ]+@[^<>@ ]+>", "|".join(rest[3:])):
                raise Fatal(line)
        if self.version == "0.6" and len(line) > 2047:
            raise Fatal("cut: " + line[:100])
        return line

    def lines_until(self, last):
        lines = []
        while not lines or lines[-1] != last:
            lines.append(self.line())
        return lines

    def nothing(self, seconds=0.2):
        """Nothing more comes."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.receive(end - time.monotonic())
        assert not self.lines and not self.buf, (len(self.lines),
                                                 self.buf[:99])

    def children(self):
        """The processes by their role."""
        return children(self.proc.pid)

    def child(self, role):
        return wait_for(role, lambda: self.children().get(role))

    def kill(self, role, sig=signal.SIGKILL):
        """Kills a child and waits for its successor."""
        pid = self.child(role)
        os.kill(pid, sig)
        if sig == signal.SIGKILL:
            return wait_for("new " + role, lambda: (
                self.children().get(role, pid) != pid and
                self.children().get(role)))
        return pid

    def logged(self):
        self.log.seek(0)
        return self.log.read().decode("latin-1")

    def close(self):
        """End of file means that smtpd goes: exit 0, at once."""
        self.proc.stdin.close()
        try:
            status = self.proc.wait(30)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            raise
        finally:
            self.proc.stdout.close()
        assert status == 0, "exit status %d\n%s" % (status, self.logged())

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.close()
            return
        self.proc.kill()
        for f in (self.proc.stdin, self.proc.stdout):
            f.close()
        self.proc.wait()
        sys.stderr.write(self.logged())


class Session:
    """One SMTP session as smtpd tells it."""

    ids = itertools.count(0x1000000000000001)

    def __init__(self, f, src="192.0.2.1:3333", login=None, name="c.test"):
        self.f = f
        self.sid = "%016x" % next(Session.ids)
        self.report("link-connect", name, "pass", src, "192.0.2.2:25")
        if login is not None:
            if f.version == "0.6":
                self.report("link-auth", login, "pass")
            else:
                self.report("link-auth", "pass", login)

    def report(self, event, *params):
        self.f.send("|".join(("report", self.f.version,
                              "1576147242.200225", "smtp-in", event, self.sid)
                             + params))

    def ask(self, phase, param=""):
        self.token = "%016x" % (0xabc0000000000000 + next(self.f.serial))
        self.f.send("|".join(("filter", self.f.version,
                              "1576147242.200225", "smtp-in", phase, self.sid,
                              self.token, param)))

    def result(self, timeout=PATIENCE):
        line = self.f.line(timeout).split("|", 3)
        assert line[:3] == ["filter-result", self.sid, self.token], line
        return line[3]

    def request(self, phase, param="", timeout=PATIENCE):
        self.ask(phase, param)
        return self.result(timeout)

    def mail(self, sender):
        return self.request("mail-from", sender)

    def rcpt(self, rcpt):
        return self.request("rcpt-to", rcpt)

    def put(self, *lines):
        """Data lines, all with one token, as smtpd sends them."""
        self.token = "%016x" % 0xdef
        self.f.send(*("filter|%s|1576147242.200225|smtp-in|data-line|%s|%s|%s"
                      % (self.f.version, self.sid, self.token, line)
                      for line in lines))

    def got(self, timeout=PATIENCE):
        """The data lines that come back, up to the dot."""
        lines = []
        while True:
            line = self.f.line(timeout).split("|", 3)
            assert line[:3] == ["filter-dataline", self.sid, self.token], line
            if line[3] == ".":
                return lines
            lines.append(line[3])

    def data(self, lines, timeout=PATIENCE):
        """Sends a message (without its dot) and returns what came back."""
        self.put(*lines)
        self.put(".")
        return self.got(timeout)

    def commit(self, timeout=PATIENCE):
        return self.request("commit", "", timeout)

    def send(self, sender, rcpts, lines):
        """A whole transaction: the lines that went on and the verdict."""
        assert self.mail(sender) == "proceed"
        for rcpt in rcpts:
            answer = self.rcpt(rcpt)
            assert answer == "proceed", "%s: %s" % (rcpt, answer)
        return self.data(lines), self.commit()

    def end(self):
        self.report("link-disconnect")


RECEIVED = ["Received: from c.test (c.test [192.0.2.1])",
            "\tby mx.company.example (OpenSMTPD) with ESMTP id 5b1ad83f",
            "\tfor <support@company.example>;",
            "\tSat, 21 Nov 2026 22:00:00 +0000 (UTC)"]


def message(sender="carol@customer.test", extra=(), body=("Hello", "")):
    """A message as smtpd gives it to its filters."""
    return RECEIVED + [
        "From: " + sender, "To: support@company.example", "Subject: hello",
        "Date: Sat, 21 Nov 2026 22:00:00 +0000"] + list(extra) + [
            ""] + list(body)


def main(tests):
    """Runs the tests named on the command line, or all of them."""
    wanted = sys.argv[1:]
    failed = 0
    for test in tests:
        name = test.__name__
        if wanted and name not in wanted:
            continue
        try:
            test()
        except Exception:
            traceback.print_exc()
            print("FAIL %s" % name)
            failed += 1
    if failed:
        print("%d tests failed" % failed)
    sys.exit(1 if failed else 0)
