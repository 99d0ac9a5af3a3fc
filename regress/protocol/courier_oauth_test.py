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



"""Mail through accounts that log in with OAuth 2: the token process, a token
endpoint, and a server that believes its tokens."""

import os
import subprocess
import sys
import tempfile

from courierpeer import SLOW, Certs, Client, main
from tablepeer import OBJ, TOP, wait_for

SERVER = os.path.join(TOP, "regress/conf/oauthserver.py")
CTL = os.path.join(OBJ, "bin/smtprelayctl")
DATA = """token-endpoint https://localhost:%s/token
client-id the+client
client-secret cl;ent-s3cr=t
refresh-token %s
"""


class Cloud:
    """The provider: both servers, in a process of their own."""

    def __init__(self, mode="ok", cert="good"):
        self.dir = tempfile.TemporaryDirectory()
        self.set(mode)
        certs = Certs.get()
        self.proc = subprocess.Popen(
            [sys.executable, SERVER, certs.path(cert + ".crt"),
             certs.path(cert + ".key"), self.dir.name])
        wait_for("cloud", lambda: self.read("smtp.port"), SLOW)

    def path(self, name):
        return os.path.join(self.dir.name, name)

    def read(self, name):
        try:
            with open(self.path(name), encoding="ascii") as f:
                return f.read().strip()
        except OSError:
            return ""

    def set(self, mode):
        with open(self.path("mode.new"), "w", encoding="ascii") as f:
            f.write(mode + "\n")
        os.rename(self.path("mode.new"), self.path("mode"))

    def asked(self):
        return len(self.read("requests").splitlines())

    def sender(self, world, refresh="refresh/1+s3cret"):
        """An address with an account there."""
        world.serial += 1
        name = "cloud%d" % world.serial
        address = "user%d@cloud.example" % world.serial
        url = "smtps://dora%%40cloud.example@localhost:%s" % (
            self.read("smtp.port"))
        subprocess.run(
            [CTL, "-f", world.conf, "account", "add", name, url, "-o", "-"],
            input=DATA % (self.read("token.port"), refresh), text=True,
            check=True, stdout=subprocess.DEVNULL)
        world.seed("identity user%d %s %s" % (world.serial, address, name))
        return address

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.proc.kill()
        self.proc.wait()
        self.dir.cleanup()


def test_mail(world):
    """One token serves many mails and sessions."""
    with Cloud() as cloud, Client(world) as one, Client(world) as two:
        sender = cloud.sender(world)
        assert one.mail(sender).code == 250
        assert one.mail(sender).code == 250
        assert two.mail(sender).code == 250
        assert cloud.asked() == 1
        # Another account has a token of its own.
        assert one.mail(cloud.sender(world)).code == 250
        assert cloud.asked() == 2


def test_basic(world):
    with Cloud("basic") as cloud, Client(world) as client:
        assert client.mail(cloud.sender(world)).code == 250
        assert cloud.asked() == 2


def test_no_token(world):
    """Consent that is gone is said like a wrong password; all is 4xx, and
    nobody asks again at once."""
    for mode, words in (("revoked", "invalid_grant: consent is gone"),
                        ("later", "temporarily_unavailable"),
                        ("html", "makes no sense"),
                        ("redirect", "status 307")):
        with Cloud(mode) as cloud, Client(world) as client:
            sender = cloud.sender(world)
            reply = client.cmd("MAIL FROM:<%s>" % sender)
            assert reply.code == 454 and words in reply, reply
            assert client.cmd("MAIL FROM:<%s>" % sender).code == reply.code
            assert cloud.asked() == 1


def test_later(world):
    """It is tried again by itself when the time has come."""
    with Cloud("later") as cloud, Client(world) as client:
        sender = cloud.sender(world)
        assert client.cmd("MAIL FROM:<%s>" % sender).code // 100 == 4
        cloud.set("ok")
        wait_for("token", lambda: client.cmd(
            "MAIL FROM:<%s>" % sender).code == 250, 2 * SLOW)


def test_refused_token(world):
    """A token that the server takes no more is replaced."""
    with Cloud() as cloud, Client(world) as client:
        sender = cloud.sender(world)
        assert client.mail(sender).code == 250
        cloud.set("forget")
        wait_for("mail", lambda: client.mail(sender).code == 250, 2 * SLOW)
        assert cloud.asked() == 2


def test_untrusted(world):
    """A token endpoint with a certificate of nobody's gets no secret."""
    with Cloud(cert="self") as cloud, Client(world) as client:
        sender = cloud.sender(world)
        reply = client.cmd("MAIL FROM:<%s>" % sender)
        assert reply.code // 100 == 4 and "certificate" in reply, reply
        assert cloud.asked() == 0


def test_rotation(world):
    """A renewed refresh token outlives all processes that knew it."""
    with Cloud("rotate") as cloud:
        with Client(world) as client:
            sender = cloud.sender(world)
            assert client.mail(sender).code == 250
        for n in (2, 3):
            for name in ("courier", "oauth"):
                before = world.table.kill(name)
                wait_for(name, lambda: world.table.children().get(name)
                         not in (None, before), SLOW)
            world.ready()
            with Client(world) as client:
                wait_for("mail", lambda: client.mail(sender).code == 250,
                         2 * SLOW)
            assert cloud.asked() == n


def test_secrets(world):
    """None is in the log, in the database or on a command line."""
    log = world.table.logged()
    assert "no access token" in log
    for word in ("s3cret", "s3cr=t"):
        assert word not in log
    for name in os.listdir(os.path.dirname(world.db)):
        with open(os.path.join(os.path.dirname(world.db), name), "rb") as f:
            assert b"s3cr" not in f.read(), name


if __name__ == "__main__":
    main(globals())
