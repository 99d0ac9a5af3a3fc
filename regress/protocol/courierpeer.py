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



"""Both ends of table-relay's courier: smtpd's side of its port, and servers
of accounts that behave, or do not."""

import base64
import os
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import traceback

from ports import free_port
from tablepeer import CREDENTIALS, SLOW, Text, World, wait_for
from peers import smtp
from peers.smtp import Closed

HANG = object()		# say nothing, and go on listening
DROP = object()		# close the connection
# What is freed is to be memory again, whatever looks for mistakes there.
os.environ["ASAN_OPTIONS"] = ":".join(
    [os.environ.get("ASAN_OPTIONS", ""), "quarantine_size_mb=1"]).lstrip(":")
USER = "fred@partner.example"
PASSWORD = "s3cret"


class Certs:
    """Certificates by name, made once for all tests of a program."""

    made = None

    def __init__(self):
        self.dir = tempfile.TemporaryDirectory()
        self.make("ca", "CN=Test CA")
        self.make("good", "CN=localhost", "DNS:localhost,IP:127.0.0.1", "ca")
        self.make("other", "CN=elsewhere.test", "DNS:elsewhere.test", "ca")
        self.make("self", "CN=localhost", "DNS:localhost,IP:127.0.0.1")
        os.environ["SSL_CERT_FILE"] = self.path("ca.crt")

    def path(self, name):
        return os.path.join(self.dir.name, name)

    def make(self, name, subject, san=None, ca=None, where=None):
        where = where or self.dir.name
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                   "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                   "-subj", "/" + subject,
                   "-keyout", os.path.join(where, name + ".key"),
                   "-out", os.path.join(where, name + ".crt")]
        if san:
            command += ["-addext", "subjectAltName=" + san,
                        "-addext", "basicConstraints=critical,CA:FALSE"]
        if ca:
            command += ["-CA", self.path(ca + ".crt"),
                        "-CAkey", self.path(ca + ".key")]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)

    def context(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path(name + ".crt"),
                                self.path(name + ".key"))
        return context

    @staticmethod
    def get():
        if Certs.made is None:
            Certs.made = Certs()
        return Certs.made


class Conn(smtp.Session):
    """One session of a server.  What it says at each stage its hooks say:
    a reply, HANG, DROP, or a function of the session that returns one of
    those, or None for what is usual."""

    def __init__(self, up, sock):
        super().__init__(up, sock)
        self.up = up
        self.login = self.mail = None
        self.rcpts, self.commands = [], []
        self.seen = 0

    def say(self, stage, usual):
        hook = self.up.hooks.get(stage)
        if callable(hook):
            hook = hook(self)
        if hook is DROP:
            raise Closed
        if hook is HANG:
            return
        self.send(hook if hook is not None else usual)

    def begin(self):
        if self.up.kind == "smtps":
            self.secure(self.up.context)
        self.say("greeting", "220 up.test ESMTP")

    def end(self):
        self.up.open.discard(self)
        super().end()

    def command(self, line):
        self.commands.append(line)
        self.up.commands.append(line)
        super().command(line)

    def unknown(self, line):
        self.send("500 5.5.1 what?")

    def do_ehlo(self, line):
        words = ["up.test"] + self.up.extensions
        if not self.tls and self.up.kind == "smtp+tls":
            words.append("STARTTLS")
        elif self.up.kind != "lmtp":
            words.append("AUTH PLAIN")
        self.say("ehlo", "\r\n".join("250-" + w for w in words[:-1])
                 + "\r\n250 " + words[-1])

    do_lhlo = do_ehlo

    def do_starttls(self, line):
        self.say("starttls", "220 2.0.0 go on")
        self.secure(self.up.context)

    def do_auth(self, line):
        user, password = self.plain(line)
        self.up.logins.append((user, password))
        if (user, password) != (self.up.user, self.up.password):
            self.say("refused", "535 5.7.8 bad login")
            return
        self.login = user
        self.say("auth", "235 2.7.0 welcome")

    def do_mail(self, line):
        self.mail, self.rcpts = line, []
        self.say("mail", "250 2.1.0 ok")

    def do_rcpt(self, line):
        self.rcpts.append(line)
        self.say("rcpt", "250 2.1.5 ok")

    def do_data(self, line):
        hook = self.up.hooks.get("data")
        self.say("data", "354 go on")
        if hook is None or (isinstance(hook, str) and hook[:3] == "354"):
            self.message()

    def message(self):
        body = bytearray(b"\r\n")
        while True:
            start = max(0, len(body) - 4)
            body += self.data
            self.data = b""
            end = body.find(b"\r\n.\r\n", start)
            if end != -1:
                break
            self.seen = len(body)
            hook = self.up.hooks.get("body")
            if hook is not None and hook(self) is DROP:
                raise Closed
            self.more()
        self.data = bytes(body[end + 5:])
        self.up.mails.append({"login": self.login, "mail": self.mail,
                              "rcpts": self.rcpts,
                              "body": bytes(body[2:end + 2])})
        for _ in self.rcpts if self.up.kind == "lmtp" else "x":
            self.say("end", "250 2.0.0 queued as 1")

    def do_rset(self, line):
        self.mail, self.rcpts = None, []
        self.say("rset", "250 2.0.0 ok")

    def do_noop(self, line):
        self.say("noop", "250 2.0.0 ok")

    def do_quit(self, line):
        self.say("quit", "221 2.0.0 bye")
        raise Closed


class Upstream:
    """A server of an account; kind as in the account's URL."""

    def __init__(self, kind="smtps", cert="good", hooks=None,
                 extensions=("8BITMIME", "DSN", "PIPELINING", "SIZE"),
                 port=0, conn=Conn):
        self.kind, self.conn = kind, conn
        self.hooks = {} if hooks is None else hooks
        self.user, self.password = USER, PASSWORD
        self.extensions = list(extensions)
        self.context = Certs.get().context(cert)
        self.mails, self.commands, self.logins = [], [], []
        self.open, self.accepted = set(), 0
        self.sock = smtp.listen(self.session, port=port)
        self.port = self.sock.getsockname()[1]

    def session(self, sock, _):
        self.accepted += 1
        conn = self.conn(self, sock)
        self.open.add(conn)
        return conn

    def url(self, host="localhost"):
        user = "" if self.kind == "lmtp" else "fred%40partner.example@"
        return "%s://%s%s:%d" % (self.kind, user, host, self.port)

    def drop_all(self, words=None):
        """Ends all sessions, with a goodbye."""
        for conn in list(self.open):
            try:
                if words:
                    conn.send(words)
                conn.sock.shutdown(socket.SHUT_RDWR)
            except (Closed, OSError):
                pass

    def close(self):
        smtp.shut(self.sock)
        self.drop_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Reply(str):
    """A reply's text, all lines of it."""

    @property
    def code(self):
        return int(self[:3])


class Client:
    """smtpd's end of a session with the courier."""

    def __init__(self, world, login=True):
        context = ssl.create_default_context(
            cafile=os.path.join(world.path, "courier.crt"))
        raw = socket.create_connection(("127.0.0.1", world.port), SLOW)
        self.sock = context.wrap_socket(raw, server_hostname="127.0.0.1")
        self.sock.settimeout(SLOW)
        self.data = b""
        self.greeting = self.reply()
        if login:
            assert self.cmd("EHLO smtpd.test").code == 250
            self.auth("courier", world.password())

    def auth(self, user, password):
        word = base64.b64encode(("\0%s\0%s" % (user, password)).encode())
        reply = self.cmd("AUTH PLAIN " + word.decode())
        assert reply.code == 235, reply
        return reply

    def send(self, data):
        self.sock.sendall(data.encode("latin-1")
                          if isinstance(data, str) else data)

    def reply(self):
        lines = []
        while True:
            while b"\r\n" not in self.data:
                data = self.sock.recv(65536)
                if not data:
                    raise Closed
                self.data += data
            line, self.data = self.data.split(b"\r\n", 1)
            assert len(line) <= 510 and line[:3].isdigit(), line
            assert all(32 <= b < 127 for b in line), line
            lines.append(line.decode())
            if line[3:4] != b"-":
                return Reply("\n".join(lines))

    def cmd(self, line):
        self.send(line + "\r\n")
        return self.reply()

    def want(self, code, line):
        reply = self.begin(line) if code == 250 else self.cmd(line)
        assert reply.code == code, (line, reply)
        return reply

    def begin(self, line):
        """Says MAIL as often as the session is not ready in time, which on
        a busy machine is nobody's fault."""
        end = time.monotonic() + SLOW
        while True:
            reply = self.cmd(line)
            if "No session with" not in reply or time.monotonic() > end:
                return reply

    def mail(self, sender, rcpts=("carol@customer.test",),
             body=b"Subject: x\r\n\r\nhello\r\n"):
        """A whole transaction; the last reply."""
        reply = self.begin("MAIL FROM:<%s>" % sender)
        if reply.code != 250:
            return reply
        for rcpt in rcpts:
            self.want(250, "RCPT TO:<%s>" % rcpt)
        self.want(354, "DATA")
        self.send(body + b".\r\n")
        return self.reply()

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class CourierWorld(World):
    """A world with accounts, and a table-relay that has a courier."""

    def __init__(self, more="alternates allow", cert=True, start=True):
        certs = Certs.get()
        self.port = free_port()
        self.lock, self.serial = threading.RLock(), 0
        super().__init__(more="outbound {\n\tcourier 127.0.0.1 port %d\n"
                         "\t%s\n}\n" % (self.port, more))
        if cert:
            certs.make("courier", "CN=courier", "IP:127.0.0.1",
                       where=self.path)
        self.table = None
        if start:
            self.start()

    def start(self):
        self.table = Text(self, "mail_senders")
        self.ready()

    def ready(self):
        wait_for("courier", lambda: self.credentials() != "error", SLOW)

    def seed(self, command):
        with self.lock:
            return super().seed(command)

    def credentials(self):
        with self.lock:
            return self.table.lookup("courier", CREDENTIALS, SLOW)

    def password(self):
        answer = self.credentials()
        assert answer.startswith("found courier:"), answer
        return answer.split(":", 1)[1]

    def sender(self, up, password=PASSWORD, url=None, host="localhost"):
        """An address whose mail leaves through that server."""
        with self.lock:
            self.serial += 1
            name = "acc%d" % self.serial
            address = "user%d@partner.example" % self.serial
            self.account(name, url or up.url(host), password)
            self.seed("identity user%d %s %s" % (self.serial, address, name))
            return address

    def account(self, name, url, password=PASSWORD):
        if url.startswith(("null:", "lmtp:")):
            password = ""
        self.seed(("account %s %s %s" % (name, url, password)).rstrip())

    def rss(self, field="VmRSS"):
        """The courier's memory in bytes; VmHWM is the most it has had."""
        with open("/proc/%d/status" % self.table.role("courier")) as f:
            for line in f:
                if line.startswith(field + ":"):
                    return int(line.split()[1]) * 1024
        return 0

    def close(self):
        if self.table:
            self.table.close()
        super().close()


def together(function, values):
    """Calls it with each value at the same time: most wait most of it."""
    failed = []

    def run(value):
        try:
            function(value)
        except Exception as e:
            failed.append((value, e))

    threads = [threading.Thread(target=run, args=(v,)) for v in values]
    for t in threads:
        t.start()
    for t in threads:
        t.join(4 * SLOW)
        assert not t.is_alive()
    for value, e in failed:
        raise AssertionError("with %r" % (value,)) from e


def main(tests):
    """Runs every test_NAME() of a module, with a world that they share."""
    failed = 0
    with CourierWorld() as world:
        for name, function in list(tests.items()):
            if not name.startswith("test_"):
                continue
            start = time.monotonic()
            try:
                function(world)
                print("%s: %.1f s" % (name[5:], time.monotonic() - start))
            except Exception:
                failed += 1
                traceback.print_exc()
                print("%s failed" % name[5:])
        if failed:
            print(world.table.logged())
    raise SystemExit(1 if failed else 0)
