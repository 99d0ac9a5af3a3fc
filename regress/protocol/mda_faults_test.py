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



"""What can go wrong around mda-relay: it ends with 75, and nothing is lost."""

from mdapeer import *

def test_sendmail_fails():
    """Whatever sendmail does but for a 5xx at RCPT, the run is repeated."""
    for action in ("later", "sender", "message", "die"):
        with Lab() as lab:
            m = customer(lab)
            lab.orders("private %s\n" % action)
            lab.run(m, expect=RETRY)
            assert [s.to for s in lab.sent()] == [BOB], action
            lab.orders("")
            lab.run(m)
            assert sorted(s.to for s in lab.sent()) == [ALICE, BOB], action


def test_sendmail_after_250():
    """smtpd's 250 counts, whatever becomes of sendmail after it."""
    with Lab() as lab:
        lab.orders("private quit\n")
        m = customer(lab)
        lab.run(m)
        lab.run(m)
        assert len(lab.sent()) == 2


def test_no_sendmail():
    with Lab() as lab:
        m = customer(lab)
        os.rename(lab.dir + "/sendmail", lab.dir + "/away")
        lab.run(m, expect=RETRY)
        os.rename(lab.dir + "/away", lab.dir + "/sendmail")
        lab.run(m)
        assert len(lab.sent()) == 2


def test_no_smtpd():
    """smtpd's socket is gone: sendmail is not even asked."""
    with Lab() as lab:
        m = customer(lab)
        lab.smtpd(False)
        lab.run(m, expect=RETRY)
        assert "does not answer" in lab.log and not lab.sent()
        lab.smtpd(True)
        lab.run(m)
        assert len(lab.sent()) == 2


def test_smtpd_busy():
    """Where smtpd's queue of connections is full, sendmail waits in it."""
    with Lab() as lab:
        lab.smtpd(False)
        lab.smtpd(True, 0)
        others = [socket.socket(socket.AF_UNIX) for _ in range(3)]
        full = False
        for s in others:
            s.setblocking(False)
            try:
                s.connect(lab.dir + "/smtpd.sock")
            except BlockingIOError:
                full = True
        assert full
        lab.run(customer(lab))
        assert len(lab.sent()) == 2
        for s in others:
            s.close()


def test_turned_away():
    """smtpd has no session for sendmail just now: it is asked again."""
    with Lab() as lab:
        lab.orders("private away\n")
        lab.run(customer(lab))
        assert len(os.listdir(lab.dir + "/sent")) == 2
        assert len([n for n in os.listdir(lab.dir)
                    if n.startswith("away.")]) == 3


def test_same_ids():
    """What was begun is finished with the same ids and handles."""
    with Lab() as lab:
        m = customer(lab)
        lab.orders("test later\n")
        lab.run(m, expect=RETRY)
        before = lab.rows("SELECT worker, msgid, rpath FROM copy ORDER BY 1")
        handles = lab.handles("alice"), lab.handles("bob")
        lab.orders("")
        lab.run(m)
        after = lab.rows("SELECT worker, msgid, rpath FROM copy ORDER BY 1")
        assert before == after
        assert handles == (lab.handles("alice"), lab.handles("bob"))
        for s in lab.sent():
            row = [r for r in after if r[2] == s.sender]
            assert row and row[0][1] in s["Message-ID"]


def kill_at(lab, m, rule, to=MAILBOX, **kw):
    """Runs until sendmail stops at the rule, and kills mda-relay."""
    lab.orders(rule)
    p = lab.start(m, to=to, **kw)
    wait_for("sendmail", lab.hanging)
    p.kill()
    lab.finish(p)
    pids = lab.hanging()
    wait_for("the end of sendmail", lambda: not any(map(alive, pids)))
    lab.unhang()
    lab.orders("")


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def test_killed_between():
    """Killed between two copies: the other follows, the first once only."""
    for first, second in (("elsewhere", BOB), ("private", ALICE)):
        with Lab() as lab:
            m = customer(lab)
            kill_at(lab, m, first + " hang\n")
            lab.run(m)
            assert sorted(s.to for s in lab.sent()) == [ALICE, BOB]


def test_killed_in_gap():
    """
    Killed between smtpd's 250 and the record, and only then, a copy comes
    twice, with the same Message-Id.
    """
    with Lab() as lab:
        m = customer(lab)
        kill_at(lab, m, "elsewhere stop\n")
        lab.run(m)
        assert len(lab.sent(ALICE)) == 1
        twice = lab.sent(BOB)
        assert len(twice) == 2
        assert twice[0]["Message-ID"] == twice[1]["Message-ID"]
        assert twice[0].raw == twice[1].raw
        assert twice[0].sender == twice[1].sender


def test_reply_killed():
    """The same for a reply."""
    with Lab() as lab:
        lab.run(customer(lab))
        handle = lab.handles()[CAROL]
        for action, times in (("hang", 1), ("stop", 2)):
            lab.forget()
            smtpd = lab.smtpd_id()
            id = lab.seed("reply", "alice", "1", smtpd, smtpd + "@p.test",
                          smtpd + "@company.example", "", handle).strip()
            m = letter(smtpd, [
                ("X-Relay-Reply", id), ("From", MAILBOX), ("To", CAROL),
                ("Message-ID", "<%s@company.example>" % smtpd)], rcpt=handle)
            kill_at(lab, m, "customer %s\n" % action, to=handle,
                    sender=ALICE)
            lab.run(m, to=handle, sender=ALICE)
            lab.run(m, to=handle, sender=ALICE)
            assert len(lab.sent(CAROL)) == times, action
            assert len({s.sender for s in lab.sent(CAROL)}) == 1


def test_hang():
    """The alarm ends everything; the next run goes on."""
    with Lab() as lab:
        m = customer(lab)
        lab.orders("elsewhere hang\n")
        p = lab.start(m)
        wait_for("sendmail", lab.hanging)
        pids = lab.hanging()
        p.send_signal(signal.SIGALRM)
        assert lab.finish(p) == RETRY
        wait_for("the end of sendmail", lambda: not any(map(alive, pids)))
        lab.unhang()
        lab.orders("")
        lab.run(m)
        assert sorted(s.to for s in lab.sent()) == [ALICE, BOB]


def deaf():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})


def test_deaf():
    """Signals that were ignored or blocked before are neither here."""
    with Lab() as lab:
        m = customer(lab)
        lab.orders("elsewhere hang\n")
        p = lab.start(m, preexec_fn=deaf)
        wait_for("sendmail", lab.hanging)
        p.send_signal(signal.SIGALRM)
        assert lab.finish(p) == RETRY
        lab.unhang()
        lab.orders("")
        lab.run(m, preexec_fn=deaf)
        assert sorted(s.to for s in lab.sent()) == [ALICE, BOB]


def test_engine_dies():
    """The engine is killed, or stands still until the alarm."""
    for sig in (signal.SIGKILL, signal.SIGSTOP):
        with Lab() as lab:
            m = customer(lab)
            lab.orders("elsewhere hang\n")
            p = lab.start(m)
            wait_for("sendmail", lab.hanging)
            engine = children(p.pid)["engine"]
            os.kill(engine, sig)
            for pid in lab.hanging():
                os.kill(pid, signal.SIGKILL)
            if sig == signal.SIGSTOP:
                p.send_signal(signal.SIGALRM)
            assert lab.finish(p) == RETRY
            wait_for("the end of the engine", lambda: not alive(engine))
            lab.unhang()
            lab.orders("")
            lab.run(m)
            assert sorted(s.to for s in lab.sent()) == [ALICE, BOB]


def status(pid, field):
    with open("/proc/%d/status" % pid) as f:
        for line in f:
            if line.startswith(field + ":"):
                return line.split()[1]
    return None


def test_confined():
    """Parent and engine have given up what they do not need."""
    with Lab() as lab:
        lab.orders("elsewhere hang\n")
        p = lab.start(customer(lab))
        wait_for("sendmail", lab.hanging)
        engine = children(p.pid)["engine"]
        for pid in (p.pid, engine):
            assert status(pid, "NoNewPrivs") == "1"
            assert status(pid, "Seccomp") == "2"
        fds = {os.readlink("/proc/%d/fd/%s" % (engine, n))
               for n in os.listdir("/proc/%d/fd" % engine)}
        assert not any("relay" in f for f in fds), fds
        assert sum(f.startswith("socket:") for f in fds) <= 2, fds
        # the sender has neither store nor keys, nor the customer's message
        sender = children(p.pid)["sender"]
        fds = [os.readlink("/proc/%d/fd/%s" % (sender, n))
               for n in os.listdir("/proc/%d/fd" % sender)]
        assert not any("relay" in f for f in fds), fds
        assert sum("/db/" in f for f in fds) == 1, fds
        p.send_signal(signal.SIGTERM)
        assert lab.finish(p) == RETRY


def test_sender_dies():
    with Lab() as lab:
        m = customer(lab)
        lab.orders("elsewhere hang\n")
        p = lab.start(m)
        wait_for("sendmail", lab.hanging)
        os.kill(children(p.pid)["sender"], signal.SIGKILL)
        assert lab.finish(p) == RETRY
        for pid in lab.hanging():
            os.kill(pid, signal.SIGKILL)
        lab.unhang()
        lab.orders("")
        lab.run(m)
        assert sorted(s.to for s in lab.sent()) == [ALICE, BOB]


def test_locked():
    """The database is held for a while: the run waits."""
    with Lab() as lab:
        p = subprocess.Popen([SEED, lab.dir + "/db/relay.db", "hold", "2"],
                             stdout=subprocess.PIPE)
        assert p.stdout.readline() == b"held\n"
        lab.run(customer(lab))
        assert p.wait() == 0
        p.stdout.close()
        assert len(lab.sent()) == 2


def test_store_is_bad():
    """No store, a damaged one, a newer one, one that cannot be written."""
    with Lab() as lab:
        db = lab.dir + "/db/relay.db"
        m = customer(lab)
        con = sqlite3.connect(db)
        con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        con.close()
        with open(db, "rb") as f:
            good = f.read()
        write(db, good[:1000])
        lab.run(m, expect=RETRY)
        write(db, b"x" * 20000)
        lab.run(m, expect=RETRY)
        write(db, good)
        con = sqlite3.connect(db)
        version, = con.execute("PRAGMA user_version").fetchone()
        con.execute("PRAGMA user_version = 9999")
        con.commit()
        con.close()
        lab.run(m, expect=RETRY)
        con = sqlite3.connect(db)
        con.execute("PRAGMA user_version = %d" % version)
        con.commit()
        con.close()
        os.rename(db, db + ".away")
        lab.run(m, expect=RETRY)
        os.rename(db + ".away", db)
        assert not lab.sent()
        lab.run(m)
        assert len(lab.sent()) == 2


def write(path, data):
    with open(path, "r+b") as f:
        f.truncate(0)
        f.write(data)


def test_keys_and_conf():
    """Without keys, with keys that others may read, without relay.conf."""
    with Lab() as lab:
        m = customer(lab)
        key = lab.dir + "/relay.key"
        os.chmod(key, 0o644)
        lab.run(m, expect=RETRY)
        os.chmod(key, 0o640)
        os.rename(key, key + ".away")
        lab.run(m, expect=RETRY)
        os.rename(key + ".away", key)
        with open(lab.conf, "a") as f:
            f.write("rubbish\n")
        lab.run(m, expect=RETRY)
        os.unlink(lab.conf)
        lab.run(m, expect=RETRY)
        assert not lab.sent()


def fill(path):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        while True:
            os.write(fd, b"f" * 4096)
    except OSError:
        os.close(fd)


def test_disk_full():
    """No room for the message, for the copy, for the record."""
    assert os.geteuid() == 0, "needs root, for a small file system"
    with Lab(disk="12m") as lab:
        big = customer(lab, body=("y" * 70 + "\n") * 200000)
        lab.run(big, expect=RETRY)
        half = customer(lab, body=("z" * 70 + "\n") * 90000)
        lab.run(half, expect=RETRY)
        assert not lab.sent()
        m = customer(lab)
        filler = lab.dir + "/db/filler"
        fill(filler)
        lab.run(m, expect=RETRY)
        os.unlink(filler)
        lab.run(m)
        assert len(lab.sent()) == 2


def test_silent():
    """Nothing is written to standard output or standard error."""
    with Lab() as lab:
        for args, status in (([], RETRY), (["-x"], RETRY),
                             ([MAILBOX, MAILBOX], RETRY),
                             (["-f", lab.conf, "-s", lab.dir + "/sendmail",
                               "-S", lab.dir + "/smtpd.sock", MAILBOX], 0)):
            p = subprocess.run([PROGRAM, *args], input=customer(lab),
                               capture_output=True, timeout=300,
                               env={"SENDER": CAROL, **SANITIZER})
            assert p.returncode == status, (args, p.returncode)
            assert p.stdout == b"" and p.stderr == b""
        # closed descriptors are no trouble
        p = subprocess.run(
            ["/bin/sh", "-c", 'exec "$0" "$@" >&- 2>&-', PROGRAM, "-f",
             lab.conf, "-s", lab.dir + "/sendmail", "-S",
             lab.dir + "/smtpd.sock", MAILBOX], input=customer(lab),
            env={"SENDER": CAROL, **SANITIZER}, timeout=300)
        assert p.returncode == 0
        assert len(lab.sent()) == 4


def test_check():
    """-n reads relay.conf and stops."""
    with Lab() as lab:
        p = subprocess.run([PROGRAM, "-n", "-f", lab.conf],
                           capture_output=True, text=True,
                           env=SANITIZER)
        assert p.returncode == 0, p.stderr
        with open(lab.conf, "a") as f:
            f.write("rubbish\n")
        p = subprocess.run([PROGRAM, "-n", "-f", lab.conf],
                           capture_output=True, text=True,
                           env=SANITIZER)
        assert p.returncode == 1 and "relay.conf:" in p.stderr


if __name__ == "__main__":
    main(globals())
