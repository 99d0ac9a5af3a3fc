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


"""smtprelayctl check message, and that filter-relay decides the same: each
requirement of a gate in turn is missing."""

import base64
import json
import os
import subprocess

import dkim

from dnspeer import Names, alone
from filterpeer import OBJ, Filter, Session, World, main, message

CTL = os.path.join(OBJ, "bin/smtprelayctl")
NAMES = None
KEY = None
EDGE = "192.0.2.7"      # a relay that is trusted
SOURCE = "198.51.100.1"
LISTED = "198.51.100.2"
LISTENER = "192.0.2.2:25"
ANNA = "anna@company.example"
CONF = """
handoff "edge" {
	strategy addresses "%(dir)s/edges"
	symbol EDGE
}
gate "platform" {
	match { source { 198.51.100.0/24 }, listener "192.0.2.2:25" }
	require { tls 1.2, sender domain own, header X-Org "o1",
	    dkim pass aligned, spf pass, dmarc pass,
	    not listed { "list.example", "codes.example=127.0.0.9" } }
	limit { messages 5 per day, recipients 3 per day per sender }
}
gate "later" {
	match { source 203.0.113.1 }
	require { dkim pass }
	otherwise tempfail
}
gate "junk" {
	match { source 203.0.113.2 }
	require { spf pass }
	otherwise junk
}
gate "strip" {
	match { source 203.0.113.3 }
	limit { messages 2 per day per sender }
	return-path strip verp
}
gate "report" {
	match { user any }
	require { header X-Org "o1" }
	otherwise report
}
"""
GOOD = ["-s", SOURCE, "-l", LISTENER, "-v", "TLSv1.3", "-m", ANNA]


def reset():
    """company.example signs and publishes, and all servers answer."""
    NAMES.down.clear()
    NAMES.txt.clear()
    NAMES.addresses.clear()
    NAMES.pointers.clear()
    der = subprocess.run(["openssl", "rsa", "-pubout", "-outform", "DER"],
                         input=KEY, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=True).stdout
    record = "v=DKIM1; p=" + base64.b64encode(der).decode()
    for domain in ("company.example", "evil.example"):
        NAMES.txt["s._domainkey." + domain] = [record]
        NAMES.txt[domain] = ["v=spf1 ip4:198.51.100.0/24 -all"]
    NAMES.txt["_dmarc.company.example"] = ["v=DMARC1; p=reject"]
    NAMES.addresses["2.100.51.198.list.example"] = ["127.0.0.4"]
    NAMES.addresses["2.0.0.127.codes.example"] = ["127.0.0.2"]


def letter(sender=ANNA, org=("o1",), body="Hello.\r\n", domain=None,
           received=""):
    """A message, signed by the domain of its sender or another; "" is none."""
    data = "".join("X-Org: %s\r\n" % x for x in org)
    data += "From: %s\r\nTo: carol@customer.test\r\nSubject: hi\r\n\r\n%s" % (
        sender, body)
    domain = sender.split("@")[1] if domain is None else domain
    if domain:
        field = dkim.sign(data.encode(), b"s", domain.encode(), KEY,
                          include_headers=[b"from", b"subject"])
        data = field.decode() + data
    return received + data


def received(ip, by="edge.example"):
    return ("Received: from h (x.example [%s])\r\n\tby %s (Postfix) with "
            "ESMTP id 1; d\r\n" % (ip, by))


class Tool:
    """check message with a configuration of its own."""

    def __init__(self):
        self.world = World("authenticate signature")
        with open(self.world.path + "/edges", "w") as f:
            f.write(EDGE + "\n")
        with open(self.world.conf, "a") as f:
            f.write(CONF % {"dir": self.world.path})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.world.close()

    def run(self, data, *args, files=("-",)):
        return subprocess.run(
            [CTL, "-f", self.world.conf, "check", "message", *files, "-t",
             "30", *args],
            input=data.encode("latin-1"), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    def check(self, data, *args):
        """What it found, as JSON, for people, and by its status."""
        text = self.run(data, *args)
        run = self.run(data, "-j", *args)
        assert run.returncode == text.returncode, (run, text)
        assert run.returncode in (0, 1), run
        found, = json.loads(run.stdout)["messages"]
        text = text.stdout.decode()
        assert " %s" % found["decision"] in text.splitlines()[-1], text
        for r in found["requirements"]:
            assert "\n%-5s %s" % (r["result"], r["require"]) in text, text
        assert (run.returncode == 1) == (found["decision"] in (
            "reject", "tempfail")), found
        return found

    def decides(self, data, args, gate, decision, failed=()):
        """It comes to that gate, which lacks these requirements."""
        found = self.check(data, *args)
        assert found["gate"] == gate, found
        assert found["decision"] == decision, found
        lacks = [r["require"] for r in found["requirements"]
                 if r["result"] != "pass"]
        assert lacks == list(failed), (lacks, failed)
        if failed and decision in ("reject", "tempfail"):
            assert failed[0] in found["reply"], found
        for r in found["requirements"]:
            assert r["result"] == "pass" or r["why"], r
        return found


def without(args, letter_, *new):
    """The options less one, or with another value."""
    i = args.index(letter_)
    return args[:i] + list(new) + args[i + 2:]


def test_requirements():
    """Each one in turn is missing, and only that."""
    reset()
    with Tool() as t:
        good = t.decides(letter(), GOOD, "platform", "pass")
        assert good["spf"]["result"] == "pass", good
        assert good["dkim"][0]["result"] == "pass", good
        assert good["dmarc"]["result"] == "pass", good
        for args in (without(GOOD, "-v"), without(GOOD, "-v", "-v", "1.1")):
            t.decides(letter(), args, "platform", "reject", ["tls 1.2"])
        t.decides(letter(), without(GOOD, "-m", "-m", "a@evil.example"),
                  "platform", "reject", ["sender domain own"])
        t.decides(letter("a@evil.example"), GOOD, "platform", "reject",
                  ["sender domain own", "dmarc pass"])
        for org in ((), ("o2",), ("o1", "o2"), ("o1 ", "o1x")):
            t.decides(letter(org=org), GOOD, "platform", "reject",
                      ["header X-Org"])
        found = t.decides(letter(domain="evil.example"), GOOD, "platform",
                          "reject", ["dkim pass aligned"])
        assert "another domain" in found["reply"], found
        t.decides(letter(domain=""), GOOD, "platform", "reject",
                  ["dkim pass aligned"])
        t.decides(letter() + "more", GOOD, "platform", "reject",
                  ["dkim pass aligned"])
        NAMES.txt["company.example"] = ["v=spf1 -all"]
        t.decides(letter(), GOOD, "platform", "reject", ["spf pass"])
        reset()
        found = t.decides(letter(), without(GOOD, "-s", "-s", LISTED),
                          "platform", "reject",
                          ["not listed list.example"])
        assert "127.0.0.4" in found["reply"], found


def test_gates():
    """Which gate it is, and what the others do."""
    reset()
    with Tool() as t:
        t.decides(letter(), without(GOOD, "-l"), None, "pass")
        t.decides(letter(), ["-s", "local"], None, "pass")
        t.decides(letter(), ["-s", "203.0.113.1"], "later", "pass")
        t.decides(letter(domain=""), ["-s", "203.0.113.1"], "later",
                  "tempfail", ["dkim pass"])
        t.decides(letter(), ["-s", "203.0.113.2"], "junk", "junk",
                  ["spf pass"])
        t.decides(letter(org=()), ["-s", "2001:db8::1", "-u", "joe"],
                  "report", "report", ["header X-Org"])


def test_handoff():
    """Behind a trusted relay it is judged by whom that had it from."""
    reset()
    with Tool() as t:
        behind = without(GOOD, "-s", "-s", EDGE)
        got = t.decides(letter(received=received(SOURCE) + received(EDGE)),
                        behind, "platform", "pass")
        assert got["handoff"] == {"symbol": "EDGE", "ip": SOURCE,
                                  "host": "x.example", "helo": "h"}, got
        got = t.decides(letter(received=received(LISTED)), behind,
                        "platform", "reject", ["not listed list.example"])
        # What a stranger writes is nothing.
        got = t.decides(letter(received=received(SOURCE)),
                        without(GOOD, "-s", "-s", LISTED), "platform",
                        "reject", ["not listed list.example"])
        assert got["handoff"] is None, got
        # A delivered message begins with smtpd's own field.
        own = received(EDGE) + received(LISTED)
        got = t.decides(letter(received=own), behind + ["-d"], "platform",
                        "reject", ["not listed list.example"])
        got = t.decides(letter(received=received(LISTED)), behind + ["-d"],
                        None, "pass")


def test_later():
    """Name servers that fail put off what would pass with them."""
    reset()
    with Tool() as t:
        NAMES.down.add("_domainkey.company.example")
        found = t.decides(letter(), GOOD, "platform", "tempfail",
                          ["dkim pass aligned"])
        assert found["reply"].startswith("451 4.7.0 "), found
        NAMES.down.add("list.example")
        found = t.decides(letter(org=()), GOOD, "platform", "reject",
                          ["header X-Org", "dkim pass aligned",
                           "not listed list.example"])


def test_sender():
    """Without -m: Return-Path, and then From; and the null sender."""
    reset()
    with Tool() as t:
        args = without(GOOD, "-m")
        found = t.check("Return-Path: <a@evil.example>\r\n" + letter(), *args)
        assert found["sender"] == "a@evil.example", found
        found = t.check("Return-Path: <>\n" + letter(), *args)
        assert found["sender"] == "", found
        assert t.check(letter(), *args)["sender"] == ANNA
        found = t.check(letter(), *args, "-m", "<>")
        assert found["sender"] == "" and found["spf"]["result"] == "none"
        found = t.check(letter(), *args, "-m", "<>", "-e", "company.example")
        assert found["spf"]["result"] == "pass", found


def test_forms():
    """CR LF, LF, mbox, no body, no header, a long one, several."""
    reset()
    with Tool() as t:
        good = letter(body="x" * 300000 + "\r\n" + "line\r\n" * 100000)
        for data in (good, good.replace("\r\n", "\n"),
                     "From anna Mon Jan  1 00:00:00 2026\n" + good, good[:-2],
                     letter(body=""), letter(body="a\rb\r\n")):
            t.decides(data, GOOD, "platform", "pass")
        for data in ("", "x" * 100000 + ": y\n"):
            run = t.run(data, *GOOD)
            assert run.returncode == 1 and not run.stdout, run
            assert run.stderr.startswith(b"smtprelayctl: -: "), run
        for data in ("\n", "no header at all", "\0\n\n\0", "From: \n\n"):
            t.check(data, *GOOD)
        path = t.world.path + "/mail"
        with open(path, "wb") as f:
            f.write(letter(domain="").encode())
        run = t.run(letter(), "-j", *GOOD, files=("-", path, path))
        found = json.loads(run.stdout)["messages"]
        assert [x["decision"] for x in found] == ["pass", "reject", "reject"]
        assert run.returncode == 1, run


def test_terminal():
    """What a message or a name server says does nothing to a terminal."""
    reset()
    with Tool() as t:
        NAMES.txt["company.example"] = ["v=spf1 redirect=\033[31m.example"]
        run = t.run(letter(org=("\033[31m",), received=received(
            SOURCE).replace("x.example", "\033[31m")), *without(
                GOOD, "-s", "-s", EDGE))
        assert b"\033" not in run.stdout, run


def test_usage():
    """What makes no sense is status 2, and nothing is said to be found."""
    with Tool() as t:
        for args in (GOOD[2:], ["-s", "somewhere"], GOOD + ["-v", "2"],
                     GOOD + ["-m", "nobody"], GOOD + ["-l", "here:25"],
                     GOOD + ["-r", "x"], GOOD + ["-S", "name"],
                     GOOD + ["-e", "a b"], GOOD + ["-n", "a b"],
                     GOOD + ["-t", "0"], GOOD + ["-x"]):
            run = t.run(letter(domain=""), *args)
            assert run.returncode == 2 and not run.stdout, (args, run)
        run = t.run("", *GOOD, files=("-", "-"))
        assert run.returncode == 2 and not run.stdout, run
        run = t.run("", *GOOD, files=())
        assert run.returncode == 2 and not run.stdout, run
        run = t.run("", *GOOD, files=("/nonexistent",))
        assert run.returncode == 1 and not run.stdout, run
        os.unlink(t.world.path + "/edges")
        run = t.run(letter(domain=""), *GOOD)
        assert run.returncode == 1 and b"edges" in run.stderr, run
    with Tool() as t:
        # Without a database it is not known what is left.
        os.unlink(t.world.db)
        run = t.run(letter(domain=""), "-j", *GOOD)
        found, = json.loads(run.stdout)["messages"]
        assert [x["result"] for x in found["limits"]] == ["open"] * 2, found


def answer(f, data, args):
    """What filter-relay says to the same message in the same session, and
    what goes on."""
    opt = dict(zip(args[::2], args[1::2]))
    s = Session(f, src=opt["-s"] + ":3333", login=opt.get("-u"))
    if "-v" in opt:
        s.report("link-tls", opt["-v"] + ":TLS_AES_256_GCM_SHA384:256")
    verdict = s.mail(opt["-m"])
    if verdict.startswith("rewrite|"):
        verdict = "proceed"
    if verdict == "proceed":
        verdict = s.rcpt("carol@customer.test")
    got = []
    if verdict == "proceed":
        s.report("tx-rcpt", "5b1ad83f", "ok", "carol@customer.test")
        got = s.data(message()[:4] + [
            "." + x if x.startswith(".") else x
            for x in data.replace("\r\n", "\n").rstrip("\n").split("\n")])
        verdict = s.commit()
    s.end()
    return verdict, got


def agree(t, f, data, args, decision):
    """Both come to the same end, for the same reason."""
    found = t.check(data, *args)
    assert found["decision"] == decision, found
    verdict, got = answer(f, data, args)
    assert verdict == ("reject|" + found["reply"] if found["reply"]
                       else "proceed"), (verdict, found)
    assert ("X-Spam: Yes" in got) == (decision == "junk"), (got, found)
    hop = found["handoff"]
    fields = [x for x in got if x.startswith("X-Relay-Handoff:")]
    assert len(fields) == (hop is not None and got != []), got
    if fields:
        assert fields[0] == "X-Relay-Handoff: %s; ip=%s; host=%s; helo=%s" % (
            hop["symbol"], hop["ip"], hop["host"] or "unknown",
            hop["helo"] or "unknown"), (fields, hop)
    if decision in ("junk", "report"):
        lacks = [r["require"] for r in found["requirements"]
                 if r["result"] != "pass"]
        assert 'gate %s: ' % found["gate"] in f.logged(), f.logged()
        assert "it requires %s: " % lacks[0] in f.logged(), f.logged()
    return found


def test_agreement():
    """filter-relay decides the same of the same messages."""
    reset()
    far = without(GOOD, "-s", "-s", "203.0.113.1")
    near = without(GOOD, "-s", "-s", "203.0.113.2")
    edge = without(GOOD, "-s", "-s", EDGE)
    with Tool() as t, Filter(t.world) as f:
        for data, args, decision in (
                (letter(), without(GOOD, "-v"), "reject"),
                (letter(), without(GOOD, "-v", "-v", "TLSv1.1"), "reject"),
                (letter(), without(GOOD, "-m", "-m", "a@evil.example"),
                 "reject"),
                (letter("a@evil.example"), GOOD, "reject"),
                (letter(org=()), GOOD, "reject"),
                (letter(org=("o1", "o2"), domain=""), GOOD, "reject"),
                (letter(domain="evil.example"), GOOD, "reject"),
                (letter(body="..\r\nx\r\n") + "more\r\n", GOOD, "reject"),
                (letter(), without(GOOD, "-s", "-s", LISTED), "reject"),
                (letter(), far, "pass"),
                (letter(domain=""), far, "tempfail"),
                (letter(), near, "junk"),
                (letter(org=()), without(near, "-s", "-s", "192.0.2.9", "-u",
                                         "joe"), "report"),
                (letter(received=received(LISTED)), edge, "reject"),
                (letter(received=received("203.0.113.2")), edge, "junk"),
                (letter(received=received("192.0.2.9")), edge, "pass"),
                (letter(received=received(EDGE)), edge, "pass")):
            agree(t, f, data, args, decision)
        NAMES.down.add("_domainkey.company.example")
        agree(t, f, letter(), without(GOOD, "-s", "-s", "198.51.100.9"),
              "tempfail")


def test_limits():
    """The room is what filter-relay has left, and none is taken."""
    reset()
    with Tool() as t, Filter(t.world) as f:
        for used in range(4):
            found = agree(t, f, letter(), GOOD,
                          "tempfail" if used == 3 else "pass")
            assert [(x["limit"], x["used"], x["result"])
                    for x in found["limits"]] == [
                        ("messages 5 per day", used, "pass"),
                        ("recipients 3 per day per sender", used,
                         "fail" if used == 3 else "pass")], found
        bob = without(GOOD, "-m", "-m", "bob@company.example")
        found = t.check(letter(), *bob, *("-r", "a@x.example") * 4)
        assert found["decision"] == "reject", found
        assert "3 recipients of one sender" in found["reply"], found
        assert [x["used"] for x in found["limits"]] == [3, 0], found
        for decision in ("pass", "pass", "tempfail"):
            agree(t, f, letter(), bob, decision)


def test_verp():
    """The sender inside is whom a limit counts."""
    reset()
    with Tool() as t, Filter(t.world) as f:
        for i in range(3):
            args = ["-s", "203.0.113.3", "-l", LISTENER, "-m",
                    "anna=company.example__%d@x.bnc.salesforce.com" % i]
            found = t.check(letter(), *args)
            assert found["becomes"] == ANNA, found
            assert found["limits"][0]["used"] == i, found
            verdict, _ = answer(f, letter(), args)
            assert verdict == ("proceed" if i < 2 else
                               "reject|" + found["reply"]), verdict
        found = t.check(letter(), *args[:-1], "bob@company.example")
        assert found["becomes"] is None and found["reply"] is None, found


def inside():
    """In the network of the test."""
    global NAMES, KEY
    KEY = subprocess.run(
        ["openssl", "genrsa", "-traditional", "1024"], check=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    NAMES = Names()
    main([test_requirements, test_gates, test_handoff, test_later,
          test_sender, test_forms, test_terminal, test_usage,
          test_agreement, test_limits, test_verp])


if __name__ == "__main__":
    alone(__file__, inside)
