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



"""smtpd's mail leaves through the sender's account, and what the account's
server says is what smtpd hears."""

import re
import threading
import time

from courierpeer import SLOW, USER, Client, Upstream, main, wait_for

FLAT = 16 * 1024 * 1024		# much less than the message


def test_kinds(world):
    """Through each kind of server, under the right name, byte for byte."""
    body = (b"Subject: x\r\n\r\n..dots\r\n...\r\n\xe4 8bit\r\n"
            + b"y" * 5000 + b"\r\n")
    for kind in ("smtps", "smtp+tls", "lmtp"):
        with Upstream(kind) as up, Client(world) as client:
            sender = world.sender(up)
            assert client.mail(sender, body=body) == "250 2.0.0 queued as 1"
            mail, = up.mails
            assert mail["body"] == body
            assert mail["mail"] == "MAIL FROM:<%s>" % sender
            assert mail["rcpts"] == ["RCPT TO:<carol@customer.test>"]
            assert mail["login"] == (None if kind == "lmtp" else USER)
            # The same session serves the next one, after RSET.
            assert client.mail(sender.upper(), ("a@b.test",)).code == 250
            assert up.accepted == 1 and "RSET" in up.commands
            assert client.want(221, "QUIT")


def test_null(world):
    world.account("nowhere", "null:")
    world.seed("identity u0 nobody@partner.example nowhere")
    with Client(world) as client:
        reply = client.mail("nobody@partner.example", ("a@b", "c@d"))
        assert reply.code == 250 and "discarded" in reply, reply


def test_senders_apart(world):
    """Each through their own, many at once, mixed in one session."""
    with Upstream() as one, Upstream("smtp+tls") as two:
        a, b = world.sender(one), world.sender(two)
        clients = [Client(world) for _ in range(8)]
        for i in range(3):
            for client in clients:
                assert client.mail(a).code == 250
                assert client.mail(b).code == 250
        assert len(one.mails) == len(two.mails) == 24
        assert all(a in m["mail"] for m in one.mails)
        assert all(b in m["mail"] for m in two.mails)
        for client in clients:
            client.close()


def test_domain_identity(world):
    with Upstream() as up, Client(world) as client:
        world.account("dom", up.url())
        world.seed("identity dom @wide.example dom")
        assert client.mail("any.one@wide.example").code == 250
        assert client.mail("any@narrow.example").code == 550


def test_refused_senders(world):
    with Upstream() as up, Client(world) as client:
        sender = world.sender(up)
        world.seed("unverified user9 new@partner.example acc%d"
                   % world.serial)
        for address, words in (("stranger@partner.example", "no account"),
                               ("new@partner.example", "not verified"),
                               ("", "Mail without a sender")):
            reply = client.want(550, "MAIL FROM:<%s>" % address)
            assert words in reply, reply
        assert client.mail(sender).code == 250


def test_words(world):
    """Replies from MAIL on are the server's own, each one line."""
    hooks = {}
    with Upstream(hooks=hooks) as up, Client(world) as client:
        sender = world.sender(up)
        hooks["mail"] = "550-5.7.1 not\r\n550 5.7.1 you"
        reply = client.cmd("MAIL FROM:<%s>" % sender)
        assert reply == "550 5.7.1 not you", reply
        hooks["mail"] = "452 4.2.2 later \x01\xe4"
        reply = client.cmd("MAIL FROM:<%s>" % sender)
        assert reply == "452 4.2.2 later ??", reply
        hooks["mail"] = None
        client.want(250, "MAIL FROM:<%s>" % sender)
        hooks["rcpt"] = "550-5.1.1 no such user\r\n550-5.1.1 " + "x" * 900 + (
            "\r\n550 5.1.1 here")
        reply = client.want(550, "RCPT TO:<a@b.test>")
        assert reply.startswith("550 5.1.1 no such user xxx"), reply
        hooks["rcpt"] = "251 2.1.5 forwarded"
        assert client.cmd("RCPT TO:<c@d.test>") == "251 2.1.5 forwarded"
        hooks["end"] = "554 5.6.0 content"
        client.want(354, "DATA")
        client.send("x\r\n.\r\n")
        assert client.reply() == "554 5.6.0 content"
        hooks.clear()
        hooks["data"] = "451 4.3.0 no data now"
        client.want(250, "MAIL FROM:<%s>" % sender)
        client.want(250, "RCPT TO:<a@b.test>")
        assert client.cmd("DATA") == "451 4.3.0 no data now"
        client.want(250, "RSET")
        hooks.clear()
        assert client.mail(sender).code == 250
        assert up.accepted == 1


def test_parameters(world):
    """Passed on to a server that knows them, and to no other."""
    mail = " SIZE=1000 BODY=8BITMIME RET=HDRS ENVID=abc"
    rcpt = " NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a@b.test"
    for extensions in (("8BITMIME", "DSN", "SIZE 5000"), ()):
        with Upstream(extensions=extensions) as up, Client(world) as client:
            client.want(250, "MAIL FROM:<%s>%s" % (world.sender(up), mail))
            client.want(250, "RCPT TO:<a@b.test>" + rcpt)
            got = [c for c in up.commands if c[:4] in ("MAIL", "RCPT")]
            assert got[0].endswith(mail if extensions else ">"), got
            assert got[1].endswith(rcpt if extensions else ">"), got


def test_lmtp_one(world):
    """Of several recipients each would have a reply of its own."""
    with Upstream("lmtp") as up, Client(world) as client:
        client.want(250, "MAIL FROM:<%s>" % world.sender(up))
        client.want(250, "RCPT TO:<a@b.test>")
        client.want(452, "RCPT TO:<c@b.test>")
        client.want(354, "DATA")
        client.send("x\r\n.\r\n")
        assert client.reply().code == 250
        assert len(up.mails[0]["rcpts"]) == 1


def test_order(world):
    """Commands out of turn, and ones that are none."""
    with Upstream() as up, Client(world) as client:
        sender = world.sender(up)
        client.want(503, "RCPT TO:<a@b.test>")
        client.want(503, "DATA")
        client.want(503, "AUTH PLAIN AAAA")
        client.want(501, "MAIL FROM:" + sender)
        client.want(555, "MAIL FROM:<%s> SMTPUTF8" % sender)
        client.want(250, "MAIL FROM:<%s>" % sender)
        client.want(503, "MAIL FROM:<%s>" % sender)
        client.want(554, "DATA")
        client.want(501, "RCPT TO:<a@b.test> NOTIFY=X")
        client.want(250, "NOOP")
        client.want(252, "VRFY x")
        client.want(500, "BDAT 10 LAST")
        client.want(500, "STARTTLS")
        client.want(250, "RCPT TO:<a@b.test>")
        client.want(501, "DATA x")
        client.want(250, "EHLO again")
        client.want(503, "RCPT TO:<a@b.test>")
        client.want(500, "X" * 3000)
        client.want(500, "NO\0OP")
        client.send("NOOP\n")
        assert client.reply().code == 500
        assert client.mail(sender).code == 250


def test_pipelined(world):
    """Commands that come before their turn are taken in turn."""
    with Upstream() as up, Client(world) as client:
        sender = world.sender(up)
        client.send("MAIL FROM:<%s>\r\nRCPT TO:<a@b.test>\r\nRCPT TO:<c@d>"
                    "\r\nNOOP\r\nDATA\r\n" % sender)
        codes = [client.reply().code for _ in range(5)]
        assert codes == [250, 250, 250, 250, 354], codes
        client.send("one\r\n.\r\nMAIL FROM:<%s>\r\nQUIT\r\n" % sender)
        codes = [client.reply().code for _ in range(3)]
        assert codes == [250, 250, 221], codes
        assert up.mails[0]["body"] == b"one\r\n"


def test_smuggling(world):
    """What some take for the end of a message does not reach a server."""
    with Upstream() as up, Client(world) as client:
        sender = world.sender(up)
        body = (b"a\n.\nMAIL FROM:<x@y>\r\n.\rb\r\n.\nc\r\n"
                b"\r\r\n\n.\r\nd\r\n")
        reply = client.mail(sender, body=body)
        assert reply.code == 250, reply
        got = up.mails[0]["body"]
        assert len(up.mails) == 1
        assert not re.search(rb"\r(?!\n)|(?<!\r)\n", got), got
        assert b"\r\n.\r" not in got
        assert got.endswith(b"d\r\n")


def test_big(world):
    """A message of any size, and several at once."""
    body = (b"z" * 998 + b"\r\n") * 8000
    with Upstream() as up:
        sender = world.sender(up)
        clients = [Client(world) for _ in range(4)]
        threads = [threading.Thread(target=c.mail, args=(sender,),
                                    kwargs={"body": body}) for c in clients]
        for t in threads:
            t.start()
        for t in threads:
            t.join(2 * SLOW)
        assert [m["body"] == body for m in up.mails] == [True] * 4
        for client in clients:
            client.close()


def test_slow(world):
    """A server that does not read holds neither memory nor others."""
    go = threading.Event()

    def body(_):
        go.wait(2 * SLOW)

    hooks = {"body": body}
    with Upstream(hooks=hooks) as slow, Upstream() as quick:
        a, b = world.sender(slow), world.sender(quick)
        with Client(world) as client, Client(world) as other:
            client.want(250, "MAIL FROM:<%s>" % a)
            client.want(250, "RCPT TO:<a@b.test>")
            client.want(354, "DATA")
            before, sent = world.rss(), [0]
            line = b"w" * 998 + b"\r\n"

            def send():
                for _ in range(40000):
                    client.send(line)
                    sent[0] += 1
                client.send(".\r\n")

            thread = threading.Thread(target=send)
            thread.start()
            # It goes on until the buffers on the way are full.
            last = -1
            while last != sent[0]:
                last = sent[0]
                time.sleep(0.5)
            assert last < 40000
            grown = world.rss() - before
            assert grown < FLAT, grown
            assert other.mail(b).code == 250
            go.set()
            thread.join(4 * SLOW)
            assert client.reply().code == 250
            assert len(slow.mails[0]["body"]) == 40000 * 1000
            grown = world.rss() - before
            assert grown < FLAT, grown


def test_slow_client(world):
    """smtpd takes its time in the middle of a message."""
    with Upstream() as up, Client(world) as client:
        client.want(250, "MAIL FROM:<%s>" % world.sender(up))
        client.want(250, "RCPT TO:<a@b.test>")
        client.want(354, "DATA")
        for c in "a\r\n.\r\n":
            client.send(c)
            time.sleep(0.05)
        assert client.reply().code == 250
        assert up.mails[0]["body"] == b"a\r\n"


def test_smtpd_gone(world):
    """A connection that ends in the middle leaves nothing behind."""
    with Upstream() as up:
        sender = world.sender(up)
        for steps in range(4):
            client = Client(world)
            for line in ("MAIL FROM:<%s>" % sender, "RCPT TO:<a@b.test>",
                         "DATA")[:steps]:
                client.cmd(line)
            if steps == 3:
                client.send("half\r\n")
            client.close()
        with Client(world) as client:
            assert client.mail(sender).code == 250
        assert len(up.mails) == 1 and b"half" not in up.mails[0]["body"]


def test_gone_after_quit(world):
    """QUIT is answered after a while: who has left by then, or has said more,
    leaves nothing behind."""
    with Upstream() as up:
        sender = world.sender(up)
        courier = world.table.role("courier")
        for steps in range(3):
            clients = [Client(world) for _ in range(10)]
            for client in clients:
                for line in ("MAIL FROM:<%s>" % sender,
                             "RCPT TO:<old@b.test>")[:steps]:
                    client.cmd(line)
                client.send("QUIT\r\nMAIL FROM:<%s>\r\nQUIT\r\n" % sender)
            for client in clients[:5]:
                client.close()
            for client in clients[5:]:
                assert client.reply().code == 221
                client.close()
        with Client(world) as client:
            wait_for("mail", lambda: client.mail(sender).code == 250, SLOW)
        assert len(up.mails) == 1 and b"hello" in up.mails[0]["body"]
        assert world.table.role("courier") == courier


if __name__ == "__main__":
    main(globals())
