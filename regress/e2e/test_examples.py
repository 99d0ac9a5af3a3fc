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
import re

from relaytest import mail
from relaytest.case import main, plain
from relaytest.certs import Authority
from relaytest.relay import MAILBOX, Client
from relaytest.world import LIBEXEC, TOP

GATES = ["relay.conf.mx2", "relay.conf.pop3", "relay.conf.salesforce"]


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
    """Certificates and keys that the examples name."""
    ca = Authority()
    with contextlib.closing(ca):
        world.run(["mkdir", "-p", "/etc/ssl/private"])
        for name in ("home.example", "mail.company.example"):
            paths = ("/etc/ssl/%s.crt" % name, "/etc/ssl/private/%s.key" %
                     name)
            for source, path in zip(ca.issue(name), paths):
                with open(source, "rb") as f:
                    world.write(path, f.read(), 0o600)


def lists(world, text):
    """Makes the files of lists that an example names."""
    for path in re.findall(r'(?:file:|")(/etc/[^"\s]+)', text):
        if not os.path.exists(world.path(path)):
            # smtpd does not take an empty one for a list of networks.
            world.write(path, "" if "aliases" in path else
                        "198.51.100.2\n")


@plain
def test_relays(world):
    """Our programs have nothing to say against any relay.conf."""
    for name in GATES + ["relay.conf.outbound"]:
        lists(world, re.sub(r"#.*", "", example(world, name)))
        path = "/etc/mail/" + name
        said = world.ctl("check", "config", "-f", path)
        assert "warning" not in said, (name, said)
        for program in ("filter-relay", "table-relay", "mda-relay"):
            r = world.run([LIBEXEC + "/" + program, "-n", "-f", path])
            assert r.returncode == 0, (name, r)


@plain
def test_check(world):
    """smtpd -n has nothing to say against any."""
    prepare(world)
    tls_files(world)
    example(world, "relay.conf.outbound")
    world.ctl("init", "-f", "/etc/mail/relay.conf.outbound")
    for name in ["smtpd.conf", "smtpd.conf.openbsd", "smtpd.conf.outbound"
                 ] + [x.replace("relay", "smtpd") for x in GATES]:
        conf = example(world, name)
        lists(world, conf)
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


test_check.stops = test_relays.stops = True   # it never begins

if __name__ == "__main__":
    main(globals())
