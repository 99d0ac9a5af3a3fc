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

"""A store that is locked, full, read-only or broken, and keys that are away:
mail waits, smtpd stays, and all is delivered once when it is mended."""

import os
import shutil

from relaytest import mail, ns
from relaytest.case import main
from relaytest.faults import (DB, deliver_in_the_end, exactly_once, later_once,
                              locked, other_mail_flows, sql, waits)
from relaytest.relay import ALICE, CAROL, MAILBOX

KEY = "/etc/mail/relay.key"


def reply_waits(relay, rcpts, data):
    """A worker's reply is refused for now."""
    out = relay.send(relay.worker, ALICE.address, rcpts, data)
    assert 400 <= out.final[0] < 500, "not temporary: %s" % out
    assert not relay.customer.sink.mails
    assert relay.smtpd_alive(), "smtpd has ended"


def test_locked(relay):
    copy = relay.copy()
    rcpts, data = ALICE.reply(copy)
    with locked(relay):
        other_mail_flows(relay, "plain.example")
        reply_waits(relay, rcpts, data)
    deliver_in_the_end(relay, rcpts, data)
    exactly_once(relay, CAROL)


def test_locked_for_copies(relay):
    with locked(relay):
        waits(relay, True)
    later_once(relay)


def remount(relay, options):
    """Tried again while a process has a file open for writing there."""
    ns.wait_for("remount", lambda: ns.run(
        ["nsenter", "-t", str(relay.pid), "-m", "-r", "-w", "--", "mount",
         "-o", "remount," + options, "/var/lib/smtprelay"],
        check=False).returncode == 0, every=0.2)


def test_disk_full(relay):
    copy = relay.copy()
    rcpts, data = ALICE.reply(copy)
    remount(relay, "size=2M")
    fill = relay.path("/var/lib/smtprelay/fill")
    try:
        with open(fill, "wb", 0) as f:
            while True:
                f.write(bytes(4096))
    except OSError:
        pass
    other_mail_flows(relay, "plain.example")
    data2 = mail.message(CAROL, MAILBOX, "While it is full")
    relay.send(relay.customer, CAROL, [MAILBOX], data2)
    out = relay.send(relay.worker, ALICE.address, rcpts, data)
    assert 400 <= out.final[0] < 500, str(out)
    os.unlink(fill)
    deliver_in_the_end(relay, rcpts, data)
    exactly_once(relay, CAROL)
    if not relay.queue() and len(relay.worker.sink.to(ALICE.address)) == 1:
        relay.accept(relay.customer, CAROL, [MAILBOX], data2)
    exactly_once(relay, ALICE.address, 2)


def test_read_only(relay):
    """The disk is read-only when smtpd starts, as after an I/O error."""
    copy = relay.copy()
    rcpts, data = ALICE.reply(copy)
    relay.stop_smtpd()
    remount(relay, "ro")
    relay.start_smtpd(answers=False)
    other_mail_flows(relay, "plain.example")
    out = relay.send(relay.worker, ALICE.address, rcpts, data)
    assert 400 <= out.final[0] < 500, str(out)
    remount(relay, "rw")
    deliver_in_the_end(relay, rcpts, data)
    exactly_once(relay, CAROL)


def files(relay):
    return [relay.path(DB + x) for x in ("", "-wal", "-shm")]


def test_truncated(relay):
    """Half of the database is gone; later the backup is put in its place."""
    relay.stop_smtpd()
    keep = relay.dir + ".db"
    relay.run(["sh", "-c", "command -v sync >/dev/null && sync || :"])
    sql(relay, "PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(relay.path(DB), keep)
    relay.start_smtpd()
    size = os.path.getsize(keep)
    os.truncate(relay.path(DB), size // 2 + 100)
    waits(relay, True)
    other_mail_flows(relay, "plain.example")
    relay.stop_smtpd()
    for path in files(relay):
        if os.path.exists(path):
            os.truncate(path, 0)
    with open(keep, "rb") as src, open(relay.path(DB), "r+b") as dst:
        shutil.copyfileobj(src, dst)
    os.unlink(keep)
    for path in files(relay)[1:]:
        if os.path.exists(path):
            os.unlink(path)
    relay.start_smtpd()
    later_once(relay)


def test_newer_schema(relay):
    """The database was written by a newer version."""
    # The number stands in the file's header, big-endian (sqlite.org).
    sql(relay, "PRAGMA wal_checkpoint(TRUNCATE)")
    with open(relay.path(DB), "rb") as f:
        version = int.from_bytes(f.read(64)[60:64], "big")
    sql(relay, "PRAGMA user_version = %d" % (version + 1000))
    waits(relay, True)
    other_mail_flows(relay, "plain.example")
    sql(relay, "PRAGMA user_version = %d" % version)
    later_once(relay)


def test_key_missing(relay):
    os.rename(relay.path(KEY), relay.path(KEY + ".away"))
    waits(relay)
    other_mail_flows(relay, "plain.example")
    os.rename(relay.path(KEY + ".away"), relay.path(KEY))
    later_once(relay)


def test_key_readable(relay):
    """A key file that others can read is not used."""
    os.chmod(relay.path(KEY), 0o644)
    waits(relay)
    os.chmod(relay.path(KEY), 0o640)
    later_once(relay)


def test_started_without_key(relay):
    """smtpd is started while the key file is away: it comes up."""
    copy = relay.copy()
    rcpts, data = ALICE.reply(copy)
    relay.stop_smtpd()
    os.rename(relay.path(KEY), relay.path(KEY + ".away"))
    relay.start_smtpd(answers=False)
    other_mail_flows(relay, "plain.example")
    reply_waits(relay, rcpts, data)
    os.rename(relay.path(KEY + ".away"), relay.path(KEY))
    deliver_in_the_end(relay, rcpts, data)
    exactly_once(relay, CAROL)


if __name__ == "__main__":
    main(globals())
