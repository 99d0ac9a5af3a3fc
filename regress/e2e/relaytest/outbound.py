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

"""A company whose people also write from other addresses, through the servers
of the providers that these addresses belong to."""

import ssl

from relaytest import mail, ns
from relaytest.certs import Authority
from relaytest.puppet import Puppet
from relaytest.relay import CAROL, Client, Relay, again
from relaytest.upstream import Postfix, Smtpd
from relaytest.world import LIBEXEC

PEOPLE = ("anna", "ben", "chris")
ALLOW = """outbound {
	alternates allow
%s}
%s"""
SMTPD = """table mailboxes relay:/etc/mail/relay.conf
table mail_senders relay:/etc/mail/relay.conf
ca courier cert "/etc/mail/courier.crt"
mta limit for domain "127.0.0.1" max-conn-per-relay 5 \\
    max-conn-per-connector 5 max-conn-per-route 200 max-conn-per-host 200 \\
    max-conn-per-source 200 max-conn-per-domain 200 \\
    conn-delay-route 0 conn-delay-relay 0 reconn-delay-route 0 \\
    session-keepalive 0 task-hiwat 10000 task-lowat 5000 task-release 5000
filter replies proc-exec "filter-relay" user _smtprelay
%(head)s
listen on socket
listen on 0.0.0.0 filter replies
%(listen)s
action "copies" mda "exec 2>/dev/null; %(libexec)s/mda-relay %%{dest} || \
exit 75" user _smtprelay virtual <mailboxes>
action "local" maildir
action "out" relay
action "alternates" relay host <mail_senders> ca courier auth <mail_senders>
match from any for rcpt-to <mailboxes> action "copies"
match from any for domain "company.example" action "local"
match tag SUBMISSION from %(who)s mail-from <mail_senders> for any \
    action "alternates"
match tag SUBMISSION from %(who)s for any action "out"
match from local for any action "out"
"""
TLS_HEAD = """table creds file:/etc/mail/creds
pki edge cert "/etc/mail/mx.crt"
pki edge key "/etc/mail/mx.key"
"""
TLS_LISTEN = ("listen on 0.0.0.0 port 587 tls-require pki edge auth <creds> "
              "senders <mail_senders> tag SUBMISSION filter replies")
# Debian 12's smtpd serves no TLS, and so no logins.
TAG_HEAD = 'filter users proc-exec "filter-relay -s" user _smtprelay\n'
TAG_LISTEN = "listen on 127.0.0.1 port 587 tag SUBMISSION filter users"


def outbound(function):
    """Says that a test's world is a company with outbound relays."""
    function.maker = Outbound
    return function


class Here:
    """Speaks from the company's own machine."""

    def __init__(self, pid):
        self.pid = pid

    def socket(self):
        return ns.socket_in(self.pid)


class Outbound(Relay):
    """Without a mailbox; with three people who can log in.  outbound holds
    more lines for that block of relay.conf, more what follows it."""

    def __init__(self, release, outbound="", more="", conf=None, start=True,
                 **smtpd):
        self.ca = Authority()
        self.servers = []
        self.people_words = {name: "word of " + name for name in PEOPLE}
        top = ALLOW % (outbound, more) if conf is None else conf
        try:
            super().__init__(release, top=top, start=False,
                             submission=release != "6.8", **smtpd)
        except BaseException:
            self.ca.close()
            raise
        try:
            self.trust(self.ca)
            self.home = self.site("10.77.4.1", "partner.example",
                                  "band.example", "club.example")
            if start:
                self.start_smtpd(self.conf)
        except BaseException:
            self.close()
            raise

    def close(self):
        for server in self.servers:
            server.close()
        self.servers = []
        super().close()
        self.ca.close()

    def trust(self, *authorities):
        """The system believes these and no others."""
        self.write("/etc/ssl/certs/ca-certificates.crt",
                   "".join(a.pem() for a in authorities))

    def people(self):
        for n, name in enumerate(PEOPLE):
            self.add_user(name, 2010 + n)

    def smtpd_conf(self, dkim, submission, words):
        part = {"head": TAG_HEAD, "listen": TAG_LISTEN, "who": "local",
                "libexec": LIBEXEC}
        if submission:
            self.tls_key()
            self.write("/etc/mail/creds", "".join("%s %s\n" % (
                name, ns.run(["openssl", "passwd", "-6", word]).stdout.decode()
                .strip()) for name, word in self.people_words.items()))
            part.update(head=TLS_HEAD, listen=TLS_LISTEN, who="auth")
        part.update(words)
        return SMTPD % part

    # Providers

    def keep(self, server):
        self.servers.append(server)
        return server

    def postfix(self, name="smtp.partner.example", address="10.77.5.1",
                users=None, **kw):
        """Hands on what it takes to the host of customer.test."""
        return self.keep(Postfix(self, name, address, "10.77.1.1",
                                 users or {}, self.ca, **kw))

    def upstream_smtpd(self, name="smtp.club.example", address="10.77.5.2",
                       users=None, **kw):
        return self.keep(Smtpd(self, name, address, users or {}, self.ca,
                               **kw))

    def puppet(self, name="smtp.band.example", address="10.77.5.3",
               users=None, **kw):
        return self.keep(Puppet(self, name, address, users or {}, self.ca,
                                **kw))

    # Accounts and mail

    def account(self, name, url, word, check=True):
        return self.ctl("account", "add", name, url, text=word + "\n",
                        check=check)

    def identity(self, user, address, account=None):
        words = ["identity", "add", user, address]
        return self.ctl(*(words + (["-a", account] if account else [])))

    def login(self, user):
        """A client of this person, logged in where there are logins."""
        if self.release == "6.8":
            return Client(Here(self.pid), "127.0.0.1", 587)
        client = self.client(self.worker, port=587)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        client.starttls(context=context)
        client.ehlo()
        client.login(user, self.people_words[user])
        return client

    def submit(self, user, sender, rcpts=CAROL, subject="Outbound",
               body="Hello.\n", extra="", data=None, author=None):
        """One mail of this person; what smtpd said to it."""
        if isinstance(rcpts, str):
            rcpts = [rcpts]
        client = self.login(user)
        try:
            return client.message(sender, rcpts, data or mail.message(
                author or sender, ", ".join(rcpts), subject, body, extra))
        finally:
            client.close()

    def submitted(self, *args, **kw):
        """submit() that must end in 250 for every recipient."""
        out = again(lambda: self.submit(*args, **kw), self.add_log)
        assert out.final[0] == 250 and all(
            code == 250 for code, _ in out.rcpts), "refused: %s" % out
        return out
