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


"""What happens to table-relay's processes and its database does not reach
smtpd: each question is answered once, in time and never wrongly."""

import os
import shutil
import signal
import sqlite3
import time

from tablepeer import (CHECK, DOMAIN, MAILADDR, World, gone, main,
                       wait_for)

GOOD = "support@company.example"
MANY = 100		# questions that would not come to an end if each waited


def at_once(t, key, want):
    """Nobody is made to wait: if only a few were, it would take minutes."""
    begin = time.monotonic()
    for _ in range(MANY):
        answer = t.check(key)
        assert answer == want, (key, answer)
    assert time.monotonic() - begin < 60, key


def others_flow(t):
    """What does not concern us is answered at once, whatever has happened."""
    for key in ("dave@elsewhere.test", "root", "_smtprelay@", "@"):
        at_once(t, key, "not-found")
    for _ in range(MANY):
        assert t.check("company.example", DOMAIN) == "found"


def recovered(t, key, want="found"):
    wait_for("recovery", lambda: t.check(key) == want)


def asked(t, key):
    """A question that the front has taken."""
    t.question(CHECK, MAILADDR, key)
    wait_for("reading", lambda: t.unread() == 0)


def test_keeper_killed(kind):
    """Its death is not seen from outside, but that an answer takes longer."""
    with World() as world, kind(world) as t:
        assert t.check(GOOD) == "found"
        for i in range(4):
            old = t.kill("keeper")
            assert t.check(GOOD) in ("found", "error")
            key = "new%d@company.example" % i
            world.seed("mailbox " + key)
            assert t.check(key) in ("found", "error")
            others_flow(t)
            recovered(t, key)
            assert t.role("keeper") != old
        t.nothing()


def test_keeper_killed_unchanged(kind):
    """While the database has not changed, memory is as good as the keeper."""
    with World() as world, kind(world) as t:
        assert t.check(GOOD) == "found"
        t.kill("keeper")
        at_once(t, GOOD, "found")


def test_keeper_hangs(kind):
    """Somebody waits once, nobody after that until it answers again."""
    with World() as world, kind(world) as t:
        assert t.check(GOOD) == "found"
        pid = t.kill("keeper", signal.SIGSTOP)
        assert t.check(GOOD) == "found"
        world.seed("mailbox new@company.example")
        begin = time.monotonic()
        assert t.check("new@company.example") == "error"
        assert time.monotonic() - begin > 1, "it did not wait"
        at_once(t, GOOD, "error")
        others_flow(t)
        assert t.update() == "error"
        os.kill(pid, signal.SIGCONT)
        recovered(t, "new@company.example")
        assert t.check(GOOD) == "found"
        t.nothing()


def test_front_killed(kind):
    """A question that a front died of, or with, is answered by the next."""
    with World() as world, kind(world) as t:
        assert t.check(GOOD) == "found"
        for i in range(3):
            t.kill("front")
            assert t.check(GOOD) == "found"
            pid = t.kill("keeper", signal.SIGSTOP)
            world.seed("mailbox again%d@company.example" % i)
            asked(t, "again%d@company.example" % i)
            t.kill("front")
            os.kill(pid, signal.SIGCONT)
            assert t.answer(CHECK) in ("found", "error")
            t.nothing()
            recovered(t, "again%d@company.example" % i)


def test_front_dies_of_it(kind):
    """A question that goes on killing fronts gets an error in the end."""
    with World() as world, kind(world) as t:
        assert t.check(GOOD) == "found"
        t.kill("keeper", signal.SIGSTOP)
        world.seed("mailbox again@company.example")
        asked(t, "again@company.example")
        pid = t.kill("front")
        # Too early or too late a second time, and the answer is the same.
        wait_for("a new front", lambda: t.children().get("front") not in (
            None, pid))
        time.sleep(0.3)
        t.kill("front")
        assert t.answer(CHECK) == "error"
        t.nothing()


def test_parent_killed(kind):
    """Without a parent nothing is started again, and smtpd still lives."""
    with World() as world, kind(world) as t:
        assert t.check(GOOD) == "found"
        front, keeper = t.role("front"), t.role("keeper")
        t.proc.kill()
        t.proc.wait()
        wait_for("end of the keeper", lambda: gone(keeper))
        for _ in range(20):
            assert t.check(GOOD) == "found"
        world.seed("mailbox new@company.example")
        assert t.check("new@company.example") == "error"
        at_once(t, GOOD, "error")
        others_flow(t)
        t.nothing()
        t.sock.close()
        wait_for("end of the front", lambda: gone(front))


def test_locked(kind):
    """Readers do not wait for writers."""
    with World() as world, kind(world) as t:
        assert t.check(GOOD) == "found"
        world.seed("begin")
        world.seed("mailbox new@company.example")
        at_once(t, GOOD, "found")
        assert t.check("new@company.example") == "not-found"
        assert t.update() == "ok"
        world.seed("commit")
        assert t.check("new@company.example") == "found"


def test_missing(kind):
    """No database at the start: errors, until it is there."""
    with World(seed=False) as world, kind(world) as t:
        others_flow(t)
        assert t.check(GOOD) == "error"
        assert t.update() == "error"
        assert "no answers" in t.logged()
        world.start_seed()
        world.seed("mailbox " + GOOD)
        recovered(t, GOOD)
        t.nothing()


def test_damaged(kind):
    """A database that is none, or was cut short."""
    for damage in ("rubbish", "cut", "empty"):
        with World() as world:
            world.many("handles support@company.example 3000 1000")
            world.seeder.close()
            world.seeder = None
            good = world.db + ".good"
            shutil.copy(world.db, good)
            for extra in ("-wal", "-shm"):
                if os.path.exists(world.db + extra):
                    os.unlink(world.db + extra)
            with open(world.db, "r+b") as f:
                if damage == "rubbish":
                    f.write(b"this is no database at all, " * 200)
                else:
                    f.truncate(0 if damage == "empty" else 20000)
            with kind(world) as t:
                assert t.check(GOOD) == "error", damage
                assert t.update() == "error"
                others_flow(t)
                for extra in ("-wal", "-shm"):
                    if os.path.exists(world.db + extra):
                        os.unlink(world.db + extra)
                os.rename(good, world.db)
                wait_for("update", lambda: t.update() == "ok")
                assert t.check(GOOD) == "found", damage
                t.nothing()


def test_newer(kind):
    """A database of a later release is not touched."""
    with World() as world:
        world.seeder.close()
        world.seeder = None
        db = sqlite3.connect(world.db)
        version = db.execute("PRAGMA user_version").fetchone()[0]
        db.execute("PRAGMA user_version = %d" % (version + 1))
        db.commit()
        db.close()
        with kind(world) as t:
            assert t.check(GOOD) == "error"
            assert t.check("dave@elsewhere.test") == "not-found"
            assert t.update() == "error"


def test_replaced(kind):
    """Another file in the database's place: an update takes it."""
    with World() as world, World() as other, kind(world) as t:
        assert t.check("other@company.example") == "not-found"
        other.seed("mailbox other@company.example")
        other.seeder.close()
        other.seeder = None
        for extra in ("-wal", "-shm", ""):
            if os.path.exists(world.db + extra):
                os.unlink(world.db + extra)
            if os.path.exists(other.db + extra):
                shutil.copy(other.db + extra, world.db + extra)
        assert t.update() == "ok"
        assert t.check("other@company.example") == "found"


if __name__ == "__main__":
    main(globals())
