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


"""table-relay takes anything that is sent to it, in both protocols."""

import random
import struct
import time

from tablepeer import (ALIAS, CHECK, LOOKUP, MAILADDR, OK, OPEN, SIZE_T,
                       SLOW, USER, Imsg, Text, World, gone, main, wait_for)

GOOD = "support@company.example"


def alive(t):
    """It is in step and answers rightly."""
    t.nothing()
    assert t.check(GOOD) == "found"
    assert t.check("nobody@company.example") == "not-found"
    assert len(t.children()) == 2
    assert "starting it again" not in t.logged()


def test_pieces(kind):
    """Requests that come a byte at a time, and many in one piece."""
    with World() as world, kind(world, hello=False) as t:
        if kind is Text:
            for c in (b"config|smtpd-version|7.6.0\nconfig|protocol|0.1\n"
                      b"config|tablename|mailboxes\nconfig|ready\n"):
                t.send(bytes([c]))
            while t.line(SLOW) != "register|ready":
                pass
        else:
            for c in t.pack(OPEN, struct.pack("@I2048s", 2, b"mailboxes")):
                t.send(bytes([c]))
            assert t.reply(SLOW) == (OK, b"")
        for c in t.request(CHECK, MAILADDR, GOOD):
            t.nothing(0)
            t.send(bytes([c]))
        assert t.answer(CHECK) == "found"
        for size in (3, 7, 100, 4095, 65536):
            batch, want = b"", []
            for i in range(300):
                key = GOOD if i % 3 else "nobody%d@company.example" % i
                batch += t.request(CHECK, MAILADDR, key)
                want.append(("found" if i % 3 else "not-found",
                             getattr(t, "id", None)))
            for i in range(0, len(batch), size):
                t.send(batch[i:i + size])
            for answer, number in want:
                t.id = number
                assert t.answer(CHECK) == answer
        alive(t)


def test_keys(kind):
    """Keys of any length and any bytes."""
    rng = random.Random(7)
    with World() as world, kind(world) as t:
        for size in (1, 255, 1022, 1023):
            key = "k" * (size - 16) + "@company.example"
            assert t.lookup(key[-size:]) == "not-found", size
        for size in (1024, 2000, 4000):
            assert t.lookup("k" * size) == "error", size
        for _ in range(2000):
            key = "".join(chr(rng.choice([rng.randrange(1, 256), 64, 43, 124]))
                          for _ in range(rng.randrange(40)))
            key = key.replace("\n", "") + rng.choice(
                ["", "@company.example", "@company.test"])
            assert t.lookup(key) == "not-found", repr(key)
        alive(t)


def test_garbage_lines(kind):
    """Lines that are no requests get no answer; half requests get one."""
    with World() as world, kind(world) as t:
        for line in (b"", b"\0", b"table", b"table|", b"table|0.1|1|mailboxes|",
                     b"hello", b"|" * 500, b"config|" * 100, b"config|ready",
                     b"table|0.1|1|mailboxes|lookup|alias||key",
                     b"table|0.1|1|mailboxes|lookup",
                     bytes(range(128, 256)) * 3):
            t.send(line + b"\n")
            if line == b"config|ready":
                assert [t.line(SLOW) for _ in range(4)][3] == "register|ready"
        t.nothing()
        for op, words in (("lookup", "alias|77"), ("dump", "alias|77|k"),
                          ("check", "77"), ("fetch", "77"),
                          ("lookup", "alias|77|" + "k" * 1100)):
            t.send(("table|0.1|1|mailboxes|%s|%s\n" % (op, words)).encode())
            line = t.line(SLOW)
            assert line.startswith("%s-result|77|error|" % op), line
        alive(t)


def test_endless_line(kind):
    """A line without an end costs neither memory nor the lines after it."""
    with World() as world, kind(world) as t:
        pid = t.role("front")

        def memory():
            with open("/proc/%d/statm" % pid) as f:
                return int(f.read().split()[1])
        t.check(GOOD)
        before = memory()
        t.send(b"table|0.1|1|mailboxes|lookup|alias|abc|")
        for _ in range(1000):
            t.send(b"k" * 65536)
        t.nothing(0)
        assert memory() < before + 200, "pages: %d, then %d" % (
            before, memory())
        t.send(b"\n")
        assert t.line(SLOW).startswith("lookup-result|abc|error|")
        t.send(b"x" * 5000000 + b"\n")
        t.send(b"y" * 4095 + b"\n" + b"z" * 4096 + b"\n" + b"z" * 4097 + b"\n")
        alive(t)


def test_bad_frames(kind):
    """Frames that make no sense get one answer each."""
    with World() as world, kind(world) as t:
        good = struct.pack("@I", ALIAS) + bytes(SIZE_T) + GOOD.encode() + b"\0"
        for number, data in ((LOOKUP, b""), (LOOKUP, good[:-1]),
                             (LOOKUP, good + b"x"), (CHECK, good[:4]),
                             (LOOKUP, good[:4] + b"\1" * SIZE_T + b"x\0"),
                             (CHECK, b"\0" * 12), (7, good), (99, b""),
                             (0, b""), (1, good), (2**32 - 1, b"x" * 16000),
                             (LOOKUP, good[:12] + b"k" * 16000 + b"\0")):
            t.frame(number, data)
            assert t.answer(CHECK) in (
                "error", "not-found"), (number, data[:20])
        t.send(struct.pack("@IHHII", CHECK, 16 + len(good), 1, 5, 6) + good)
        assert t.answer(CHECK) == "found"
        alive(t)


def test_bad_lengths(kind):
    """A frame of impossible length: one answer, and in step again."""
    with World() as world, kind(world) as t:
        for length in (0, 1, 15, 16385, 65535):
            t.send(struct.pack("@IHHII", LOOKUP, length, 0, 0, 0) + b"x" * 50)
            assert t.answer(LOOKUP) == "error", length
            alive(t)


def test_random(kind):
    """Random bytes, in a process for each: it lives until the end of file."""
    rng = random.Random(8)
    for n in range(20):
        with World(seed=False) as world, kind(world, hello=False) as t:
            first = rng.choice([b"", b"config|", b"config|ready\n"])
            t.send(first + bytes(rng.randrange(256) for _ in range(20000)))
            pids = wait_for("processes", lambda: t.children())
            assert t.end() == 0, "run %d of %s" % (n, first)
            wait_for("end of all", lambda: all(map(gone, pids.values())))


def test_flood(kind):
    """Hundreds of thousands of lookups, every answer the right one."""
    rng = random.Random(9)
    with World() as world:
        keys = world.many("handles support@company.example 2000 1000")
        known = set(keys)
        with kind(world) as t:
            for _ in range(400):
                batch, want = [], []
                for _ in range(500):
                    key = rng.choice(keys)
                    if rng.random() < 0.5:
                        key = key[:8] + rng.choice("ab") + key[9:]
                    batch.append(t.request(LOOKUP, ALIAS, key))
                    want.append((getattr(t, "id", None), key in known))
                t.send(b"".join(batch))
                for t.id, there in want:
                    got = t.answer(LOOKUP)
                    assert got == ("found " + USER if there else "not-found")
            alive(t)


def test_slow_reader(kind):
    """A peer that does not read for a while gets every answer later."""
    with World() as world, kind(world) as t:
        request = t.request(CHECK, MAILADDR, GOOD)
        t.sock.setblocking(False)
        sent = 0
        end = time.monotonic() + SLOW
        while time.monotonic() < end:
            try:
                sent += t.sock.send(request * 100)
            except BlockingIOError:
                break
        else:
            raise AssertionError("the table never stopped reading")
        t.sock.setblocking(True)
        for _ in range(sent // len(request)):
            assert t.answer(CHECK) == "found"
        rest = sent % len(request)
        if rest:
            t.send(request[rest:])
            assert t.answer(CHECK) == "found"
        alive(t)


test_garbage_lines.kinds = test_endless_line.kinds = (Text,)
test_bad_frames.kinds = test_bad_lengths.kinds = (Imsg,)

if __name__ == "__main__":
    main(globals())
