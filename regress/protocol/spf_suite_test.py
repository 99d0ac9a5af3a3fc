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

"""Every case of the public SPF test suite for RFC 7208.

The suite is not ours and not in the tree: Debian's python3-spf carries it
(rfc7208-tests.yml, and cases of its own); it is fetched into $OBJ, unpacked
there, and not installed.  Each document of the YAML becomes a zone for
dnstable.h and cases for regress/tool/spftest.
"""

import glob
import gzip
import os
import subprocess
import sys

import yaml

from dnspeer import OBJ, World

WORK = os.path.join(OBJ, "spf-suite")
PACKAGE = "python3-spf"
DOC = "usr/share/doc/python3-spf"
CASES_MIN = 203         # of rfc7208-tests.yml: a shorter one is not it


def fetch():
    """The unpacked package's directory."""
    where = os.path.join(WORK, "tree")
    if os.path.isdir(os.path.join(where, DOC)):
        return where
    os.makedirs(WORK, exist_ok=True)
    get = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download",
           PACKAGE]
    if subprocess.run(get, cwd=WORK).returncode != 0:
        subprocess.run(["apt-get", "-qq", "update"], check=True)
        subprocess.run(get, cwd=WORK, check=True)
    deb = sorted(glob.glob(os.path.join(WORK, PACKAGE + "_*.deb")))[-1]
    subprocess.run(["dpkg-deb", "-x", deb, where + ".new"], check=True)
    os.rename(where + ".new", where)
    return where


def documents(name):
    path = os.path.join(fetch(), DOC, name)
    opener = gzip.open if os.path.exists(path + ".gz") else open
    if opener is gzip.open:
        path += ".gz"
    with opener(path, "rb") as f:
        text = f.read().decode("utf-8")
    return [d for d in yaml.load_all(text, Loader=yaml.CSafeLoader) if d]


def quote(text):
    """One TXT string.  The suite writes bytes as code points below 256."""
    return '"%s"' % "".join(
        chr(b) if 32 <= b < 127 and b not in b'"\\' else "\\%03d" % b
        for b in text.encode("latin-1"))


def zone_name(name):
    return "".join(c if "!" <= c <= "~" and c != "\\" else "\\%03d" % ord(c)
                   for c in str(name))


def record(name, kind, value):
    """A line of the zone, or None."""
    if kind in ("TXT", "SPF"):
        strings = value if isinstance(value, list) else [value]
        return "%s TXT %s" % (name, " ".join(quote(s) for s in strings))
    if kind == "MX":
        return "%s MX %d %s" % (name, value[0], zone_name(value[1]) or ".")
    if kind in ("A", "AAAA"):
        return "%s %s %s" % (name, kind, value)
    return "%s %s %s" % (name, kind, zone_name(value))


def zone(data):
    """The zone of a document.  SPF records stand for TXT records, where
    there are none of these."""
    lines = []
    for name, records in data.items():
        name = zone_name(name)
        kinds = [k for r in records if isinstance(r, dict) for k in r]
        for r in records:
            if r == "TIMEOUT":
                lines.append("%s TIMEOUT" % name)
                continue
            (kind, value), = r.items()
            if value == "NONE" or value == "TIMEOUT":
                if value == "TIMEOUT":
                    lines.append("%s TIMEOUT %s" % (name, kind))
                continue
            if kind == "SPF" and "TXT" in kinds:
                continue
            lines.append(record(name, kind, value))
    return "\n".join(lines) + "\n"


def wanted(case):
    result = case["result"]
    return result if isinstance(result, list) else [result]


def run(doc, number):
    """The failures of one document, and how many cases it has."""
    path = os.path.join(WORK, "zone%d" % number)
    with open(path, "w", encoding="ascii") as f:
        f.write(zone(doc["zonedata"]))
    cases = list(doc["tests"].items())
    text = "".join("%s\t%s\t%s\n" % (c["host"], c.get("helo") or "",
                                     c.get("mailfrom") or "")
                   for _, c in cases)
    out = subprocess.run([os.path.join(OBJ, "regress/tool/spftest"), path],
                         input=text.encode("utf-8"), stdout=subprocess.PIPE,
                         check=True).stdout.decode("ascii").splitlines()
    if len(out) != len(cases):
        return ["%d answers to %d cases" % (len(out), len(cases))], 0
    bad = []
    for (name, case), line in zip(cases, out):
        result, explanation, why, _, _ = line.split("\t")
        if result not in wanted(case):
            bad.append("%s: %s (%s), want %s" % (name, result, why,
                                                 wanted(case)))
        want = case.get("explanation")
        if want is None or result != "fail":
            continue
        # "DEFAULT" is the checker's own; hexadecimal digits in any case.
        if explanation.lower() != ("" if want == "DEFAULT" else want.lower()):
            bad.append("%s: explanation %r, want %r" % (name, explanation,
                                                        want))
    return bad, len(cases)


def main():
    World.tool("spftest")
    bad, total = [], 0
    for number, doc in enumerate(documents("rfc7208-tests.yml")):
        wrong, n = run(doc, number)
        bad += ["%s/%s" % (doc["description"], w) for w in wrong]
        total += n
    if total < CASES_MIN:
        bad.append("only %d cases" % total)
    print("%d cases" % total)
    print("\n".join(bad))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
