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

# A mail server with one login, for account test and identity add:
#
#	smtpserver.py CERT KEY USER PASSWORD DIRECTORY
#
# writes its port to DIRECTORY/port, and what it took to DIRECTORY/mail.N with
# the envelope as its first line.  It wants STARTTLS, then AUTH PLAIN.

import os
import ssl
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../lib"))
from peers import smtp  # noqa: E402

cert, key, user, password, where = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
taken = 0


class Session(smtp.Session):
    logged_in, envelope = False, ""

    def begin(self):
        self.send("220 smtpserver ESMTP")

    def do_ehlo(self, _):
        self.send("250-smtpserver\r\n250 " + (
            "AUTH PLAIN LOGIN" if self.tls else "STARTTLS"))

    def do_starttls(self, _):
        self.send("220 2.0.0 go on")
        self.secure(context)

    def do_auth(self, line):
        self.logged_in = self.plain(line) == (user, password)
        self.send("235 2.7.0 welcome back" if self.logged_in else
                  "535 5.7.8 not with this password")

    def unknown(self, line):
        if not self.tls:
            self.send("530 5.7.0 STARTTLS first")
        elif not self.logged_in:
            self.send("530 5.7.0 AUTH first")
        elif line.upper() == "DATA":
            self.take()
        elif "refused@" in line:
            self.send("550 5.1.1 nobody of that name")
        else:
            self.envelope += line.strip() + " "
            self.send("250 2.0.0 ok")

    def take(self):
        global taken
        self.send("354 go on")
        lines = [self.envelope] + [x.decode().rstrip("\r\n")
                                   for x in self.body()]
        taken += 1
        tell("mail.%d" % taken, "\n".join(lines))
        self.envelope = ""
        self.send("250 2.0.0 taken")


def tell(name, text):
    path = os.path.join(where, name)
    with open(path + ".new", "w") as f:
        f.write(text + "\n")
    os.rename(path + ".new", path)


listener = smtp.listen(lambda sock, _: Session(None, sock))
tell("port", "%d" % listener.getsockname()[1])
threading.Event().wait()
