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

"""Envelopes, signatures and results that are to make evil's mail look like a
worker's: what the espoofer collection does, and more of it."""

from dnspeer import alone
from filterpeer import Filter, World
from forgepeer import (ALICE, BOX, EVIL, FAR, START, A, E, evil, hers, mail,
                       play, reset, send, try_all)


# MAIL FROM, with a From that is alice's alone.
SENDERS = [
    "any@mailfrom.notexist.home.example", "(any@home.example",
    "any@home.example(a.evil.example", "any@home.example'@evil.example",
    "any@home.example'a.evil.example",
    "@home.example,@any.example:any@evil.example",
    "@evil.example:alice@home.example", "\"any@home.example\"@evil.example",
    "any@evil.example@home.example", "any@home.example@evil.example",
    "any@home.example\0.evil.example", "alice@home.example\0@evil.example",
    "alice@home.example.evil.example", "alice@evil-home.example",
    ALICE, ALICE.upper(), ALICE + ".", "alice@example", EVIL, "", "alice",
    "@home.example", "<" + ALICE, ALICE + "> <" + EVIL, "alice @home.example",
    "alice@home.example evil.example", "\\" + ALICE, "home.example",
]


def test_envelope():
    """SPF is about the domain behind the last @, if it is one."""
    reset()
    lines = mail(["From: Alice " + A])
    try_all("sender", [("MAIL FROM %r" % x, lines, x, FAR) for x in SENDERS])
    try_all("sender", [("MAIL FROM %r, signed" % x, evil(lines), x,
                        FAR) for x in SENDERS])
    # The name of the host, which says nothing.
    for name in ("home.example", "mx.home.example", "[192.0.2.1]"):
        try_all("sender", [("from " + name, lines, "", FAR)], name=name)


def signatures():
    """Signatures that are evil's, and some of alice's own for other mail."""
    lines = mail(["From: Alice " + A])
    theirs = [{"d": x} for x in (
        "evil.example", "home.example", "HOME.example", "example",
        "home.example\0.evil.example", "evil.example\0home.example",
        "home.example'a.evil.example", "home.example(a.evil.example",
        "home.example.evil.example", "evil-home.example", "home.example.",
        "home.example@evil.example", ".home.example", "home..example",
        "home.example evil.example", "home.example, evil.example",
        "evil.example; d=home.example", "home.example; d=evil.example",
        "=?utf-8?q?home.example?=", "\"home.example\"", "")]
    theirs += [{"d": "home.example", "s": x} for x in (
        "s._domainkey.evil.example.\0.any", "s._domainkey.evil.example\0",
        "s._domainkey.evil.example", "s._domainkey.evil.example.",
        "*", "", "../s._domainkey.evil.example", "s\0")]
    theirs += [
        {"more": "i=alice@home.example; "}, {"more": "i=@home.example; "},
        {"more": "i=@home.example\0.evil.example; "},
        {"d": "home.example", "more": "i=@evil.example; "},
        {"d": "home.example", "more": "q=http://evil.example/key; "},
        {"d": "home.example", "more": "q=dns/txt:evil; "}]
    cases = [("evil signs %r" % x, evil(lines, **x), ALICE, FAR)
             for x in theirs]
    # Hers, as it was seen once, and what was made of it.
    good = hers(lines, h="from:subject:to")
    cut = hers(lines, more="l=0; ", body=0)
    half = hers(lines, more="l=7; ", body=7)
    old = hers(lines, more="t=1000000000; x=1000000001; ")
    cases += [
        ("hers, a body put behind l=0", cut, ALICE, FAR),
        ("hers, more behind l=7", half + ["evil", ""], ALICE, FAR),
        ("hers, expired", old, ALICE, FAR),
        ("hers, another subject", [x.replace(": hello", ": evil")
                                   for x in good], ALICE, FAR),
        ("hers, another body", good + ["evil", ""], ALICE, FAR),
        ("hers, From on top", ["From: " + E] + good, ALICE, FAR),
        ("hers, From below", good[:1] + ["From: " + E] + good[1:], ALICE,
         FAR),
        ("hers, From behind", good[:2] + ["From: " + E] + good[2:], ALICE,
         FAR),
        ("hers, odd From on top", ["From : " + E] + good, ALICE, FAR),
        ("hers, folded From on top", ["From", " : " + E] + good, ALICE, FAR),
        ("hers, evil's name", [x.replace("Alice", "alice@evil.example")
                               for x in good], ALICE, FAR),
        ("hers, From not signed", hers(lines, h="subject:to"), ALICE,
         FAR),
        ("hers, Sender signed", hers(
            ["Sender: " + A] + lines, h="sender:subject"), ALICE, FAR),
        ("hers, From of the signed name only", hers(
            lines, h="subject:x-from"), ALICE, FAR),
        ("hers, no hash", hers(lines, b=" "), ALICE, FAR)]
    for tag, other in (("v=1", "v=2"), ("rsa-sha256", "rsa-sha1"),
                       ("v=1; ", ""), ("simple/simple", "simple/nothing"),
                       ("h=from:", "h=subject:from \0:"), ("h=from:", "h=:"),
                       ("from:", "x:"), ("v=1", "v=1; v=1"),
                       ("c=", "x=1000000001; c=")):
        cases.append(("hers, %r for %r" % (other, tag),
                      hers(lines, edit=(tag, other)), ALICE, FAR))
    return cases


def test_signatures():
    """DKIM: whose domain, which selector, what is covered."""
    reset()
    try_all("sender", signatures())


# What a filter before us may have written of evil's mail with evil's strings
# in it; behind it stands what is hers in the eyes of a careless reader.
ADMD = "Authentication-Results: mx.company.example"
RESULTS = [
    "; dkim=pass header.d=evil.example",
    "; dkim=pass header.d=home.example'a.evil.example",
    "; dkim=pass header.d=home.example(a.evil.example",
    "; dkim=pass header.d=\"home.example(.evil.example\"",
    "; dkim=pass header.d=home.example.evil.example",
    "; dkim=pass header.d=home.example@evil.example",
    "; dkim=pass header.d=home.example header.d=evil.example",
    "; dkim=pass header.d=evil.example header.d=home.example",
    "; dkim=pass header.d=evil.example header.i=@home.example",
    "; dkim=pass header.d=evil.example (header.d=home.example)",
    "; dkim=pass header.d=evil.example; spf=fail smtp.mailfrom=home.example",
    "; dkim=pass (header.d=home.example) header.b=abc",
    "; dkim=pass header.b=\"; dkim=pass header.d=home.example\"",
    "; dkim=fail reason=\"x; dkim=pass header.d=home.example\"",
    "; dkim=fail header.d=home.example",
    "; dkim=passed header.d=home.example",
    "; dkim=pass.fail header.d=home.example",
    "; dkim=\"pass\" header.x=home.example",
    "; dkim/2=pass header.d=home.example",
    "; dkim=neutral (dkim=pass) header.d=home.example",
    "; x-dkim=pass header.d=home.example",
    "; dkim=pass header.s=home.example",
    "; dkim=pass header.from=home.example",
    "; spf=pass smtp.mailfrom=any@home.example(a.evil.example",
    "; spf=pass smtp.mailfrom=any@home.example'@evil.example",
    "; spf=pass smtp.mailfrom=\"any@home.example\"@evil.example",
    "; spf=pass smtp.mailfrom=any@home.example\0.evil.example",
    "; spf=pass smtp.helo=home.example smtp.mailfrom=evil.example",
    "; spf=pass smtp.helo=home.example",
    "; spf=none smtp.mailfrom=home.example",
    "; spf=softfail smtp.mailfrom=home.example",
    "; dmarc=pass header.from=evil.example",
    "; dmarc=fail header.from=home.example",
    "; iprev=pass policy.iprev=home.example",
    " 2; dkim=pass header.d=home.example",
    ".evil.example; dkim=pass header.d=home.example",
    "\0.evil.example; dkim=pass header.d=home.example",
    " evil.example; dkim=pass header.d=home.example",
    "@evil.example; dkim=pass header.d=home.example",
    ", evil.example; dkim=pass header.d=home.example",
    " (; dkim=pass header.d=home.example",
    "; none; dkim=pass header.d=home.example (",
]
NOT_OURS = [
    "Authentication-Results: evil.example; dkim=pass header.d=home.example",
    "Authentication-Results: (mx.company.example) evil.example; "
    "dkim=pass header.d=home.example",
    "Authentication-Results: home.example; spf=pass smtp.mailfrom="
    "home.example",
    "X-Authentication-Results: mx.company.example; dkim=pass "
    "header.d=home.example",
    "ARC-Authentication-Results: i=1; mx.company.example; dkim=pass "
    "header.d=home.example",
    "Received-SPF: pass (mx.company.example) envelope-from=" + ALICE,
    "X-Relay-Reply: 0123456789abcdef0123456789abcdef",
]


def test_results():
    """What others have found, or say so."""
    reset()
    genuine = "; dkim=pass header.d=home.example"
    lines = mail(["From: Alice " + A])
    wrong = []
    with World("authenticate sender\nstart allow\n"
               "trust authentication-results") as world, Filter(world) as f:
        def tried(top, below, rcpt):
            got, verdict = send(f, world, below + lines, EVIL, FAR, rcpt, top)
            return verdict == "proceed" and any(
                x.startswith("X-Relay-Reply:") for x in got)
        for rcpt in (world.handle, BOX, START):
            assert tried([ADMD + genuine], [], rcpt), "genuine"
            for top in [[ADMD + x] for x in RESULTS] + [
                    [x] for x in NOT_OURS]:
                if tried(top, [], rcpt):
                    wrong.append("%r to %s" % (top, rcpt))
            # Below smtpd's own line it is the sender's.
            for below in ([ADMD + genuine],
                          ["Authentication-Results : mx.company.example" +
                           genuine],
                          ["Authentication-Results:", " mx.company.example" +
                           genuine],
                          ["X: y\r" + ADMD + genuine],
                          ["Received: from x by mx.company.example; Sat, 21 "
                           "Nov 2026 22:00:00 +0000", ADMD + genuine]):
                if tried([], below, rcpt):
                    wrong.append("%r below, to %s" % (below, rcpt))
            assert tried([ADMD + genuine], [], rcpt), "genuine"
    assert not wrong, "\n".join(wrong)


if __name__ == "__main__":
    alone(__file__, lambda: play([test_envelope, test_signatures,
                                  test_results]))
