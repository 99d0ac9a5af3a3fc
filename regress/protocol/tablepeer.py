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


"""The other end of table-relay: smtpd's side of both table protocols."""

import fcntl
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../lib"))
from peers import world  # noqa: E402
from peers.world import (OBJ, TOP, Fatal, Gone, Silent,  # noqa: E402,F401
                         children, wait_for)

PROGRAM = os.path.join(OBJ, "bin", "table-relay")
USER = "_smtprelay"
ALIAS, DOMAIN, CREDENTIALS, USERINFO, SOURCE, MAILADDR = 1, 2, 4, 16, 32, 64
MAILADDRMAP, RELAYHOST = 256, 512
NAMES = {ALIAS: "alias", DOMAIN: "domain", CREDENTIALS: "credentials",
         USERINFO: "userinfo", SOURCE: "source", MAILADDR: "mailaddr",
         MAILADDRMAP: "mailaddrmap", RELAYHOST: "relayhost"}
OK, FAIL, OPEN, CLOSE, UPDATE, CHECK, LOOKUP, FETCH = range(8)
SLOW = 100		# seconds that a busy machine may take for anything
SIZE_T = struct.calcsize("@N")


def gone(pid):
    """The process is no more, or waits for somebody to bury it."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")")[-1].split()[0] == "Z"
    except OSError:
        return True


# The shadow of all memory that sanitizers have holds nothing of it.
HUGE = 1 << 26


def memory(pid, words):
    """Which of the words stand in a process's memory that it may write."""
    found = set()
    with open("/proc/%d/maps" % pid) as maps, \
            open("/proc/%d/mem" % pid, "rb") as mem:
        for line in maps:
            where, mode = line.split()[:2]
            if not mode.startswith("rw"):
                continue
            start, end = (int(x, 16) for x in where.split("-"))
            if end - start > HUGE:
                continue
            try:
                mem.seek(start)
                data = mem.read(end - start)
            except (OSError, OverflowError, ValueError):
                continue
            found |= {w for w in words if w.encode() in data}
    return found


class World(world.World):
    """A world of table-relay, with one mailbox."""

    def __init__(self, seed=True, more="", replies=""):
        super().__init__('domain { "company.example", "company.test" }\n'
                         'bounce domain "bounce.company.example"\n'
                         'replies {\n\tauthenticate signature\n%s}\n%s'
                         % (replies, more))
        if seed:
            self.start_seed()
            self.seed("mailbox support@company.example")

    def start_seed(self):
        self.start_seeder("storeseed")

    def many(self, *commands):
        """Several commands in one transaction."""
        lines = []
        self.seed("begin")
        for command in commands:
            lines += self.seed(command)
        self.seed("commit")
        return lines


class Table:
    """A running table-relay and smtpd's end of its socket."""

    def __init__(self, world, name="mailboxes", hello=True):
        self.name = name
        self.sock, theirs = socket.socketpair()
        self.log = tempfile.TemporaryFile()
        self.proc = subprocess.Popen(
            [name, "-d", world.conf], executable=PROGRAM, stdin=theirs,
            stdout=theirs if self.both else subprocess.DEVNULL,
            stderr=self.log)
        theirs.close()
        self.data = b""
        self.count = 0
        if hello:
            self.hello()

    def send(self, data, timeout=SLOW):
        """Writes, and reads meanwhile: few small packets fill a socket, and
        a table that cannot get rid of its answers takes no more."""
        end = time.monotonic() + timeout
        data = memoryview(data)
        while data:
            if time.monotonic() > end:
                raise Silent("the table reads no more")
            r, w, _ = select.select([self.sock], [self.sock], [], 1)
            try:
                if w:
                    data = data[self.sock.send(data, socket.MSG_DONTWAIT):]
                elif r:
                    self.more(0)
            except BlockingIOError:
                pass
            except OSError:
                raise Gone("cannot write") from None

    def unread(self):
        """The number of bytes that the table has not taken yet."""
        n = fcntl.ioctl(self.sock, termios.TIOCOUTQ, bytes(4))
        return struct.unpack("@i", n)[0]

    def more(self, timeout):
        if not select.select([self.sock], [], [], timeout)[0]:
            raise Silent("no answer in %g s" % timeout)
        data = self.sock.recv(65536)
        if not data:
            raise Gone("end of file")
        self.data += data

    def nothing(self, seconds=0.2):
        """Claims that no answer comes that nobody asked for."""
        ready = select.select([self.sock], [], [], seconds)[0]
        assert not self.data and not ready, "an answer too many: %r" % (
            self.data or self.sock.recv(1000))

    def logged(self):
        self.log.seek(0)
        return self.log.read().decode("utf-8", "replace")

    def children(self):
        """The processes by their roles."""
        return children(self.proc.pid)

    def role(self, name):
        return wait_for(name, lambda: self.children().get(name))

    def kill(self, name, sig=signal.SIGKILL):
        pid = self.role(name)
        os.kill(pid, sig)
        return pid

    def end(self, timeout=SLOW):
        """Closes smtpd's end.  Returns the exit status."""
        self.sock.close()
        return self.proc.wait(timeout)

    def close(self):
        self.sock.close()
        try:
            self.proc.wait(SLOW)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.proc.wait()
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def ask(self, op, service=None, key=None, timeout=SLOW):
        """One question and its answer: "error", "not-found" or "found" and
        the value ("ok" for an update)."""
        self.question(op, service, key)
        return self.answer(op, timeout)

    def lookup(self, key, service=ALIAS, timeout=SLOW):
        return self.ask(LOOKUP, service, key, timeout)

    def check(self, key, service=MAILADDR, timeout=SLOW):
        return self.ask(CHECK, service, key, timeout)

    def update(self, timeout=SLOW):
        return self.ask(UPDATE, timeout=timeout)

    def fetch(self, service=SOURCE):
        return self.ask(FETCH, service)


class Text(Table):
    """As smtpd 7.6 and later speaks."""

    both = True
    ops = {UPDATE: "update", CHECK: "check", LOOKUP: "lookup",
           FETCH: "fetch"}

    def hello(self, version="7.8.0"):
        self.send(b"config|smtpd-version|%s\nconfig|protocol|0.1\n"
                  b"config|tablename|%s\nconfig|ready\n"
                  % (version.encode(), self.name.encode()))
        self.services = []
        while True:
            line = self.line(SLOW)
            if not line.startswith("register|"):
                raise Fatal("handshake: %r" % line)
            if line == "register|ready":
                return
            self.services.append(line[9:])

    def line(self, timeout):
        while b"\n" not in self.data:
            self.more(timeout)
        line, self.data = self.data.split(b"\n", 1)
        return line.decode("latin-1")

    def request(self, op, service=None, key=None):
        """The bytes of a request, whose id is self.id then."""
        self.count += 1
        self.id = "%08x" % (self.count * 2654435761 % 2**32)
        line = "table|0.1|1713795082.354255|%s|%s" % (self.name, self.ops[op])
        if service is not None:
            line += "|" + NAMES[service]
        line += "|" + self.id
        if key is not None:
            line += "|" + key
        return (line + "\n").encode("latin-1")

    def question(self, op, service=None, key=None):
        self.send(self.request(op, service, key))

    def answer(self, op, timeout=SLOW):
        line = self.line(timeout)
        head = "%s-result|%s|" % (self.ops[op], self.id)
        if not line.startswith(head):
            raise Fatal("%r does not begin with %r" % (line, head))
        r = line[len(head):]
        if r == "not-found" and op != UPDATE:
            return "not-found"
        if r.startswith("error|") and len(r) > 6:
            return "error"
        if op == UPDATE:
            if r == "ok":
                return r
        elif op == CHECK:
            if r == "found":
                return r
        elif r.startswith("found|") and len(r) > 6:
            return "found " + r[6:]
        raise Fatal("%r" % line)


class Imsg(Table):
    """As smtpd up to 7.5 speaks."""

    both = False

    def hello(self, version=2):
        self.frame(OPEN, struct.pack("@I2048s", version, self.name.encode()))
        kind, data = self.reply(SLOW)
        if kind != OK or data:
            raise Fatal("open: type %d, %r" % (kind, data))

    def pack(self, kind, data=b""):
        return struct.pack("@IHHII", kind, 16 + len(data), 0, 0,
                           os.getpid()) + data

    def frame(self, kind, data=b""):
        self.send(self.pack(kind, data))

    def reply(self, timeout):
        while len(self.data) < 16:
            self.more(timeout)
        kind, length, flags, _, _ = struct.unpack("@IHHII", self.data[:16])
        if length < 16 or length > 16384 or flags:
            raise Fatal("header %r" % self.data[:16])
        while len(self.data) < length:
            self.more(timeout)
        data, self.data = self.data[16:length], self.data[length:]
        return kind, data

    def request(self, op, service=None, key=None):
        data = b""
        if service is not None:
            data += struct.pack("@I", service) + bytes(SIZE_T)
        if key is not None:
            data += key.encode("latin-1") + b"\0"
        return self.pack(op, data)

    def question(self, op, service=None, key=None):
        self.send(self.request(op, service, key))

    def answer(self, op, timeout=SLOW):
        kind, data = self.reply(timeout)
        if kind != OK or len(data) < 4:
            raise Fatal("type %d, %r" % (kind, data))
        result, value = struct.unpack("@i", data[:4])[0], data[4:]
        if op == UPDATE and not value and result in (0, 1):
            return "ok" if result else "error"
        if result in (-1, 0) and not value:
            return "not-found" if result == 0 else "error"
        if result == 1 and op == CHECK and not value:
            return "found"
        if result == 1 and op in (LOOKUP, FETCH) and len(value) > 1 and (
                value.index(0) == len(value) - 1):
            return "found " + value[:-1].decode("latin-1")
        raise Fatal("%r" % data)


def main(tests):
    """Runs every test_NAME(kind) of a module with both protocols."""
    failed = 0
    for name, function in list(tests.items()):
        if not name.startswith("test_"):
            continue
        for kind in getattr(function, "kinds", (Text, Imsg)):
            start = time.monotonic()
            try:
                function(kind)
                print("%s %s: %.1f s" % (name[5:], kind.__name__.lower(),
                                         time.monotonic() - start))
            except Exception:
                failed += 1
                traceback.print_exc()
                print("%s with the %s protocol failed" % (
                    name[5:], kind.__name__.lower()))
    sys.exit(1 if failed else 0)
