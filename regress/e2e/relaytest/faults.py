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

"""What can go wrong around our programs, and the proof that nothing came of
it."""

import contextlib
import os
import signal
import sqlite3
import time

from relaytest import mail, ns
from relaytest.relay import ALICE, BOB, CAROL, MAILBOX
from relaytest.sink import settle

DB = "/var/lib/smtprelay/relay.db"


class Phased:
    """A worker's reply that stops at a phase and then goes on."""

    PHASES = ("greeted", "mail", "rcpt", "data", "header", "body")

    def __init__(self, relay, rcpts, data, phase):
        self.client = relay.client(relay.worker)
        self.rcpts = rcpts
        self.data = data
        self.codes = []
        self.left = list(self.PHASES)
        self.until(phase)

    def ask(self, line):
        code, words = self.client.docmd(line)
        self.codes.append((code, words.decode("latin-1")))
        return code

    def until(self, phase):
        while self.left and self.left[0] != phase:
            self.step(self.left.pop(0))
        if self.left:
            self.step(self.left.pop(0))

    def step(self, phase):
        head, body = self.data.split(b"\r\n\r\n", 1)
        if self.refused() and phase != "greeted":
            return
        if phase == "mail":
            self.ask("MAIL FROM:<%s>" % ALICE.address)
        elif phase == "rcpt":
            for rcpt in self.rcpts:
                self.ask("RCPT TO:<%s>" % rcpt)
        elif phase == "data":
            self.ask("DATA")
        elif phase == "header":
            self.client.send(head + b"\r\n\r\n")
        elif phase == "body":
            self.client.send(body)

    def refused(self):
        return bool(self.codes) and self.codes[-1][0] >= 400

    def finish(self):
        """Goes on to the end and returns the last answer."""
        self.until("body")
        if not self.refused():
            self.client.send(b".\r\n")
            code, words = self.client.getreply()
            self.codes.append((code, words.decode("latin-1")))
        self.client.close()
        return self.codes[-1]


def other_mail_flows(relay, domain="company.example", timeout=20):
    """Mail that is none of our business is delivered now.  In a domain with
    mailboxes the store has to say so; mail to "plain.example" needs nothing
    of ours at all."""
    before = len(relay.local_mails("dave"))
    rcpt = "dave@" + domain
    relay.accept(relay.stranger, "eve@elsewhere.test", [rcpt],
                 mail.message("eve@elsewhere.test", rcpt, "Unconcerned"))
    ns.wait_for("other mail", lambda: len(relay.local_mails("dave")) > before,
                timeout)


def deliver_in_the_end(relay, rcpts, data, timeout=60):
    """Sends a reply again and again, as the worker's server would."""
    end = time.monotonic() + timeout * ns.PATIENCE
    while True:
        out = relay.send(relay.worker, ALICE.address, rcpts, data)
        if out.final[0] == 250:
            return
        assert 400 <= out.final[0] < 500, "permanent failure: %s" % out
        assert time.monotonic() < end, "still refused: %s" % out
        time.sleep(0.2)


def nothing_odd(relay):
    """Nobody got a bounce, and certainly none that quotes a shell."""
    for sink in relay.sinks():
        for m in sink.mails:
            low = m.data.lower()
            assert b"exit 75" not in low and b"/bin/sh" not in low
            assert b"mda-relay" not in low, "our programs are named"
    assert all(not m.data.lower().startswith(b"from: mailer-daemon")
               and b"delivery-status" not in m.data
               for m in relay.customer.sink.mails), "the customer's bounce"


def exactly_once(relay, address, count=1):
    """So many mails came for an address, and no more come."""
    relay.site_of(address).sink.wait(address, count, timeout=60)
    relay.wait_queue_empty(60)
    settle(relay.sinks())
    found = len(relay.site_of(address).sink.to(address))
    assert found == count, "%d mails instead of %d" % (found, count)


def later_once(relay):
    """A customer's mail that waits reaches both members once."""
    if relay.waiting is not None:
        end = time.monotonic() + 30 * ns.PATIENCE
        while True:
            out = relay.send(relay.customer, CAROL, [MAILBOX], relay.waiting)
            if out.final[0] == 250:
                break
            assert time.monotonic() < end, "still refused: %s" % out
            time.sleep(0.2)
    relay.wait_queue_empty(60)
    for who in (ALICE, BOB):
        exactly_once(relay, who.address)
    nothing_odd(relay)


def waits(relay, refused=False):
    """A customer's mail is accepted now and waits in the queue; or it may be
    refused for now, and waits in the customer's own."""
    start = relay.log_mark()
    data = mail.message(CAROL, MAILBOX, "Patience")
    out = relay.send(relay.customer, CAROL, [MAILBOX], data)
    relay.waiting = None
    if refused and 400 <= out.final[0] < 500:
        relay.waiting = data
    else:
        assert out.final[0] == 250, str(out)
        relay.wait_log(r"result=\"?TempFail", start, 60)
        assert relay.queue(), "the mail is gone"
    assert not relay.worker.sink.mails, "a copy went out"
    assert relay.smtpd_alive()


def inside(relay, work, hold=False):
    """Runs work() in a child whose root is the machine's; SQLite would
    resolve a path through /proc to one of ours.  With hold the child stays
    until the pipe that is returned is closed."""
    out, our_out = os.pipe()[::-1]
    stay, our_stay = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(our_stay)
        status = b"bad"
        try:
            os.chroot(relay.root)
            os.chdir("/")
            keep = work()
            status = b"good"
        finally:
            os.write(out, status)
            if hold and status == b"good":
                os.read(stay, 1)
                del keep
            os._exit(0)
    os.close(out)
    os.close(stay)
    said = os.read(our_out, 10)
    os.close(our_out)
    assert said == b"good", "could not do that to the database"
    if hold:
        return pid, our_stay
    os.close(our_stay)
    os.waitpid(pid, 0)
    return None


@contextlib.contextmanager
def locked(relay):
    """Holds the database's write lock."""
    def lock():
        db = sqlite3.connect(DB, isolation_level=None)
        db.execute("PRAGMA busy_timeout = 20000")
        db.execute("BEGIN EXCLUSIVE")
        return db
    pid, pipe = inside(relay, lock, True)
    try:
        yield
    finally:
        os.close(pipe)
        os.waitpid(pid, 0)


def sql(relay, statement):
    """Changes the database behind everybody's back."""
    def change():
        db = sqlite3.connect(DB, isolation_level=None)
        db.execute("PRAGMA busy_timeout = 20000")
        db.execute(statement).fetchall()
        db.close()
    inside(relay, change)


def signal_later(relay, title, sig):
    """Signals a process of ours; waits for it to exist first."""
    ns.wait_for("process " + title, lambda: relay.pids(title))
    return relay.kill(title, sig)


def revive(relay, title, old):
    """Waits until other processes than the old ones bear this title."""
    def news():
        now = set(relay.pids(title))
        return now and not now & set(old)
    ns.wait_for("new " + title, news)


def cont(relay):
    """Lets everything that was stopped go on."""
    for pid, _ in relay.processes():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
