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

"""Mail servers of providers: Postfix with Dovecot's logins, and an OpenSMTPD.
Each is a machine with an address on the test network, takes mail on the ports
587 (STARTTLS) and 465 (TLS) from whoever logs in, and passes it on."""

import base64
import hashlib
import hmac
import json
import os
import re
import time

from relaytest import ns
from relaytest.box import Box
from relaytest.world import TREES

MAIN_CF = """compatibility_level = 3.6
myhostname = %(name)s
mydestination =
mynetworks =
inet_protocols = all
relayhost = [%(relay)s]
smtp_tls_security_level = none
smtpd_tls_cert_file = /etc/mail/tls.crt
smtpd_tls_key_file = /etc/mail/tls.key
smtpd_tls_loglevel = 1
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_sasl_authenticated_header = yes
smtpd_sasl_security_options = noanonymous
smtpd_sasl_mechanism_filter = %(mechanisms)s
smtpd_delay_reject = no
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = check_recipient_access
    regexp:/etc/postfix/recipients, permit_sasl_authenticated, reject
smtpd_error_sleep_time = 0
smtpd_client_connection_count_limit = 0
message_size_limit = 50000000
in_flow_delay = 0
%(more)s
"""
MASTER_CF = """submission inet n - n - 200 smtpd
  -o smtpd_tls_security_level=encrypt
smtps inet n - n - 200 smtpd
  -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
"""
DOVECOT_CONF = """protocols =
log_path = syslog
ssl = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_verbose = yes
auth_failure_delay = 0
default_internal_user = dovecot
default_login_user = dovenull
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = /etc/dovecot/oauth2.conf
}
passdb {
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN username_format=%u /etc/dovecot/users
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home=/tmp
}
service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
"""
OAUTH_CONF = """introspection_mode = local
local_validation_key_dict = fs:posix:prefix=/etc/dovecot/keys/
username_attribute = email
"""
TOKEN_KEY = b"a key that only the provider knows"
SMTPD_CONF = """pki edge cert "/etc/mail/tls.crt"
pki edge key "/etc/mail/tls.key"
table creds file:/etc/mail/creds
table all { "@" = "keep" }
listen on %(address)s port 587 tls-require pki edge auth <creds>
listen on %(address)s port 465 smtps pki edge auth <creds>
action keep maildir virtual <all>
match from auth for any action keep
"""


def _b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(user, seconds=3600):
    """An access token for a user, as the provider's OAuth server signs it."""
    now = int(time.time())
    head = _b64(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    body = _b64(json.dumps({"sub": user, "email": user, "iat": now - 10,
                            "exp": now + seconds}).encode())
    seal = hmac.new(TOKEN_KEY, ("%s.%s" % (head, body)).encode(),
                    hashlib.sha256).digest()
    return "%s.%s.%s" % (head, body, _b64(seal))


class Server(Box):
    """What the providers' servers have in common: a name in the DNS, a
    certificate, users with passwords."""

    def __init__(self, world, name, address, tree, users, ca, fault=None):
        self.name = name
        self.address = address
        self.users = dict(users)
        self.world = world
        self.host = ns.Host(world.pid, address)
        try:
            super().__init__(os.path.join(TREES, tree), None, self.host, name)
        except BaseException:
            self.host.close()
            raise
        world.dns.host(name, address)
        self.certify(ca, fault)

    def certify(self, ca, fault=None):
        for path, name in zip(ca.issue(self.name, fault),
                              ("/etc/mail/tls.crt", "/etc/mail/tls.key")):
            with open(path, "rb") as f:
                self.write(name, f.read(), 0o600)

    def daemon(self, command):
        """Starts a program that stays when the command has ended."""
        self.run(["sh", "-c", command + " >/tmp/out 2>&1 </dev/null || "
                  "{ cat /tmp/out; exit 1; }"])

    def greets(self, port=465):
        with self.host.socket(family=ns.family(self.address)) as s:
            s.settimeout(5)
            try:
                s.connect((self.address, port))
                return True
            except OSError:
                return False

    def close(self, keep=None):
        self.world.add_log(("--- %s:\n" % self.name).encode())
        self.world.add_log(self.log().encode())
        super().close()
        self.host.close()


class Postfix(Server):
    """Passes mail on to the mail host with the address relay; refused is a
    regular expression for the recipients that it does not like."""

    def __init__(self, world, name, address, relay, users, ca, fault=None,
                 refused="^nobody@", mechanisms="plain, login", more=""):
        super().__init__(world, name, address, "upstream", users, ca, fault)
        try:
            self.configure(relay, refused, mechanisms, more)
            self.daemon("dovecot")
            self.daemon("postfix start")
            ns.wait_for("login service", lambda: os.path.exists(
                self.path("/var/spool/postfix/private/auth")))
            ns.wait_for("greeting of " + name, self.greets)
        except BaseException:
            self.close()
            raise

    def configure(self, relay, refused, mechanisms, more):
        words = {"name": self.name, "relay": relay, "more": more,
                 "mechanisms": mechanisms}
        self.write("/etc/postfix/main.cf", MAIN_CF % words)
        self.write("/etc/postfix/master.cf", MASTER_CF)
        self.write("/etc/postfix/recipients",
                   "/%s/ 550 5.1.1 No such person at %s\n" % (
                       refused, self.name))
        # Postfix waits until its configuration is two seconds old.
        for name in ("main.cf", "master.cf", "recipients"):
            os.utime(self.path("/etc/postfix/" + name), (1e9, 1e9))
        self.write("/etc/dovecot/dovecot.conf", DOVECOT_CONF)
        self.write("/etc/dovecot/oauth2.conf", OAUTH_CONF)
        self.run(["mkdir", "-p", "/etc/dovecot/keys/default/HS256"])
        self.write("/etc/dovecot/keys/default/HS256/default",
                   base64.b64encode(TOKEN_KEY))
        self.passwords(self.users)

    def passwords(self, users):
        """These users and no others may log in from now on."""
        self.users = dict(users)
        self.write("/etc/dovecot/users", "".join(
            "%s:%s\n" % item for item in users.items()))

    def logins(self):
        """Which login sent which mail: (user, mechanism, envelope sender) of
        every transaction that was begun, in order."""
        text = self.log()
        senders = dict(re.findall(
            r"postfix/qmgr\S*: ([0-9A-F]+): from=<([^>]*)>", text))
        return [(user, mech, senders.get(queue, "?")) for queue, mech, user in
                re.findall(r"smtpd\S*: ([0-9A-F]+): client=.*sasl_method=(\S+)"
                           r", sasl_username=(\S+)", text)]


class Smtpd(Server):
    """An OpenSMTPD that keeps what it takes in one mailbox."""

    def __init__(self, world, name, address, users, ca, fault=None):
        super().__init__(world, name, address, "7.6", users, ca, fault)
        try:
            self.write("/etc/smtpd.conf", SMTPD_CONF % {"address": address},
                       0o600)
            self.write("/etc/mail/creds", "".join("%s %s\n" % (
                user, ns.run(["openssl", "passwd", "-6", word]).stdout.decode()
                .strip()) for user, word in users.items()))
            self.run(["useradd", "-m", "keep"])
            self.daemon("smtpd")
            ns.wait_for("greeting of " + name, self.greets)
        except BaseException:
            self.close()
            raise

    def mails(self):
        """The messages that it has taken."""
        folder = self.path("/home/keep/Maildir/new")
        out = []
        if os.path.isdir(folder):
            for name in os.listdir(folder):
                with open(os.path.join(folder, name), "rb") as f:
                    out.append(f.read())
        return out

    def logins(self):
        """(user, envelope sender) of every mail that was taken, in order."""
        text = self.log()
        users = dict(re.findall(
            r"([0-9a-f]{16}) smtp authentication user=(\S+) \S*\s*"
            r"result=ok", text))
        return [(users.get(session), sender) for session, sender in re.findall(
            r"([0-9a-f]{16}) smtp envelope .*from=<([^>]*)>", text)]
