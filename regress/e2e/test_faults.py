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

"""Processes that die or hang in the middle of their work."""

import os
import signal

from relaytest import mail, ns
from relaytest.case import main
from relaytest.faults import (Phased, cont, deliver_in_the_end, exactly_once,
                              later_once, nothing_odd, other_mail_flows,
                              revive, waits)
from relaytest.relay import ALICE, BOB, CAROL
from relaytest.world import LIBEXEC

SENDMAIL = """#!/bin/sh
# Counts its runs; the one that is named in /tmp/stop stops, before or after.
n=$(($(cat /tmp/runs 2>/dev/null || echo 0) + 1))
echo $n >/tmp/runs
hold() {
	while [ "$(cat /tmp/stop 2>/dev/null)" = "$1 $n" ]; do
		: >/tmp/held
		sleep 0.05
	done
}
hold before
/usr/lib/relaytest/sendmail "$@"
status=$?
hold after
exit $status
"""


def killed(relay, title):
    """A reply in whose every phase a process of the filter is killed."""
    copy = relay.copy()
    for number, phase in enumerate(Phased.PHASES):
        rcpts, data = ALICE.reply(copy, body="Answer %d\n" % number)
        old = relay.pids(title)
        session = Phased(relay, rcpts, data, phase)
        assert relay.kill(title, signal.SIGKILL), "no process " + title
        revive(relay, title, old)
        code, words = session.finish()
        assert code == 250 or 400 <= code < 500, (phase, code, words)
        assert relay.smtpd_alive(), "smtpd ended with it"
        if code != 250:
            deliver_in_the_end(relay, rcpts, data)
        relay.got(CAROL, number + 1, timeout=60)
        other_mail_flows(relay)
    exactly_once(relay, CAROL, len(Phased.PHASES))
    for number, got in enumerate(relay.customer.sink.to(CAROL)):
        assert b"Answer" in got.data
    nothing_odd(relay)


def test_engine_killed(relay):
    killed(relay, "filter-relay: engine")


def test_keeper_killed(relay):
    killed(relay, "filter-relay: keeper")


def test_front_killed(relay):
    """Even the front may die: what it had begun is refused for now."""
    killed(relay, "filter-relay: front")


def test_table_keeper_killed(relay):
    """Its table lives on without the keeper, and it comes back."""
    copy = relay.copy()
    old = relay.pids("table-relay: keeper")
    assert relay.kill("table-relay: keeper", signal.SIGKILL)
    rcpts, data = ALICE.reply(copy)
    other_mail_flows(relay)
    deliver_in_the_end(relay, rcpts, data)
    revive(relay, "table-relay: keeper", old)
    relay.ctl("mailbox", "add", "new@company.example", "-n", "New")
    relay.ctl("mailbox", "join", "new@company.example", "alice")
    relay.ask(to="new@company.example")
    relay.got(ALICE.address, 2)
    exactly_once(relay, CAROL)


def stopped(relay, title):
    """Replies in all phases at once, while a process hangs."""
    sessions = []
    for number, phase in enumerate(Phased.PHASES):
        copy = relay.copy(count=number + 1, subject="Question %d" % number)
        rcpts, data = ALICE.reply(copy)
        sessions.append((rcpts, data, Phased(relay, rcpts, data, phase)))
    old = relay.pids(title)
    assert relay.kill(title, signal.SIGSTOP), "no process " + title
    other_mail_flows(relay, "plain.example")
    refused = []
    for rcpts, data, session in sessions:
        code, words = session.finish()
        assert 400 <= code < 500 or (code == 250 and
                                     relay.pids(title) != old), (code, words)
        if code != 250:
            refused.append((rcpts, data))
    assert refused, "nobody noticed"
    cont(relay)
    for rcpts, data in refused:
        deliver_in_the_end(relay, rcpts, data)
    exactly_once(relay, CAROL, len(sessions))
    nothing_odd(relay)


def test_engine_stopped(relay):
    stopped(relay, "filter-relay: engine")


def test_keeper_stopped(relay):
    stopped(relay, "filter-relay: keeper")


def test_all_killed(relay):
    """All children of the filter at once, several times."""
    copy = relay.copy()
    for number in range(3):
        rcpts, data = ALICE.reply(copy, body="Answer %d\n" % number)
        relay.kill(r"filter-relay: (engine|keeper)", signal.SIGKILL)
        deliver_in_the_end(relay, rcpts, data)
    exactly_once(relay, CAROL, 3)


def test_mda_missing(relay):
    """mda-relay's binary is away for a while, as in an upgrade."""
    mda = relay.path(LIBEXEC + "/mda-relay")
    os.rename(mda, mda + ".away")
    waits(relay)
    os.rename(mda + ".away", mda)
    later_once(relay)


def test_mda_not_executable(relay):
    mda = relay.path(LIBEXEC + "/mda-relay")
    os.chmod(mda, 0o644)
    waits(relay)
    os.chmod(mda, 0o755)
    later_once(relay)


def test_socket_gone(relay):
    """smtpd's socket is away: mda-relay cannot queue, and waits."""
    sock = relay.path("/run/smtpd.sock")
    os.rename(sock, sock + ".away")
    start = relay.log_mark()
    relay.waiting = None
    relay.ask()
    relay.wait_log(r"result=\"?TempFail", start, 60)
    assert not relay.worker.sink.mails
    os.rename(sock + ".away", sock)
    later_once(relay)


def wrap_sendmail(relay):
    """Puts a sendmail before the real one that stops when it is told to."""
    os.makedirs(relay.path("/usr/lib/relaytest"))
    relay.run(["sh", "-c", "mv /usr/sbin/sendmail /usr/lib/relaytest/; "
               "cd /usr/lib/relaytest && case $(readlink sendmail) in "
               "/*|'') ;; *) ln -sf /usr/sbin/$(readlink sendmail) sendmail;;"
               "esac"])
    relay.write("/usr/sbin/sendmail", SENDMAIL, 0o755)


def hold_and_kill(relay, when):
    """mda-relay is killed while its second sendmail is held."""
    wrap_sendmail(relay)
    relay.write("/tmp/stop", when, 0o644)
    relay.ask()
    ns.wait_for("held sendmail", lambda: os.path.exists(
        relay.path("/tmp/held")), 30)
    assert relay.kill("mda-relay", signal.SIGKILL)
    relay.write("/tmp/stop", "go", 0o644)


def test_mda_killed_between_copies(relay):
    """The first copy is out, the second is not: each comes once."""
    hold_and_kill(relay, "before 2")
    relay.wait_log(r"result=\"?TempFail", 0, 60)
    for who in (ALICE, BOB):
        relay.got(who.address, timeout=60)
    relay.wait_queue_empty(60)
    nothing_odd(relay)
    counts = [len(relay.worker.sink.to(w.address)) for w in (ALICE, BOB)]
    # The held sendmail lives on and may queue what the second run repeats.
    assert min(counts) == 1 and max(counts) <= 2, counts


def test_mda_killed_in_the_gap(relay):
    """Killed between smtpd's 250 and the record: the one case in which a
    copy may come twice, and then with the same Message-Id."""
    hold_and_kill(relay, "after 2")
    for who in (ALICE, BOB):
        relay.got(who.address, timeout=60)
    relay.wait_queue_empty(60)
    counts = []
    for who in (ALICE, BOB):
        ids = [mail.parse(m.data)["Message-ID"]
               for m in relay.worker.sink.to(who.address)]
        assert len(set(ids)) == 1, ids
        counts.append(len(ids))
    assert sorted(counts) in ([1, 1], [1, 2]), counts
    nothing_odd(relay)


if __name__ == "__main__":
    main(globals())
