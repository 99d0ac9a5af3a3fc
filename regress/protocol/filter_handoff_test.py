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


"""Hand-off: who gave the message to the relays that are trusted, in fields
that anybody can write."""

import os
import subprocess

from dnspeer import Names, alone
from filterpeer import (LATER, PROGRAM, RECEIVED, Filter, Session, World,
                        main, message, wait_for)

ALICE = "alice@home.example"
BOX = "support@company.example"
BOTH = "authenticate signature and sender"
NAMES = None
RELAY = "192.0.2.1:3333"
OTHER = "198.51.100.66:3333"
EVIL = "198.51.100.9"
PLAIN = "user@company.example"


def hop(ip, name="unknown", helo="h.example", by="edge.example"):
    """What a Postfix writes."""
    return ["Received: from %s (%s [%s])" % (helo, name, ip),
            "\tby %s (Postfix) with ESMTP id 1" % by,
            "\tfor <x@company.example>; Sat, 21 Nov 2026 22:00:00 +0000"]


def field(symbol, ip, host="unknown", helo="h.example"):
    return "X-Relay-Handoff: %s; ip=%s; host=%s; helo=%s" % (symbol, ip,
                                                             host, helo)


class Lists(World):
    """A world with a list, of which {list} in `more' is the path."""

    def __init__(self, more, text="192.0.2.1\n", **args):
        super().__init__(**args)
        self.list = os.path.join(self.path, "lists", "list")
        os.mkdir(os.path.dirname(self.list))
        self.replace(text)
        with open(self.conf, "a") as f:
            f.write(more.replace("{list}", '"%s"' % self.list))

    def replace(self, text, mode=0o644):
        """As an editor does: another file takes its place."""
        with open(self.list + ".new", "w") as f:
            f.write(text)
        os.chmod(self.list + ".new", mode)
        os.rename(self.list + ".new", self.list)


def mail(*fields):
    """A message with these fields below smtpd's own."""
    lines = message(body=("Hello", "..dot", "", "Received: in the body"))
    return lines[:len(RECEIVED)] + sum(fields, []) + lines[len(RECEIVED):]


def send(f, lines, src=RELAY, rcpt=PLAIN, sender="carol@customer.test",
         **args):
    """What went on of an accepted message."""
    got, verdict = Session(f, src=src, **args).send(sender, [rcpt], lines)
    assert verdict == "proceed", verdict
    return got


def check(f, want, *fields, **args):
    """The field that is written, or None, and nothing else changes."""
    lines = mail(*fields)
    got = send(f, lines, **args)
    assert got == ([want] if want else []) + lines, (want, got)


ADDRESSES = 'handoff "edge" { strategy addresses {list} }\n'


def test_ordinary():
    """Mail that is none of our business otherwise."""
    with Lists(ADDRESSES) as world, Filter(world) as f:
        check(f, field("edge", "203.0.113.7", "out.a.example"),
              hop("203.0.113.7", "out.a.example"))
        check(f, field("edge", "2001:db8::7"), hop("IPv6:2001:db8::7"))
        # Not by a relay, and by smtpd's socket.
        check(f, None, hop("203.0.113.7"), src=OTHER)
        check(f, None, hop("203.0.113.7"), src="unix:/run/smtpd.sock")
        check(f, field("edge", "203.0.113.7"), hop("203.0.113.7"),
              rcpt="x@elsewhere.example")
        # Several recipients, some ours.
        s = Session(f, src=RELAY)
        lines = mail(hop("203.0.113.7"))
        got, verdict = s.send("a@b.test", [PLAIN, BOX, "x@y.test"],
                              lines)
        assert verdict == "proceed", verdict
        assert got == [field("edge", "203.0.113.7")] + lines, got
        # The next one of the session stands for itself.
        got, verdict = s.send("", [PLAIN], mail())
        assert (got, verdict) == (mail(), "proceed"), got
        # One that somebody else wrote goes.
        got = send(f, mail(["X-Relay-Handoff: edge; ip=192.0.2.200",
                            "\thost=x"], hop("203.0.113.7")))
        assert got == [field("edge", "203.0.113.7")] + \
            mail(hop("203.0.113.7")), got
        got = send(f, mail(["X-Relay-Handoff: a"]), src=OTHER)
        assert got == mail(), got
        # A long body takes no detour.
        body = ["x" * 900] * 3000
        lines = mail(hop("203.0.113.7")) + body
        assert send(f, lines)[1:] == lines


def test_forged():
    """What an outsider writes moves nothing."""
    with Lists(ADDRESSES, "192.0.2.0/28\n") as world, Filter(world) as f:
        want = field("edge", "203.0.113.7")
        evil = hop(EVIL)
        check(f, want, hop("203.0.113.7"), evil)
        check(f, want, hop("203.0.113.7"), hop("192.0.2.1"), evil)
        check(f, want, hop("192.0.2.2"), hop("203.0.113.7"), evil)
        check(f, field("edge", "203.0.113.7", helo="[192.0.2.1]"),
              hop("203.0.113.7", helo="[192.0.2.1]"), evil)
        check(f, field("edge", "203.0.113.7", helo="192.0.2.1"),
              hop("203.0.113.7", helo="192.0.2.1"), evil)
        # A greeting that would end the comment, or the field.
        for helo in ("x([192.0.2.1])", "(192.0.2.1", "x [%s]" % EVIL,
                     "a;b", "x)", '"', "192.0.2.1|" + EVIL):
            got = send(f, mail(hop("203.0.113.7", helo=helo), evil))
            top = got[0] if got[0].startswith("X-Relay-Handoff") else ""
            assert "ip=" + EVIL not in top, (helo, top)
            assert top.count(";") in (0, 3), (helo, top)
        # Every hop is ours, there is none, or one says nothing.
        check(f, None)
        check(f, None, hop("192.0.2.2"), hop("192.0.2.3"))
        check(f, None, ["Received: by edge.example id 1; now"], evil)
        # A client there was, but which?
        nobody = field("edge", "unknown", helo="unknown")
        check(f, nobody, ["Received: from a (b [%s]" % EVIL], evil)
        check(f, nobody, hop("203.0.113.777"), evil)
        check(f, nobody, ["Received:"], evil)
        # Names that only look like it, and a field in strange dress.
        check(f, want, ["Received-SPF: pass (%s)" % EVIL],
              ["XReceived: from h (h [%s]) by e" % EVIL],
              hop("203.0.113.7"))
        check(f, want, ["RECEIVED \t: from h.example (unknown",
                        "\t", " [203.0.113.7])", "\tby e; d"], evil)
        # More than are looked at, and more than are held.
        check(f, None, *[hop("192.0.2.2")] * 100, evil)
        check(f, want, hop("203.0.113.7"),
              ["X-Long: " + "y" * 1000] * 400, evil)
        check(f, want, ["X-Long: " + "y" * 60000], hop("203.0.113.7"))


def test_list():
    """The list changes, is broken, goes away and comes back."""
    with Lists(ADDRESSES) as world, Filter(world) as f:
        lines = mail(hop("203.0.113.7"))
        want = field("edge", "203.0.113.7")

        def finds(src=RELAY):
            return send(f, lines, src=src) == [want] + lines

        def logs(text):
            finds()
            return text in f.logged()

        assert finds() and not finds(OTHER)
        world.replace("# other\n198.51.100.0/24 # all\n")
        wait_for("new list", lambda: finds(OTHER))
        assert not finds()
        # A long one, too.
        world.replace("".join("10.%d.%d.0/24\n" % (i // 250, i % 250)
                              for i in range(40000)) + "198.51.100.66\n")
        wait_for("long list", lambda: logs(" 40001 entries"))
        assert finds(OTHER)
        # A mistake keeps the list, and so does an engine that is new.
        world.replace("192.0.2.1\n\n192.0.2.300\n")
        wait_for("mistake", lambda: logs(world.list + ":3: expected an"))
        assert finds(OTHER) and not finds()
        f.kill("engine")
        wait_for("engine", lambda: answers(f))
        assert finds(OTHER) and not finds()
        os.unlink(world.list)
        wait_for("missing", lambda: logs(world.list + ": No such file"))
        assert finds(OTHER) and not finds()
        world.replace("192.0.2.1\n", 0o666)
        wait_for("mode", lambda: logs(world.list + ": others than its"))
        assert finds(OTHER) and not finds()
        with open(world.list, "w") as file:
            file.write("192.0.2.1\n")
        os.chmod(world.list, 0o644)
        wait_for("list again", finds)
        assert not finds(OTHER)
        # Who is new reads what is there now.
        f.kill("keeper")
        wait_for("keeper", lambda: answers(f))
        assert finds() and not finds(OTHER)
        assert f.logged().count(":3: expected an") == 1


def answers(f):
    s = Session(f, src=RELAY)
    if s.mail("a@b.test") != "proceed" or s.rcpt(PLAIN) != "proceed":
        return False
    s.data(mail())
    return s.commit() == "proceed"


def test_start():
    """A bad list at the start is a mistake."""
    for text in ("192.0.2.1\nedge.example\n", None):
        with Lists(ADDRESSES) as world:
            world.replace(text or "")
            if text is None:
                os.unlink(world.list)
            for option in ("-d", "-n"):
                done = subprocess.run(
                    [PROGRAM, option, "-f", world.conf], timeout=60,
                    stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
                assert done.returncode == 1, done
                said = done.stderr.decode()
                assert world.list + (":2: " if text else ": No ") in said, \
                    said


def test_strategies():
    """Each of them, with its condition; the first that finds wins."""
    more = """
handoff "names" { strategy hostnames {list}
    priority 5 }
handoff "users" {
    strategy authenticated users {list}
    priority 9
    symbol USER
}
handoff "count" {
    strategy count 3
    when { source 10.0.0.0/8 }
    priority 20
}
handoff "local" { strategy local }
"""
    with Lists(more, "edge.example\nrelayuser\n") as world, \
            Filter(world) as f:
        one, two = hop("203.0.113.7"), hop("203.0.113.8")
        check(f, field("count", "203.0.113.7"), hop("10.0.0.9"), one, two,
              src="10.1.1.1:9")
        # A host that is none of ours handed it on: so far, no further.
        check(f, field("count", "203.0.113.8"), two, one, src="10.1.1.1:9")
        check(f, field("local", "203.0.113.8"), hop("10.0.0.9"), two,
              src="192.168.1.1:9")
        check(f, field("local", "203.0.113.8"), two, src="[fd00::1]:9")
        check(f, None, two, src=OTHER)
        # Logins, of whom one is listed.
        check(f, field("USER", "203.0.113.7"), one, two, src=OTHER,
              login="relayuser")
        check(f, None, one, two, src=OTHER, login="other")
        through = [x.replace("ESMTP", "ESMTPSA") for x in one]
        check(f, field("USER", "203.0.113.8"), through, two, src=OTHER,
              login="relayuser")
        # A name counts when smtpd has verified it.
        check(f, field("names", "203.0.113.7"), one, two, src=OTHER,
              name="Edge.example")
        check(f, None, one, src=OTHER, name="edge.example.evil.test")
        s = Session(f, src=OTHER, name="x")
        s.end()
        s.report("link-connect", "edge.example", "fail", OTHER, "[::1]:25")
        got, _ = s.send("a@b.test", [PLAIN], mail(one))
        assert got == mail(one), got
        # Written by another than the one who handed it on.
        check(f, None, hop("203.0.113.7", by="other.example"), src=OTHER,
              name="edge.example")


def test_down():
    """Without a keeper: later; and then it goes on."""
    with Lists(ADDRESSES) as world, Filter(world, "0.6") as f:
        check(f, field("edge", "203.0.113.7"), hop("203.0.113.7"))
        s = Session(f, src=RELAY)
        assert s.mail("a@b.test") == "proceed"
        assert s.rcpt(PLAIN) == "proceed"
        s.put(*mail(hop("203.0.113.7"))[:8])
        f.kill("engine")
        s.put(*mail(hop("203.0.113.7"))[8:], ".")
        s.got()
        assert LATER in s.commit()
        wait_for("engine", lambda: answers(f))
        check(f, field("edge", "203.0.113.7"), hop("203.0.113.7"))


def answer(world):
    """What a worker answers."""
    return message(ALICE, ["Message-ID: <orig@home.example>",
                           "In-Reply-To: <%s>" % world.token])


def test_spf():
    """SPF asks about the origin, and about nothing that was forged."""
    names = NAMES.txt
    names["home.example"] = ["v=spf1 ip4:203.0.113.7 -all"]
    names["evil.example"] = ["v=spf1 ip4:203.0.113.7 -all"]
    more = ADDRESSES + 'handoff "local" { strategy local }\n'
    with Lists(more, replies=BOTH) as world, Filter(world) as f:
        def reply(*fields, sender=ALICE, src=RELAY):
            lines = answer(world)
            lines[len(RECEIVED):len(RECEIVED)] = sum(fields, [])
            return Session(f, src=src).send(sender, [world.handle], lines)

        got, verdict = reply(hop("203.0.113.7"))
        assert verdict == "proceed", verdict
        # A reply leaves with nothing of that.
        assert got[0].startswith("X-Relay-Reply: "), got
        assert not any("203.0.113" in x or "Handoff" in x for x in got), got
        # The relay may not send for her, nor may who only says so.
        names["home.example"][0] = "v=spf1 ip4:192.0.2.1 ip4:203.0.113.7 -all"
        for fields, src in (([hop(EVIL)], RELAY),
                            ([hop(EVIL), hop("203.0.113.7")], RELAY),
                            ([hop(EVIL, helo="[203.0.113.7]")], RELAY),
                            ([hop(EVIL, helo="x([192.0.2.1])"),
                              hop("203.0.113.7")], RELAY),
                            ([hop("203.0.113.7")], OTHER)):
            _, verdict = reply(*fields, src=src)
            assert verdict.startswith("reject|550 5.7.1"), (fields, verdict)
        # A relay whose own mail it is.
        _, verdict = reply()
        assert verdict == "proceed", verdict
        # To the mailbox: the results and where it came from, on top.
        lines = answer(world)
        lines[len(RECEIVED):len(RECEIVED)] = hop("203.0.113.7")
        got = send(f, lines, rcpt=BOX, sender=ALICE)
        assert field("edge", "203.0.113.7") in got[:8], got
        assert "spf=pass" in " ".join(got[:8]), got


def test_gates():
    """What a stranger behind the relay can choose gets past no gate: the
    greeting, and that nobody can read where it came from."""
    NAMES.txt["evil.example"] = ["v=spf1 ip4:203.0.113.7 -all"]
    more = ADDRESSES + 'gate "near" { match { source 203.0.113.0/24 }\n' \
        '  require { spf pass } }\n' \
        'gate "world" { match { source { 0.0.0.0/0, ::/0 } }\n' \
        '  require { not listed "a.list.test" } }\n'
    with Lists(more) as world, Filter(world) as f:
        def verdict(sender, ip, helo):
            # A name server that is only slow is asked again.
            for _ in range(20):
                _, answer = Session(f, src=RELAY).send(
                    sender, [PLAIN], mail(hop(ip, helo=helo)))
                if not answer.startswith("reject|451 4.7.0"):
                    break
            return answer

        evil = "evil.example"
        # SPF is said of a sender, not of the greeting.
        assert verdict("x@" + evil, "203.0.113.7", evil) == "proceed"
        answer = verdict("", "203.0.113.7", evil)
        assert '"near" requires spf pass: SPF says none' in answer, answer
        # Of what cannot be read no list can say anything.
        assert verdict("x@" + evil, EVIL, evil) == "proceed"
        for helo in ("x([192.0.2.1])", "(192.0.2.1"):
            answer = verdict("x@" + evil, EVIL, helo)
            assert '"world" requires not listed a.list.test: nobody knows' \
                in answer, (helo, answer)


def inside():
    """In the network of the test."""
    global NAMES
    NAMES = Names()
    main([test_ordinary, test_forged, test_list, test_start, test_strategies,
          test_down, test_spf, test_gates])


if __name__ == "__main__":
    alone(__file__, inside)
