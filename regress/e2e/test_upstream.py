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

"""The providers' mail servers of the outbound tests, asked without anything of
ours between: they take mail from whom they should, and say who sent it."""

import base64
import contextlib
import smtplib
import ssl

from relaytest import mail, ns
from relaytest.case import main, only, plain
from relaytest.certs import Authority
from relaytest.puppet import DROP, Puppet
from relaytest.relay import CAROL, Client
from relaytest.upstream import Postfix, Smtpd, token

ANNA = "anna@partner.example"


class Login(Client):
    """A client that believes one authority and has logged in."""

    def __init__(self, host, server, ca, auth, port=587):
        self.family = ns.family(server.address)
        super().__init__(host, server.address, port)
        self._host = server.name
        self.starttls(context=ssl.create_default_context(cafile=ca.cert))
        self.ehlo()
        self.said = self.docmd("AUTH", auth)[0]

    def _get_socket(self, host, port, timeout):
        s = self.host_of.socket(family=self.family)
        s.settimeout(timeout)
        s.connect((host, port))
        return s


def plain_auth(user, word):
    return "PLAIN " + base64.b64encode(
        ("\0%s\0%s" % (user, word)).encode()).decode()


def bearer(user, access):
    return "XOAUTH2 " + base64.b64encode(("user=%s\1auth=Bearer %s\1\1" % (
        user, access)).encode()).decode()


def check_postfix(world, host, ca):
    server = Postfix(world, "smtp.partner.example", "10.77.5.1", "10.77.1.1",
                     {ANNA: "pass word"}, ca,
                     mechanisms="plain, login, xoauth2, oauthbearer")
    with contextlib.closing(server):
        good = Login(host, server, ca, plain_auth(ANNA, "pass word"))
        out = good.message("a.b@partner.example",
                           [CAROL, "nobody@customer.test"],
                           mail.message("a.b@partner.example", CAROL, "One"))
        good.close()
        assert [code for code, _ in out.rcpts] == [250, 550], str(out)
        oauth = Login(host, server, ca, bearer(ANNA, token(ANNA)))
        assert oauth.said == 235, oauth.said
        out = oauth.message("c.d@partner.example", [CAROL], mail.message(
            "c.d@partner.example", CAROL, "Two"))
        assert out.final[0] == 250, str(out)
        oauth.close()
        for auth, code in ((plain_auth(ANNA, "wrong"), 535),
                           (bearer(ANNA, token(ANNA, -60)), 334)):
            bad = Login(host, server, ca, auth)
            assert bad.said == code, (auth, bad.said)
            bad.close()
        got = [world.customer.sink.wait(CAROL, n).data for n in (1, 2)]
        assert all(b"Authenticated sender: anna@" in data for data in got)
        ns.wait_for("both logins in its log", lambda: sorted(
            server.logins()) == [(ANNA, "PLAIN", "a.b@partner.example"),
                                 (ANNA, "XOAUTH2", "c.d@partner.example")])


def check_smtpd(world, host, ca):
    server = Smtpd(world, "smtp.club.example", "fd77::5:2", {"anna": "word"},
                   ca)
    with contextlib.closing(server):
        client = Login(host, server, ca, plain_auth("anna", "word"))
        out = client.message("a@club.example", [CAROL], mail.message(
            "a@club.example", CAROL, "Three"))
        client.close()
        assert out.final[0] == 250, str(out)
        ns.wait_for("its mail", lambda: len(server.mails()) == 1)
        assert server.logins() == [("anna", "a@club.example")]


def check_puppet(world, host, ca):
    server = Puppet(world, "smtp.band.example", "10.77.5.3", {"anna": "word"},
                    ca)
    with contextlib.closing(server):
        client = Login(host, server, ca, plain_auth("anna", "word"))
        data = mail.message("a@band.example", CAROL, "Four")
        for code in (250, 452):
            if code == 452:
                server.do("dot", b"452 4.2.2 full\r\n", times=1)
            out = client.message("a@band.example", [CAROL], data)
            assert out.final[0] == code, str(out)
        server.do("mail", DROP, user="anna")
        try:
            client.message("a@band.example", [CAROL], data)
            raise AssertionError("the connection is still there")
        except smtplib.SMTPServerDisconnected:
            pass
        assert [m.user for m in server.mails] == ["anna"]


@only("7.6")
@plain
def test_servers(world):
    world.customer.host.add_address("fd77::1:1")
    world.start_smtpd("listen on socket\nlisten on 0.0.0.0\n"
                      'action "out" relay\nmatch for any action "out"\n')
    ca = Authority()
    with contextlib.closing(ca):
        check_postfix(world, world.customer.host, ca)
        check_smtpd(world, world.customer.host, ca)
        check_puppet(world, world.customer.host, ca)


if __name__ == "__main__":
    main(globals())
