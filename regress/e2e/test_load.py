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

from relaytest import mail, tokens
from relaytest.case import main
from relaytest.ns import Timeout, wait_for
from relaytest.relay import ALICE, CAROL, MAILBOX, PRIVATE, Client, again

SESSIONS = 300
MANY = 10000


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


def ask_many(relay, count, first):
    """So many conversations, over one session."""
    client = relay.client(relay.customer)
    for n in range(first, first + count):
        data = mail.message(CAROL, MAILBOX, "Question %d" % n)
        out = again(lambda c=client, d=data: c.message(CAROL, [MAILBOX], d),
                    relay.add_log)
        assert out.final[0] == 250, str(out)
        if n % 90 == 89:
            client.close()
            client = relay.client(relay.customer)
    client.close()


def spent(relay):
    """Nanoseconds that our processes have run."""
    total = 0
    for pid in relay.pids(r"^(filter|table)-relay: "):
        with open("/proc/%d/schedstat" % pid) as f:
            total += int(f.read().split()[0])
    return total


def cost_lookups(relay, handles):
    """What a RCPT TO of each handle costs us, in nanoseconds: a clock would
    measure how busy the machine is."""
    client = relay.client(relay.customer)
    begin = spent(relay)
    for handle in handles:
        client.docmd("MAIL FROM:<%s>" % CAROL)
        code, words = client.docmd("RCPT TO:<%s>" % handle)
        assert code == 250, (handle, code, words)
        client.docmd("RSET")
    cost = spent(relay) - begin
    client.close()
    return cost


def handle_of(number):
    """A handle address that is easy to make again."""
    digits = "".join(chr(ord("a") + int(c)) for c in "%016d" % number)
    return "support+%s@company.example" % digits


def many(text, count):
    """An export with so many conversations, each like its only one."""
    out = []
    for line in text.splitlines():
        kind = line.split("\t")[0]
        if kind == "conversation":
            out += [line.replace("id=1", "id=%d" % n)
                    for n in range(1, count + 1)]
        elif kind == "participant":
            out += [line.replace("id=1", "id=%d" % n).replace(
                "conversation=1", "conversation=%d" % n)
                for n in range(1, count + 1)]
        elif kind == "handle" and "worker=1" in line:
            out += [re.sub("address=[^\t]*", "address=" + handle_of(n),
                           re.sub(r"(^handle\tid|conversation|participant)=\d+",
                                  r"\g<1>=%d" % n, line))
                    for n in range(1, count + 1)]
        elif kind in ("message", "copy", "rpath", "handle"):
            continue
        elif kind.startswith("end"):
            out.append("end %d" % (len(out) - 1))
        else:
            out.append(line.replace("name=conversation\tseq=1",
                                    "name=conversation\tseq=%d" % count))
    return "\n".join(out) + "\n"


def test_ten_thousand(relay):
    """Ten thousand conversations: a lookup costs no more than with one, and
    the last can be answered as the first could."""
    relay.copy()
    first = mail.addresses(mail.parse(relay.got(ALICE.address).data), "From")
    alone = min(cost_lookups(relay, first * 200) for _ in range(3))
    relay.stop_smtpd()
    text = many(relay.ctl("export"), MANY)
    relay.run(["sh", "-c", "rm /var/lib/smtprelay/*"])
    relay.ctl("init")
    relay.ctl("import", text=text)
    relay.start_smtpd()
    spread = [handle_of(n) for n in range(1, MANY + 1, MANY // 200)]
    crowd = min(cost_lookups(relay, spread) for _ in range(3))
    # A scan of ten thousand would cost far more than this.
    assert crowd < 5 * alone, "%d ns, alone %d ns" % (crowd, alone)
    ident, key = next(iter(tokens.keys(relay).items()))
    token = tokens.encode(key, ident, 1, MANY, int(time.time()), MAILBOX)
    copy = mail.message(handle_of(MANY), MAILBOX, "A question",
                        mid="<relay.%s@company.example>" % token)
    relay.answer(copy)
    got = relay.got(CAROL)
    assert not mail.leaks(got.data, PRIVATE)


def parallel(count, work):
    """work(0) to work(count - 1) all at once; their failures are ours."""
    wrong = []

    def one(n):
        try:
            work(n)
        except Exception as e:
            wrong.append("%d: %r" % (n, e))

    threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong, "; ".join(wrong)


def test_parallel_customers(relay):
    """Ten customers at once, twenty questions each: every copy comes once."""
    parallel(10, lambda n: ask_many(relay, 20, 1000 * n))
    asked = {"Question %d" % (1000 * n + k)
             for n in range(10) for k in range(20)}

    def subjects():
        return [mail.header(mail.parse(m.data), "Subject")
                for m in relay.worker.sink.to(ALICE.address)]

    try:
        relay.got(ALICE.address, 200, timeout=120)
    except Timeout as e:
        raise AssertionError("missing: %s" % sorted(
            asked.difference(subjects()))) from e
    relay.wait_queue_empty(60)
    assert len(subjects()) == 200 and set(subjects()) == asked


if __name__ == "__main__":
    main(globals())
