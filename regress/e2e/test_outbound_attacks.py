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

"""What another local user can do about somebody's account: nothing."""

import smtplib
import socket
import ssl
import threading

from relaytest import mail, ns
from relaytest.case import main, only, setup
from relaytest.outbound import Here, outbound
from relaytest.relay import CAROL, Client
from relaytest.sink import settle

SENDER = "anna@band.example"
WORD = "the word of the band"
PORT = 10587


def account(relay):
    band = relay.puppet(users={"band": WORD})
    relay.account("band", "smtps://band@smtp.band.example", WORD)
    relay.identity("anna", SENDER, "band")
    return band


class Stranger(Client):
    """A local program that found the courier's port."""

    def __init__(self, pid):
        super().__init__(Here(pid), "127.0.0.1", PORT)

    def _get_socket(self, host, port, timeout):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context.wrap_socket(super()._get_socket(host, port, timeout))


@outbound
def test_port(relay):
    """Who speaks to the courier without its password gets nowhere."""
    band = account(relay)
    client = Stranger(relay.pid)
    for line in ("MAIL FROM:<%s>" % SENDER, "RCPT TO:<%s>" % CAROL, "DATA"):
        code, words = client.docmd(line)
        assert 500 <= code < 600, (line, code, words)
    client.close()
    for user, word in (("courier", ""), ("courier", "courier"), ("band", WORD),
                       ("anna", relay.people_words["anna"])):
        client = Stranger(relay.pid)
        try:
            client.login(user, word)
            raise AssertionError("the courier let %s in" % user)
        except (smtplib.SMTPAuthenticationError,
                smtplib.SMTPServerDisconnected):
            pass
        finally:
            client.close()
    # In the clear it is no mail server at all.
    with ns.socket_in(relay.pid) as s:
        s.settimeout(120)
        s.connect(("127.0.0.1", PORT))
        s.sendall(b"EHLO x\r\nMAIL FROM:<%s>\r\n" % SENDER.encode())
        try:
            assert b"250" not in s.recv(4096)
        except OSError:
            pass
    assert not band.auths and not band.mails
    relay.submitted("anna", SENDER)
    band.wait(1)


class Squatter(threading.Thread):
    """Took the courier's port first, and shows a certificate of its own."""

    def __init__(self, relay):
        super().__init__(daemon=True)
        self.heard = b""
        self.count = 0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*relay.ca.issue("127.0.0.1"))
        self.listener = ns.socket_in(relay.pid)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", PORT))
        self.listener.listen(16)
        self.start()

    def run(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            self.count += 1
            try:
                conn.settimeout(60)
                conn = self.context.wrap_socket(conn, True)
                conn.sendall(b"220 127.0.0.1 ESMTP\r\n")
                while True:
                    data = conn.recv(4096)
                    if not data:
                        break
                    self.heard += data
                    conn.sendall(b"250-127.0.0.1\r\n250 AUTH PLAIN\r\n"
                                 if data.startswith(b"EHLO") else b"250 ok\r\n")
            except OSError:
                pass
            finally:
                conn.close()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@setup(start=False)
@outbound
def test_port_taken(relay):
    """Who takes the port first gets neither password nor mail; the log says
    what is the matter, and when the port is free all goes its way."""
    squatter = Squatter(relay)
    relay.start_smtpd(relay.conf)
    band = account(relay)
    relay.submitted("anna", SENDER)
    relay.wait_log(r"127\.0\.0\.1.*%d" % PORT, 0, 30)
    relay.wait_log(r"from=<%s>.*TempFail" % SENDER, 0, 60)
    assert not squatter.heard, squatter.heard
    squatter.close()
    relay.wait_queue_empty(60)
    assert len(band.mails) == 1
    assert not squatter.heard, squatter.heard


@outbound
def test_sendmail(relay):
    """sendmail -f of somebody else's identity leaves by the default route,
    never with that account's login."""
    band = account(relay)
    relay.run(["setpriv", "--reuid", "dave", "--regid", "dave",
               "--init-groups", "sendmail", "-f", SENDER, CAROL],
              text="From: %s\nTo: %s\nSubject: False\n\nHa.\n" % (
                  SENDER, CAROL))
    got = relay.customer.sink.wait(CAROL, timeout=60)
    assert b"Subject: False" in got.data
    relay.wait_queue_empty()
    assert not band.auths and not band.mails


@only("7.6", "7.9")
@outbound
def test_logins(relay):
    """No listener takes the name, the label or the password of an account,
    and none the courier's."""
    band = account(relay)
    relay.submitted("anna", SENDER)
    band.wait(1)
    relay.people_words["band"] = WORD
    relay.people_words["courier"] = ""
    for user, word in (("band", WORD), ("band", relay.people_words["anna"]),
                       ("anna", WORD), ("courier", "courier"),
                       ("courier", WORD), ("courier.1", "courier")):
        relay.people_words[user] = word
        try:
            relay.login(user)
            raise AssertionError("smtpd let %s in" % user)
        except smtplib.SMTPAuthenticationError as e:
            assert 500 <= e.smtp_code < 600, e


@only("7.6", "7.9")
@outbound
def test_another_user(relay):
    """Ben may not write from Anna's identity, neither in the envelope nor in
    the header."""
    band = account(relay)
    relay.account("bens", "smtps://ben@smtp.band.example", "b")
    relay.identity("ben", "ben@band.example", "bens")
    out = relay.submit("ben", SENDER)
    assert 500 <= out.mail[0] < 600 or 500 <= out.final[0] < 600, str(out)
    out = relay.submit("ben", "ben@band.example", author=SENDER)
    assert out.final[0] == 550, str(out)
    assert len(out.final[1]) > 20, "no sentence: " + out.final[1]
    data = mail.message("ben@band.example", CAROL, "Two",
                        extra="From: %s\n" % SENDER)
    out = relay.submit("ben", "ben@band.example", data=data)
    assert 500 <= out.final[0] < 600, str(out)
    settle(relay.sinks())
    assert not band.mails and not relay.customer.sink.mails


if __name__ == "__main__":
    main(globals())
