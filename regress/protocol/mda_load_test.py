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



"""Many runs of mda-relay at once, and big messages."""

from mdapeer import *


def test_concurrent():
    """The same message in many runs at once, to two addresses: each once."""
    with Lab(archive="store@archive.test") as lab:
        lab.run(customer(lab, id="one@customer.test"))
        handle = lab.handles()[CAROL]
        lab.forget()
        smtpd = lab.smtpd_id()
        runs = []
        for i in range(12):
            to = MAILBOX if i % 2 else handle
            runs.append(lab.start(customer(lab, smtpd=smtpd, rcpt=to), to))
        status = [lab.finish(p) for p in runs]
        assert set(status) <= {0, RETRY} and 0 in status, status
        assert sorted(s.to for s in lab.sent()) == [
            ALICE, BOB, "store@archive.test"]


def test_reply_concurrent():
    """One reply in many runs at once, and its replay: sent once."""
    with Lab() as lab:
        lab.run(customer(lab))
        handle = lab.handles()[CAROL]
        lab.forget()
        runs = []
        for i in range(10):
            smtpd = lab.smtpd_id()
            id = lab.seed("reply", "alice", "1", smtpd, "same@p.test",
                          smtpd + "@company.example", "", handle).strip()
            m = letter(smtpd, [
                ("X-Relay-Reply", id), ("From", MAILBOX), ("To", CAROL),
                ("Message-ID", "<%s@company.example>" % smtpd)], rcpt=handle)
            runs.append(lab.start(m, to=handle, sender=ALICE))
        assert {lab.finish(p) for p in runs} <= {0, RETRY}
        assert len(lab.sent(CAROL)) == 1 and len(lab.sent()) == 1


def test_flood():
    """Many messages at once."""
    with Lab(members=("alice",)) as lab:
        runs = [lab.start(customer(lab, sender="c%d@customer.test" % i))
                for i in range(30)]
        assert {lab.finish(p) for p in runs} == {0}
        assert len(lab.sent()) == 30
        assert len({s["Message-ID"] for s in lab.sent()}) == 30
        assert len({s["X-Relay-Conversation"] for s in lab.sent()}) == 30


def peak(pid):
    """Most memory that the process and its children had, in kB."""
    most = 0
    for p in [pid] + list(children(pid).values()):
        try:
            with open("/proc/%d/status" % p) as f:
                for line in f:
                    if line.startswith("VmHWM"):
                        most = max(most, int(line.split()[1]))
        except OSError:
            pass
    return most


def test_big():
    """35 MB pass with the memory of a small one."""
    with Lab() as lab:
        sizes = {}
        for lines in (1, 450000):
            lab.forget()
            path = lab.dir + "/message"
            with open(path, "wb") as f:
                f.write(customer(lab, body="x" * 77 + "\n"))
                for i in range(lines // 1000):
                    f.write((b"y" * 77 + b"\n") * 1000)
            lab.orders("elsewhere hang\n")
            p = lab.start(path)
            wait_for("sendmail", lab.hanging)
            sizes[lines] = peak(p.pid)
            lab.orders("")
            for pid in lab.hanging():
                os.kill(pid, signal.SIGKILL)
            assert lab.finish(p) == RETRY
            lab.unhang()
            lab.run(open(path, "rb").read())
            assert lab.sent(BOB)[0].raw.count(b"\n") > lines
        assert sizes[450000] < sizes[1] + 1024, sizes


if __name__ == "__main__":
    main(globals())
