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



"""Whatever an account's server does, smtpd has one answer in time, and the
mail is neither lost nor sent twice."""

import select
import signal
import threading
import time

from courierpeer import (DROP, HANG, SLOW, Client, Closed, Upstream, main,
                         together, wait_for)

MAIL_TIME = 5		# seconds in which MAIL is answered


def begin(client, sender, stage):
    """A transaction up to the stage; its reply."""
    for name, line in (("mail", "MAIL FROM:<%s>" % sender),
                       ("rcpt", "RCPT TO:<a@b.test>"), ("data", "DATA")):
        reply = client.begin(line)
        if name == stage:
            return reply
        assert reply.code // 100 in (2, 3), reply
    client.send("x\r\n.\r\n")
    return client.reply()


def test_before_mail(world):
    """What is refused before MAIL is temporary, whatever its code."""
    for stage, words, code in (
            ("greeting", "554 5.7.1 go away", 451),
            ("greeting", "421 4.3.2 not now", 451),
            ("ehlo", "550 5.5.1 no", 451),
            ("auth", "454 4.7.0 later", 454),
            ("auth", "535 5.7.8 wrong", 454),
            ("greeting", DROP, 451), ("ehlo", DROP, 451),
            ("auth", DROP, 454), ("greeting", "rubbish", 451),
            ("ehlo", "250-half\r\n251 other", 451)):
        with Upstream(hooks={stage: words}) as up, Client(world) as client:
            sender = world.sender(up)
            reply = client.begin("MAIL FROM:<%s>" % sender)
            assert reply.code == code, (stage, words, reply)
            if words is not DROP and words[:1] in "45":
                assert words in reply, (words, reply)
            # During the delay: at once, and without asking.
            seen = up.accepted
            assert client.cmd("MAIL FROM:<%s>" % sender) == reply
            assert up.accepted == seen == 1


def test_starttls_refused(world):
    """No mail and no password without TLS."""
    for hooks in ({"starttls": "454 4.7.0 no"}, {"ehlo": "250 plain"},
                  {"starttls": "220 2.0.0 go\r\n250 injected"},
                  {"starttls": "220 2.0.0 go\r\n235 2.7.0 in"}):
        with Upstream("smtp+tls", hooks=hooks) as up, \
                Client(world) as client:
            reply = client.begin("MAIL FROM:<%s>" % world.sender(up))
            assert reply.code == 451, (hooks, reply)
            assert not up.logins and not up.mails


def test_nobody_there(world):
    with Upstream() as up:
        sender = world.sender(up)
    with Client(world) as client:
        reply = client.begin("MAIL FROM:<%s>" % sender)
        assert reply.code == 451 and "refused" in reply, reply
        # It comes back, and so does the mail.
        with Upstream(port=up.port) as up:
            wait_for("recovery", lambda: client.cmd(
                "MAIL FROM:<%s>" % sender).code == 250, 2 * SLOW)


def test_hang_before_mail(world):
    """It is waited for, and not by everybody."""
    def hang(stage):
        with Upstream(hooks={stage: HANG}) as up, Client(world) as client:
            sender = world.sender(up)
            reply = client.want(451, "MAIL FROM:<%s>" % sender)
            assert "No session with" in reply, reply
            for _ in range(5):
                reply = client.want(451, "MAIL FROM:<%s>" % sender)
                assert "does not answer" in reply, reply
            assert up.accepted == 1

    together(hang, ("greeting", "ehlo", "auth"))


def test_slow_to_connect(world):
    """The session that comes too late for one is there for the next."""
    def wait(_):
        time.sleep(MAIL_TIME + 2)

    with Upstream(hooks={"greeting": wait}) as up, Client(world) as client:
        sender = world.sender(up)
        client.want(451, "MAIL FROM:<%s>" % sender)
        wait_for("session", lambda: client.mail(sender).code == 250, SLOW)
        assert up.accepted == 1


def test_hang_in_mail(world):
    with Upstream(hooks={"mail": HANG}) as up, Upstream() as good, \
            Client(world) as client:
        sender, other = world.sender(up), world.sender(good)
        reply = client.want(451, "MAIL FROM:<%s>" % sender)
        assert "4.4.1" in reply, reply
        assert client.mail(other).code == 250


def test_hang_later(world):
    """One account that stands still costs others nothing, and new mail of
    its own is put off at once."""
    def hang(stage):
        with Upstream(hooks={stage: HANG}) as up, Upstream() as good:
            sender, other = world.sender(up), world.sender(good)
            stuck = Client(world)
            stuck.want(250, "MAIL FROM:<%s>" % sender)
            if stage == "rcpt":
                stuck.send("RCPT TO:<a@b.test>\r\n")
            else:
                stuck.want(250, "RCPT TO:<a@b.test>")
                stuck.send("DATA\r\n")
            if stage == "end":
                assert stuck.reply().code == 354
                stuck.send("x\r\n.\r\n")
            with Client(world) as client:
                wait_for("451", lambda: "no progress" in client.cmd(
                    "MAIL FROM:<%s>" % sender) or client.cmd("RSET") == "",
                    2 * SLOW)
                assert client.mail(other).code == 250
            stuck.close()

    # Of more than two the courier gives up one.
    together(hang, ("rcpt", "data"))
    hang("end")


def test_no_more_than_two(world):
    """smtpd opens no connection while three stand still."""
    def body(_):
        time.sleep(4 * SLOW)

    line = b"x" * 998 + b"\r\n"
    with Upstream(hooks={"body": body}) as slow, \
            Upstream(hooks={"rcpt": HANG}) as rcpt:
        clients = [Client(world) for _ in range(4)]
        for client in clients[:2]:
            client.want(250, "MAIL FROM:<%s>" % world.sender(slow))
            client.want(250, "RCPT TO:<a@b.test>")
            client.want(354, "DATA")
            # More than there is room for on the way.
            threading.Thread(target=lambda c=client: c.send(
                line * 20000 + b".\r\n"), daemon=True).start()
        # The two that come after these may go on: the first are given up.
        time.sleep(2)
        for client in clients[2:]:
            client.want(250, "MAIL FROM:<%s>" % world.sender(rcpt))
            client.send("RCPT TO:<a@b.test>\r\n")
        for client in clients[:2]:
            client.sock.settimeout(4 * SLOW)
            reply = client.reply()
            assert "451 4.4.1" in reply and "no progress" in reply, reply
            client.want(250, "NOOP")
        assert not select.select([c.sock for c in clients[2:]], [], [], 0)[0]
        for client in clients:
            client.close()


def test_drops(world):
    """A connection that is lost in a transaction: temporary, each time, and
    the session with smtpd goes on."""
    for stage in ("mail", "rcpt", "data", "end"):
        with Upstream(hooks={stage: DROP}) as up, Client(world) as client:
            sender = world.sender(up)
            reply = begin(client, sender, stage)
            assert reply.code == 451, (stage, reply)
            if stage in ("rcpt", "data"):
                client.want(451, "RCPT TO:<c@d.test>")
                client.want(451, "DATA")
            client.want(250, "RSET")
            assert len(up.mails) == (1 if stage == "end" else 0)
            up.hooks.clear()
            assert client.mail(sender).code == 250


def test_drop_in_message(world):
    """The rest is swallowed; what the server said last is the answer."""
    line = b"x" * 998 + b"\r\n"
    for words, code in ((None, 451), ("552 5.3.4 too big", 552),
                        ("452 4.3.1 full", 452), ("421 4.3.2 bye", 451),
                        ("250 2.0.0 hm", 451), ("rubbish", 451)):
        def body(conn):
            if conn.seen < 100000:
                return None
            if words:
                conn.send(words)
            return DROP

        with Upstream(hooks={"body": body}) as up, Client(world) as client:
            sender = world.sender(up)
            client.want(250, "MAIL FROM:<%s>" % sender)
            client.want(250, "RCPT TO:<a@b.test>")
            client.want(354, "DATA")
            for _ in range(3000):
                client.send(line)
            client.send(".\r\n")
            reply = client.reply()
            # The connection's end can overtake the words before it.
            assert reply.code in (code, 451), (words, reply)
            assert not up.mails
            up.hooks.clear()
            assert client.mail(sender).code == 250


def test_rubbish(world):
    """Replies that are none, or none here."""
    endless = "\r\n".join(["250-x" * 50] * 2000)
    for stage in ("mail", "rcpt", "data", "end"):
        for words in ("what?", "999 9.9.9", "354 go" if stage != "data"
                      else "250 ok", "250" + "y" * 5000, endless, "\0"):
            with Upstream(hooks={stage: words}) as up, \
                    Client(world) as client:
                sender = world.sender(up)
                reply = begin(client, sender, stage)
                assert reply.code == 451, (stage, words[:20], reply)
                client.want(250, "RSET")
                up.hooks.clear()
                assert client.mail(sender).code == 250


def test_goodbye_in_transaction(world):
    """A server's 421 does not close smtpd's session."""
    for stage in ("mail", "rcpt", "data", "end"):
        with Upstream(hooks={stage: lambda c: c.send("421 4.3.2 bye")
                             or DROP}) as up, Client(world) as client:
            sender = world.sender(up)
            reply = begin(client, sender, stage)
            assert reply == "451 4.3.2 bye", (stage, reply)
            client.want(250, "RSET")
            up.hooks.clear()
            assert client.mail(sender).code == 250


def test_keeper_killed(world):
    """Whoever waits for it is answered by the next one, or put off."""
    with Upstream() as up, Client(world) as client:
        sender = world.sender(up)
        for _ in range(3):
            old = world.table.kill("keeper")
            reply = client.mail(sender)
            assert reply.code in (250, 451), reply
            wait_for("keeper", lambda: world.table.children().get(
                "keeper", old) != old, SLOW)
        assert client.mail(sender).code == 250
        world.table.kill("keeper", signal.SIGSTOP)
        client.want(451, "MAIL FROM:<%s>" % sender)
        world.table.kill("keeper", signal.SIGCONT)
        wait_for("answer", lambda: client.mail(sender).code == 250, SLOW)


def test_courier_killed(world):
    """smtpd sees a closed connection, and no 250 that was none."""
    for stage in ("mail", "rcpt", "data", "body", "end"):
        with Upstream() as up:
            sender = world.sender(up)
            client = Client(world)
            if stage == "end":
                up.hooks["end"] = HANG
            client.want(250, "MAIL FROM:<%s>" % sender)
            if stage != "mail":
                client.want(250, "RCPT TO:<a@b.test>")
            if stage in ("data", "body", "end"):
                client.want(354, "DATA")
            if stage in ("body", "end"):
                client.send("half\r\n")
            if stage == "end":
                client.send(".\r\n")
                wait_for("message", lambda: up.mails, SLOW)
            old = world.table.kill("courier")
            try:
                assert client.reply().code in (421, 451)
            except (Closed, OSError):
                pass
            assert len(up.mails) == (1 if stage == "end" else 0)
            wait_for("courier", lambda: world.table.children().get(
                "courier", old) != old, SLOW)
            world.ready()
            up.hooks.clear()

            def again():
                try:
                    with Client(world) as client:
                        return client.mail(sender).code == 250
                except OSError:
                    return False

            wait_for("recovery", again, SLOW)


if __name__ == "__main__":
    main(globals())
