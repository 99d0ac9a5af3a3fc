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

"""Many sessions at once, and many conversations."""

import re
import threading
import time

from relaytest import mail
from relaytest.case import main
from relaytest.ns import wait_for
from relaytest.relay import ALICE, CAROL, MAILBOX, PRIVATE, Client

SESSIONS = 300
CONF_MORE = "limit session max-mails 1000\n"


def lines(number):
    return ["line %d of session %d" % (n, number) for n in range(40)]


def talk(client, line):
    code, words = client.docmd(line)
    assert code in (250, 354), (line, code, words)


def open_all(relay, work):
    """One client for each piece of work, all in DATA together."""
    clients = []
    for sender, rcpts, data in work:
        site = relay.worker if sender == ALICE.address else relay.customer
        client = Client(site.host)
        talk(client, "MAIL FROM:<%s>" % sender)
        for rcpt in rcpts:
            talk(client, "RCPT TO:<%s>" % rcpt)
        talk(client, "DATA")
        clients.append((client, data.split(b"\r\n")))
    return clients


def interleave(clients):
    """A line of each in turn, then all the ends."""
    longest = max(len(parts) for _, parts in clients)
    for n in range(longest):
        for client, parts in clients:
            if n < len(parts):
                client.send(parts[n] + b"\r\n")
    for client, _ in clients:
        client.send(b".\r\n")
    for client, _ in clients:
        code, words = client.getreply()
        assert code == 250, (code, words)
        client.close()


def test_interleaved(relay):
    """Replies, questions and ordinary mail, a line of each in turn."""
    copy = relay.copy()
    work = []
    for n in range(SESSIONS):
        body = "\n".join(lines(n)) + "\n"
        if n % 3 == 0:
            rcpts, data = ALICE.reply(copy, body=body)
            work.append((ALICE.address, rcpts, data))
        elif n % 3 == 1:
            work.append((CAROL, ["dave@company.example"], mail.message(
                CAROL, "dave@company.example", "To Dave", body)))
        else:
            work.append((CAROL, [MAILBOX], mail.message(
                CAROL, MAILBOX, "To you %d" % n, body)))
    interleave(open_all(relay, work))
    third = SESSIONS // 3
    relay.got(CAROL, third, timeout=120)
    wait_for("local mail", lambda: len(relay.local_mails("dave")) == third, 60)
    relay.got(ALICE.address, third + 1, timeout=120)
    boxes = [[m.data for m in relay.customer.sink.to(CAROL)],
             relay.local_mails("dave"),
             [m.data for m in relay.worker.sink.to(ALICE.address)[1:]]]
    seen = set()
    for box in boxes:
        for data in box:
            found = re.findall(r"line (\d+) of session (\d+)", data.decode())
            number = {s for _, s in found}
            assert len(number) == 1, "sessions mixed: %r" % number
            assert [int(n) for n, _ in found] == list(range(40)), "lines"
            seen |= number
    assert len(seen) == SESSIONS, len(seen)
    for data in boxes[0]:
        found = mail.leaks(data, PRIVATE)
        assert not found, found[0]


test_interleaved.seconds = 400


def ask_many(relay, count, first):
    """So many conversations, over one session."""
    client = relay.client(relay.customer)
    for n in range(first, first + count):
        out = client.message(CAROL, [MAILBOX], mail.message(
            CAROL, MAILBOX, "Question %d" % n))
        assert out.final[0] == 250, str(out)
        if n % 90 == 89:
            client.close()
            client = relay.client(relay.customer)
    client.close()


def time_lookups(relay, handle, count=400):
    """Seconds for so many RCPT TO of one handle."""
    client = relay.client(relay.customer)
    begin = time.monotonic()
    for n in range(count):
        client.docmd("MAIL FROM:<%s>" % CAROL)
        code, words = client.docmd("RCPT TO:<%s>" % handle)
        assert code == 250, (code, words)
        client.docmd("RSET")
    took = time.monotonic() - begin
    client.close()
    return took


def test_parallel_customers(relay):
    """Ten customers at once, twenty questions each: every copy comes once."""
    threads = [threading.Thread(target=ask_many, args=(relay, 20, 1000 * n))
               for n in range(10)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    relay.got(ALICE.address, 200, timeout=120)
    relay.wait_queue_empty(60)
    subjects = [mail.header(mail.parse(m.data), "Subject")
                for m in relay.worker.sink.to(ALICE.address)]
    assert len(subjects) == 200 and len(set(subjects)) == 200


test_parallel_customers.seconds = 300


if __name__ == "__main__":
    main(globals())
