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

"""Passwords are nowhere but where they must be."""

import base64
import os
import re

from relaytest import ns
from relaytest.case import main
from relaytest.faults import sql
from relaytest.outbound import outbound
from relaytest.puppet import DROP
from relaytest.sink import settle

WORD = "Zwieback-Quartz-71"
WRONG = "Plumb-Nickel-34"
SENDER, SECOND = "anna@band.example", "anna@club.example"
FOLDER = "/var/lib/smtprelay"


def forms(word):
    """How a password could be written."""
    raw = word.encode()
    yield raw
    yield raw.hex().encode()
    # Wherever it begins in a base64 text, this much of it is the same.
    for shift in range(3):
        coded = base64.b64encode(b"x" * shift + raw)
        yield coded[4 if shift else 0:-4]


def must_not_hold(what, data, words=(WORD, WRONG)):
    for word in words:
        for form in forms(word):
            assert form not in data, "%s holds a password" % what


def two_accounts(relay):
    """One that works, and one whose password the server does not like."""
    band = relay.puppet(users={"band": WORD})
    club = relay.puppet("smtp.club.example", "10.77.5.4", {"club": "other"})
    relay.account("band", "smtps://band@smtp.band.example", WORD)
    relay.account("club", "smtps://club@smtp.club.example", WRONG)
    relay.identity("anna", SENDER, "band")
    relay.identity("anna", SECOND, "club")
    return band, club


def check_files(relay):
    for name in os.listdir(relay.path(FOLDER)):
        must_not_hold(name, relay.read(FOLDER + "/" + name))
    for name in os.listdir(relay.path("/etc/mail")):
        path = "/etc/mail/" + name
        if os.path.isfile(relay.path(path)):
            must_not_hold(name, relay.read(path))
    for at, _, names in os.walk(relay.path("/var/spool/smtpd")):
        for name in names:
            with open(os.path.join(at, name), "rb") as f:
                must_not_hold(name, f.read())
    must_not_hold("the log", relay.log().encode())


def check_processes(relay):
    """Neither environment nor command line; and no core file holds what a
    process knows."""
    found = 0
    for pid, title in relay.processes():
        with open("/proc/%d/environ" % pid, "rb") as f:
            must_not_hold("environment of " + title, f.read())
        must_not_hold("command line", title.encode())
        if "table-relay" not in title:
            continue
        found += 1
        # What may not be dumped belongs to root in /proc.
        with open("/proc/%d/status" % pid) as f:
            uid = re.search(r"^Uid:\s+(\d+)", f.read(), re.M).group(1)
        owner = os.stat("/proc/%d/environ" % pid).st_uid
        assert uid != "0" and owner == 0, (title, uid, owner)
    assert found >= 4, relay.processes()


def check_export(relay, band, club):
    """A sandbox copy has no secret, and sends nothing anywhere."""
    copy = relay.ctl("export", "-s")
    must_not_hold("the sandbox copy", copy.encode())
    sealed = [x for line in relay.ctl("export").splitlines()
              for x in re.findall(r"secret=([^\t]+)", line)]
    assert sealed, "nothing is sealed in a whole export"
    for secret in sealed:
        assert secret not in copy, "a sealed secret is in the sandbox copy"
    assert "host=" not in copy and "user=band" not in copy, copy
    relay.stop_smtpd()
    relay.run(["sh", "-c", "rm %s/*" % FOLDER])
    relay.ctl("init")
    relay.ctl("import", text=copy)
    relay.start_smtpd()
    logins = len(band.auths), len(club.auths)
    relay.submitted("anna", SENDER)
    relay.submitted("anna", SECOND)
    relay.wait_queue_empty()
    settle(relay.sinks())
    assert (len(band.auths), len(club.auths)) == logins
    assert not relay.customer.sink.mails, "the sandbox copy sent something"


@outbound
def test_nowhere(relay):
    """The database, its WAL, the logs, the spool, /proc and a sandbox copy;
    also after a failed login and a dropped one."""
    band, club = two_accounts(relay)
    band.do("auth", DROP, times=1)
    relay.submitted("anna", SENDER)
    relay.submitted("anna", SECOND)
    relay.wait_log("from=<%s>.*TempFail" % SECOND, 0, 60)
    ns.wait_for("the mail", lambda: relay.retry() and band.mails, 60, 1)

    def said():
        listed = (relay.ctl("account", "list") +
                  relay.ctl("-j", "account", "list"))
        return ("535" in listed or "password" in listed.lower()) and listed
    listed = ns.wait_for("a word about the password", said, 30, 0.2)
    must_not_hold("account list", listed.encode())
    must_not_hold("status", relay.ctl("status").encode())
    assert [word for _, _, word, good in club.auths if not good]
    assert len(club.auths) < 6, "the wrong password is hammered"
    check_files(relay)
    check_processes(relay)
    check_export(relay, band, club)


@outbound
def test_stolen(relay):
    """A database without its key file opens nothing, and neither does a
    sealed password in another account's row."""
    band, club = two_accounts(relay)
    relay.submitted("anna", SENDER)
    band.wait(1)
    sql(relay, "UPDATE account SET secret = (SELECT secret FROM account "
        "WHERE name = 'band'), generation = generation + 100 "
        "WHERE name = 'club'")
    club.users["club"] = WORD
    relay.submitted("anna", SECOND)
    relay.wait_log("from=<%s>.*TempFail" % SECOND, 0, 60)
    assert not club.auths, "a moved row was opened"
    relay.stop_smtpd()
    relay.run(["rm", "/etc/mail/relay.key"])
    relay.ctl("init")
    logins = len(band.auths)
    start = relay.log_mark()
    relay.start_smtpd()
    relay.submitted("anna", SENDER)
    relay.wait_log("from=<%s>.*TempFail" % SENDER, start, 60)
    assert len(band.auths) == logins and len(band.mails) == 1


if __name__ == "__main__":
    main(globals())
