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



"""Sessions with accounts' servers are used again, within limits, and never
after their account has changed."""

import contextlib
import sqlite3

from courierpeer import (HANG, SLOW, Client, Upstream, main, together,
                         wait_for)
from tablepeer import memory


def test_reuse(world):
    """One session for many mails, and one more where that is needed."""
    with Upstream() as up:
        sender = world.sender(up)
        with Client(world) as one, Client(world) as two:
            for _ in range(5):
                assert one.mail(sender).code == 250
                assert two.mail(sender).code == 250
            assert up.accepted == 1
            one.want(250, "MAIL FROM:<%s>" % sender)
            assert two.mail(sender).code == 250
            assert up.accepted == 2


def test_secrets(world):
    """The keeper forgets a password at once, and the courier when it is no
    longer the account's."""
    old = ["Xyzzy-%d-plugh" % i for i in range(10)]
    new = ["Plugh-%d-xyzzy" % i for i in range(10)]
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(Client(world))
        ups = [stack.enter_context(Upstream()) for _ in old]
        names, senders = [], []
        for up, up.password in zip(ups, old):
            senders.append(world.sender(up, up.password))
            names.append("acc%d" % world.serial)
            assert client.mail(senders[-1]).code == 250
        assert not memory(world.table.role("keeper"), old)
        for up, up.password, name, sender in zip(ups, new, names, senders):
            world.account(name, up.url(), up.password)
            assert client.mail(sender).code == 250
        assert not memory(world.table.role("keeper"), old + new)
        left = memory(world.table.role("courier"), old)
        assert not left, left


def test_given_up(world):
    """RSET and QUIT leave a clean session behind."""
    with Upstream() as up:
        sender = world.sender(up)
        for end in ("RSET", "QUIT", "EHLO x", None):
            with Client(world) as client:
                client.want(250, "MAIL FROM:<%s>" % sender)
                client.want(250, "RCPT TO:<old@b.test>")
                if end:
                    client.cmd(end)
        with Client(world) as client:
            wait_for("mail", lambda: client.mail(sender).code == 250, SLOW)
        assert up.mails[0]["rcpts"] == ["RCPT TO:<carol@customer.test>"]


def test_goodbye(world):
    """A session that ends while nobody uses it is nobody's fault."""
    for words in ("421 4.4.2 idle for too long", None, "250 surprise",
                  "rubbish"):
        with Upstream() as up, Client(world) as client:
            sender = world.sender(up)
            assert client.mail(sender).code == 250
            up.drop_all(words)
            assert client.mail(sender).code == 250, words
            assert up.accepted == 2


def test_goodbye_late(world):
    """One that is said in answer to RSET or MAIL, the same."""
    for stage in ("rset", "mail"):
        with Upstream() as up, Client(world) as client:
            sender = world.sender(up)
            assert client.mail(sender).code == 250

            def once(conn):
                up.hooks.clear()
                conn.send("421 4.4.2 idle for too long")
                conn.sock.close()

            up.hooks[stage] = once
            assert client.mail(sender).code == 250, stage
            assert up.accepted == 2


def test_changed(world):
    """Password and server as they are now, from the next mail on."""
    with Upstream() as one, Upstream("smtp+tls") as two, \
            Client(world) as client, Client(world) as busy:
        sender = world.sender(one)
        name = "acc%d" % world.serial
        assert client.mail(sender).code == 250
        busy.want(250, "MAIL FROM:<%s>" % sender)
        busy.want(250, "RCPT TO:<a@b.test>")
        two.password = "n3w"
        world.account(name, two.url(), "n3w")
        assert client.mail(sender).code == 250
        assert len(two.mails) == 1 and one.accepted <= 2
        # What was under way goes where it went, and that session ends.
        busy.want(354, "DATA")
        busy.send("x\r\n.\r\n")
        assert busy.reply().code == 250
        assert len(one.mails) == 2
        wait_for("end of old sessions", lambda: not one.open, SLOW)
        assert busy.mail(sender).code == 250
        assert len(two.mails) == 2
        world.seed("unidentity user%d %s" % (world.serial, sender))
        client.want(550, "MAIL FROM:<%s>" % sender)


def state(world):
    """What `account list' says of the newest account."""
    with contextlib.closing(sqlite3.connect(world.db)) as db:
        return db.execute(
            "SELECT failures, stage, reason, succeeded FROM account_state, "
            "account WHERE account = id AND name = ?",
            ("acc%d" % world.serial,)).fetchone() or (0, None, None, None)


def test_wrong_password(world):
    """It is said, it is not tried again and again, and a new one helps."""
    with Upstream() as up, Client(world) as client:
        sender = world.sender(up, password="wr0ng")
        for _ in range(5):
            reply = client.begin("MAIL FROM:<%s>" % sender)
            assert reply.code == 454, reply
            assert "535 5.7.8 bad login" in reply, reply
        assert len(up.logins) == 1
        assert ("account acc%d: localhost:%d, AUTH: 535 5.7.8 bad login"
                % (world.serial, up.port)) in world.table.logged()
        assert "wr0ng" not in world.table.logged()
        wait_for("record", lambda: state(world)[:2] == (1, "AUTH"), SLOW)
        assert "535 5.7.8 bad login" in state(world)[2]
        world.account("acc%d" % world.serial, up.url())
        assert client.mail(sender).code == 250
        wait_for("record", lambda: state(world)[0] == 0 and state(world)[3],
                 SLOW)


def delivered(world, up, nclients, nmails):
    """Sends that many at once, each again until it is taken."""
    sender = world.sender(up)

    def run(client):
        for _ in range(nmails):
            wait_for("mail", lambda: client.mail(sender).code == 250, SLOW)
        client.close()

    together(run, [Client(world) for _ in range(nclients)])
    assert len(up.mails) == nclients * nmails


def test_limit(world):
    """One account has so many sessions; the rest wait, and are put off."""
    with Upstream() as up:
        sender = world.sender(up)
        clients = [Client(world) for _ in range(12)]
        got = []
        together(lambda c: got.append(c.cmd("MAIL FROM:<%s>" % sender).code),
                 clients)
        assert set(got) == {250, 451} and got.count(250) <= 10, got
        assert up.accepted <= 10, up.accepted
        for client in clients:
            client.close()


def test_handed_on(world):
    """Whoever waits has the session of whoever is done."""
    with Upstream() as up:
        delivered(world, up, 30, 4)
        # 120 mails.  Where the clients are slow, sessions are idle for a
        # moment, and of those only four are kept.
        assert up.accepted <= 60, up.accepted


def test_server_takes_few(world):
    """A server that takes two sessions of ours serves all mail by two."""
    def greeting(conn):
        return "421 4.7.0 too many" if len(conn.up.open) > 2 else None

    with Upstream(hooks={"greeting": greeting}) as up:
        delivered(world, up, 6, 5)


def test_many_accounts(world):
    """One that hangs holds up nobody else."""
    with Upstream(hooks={"rcpt": HANG}) as bad, Upstream() as up:
        first = world.sender(bad)
        senders = [world.sender(up) for _ in range(40)]
        stuck = [Client(world) for _ in range(10)]
        for client in stuck:
            client.want(250, "MAIL FROM:<%s>" % first)
            client.send("RCPT TO:<a@b.test>\r\n")
        with Client(world) as client:
            for sender in senders:
                assert client.mail(sender).code == 250
        assert up.accepted == 40
        for client in stuck:
            client.close()


if __name__ == "__main__":
    main(globals())
