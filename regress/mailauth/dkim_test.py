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

"""DKIM against other programs: what four of them sign verifies, and what is
then changed, in the message, the signature and the key, fails and passes as
three of them say."""

import os
import re
import sys
import tempfile

import dkim_cases
import signers

# (what is changed, by whom signed, who judges otherwise than we do), why.
KNOWN = (
    # RFC 6376 3.4.2: white space before the colon goes.
    (r"space before colon", r".*", "python3-dkim"),
    (r"From space before colon", r".*", "opendkim"),
    # A second From is no matter of DKIM alone (6376 8.14).
    (r"From (doubled|another above)", r".*", "python3-dkim"),
    # Its test mode has no fields with white space at the beginning.
    (r"more space", r".*simple/", "opendkim"),
    # RFC 6376 3.6.1: k= is the type of the key.
    (r"key: other type", r".*", "opendkim"),
    # RFC 6376 3.6.1: h= has the only hashes allowed.
    (r"key: sha1 alone", r".*", "mailauth"),
    (r"key: sha1 alone", r".*", "python3-dkim"),
    # RFC 6376 3.6.1: a key that is not for this service is ignored.
    (r"key: not for mail", r".*", "mailauth"),
)

count = 0
failed = []


def claim(good, what):
    """Counts one comparison."""
    global count
    count += 1
    if not good:
        failed.append(what)
        print(what)


def word(result):
    """pass or fail, of what dkimcheck says of a message."""
    return "pass" if any(x[0] == "pass" for x in result) else "fail"


def test_signed(keys, files):
    """Every message of every signer verifies."""
    made = dkim_cases.signed(keys, files)
    cases = [(keys.records, data) for _, data in made]
    ours = signers.verify_ours(files, cases)
    theirs = signers.verify_mailauth(files, cases)
    other = signers.verify_python(files, cases)
    for (label, _), a, b, c in zip(made, ours, theirs, other):
        # It folds a signature in the simple form where that breaks it, now
        # and then, and does not verify it then, either.
        if b == c == "fail" and re.search("simple/.* mailauth", label):
            claim(word(a) == "fail", "%s: only we verify it" % label)
            continue
        claim(len(a) == 1 and a[0][0] == "pass", "%s: we say %s" % (label, a))
        claim(b == "pass" or c == "pass", "%s: nobody verifies it" % label)
    claim(len(made) > 100, "only %d messages" % len(made))
    # Two signatures in one message, of which the upper signs the lower, too.
    both = [(x, y) for x, y in made if x.startswith("space")][:6]
    again = [signers.sign_python(keys, files, y, "ed", "relaxed/relaxed")
             for _, y in both]
    for result in signers.verify_ours(
            files, [(keys.records, data) for data in again]):
        claim([x[0] for x in result] == ["pass", "pass"],
              "two signatures: %s" % result)


def is_known(what, by, who):
    return any(re.search(a, what) and re.match(b, by) and c == who
               for a, b, c in KNOWN)


def bases(keys, files):
    """What is tampered with, of each signer."""
    data = dkim_cases.message("space")
    html = dkim_cases.message("html")
    yield "python3-dkim relaxed/relaxed", signers.sign_python(
        keys, files, data, "rsa", "relaxed/relaxed")
    yield "python3-dkim ed simple/relaxed", signers.sign_python(
        keys, files, html, "ed", "simple/relaxed")
    yield "filter-dkimsign simple/simple", signers.sign_filter(
        keys, files, html, "rsa", "simple/simple")
    yield "opendkim ed relaxed/simple", signers.sign_opendkim(
        keys, files, data, "ed", "relaxed/simple")
    yield "mailauth relaxed/relaxed", signers.sign_mailauth(
        keys, files, [(html, "rsa", "relaxed/relaxed")])[0]


def test_tampered(keys, files):
    """Every field, every tag, every part of the key."""
    labels, cases = [], []
    for by, data in bases(keys, files):
        for make in (dkim_cases.in_header, dkim_cases.in_body,
                     dkim_cases.in_signature):
            for what, changed in make(data):
                labels.append((by, what))
                cases.append((keys.records, changed))
        for what, records in dkim_cases.in_key(keys.records):
            labels.append((by, what))
            cases.append((records, data))
    ours = signers.verify_ours(files, cases)
    seen = {"pass": 0, "fail": 0}
    for who, verify in signers.VERIFIERS.items():
        for (by, what), mine, verdict in zip(labels, ours,
                                             verify(files, cases)):
            seen[word(mine)] += 1
            if not is_known(what, by, who):
                claim(word(mine) == verdict, "%s: %s: we say %s, %s %s" % (
                    by, what, mine, who, verdict))
    claim(seen["pass"] > 300 and seen["fail"] > 300, "the cases: %s" % seen)


def main():
    signers.install()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        keys = signers.Keys(folder)
        files = signers.Files(folder)
        test_signed(keys, files)
        test_tampered(keys, files)
    if not failed:
        print("%d comparisons" % count)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
