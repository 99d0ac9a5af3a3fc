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

"""Gates: each requirement in turn missing, name servers that do not answer,
DNS lists, limits, and what a hostile platform's user can write."""

import base64
import os
import subprocess

import dkim

from dnspeer import Names, alone
from filterpeer import (REGISTERED, Filter, Session, World, main, message,
                        wait_for)

NAMES = None
KEY = None
SALES = "sales@company.example"
OUT = "x@elsewhere.example"
SRC = "192.0.2.1:3333"
SRC6 = "[2001:db8::1]:3333"
ORG = "X-Org: 00D1"

PLATFORM = '''gate "platform" {
	match { source { 192.0.2.0/24, 2001:db8::/64 } }
	require { tls 1.2, sender domain own, header "X-Org" "00D1",
	    dkim pass aligned, spf pass, dmarc pass,
	    not listed { "a.list.test", "b.list.test=127.0.0.3-127.0.0.5" } }
	otherwise %s
}
'''


def gate(require, otherwise="reject", match="source 192.0.2.0/24", name="g",
         limit=""):
    """A gate as text; require may be empty."""
    return "gate \"%s\" {\n match { %s }\n %s\n %s\n otherwise %s\n}\n" % (
        name, match, require and "require { %s }" % require,
        limit and "limit { %s }" % limit, otherwise)


def reset():
    """All is published, nothing is listed, and the servers answer."""
    NAMES.down.clear()
    NAMES.txt.clear()
    NAMES.addresses.clear()
    der = subprocess.run(["openssl", "rsa", "-pubout", "-outform", "DER"],
                         input=KEY, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=True).stdout
    record = "v=DKIM1; p=" + base64.b64encode(der).decode()
    for domain in ("company.example", "evil.test"):
        NAMES.txt["s._domainkey." + domain] = [record]
        NAMES.txt[domain] = ["v=spf1 ip4:192.0.2.0/28 ip6:2001:db8::/64 -all"]
        NAMES.txt["_dmarc." + domain] = ["v=DMARC1; p=reject"]


def signed(lines, domain="company.example"):
    """With a signature below smtpd's own Received."""
    data = "\r\n".join(lines[4:]).encode() + b"\r\n"
    field = dkim.sign(data, b"s", domain.encode(), KEY,
                      include_headers=[b"from", b"subject"])
    return lines[:4] + field.decode().replace("\r\n", "\n").split("\n")[:-1] \
        + lines[4:]


def session(f, src=SRC, tls="TLSv1.3:TLS_AES_256_GCM_SHA384:256", login=None):
    s = Session(f, src=src, login=login)
    if tls:
        s.report("link-tls", tls)
    return s


def send(f, lines=None, **args):
    """What went on and the last answer, which may be one before the data.  A
    name server that is only slow is asked again."""
    for _ in range(20):
        got, answer = once(f, lines, **args)
        if NAMES.down or not answer.startswith("reject|451 4.7.0"):
            break
    return got, answer


def once(f, lines=None, sender=SALES, rcpts=(OUT,), **args):
    s = session(f, **args)
    answer = s.mail(sender)
    if answer != "proceed":
        return None, answer
    for rcpt in rcpts:
        answer = s.rcpt(rcpt)
        assert answer == "proceed", answer
    got = s.data(lines if lines is not None else mail())
    return got, s.commit()


def mail(*extra, sender=SALES, sign="company.example"):
    lines = message("Sales <%s>" % sender, extra or [ORG])
    return signed(lines, sign) if sign else lines


def reverse(addr):
    return ".".join(reversed(addr.split(".")))


NIBBLES6 = "1" + ".0" * 23 + ".8.b.d.0.1.0.0.2"


def cases():
    """What to change, what is sent then, and what of it is refused."""
    yield {}, "tls 1.2: the connection is not encrypted", {"tls": None}
    yield {}, "tls 1.2: the connection uses TLS 1.1", {"tls": "TLSv1.1:x:1"}
    yield ({}, "sender domain own: the sender x@evil.test is not of such a "
           "domain", {"sender": "x@evil.test"})
    yield ({}, "sender domain own: x@evil.test in the From header is not of "
           "such a domain", {"lines": mail(sender="x@evil.test")})
    yield ({}, "header X-Org: there is no such header",
           {"lines": mail("X-Other: 00D1")})
    yield ({}, "header X-Org: X-Org has another value",
           {"lines": mail("X-Org: 00D2")})
    yield ({}, "header X-Org: X-Org has another value",
           {"lines": mail(ORG, "X-Org: 00D2")})
    yield {}, "dkim pass aligned: DKIM says none", {"lines": mail(sign=None)}
    yield ({}, "dkim pass aligned: DKIM says that another domain than that "
           "of the From header has signed", {"lines": mail(sign="evil.test")})
    yield ({"company.example": ["v=spf1 ~all"]},
           "spf pass: SPF says softfail", {})
    yield ({"_dmarc.company.example": []}, "dmarc pass: DMARC says none", {})


def test_missing():
    """Each requirement in turn."""
    reset()
    with World(more=PLATFORM % "reject") as world, Filter(world) as f:
        assert f.registered[:1] + f.registered[-1:] == [
            "register|report|smtp-in|link-connect", "register|ready"]
        assert "register|report|smtp-in|link-tls" in f.registered
        for src in (SRC, SRC6, "192.0.2.15:1"):
            lines = mail()
            got, verdict = send(f, lines, src=src)
            assert verdict == "proceed", verdict
            assert got[-len(lines):] == lines, got
            assert got[0].startswith("Authentication-Results: "), got
            assert len([x for x in got if x.startswith("X-Spam")]) == 0
        for change, why, args in cases():
            reset()
            NAMES.txt.update(change)
            _, verdict = send(f, **args)
            assert verdict == 'reject|550 5.7.1 Gate "platform" requires ' \
                + why, (why, verdict)
        # From elsewhere it is nobody's business, and by smtpd's socket.
        reset()
        for src in ("198.51.100.1:1", "[2001:db8:1::1]:1",
                    "unix:/run/smtpd.sock"):
            got, verdict = send(f, mail(sign=None), src=src, tls=None)
            assert (got, verdict) == (mail(sign=None), "proceed"), verdict
        # One session, one mail after the other.
        s = session(f)
        for org, want in ((ORG, "proceed"), ("X-Org: 1", "reject|550 5.7.1"),
                          (ORG, "proceed")):
            _, verdict = s.send(SALES, [OUT], mail(org))
            assert verdict.startswith((want, "reject|451 4.7.0")), verdict
        log = f.logged()
        assert 'gate platform: mail of <x@evil.test> from 192.0.2.1 is ' \
            'refused: it requires sender domain own' in log, log


def test_early():
    """What is known at MAIL FROM is said then."""
    reset()
    with World(more=PLATFORM % "tempfail") as world, Filter(world) as f:
        assert session(f, tls=None).mail(SALES).startswith(
            'reject|451 4.7.1 Gate "platform" requires tls 1.2')
        s = session(f)
        assert s.mail("x@evil.test").startswith("reject|451 4.7.1")
        assert s.mail("").startswith("proceed")
        assert s.mail(SALES) == "proceed"


def test_otherwise():
    """Refused for now, marked, or only told of."""
    reset()
    bad = mail("X-Org: 2")
    for otherwise in ("tempfail", "junk", "report"):
        with World(more=PLATFORM % otherwise) as world, Filter(world) as f:
            got, verdict = send(f, bad)
            marked = [x for x in got if x.startswith("X-Spam")]
            if otherwise == "tempfail":
                assert verdict == 'reject|451 4.7.1 Gate "platform" ' \
                    "requires header X-Org: X-Org has another value", verdict
                continue
            assert verdict == "proceed", verdict
            assert got[-len(bad):] == bad, got
            assert marked == (["X-Spam: Yes"] if otherwise == "junk"
                              else []), got
            want = "marked as spam" if otherwise == "junk" else "let through"
            assert "is %s: it requires header X-Org" % want in f.logged()
            # Neither is refused before.
            got, verdict = send(f, tls=None)
            assert verdict == "proceed", verdict
            marked = [x for x in got if x.startswith("X-Spam")]
            assert len(marked) == (otherwise == "junk"), got
            got, verdict = send(f)
            assert verdict == "proceed", verdict
            assert not any(x.startswith("X-Spam") for x in got), got


def test_lists():
    """DNS lists, with codes, for IPv4 and IPv6."""
    reset()
    four, six = reverse("192.0.2.1"), NIBBLES6
    wanted = 'reject|550 5.7.1 Gate "platform" requires not listed %s: the ' \
        "address that sends this is listed there (%s)"
    with World(more=PLATFORM % "reject") as world, Filter(world) as f:
        for name, src in ((four, SRC), (six, SRC6)):
            for zone, codes, bad in (
                    ("a.list.test", ["127.0.0.2"], "127.0.0.2"),
                    ("a.list.test", ["127.255.255.254"], None),
                    ("a.list.test", ["192.0.2.9"], None),
                    ("b.list.test", ["127.0.0.2", "127.0.0.6"], None),
                    ("b.list.test", ["127.0.0.2", "127.0.0.4"],
                     "127.0.0.4")):
                NAMES.addresses = {name + "." + zone: codes}
                _, verdict = send(f, src=src)
                assert verdict == (wanted % (zone, bad) if bad
                                   else "proceed"), (zone, codes, verdict)
        # What is listed is the other one.
        NAMES.addresses = {reverse("192.0.2.2") + ".a.list.test":
                           ["127.0.0.2"]}
        assert send(f)[1] == "proceed"
        NAMES.down.add("a.list.test")
        assert send(f)[1] == 'reject|451 4.7.0 Gate "platform" requires ' \
            "not listed a.list.test: the list does not answer now"


def test_down():
    """Name servers that do not answer put mail off, and nothing more."""
    reset()
    with World(more=PLATFORM % "reject") as world, Filter(world) as f:
        for down, what in (("s._domainkey.company.example", "dkim pass "),
                           ("_dmarc.company.example", "d"),
                           ("company.example", "dkim pass aligned: name ")):
            reset()
            NAMES.down.add(down)
            verdict = send(f)[1]
            assert verdict.startswith('reject|451 4.7.0 Gate "platform" '
                                      "requires " + what), verdict
            # What fails for good needs no answer.
            verdict = send(f, mail("X-Org: 2"))[1]
            assert verdict.startswith("reject|550 5.7.1"), verdict
        NAMES.down.clear()
        wait_for("answers", lambda: send(f)[1] == "proceed")
    with World(more=PLATFORM % "junk") as world, Filter(world) as f:
        NAMES.down.add("company.example")
        got, verdict = send(f)
        assert verdict == "proceed" and "X-Spam: Yes" in got, (verdict, got)


def test_match():
    """The first gate whose conditions hold, and only that."""
    reset()
    more = gate("header X-A 1", match='user { alice, "b|c" }', name="login") \
        + gate("header X-B 1", match='listener "192.0.2.2:25", user none, '
               "source 198.51.100.0/24", name="listener") \
        + gate("header X-C 1", match="sender domain partner.test",
               name="partner") \
        + gate("header X-D 1", match='listener "*:26"', name="other") \
        + gate("header X-E 1", match="source local", name="socket")
    with World(more=more) as world, Filter(world) as f:
        assert "register|report|smtp-in|link-tls" not in f.registered
        for args, name in (
                ({"login": "alice"}, "login"), ({"login": "b|c"}, "login"),
                ({"login": "bob"}, None),
                ({"login": "bob", "sender": "x@Partner.test"}, "partner"),
                ({"src": "198.51.100.9:1"}, "listener"),
                ({"src": "198.51.100.9:1", "login": "bob"}, None),
                ({"src": "unix:/run/smtpd.sock"}, "socket"),
                ({"src": "unix:/run/smtpd.sock", "login": "alice"}, "socket"),
                ({"sender": "x@sub.partner.test"}, None)):
            lines = message()
            got, verdict = send(f, lines, tls=None, **args)
            if name is None:
                assert (got, verdict) == (lines, "proceed"), (args, verdict)
            else:
                assert verdict.startswith('reject|550 5.7.1 Gate "%s" ' % name
                                          ), (args, verdict)


def test_hostile():
    """Headers made to confuse; nothing of them stands in a reply."""
    reset()
    with World(more=gate("sender domain own, header X-Org 00D1")) as world, \
            Filter(world) as f:
        good = message(SALES, [ORG])
        assert send(f, good)[1] == "proceed"
        head = good[:4]
        bad = [
            head + ["From: a@company.example", "From: b@evil.test", ORG, ""],
            head + ["From: a@company.example, b@evil.test", ORG, ""],
            head + ["From: b@evil.test (a@company.example)", ORG, ""],
            head + ["From: <a@company.example>b@evil.test", ORG, ""],
            head + ["From: \"a@company.example\" <b@evil.test>", ORG, ""],
            head + [ORG, "", "From: a@company.example"],
            head + ["From: a@company.example", "", ORG],
            head + ["From: a@company.example", "X-Org: 00D1", "X-ORG : 2"],
            head + ["From: a@company.example", "X-Org:", "\t00D1", "\tx", ""],
            head + ["From: a@company.example", "X-Org: 00D1\x01", ""],
            ["X" * 900 + ": x"] * 400 + good,
            ["From: " + "x" * 60000 + "@evil.test"] + good,
            [], [""], ["."], ["\x7f\xff"]]
        for lines in bad:
            put = [x if x != "." else ".." for x in lines]
            _, verdict = send(f, put)
            assert verdict.startswith('reject|550 5.7.1 Gate "g" requires '
                                      ), (lines[:9], verdict)
            assert all(" " <= x <= "~" for x in verdict), verdict
        assert send(f, good)[1] == "proceed"


def test_limit():
    """Exactly so many, over several sessions and a restart."""
    reset()
    more = gate("", limit="messages 40 per day, recipients 50 per day") + \
        gate("header X-Org 00D1", match="source 198.51.100.0/24", name="each",
             limit="messages 5 per day per sender, "
             "recipients 12 per day per sender") + \
        gate("tls", match="source 203.0.113.0/24", name="told",
             otherwise="report", limit="messages 2 per day")
    with World(more=more) as world:
        taken = 0
        for _ in range(2):
            with Filter(world) as f:
                assert "register|report|smtp-in|tx-rcpt" in f.registered
                sessions = [session(f, tls=None) for _ in range(5)]
                for i in range(30):
                    taken += counted(sessions[i % 5]) == "proceed"
        assert taken == 40, taken
        with Filter(world) as f:
            verdict = session(f, tls=None).mail(SALES)
            assert verdict == 'reject|451 4.7.1 Gate "g" lets 40 messages ' \
                "pass within a day, please try again later", verdict
            s = session(f, tls=None, src="198.51.100.1:1")
            for sender, rcpts, want in (
                    ("A@b.test", 10, 1), ("a@b.test", 3, 0), ("a@B.test", 2, 1),
                    ("c@b.test", 1, 5), ("", 1, 5)):
                n = 0
                for _ in range(7 if want == 5 else 1):
                    n += counted(s, sender, rcpts, [ORG]) == "proceed"
                assert n == want, (sender, rcpts, n)
            # What never fits is not to be tried again.
            assert "and this is to more" in counted(s, "e@b.test", 13, [ORG])
            for _ in range(9):
                assert counted(s, "d@b.test", 1).startswith("reject|550")
            assert counted(s, "d@b.test", 1, [ORG]) == "proceed"
            s = session(f, tls=None, src="203.0.113.1:1")
            for _ in range(4):
                assert counted(s) == "proceed"
            assert "let through: more than 2 messages within a day" in \
                f.logged()


def counted(s, sender=SALES, rcpts=1, extra=()):
    """A message of which smtpd tells how many recipients it takes."""
    verdict = s.mail(sender)
    if verdict != "proceed":
        return verdict
    for i in range(rcpts):
        assert s.rcpt("r%d@elsewhere.example" % i) == "proceed"
        s.report("tx-rcpt", "5b1ad83f", "ok", "r%d@elsewhere.example" % i)
    s.data(message(sender or SALES, extra))
    return s.commit()


def test_file():
    """Networks in a file that changes."""
    reset()
    with World() as world:
        os.mkdir(world.path + "/lists")
        nets = world.path + "/lists/nets"

        def write(text):
            with open(nets + ".new", "w") as out:
                out.write(text)
            os.rename(nets + ".new", nets)

        write("192.0.2.1\n")
        with open(world.conf, "a") as out:
            out.write(gate("header X-Org 00D1", match='source file "%s"'
                           % nets))
        with Filter(world) as f:
            def refused(src):
                return send(f, message(), src=src)[1] != "proceed"

            assert refused("192.0.2.1:1") and not refused("192.0.2.2:1")
            write("# two now\n192.0.2.2\n192.0.2.1/32\n")
            wait_for("the new list", lambda: refused("192.0.2.2:1"))
            write("192.0.2.7/24\n")
            wait_for("the mistake", lambda: refused("192.0.2.1:1") and
                     "nets:1: " in f.logged())
            assert refused("192.0.2.2:1") and not refused("192.0.2.7:1")
            write("192.0.2.7\n")
            wait_for("another list", lambda: refused("192.0.2.7:1"))
            assert not refused("192.0.2.1:1")


def test_handoff():
    """Behind a relay that is trusted it is the host before it that counts."""
    reset()
    more = 'handoff edge { strategy local }\n' + PLATFORM % "reject"

    def behind(ip, lines):
        hop = ["Received: from out (out.test [%s])" % ip,
               "\tby edge.example (Postfix) with ESMTPS id 1;",
               "\tSat, 21 Nov 2026 22:00:00 +0000"]
        return lines[:4] + hop + lines[4:]

    with World(more=more) as world, Filter(world) as f:
        far = "10.0.0.1:1"
        got, verdict = send(f, behind("192.0.2.1", mail()), src=far)
        assert verdict == "proceed", verdict
        assert any(x.startswith("X-Relay-Handoff: ") for x in got), got
        # SPF, and a list, ask about that host, too.
        _, verdict = send(f, behind("192.0.2.77", mail()), src=far)
        assert "requires spf pass: SPF says fail" in verdict, verdict
        NAMES.addresses = {reverse("192.0.2.1") + ".a.list.test":
                           ["127.0.0.2"]}
        _, verdict = send(f, behind("192.0.2.1", mail()), src=far)
        assert "requires not listed a.list.test" in verdict, verdict
        # From elsewhere by that relay, and no such field of a stranger.
        lines = behind("198.51.100.1", message())
        assert send(f, lines, src=far)[1] == "proceed"
        lines = behind("192.0.2.1", message())
        assert send(f, lines, src="198.51.100.1:1")[1] == "proceed"


def test_mailbox():
    """Mail to a mailbox comes by a gate like any other."""
    reset()
    with World(more=PLATFORM % "reject") as world, Filter(world) as f:
        _, verdict = send(f, mail("X-Org: 2"), rcpts=[world.box, OUT])
        assert verdict.startswith('reject|550 5.7.1 Gate "platform"'), verdict
        lines = mail()
        got, verdict = send(f, lines, rcpts=[world.box, OUT])
        assert verdict == "proceed" and got[-len(lines):] == lines, verdict


def test_restarts():
    """A new engine, a new keeper: nothing passes meanwhile."""
    reset()
    with World(more=PLATFORM % "reject") as world, Filter(world) as f:
        for role in ("engine", "keeper", "resolver"):
            s = session(f)
            assert s.mail(SALES) == "proceed"
            assert s.rcpt(OUT) == "proceed"
            s.put(*mail("X-Org: 2"))
            f.kill(role)
            s.put(".")
            s.got()
            verdict = s.commit()
            assert verdict.startswith("reject|"), (role, verdict)

            def well():
                good, bad = send(f)[1], send(f, mail("X-Org: 2"))[1]
                assert bad.startswith("reject|"), bad
                return good == "proceed" and bad.startswith("reject|550")
            wait_for("the new " + role, well)


def test_nothing():
    """Without gates nothing more is registered than ever."""
    with World() as world, Filter(world) as f:
        assert f.registered == ["register|" + x for x in REGISTERED]


def inside():
    global NAMES, KEY
    NAMES = Names()
    KEY = subprocess.run(["openssl", "genrsa", "-traditional", "1024"],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         check=True).stdout
    main([test_missing, test_early, test_otherwise, test_lists, test_down,
          test_match, test_hostile, test_limit, test_file, test_handoff,
          test_mailbox, test_restarts, test_nothing])


if __name__ == "__main__":
    alone(__file__, inside)
