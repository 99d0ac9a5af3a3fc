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

"""The server's end of an SMTP session, for servers that behave or do not."""

import base64
import socket
import threading

LINE_MAX = 1 << 20


class Closed(Exception):
    """The connection is over."""


class Session(threading.Thread):
    """One connection.  A command VERB is done by do_verb(line); what is told
    of it beyond that is its server's."""

    def __init__(self, server, sock):
        super().__init__(daemon=True)
        self.server, self.sock, self.data = server, sock, b""
        self.tls = False

    def send(self, reply):
        if isinstance(reply, str):
            reply = (reply + "\r\n").encode("latin-1")
        try:
            self.sock.sendall(reply)
        except OSError:
            raise Closed from None

    def more(self):
        """Takes what has come, and waits for something."""
        try:
            data = self.sock.recv(65536)
        except (OSError, ValueError):
            raise Closed from None
        if not data:
            raise Closed
        self.data += data

    def read(self):
        """One line as it came."""
        while b"\n" not in self.data:
            if len(self.data) > LINE_MAX:
                raise Closed
            self.more()
        line, self.data = self.data.split(b"\n", 1)
        return line + b"\n"

    def line(self):
        return self.read().rstrip(b"\r\n").decode("latin-1")

    def body(self):
        """The lines of a message up to its dot, without dot-stuffing."""
        while True:
            line = self.read()
            if line in (b".\r\n", b".\n"):
                return
            yield line[1:] if line.startswith(b".") else line

    def secure(self, context):
        try:
            self.sock = context.wrap_socket(self.sock, server_side=True)
        except OSError:
            raise Closed from None
        self.tls = True

    def plain(self, line):
        """The user and the password of an AUTH PLAIN."""
        word = base64.b64decode(line.split(" ")[2]).decode()
        return tuple(word.split("\0")[1:])

    def begin(self):
        self.send("220 up.test ESMTP")

    def command(self, line):
        verb = line.split(" ")[0].lower()
        getattr(self, "do_" + verb, self.unknown)(line)

    def unknown(self, line):
        self.send("250 2.0.0 ok")

    def do_quit(self, _):
        self.send("221 2.0.0 bye")
        raise Closed

    def run(self):
        try:
            self.begin()
            while True:
                self.command(self.line())
        except (Closed, OSError, ValueError, IndexError):
            pass
        finally:
            self.end()

    def end(self):
        """With an end that the other side sees, whoever reads it."""
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()


def serve(listener, session):
    """Starts session(connection, peer) for each connection, until the
    listener is shut."""
    while True:
        try:
            sock, peer = listener.accept()
        except OSError:
            return
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        session(sock, peer).start()


def shut(listener):
    """Ends serve()."""
    try:
        listener.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    listener.close()


def listen(session, address="127.0.0.1", port=0, listener=None):
    """Serves an address in a thread; returns the listening socket."""
    listener = listener or socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(1024)
    threading.Thread(target=serve, args=(listener, session),
                     daemon=True).start()
    return listener
