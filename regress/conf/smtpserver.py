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

import base64
import os
import socketserver
import ssl
import sys

cert, key, user, password, where = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
taken = 0


class Session(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")
        self.wfile.flush()

    def starttls(self):
        self.say("220 2.0.0 go on")
        self.connection = context.wrap_socket(self.connection,
                                              server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb")

    def login(self, words):
        said = base64.b64decode(words[2]).decode().split("\0")[1:]
        if said == [user, password]:
            self.say("235 2.7.0 welcome back")
            return True
        self.say("535 5.7.8 not with this password")
        return False

    def take(self, envelope):
        global taken
        self.say("354 go on")
        lines = [envelope]
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line.decode().rstrip("\r\n"))
        taken += 1
        name = os.path.join(where, "mail.%d" % taken)
        with open(name + ".new", "w") as f:
            f.write("\n".join(lines) + "\n")
        os.rename(name + ".new", name)
        self.say("250 2.0.0 taken")

    def handle(self):
        self.say("220 smtpserver ESMTP")
        for line in self.rfile:
            words = line.decode().split()
            verb = words[0].upper() if words else ""
            if verb == "EHLO":
                self.say("250-smtpserver")
                self.say("250 STARTTLS")
            elif verb == "STARTTLS":
                self.starttls()
                return self.secure()
            elif verb == "QUIT":
                return self.say("221 2.0.0 bye")
            else:
                self.say("530 5.7.0 STARTTLS first")

    def secure(self):
        logged_in, envelope = False, ""
        for line in self.rfile:
            words = line.decode().split()
            verb = words[0].upper() if words else ""
            if verb == "EHLO":
                self.say("250-smtpserver")
                self.say("250 AUTH PLAIN LOGIN")
            elif verb == "AUTH":
                logged_in = self.login(words)
            elif verb == "QUIT":
                return self.say("221 2.0.0 bye")
            elif not logged_in:
                self.say("530 5.7.0 AUTH first")
            elif verb == "DATA":
                self.take(envelope)
            elif b"refused@" in line:
                self.say("550 5.1.1 nobody of that name")
            else:
                envelope += line.decode().strip() + " "
                self.say("250 2.0.0 ok")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


with Server(("127.0.0.1", 0), Session) as server:
    with open(os.path.join(where, "port.new"), "w") as f:
        print(server.server_address[1], file=f)
    os.rename(os.path.join(where, "port.new"), os.path.join(where, "port"))
    server.serve_forever()
