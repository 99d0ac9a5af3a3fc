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



"""Who is believed: servers with a certificate for their name, and on our
own port nobody but the table's smtpd."""

import base64
import socket
import ssl
import warnings

from courierpeer import (SLOW, Client, Closed, CourierWorld, Text, Upstream,
                         main, wait_for)


def test_certificates(world):
    """An unknown issuer, another name: no password, no mail."""
    for kind in ("smtps", "smtp+tls"):
        for cert in ("self", "other"):
            with Upstream(kind, cert=cert) as up, Client(world) as client:
                sender = world.sender(up)
                reply = client.begin("MAIL FROM:<%s>" % sender)
                assert reply.code == 451 and "certificate" in reply, reply
                assert not up.logins and not up.mails
                assert "acc%d: " % world.serial in world.table.logged()
        with Upstream(kind) as up, Client(world) as client:
            assert client.mail(world.sender(up, host="127.0.0.1")).code == 250


def test_tls_require(_):
    """`tls require' takes any certificate."""
    with CourierWorld("alternates allow\n\ttls require") as world, \
            Upstream(cert="self") as up, Client(world) as client:
        assert client.mail(world.sender(up)).code == 250


def test_old_tls(world):
    """TLS 1.1 is no TLS."""
    with Upstream() as up, Client(world) as client:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            up.context.maximum_version = ssl.TLSVersion.TLSv1_1
        client.want(451, "MAIL FROM:<%s>" % world.sender(up))
        assert not up.logins


def test_policy(_):
    """Servers that are not listed, and none at all."""
    with Upstream() as up, Upstream() as other:
        allowed = 'alternates allow\n\thosts { "localhost:%d" }' % up.port
        with CourierWorld(allowed) as world, Client(world) as client:
            assert client.mail(world.sender(up)).code == 250
            reply = client.want(550, "MAIL FROM:<%s>" % world.sender(other))
            assert "not allowed" in reply
        with CourierWorld("alternates deny") as world, \
                Client(world) as client:
            client.want(550, "MAIL FROM:<%s>" % world.sender(up))
        assert other.accepted == 0 and up.accepted == 1


def refused(client, line):
    """The reply, after which the connection is closed."""
    reply = client.cmd(line)
    try:
        client.reply()
        raise AssertionError("still there")
    except (Closed, OSError):
        return reply


def test_strangers(world):
    """One try, no hint, no command that does anything."""
    def plain(*words):
        return "AUTH PLAIN " + base64.b64encode(
            "\0".join(words).encode()).decode()

    password = world.password()
    for line in (plain("", "courier", ""), plain("", "courier", "x" * 64),
                 plain("", "", password), plain("", "acc1", password),
                 plain("root", "courier", password), plain("courier"),
                 plain("", "courier", password[:-1]),
                 plain("", "courier", password + "x"), "AUTH PLAIN =",
                 "AUTH PLAIN !!!!", "AUTH PLAIN " + "A" * 1500):
        with Client(world, login=False) as client:
            client.want(250, "EHLO x")
            assert refused(client, line) == (
                "535 5.7.8 Authentication failed"), line
    with Client(world, login=False) as client:
        client.want(503, plain("", "courier", password))
        reply = client.want(250, "EHLO x")
        assert "relay" not in (client.greeting + reply).lower()
        for line in ("MAIL FROM:<user1@partner.example>", "RCPT TO:<a@b>",
                     "DATA", "VRFY user1"):
            client.want(530, line)
        client.want(504, "AUTH CRAM-MD5")
        client.want(334, "AUTH LOGIN")
        client.want(501, "*")
        client.want(334, "AUTH LOGIN")
        client.want(334, base64.b64encode(b"courier").decode())
        client.want(235, base64.b64encode(password.encode()).decode())
    with Client(world, login=False) as client:
        client.want(250, "EHLO x")
        client.want(334, "AUTH LOGIN Y291cmllcg==")
        assert refused(client, "AAAA").code == 535


def test_mistakes(world):
    """Whoever says nothing but rubbish is not listened to for ever."""
    with Client(world, login=False) as client:
        for _ in range(20):
            client.want(500, "GET / HTTP/1.1")
        assert refused(client, "GET / HTTP/1.1").code == 421


def test_no_tls(world):
    """Plaintext gets no word of ours."""
    with socket.create_connection(("127.0.0.1", world.port), SLOW) as s:
        s.settimeout(2 * SLOW)
        s.sendall(b"EHLO x\r\nAUTH PLAIN AAAA\r\n")
        data = b""
        try:
            while True:
                more = s.recv(1000)
                if not more:
                    break
                data += more
        except OSError:
            pass
        assert b"250" not in data and b"220" not in data, data


def test_crowd(world):
    """Strangers who say nothing keep smtpd from nothing."""
    crowd = []
    for _ in range(400):
        crowd.append(socket.create_connection(("127.0.0.1", world.port)))
    with Upstream() as up, Client(world) as client:
        assert client.mail(world.sender(up)).code == 250
    for s in crowd:
        s.close()


def test_port_taken(_):
    """No credentials for whoever holds the port, until it is ours."""
    with CourierWorld(start=False) as world:
        taken = socket.socket()
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", world.port))
        taken.listen(5)
        world.table = Text(world, "mail_senders")
        wait_for("log", lambda: "port is not to be had" in
                 world.table.logged(), SLOW)
        assert world.credentials() == "error"
        taken.close()
        world.ready()
        with Upstream() as up, Client(world) as client:
            assert client.mail(world.sender(up)).code == 250
        assert world.table.logged().count("port is not to be had") == 1


def test_no_certificate(_):
    with CourierWorld(cert=False, start=False) as world:
        world.table = Text(world, "mail_senders")
        wait_for("log", lambda: "smtprelayctl init" in
                 world.table.logged(), SLOW)
        assert world.credentials() == "error"


def test_new_password(world):
    """The password is another one each time, and nobody is told it."""
    with CourierWorld() as other:
        one, two = world.password(), other.password()
        assert len(one) == 64 and one != two
        for w in (world, other):
            assert w.password() not in w.table.logged()
            for pid in [w.table.proc.pid, *w.table.children().values()]:
                for what in ("cmdline", "environ"):
                    with open("/proc/%d/%s" % (pid, what), "rb") as f:
                        assert w.password().encode() not in f.read()


if __name__ == "__main__":
    main(globals())
