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

"""Whatever comes in, filter-relay stays and answers what can be answered."""

import os
import random
import time

from filterpeer import (LATER, Filter, Session, Silent, World, main, message,
                        wait_for)

SID = "0123456789abcdef"
TOKEN = "fedcba9876543210"


def alive(f):
    """A new session works as ever."""
    got, verdict = Session(f).send("c@customer.test",
                                   ["support@company.example"], message())
    assert got == message(), got
    assert verdict == "proceed", verdict


def test_junk():
    """Lines that mean nothing are ignored, and logged within limits."""
    junk = ["", "|", "||||||||||", "filter", "filter|", "report|0.7",
            "filter|0.7|1.0|smtp-in|commit|%s|%s" % (SID, TOKEN),
            "filter|0.7|1.0|smtp-in|commit|short|%s|" % TOKEN,
            "filter|0.7|1.0|smtp-in|commit|%s|%sx|" % (SID, TOKEN),
            "filter|9.9|1.0|smtp-in|commit|%s|%s|" % (SID, TOKEN),
            "filter|0.7|1.0|smtp-out|commit|%s|%s|" % (SID, TOKEN),
            "filter|0.7|1.0|smtp-in|data-line|%s|" % SID,
            "filter|0.7|1.0|smtp-in|data-line|%s|%s" % (SID, TOKEN),
            "report|0.7|1.0|smtp-in|link-connect|" + SID,
            "report|0.7|1.0|smtp-in|link-auth|" + SID,
            "report|0.7|1.0|smtp-in|link-disconnect|" + SID,
            "report|0.7|1.0|smtp-in|tx-begin|%s|12345678" % SID,
            "config|", "config|admd|", "config|" + "x" * 5000,
            "\0" * 100, "\xff\xfe|\x01|", "filter-result|a|b|proceed"]
    with World() as world, Filter(world) as f:
        begin = time.monotonic()
        f.send(*junk)
        f.nothing()
        random.seed(2)
        for _ in range(50):
            f.raw(bytes(random.randrange(256) for _ in range(1000)))
        f.raw(b"\n")
        for _ in range(100):
            f.send(*junk)
        alive(f)
        log = f.logged()
        minutes = 2 + (time.monotonic() - begin) // 60
        assert 0 < log.count("a line that smtpd should not send") <= (
            10 * minutes), log
        f.nothing()


def mutate(line):
    """A line with a few bytes changed, doubled, cut out or moved."""
    data = bytearray(line.encode("latin-1"))
    for _ in range(random.randrange(3)):
        at = random.randrange(len(data) + 1)
        what = random.randrange(4)
        if what == 0 and at < len(data):
            data[at] = random.randrange(256)
        elif what == 1:
            data[at:at] = bytes(random.choice(b"|.0af\r\0 -") for _ in
                                range(random.randrange(20)))
        elif what == 2:
            del data[at:at + random.randrange(20)]
        else:
            data[at:at] = data[:at]
    return bytes(data).replace(b"\n", b"")


def test_mutated():
    """Good transcripts with errors in them, thousands of them."""
    random.seed(7)
    with World() as world, Filter(world) as f:
        for number in range(300):
            sid = "%016x" % random.randrange(8)
            good = ["report|0.7|1.0|smtp-in|link-connect|%s|h|pass|"
                    "192.0.2.1:1|192.0.2.2:25" % sid]
            for phase, param in (
                    ("mail-from", "alice@home.example"),
                    ("rcpt-to", world.handle), ("rcpt-to", world.box),
                    ("rcpt-to", "j@elsewhere.test"), ("commit", "")):
                if phase == "commit":
                    good += ["filter|0.7|1.0|smtp-in|data-line|%s|%s|%s"
                             % (sid, TOKEN, x) for x in
                             message("alice@home.example") + ["."]]
                good.append("filter|0.7|1.0|smtp-in|%s|%s|%s|%s"
                            % (phase, sid, TOKEN, param))
            if number % 3:
                good.append("report|0.7|1.0|smtp-in|link-disconnect|" + sid)
            f.send(*(mutate(x) for x in good))
            while f.lines:
                f.line()
        end = time.monotonic() + 60
        while time.monotonic() < end and f.receive(3):
            while f.lines:
                f.line()
        alive(f)
        assert "starting it again" not in f.logged(), f.logged()


def test_out_of_turn():
    """Lines and requests while an answer is owed."""
    with World() as world, Filter(world) as f:
        for then in ("data", "dot", "endless", "connect", "mail-from"):
            s = Session(f)
            assert s.mail("c@customer.test") == "proceed"
            assert s.rcpt(world.box) == "proceed"
            pid = f.child("keeper")
            os.kill(pid, 19)
            s.ask("rcpt-to", world.handle)
            line = "filter|0.7|1.0|smtp-in|data-line|%s|%s|" % (s.sid, TOKEN)
            if then == "data":
                f.send(line + "text")
            elif then == "dot":
                f.send(line + ".")
            elif then == "endless":
                f.raw(line.encode() + b"x" * 600000 + b"\n")
            elif then == "connect":
                s.report("link-connect", "h", "pass", "192.0.2.1:1", "x:25")
            else:
                f.send("filter|0.7|1.0|smtp-in|mail-from|%s|%s|x@y.test"
                       % (s.sid, TOKEN))
            answer = s.result()
            assert answer.startswith("reject|" + LATER), (then, answer)
            if then == "mail-from":
                assert f.line().endswith("|proceed")
            os.kill(pid, 18)
            f.nothing()
            s.end()
        alive(f)


def test_unknown():
    """Sessions that nobody announced: 451, and their data is swallowed."""
    with World() as world, Filter(world) as f:
        def ask(phase, param):
            f.send("filter|0.7|1.0|smtp-in|%s|%s|%s|%s"
                   % (phase, SID, TOKEN, param))
        for phase in ("mail-from", "rcpt-to", "commit"):
            ask(phase, "")
            line = f.line()
            assert line.startswith("filter-result|%s|%s|reject|%s"
                                   % (SID, TOKEN, LATER)), line
        ask("quit", "")
        assert f.line().endswith("|proceed")
        ask("data-line", "text")
        ask("data-line", ".")
        assert f.line() == "filter-dataline|%s|%s|." % (SID, TOKEN)
        f.nothing()
        alive(f)


def test_endless():
    """A line without end costs no memory and takes nothing along."""
    with World() as world, Filter(world) as f:
        s = Session(f)
        assert s.mail("c@customer.test") == "proceed"
        assert s.rcpt("j@elsewhere.test") == "proceed"
        s.put("Subject: x", "")
        f.raw(("filter|0.7|1.0|smtp-in|data-line|%s|%s|" %
               (s.sid, s.token)).encode())
        before = memory(f)
        for _ in range(64):
            f.raw(b"x" * (1 << 20))
        f.raw(b"\n")
        s.put("after", ".")
        got = s.got()
        assert "after" in got or got == ["Subject: x", ""], got
        assert s.commit().startswith("reject|" + LATER)
        assert memory(f) < before + 2048, (before, memory(f))
        alive(f)


def memory(f, role="front"):
    """Kilobytes in use."""
    for line in open("/proc/%d/status" % f.child(role)):
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def test_login():
    """link-auth in both orders, with `|' in the name."""
    for version in ("0.6", "0.7"):
        with World("authenticate sender") as world:
            world.seed("worker eve x|pass|alice-login eve@home.example")
            world.seed("join support@company.example eve")
            with Filter(world, version) as f:
                mine = message("alice@home.example")
                eves = message("eve@home.example")

                def verdict(login, lines):
                    s = Session(f, login=login)
                    return s.send("alice@home.example", [world.handle],
                                  lines)[1]
                ok = verdict("alice-login", mine)
                assert ok == "proceed", ok
                for login in ("fail|alice-login", "alice-login|fail",
                              "x|alice-login", "x|pass|alice-login",
                              "Alice-login", ""):
                    got = verdict(login, mine)
                    assert got.startswith("reject|550 5.7.1"), (login, got)
                # Nobody's handle, but the team's mail with a login.
                s = Session(f, login="x|pass|alice-login")
                got, answer = s.send("eve@home.example", [world.box], eves)
                assert answer == "proceed", answer
                assert got[0].startswith("X-Relay-Reply: "), got[0]
                # A login that failed is none.
                s = Session(f)
                if version == "0.6":
                    s.report("link-auth", "alice-login", "fail")
                else:
                    s.report("link-auth", "fail", "alice-login")
                got = s.send("alice@home.example", [world.handle], mine)[1]
                assert got.startswith("reject|550 5.7.1"), got


def test_headers():
    """Headers of any shape to a mailbox come out as they went in."""
    cases = [
        [],
        [""],
        ["", ""],
        ["no header at all"],
        message()[:-3],
        ["Subject: no blank line", "text", "more"],
        [" orphan"] + message(),
        message(extra=["X-%d: y" % i for i in range(20000)]),
        message(extra=["X-Big: a"] + [" " + "b" * 900] * 1100),
        message(extra=["X-Long: " + "c" * 60000]),
        message(sender="", extra=["From: ", "From"]),
        message(sender="\"" + "(" * 500),
        message(extra=["To: " + ", ".join("a%d@b.test" % i
                                          for i in range(200))]),
        message(extra=["References: " + "<x@y> " * 9000]),
        message(body=["..", "...", "..x"] + ["\t" * 100] * 100),
    ]
    with World() as world, Filter(world) as f:
        s = Session(f)
        for lines in cases:
            got, verdict = s.send("c@customer.test", [world.box], lines)
            if got[:1] == ["X-Relay-Unverified: yes"]:
                got = got[1:]
            assert got == lines, (len(got), len(lines), lines[:5], got[:8])
            assert verdict == "proceed", (lines[:5], verdict)


def test_large():
    """A message of 35 MB passes the engine with flat memory."""
    block = ["line %d %s" % (i, "x" * 60) for i in range(5000)]
    with World() as world, Filter(world) as f:
        s = Session(f)
        assert s.mail("c@customer.test") == "proceed"
        assert s.rcpt(world.box) == "proceed"
        s.put(*message())
        count = len(message())
        before = {role: memory(f, role) for role in ("front", "engine")}
        top = dict(before)
        for _ in range(100):
            s.put(*block)
            for role in top:
                top[role] = max(top[role], memory(f, role))
        s.put(".")
        count += 100 * len(block)
        got = s.got(60)
        assert len(got) == count and got[-1] == block[-1]
        assert s.commit() == "proceed"
        for role in top:
            assert top[role] < before[role] + 6000, (before, top)


def test_memory():
    """1 kB for a session in the front, 32 kB for a message in the engine."""
    with World() as world, Filter(world) as f:
        alive(f)
        before = memory(f)
        sessions = [Session(f) for _ in range(5000)]
        for s in sessions:
            s.ask("mail-from", "carol@customer.test")
        for s in sessions:
            assert s.result() == "proceed"
        assert memory(f) - before < 5000, (before, memory(f))
        before = memory(f, "engine")
        for s in sessions[:300]:
            assert s.rcpt(world.box) == "proceed"
        for s in sessions[:300]:
            s.put(*message(body=["x" * 70] * 500))
        got = 0
        while got < 300 * 400:
            f.line()
            got += 1
        assert memory(f, "engine") - before < 300 * 32, memory(f, "engine")
        for s in sessions:
            s.end()


def test_full():
    """smtpd does not read for a while: nothing is lost, nothing grows."""
    with World() as world, Filter(world) as f:
        s = Session(f)
        assert s.mail("c@customer.test") == "proceed"
        assert s.rcpt("j@elsewhere.test") == "proceed"
        waiting = Session(f)
        assert waiting.mail("c@customer.test") == "proceed"
        pid = f.child("keeper")
        os.kill(pid, 19)
        waiting.ask("rcpt-to", world.box)
        s.token = "%016x" % 0xdef
        line = ("filter|0.7|1.0|smtp-in|data-line|%s|%s|%s\n"
                % (s.sid, s.token, "x" * 200)).encode()
        fd = f.proc.stdin.fileno()
        os.set_blocking(fd, False)
        sent, chunk, last = 0, line * 100, time.monotonic()
        data = chunk
        while time.monotonic() < last + 1:
            try:
                n = os.write(fd, data)
                data = data[n:]
                sent += n
                last = time.monotonic()
                if not data:
                    data = chunk
            except BlockingIOError:
                time.sleep(0.01)
            assert sent < 8 << 20, "it reads on and on"
        assert memory(f) < 16384, memory(f)
        # Its deadline was not forgotten meanwhile.
        time.sleep(10.5)
        f.raw(bytes(data) if len(data) < len(chunk) else b"")
        sent += len(data) if len(data) < len(chunk) else 0
        seen = lines = 0
        while lines < sent // len(line) or not seen:
            got = f.line()
            if got.startswith("filter-result"):
                assert got.split("|")[1] == waiting.sid
                assert got.split("|", 3)[3].startswith("reject|" + LATER)
                seen += 1
            else:
                lines += 1
        os.kill(pid, 18)
        s.put(".")
        s.got()
        assert s.commit() == "proceed"
        alive(f)


def test_eof():
    """End of file at any place ends it with status 0, at once."""
    for cut in ("", "report|0.7|1.0|smtp-in|link-connect|" + SID,
                "filter|0.7|1.0|smtp-in|data-line|%s|%s|half" % (SID, TOKEN)):
        with World() as world:
            f = Filter(world)
            f.raw(cut.encode())
            f.close()
    with World() as world:
        f = Filter(world)
        s = Session(f)
        s.mail("c@customer.test")
        s.rcpt(world.box)
        s.put("half", "a", "message")
        f.close()
        f = Filter(world)
        f.proc.terminate()
        assert f.proc.wait(30) == 0
        f.proc.stdin.close()
        f.proc.stdout.close()


def test_start():
    """What is wrong with the files is no reason to exit, once it runs."""
    with World(seed=False) as world, Filter(world) as f:
        s = Session(f)
        assert s.mail("c@customer.test") == "proceed"
        assert s.rcpt("j@elsewhere.test") == "proceed"
        assert s.rcpt("root@company.example").startswith("reject|" + LATER)
        world.fill()
        wait_for("recovery", lambda: s.rcpt(world.box) == "proceed")


if __name__ == "__main__":
    main([test_junk, test_mutated, test_out_of_turn, test_unknown,
          test_endless, test_login, test_headers, test_large, test_memory,
          test_full, test_eof, test_start])
