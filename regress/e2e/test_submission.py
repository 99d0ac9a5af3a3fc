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


"""What users send as their other addresses: refusals at submission, and what
a recipient finds out.  With logins on the newer smtpds; that of Debian 12
serves no TLS, so there a listener of its own stands for them."""

import re

from relaytest import faults, mail, ns
from relaytest.case import main, setup
from relaytest.outbound import Outbound
from relaytest.relay import ALICE, CAROL, CONF, PETE, REPLIES
from test_login import login

OTHER = "user.name@partner.example"
LAPTOP = "rabbit-hole.home.example"
OUTBOUND = """outbound {
	alternates allow
	hosts { "smtp.partner.example:587" }
	hide client yes
}
"""
LIMIT = "limit sender { messages 4 per day, recipients 100 per day }\n"
# The worker's site, what the program says in EHLO and in its header, the
# login, and addresses that are private.
SECRET = ["10.77.2.1", "192.168.44.5", "rabbit-hole", "home.example",
          "secretmailer", "alice", "hidden@", "liddell"]
PROGRAM = """Sender: "Alice Liddell" <alice@company.example>
X-Sender: alice
User-Agent: SecretMailer/1.0 (rabbit-hole)
X-Originating-IP: [192.168.44.5]
Received: from rabbit-hole (unknown [192.168.44.5])
\tby proxy.home.example with ESMTPSA id q1;
\tSat, 21 Nov 2026 10:00:00 +0200
MIME-Version: 1.0 (SecretMailer 1.0)
Disposition-Notification-To: alice@company.example
Bcc: hidden@elsewhere.test
"""
LOGINS = """table creds file:/etc/mail/creds
table mail_senders relay:/etc/mail/relay.conf
"""
STAND_IN = """filter users proc-exec "filter-relay -s" user _smtprelay
listen on 0.0.0.0 port 587 tag SUBMISSION filter users
"""


def start(relay, top):
    """Accounts and identities, the policy, and smtpd with it."""
    relay.ctl("account", "add", "home", "smtp+tls://u@smtp.partner.example",
              text="secret\n")
    relay.ctl("account", "add", "far", "smtps://u@smtp.far.example",
              text="secret\n")
    relay.ctl("identity", "add", "alice", OTHER)
    relay.ctl("identity", "add", "alice", "@alice.example")
    relay.ctl("identity", "add", "alice", "me@far.example", "-a", "far")
    relay.ctl("identity", "add", "alice", "new@partner.example", "-a", "home")
    relay.ctl("identity", "add", "bobby", "bobby@partner.example")
    faults.sql(relay, "UPDATE identity SET verified = NULL "
               "WHERE folded = 'new@partner.example'")
    relay.write("/etc/mail/relay.conf", CONF % (top, REPLIES))
    conf = relay.conf
    if relay.release == "6.8":
        conf = re.sub(r"(?m)^listen on 0.0.0.0 port 587 .*\n", STAND_IN, conf)
        conf = conf.replace("tag SUBMISSION from auth",
                            "tag SUBMISSION from any")
    else:
        word = ns.run(["openssl", "passwd", "-6", "secret"]).stdout
        relay.write("/etc/mail/creds", "".join(
            "%s %s\n" % (n, word.decode().strip())
            for n in ("alice", "bobby")), 0o644)
        conf = LOGINS + conf.replace(
            " auth tag", " auth <creds> senders <mail_senders> tag")
    relay.start_smtpd(conf)


def submit(relay, sender, data, rcpts=(CAROL,), user="alice"):
    """One message of a user, and what became of it."""
    if relay.release == "6.8":
        client = relay.client(relay.worker, port=587, helo=LAPTOP)
    else:
        client = login(relay, user)
    out = client.message(sender, list(rcpts), data)
    client.close()
    return out


def letter(sender, extra="", mid="1.alice@" + LAPTOP):
    return mail.message("User Name <%s>" % sender, CAROL, "An offer",
                        "Dear Carol,\n..\nSender: stays\n", PROGRAM + extra,
                        mid="<%s>" % mid)


def clean(got):
    """Nothing of what is to be hidden is in a mail."""
    found = [p for p in SECRET for _, shown in mail.views(got.data)
             if p in shown.lower()]
    assert not found, "%s in %s" % (found, got.data.decode())


@setup(submission=True, start=False, top=OUTBOUND.replace("hosts", "# hosts"))
def test_hidden(relay):
    """Carol finds neither host, address, login nor program."""
    start(relay, OUTBOUND)
    out = submit(relay, OTHER, letter(OTHER))
    assert out.final[0] == 250, str(out)
    got = relay.got(CAROL)
    clean(got)
    msg = mail.parse(got.data)
    assert got.sender == OTHER
    assert mail.addresses(msg, "From") == [OTHER]
    for name in ("Sender", "Bcc", "User-Agent", "X-Sender",
                 "Disposition-Notification-To"):
        assert msg[name] is None, name
    first = msg["Message-ID"].strip()
    assert first.endswith("@partner.example>"), first
    assert len(msg.get_all("Received")) == 1, msg.get_all("Received")
    assert "mx.company.example" in msg["Received"]
    assert got.data.endswith(b"Dear Carol,\r\n..\r\nSender: stays\r\n")
    # The next one of the thread, as another of her addresses.
    sender = "any@alice.example"
    out = submit(relay, sender, letter(sender, (
        "In-Reply-To: <1.alice@%s>\n"
        "References: <old@customer.test>\n <1.alice@%s>\n")
        % (LAPTOP, LAPTOP), "2.alice@" + LAPTOP))
    assert out.final[0] == 250, str(out)
    got = relay.got(CAROL, 2)
    msg = mail.parse(got.data)
    assert msg["In-Reply-To"].strip() == first
    assert msg["References"].split() == ["<old@customer.test>", first]
    assert msg["Message-ID"].strip().endswith("@alice.example>")
    # Ten megabytes pass behind the header.
    line = "x" * 76 + "\n"
    data = letter(OTHER, mid="3@partner.example") + mail.text(line * 130000)
    out = submit(relay, OTHER, data)
    assert out.final[0] == 250, str(out)
    got = relay.got(CAROL, 3, timeout=60)
    assert got.data.count(b"x" * 76 + b"\r\n") == 130000
    # A reply of hers is still made anonymous by the mailbox's rules.
    copy = relay.copy()
    rcpts, data = ALICE.reply(copy)
    if relay.release == "6.8":
        relay.accept(relay.worker, ALICE.address, rcpts, data)
    else:
        out = submit(relay, ALICE.address, data, rcpts)
        assert out.final[0] == 250, str(out)
    got = relay.got(CAROL, 4)
    assert b"support@company.example" in got.data


@setup(submission=True, start=False, top=OUTBOUND.replace("hosts", "# hosts"))
def test_refused(relay):
    """Refusals at submission, each with a clear sentence."""
    start(relay, OUTBOUND + LIMIT)
    for sender, why in (("new@partner.example", "not yet verified"),
                        ("me@far.example", "not allowed here")):
        out = submit(relay, sender, letter(sender))
        assert out.mail[0] == 550 and why in out.mail[1], str(out)
    if relay.release != "6.8":
        for sender in ("bobby@partner.example", "x@nowhere.test"):
            out = submit(relay, sender, letter(sender))
            assert out.mail[0] == 550 and out.mail[1].startswith(
                "5.7.1 %s is not an address of yours" % sender), str(out)
    for sender, why in (("bobby@partner.example", "not an address of yours"),
                        ("ceo@bank.test", "not an address of yours"),
                        ("new@partner.example", "not yet verified"),
                        ("%s>, <ceo@bank.test" % OTHER, "more than one")):
        out = submit(relay, OTHER, letter(sender))
        assert out.final[0] == 550 and out.final[1].startswith(
            "5.7.1 "), str(out)
        assert why in out.final[1], str(out)
    # Four are her limit, and what was refused did not count.
    for _ in range(4):
        assert submit(relay, OTHER, letter(OTHER)).final[0] == 250
    out = submit(relay, OTHER, letter(OTHER))
    assert out.mail[0] == 451 and out.mail[1].startswith(
        "4.7.1 Your limit of 4 messages within a day"), str(out)
    # It survives a restart, and is nobody else's.
    relay.wait_queue_empty(60)
    relay.stop_smtpd()
    relay.start_smtpd()
    assert submit(relay, OTHER, letter(OTHER)).mail[0] == 451
    out = submit(relay, "bobby@partner.example",
                 letter("bobby@partner.example"), user="bobby")
    assert out.final[0] == 250, str(out)
    # Mail from outside is not concerned, whatever it says.
    relay.accept(relay.stranger, OTHER, ["dave@company.example"],
                 mail.message("bobby@partner.example", PETE, "x"))
    relay.wait_queue_empty(60)
    assert len(relay.customer.sink.mails) == 5, [
        (m.sender, m.rcpt) for m in relay.customer.sink.mails]


@setup(outbound="\tverify identity\n")
def test_verified(relay):
    """An identity works once its owner has answered, and not before."""
    own = "anna@partner.example"
    relay.ctl("identity", "add", "anna", own)
    asked = relay.home.sink.wait(own)
    msg = mail.parse(asked.data)
    back = mail.addresses(msg, "Reply-To")[0]
    assert back.endswith("@company.example") and back.startswith("r-"), back
    # Senders are seen in command lines; this one verifies nothing.
    assert asked.sender.startswith("r-") and asked.sender != back, asked.sender

    def waits():
        return "NOT VERIFIED" in relay.ctl("identity", "list", "anna")

    def answer(who, extra=""):
        relay.accept(relay.home, who, [back], mail.message(
            who, back, "Re: Confirm", "Yes, it is mine.\n", extra))
        relay.wait_queue_empty(60)

    assert waits()
    if relay.release != "6.8":
        out = relay.submit("anna", own)
        assert out.mail[0] == 550 and "not yet verified" in out.mail[1], out
    answer("else@partner.example")
    relay.accept(relay.home, own, [asked.sender], mail.message(
        own, asked.sender, "Re: Confirm", "Yes, it is mine.\n"))
    answer(own, "Auto-Submitted: auto-replied\n")
    assert waits()
    answer(own)
    assert not waits(), relay.ctl("identity", "list", "anna")
    relay.submitted("anna", own)
    relay.got(CAROL)
    # One whose server does not know the address: that is shown.
    gone = "gone@partner.example"
    relay.home.sink.refuse("rcpt", gone, "550 5.1.1 no such user")
    relay.ctl("identity", "add", "anna", gone)
    ns.wait_for("the bounce", lambda: "no such user" in relay.ctl(
        "identity", "list", "anna"), 60, 0.2)


test_verified.maker = Outbound


if __name__ == "__main__":
    main(globals())
