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

"""Processes of filter-relay are killed or stopped at each phase."""

import concurrent.futures
import os
import signal
import time

from filterpeer import (LATER, Filter, Session, Silent, World, main,
                        message, wait_for)
from filter_policy_test import ALICE, BOX, header, reply

PHASES = ("connect", "mail", "rcpt", "header", "body", "dot")


def later(answer):
    return answer.startswith("reject|" + LATER)


def step(s, world, phase, lines):
    """Brings a reply up to the end of a phase: what was answered."""
    at = lines.index("") + 1
    if phase == "mail":
        return s.mail(ALICE)
    if phase == "rcpt":
        return s.rcpt(world.handle)
    if phase == "header":
        s.put(*lines[:at - 2])
    elif phase == "body":
        s.put(*lines[at - 2:])
    elif phase == "dot":
        s.put(".")
        return s.got()
    return "proceed"


def works(f, world):
    """A whole reply, on the next try."""
    def once():
        s = Session(f)
        if s.mail(ALICE) != "proceed" or s.rcpt(world.handle) != "proceed":
            return False
        s.data(reply(world))
        return s.commit() == "proceed"
    wait_for("a reply that passes", once)
    s = Session(f)
    got, verdict = s.send("c@customer.test", ["j@elsewhere.test"], message())
    assert verdict == "proceed" and got == message()


def test_killed():
    """451 for who needs it, everything else goes on, and it comes back."""
    with World() as world, Filter(world) as f:
        lines = reply(world)
        for role in ("engine", "keeper"):
            for when in PHASES:
                bystander = Session(f)
                assert bystander.mail("c@customer.test") == "proceed"
                assert bystander.rcpt("j@elsewhere.test") == "proceed"
                bystander.put("Subject: x")
                assert f.line().endswith("|Subject: x")
                s = Session(f)
                failed = False
                for phase in PHASES:
                    answer = step(s, world, phase, lines)
                    if isinstance(answer, str) and answer != "proceed":
                        assert later(answer), (role, when, phase, answer)
                        failed = True
                        break
                    if phase == when:
                        f.kill(role)
                if not failed:
                    verdict = s.commit()
                    assert verdict == "proceed" or later(verdict), verdict
                    if when in ("header", "body"):
                        assert later(verdict), (role, when, verdict)
                got, verdict = bystander.data(["", "body"]), \
                    bystander.commit()
                assert got == ["", "body"] and verdict == "proceed"
                works(f, world)
        log = f.logged()
        assert "engine ended by signal 9" in log
        assert "keeper ended by signal 9" in log


def test_killed_resolver():
    """Nothing that does not need it notices, and it comes back."""
    with World() as world, Filter(world) as f:
        for _ in range(2):
            f.kill("resolver")
            works(f, world)
        pid = f.kill("resolver", signal.SIGSTOP)
        works(f, world)
        os.kill(pid, signal.SIGCONT)
        assert "resolver ended by signal 9" in f.logged()


def test_stopped_keeper():
    """A keeper that hangs: 451 after 10 s, and none of it counts later."""
    with World() as world, Filter(world) as f:
        s = Session(f)
        assert s.mail(ALICE) == "proceed"
        pid = f.kill("keeper", signal.SIGSTOP)
        begin = time.monotonic()
        answer = s.rcpt(world.handle)
        assert later(answer), answer
        assert 9 < time.monotonic() - begin < 50
        other = Session(f)
        got, verdict = other.send("c@customer.test", ["j@elsewhere.test"],
                                  message())
        assert verdict == "proceed" and got == message()
        os.kill(pid, signal.SIGCONT)
        f.nothing()
        # A neighbour of the mailbox is none of the keeper's business, once
        # the front has heard of all mailboxes.
        def neighbour():
            os.kill(pid, signal.SIGSTOP)
            assert other.mail("c@customer.test") == "proceed"
            other.ask("rcpt-to", "root@company.example")
            try:
                return other.result(2) == "proceed"
            except Silent:
                os.kill(pid, signal.SIGCONT)
                other.result()
                return False
        wait_for("a neighbour's mail", neighbour)
        got, verdict = other.data(message()), other.commit()
        assert verdict == "proceed" and got == message()
        # After a change that it cannot tell of, it is asked in vain.
        world.seed("mailbox new@company.example -")
        begin = time.monotonic()
        assert other.mail("c@customer.test") == "proceed"
        assert other.rcpt("root@company.example") == "proceed"
        assert time.monotonic() - begin > 9
        os.kill(pid, signal.SIGCONT)
        f.nothing()
        works(f, world)


def test_many_mailboxes():
    """More mailboxes than one frame holds are known without the keeper."""
    with World() as world:
        world.seed("begin")
        box = "%05d.has.a.name.that.is.as.long.as.can.be@company.example"
        for n in range(20000):
            world.seed("mailbox " + box % n + " -")
        world.seed("commit")
        with Filter(world) as f:
            s = Session(f)
            pid = f.kill("keeper", 0)

            def known(address, passes):
                os.kill(pid, signal.SIGSTOP)
                assert s.mail("c@customer.test") == "proceed"
                s.ask("rcpt-to", address)
                try:
                    return s.result(2) == "proceed" and passes
                except Silent:
                    os.kill(pid, signal.SIGCONT)
                    answer = s.result()
                    # The keeper's own word: a mailbox without members.
                    assert passes or "Nobody" in answer, answer
                    return not passes
                finally:
                    os.kill(pid, signal.SIGCONT)

            wait_for("a neighbour's mail", lambda: known(
                "root@company.example", True))
            for n in (0, 17, 19999):
                assert known(box % n, False)
            # One more is told, and the others are still there.
            world.seed("mailbox new@company.example -")
            wait_for("a neighbour's mail again", lambda: known(
                "root@company.example", True))
            for address in ("new@company.example", box % 0):
                assert known(address, False)


def stopped_engine():
    """An engine that hangs in a large message fails it within seconds,
    in a small one within 60, and the front's memory stays."""
    with World() as world, Filter(world) as f:
        s, small = Session(f), Session(f)
        for x in (s, small):
            assert x.mail(ALICE) == "proceed"
            assert x.rcpt(world.handle) == "proceed"
        pid = f.kill("engine", signal.SIGSTOP)
        begin = time.monotonic()
        small.put(*reply(world))
        small.put(".")
        s.put(*reply(world))
        block = ["x" * 78] * 1000
        for _ in range(100):
            s.put(*block)
        s.put(".")
        s.got()
        assert later(s.commit())
        assert time.monotonic() - begin < 58
        assert "takes no more" in f.logged()
        assert small.got(400) == []
        assert 55 < time.monotonic() - begin < 300
        assert later(small.commit())
        os.kill(pid, signal.SIGCONT)
        f.nothing()
        works(f, world)


def test_many():
    """What many sessions have for an engine that is slow waits for it."""
    with World() as world, Filter(world) as f:
        sessions = [Session(f) for _ in range(200)]
        for s in sessions:
            assert s.mail(ALICE) == "proceed"
            assert s.rcpt(world.handle) == "proceed"
        pid = f.kill("engine", signal.SIGSTOP)
        lines = reply(world, body=["x" * 900] * 66)
        for s in sessions:
            s.put(*lines)
        os.kill(pid, signal.SIGCONT)
        for s in sessions:
            s.put(".")
        got = {s.sid: 0 for s in sessions}
        dots = 0
        while dots < len(sessions):
            sid, _, line = f.line().split("|", 3)[1:]
            got[sid] += 1
            dots += line == "."
        assert set(got.values()) == {max(got.values())}, got
        assert max(got.values()) > 66
        for s in sessions:
            assert s.commit() == "proceed"


def high_water(pid):
    """The most memory that a process has had, in bytes."""
    with open("/proc/%d/status" % pid) as f:
        return 1024 * int(f.read().split("VmHWM:")[1].split()[0])


def test_crowd():
    """What all messages together have for a hung engine is bounded, too."""
    with World() as world, Filter(world) as f:
        sessions = [Session(f) for _ in range(1000)]
        for s in sessions:
            assert s.mail(ALICE) == "proceed"
            assert s.rcpt(world.handle) == "proceed"
        front = f.child("front")
        before = high_water(front)
        pid = f.kill("engine", signal.SIGSTOP)
        lines = reply(world, body=["x" * 900] * 66)
        for s in sessions:
            s.put(*lines)
        assert high_water(front) - before < 40 * 1024 * 1024
        assert "takes no more" in f.logged()
        os.kill(pid, signal.SIGCONT)
        for s in sessions:
            s.put(".")
        dots = 0
        while dots < len(sessions):
            dots += f.line().split("|", 3)[3] == "."
        refused = [s for s in sessions if later(s.commit())]
        assert refused
        works(f, world)


def stopped_verdict():
    """No verdict at commit: 451 after 60 s."""
    with World() as world, Filter(world) as f:
        s = Session(f)
        assert s.mail(ALICE) == "proceed"
        assert s.rcpt(world.handle) == "proceed"
        got = s.data(reply(world))
        pid = f.kill("keeper", signal.SIGSTOP)
        begin = time.monotonic()
        assert later(s.commit(400))
        assert 55 < time.monotonic() - begin < 300
        os.kill(pid, signal.SIGCONT)
        f.nothing()
        works(f, world)
        assert header(got, "X-Relay-Reply") is not None


def slow_client():
    """It is not the engine that is silent when the client is."""
    with World() as world, Filter(world) as f:
        s = Session(f)
        assert s.mail(ALICE) == "proceed"
        assert s.rcpt(world.handle) == "proceed"
        lines = reply(world)
        s.put(*lines[:6])
        time.sleep(64)
        s.put(*lines[6:])
        s.put(".")
        assert header(s.got(), "X-Relay-Reply") is not None
        assert s.commit() == "proceed"


def test_stopped_for_long():
    """All wait for a minute, so they do it at the same time."""
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for run in [pool.submit(x) for x in (
                stopped_engine, stopped_verdict, slow_client)]:
            run.result()


def test_front():
    """A new front: sessions that it did not see begin are lost."""
    with World() as world, Filter(world) as f:
        s = Session(f)
        assert s.mail(ALICE) == "proceed"
        assert s.rcpt(world.handle) == "proceed"
        s.put("Subject: half")
        wait_for("front at rest", lambda: open(
            "/proc/%d/stat" % f.child("front")).read().split()[2] == "S")
        f.kill("front")
        f.raw(b"the rest of a line that the old one had begun\n")
        s.put("more", ".")
        assert s.got() == []
        assert later(s.commit())
        assert later(s.mail(ALICE))
        # It does not register again: everything would be asked twice.
        f.config()
        f.nothing()
        works(f, world)


def test_front_owes():
    """What smtpd waits for when the front dies is answered by the next."""
    with World() as world, Filter(world) as f:
        rcpt, dot, commit = Session(f), Session(f), Session(f)
        for s in (rcpt, dot, commit):
            assert s.mail(ALICE) == "proceed"
        for s in (dot, commit):
            assert s.rcpt(world.handle) == "proceed"
        commit.data(reply(world))
        pids = [f.kill(role, signal.SIGSTOP) for role in ("keeper", "engine")]
        rcpt.ask("rcpt-to", world.handle)
        dot.put(*reply(world))
        dot.put(".")
        commit.ask("commit")
        f.nothing()
        f.kill("front")
        want = {"filter-dataline|%s|%s|." % (dot.sid, dot.token)}
        for s in (rcpt, commit):
            want.add("filter-result|%s|%s|reject|%s Temporary failure, "
                     "please try again later" % (s.sid, s.token, LATER))
        assert {f.line() for _ in range(3)} == want
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        f.nothing()
        works(f, world)


def test_front_torn():
    """A front that dies in the middle of a line that smtpd has begun to
    read: the next one ends it, for smtpd would take no torn line."""
    with World() as world, Filter(world) as f:
        for number in range(5):
            s = Session(f)
            assert s.mail("c@customer.test") == "proceed"
            assert s.rcpt("j@elsewhere.test") == "proceed"
            s.token = "%016x" % 0xdef
            data = ("filter|0.7|1.0|smtp-in|data-line|%s|%s|%s\n" % (
                s.sid, s.token, "x" * (700 + 31 * number))).encode() * 3000
            fd = f.proc.stdin.fileno()
            os.set_blocking(fd, False)
            last = time.monotonic()
            while data and time.monotonic() < last + 1:
                try:
                    data = data[os.write(fd, data):]
                    last = time.monotonic()
                except BlockingIOError:
                    time.sleep(0.01)
            assert data, "it reads on and on"
            f.kill("front")
            f.raw(data)
            s.put(".")
            s.got()
            assert later(s.commit())
        works(f, world)


def test_locked():
    """Another process holds the database for long."""
    with World() as world, Filter(world) as f:
        s = Session(f)
        assert s.mail("c@customer.test") == "proceed"
        world.seed("begin")
        # What only reads goes on; the mail itself has to be counted.
        assert s.rcpt(BOX) == "proceed"
        s.data(message())
        verdict = s.commit()
        assert later(verdict), verdict
        assert s.mail("c@customer.test") == "proceed"
        assert s.rcpt("root@company.example") == "proceed"
        r = Session(f)
        assert r.mail(ALICE) == "proceed"
        assert r.rcpt(world.handle) == "proceed"
        r.data(reply(world))
        assert later(r.commit())
        world.seed("rollback")
        wait_for("the lock to be gone", lambda: s.send(
            "c@customer.test", [BOX], message())[1] == "proceed")
        works(f, world)


def test_restarts():
    """A child that goes on dying is started again, with pauses."""
    with World() as world, Filter(world) as f:
        for _ in range(4):
            f.kill("engine")
        works(f, world)
        f.kill("engine", signal.SIGTERM)
        works(f, world)


if __name__ == "__main__":
    main([test_killed, test_stopped_keeper, test_many_mailboxes,
          test_stopped_for_long, test_many,
          test_crowd, test_front, test_front_owes, test_front_torn, test_locked,
          test_restarts])
