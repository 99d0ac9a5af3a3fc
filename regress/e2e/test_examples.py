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

import base64
import contextlib
import json
import os
import re

import dkim

from relaytest import mail, ns
from relaytest.case import main, plain
from relaytest.certs import Authority
from relaytest.relay import MAILBOX, Client, again
from relaytest.world import LIBEXEC, TOP
from peers import dns

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


def serve(world, name, addresses):
    """smtpd runs with an example; these addresses stand in its list."""
    text = example(world, "relay.conf." + name)
    world.write("/etc/mail/relay.conf", text)
    for path in re.findall(r'^\s*strategy .* "(/etc/[^"]+)"', text, re.M):
        world.write(path, "".join(x + "\n" for x in addresses))
    world.ctl("init")
    world.write("/etc/aliases", "")
    world.add_user("anna", 3001)
    world.start_smtpd(example(world, "smtpd.conf." + name))


def hops(*pairs):
    """Received fields, the newest first."""
    return "".join("Received: from helo.test (name.test [%s])\n\tby %s "
                   "(Postfix) with ESMTP id 1; d\n" % x for x in pairs)


def send(site, to, data):
    client = Client(site.host)
    try:
        return client.message("carol@customer.test", [to], data)
    finally:
        client.close()


def tell(world, site, to, top):
    """Sends a message from a site: smtpd's answer and the mail.  A dry run
    says the same."""
    data = mail.text(top) + mail.message("carol@customer.test", to, "Hello")
    found = world.ctl("-j", "check", "message", "-", "-s", site.host.address,
                      "-m", "carol@customer.test", "-r", to, "-t", "60",
                      check=False, text=data.decode())
    found, = json.loads(found)["messages"]
    known = len(world.local_mails("anna"))
    out = again(lambda: send(site, to, data), world.add_log)
    assert (out.final[0] == 250) == (found["reply"] is None), (str(out),
                                                               found)
    if out.final[0] != 250:
        assert found["reply"][4:] in out.final[1] and \
            int(found["reply"][:3]) == out.final[0], (str(out), found)
        return found, None
    ns.wait_for("local mail", lambda: len(world.local_mails("anna")) > known)
    got = world.local_mails("anna")[-1].decode()
    assert (found["decision"] == "junk") == ("X-Spam: Yes\n" in got), got
    hop = found["handoff"]
    if hop is None:
        assert "X-Relay-Handoff" not in got, got
    else:
        assert "X-Relay-Handoff: %s; ip=%s; host=name.test; helo=helo.test" \
            % (hop["symbol"], hop["ip"]) in got, got
    return found, got


@plain
def test_mx2(world):
    """Behind a secondary MX, and straight, mail is judged by its origin."""
    serve(world, "mx2", ["10.77.3.1"])
    world.dns.host("7.0.51.198.zen.dnsbl.example", "127.0.0.2")
    world.dns.host("1.1.77.10.zen.dnsbl.example", "127.0.0.2")
    to = "anna@company.example"
    found, _ = tell(world, world.stranger, to, hops(
        ("203.0.113.9", "mx2"), ("198.51.0.7", "h")))
    assert found["decision"] == "pass" and \
        found["handoff"]["ip"] == "203.0.113.9", found
    found, _ = tell(world, world.stranger, to, hops(("198.51.0.7", "mx2")))
    assert found["decision"] == "reject" and found["gate"] == "listed", found
    found, _ = tell(world, world.worker, to, hops(("198.51.0.7", "mx2")))
    assert found["decision"] == "pass" and not found["handoff"], found
    found, _ = tell(world, world.customer, to, "")
    assert found["decision"] == "reject", found


@plain
def test_pop3(world):
    """Fetched mail has its origin, and what is not genuine is marked."""
    serve(world, "pop3", ["10.77.3.1", "203.0.113.0/24"])
    fetched = ("Received: from pop.provider.example [203.0.113.110]\n\tby "
               "fetcher with POP3 (fetchmail-6.4.37)\n\tfor <anna@localhost> "
               "(single-drop); d\n")
    to = "anna@home.example"
    world.dns.add("customer.test", dns.TXT, "v=spf1 ip4:198.51.0.7 -all")
    for ip, decision in (("198.51.0.7", "pass"), ("198.51.0.8", "junk")):
        found, _ = tell(world, world.stranger, to, fetched + hops(
            ("203.0.113.25", "store"), (ip, "mx")))
        assert found["decision"] == decision, found
        assert found["handoff"]["symbol"] == "FETCHED" and \
            found["handoff"]["ip"] == ip, found


@plain
def test_salesforce(world):
    """Each thing that the example asks of a mail, and what becomes of it."""
    conf = "/etc/mail/relay.conf.salesforce"
    example(world, "relay.conf.salesforce")
    world.write("/etc/mail/salesforce-nets", "198.51.100.0/24\n")
    world.ctl("init", "-f", conf)
    key = ns.run(["openssl", "genrsa", "-traditional", "2048"]).stdout
    der = ns.run(["openssl", "rsa", "-pubout", "-outform", "DER"],
                 input=key).stdout
    world.dns.add("s._domainkey.company.example", dns.TXT,
                  "v=DKIM1; p=" + base64.b64encode(der).decode())

    def check(*extra, sign=True, tls=True, source="198.51.100.2",
              sender="anna=company.example"):
        data = mail.message("anna@company.example", "carol@customer.test",
                            "Offer", extra="".join(extra))
        data = re.sub(rb"\r?\n", b"\r\n", data)
        if sign:
            data = dkim.sign(data, b"s", b"company.example", key) + data
        found = world.ctl(
            "-j", "check", "message", "-f", conf, "-", "-s", source, "-l",
            "192.0.2.25:25", "-m", sender + "__0-a@x.bnc.salesforce.com",
            "-t", "60", *(["-v", "1.3"] if tls else []), check=False,
            text=data.decode())
        found, = json.loads(found)["messages"]
        return found, [x["require"] for x in found["requirements"]
                       if x["result"] != "pass"]

    ours = "X-SFDC-LK: 00D000000000001\n"
    found, lacks = check(ours)
    assert found["gate"] == "salesforce" and not lacks, found
    assert found["decision"] == "pass", found
    assert found["becomes"] == "anna@company.example", found
    for args, lack in ((((), {}), "header X-SFDC-LK"),
                       (((ours.replace("1", "2"),), {}), "header X-SFDC-LK"),
                       (((ours,), {"tls": False}), "tls"),
                       (((ours,), {"sign": False}), "dkim pass aligned"),
                       (((ours,), {"sender": "anna=evil.test"}),
                        "sender domain own")):
        found, lacks = check(*args[0], **args[1])
        assert found["decision"] == "reject" and lacks == [lack], found
        assert lack in found["reply"], found
    found, _ = check(ours, source="203.0.113.2")
    assert found["gate"] is None, found


for _test in (test_check, test_relays, test_salesforce):
    _test.stops = True          # smtpd never begins

if __name__ == "__main__":
    main(globals())
