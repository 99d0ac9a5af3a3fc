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


"""table-relay under a real smtpd, without the rest of our programs."""

import os
import shutil
import signal
import time

from relaytest import mail, ns
from relaytest.case import main
from relaytest.relay import CONF, MAILBOX, REPLIES, Client
from relaytest.world import World
from peers.world import Seeder, build

SMTPD = """table mailboxes relay:/etc/mail/relay.conf
listen on 0.0.0.0
action "copies" mda "cat >>/tmp/got; echo $(id -un) $RECIPIENT >>/tmp/who" \
user _smtprelay virtual <mailboxes>
action "local" maildir
action "out" relay
%s
match from any for domain "company.example" action "local"
match from local for any action "out"
"""
RULE = 'match from any for rcpt-to <mailboxes> action "copies"'
DATABASE = "/var/lib/smtprelay/relay.db"


class Tables(World):
    """A world whose smtpd has our table and an mda that only writes down."""

    def __init__(self, release, rule=RULE, start=True):
        super().__init__(release)
        self.seeder = None
        try:
            self.write("/etc/mail/relay.conf", CONF % ("", REPLIES))
            self.ctl("init")
            self.ctl("mailbox", "add", MAILBOX)
            self.add_user("dave", 2001)
            if start:
                self.start_smtpd(SMTPD % rule)
        except BaseException:
            self.close()
            raise

    def seed(self, command):
        """Handles and return paths, which only mail makes otherwise."""
        if self.seeder is None:
            shutil.copy(build("tool/storeseed"), self.path("/tmp/storeseed"))
            self.seeder = Seeder(self.command(["/tmp/storeseed", DATABASE]))
        return self.seeder.seed(command)

    def close(self):
        if getattr(self, "seeder", None):
            self.seeder.close()
            self.seeder = None
        super().close()

    def rcpt(self, address):
        """What RCPT TO is answered, in a session of its own."""
        client = Client(self.customer.host)
        try:
            assert client.docmd("MAIL FROM:<carol@customer.test>")[0] == 250
            code, words = client.docmd("RCPT TO:<%s>" % address)
        finally:
            client.close()
        return code, words.decode()


def ours(**words):
    """Says that a test's world is one with a table, and which."""
    def mark(function):
        function.maker = Tables
        function.words = words
        return function
    return mark


@ours()
def test_addresses(world):
    """Mailboxes, live handles and return paths are known, and nothing else;
    what is unknown is refused with one and the same sentence."""
    handle = world.seed("handles %s 1 1000" % MAILBOX)[0]
    brief = world.seed("handles %s 1 2" % MAILBOX)[0]
    path = world.seed("rpaths company.example 1")[0]
    for address in (MAILBOX, MAILBOX.upper(), handle, handle.upper(), path,
                    "dave@company.example"):
        assert world.rcpt(address)[0] == 250, address
    ns.wait_for("end of a handle", lambda: world.rcpt(brief)[0] != 250)
    unknown = world.rcpt("unknown@company.example")
    assert unknown[0] == 550, unknown
    box = MAILBOX.replace("@", "+%s@")
    for address in (brief, box % "abcdefgh234567ab", box % "tag", box % "",
                    "r-abcdefghijklmnopqrstuvwxyz@company.example",
                    "support@company.test"):
        code, words = world.rcpt(address)
        assert code == 550, (address, code, words)
        if not address.endswith(".test"):
            assert words.replace(address, "") == unknown[1].replace(
                "unknown@company.example", ""), (address, words)
    world.seed("revoke")
    assert world.rcpt(handle)[0] == 550
    assert world.rcpt(path)[0] == 250


@ours()
def test_delivery(world):
    """The table's answer to `virtual' runs the command as _smtprelay."""
    handle = world.seed("handles %s 1 1000" % MAILBOX)[0]
    client = Client(world.customer.host)
    out = client.message("carol@customer.test",
                         [MAILBOX, handle, "dave@company.example"],
                         mail.message("carol@customer.test", MAILBOX, "Table"))
    assert out.final[0] == 250, str(out)
    client.close()
    ns.wait_for("local mail", lambda: world.local_mails("dave"))

    def told():
        if not os.path.exists(world.path("/tmp/who")):
            return None
        lines = world.read("/tmp/who").decode().split("\n")[:-1]
        return sorted(lines) if len(lines) == 2 else None
    assert ns.wait_for("two deliveries", told) == [
        "_smtprelay " + handle, "_smtprelay " + MAILBOX]


@ours()
def test_changes(world):
    """A change is in force at once, and an update succeeds."""
    for i in range(10):
        address = "box%d@company.example" % i
        assert world.rcpt(address)[0] == 550
        world.ctl("mailbox", "add", address)
        assert world.rcpt(address)[0] == 250
        world.ctl("mailbox", "del", address)
        assert world.rcpt(address)[0] == 550
    for _ in range(3):
        assert "command succeeded" in world.smtpctl("update", "table",
                                                    "mailboxes")
        assert world.rcpt(MAILBOX)[0] == 250


@ours(rule='match from any for domain <mailboxes> action "copies"')
def test_domain(world):
    """The table as a list of domains; smtpd then finds the mailbox of an
    address with any tag, which is why rcpt-to is what the manual names."""
    assert world.rcpt(MAILBOX)[0] == 250
    for domain in ("company.example", "company.test", "customer.test"):
        assert world.rcpt("unknown@" + domain)[0] in (524, 550), domain
    assert world.rcpt(MAILBOX.replace("@", "+abcdefgh234567ab@"))[0] == 250


@ours()
def test_keeper(world):
    """Killed or hanging: smtpd lives, other mail flows, ours comes later."""
    assert world.rcpt(MAILBOX)[0] == 250
    old = world.pids("table-relay: keeper")
    assert world.kill("table-relay: keeper")
    assert world.rcpt(MAILBOX)[0] == 250
    assert world.rcpt("dave@company.example")[0] == 250

    def news():
        now = world.pids("table-relay: keeper")
        return now and not set(now) & set(old)
    ns.wait_for("another keeper", news)
    assert world.kill("table-relay: keeper", signal.SIGSTOP)
    world.ctl("mailbox", "add", "new@company.example")
    code, _ = world.rcpt("new@company.example")
    assert code == 451, code
    # Would smtpd be held up each time, it were for a minute in all.
    start = time.monotonic()
    for _ in range(15):
        assert world.rcpt(MAILBOX)[0] == 451
        assert world.rcpt("carol@customer.test")[0] == 550
    assert time.monotonic() - start < 45, "smtpd was held up again"
    assert "succeeded" not in world.smtpctl("update", "table", "mailboxes")
    assert world.kill("table-relay: keeper", signal.SIGCONT)
    ns.wait_for("recovery", lambda: world.rcpt(
        "new@company.example")[0] == 250)
    assert world.rcpt(MAILBOX)[0] == 250


@ours()
def test_front(world):
    """A killed front is replaced before smtpd notices."""
    for _ in range(3):
        assert world.kill("table-relay: front")
        assert world.rcpt(MAILBOX)[0] == 250
        assert world.rcpt("unknown@company.example")[0] == 550


@ours(start=False)
def test_no_database(world):
    """smtpd starts without a database, and has it when it comes."""
    os.rename(world.path(DATABASE), world.path(DATABASE + ".away"))
    for extra in ("-wal", "-shm"):
        if os.path.exists(world.path(DATABASE + extra)):
            os.rename(world.path(DATABASE + extra),
                      world.path(DATABASE + ".away" + extra))
    world.start_smtpd(SMTPD % RULE)
    assert world.rcpt(MAILBOX)[0] == 451
    world.wait_log("no answers: .*relay.db")
    for extra in ("-wal", "-shm", ""):
        if os.path.exists(world.path(DATABASE + ".away" + extra)):
            os.rename(world.path(DATABASE + ".away" + extra),
                      world.path(DATABASE + extra))
    ns.wait_for("recovery", lambda: world.rcpt(MAILBOX)[0] == 250)


@ours()
def test_many(world):
    """A thousand questions from several sessions, and the number of
    processes stays."""
    clients = [Client(world.customer.host) for _ in range(10)]
    for n, client in enumerate(clients):
        client.docmd("MAIL FROM:<carol%d@customer.test>" % n)
    for i in range(60):
        for n, client in enumerate(clients):
            known = (i + n) % 3 == 0
            code, words = client.docmd("RCPT TO:<%s>" % (
                MAILBOX if known else "unknown%d@company.example" % i))
            if code in (421, 451):
                continue	# smtpd's own limit of failures
            assert code == (250 if known else 550), (code, words)
    for client in clients:
        client.close()
    assert len(world.pids("table-relay: ")) == 3


@ours(start=False)
def test_senders(world):
    """A table about who sends knows no mailboxes."""
    world.start_smtpd((SMTPD % RULE).replace(
        "<mailboxes>", "<my_senders>").replace(
        "table mailboxes", "table my_senders"))
    assert world.rcpt(MAILBOX)[0] == 550
    assert world.rcpt("dave@company.example")[0] == 250


if __name__ == "__main__":
    main(globals())
