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

"""A company with a shared mailbox: the world in which the tests play."""

import smtplib
import socket
import time

from relaytest import mail, ns
from relaytest.world import ADDRESS, LIBEXEC, World

MAILBOX = "support@company.example"
CAROL = "carol@customer.test"
PETE = "pete@elsewhere.test"
ALICE = mail.Writer("alice.liddell@home.example", "Alice Liddell",
                    "rabbit-hole.home.example")
BOB = mail.Writer("bob.jones@freemail.example", "Bob Jones",
                  "garage.freemail.example")
# What a customer must never see of these two.
PRIVATE = ("alice.liddell", "home.example", "rabbit-hole", "liddell",
           "bob.jones", "freemail.example", "garage", "10.77.2.1",
           "192.168.44.5", "secretmailer")

CONF = """database "/var/lib/smtprelay/relay.db"
key "/etc/mail/relay.key"
domain { "company.example", "company.test" }
%s
replies {
%s
}
"""
REPLIES = """	authenticate signature
	commands accept
"""
SMTPD = """table mailboxes relay:/etc/mail/relay.conf
mta limit conn-delay-route 0 conn-delay-relay 0 reconn-delay-route 0
%(head)s
filter replies proc-exec "filter-relay" user _smtprelay
%(socket)s
listen on 0.0.0.0 filter %(filter)s
%(listen)s
action "copies" mda "exec 2>/dev/null; %(libexec)s/mda-relay %%{dest} || \
exit 75" user _smtprelay virtual <mailboxes>
action "local" maildir
action "out" relay
match from any for domain "plain.example" action "local"
match from any for rcpt-to <mailboxes> action "copies"
match from any for domain "company.example" action "local"
match tag SUBMISSION from auth for any action "out"
match from local for any action "out"
"""


class Outcome:
    """What smtpd answered to one message: pairs of code and text."""

    def __init__(self):
        self.mail = self.final = (0, "")
        self.rcpts = []

    def __str__(self):
        return "mail %r, rcpt %r, end %r" % (self.mail, self.rcpts,
                                             self.final)


def again(send, log, seconds=60):
    """send() once more while the answer is "later" and nothing was taken, as
    every mail server does."""
    end = time.monotonic() + seconds
    while True:
        out = send()
        if not 400 <= out.final[0] < 500 or time.monotonic() > end:
            return out
        log(b"test: sends again after %s\n" % str(out).encode())
        time.sleep(1)


class Client(smtplib.SMTP):
    """An SMTP client that speaks from a host of the test network."""

    def __init__(self, host, address=ADDRESS, port=25, helo=None):
        super().__init__(timeout=120 * ns.PATIENCE,
                         local_hostname=helo or "client.example")
        self.host_of = host
        self._host = address
        self.connect(address, port)
        self.ehlo()

    def _get_socket(self, host, port, timeout):
        s = self.host_of.socket()
        s.settimeout(timeout)
        s.connect((host, port))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def message(self, sender, rcpts, data):
        """One transaction, to its end or to the first refusal of all."""
        out = Outcome()

        def ask(line):
            code, words = self.docmd(line)
            return code, words.decode("utf-8", "replace")

        out.mail = out.final = ask("MAIL FROM:<%s>" % sender)
        if out.mail[0] != 250:
            return out
        for rcpt in rcpts:
            out.rcpts.append(ask("RCPT TO:<%s>" % rcpt))
        if all(code >= 400 for code, _ in out.rcpts):
            out.final = out.rcpts[0]
            ask("RSET")
            return out
        out.final = ask("DATA")
        if out.final[0] != 354:
            return out
        self.send(smtplib._quote_periods(data))
        if not data.endswith(b"\n"):
            self.send(b"\r\n")
        self.send(b".\r\n")
        code, words = self.getreply()
        out.final = code, words.decode("utf-8", "replace")
        return out


class Relay(World):
    """A world with our programs, a mailbox and two workers."""

    def __init__(self, release, replies=REPLIES, top="", dkim=False,
                 submission=False, start=True, **smtpd):
        super().__init__(release)
        try:
            self.write("/etc/mail/relay.conf", CONF % (top, replies))
            self.ctl("init")
            self.add_user("dave", 2001)
            self.people()
            self.conf = self.smtpd_conf(dkim, submission, smtpd)
            if start:
                self.start_smtpd(self.conf)
        except BaseException:
            self.close()
            raise

    def people(self):
        self.ctl("mailbox", "add", MAILBOX, "-n", "Company Support")
        self.ctl("mailbox", "add", "sales@company.example", "-n",
                 "Company Sales")
        self.ctl("worker", "add", "alice", "-n", "Alice", ALICE.address,
                 "-u", "alice")
        self.ctl("worker", "add", "bob", "-n", "Bob", BOB.address)
        self.ctl("mailbox", "join", MAILBOX, "alice", "bob")

    def smtpd_conf(self, dkim, submission, words):
        """The smtpd.conf of this world; words overrule parts of it."""
        part = {"head": "", "socket": "listen on socket", "listen": "",
                "filter": "replies", "libexec": LIBEXEC}
        if dkim:
            self.dkim_key()
            part["head"] += (
                'filter sign proc-exec "filter-dkimsign -d company.example '
                '-s mail -k /etc/mail/dkim.key" user _dkimsign group '
                '_dkimsign\n')
            part["socket"] = "listen on socket filter sign"
        if submission:
            self.tls_key()
            part["head"] += ('pki edge cert "/etc/mail/mx.crt"\n'
                             'pki edge key "/etc/mail/mx.key"\n')
            part["listen"] = (
                "listen on 0.0.0.0 port 587 tls-require pki edge auth "
                "tag SUBMISSION filter replies\n")
        part.update(words)
        return SMTPD % part

    def dkim_key(self):
        pem = ns.run(["openssl", "genrsa", "2048"]).stdout
        self.write("/etc/mail/dkim.key", pem, 0o640, "root:_dkimsign")
        self.dkim_pem = pem

    def tls_key(self):
        ns.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                "-subj", "/CN=mx.company.example", "-days", "30",
                "-keyout", self.path("/etc/mail/mx.key"),
                "-out", self.path("/etc/mail/mx.crt")])
        for name in ("/etc/mail/mx.key", "/etc/mail/mx.crt"):
            self.run(["chmod", "0600", name])
            self.run(["chown", "root:root", name])

    def start_smtpd(self, conf=None, answers=True):
        """Starts smtpd; waits until our programs answer, too."""
        super().start_smtpd(conf)
        if answers:
            self.wait_answers()

    def wait_answers(self, rcpt="abuse@company.example"):
        """Waits until neither table nor filter says 451 any more."""
        def answers():
            client = self.client(self.stranger)
            client.docmd("MAIL FROM:<probe@elsewhere.test>")
            codes = [client.docmd("RCPT TO:<%s>" % r)[0]
                     for r in (rcpt, MAILBOX)]
            client.close()
            return 451 not in codes
        ns.wait_for("answers of our programs", answers, 15, 0.1)

    # Mail

    def client(self, site, **kw):
        return Client(site.host, **kw)

    def send(self, site, sender, rcpts, data):
        """One message in a session of its own."""
        if isinstance(rcpts, str):
            rcpts = [rcpts]
        client = self.client(site)
        try:
            return client.message(sender, rcpts, data)
        finally:
            client.close()

    def accept(self, site, sender, rcpts, data):
        """send() that must end in 250 for every recipient."""
        out = again(lambda: self.send(site, sender, rcpts, data), self.add_log)
        assert out.final[0] == 250 and all(
            code == 250 for code, _ in out.rcpts), "refused: %s" % out
        return out

    def ask(self, subject="A question", body="How do I do it?\n", extra="",
            sender=CAROL, name="Carol Customer", to=MAILBOX, mid=None,
            cc=None):
        """A customer's message to the mailbox; returns its Message-Id."""
        site = self.site_of(sender)
        lines = extra + ("Cc: %s\n" % cc if cc else "")
        data = mail.message('"%s" <%s>' % (name, sender), to, subject, body,
                            lines, mid=mid)
        self.accept(site, sender, [to], data)
        return mail.header(mail.parse(data), "Message-ID")

    def site_of(self, address):
        domain = address.split("@")[1]
        return {"customer.test": self.customer, "home.example": self.worker,
                "freemail.example": self.worker,
                "elsewhere.test": self.stranger}[domain]

    def got(self, address, count=1, start=0, timeout=20):
        """The message with this number for an address; waits for it."""
        sink = self.site_of(address).sink
        return sink.wait(address, count, start, timeout)

    def copy(self, who=ALICE, count=1, **ask):
        """Carol asks, and what the worker then gets."""
        self.ask(**ask)
        return self.got(who.address, count).data

    def answer(self, copy, who=ALICE, **reply):
        """A worker's reply, accepted."""
        rcpts, data = who.reply(copy, **reply)
        return self.accept(self.worker, who.address, rcpts, data)

    def try_answer(self, copy, who=ALICE, sender=None, site=None, **reply):
        """A worker's reply and what became of it."""
        rcpts, data = who.reply(copy, **reply)
        if sender is None:
            sender = who.address
        return self.send(site or self.worker, sender, rcpts, data)
