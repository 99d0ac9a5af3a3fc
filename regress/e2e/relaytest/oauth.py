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

"""A provider's server of access tokens (RFC 6749 section 6), over HTTPS."""

import http.server
import json
import ssl
import threading
import urllib.parse

from relaytest import ns


class Request(http.server.BaseHTTPRequestHandler):
    """POST /token"""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        size = int(self.headers.get("Content-Length", "0"))
        form = {k: v[0] for k, v in urllib.parse.parse_qs(
            self.rfile.read(size).decode()).items()}
        code, answer = self.server.owner.answer(self.path, form)
        data = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class TokenServer:
    """grants maps refresh tokens to functions that make an access token; who
    is taken out has revoked consent."""

    def __init__(self, world, name, address, ca, seconds=3600):
        self.name = name
        self.grants = {}
        self.rotate = {}
        self.forms = []
        self.seconds = seconds
        world.dns.host(name, address)
        self.host = ns.Host(world.pid, address)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*ca.issue(name))
        self.http = http.server.ThreadingHTTPServer(
            (address, 443), Request, bind_and_activate=False)
        self.http.daemon_threads = True
        self.http.owner = self
        self.http.socket.close()
        self.http.socket = context.wrap_socket(self.host.socket(), True)
        self.http.socket.bind((address, 443))
        self.http.socket.listen(64)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def answer(self, path, form):
        self.forms.append(form)
        old = form.get("refresh_token")
        if (path != "/token" or form.get("grant_type") != "refresh_token" or
                form.get("client_id") != "our-client"):
            return 400, {"error": "invalid_request"}
        if old not in self.grants:
            return 400, {"error": "invalid_grant",
                         "error_description": "consent was revoked"}
        said = {"access_token": self.grants[old](), "token_type": "Bearer",
                "expires_in": self.seconds}
        if old in self.rotate:
            said["refresh_token"] = self.rotate.pop(old)
            self.grants[said["refresh_token"]] = self.grants.pop(old)
        return 200, said

    def settings(self, refresh):
        """The file for `account add -o'."""
        return ("token-endpoint https://%s/token\nclient-id our-client\n"
                "client-secret our-secret\nrefresh-token %s\n"
                "scope mail.send\n" % (self.name, refresh))

    def close(self):
        self.http.shutdown()
        self.http.server_close()
        self.host.close()
