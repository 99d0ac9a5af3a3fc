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



"""smtpd's side of mda-relay: a store, a sendmail that obeys, a run."""

import email
import email.policy
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../lib"))
from peers.world import (OBJ, SANITIZER, World,  # noqa: E402,F401
                         children, wait_for)

PROGRAM = os.path.join(OBJ, "bin", "mda-relay")
CTL = os.path.join(OBJ, "bin", "smtprelayctl")
SEED = os.path.join(OBJ, "regress", "tool", "replyseed")
MAILBOX = "support@company.example"
ALICE = "alice@private.test"
BOB = "bob@elsewhere.test"
CAROL = "carol@customer.test"
RETRY = 75

CONF = """domain "company.example"
replies {
    authenticate signature
    commands accept
%s
}
"""

# What sendmail does is said by the first line of the file `orders' whose
# pattern is found in the recipient: "PATTERN ACTION [TIMES]".
SENDMAIL = r'''#!/usr/bin/python3 -S
import os, re, sys, time
top = os.path.dirname(os.path.abspath(sys.argv[0]))
args = sys.argv[1:]
to = args[-1]
data = sys.stdin.buffer.read()
action = "queue"
lines = open(top + "/orders").read().splitlines()
for line in lines:
    word = line.split()
    if word and re.search(word[0], to):
        action = word[1]
        break
def out(s):
    sys.stdout.write(s + "\n")
if action == "away":
    tries = len([n for n in os.listdir(top) if n.startswith("away.")])
    if tries < 3:
        open(top + "/away.%d" % tries, "w").close()
        sys.stderr.write("sendmail: pipe closed\n")
        sys.exit([1, 69, 70][tries])
out("<<< 220 mx.company.example ESMTP OpenSMTPD")
out(">>> EHLO localhost")
out("<<< 250-mx.company.example Hello localhost [local]")
out("<<< 250 HELP")
out(">>> MAIL FROM:<%s>  " % args[args.index("-f") + 1])
if action == "sender":
    out("<<< 553 5.1.0 Sender address syntax error")
    sys.exit(70)
out("<<< 250 2.0.0 Ok")
out(">>> RCPT TO:<%s> " % to)
if action == "refuse":
    out("<<< 550 5.1.1 no mail for %s here" % to)
    sys.exit(70)
if action == "later":
    out("<<< 451 4.3.0 not now")
    sys.exit(70)
out("<<< 250 2.1.5 Destination address valid: Recipient ok")
out(">>> DATA")
out("<<< 354 Enter mail")
if action == "hang":
    sys.stdout.flush()
    open(top + "/hanging.%d" % os.getpid(), "w").close()
    while True:
        time.sleep(60)
out(">>> .")
if action == "message":
    out("<<< 554 5.7.1 I do not like it")
    sys.exit(70)
if action == "die":
    os.kill(os.getpid(), 9)
name = "%s/sent/%020d.%d" % (top, time.monotonic_ns(), os.getpid())
with open(name + ".tmp", "wb") as f:
    f.write(("\0".join(args) + "\n").encode())
    f.write(data)
os.rename(name + ".tmp", name)
out("<<< 250 2.0.0 12345678 Message accepted for delivery")
if action == "stop":			# between the 250 and the record
    sys.stdout.flush()
    open(top + "/hanging.%d" % os.getpid(), "w").close()
    while True:
        time.sleep(60)
out(">>> QUIT")
if action == "quit":
    sys.exit(70)
out("<<< 221 2.0.0 Bye")
'''


class Sent:
    """A message that sendmail took."""

    def __init__(self, path):
        with open(path, "rb") as f:
            self.args = f.readline().decode()[:-1].split("\0")
            self.raw = f.read()
        self.sender = self.args[self.args.index("-f") + 1]
        self.to = self.args[-1]
        self.msg = email.message_from_bytes(
            self.raw, policy=email.policy.default)

    def __getitem__(self, name):
        return self.msg[name]

    @property
    def text(self):
        return self.raw.split(b"\n\n", 1)[1].decode()


class Lab(World):
    """A world of mda-relay, with a sendmail that obeys."""

    def __init__(self, more="", archive=None, members=("alice", "bob"),
                 disk=None):
        self.tool("replyseed")
        super().__init__(CONF % more)
        self.serial = 0
        self.running = []
        self.disk = disk
        if disk:
            subprocess.run(["mount", "-t", "tmpfs", "-o",
                            "mode=0755,size=" + disk,
                            "tmpfs", self.dir + "/db"], check=True)
        os.mkdir(self.dir + "/sent")
        with open(self.dir + "/sendmail", "w") as f:
            f.write(SENDMAIL)
        os.chmod(self.dir + "/sendmail", 0o755)
        self.orders("")
        self.smtpd(True)
        try:
            self.make_store(archive, members)
        except BaseException:
            self.close()
            raise

    def make_store(self, archive, members):
        self.seed("create", self.dir + "/relay.key")
        more = ["-a", archive] if archive else []
        self.ctl("mailbox", "add", MAILBOX, "-n", "Company Support", *more)
        self.ctl("worker", "add", "alice", "-n", "Alice", ALICE)
        self.ctl("worker", "add", "bob", "-n", "Bob", BOB)
        if members:
            self.ctl("mailbox", "join", MAILBOX, *members)

    def smtpd(self, up, backlog=4000):
        """smtpd's control socket: somebody listens, or nobody."""
        path = self.dir + "/smtpd.sock"
        if up:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.bind(path)
            self.sock.listen(backlog)
        else:
            self.sock.close()
            os.unlink(path)

    def orders(self, text):
        with open(self.dir + "/orders.new", "w") as f:
            f.write(text)
        os.rename(self.dir + "/orders.new", self.dir + "/orders")

    def ctl(self, *args):
        p = subprocess.run([CTL, *args, "-f", self.conf],
                           capture_output=True, text=True, timeout=300,
                           env=dict(os.environ, **SANITIZER))
        if p.returncode != 0:
            raise AssertionError("smtprelayctl %s: %s" % (
                " ".join(args), p.stderr))
        return p.stdout

    def seed(self, *args):
        p = subprocess.run([SEED, self.dir + "/db/relay.db", *args],
                           capture_output=True, text=True, timeout=300)
        if p.returncode != 0:
            raise AssertionError("replyseed: " + p.stderr)
        return p.stdout

    def rows(self, sql, *args):
        db = sqlite3.connect("file:%s/db/relay.db?mode=ro" % self.dir,
                             uri=True, timeout=60)
        try:
            return db.execute(sql, args).fetchall()
        finally:
            db.close()

    def handles(self, worker="alice", conversation=1):
        """Participant's address: handle address."""
        out = self.seed("handles", worker, str(conversation))
        return {l.split()[1]: l.split()[0] for l in out.splitlines()}

    def smtpd_id(self):
        self.serial += 1
        return "%08x" % self.serial

    def start(self, message, to=MAILBOX, sender=CAROL, **kw):
        """Begins a run; message is bytes or a path."""
        if isinstance(message, str):
            f = open(message, "rb")
        else:
            f = tempfile.TemporaryFile()
            f.write(message)
            f.seek(0)
        log = tempfile.TemporaryFile()
        p = subprocess.Popen(
            [PROGRAM, "-d", "-f", self.conf, "-s", self.dir + "/sendmail",
             "-S", self.dir + "/smtpd.sock", to],
            stdin=f, stdout=subprocess.PIPE, stderr=log,
            env={"SENDER": sender, "PATH": "/bin:/usr/bin", **SANITIZER},
            **kw)
        f.close()
        p.log = log
        self.running.append(p)
        return p

    def finish(self, p, timeout=300):
        out, _ = p.communicate(timeout=timeout)
        self.running.remove(p)
        assert out == b"", "it wrote to standard output: %r" % out
        p.log.seek(0)
        self.log = p.log.read().decode("utf-8", "replace")
        p.log.close()
        return p.returncode

    def run(self, message, to=MAILBOX, sender=CAROL, expect=0, **kw):
        status = self.finish(self.start(message, to, sender, **kw))
        assert status == expect, "exit %s, expected %s\n%s" % (
            status, expect, self.log)
        return status

    def sent(self, to=None):
        """What sendmail took, in order."""
        names = sorted(n for n in os.listdir(self.dir + "/sent")
                       if not n.endswith(".tmp"))
        all = [Sent(os.path.join(self.dir, "sent", n)) for n in names]
        return [s for s in all if to is None or s.to == to]

    def forget(self):
        for n in os.listdir(self.dir + "/sent"):
            os.unlink(os.path.join(self.dir, "sent", n))

    def hanging(self):
        return [int(n.split(".")[1]) for n in os.listdir(self.dir)
                if n.startswith("hanging.")]

    def unhang(self):
        for pid in self.hanging():
            os.unlink("%s/hanging.%d" % (self.dir, pid))

    def close(self):
        for p in self.running:
            p.kill()
            p.wait()
        for pid in self.hanging():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.sock.close()
        if self.disk:
            subprocess.run(["umount", self.dir + "/db"], check=True)
        super().close()


def received(smtpd, rcpt=MAILBOX, how="ESMTPS"):
    return ("Received: from mail.customer.test (mail.customer.test "
            "[192.0.2.7])\n\tby mx.company.example (OpenSMTPD) with %s id "
            "%s\n\tfor <%s>;\n\tSat, 21 Nov 2026 22:51:01 +0000 (UTC)\n" % (
                how, smtpd, rcpt))


def letter(smtpd, headers, body="Hello.\n", sender=CAROL, rcpt=MAILBOX):
    """A message as smtpd hands it over."""
    top = "Return-Path: <%s>\n" % sender if sender else ""
    top += "Delivered-To: %s\n" % rcpt + received(smtpd, rcpt)
    text = top + "".join("%s: %s\n" % h for h in headers) + "\n" + body
    return text.encode()


def customer(lab, body="Hello.\n", sender=CAROL, rcpt=MAILBOX, id=None,
             more=(), smtpd=None, name="Carol"):
    """A customer's ordinary message."""
    smtpd = smtpd or lab.smtpd_id()
    headers = [("From", "%s <%s>" % (name, sender)), ("To", MAILBOX),
               ("Subject", "Printer"),
               ("Date", "Sat, 21 Nov 2026 22:00:00 +0000"),
               ("Message-ID", "<%s>" % (id or smtpd + "@customer.test"))]
    return letter(smtpd, headers + list(more), body, sender, rcpt)


def dsn(action="failed", status="5.1.1", text="smtp; 550 5.1.1 no such user",
        recipient=CAROL):
    """Body and headers of a delivery status as smtpd makes it."""
    body = ("--b\nContent-Description: Notification\n"
            "Content-Type: text/plain; charset=us-ascii\n\nprose\n\n"
            "--b\nContent-Description: Delivery Report\n"
            "Content-Type: message/delivery-status\n\n"
            "Reporting-MTA: dns; mx.company.example\n\n"
            "Final-Recipient: rfc822; %s\nAction: %s\nStatus: %s\n"
            "Diagnostic-Code: %s\n\n"
            "--b\nContent-Description: Message headers\n"
            "Content-Type: text/rfc822-headers\n\nSubject: x\n\n--b--\n" % (
                recipient, action, status, text))
    return [("From", "Mailer Daemon <MAILER-DAEMON@mx.customer.test>"),
            ("To", "r-x@company.example"),
            ("Subject", "Delivery status notification: error"),
            ("MIME-Version", "1.0"),
            ("Content-Type", 'multipart/mixed;boundary="b"')], body


def main(tests):
    """Runs every function called test_*; the names as arguments choose."""
    failed = 0
    for name, test in sorted(tests.items()):
        if not name.startswith("test_") or not callable(test):
            continue
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        try:
            test()
        except Exception:
            traceback.print_exc()
            print("FAIL", name)
            failed += 1
    sys.exit(1 if failed else 0)
