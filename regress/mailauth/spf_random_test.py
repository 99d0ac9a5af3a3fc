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

"""SPF on random records: the same results as Debian's python3-spf.

That program is not installed: it is unpacked, as by the test of the public
suite, and asks the random zone instead of the DNS.  Records on which the two
differ for a reason are not made, or are passed over:

- both limit void lookups, but it counts each server of an MX and each name of
  an address, too; RFC 7208 4.6.4 speaks of terms;
- it calls an include of the very record an error before it comes to it;
- it lets unknown modifiers stand once only, and "exp" twice in two cases.
"""

import collections
import ipaddress
import os
import random
import subprocess
import sys
import types

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../protocol"))

import spf_suite_test as suite  # noqa: E402
from dnspeer import World  # noqa: E402

ROUNDS, CASES = 300, 12
NAMES = ["%s.example" % c for c in "abcdef"] + ["mail.a.example",
                                               "sub.mail.b.example"]
IPS4 = ["192.0.2.%d" % i for i in range(1, 6)]
IPS6 = ["2001:db8::%d" % i for i in range(1, 4)]
EXTRA = ["mail.a.example.z.example", "1.2.0.192.in-addr.z.example",
         "u.z.example", "192.0.2.2.z.example", "v.b.example"]
SPECS = """%{d} %{o} %{h} %{l}.%{d} %{d2} %{dr}.x.example %{ir}.%{v}.z.example
    %{l1r-}.z.example %{p} %{p}.z.example mail.%{d} %{s} %{D} %{i}.z.example
    %{l-}.%{o2} a%%b.example a%_b.example %{x} % foo foo. x.123 x.-a a.b-
    %{o1} %{h2} a..b.example""".split()
BAD_CIDRS = "/33 //129 / /01 /24/24 //".split()
BAD_TERMS = """1=2 moo all:x ip4 include mx: foo=% ip6:::/129 ip4:192.0.2.1/33
    ip4:192.0.2.1//24 ip4:192.0.2 exists redirect= all/8 ptr/8""".split()


class Zone:
    """Random records of the names above."""

    def __init__(self, rnd):
        self.rnd = rnd
        self.v = {}
        for n in NAMES:
            for _ in range(rnd.choice([1] * 8 + [0, 2])):
                self.add(n, "TXT", self.record())
            if rnd.random() < 0.7:
                self.v[n, "A"] = rnd.sample(IPS4, rnd.randrange(1, 4))
            if rnd.random() < 0.4:
                self.v[n, "AAAA"] = rnd.sample(IPS6, rnd.randrange(1, 3))
            if rnd.random() < 0.6:
                self.v[n, "MX"] = [(10 * i, rnd.choice(NAMES))
                                   for i in range(rnd.randrange(1, 4))]
        for ip in IPS4 + IPS6:
            if rnd.random() < 0.7:
                self.v[ipaddress.ip_address(ip).reverse_pointer, "PTR"] = \
                    rnd.sample(NAMES, rnd.randrange(1, 3))
        for n in EXTRA:
            if rnd.random() < 0.6:
                self.add(n, "A", "127.0.0.2")

    def add(self, name, kind, value):
        self.v.setdefault((name, kind), []).append(value)

    def domain(self):
        r = self.rnd.random()
        if r < 0.2:
            return self.rnd.choice(SPECS)
        if r < 0.25:
            return "no%d.test" % self.rnd.randrange(9)
        return self.rnd.choice(NAMES)

    def cidr(self):
        return self.rnd.choice([""] * 60 + ["/24", "/25", "//64", "/24//64",
                                            "/0", "//0"] * 5 + BAD_CIDRS)

    def mechanism(self):
        rnd, k = self.rnd, self.rnd.random()
        if k < 0.3:
            return (rnd.choice(["a", "mx", "A", "MX"]) +
                    rnd.choice(["", ":" + self.domain()]) + self.cidr())
        if k < 0.45:
            return "include:" + self.domain()
        if k < 0.55:
            return "exists:" + self.domain()
        if k < 0.65:
            return "ptr" + rnd.choice(["", ":" + self.domain()])
        if k < 0.78:
            return "ip4:" + rnd.choice(IPS4 + ["10.0.0.0", "192.0.2.0"]) + \
                rnd.choice(["", "/24", "/32", "/0", "/8", "/30"])
        if k < 0.88:
            return "ip6:" + rnd.choice(IPS6 + ["::", "::ffff:192.0.2.1"]) + \
                rnd.choice(["", "/64", "/127", "/0"])
        return "all"

    def record(self):
        rnd = self.rnd
        terms = [rnd.choice([""] * 4 + ["-", "~", "?", "+"]) +
                 self.mechanism() for _ in range(rnd.randrange(0, 5))]
        for chance, make in ((0.2, lambda: "redirect=" + self.domain()),
                             (0.1, lambda: "exp=" + rnd.choice(NAMES)),
                             (0.2, lambda: "x.y=%{d}"),
                             (0.05, lambda: rnd.choice(BAD_TERMS))):
            if rnd.random() < chance:
                terms.insert(rnd.randrange(len(terms) + 1), make())
        return "v=spf1" + "".join(rnd.choice([" "] * 5 + ["  "]) + t
                                  for t in terms)

    def text(self):
        """For dnstable.h."""
        return "".join("%s\n" % suite.record(suite.zone_name(n), kind, x)
                       for (n, kind), v in self.v.items() for x in v)

    def lookup(self, name, kind, *_, **__):
        """For python3-spf."""
        name = name.rstrip(".").lower()
        return [((name, kind), [x.encode()] if kind == "TXT" else x)
                for x in self.v.get((name, kind), [])]


def load():
    """python3-spf, with a stand-in for the library that asks the DNS."""
    fake = types.ModuleType("DNS")
    fake.Type = type("Type", (), {"SPF": 99, "typemap": {}})
    fake.Lib = type("Lib", (), {"RRunpacker": type("R", (), {})})
    fake.DNSError = type("DNSError", (Exception,), {})
    fake.DiscoverNameServers = lambda: None
    sys.modules.update({"DNS": fake, "dns": None})
    sys.path.insert(0, os.path.join(suite.fetch(),
                                    "usr/lib/python3/dist-packages"))
    import spf
    spf.MAX_VOID_LOOKUPS = 1000
    return spf


def ours(tool, zone, cases):
    path = os.path.join(suite.WORK, "random-zone")
    with open(path, "w", encoding="ascii") as f:
        f.write(zone.text())
    text = "".join("\t".join(c) + "\n" for c in cases)
    out = subprocess.run([tool, path], input=text, text=True, check=True,
                         stdout=subprocess.PIPE).stdout.splitlines()
    return [line.split("\t") for line in out]


def main():
    tool = World.tool("spftest")
    spf, rnd = load(), random.Random(7208)
    seen, bad, skipped = collections.Counter(), [], 0
    for _ in range(ROUNDS):
        zone = Zone(rnd)
        spf.DNSLookup = zone.lookup
        cases = [(rnd.choice(IPS4 + IPS6),
                  rnd.choice(NAMES + ["h", "[192.0.2.1]"]),
                  rnd.choice(["u", "u-v", "a.b"]) + "@" + rnd.choice(NAMES))
                 for _ in range(CASES)]
        for (ip, helo, sender), got in zip(cases, ours(tool, zone, cases)):
            want = spf.query(i=ip, s=sender, h=helo, strict=1, timeout=1000,
                             receiver="receiver.example").check()
            if "without an answer" in got[2] or "recursion" in want[2]:
                skipped += 1
                continue
            seen[got[0]] += 1
            if got[0] != want[0]:
                bad.append("%s %s %s: %r, want %r\n%s" % (
                    ip, helo, sender, got, want, zone.text()))
    print("\n".join(bad[:3]))
    print("%d differ, %d passed over, of the others %r" % (
        len(bad), skipped, dict(seen)))
    if len(seen) < 6 or sum(seen.values()) < ROUNDS * CASES / 2:
        sys.exit("too few cases")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
