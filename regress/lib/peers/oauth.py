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
import socketserver
import threading
import urllib.parse


class Request(http.server.BaseHTTPRequestHandler):
    """One POST, which the server's owner answers."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        size = int(self.headers.get("Content-Length", "0"))
        form = dict(urllib.parse.parse_qsl(self.rfile.read(size).decode()))
        status, body, *more = self.server.owner.answer(self.path, form,
                                                       self.headers)
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        for name, value in more:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Http(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def server_bind(self):
        """Without asking for the name of this host, as its parent does."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, request, client_address):
        """A client that goes away, or does not believe us, is no error."""


class TokenServer:
    """Each request is answered by answer(path, form, headers), with a status,
    a body (bytes, or what becomes JSON) and further fields.  The socket is
    not bound yet."""

    def __init__(self, sock, address, context):
        self.http = Http(address, Request, bind_and_activate=False)
        self.http.owner = self
        self.http.socket.close()
        self.http.socket = context.wrap_socket(
            sock, server_side=True, do_handshake_on_connect=False)
        self.http.server_bind()
        self.http.server_activate()
        self.port = self.http.server_port
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def answer(self, path, form, headers):
        raise NotImplementedError

    def close(self):
        self.http.shutdown()
        self.http.server_close()
