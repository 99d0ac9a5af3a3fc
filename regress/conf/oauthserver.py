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

# A token endpoint and a mail server that believes its tokens:
#
#	oauthserver.py CERT KEY DIRECTORY
#
# writes their ports to DIRECTORY/token.port and DIRECTORY/smtp.port, a line
# for each request of a token to DIRECTORY/requests, and does what the word in
# DIRECTORY/mode says: ok, rotate (a new refresh token each time), basic (the
# client's secret in HTTP's own field), forget (tokens so far are no good, and
# sessions with them end), or one of several things that are no token.

import base64
import os
import socket
import ssl
import sys
import threading
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../lib"))
from peers import oauth, smtp  # noqa: E402

cert, key, where = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
USER, CLIENT, SECRET = "dora@cloud.example", "the+client", "cl;ent-s3cr=t"
state = {"refresh": "refresh/1+s3cret", "serial": 0}
tokens, forgotten = set(), set()


def mode():
    with open(os.path.join(where, "mode"), encoding="ascii") as f:
        return f.read().strip()


class Tokens(oauth.TokenServer):
    def client(self, form, headers):
        """How the client says who it is: body, basic, or None."""
        field = headers.get("Authorization", "")
        if field.startswith("Basic "):
            pair = base64.b64decode(field[6:]).decode().split(":")
            pair = [urllib.parse.unquote_plus(x) for x in pair]
            how = "basic"
        else:
            pair = [form.get("client_id"), form.get("client_secret")]
            how = "body"
        return how if pair == [CLIENT, SECRET] else None

    def answer(self, path, form, headers):
        how, now = self.client(form, headers), mode()
        with open(os.path.join(where, "requests"), "a",
                  encoding="ascii") as f:
            f.write("%s %s %s\n" % (path, how, form.get("scope")))
        bad = {
            "html": (200, b"<html>welcome</html>"),
            "huge": (200, b'{"x":"' + b"y" * 200000 + b'"}'),
            "later": (503, {"error": "temporarily_unavailable"}),
            "twice": (200, b'{"access_token":"a","access_token":"b",'
                      b'"token_type":"Bearer"}'),
            "echo": (400, {"error": "invalid_grant",
                           "error_description": state["refresh"]}),
            "redirect": (307, b"", ("Location", "https://localhost:%d/other"
                                    % self.port)),
        }
        if now in bad:
            return bad[now]
        if how != ("basic" if now == "basic" else "body"):
            return 401, {"error": "invalid_client"}
        if (now == "revoked" or form["grant_type"] != "refresh_token" or
                form["refresh_token"] != state["refresh"]):
            return 400, {"error": "invalid_grant",
                         "error_description": "consent is gone"}
        return 200, self.good(now)

    def good(self, now):
        state["serial"] += 1
        token = "access-%d-s3cret" % state["serial"]
        tokens.add(token)
        answer = {"access_token": token, "token_type": "bearer",
                  "expires_in": 3600}
        if now == "rotate":
            state["refresh"] = "refresh/%d+s3cret" % (state["serial"] + 1)
            answer["refresh_token"] = state["refresh"]
        return answer


class Mail(smtp.Session):
    token = None

    def begin(self):
        self.secure(context)
        self.send("220 cloud.example ESMTP")

    def command(self, line):
        if mode() == "forget" and not forgotten:
            forgotten.update(tokens)
            tokens.clear()
        if self.token in forgotten:
            self.send("421 4.7.0 log in again")
            raise smtp.Closed
        super().command(line)

    def do_ehlo(self, _):
        self.send("250-cloud.example\r\n250 AUTH " + (
            "XOAUTH2" if mode() == "basic" else
            "PLAIN XOAUTH2 OAUTHBEARER"))

    def do_auth(self, line):
        words = line.split(" ")
        said = base64.b64decode(words[2]).decode()
        self.token = token = said.split("auth=Bearer ")[1].strip("\1")
        named = "a=%s," % USER if words[1] == "OAUTHBEARER" else (
            "user=%s\1" % USER)
        if token in tokens and named in said and mode() != "stranger":
            self.send("235 2.7.0 welcome back")
            return
        self.send("334 " + base64.b64encode(b'{"status":"401"}').decode())
        self.read()
        self.send("535 5.7.8 not with this token")

    def do_data(self, _):
        self.send("354 go on")
        list(self.body())
        self.send("250 2.0.0 taken")


def tell(name, port):
    path = os.path.join(where, name)
    with open(path + ".new", "w", encoding="ascii") as f:
        f.write("%d\n" % port)
    os.rename(path + ".new", path)


tell("token.port", Tokens(socket.socket(), ("127.0.0.1", 0), context).port)
mails = smtp.listen(lambda sock, _: Mail(None, sock))
tell("smtp.port", mails.getsockname()[1])
threading.Event().wait()
