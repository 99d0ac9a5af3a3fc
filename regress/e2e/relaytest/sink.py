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

"""A mail host of somebody else's: takes mail over SMTP, keeps it by
recipient, and refuses or hangs when it is told to."""

import re
import threading
import time

from relaytest.ns import wait_for
from peers import smtp


class Mail:
    """One message as it arrived for one recipient."""

    def __init__(self, sender, rcpt, data, params, helo, peer):
        self.peer = peer
        self.sender = sender
        self.rcpt = rcpt
        self.data = data
        self.params = params
        self.helo = helo


class Session(smtp.Session):
    """One SMTP session of the sink."""

    def __init__(self, sink, conn, peer):
        super().__init__(sink, conn)
        self.peer = peer
        self.sink = sink
        self.helo = self.sender = ""
        self.rcpts = []
        self.params = ""

    def begin(self):
        self.send("220 %s ESMTP" % self.sink.name)

    def do_ehlo(self, line):
        self.helo = line[5:].strip()
        self.send("250-%s\r\n250-8BITMIME\r\n250 DSN" % self.sink.name)

    do_helo = do_ehlo

    def do_mail(self, line):
        m = re.match(r"(?i)MAIL FROM:\s*<([^>]*)>(.*)", line)
        if m is None:
            return self.send("501 syntax")
        self.sender, self.params = m.groups()
        self.rcpts = []
        return self.send(self.sink.answer("mail", self.sender) or "250 ok")

    def do_rcpt(self, line):
        m = re.match(r"(?i)RCPT TO:\s*<([^>]*)>(.*)", line)
        if m is None:
            return self.send("501 syntax")
        refusal = self.sink.answer("rcpt", m.group(1))
        if refusal is None:
            self.rcpts.append(m.groups())
        return self.send(refusal or "250 ok")

    def do_data(self, _):
        if not self.rcpts:
            return self.send("503 no recipients")
        self.send("354 go on")
        data = b"".join(self.body())
        refusal = self.sink.answer("data", self.rcpts[0][0])
        if refusal is None:
            self.sink.store(self, data)
        self.send(refusal or "250 2.0.0 kept")
        self.rcpts = []
        return None


class Sink:
    """Listens on port 25 of a host.  The message with the index of a call of
    mark() and all later ones are found again by since()."""

    def __init__(self, host, name, port=25):
        self.name = name
        self.mails = []
        self.lock = threading.Lock()
        self.rules = {}
        self.closing = False
        self.listener = smtp.listen(
            lambda conn, peer: Session(self, conn, peer[0]),
            "0.0.0.0", port, host.socket())

    def answer(self, phase, address):
        """None, or the refusal that refuse() asked for; hangs for hang()."""
        rule = self.rules.get((phase, address.lower()),
                              self.rules.get((phase, "*")))
        if rule is None:
            return None
        if isinstance(rule, threading.Event):
            rule.wait(300)
            return None
        return rule

    def refuse(self, phase, address, reply):
        """Answers so in this phase (mail, rcpt, data) for this address, or
        for "*"; None ends it."""
        if reply is None:
            self.rules.pop((phase, address.lower()), None)
        else:
            self.rules[(phase, address.lower())] = reply

    def hang(self, phase, address):
        """Does not answer in this phase until set() on what is returned."""
        event = threading.Event()
        self.rules[(phase, address.lower())] = event
        return event

    def store(self, session, data):
        with self.lock:
            for rcpt, params in session.rcpts:
                self.mails.append(Mail(session.sender, rcpt, data, params,
                                       session.helo, session.peer))

    def to(self, address, start=0):
        """The messages that came for an address, in order."""
        with self.lock:
            return [m for m in self.mails[start:]
                    if m.rcpt.lower() == address.lower()]

    def mark(self):
        """Where the list of messages ends now."""
        with self.lock:
            return len(self.mails)

    def wait(self, address, count=1, start=0, timeout=20):
        """Waits for so many messages to an address and returns the last."""
        def enough():
            found = self.to(address, start)
            return found if len(found) >= count else None
        what = "message %d to %s" % (count, address)
        return wait_for(what, enough, timeout)[count - 1]

    def close(self):
        self.closing = True
        smtp.shut(self.listener)


def settle(sinks, quiet=1.0, timeout=20):
    """Waits until no sink has had a new message for a while."""
    end = time.monotonic() + timeout
    last, since = None, time.monotonic()
    while time.monotonic() < end:
        now = [s.mark() for s in sinks]
        if now != last:
            last, since = now, time.monotonic()
        elif time.monotonic() - since >= quiet:
            return
        time.sleep(0.05)
