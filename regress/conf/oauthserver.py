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
import http.server
import json
import os
import socketserver
import ssl
import sys
import threading
import urllib.parse

cert, key, where = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
USER, CLIENT, SECRET = "dora@cloud.example", "the+client", "cl;ent-s3cr=t"
state = {"refresh": "refresh/1+s3cret", "serial": 0}
tokens, forgotten = set(), set()


def mode():
    with open(os.path.join(where, "mode"), encoding="ascii") as f:
        return f.read().strip()


class Token(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body, **headers):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def client(self, form):
        """How the client says who it is: body, basic, or None."""
        field = self.headers.get("Authorization", "")
        if field.startswith("Basic "):
            pair = base64.b64decode(field[6:]).decode().split(":")
            pair = [urllib.parse.unquote_plus(x) for x in pair]
            how = "basic"
        else:
            pair = [form.get("client_id"), form.get("client_secret")]
            how = "body"
        return how if pair == [CLIENT, SECRET] else None

    def do_POST(self):
        size = int(self.headers["Content-Length"])
        form = dict(urllib.parse.parse_qsl(self.rfile.read(size).decode()))
        how, now = self.client(form), mode()
        with open(os.path.join(where, "requests"), "a",
                  encoding="ascii") as f:
            f.write("%s %s %s\n" % (self.path, how, form.get("scope")))
        bad = {
            "html": (200, b"<html>welcome</html>"),
            "huge": (200, b'{"x":"' + b"y" * 200000 + b'"}'),
            "later": (503, {"error": "temporarily_unavailable"}),
            "twice": (200, b'{"access_token":"a","access_token":"b",'
                      b'"token_type":"Bearer"}'),
            "echo": (400, {"error": "invalid_grant",
                           "error_description": state["refresh"]}),
        }
        if now == "redirect":
            self.answer(307, b"", Location="https://localhost:%d/other"
                        % self.server.server_port)
        elif now in bad:
            self.answer(*bad[now])
        elif how != ("basic" if now == "basic" else "body"):
            self.answer(401, {"error": "invalid_client"})
        elif (now == "revoked" or form["grant_type"] != "refresh_token" or
              form["refresh_token"] != state["refresh"]):
            self.answer(400, {"error": "invalid_grant",
                              "error_description": "consent is gone"})
        else:
            self.good(now)

    def good(self, now):
        state["serial"] += 1
        token = "access-%d-s3cret" % state["serial"]
        tokens.add(token)
        answer = {"access_token": token, "token_type": "bearer",
                  "expires_in": 3600}
        if now == "rotate":
            state["refresh"] = "refresh/%d+s3cret" % (state["serial"] + 1)
            answer["refresh_token"] = state["refresh"]
        self.answer(200, answer)


class Mail(socketserver.StreamRequestHandler):
    token = None

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")
        self.wfile.flush()

    def login(self, words):
        said = base64.b64decode(words[2]).decode()
        self.token = token = said.split("auth=Bearer ")[1].strip("\1")
        named = "a=%s," % USER if words[1] == "OAUTHBEARER" else (
            "user=%s\1" % USER)
        if token in tokens and named in said and mode() != "stranger":
            self.say("235 2.7.0 welcome back")
            return
        self.say("334 " + base64.b64encode(b'{"status":"401"}').decode())
        self.rfile.readline()
        self.say("535 5.7.8 not with this token")

    def handle(self):
        try:
            self.say("220 cloud.example ESMTP")
            for line in self.rfile:
                words = line.decode().split()
                verb = words[0].upper()
                if mode() == "forget" and not forgotten:
                    forgotten.update(tokens)
                    tokens.clear()
                if self.token in forgotten:
                    self.say("421 4.7.0 log in again")
                    return
                if verb == "EHLO":
                    self.say("250-cloud.example\r\n250 AUTH " + (
                        "XOAUTH2" if mode() == "basic" else
                        "PLAIN XOAUTH2 OAUTHBEARER"))
                elif verb == "AUTH":
                    self.login(words)
                elif verb == "DATA":
                    self.say("354 go on")
                    while self.rfile.readline() not in (b".\r\n", b""):
                        pass
                    self.say("250 2.0.0 taken")
                else:
                    self.say("221 bye" if verb == "QUIT" else "250 ok")
        except (OSError, ValueError, IndexError):
            pass


def secured(server):
    server.socket = context.wrap_socket(server.socket, server_side=True,
                                        do_handshake_on_connect=False)
    return server


class Mails(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


class Tokens(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass


def port(name, server):
    path = os.path.join(where, name)
    with open(path + ".new", "w", encoding="ascii") as f:
        f.write("%d\n" % server.server_address[1])
    os.rename(path + ".new", path)


token_server = secured(Tokens(("127.0.0.1", 0), Token))
mail_server = secured(Mails(("127.0.0.1", 0), Mail))
port("token.port", token_server)
threading.Thread(target=token_server.serve_forever, daemon=True).start()
port("smtp.port", mail_server)
mail_server.serve_forever()
