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


"""The examples that are installed are right on every release."""

import contextlib
import os

from relaytest import mail
from relaytest.case import main, plain
from relaytest.certs import Authority
from relaytest.relay import MAILBOX, Client
from relaytest.world import TOP


def example(world, name):
    with open(os.path.join(TOP, "dist", name)) as f:
        text = f.read()
    world.write("/etc/mail/" + name, text)
    return text


def prepare(world):
    example(world, "relay.conf")
    world.ctl("check", "config")
    world.ctl("init")


def tls_files(world):
    """The certificate and the key that smtpd.conf.outbound names."""
    ca = Authority()
    with contextlib.closing(ca):
        paths = ("/etc/ssl/home.example.crt",
                 "/etc/ssl/private/home.example.key")
        world.run(["mkdir", "-p", "/etc/ssl/private"])
        for source, path in zip(ca.issue("home.example"), paths):
            with open(source, "rb") as f:
                world.write(path, f.read(), 0o600)


@plain
def test_outbound(world):
    """The office's relay.conf is right, too."""
    example(world, "relay.conf.outbound")
    world.ctl("check", "config", "-f", "/etc/mail/relay.conf.outbound")


@plain
def test_check(world):
    """smtpd -n has nothing to say against any."""
    prepare(world)
    tls_files(world)
    example(world, "relay.conf.outbound")
    world.ctl("init", "-f", "/etc/mail/relay.conf.outbound")
    for name in ("smtpd.conf", "smtpd.conf.openbsd", "smtpd.conf.outbound"):
        conf = example(world, name)
        files = [w.split(":", 1)[1] for w in conf.split()
                 if w.startswith("file:")]
        for file in files:
            if not os.path.exists(world.path(file)):
                world.write(file, "")
        world.write("/etc/mail/try.conf", conf, 0o600)
        r = world.run(["smtpd", "-n", "-f", "/etc/mail/try.conf"])
        assert b"configuration OK" in r.stdout + r.stderr, (name, r)


@plain
def test_run(world):
    """smtpd runs with the example, and the mailbox is known."""
    prepare(world)
    world.ctl("mailbox", "add", MAILBOX)
    world.ctl("worker", "add", "alice", "-n", "Alice", "alice@home.example")
    world.ctl("mailbox", "join", MAILBOX, "alice")
    world.start_smtpd(example(world, "smtpd.conf"))
    client = Client(world.customer.host)
    out = client.message("carol@customer.test", [MAILBOX],
                         mail.message("carol@customer.test", MAILBOX, "Hello"))
    client.close()
    assert out.final[0] == 250, str(out)
    got = world.worker.sink.wait("alice@home.example")
    assert b"Subject: Hello" in got.data


test_check.stops = test_outbound.stops = True   # it never begins

if __name__ == "__main__":
    main(globals())
