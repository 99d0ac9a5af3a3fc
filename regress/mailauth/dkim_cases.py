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

"""Messages, and what may become of them on their way: the cases of
dkim_test.py."""

import re

import signers

CANONS = ("simple/simple", "simple/relaxed", "relaxed/simple",
          "relaxed/relaxed")
HEAD = (b"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\n"
        b"From: Joe SixPack <joe@m.example>\n"
        b"To: Suzie Q <suzie@shopping.example.net>\n")
TAIL = b"Message-ID: <20030712040037.46341.5F8J@m.example>\n"

# Header less the usual, and body.
MESSAGES = {
    "plain": (b"Subject: Is dinner ready?\n",
              b"Hi.\n\nWe lost the game.  Are you hungry yet?\n\nJoe.\n"),
    "empty": (b"Subject: nothing\n", b""),
    "blank": (b"Subject: blank lines\n", b"\n\n\n"),
    "space": (b"Subject:  folded\n\t and \t spaced \t\n  thrice  \n"
              b"X-Odd:\n value below\nX-Tab:\ta\tb\t\n",
              b" leading\ntrailing \t \n\t\n in  the\t\tmiddle \n   \n\n"),
    "dots": (b"Subject: ...\n", b".\n..\n. x\n.dot\n"),
    "end": (b"Subject: no end\n", b"no line end\nhere"),
    "long": (b"Subject: " + b"long " * 150 + b"\n",
             b"x" * 997 + b"\n" + b"y " * 498 + b"\n" + b"z" * 60 + b"\n"),
    "html": (b"Subject: parts\nMIME-Version: 1.0\nContent-Type: "
             b"multipart/alternative;\n boundary=\"b; c\"\n",
             b"--b; c\nContent-Type: text/plain\n\nHi =\n--b; c\n"
             b"Content-Type: text/html\n\n<p>Hi</p>\n--b; c--\n"),
    "eight": (b"Subject: gr\xc3\xbc\xc3\x9fe\n",
              b"Gr\xfc\xdfe, \xe2\x82\xac\n"),
    "twice": (b"subject: lower case\nSUBJECT: upper case\nReply-To: a@m."
              b"example\nReply-To: b@m.example\n", b"twice\n"),
}


def message(name):
    """One of them, whole."""
    head, body = MESSAGES[name]
    return HEAD + head + TAIL + b"\n" + body


def signed(keys, files):
    """(label, bytes) of every message by every signer."""
    jobs, out = [], []
    for name in MESSAGES:
        for selector in ("rsa", "ed"):
            for canon in CANONS:
                jobs.append((name, selector, canon))
    for name, selector, canon in jobs:
        data = message(name)
        label = "%s %s %s " % (name, selector, canon)
        out.append((label + "python3-dkim", signers.sign_python(
            keys, files, data, selector, canon)))
        # A start of a program for each: not all.
        if canon in ("simple/simple", "relaxed/relaxed"):
            out.append((label + "filter-dkimsign", signers.sign_filter(
                keys, files, data, selector, canon)))
        # What it prints of a signature is folded anew: never simple.
        if canon.startswith("relaxed"):
            out.append((label + "opendkim", signers.sign_opendkim(
                keys, files, data, selector, canon)))
    for job, data in zip(jobs, signers.sign_mailauth(keys, files, [
            (message(name), selector, canon)
            for name, selector, canon in jobs])):
        out.append(("%s %s %s mailauth" % job, data))
    return out


def change(data, old, new, count=1):
    """Replaces by pattern, once; it has to be there."""
    out, n = re.subn(old, new, data, count=count, flags=re.S | re.M)
    assert n, (old, data[:600])
    return out


def split(data):
    """The signature, the other fields, the body."""
    head, body = data.split(b"\r\n\r\n", 1)
    fields = re.split(rb"\r\n(?![ \t])", head)
    assert fields[0].lower().startswith(b"dkim-signature:")
    return fields[0], fields[1:], body


def join(sig, fields, body):
    return b"\r\n".join([sig] + fields) + b"\r\n\r\n" + body


def flip(match):
    """Another base64 letter in the middle."""
    s = match.group(0)
    i = len(s) // 2
    while s[i:i + 1] in b" \t\r\n=":
        i -= 1
    return s[:i] + (b"A" if s[i:i + 1] != b"A" else b"B") + s[i + 1:]


def tag(sig, name, value):
    """Sets, adds or (None) takes out a tag of the signature."""
    old = rb"(^DKIM-Signature:|;)\s*" + name + rb"=[^;]*;?"
    if value is None:
        return change(sig, old, rb"\1")
    new = b" " + name + b"=" + value + b";"
    if re.search(old, sig, re.M):
        return change(sig, old, lambda m: m.group(1) + new)
    return sig.replace(b":", b":" + new, 1)


def in_header(data):
    """(what, bytes): every field changed, doubled, moved, taken out."""
    sig, fields, body = split(data)
    for i, field in enumerate(fields):
        name = field.split(b":")[0].decode()
        rest = fields[:i], fields[i + 1:]
        for what, new in (
                ("changed", [field + b"x"]),
                ("gone", []),
                ("doubled", [field, field]),
                ("another below", [field, field + b"y"]),
                ("another above", [field + b"y", field]),
                ("lower case", [field.lower()]),
                ("more space", [change(field, b":", b": \t ")]),
                ("space at end", [field + b"  "]),
                ("space before colon", [change(field, b":", b" :")])):
            yield "%s %s" % (name, what), join(sig, rest[0] + new + rest[1],
                                               body)
    yield "fields turned round", join(sig, fields[::-1], body)
    yield "X-New above", join(sig, [b"X-New: 1"] + fields, body)
    yield "X-New below", join(sig, fields + [b"X-New: 1"], body)
    yield "Received above", b"Received: from a by b; c\r\n" + data
    yield "signature last", b"\r\n".join(fields + [sig]) + b"\r\n\r\n" + body


def in_body(data):
    """(what, bytes) with another body."""
    sig, fields, body = split(data)
    for what, new in (
            ("first byte", b"x" + body[1:]), ("gone", b""),
            ("last letter", change(body, rb"(\S)(\s*)\Z", rb"~\2")),
            ("longer", body + b"-- \r\nlist footer\r\n"),
            ("shorter", change(body, rb"[^\n]*\S[^\n]*\s*\Z", b"")),
            ("blank lines at end", body + b"\r\n\r\n"),
            ("blank line before", b"\r\n" + body),
            ("space at a line's end", body.replace(b"\r\n", b" \r\n", 1)),
            ("two spaces", body.replace(b" ", b"  ", 1)),
            ("a tab", body.replace(b" ", b"\t", 1)),
            ("no space", body.replace(b" ", b"", 1)),
            ("upper case", body.upper())):
        yield "body: " + what, join(sig, fields, new)


def in_signature(data):
    """(what, bytes) with another signature."""
    sig, fields, body = split(data)
    for what, new in (
            ("v=2", tag(sig, b"v", b"2")),
            ("no v", tag(sig, b"v", None)),
            ("a=rsa-sha1", tag(sig, b"a", b"rsa-sha1")),
            ("a=rsa-sha512", tag(sig, b"a", b"rsa-sha512")),
            ("no a", tag(sig, b"a", None)),
            ("other a", tag(sig, b"a", b"ed25519-sha256" if b"a=rsa" in sig
                            else b"rsa-sha256")),
            ("b changed", change(sig, rb"\bb=[^;]*", flip)),
            ("no b", tag(sig, b"b", None)),
            ("empty b", tag(sig, b"b", b"")),
            ("bh changed", change(sig, rb"\bbh=[^;]*", flip)),
            ("no bh", tag(sig, b"bh", None)),
            ("c=simple/simple", tag(sig, b"c", b"simple/simple")),
            ("c=relaxed/relaxed", tag(sig, b"c", b"relaxed/relaxed")),
            ("c=unknown", tag(sig, b"c", b"nofws")),
            ("d of others", tag(sig, b"d", b"other.example")),
            ("d of below", tag(sig, b"d", b"sub.m.example")),
            ("no d", tag(sig, b"d", None)),
            ("s of others", tag(sig, b"s", b"other")),
            ("no s", tag(sig, b"s", None)),
            ("i of others", tag(sig, b"i", b"joe@other.example")),
            ("i added", tag(sig, b"i", b"joe@m.example")),
            ("h without From", tag(sig, b"h", b"to:subject")),
            ("h=from", tag(sig, b"h", b"from")),
            ("no h", tag(sig, b"h", None)),
            ("h turned", change(sig, rb"\bh=[^;]*", lambda m: b"h=" +
                                b":".join(m.group(0)[2:].split(b":")[::-1]))),
            ("expired", tag(sig, b"x", b"1000000000")),
            ("l=0 added", tag(sig, b"l", b"0")),
            ("l=9999 added", tag(sig, b"l", b"9999")),
            ("q=other", tag(sig, b"q", b"dns/other")),
            ("unknown tag", tag(sig, b"zz", b"1")),
            ("space in it", change(sig, b"; ?", b";  ")),
            ("twice a", change(sig, b";", b"; a=rsa-sha256;")),
            ("garbage", b"DKIM-Signature: v=1; a=b; nonsense"),
            ("name in upper case", change(sig, b"^[^:]*", b"DKIM-SIGNATURE")),
            ("empty", b"DKIM-Signature:")):
        yield "signature: " + what, join(new, fields, body)


def in_key(records):
    """(what, records) for the same message with other keys."""
    for what, edit in (
            ("gone", lambda t: None),
            ("revoked", lambda t: change(t, "p=.*", "p=")),
            ("no p", lambda t: change(t, "p=.*", "n=x")),
            ("changed", lambda t: change(t, "p=.*", lambda m: flip(
                re.match(rb".*", m.group(0).encode())).decode())),
            ("cut", lambda t: t[:-40]),
            ("no base64", lambda t: change(t, "p=.*", "p=*")),
            ("other type", lambda t: change(
                t, "k=[^;]*", "k=rsa" if "k=ed" in t else "k=ed25519")),
            ("unknown type", lambda t: change(t, "k=[^;]*", "k=dsa")),
            ("other version", lambda t: change(t, "DKIM1", "DKIM2")),
            ("no version", lambda t: change(t, "v=DKIM1; ", "")),
            ("sha1 alone", lambda t: t + "; h=sha1"),
            ("sha256 alone", lambda t: t + "; h=sha256"),
            ("not for mail", lambda t: t + "; s=tlsrpt"),
            ("for mail", lambda t: t + "; s=email"),
            ("t=s", lambda t: t + "; t=s"),
            ("note", lambda t: t + "; n=a note; zz=1")):
        new = {k: edit(v) for k, v in records.items()}
        yield "key: " + what, {k: v for k, v in new.items() if v is not None}
