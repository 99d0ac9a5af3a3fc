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



"""Many large messages at once through the courier."""

import hashlib
import threading

from courierpeer import SLOW, Client, Conn, Upstream, main
from tablepeer import wait_for

SENDERS, EACH = 20, 10
BODY = (b"x" * 76 + b"\r\n") * 32000	# half of a message's lines
END = b"\r\n.\r\n"
# What both ends of each may hold, with what sanitizers add; twelve times as
# much flows.
FLAT = SENDERS * EACH * 400 * 1024


class Counting(Conn):
    """Keeps a message's sum only."""

    def message(self):
        with self.up.lock:
            self.up.receiving += 1
        digest = hashlib.sha256()
        while not self.data.endswith(END):
            if len(self.data) > len(END):
                digest.update(self.data[:-len(END)])
                self.data = self.data[-len(END):]
            self.more()
        digest.update(self.data[:-len(END)])
        self.data = b""
        with self.up.lock:
            self.up.mails.append((self.mail, digest.hexdigest()))
        self.say("end", "250 2.0.0 queued as 1")


def sends(world, sender, serial, go, said):
    """Half of a message; the rest when all have come so far."""
    head = b"Subject: %d\r\n\r\n" % serial
    with Client(world) as client:
        client.sock.settimeout(4 * SLOW)
        client.want(250, "MAIL FROM:<%s>" % sender)
        client.want(250, "RCPT TO:<carol@customer.test>")
        client.want(354, "DATA")
        client.send(head + BODY)
        go.wait(8 * SLOW)
        client.send(BODY + END[2:])
        said[serial] = client.reply()
    digest = hashlib.sha256(head + BODY + BODY[:-2])
    said[serial] += " " + digest.hexdigest()


def test_many_large(world):
    """200 transactions of 5 MB, all of them open at one time: each arrives
    whole and under its own sender, and memory does not grow with them."""
    with Upstream(conn=Counting) as up:
        up.lock, up.receiving = threading.Lock(), 0
        senders = [world.sender(up) for _ in range(SENDERS)]
        before = world.rss()
        go, said = threading.Event(), {}
        threads = [threading.Thread(target=sends, daemon=True, args=(
            world, senders[n % SENDERS], n, go, said))
            for n in range(SENDERS * EACH)]
        for thread in threads:
            thread.start()
        wait_for("all of them to be in their data",
                 lambda: up.receiving == len(threads), 4 * SLOW)
        go.set()
        for thread in threads:
            thread.join(8 * SLOW)
        wrong = [r for r in said.values() if not r.startswith("250 ")]
        assert len(said) == len(threads) and not wrong, (len(said), wrong)
        expected = sorted(
            ("MAIL FROM:<%s>" % senders[n % SENDERS], r.split()[-1])
            for n, r in said.items())
        assert sorted(up.mails) == expected
        grown = world.rss("VmHWM") - before
        assert grown < FLAT, grown
        print("%d sessions: %d kB more" % (len(threads), grown // 1024))


if __name__ == "__main__":
    main(globals())
