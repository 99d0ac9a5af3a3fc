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

"""Hostile mail: each is relayed correctly or refused clearly, nothing dies,
and memory stays flat."""

import base64
import re

from relaytest import mail
from relaytest.case import main, only, setup
from relaytest.faults import other_mail_flows
from relaytest.relay import ALICE, CAROL, MAILBOX, PRIVATE, REPLIES
from relaytest.sink import settle

OURS = r"(filter|table)-relay: (front|engine|keeper)"


def memory(relay):
    """The largest resident set of our processes so far, in KiB."""
    most = 0
    for pid in relay.pids(r"(filter|table|mda)-relay"):
        try:
            with open("/proc/%d/status" % pid) as f:
                m = re.search(r"VmHWM:\s+(\d+)", f.read())
        except OSError:
            continue
        most = max(most, int(m.group(1)) if m else 0)
    return most


class Watched:
    """Nothing of ours dies inside."""

    def __init__(self, relay):
        self.relay = relay

    def __enter__(self):
        self.before = sorted(self.relay.pids(OURS))
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            after = sorted(self.relay.pids(OURS))
            assert after == self.before, "a process was replaced"
            other_mail_flows(self.relay)


def clear(out):
    """An answer is 250, or a refusal with a sentence."""
    code, words = out.final
    assert code == 250 or (500 <= code < 600 and len(words) > 15), str(out)
    return code


def both_ways(relay, head, body, copies=True):
    """The same contents from a customer, and in a worker's reply.  What gets
    through arrives; the result is what Carol got, or None."""
    with Watched(relay):
        plain = b"From: %s\r\nTo: %s\r\nSubject: Hostile\r\n" % (
            CAROL.encode(), MAILBOX.encode())
        start = relay.worker.sink.mark()
        out = relay.send(relay.customer, CAROL, [MAILBOX],
                         plain + head + b"\r\n" + body)
        if clear(out) == 250 and copies:
            relay.got(ALICE.address, 1, start, timeout=60)
        return reply_only(relay, head, body)


def reply_only(relay, head, body):
    start = relay.customer.sink.mark()
    copies = relay.worker.sink.mark()
    relay.ask(subject="Good question")
    copy = relay.got(ALICE.address, 1, copies, timeout=60).data
    rcpts, data = ALICE.reply(copy)
    top = data.split(b"\r\n\r\n", 1)[0] + b"\r\n"
    out = relay.send(relay.worker, ALICE.address, rcpts,
                     top + head + b"\r\n" + body)
    got = None
    if clear(out) == 250:
        got = relay.got(CAROL, 1, start, timeout=60).data
        found = mail.leaks(got, PRIVATE)
        assert not found, "; ".join(found)[:500]
    relay.wait_queue_empty(60)
    return got


def test_long_line(relay):
    """A line of 60,000 bytes; smtpd itself takes no more than 65,535."""
    got = both_ways(relay, b"", b"begin " + b"x" * 60000 + b" end\r\n")
    if got is not None:
        body = re.sub(rb"\r\n ?", b"", got.split(b"\r\n\r\n", 1)[1])
        assert body.count(b"x") == 60000 and b"end" in body


def test_endless_line(relay):
    """A line of 1 MB: smtpd ends there; nothing of ours does."""
    with Watched(relay):
        client = relay.client(relay.customer)
        try:
            client.message(CAROL, [MAILBOX], mail.message(
                CAROL, MAILBOX, "Long", "x" * 1000000 + "\n"))
        except (OSError, Exception):
            pass
        client.close()


@only("6.8")
def test_lines_of_3000(relay):
    """smtpd 6.8 cuts a filter's lines at 2,047 bytes; ours loses nothing."""
    line = b"".join(b"%04d " % n for n in range(600))
    got = both_ways(relay, b"", line + b"\r\n")
    body = re.sub(rb"\r\n ", b"", got.split(b"\r\n\r\n", 1)[1])
    assert line in body, "bytes are lost"


def test_nul_and_bare(relay):
    """NUL, bare CR and bare LF."""
    both_ways(relay, b"", b"a\0b\r\nbare\rcr\r\nend\r\n")
    both_ways(relay, b"X-Foo: a\0b\r\n", b"end\r\n")
    both_ways(relay, b"", b"one\ntwo\n\nFrom: eve@elsewhere.test\n\r\nend\r\n")


def test_many_headers(relay):
    both_ways(relay, b"".join(b"X-H%d: value\r\n" % n for n in range(20000)),
              b"Hello\r\n")


def test_big_header(relay):
    """A header of 1 MB in folded lines."""
    both_ways(relay, b"X-Big: a\r\n" + b" folded words of a header\r\n" * 40000,
              b"Hello\r\n")
    both_ways(relay, b"References: <a@b>\r\n" + b" <c.d.e@f.example>\r\n" *
              50000, b"Hello\r\n")


def test_no_blank_line(relay):
    with Watched(relay):
        for data in (b"From: %s\r\nSubject: x\r\n" % CAROL.encode(), b"",
                     b"no header at all\r\n", b"\r\nbody only\r\n",
                     b": x\r\n\r\nx\r\n", b" folded\r\nfirst\r\n\r\n"):
            clear(relay.send(relay.customer, CAROL, [MAILBOX], data))
            relay.wait_queue_empty(60)


def test_nested(relay):
    """10,000 parts within parts."""
    ctype, body, end = b"", b"", b""
    for n in range(10000):
        kind = b"multipart/mixed; boundary=\"b%d\"" % n
        if not ctype:
            ctype = b"MIME-Version: 1.0\r\nContent-Type: " + kind + b"\r\n"
        else:
            body += b"Content-Type: " + kind + b"\r\n\r\n"
        body += b"--b%d\r\n" % n
        end = b"--b%d--\r\n" % n + end
    text = ("\r\nWrite to %s\r\n" % ALICE.address).encode()
    both_ways(relay, ctype, body + text + end)


TRICKS = [
    # never closed, closed too early, one boundary a prefix of the other
    ('multipart/mixed; boundary="a"', "--a\n\nWrite %s\n"),
    ('multipart/mixed; boundary="a"', "--a--\n--a\n\nWrite %s\n--a--\n"),
    ('multipart/mixed; boundary="a"', "--ab\n\nWrite %s\n--a\n\n%s\n--ab--\n"),
    ("multipart/mixed", "--\n\nWrite %s\n----\n"),
    ('multipart/mixed; boundary=""', "--\n\nWrite %s\n----\n"),
    ('multipart/mixed; boundary="a" ; boundary="b"',
     "--a\n\nWrite %s\n--b\n\n%s\n--a--\n--b--\n"),
    ('multipart/mixed; boundary*0="a"; boundary*1="b"',
     "--ab\n\nWrite %s\n--ab--\n"),
    ("multipart/mixed; boundary=\"%s\"" % ("x" * 300),
     "--" + "x" * 300 + "\n\nWrite %s\n--" + "x" * 300 + "--\n"),
    ("text/plain; charset=no-such-charset", "Write %s\n"),
    ("text/plain; charset=utf-7", "Write alice.liddell+AEA-home.example\n"),
    ("text/plain; charset=utf-16le", "A\0l\0i\0c\0e\0\n"),
    ("text/html; charset=\"", "<a href='mailto:%s'>\n"),
    ("message/rfc822", "From: %s\nTo: %s\n\nWrite %s\n"),
    ("message/rfc822", "Content-Type: message/rfc822\n\nFrom: %s\n\n%s\n"),
    ("message/partial; number=1; total=2; id=x", "From: %s\n\n%s\n"),
    ("nonsense", "Write %s\n"),
    ("text/plain; name=\"%s.txt\"" % ALICE.address, "Write %s\n"),
]


def test_boundary_tricks(relay):
    for ctype, body in TRICKS:
        text = body.replace("%s", ALICE.address).replace("\n", "\r\n")
        reply_only(relay, ("MIME-Version: 1.0\r\nContent-Type: %s\r\n" %
                           ctype).encode(), text.encode())


def test_wrong_encodings(relay):
    """Base64 and quoted-printable with mistakes."""
    b64 = base64.b64encode(b"Write to %s " % ALICE.address.encode() * 20 +
                           b"and that is all")
    for coding, body in (
            (b"base64", b64[:77] + b"!!" + b64[77:] + b"\r\n"),
            (b"base64", b64[:-3] + b"\r\n"),
            (b"base64", b"====\r\n" + b64 + b"\r\n"),
            (b"base64", b"\r\n".join(b64[i:i + 3]
                                     for i in range(0, len(b64), 3)) + b"\r\n"),
            (b"quoted-printable",
             b"alice=2Eliddell=40home.exam=\r\nple =ZZ =\r\n"),
            (b"quoted-printable", b"=61lice.liddell@home.e=   \r\nxample\r\n"),
            (b"x-uuencode", b"begin 644 x\r\nend\r\n"),
            (b"8bit", b"\xff\xfe alice.liddell@home.example\r\n")):
        reply_only(relay, b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
                   b"Content-Transfer-Encoding: " + coding + b"\r\n", body)


def test_dots(relay):
    """Lines that begin with dots, on all their ways."""
    body = b".\r\n..\r\n...x\r\n.hidden\r\nend\r\n"
    got = both_ways(relay, b"", body)
    assert got.endswith(body), got[-60:]
    copy = relay.worker.sink.to(ALICE.address)[0].data
    assert copy.endswith(body), copy[-60:]


def test_big_body(relay):
    """35 MB in both directions; no process of ours grows with them."""
    line = b"A line of text that is neither short nor long, and no secret.\r\n"
    before = memory(relay)
    got = both_ways(relay, b"", line * (35 * 1024 * 1024 // len(line)))
    assert got is not None and len(got) > 35 * 1024 * 1024 - 1000
    grown = memory(relay) - before
    assert grown < 6 * 1024, "grew by %d KiB" % grown


def test_200_in_cc(relay):
    """More addresses than participants: only From gets a handle."""
    many = ", ".join("p%d@elsewhere.test" % n for n in range(200))
    with Watched(relay):
        relay.ask(cc=many)
        copy = relay.got(ALICE.address).data
        msg = mail.parse(copy)
        handles = [a for a in mail.addresses(msg, "To", "Cc", "From")
                   if mail.HANDLE.search(a)]
        assert len(handles) == 1, len(handles)
        assert b"p199@elsewhere.test" not in copy.split(b"\r\n\r\n")[0] or \
            len(handles) == 1
        relay.answer(copy)
        relay.got(CAROL)


@setup(replies=REPLIES + "\tmessages 20 per hour\n")
def test_flood(relay):
    """More than the limit to one mailbox: temporary, and others go on."""
    with Watched(relay):
        codes = []
        for n in range(30):
            data = mail.message(CAROL, MAILBOX, "Flood %d" % n)
            out = relay.send(relay.customer, CAROL, [MAILBOX], data)
            codes.append(out.final[0])
        assert codes[0] == 250, codes
        assert codes[-1] in (451, 250), codes
        settle(relay.sinks())
        assert len(relay.worker.sink.to(ALICE.address)) <= 20


def test_odd_headers(relay):
    """Obsolete, broken and hidden syntax in the address fields."""
    for field in ("From: Carol <carol@customer.test>, <eve@elsewhere.test>",
                  "From: =?utf-8?q?=22alice=2Eliddell=40home=2Eexample=22?= "
                  "<carol@customer.test>",
                  "From: carol@customer.test (a (nested) comment)",
                  "From: @a,@b:carol@customer.test",
                  "From: \"unclosed <carol@customer.test>",
                  "From: undisclosed-recipients:;",
                  "From:", "From: <>", "From : carol@customer.test",
                  "From: \u202egnp.exe <carol@customer.test>",
                  "From: Carol\r\n <carol@customer.test>"):
        with Watched(relay):
            data = ("%s\r\nTo: a group: b@c.test, d@e.test;, %s\r\n"
                    "Subject: x\r\n\r\nHello\r\n" % (field, MAILBOX))
            clear(relay.send(relay.customer, CAROL, [MAILBOX],
                             data.encode()))
            relay.wait_queue_empty(60)
    for got in relay.worker.sink.to(ALICE.address):
        sender = mail.parse(got.data)["From"]
        assert "\u202e" not in mail.decoded(sender)
        assert "alice.liddell" not in mail.decoded(sender)


if __name__ == "__main__":
    main(globals())
