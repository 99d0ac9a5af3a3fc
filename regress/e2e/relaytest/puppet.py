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

"""A provider's mail server that does at each stage of a session what it is
told: hangs, drops the connection, says something else."""

import base64
import functools
import os
import re
import ssl
import threading
import warnings

from relaytest import ns
from peers import smtp
from peers.smtp import Closed

DROP = "drop"
EXTENSIONS = ("PIPELINING", "8BITMIME", "SIZE 50000000", "DSN",
              "ENHANCEDSTATUSCODES")


class Taken:
    """One message that was accepted, for all its recipients."""

    def __init__(self, session, data):
        self.user = session.user
        self.sender = session.sender
        self.rcpts = list(session.rcpts)
        self.params = session.params
        self.data = data
        self.session = session.number


class Session(smtp.Session):
    """One connection."""

    def __init__(self, puppet, conn, tls, lmtp=False):
        super().__init__(puppet, conn)
        self.puppet = puppet
        self.implicit = tls
        self.lmtp = lmtp
        self.user = "" if lmtp else None
        self.sender = self.mech = None
        self.params = ""
        self.rcpts = []
        with puppet.lock:
            puppet.count += 1
            self.number = puppet.count

    def begin(self):
        if self.implicit:
            self.handshake()
        self.say("greeting", "220 %s ESMTP" % self.puppet.name)

    def handshake(self):
        self.act("handshake")
        self.secure(self.puppet.context)

    def say_clear(self, data):
        """Sends past TLS, and then nothing more."""
        os.write(self.sock.fileno(), data)
        raise Closed()

    def act(self, stage):
        """What is done at this stage; the answer that it puts in the place of
        the usual one, or None."""
        rule = self.puppet.rule(stage, self)
        if rule == DROP:
            raise Closed()
        if isinstance(rule, threading.Event):
            self.puppet.hanging.add(self.number)
            rule.wait(600)
            self.puppet.hanging.discard(self.number)
            if self.puppet.closing:
                raise Closed()
            return None
        return rule(self) if callable(rule) else rule

    def say(self, stage, line):
        """Answers; several lines of an answer are given with LF."""
        said = self.act(stage)
        if said is None:
            lines = line.split("\n")
            said = b"".join(b"%s%s%s\r\n" % (x[:3].encode(), b"-" if n + 1 <
                                            len(lines) else b" ",
                                            x[4:].encode())
                            for n, x in enumerate(lines))
        self.send(said)

    def command(self, line):
        line = line.strip()
        self.puppet.note(self, line)
        verb, _, rest = line.partition(" ")
        verb = verb.upper()
        if verb in ("EHLO", "HELO", "LHLO"):
            self.ehlo()
        elif verb == "STARTTLS":
            self.say("starttls", "220 2.0.0 go on")
            self.data = b""
            self.handshake()
        elif verb == "AUTH":
            self.auth(rest)
        elif verb in ("MAIL", "RCPT", "DATA") and self.user is None:
            self.say("early", "530 5.7.0 who are you")
        elif verb == "MAIL":
            self.mail(rest)
        elif verb == "RCPT":
            self.rcpt(rest)
        elif verb == "DATA":
            self.message()
        elif verb == "QUIT":
            self.say("quit", "221 2.0.0 bye")
            raise Closed()
        else:
            self.rcpts = [] if verb == "RSET" else self.rcpts
            self.say(verb.lower(), "250 2.0.0 ok")

    def ehlo(self):
        words = ["250 " + self.puppet.name]
        words += ["250 " + x for x in self.puppet.extensions]
        if not self.tls and self.puppet.starttls and not self.lmtp:
            words.append("250 STARTTLS")
        if (self.tls or self.puppet.plain) and not self.lmtp:
            words.append("250 AUTH " + self.puppet.mechanisms)
        self.say("ehlo" if self.tls else "hello", "\n".join(words))

    def auth(self, rest):
        mech, _, first = rest.partition(" ")

        def ask(prompt):
            self.send(b"334 " + base64.b64encode(prompt) + b"\r\n")
            return self.line().strip()

        if mech.upper() == "LOGIN":
            user = base64.b64decode(first or ask(b"Username:")).decode()
            word = base64.b64decode(ask(b"Password:")).decode()
        else:
            text = base64.b64decode(first or ask(b"")).decode()
            if mech.upper() == "PLAIN":
                _, user, word = text.split("\0")
            else:
                user = re.search(r"(?:user=|a=)([^\1,]*)", text).group(1)
                word = re.search(r"auth=Bearer ([^\1]*)", text).group(1)
        good = self.puppet.users.get(user) == word
        with self.puppet.lock:
            self.puppet.auths.append((user, mech.upper(), word, good))
        self.mech = mech.upper()
        if good:
            # The rules may be for one user, so he is known already.
            self.user = user
            self.say("auth", "235 2.7.0 welcome")
            return
        if mech.upper() in ("XOAUTH2", "OAUTHBEARER"):
            ask(b'{"status":"401"}')
        self.say("refused", "535 5.7.8 no such user or password")

    def mail(self, rest):
        m = re.match(r"(?i)FROM:\s*<([^>]*)>(.*)", rest)
        self.sender, self.params = m.groups()
        self.rcpts = []
        self.say("mail", "250 2.1.0 sender ok")

    def rcpt(self, rest):
        address = re.match(r"(?i)TO:\s*<([^>]*)>", rest).group(1)
        if address.startswith("nobody"):
            self.say("rcpt", "550 5.1.1 %s knows no %s" % (
                self.puppet.name, address))
            return
        self.rcpts.append(address)
        self.say("rcpt", "250 2.1.5 recipient ok")

    def message(self):
        if not self.rcpts:
            self.say("data", "554 5.5.1 no valid recipients")
            return
        self.say("data", "354 go on")
        lines, size, started = [], 0, False
        for line in self.body():
            if not started:
                started = True
                self.act("body")
            size += len(line)
            if self.puppet.keep_data:
                lines.append(line)
        # The rule for "dot" may refuse the message, "stored" comes too late.
        said = self.act("dot")
        if said is None or said.startswith(b"2"):
            self.puppet.take(Taken(self, b"".join(lines)), size)
        if said is not None:
            self.send(said)
        else:
            for _ in self.rcpts if self.lmtp else (1,):
                self.say("stored", "250 2.0.0 taken by %s" % self.puppet.name)
        self.rcpts = []
        self.act("idle")


class Puppet:
    """Listens on 587 and 465 of an address, and for LMTP on 2003; users maps
    logins to passwords or access tokens, and may be changed at any time."""

    def __init__(self, world, name, address, users, ca, fault=None):
        self.name = name
        self.users = dict(users)
        self.world = world
        self.lock = threading.Lock()
        self.mails, self.auths, self.lines = [], [], []
        self.names = []
        self.rules = {}
        self.hanging = set()
        self.count = self.bytes = 0
        self.closing = self.plain = False
        self.starttls = self.keep_data = True
        self.extensions = EXTENSIONS
        self.mechanisms = "PLAIN LOGIN"
        self.certify(ca, fault)
        world.dns.host(name, address)
        self.host = ns.Host(world.pid, address)
        self.address = address
        self.listeners = []
        self.listen()

    def certify(self, ca, fault=None):
        """Takes this certificate from the next session on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*ca.issue(self.name, fault))
        context.sni_callback = lambda _, name, __: self.names.append(name)
        self.context = context

    def old_tls(self):
        """Speaks TLS 1.1 and nothing newer."""
        self.context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.context.minimum_version = ssl.TLSVersion.TLSv1
            self.context.maximum_version = ssl.TLSVersion.TLSv1_1

    def listen(self):
        """Listens again after deaf()."""
        family = ns.family(self.address)
        for port in (587, 465, 2003):
            self.listeners.append(smtp.listen(
                functools.partial(self.session, port), self.address, port,
                self.host.socket(family=family)))

    def session(self, port, conn, _):
        return Session(self, conn, port == 465, port == 2003)

    def deaf(self):
        """Connections are refused from now on."""
        for s in self.listeners:
            smtp.shut(s)
        self.listeners = []

    # What it is told

    def rule(self, stage, session):
        with self.lock:
            for key in ((stage, session.user), (stage, None)):
                if key in self.rules:
                    what, times = self.rules[key]
                    if times is not None:
                        if times <= 1:
                            del self.rules[key]
                        else:
                            self.rules[key] = what, times - 1
                    return what
        return None

    def do(self, stage, what, user=None, times=None):
        """At this stage, of this user's sessions or of all, so many times or
        always: DROP, bytes to say instead, an event to wait for, or a function
        of the session that returns bytes or None."""
        with self.lock:
            self.rules[stage, user] = what, times

    def hang(self, stage, user=None):
        """Hangs there until set() on what is returned."""
        event = threading.Event()
        self.do(stage, event, user)
        return event

    def behave(self):
        """Forgets every rule, and lets go on what hangs."""
        with self.lock:
            rules, self.rules = self.rules, {}
        for what, _ in rules.values():
            if isinstance(what, threading.Event):
                what.set()

    # What it has seen

    def note(self, session, line):
        with self.lock:
            if len(self.lines) < 20000:
                self.lines.append((session.number, line))

    def take(self, mail, size):
        with self.lock:
            self.bytes += size
            self.mails.append(mail)

    def sent_by(self, sender):
        with self.lock:
            return [m for m in self.mails if m.sender == sender]

    def to(self, rcpt):
        with self.lock:
            return [m for m in self.mails if rcpt in m.rcpts]

    def wait(self, count, timeout=30):
        """Waits until so many mails were taken."""
        return ns.wait_for("%d mails at %s" % (count, self.name),
                           lambda: len(self.mails) >= count, timeout)

    def close(self):
        self.closing = True
        self.behave()
        self.deaf()
        self.host.close()
