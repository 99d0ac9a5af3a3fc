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

"""The demo's second half: somebody writes from another address, through that
address's own server."""

import sys

from relaytest import mail, ns
from relaytest.outbound import Outbound
from relaytest.relay import CAROL

HOME, OFFICE = "anna@company.example", "anna@office.example"
SERVER = "smtp.office.example"
WORD = "correct horse"


def command(relay, *words, text=None):
    """Shows a command of the administrator's and what it says."""
    print("    # smtprelayctl " + " ".join(words))
    said = relay.run(["smtprelayctl"] + list(words), check=False,
                     text=text and text + "\n")
    for line in (said.stdout + said.stderr).decode().splitlines():
        print("    " + line[:150])
    print()


def account(relay, step, say):
    step("Anna has another address, and a server for it")
    say("""Anna's own address is %s.  She also works for somebody else, as %s,
        whose server, %s on 10.77.5.5, wants a login.  The administrator adds
        the account and gives Anna the address; the password is asked for and
        sealed.  The server is a small one in Python, with a certificate of an
        authority that this machine believes.""" % (HOME, OFFICE, SERVER))
    office = relay.puppet(SERVER, "10.77.5.5",
                          {"anna@office.example": WORD})
    command(relay, "account", "add", "office",
            "smtp+tls://anna%40office.example@" + SERVER, text=WORD)
    command(relay, "identity", "add", "anna", OFFICE, "-a", "office")
    say("account test logs in there and sends nothing:")
    command(relay, "account", "test", "office")
    return office


def both(relay, office, step, say, show):
    step("She writes from both addresses, with the same program")
    say("""The smtpd of Debian 12 cannot serve TLS and so no logins; what comes
        over the loopback port 587 stands for a login here.  The newer
        releases have real ones.  With "hide client yes" nobody outside
        learns which machine and program wrote the second one.""")
    for sender, where in ((HOME, "From home"), (OFFICE, "From the office")):
        relay.submitted("anna", sender, subject=where,
                        extra="User-Agent: SecretMailer\n")
    office.wait(1)
    got = relay.customer.sink.wait(CAROL)
    print("    Carol's mail host took this from our smtpd, 10.77.0.1:")
    show(got.data, "from %s" % got.sender)
    taken = office.mails[0]
    print("    %s took this, under the login %s:" % (SERVER, taken.user))
    show(taken.data, "from %s" % taken.sender)
    if taken.user != OFFICE or len(relay.customer.sink.mails) != 1:
        sys.exit("demo: a mail went the wrong way")


def fault(relay, office, step, say):
    step("The server's certificate runs out")
    say("""Now the server shows a certificate that has expired.  The courier
        gives it neither password nor mail; the mail waits in smtpd's queue,
        and the administrator can see why.""")
    office.certify(relay.ca, "expired")
    office.do("idle", "drop")
    relay.submitted("anna", OFFICE, subject="One")
    logins = len(office.auths)
    relay.submitted("anna", OFFICE, subject="Two")
    relay.wait_log("from=<%s>.*TempFail" % OFFICE, 0, 30)
    # The courier's word about an account takes a moment to the database.
    ns.wait_for("a word about it in account list",
                lambda: "FAILING" in relay.ctl("account", "list"), 30, 0.2)
    command(relay, "account", "list")
    if len(office.auths) != logins and len(office.mails) > 2:
        sys.exit("demo: the password went to a server without a certificate")
    say("""When it is well again, the mail leaves.""")
    office.behave()
    office.certify(relay.ca)
    relay.wait_queue_empty(60)
    subjects = [mail.header(mail.parse(m.data), "Subject")
                for m in office.mails]
    print("    %s has taken: %s\n" % (SERVER, ", ".join(subjects)))


def main(step, say, show):
    with Outbound("6.8", outbound="\thide client yes\n") as relay:
        office = account(relay, step, say)
        both(relay, office, step, say, show)
        fault(relay, office, step, say)
        ns.wait_for("an empty queue", lambda: not relay.queue())
