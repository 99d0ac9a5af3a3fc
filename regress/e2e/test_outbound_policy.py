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

"""What relay.conf forbids is refused at submission, with a sentence."""

import re

from relaytest import mail, ns
from relaytest.case import main, only, setup
from relaytest.outbound import outbound
from relaytest.relay import CAROL
from relaytest.sink import settle

SENDER = "anna@band.example"


def sentence(out):
    """A refusal for good, in words."""
    code, words = out.mail if out.mail[0] >= 400 else out.final
    assert 500 <= code < 600, str(out)
    assert len(words.split()) >= 4, "no sentence: %s" % out
    return words


@setup(outbound='\thosts { "smtp.band.example:465" }\n')
@outbound
def test_hosts(relay):
    """Only the servers that relay.conf lists."""
    band = relay.puppet(users={"band": "word"})
    club = relay.puppet("smtp.club.example", "10.77.5.4", {"club": "word"})
    relay.account("band", "smtps://band@smtp.band.example", "word")
    relay.identity("anna", SENDER, "band")
    r = relay.run(["smtprelayctl", "account", "add", "club",
                   "smtps://club@smtp.club.example"], check=False,
                  text="word\n")
    assert r.returncode == 1 and b"hosts" in r.stderr + r.stdout, r
    relay.submitted("anna", SENDER)
    band.wait(1)
    # An account that was there before the list became shorter.
    relay.stop_smtpd()
    conf = relay.read("/etc/mail/relay.conf").decode()
    relay.write("/etc/mail/relay.conf",
                conf.replace("band.example:465", "club.example:465"))
    relay.start_smtpd()
    sentence(relay.submit("anna", SENDER))
    assert len(band.mails) == 1 and not club.auths


@setup(outbound="\tverify identity\n")
@outbound
def test_unverified(relay):
    """A new identity is dead until its code is entered; the code comes
    through the identity's own account."""
    band = relay.puppet(users={"band": "word"})
    relay.account("band", "smtps://band@smtp.band.example", "word")
    relay.identity("anna", SENDER, "band")
    band.wait(1)
    code_mail = band.mails[0]
    assert code_mail.rcpts == [SENDER] and code_mail.user == "band"
    sentence(relay.submit("anna", SENDER))
    code = re.search(r"\b([a-z2-7]{4}(?:-[a-z2-7]{4}){3})\b",
                     code_mail.data.decode()).group(1)
    bad = code[:-1] + ("a" if code[-1] != "a" else "b")
    assert relay.run(["smtprelayctl", "identity", "verify", bad],
                     check=False).returncode == 1
    sentence(relay.submit("anna", SENDER))
    relay.ctl("identity", "verify", code)
    relay.submitted("anna", SENDER)
    band.wait(2)
    assert band.mails[1].sender == SENDER


@setup(more="limit sender { messages 3 per day, recipients 5 per day }\n")
@outbound
def test_limit(relay):
    """So many messages and recipients a day, and then a refusal, also after a
    restart; other people are not concerned."""
    band = relay.puppet(users={"band": "word"})
    relay.account("band", "smtps://band@smtp.band.example", "word")
    relay.identity("anna", SENDER, "band")
    relay.identity("ben", "ben@band.example", "band")
    for _ in range(3):
        relay.submitted("anna", SENDER)
    out = relay.submit("anna", SENDER)
    assert out.final[0] >= 400, str(out)
    assert "limit" in str(out).lower(), str(out)
    relay.stop_smtpd()
    relay.start_smtpd()
    out = relay.submit("anna", SENDER)
    assert "limit" in str(out).lower(), str(out)
    out = relay.submit("ben", "ben@band.example",
                       ["c%d@customer.test" % n for n in range(6)])
    refused = [x for x in out.rcpts if x[0] >= 400]
    assert refused or out.final[0] >= 400, str(out)
    relay.submitted("ben", "ben@band.example")
    band.wait(4)


@setup(outbound="\thide client yes\n")
@outbound
def test_header(relay):
    """The mail that leaves names no other address, no program and no
    machine, and no blind copy."""
    band = relay.puppet(users={"band": "word"})
    relay.account("band", "smtps://band@smtp.band.example", "word")
    relay.identity("anna", SENDER, "band")
    data = mail.message(
        "Anna <%s>" % SENDER, CAROL, "Quiet", mid="<1@rabbit-hole.lan>",
        extra="Sender: anna@company.example\nX-Sender: anna@company.example\n"
        "Bcc: secret@customer.test\nX-Originating-IP: [192.168.44.5]\n"
        "Received: from rabbit-hole.lan ([192.168.44.5]) by x with SMTP;\n"
        "\tSat, 21 Nov 2026 10:00:00 +0200\n")
    out = relay.submit("anna", SENDER, [CAROL, "secret@customer.test"],
                       data=data)
    assert out.final[0] == 250, str(out)
    # One transaction, or one each when smtpd asked for them in two moments.
    ns.wait_for("both recipients", lambda: sorted(
        r for m in band.mails for r in m.rcpts) == [
            CAROL, "secret@customer.test"], 60)
    text = band.mails[0].data.decode()
    low = text.lower()
    for word in ("anna@company.example", "rabbit-hole", "192.168.44.5",
                 "\nbcc:", "\nsender:", "secret@", "10.77.2.1"):
        assert word not in low, (word, text)
    found = re.search(r"(?im)^message-id: <[^@]+@([^>]+)>", text)
    assert found and found.group(1) == "band.example", text
    assert re.search(r"(?m)^From: .*anna@band\.example", text), text


@only("7.6", "7.9")
@outbound
def test_nobody(relay):
    """An address that is nobody's identity, and one that was taken away."""
    band = relay.puppet(users={"band": "word"})
    relay.account("band", "smtps://band@smtp.band.example", "word")
    sentence(relay.submit("anna", SENDER))
    relay.identity("anna", SENDER, "band")
    relay.submitted("anna", SENDER)
    band.wait(1)
    relay.ctl("identity", "del", "anna", SENDER)
    sentence(relay.submit("anna", SENDER))
    relay.identity("ben", SENDER, "band")
    sentence(relay.submit("anna", SENDER))
    relay.submitted("ben", SENDER)
    band.wait(2)
    settle(relay.sinks())
    assert not relay.customer.sink.mails


if __name__ == "__main__":
    main(globals())
