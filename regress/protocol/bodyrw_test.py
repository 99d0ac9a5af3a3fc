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

"""Random messages with secrets in them go through the body rewriting; what
comes out is read with Python's own parser and searched.  Parts without a
secret must come out byte for byte, text around a secret as it was.

usage: bodyrw_test.py [FIRST-SEED [COUNT]]
"""

import base64
import email
import email.header
import html
import html.parser
import os
import random
import re
import subprocess
import sys
import urllib.parse

OBJ = os.environ.get("OBJ", os.path.join(os.path.dirname(
    os.path.abspath(__file__)), "../../obj"))
PROGRAM = os.path.join(OBJ, "unit/bodyrw_test")

BOX = "support@company.example"
ADDRESSES = ["alice@private.example", "o'brien@mail.private.example",
             "bob.smith-jones@x-y.test", "carol+work@gmail.example",
             "d@e.fr", "deadbeef01@adfe.test"]
LIVE = "zyxwvuts765432ba"
SECRETS = ADDRESSES + [
    "support+abcdefgh234567ij@company.example",
    "sales+mnbvcxzlkjhgfdsa@company.test", LIVE,
    "relay." + ("abcdefghijklmnopqrstuvwxyz234567" * 2)[:53] +
    "@company.example", ("qwertyuiopasdfghjklzxcvbnm765432" * 2)[:53]]
WORDS = ("Hello there the answer is 42 % of 3 = 6 & more <x> a@b.test "
         "http://x.test/?q=1%20b&c=d J\u00fcrgen \u6f22\u5b57 caf\u00e9 "
         "user@private.example.org ... -- info@company.example =3D &amp;"
         ).split(" ")


class Maker:
    """One random message; self.plain lists the raw payloads without any."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.leaves = []        # (has a secret, raw payload, expected text)
        self.boundaries = 0
        self.charsets = ["utf-8", "utf-8", "utf-8", "iso-8859-1",
                         "utf-16", "utf-16-be", "utf-32"]

    def escape(self, secret, tags):
        """The secret in one of the forms that a reader undoes."""
        out = ""
        how = self.r.choice(["", "", "percent", "entity", "case", "mixed"])
        for c in secret:
            k = how
            if how == "mixed":
                k = self.r.choice(["", "percent", "entity", "case"])
            if k == "percent" and self.r.random() < .4:
                out += "%" + "25" * self.r.choice([0, 0, 0, 1, 2]) + \
                    "%02x" % ord(c)
            elif k == "entity" and self.r.random() < .4:
                out += self.r.choice(["&#%d;" % ord(c), "&#x%X;" % ord(c),
                                      "&#%010d;" % ord(c)])
            elif k == "case" and self.r.random() < .5:
                out += c.upper()
            else:
                out += c
        if how == "" and self.r.random() < .3:
            at = self.r.randrange(1, len(secret))
            gap = self.r.choice(["\n", " \n", "\u200b"] + (
                ["<b>", "<!-- > -->", "&shy;", "<wbr>"] if tags else
                ["\n> ", "\n  "]))
            return secret[:at] + gap + secret[at:], BOX + gap
        return out, BOX

    def text(self, tags, secrets):
        """Some text and what shall become of it."""
        before, after = [], []
        for _ in range(self.r.randrange(1, 60)):
            w = self.r.choice(WORDS)
            if tags and self.r.random() < .2:
                w = self.r.choice(["<p>", "<a href=\"x?y=1&amp;z\">", "</p>",
                                   "<!-- note -->", "<br />"])
            before.append(w)
            after.append(w)
            if secrets and self.r.random() < .05:
                secret, clean = self.escape(self.r.choice(SECRETS), tags)
                fmt = self.r.choice(["%s", "<%s>", "(%s)", "\"%s\"", "%s,",
                                     "mailto:%s", "x %s."])
                if "<" in secret and fmt == "<%s>":
                    fmt = "%s"
                before.append(fmt % secret)
                after.append(fmt % clean)
        seps = [self.r.choice([" ", " ", " ", "  ", "\n", "\n\n"])
                for _ in before]
        # A gap of its own at a line's end could be read in two ways.
        return ("".join(a + b for a, b in zip(before, seps)),
                "".join(a + b for a, b in zip(after, seps)))

    def qp(self, data, wide):
        out, col = "", 0
        for i, c in enumerate(data):
            last = i + 1 == len(data) or data[i + 1] == 10
            if c == 10 and not wide:
                out, col = out + "\n", 0
                continue
            if c == 61 or wide or c > 126 or c < 32 or (c == 32 and last) or \
                    self.r.random() < .03:
                t = "=%02X" % c if self.r.random() < .9 else "=%02x" % c
            else:
                t = chr(c)
            if col + len(t) > 75 or self.r.random() < .02:
                out, col = out + "=\n", 0
            out, col = out + t, col + len(t)
        return out

    def b64(self, data):
        t = base64.b64encode(data).decode()
        n = self.r.choice([76, 76, 76, 60, 61, 4, 7, 1000])
        return "\n".join(t[i:i + n] for i in range(0, len(t), n))

    def text_leaf(self):
        tags = self.r.random() < .4
        secrets = self.r.random() < .6
        raw, clean = self.text(tags, secrets)
        charset = self.r.choice(self.charsets)
        if charset == "iso-8859-1":
            raw, clean = [x.encode("latin-1", "ignore").decode("latin-1")
                          for x in (raw, clean)]
        data = raw.encode(charset)
        wide = charset.startswith("utf-16") or charset.startswith("utf-32")
        cte = self.r.choice(["base64", "quoted-printable"] +
                            ([] if wide else ["8bit"]))
        body = {"base64": self.b64,
                "quoted-printable": lambda d: self.qp(d, wide),
                "8bit": lambda d: d.decode("latin-1")}[cte](data)
        kind = "html" if tags else self.r.choice(["plain", "plain", "x-foo"])
        if kind == "x-foo":
            kind = "markdown"
        head = "Content-Type: text/%s; charset=%s\n" % (
            kind, charset.replace("-be", "be"))
        head += "Content-Transfer-Encoding: %s\n" % cte
        self.leaves.append((raw != clean, body, clean))
        return head, body

    def data_leaf(self):
        data = bytes(self.r.randrange(256)
                     for _ in range(self.r.randrange(400)))
        if self.r.random() < .5:
            data += ADDRESSES[0].encode()
        body = self.b64(data)
        name = self.r.choice(["a.png", "caf\u00e9.pdf"] + SECRETS)
        kind = self.r.choice([
            "image/png; name=\"=?utf-8?b?%s?=\"" % base64.b64encode(
                name.encode()).decode(),
            "application/pdf; name*=utf-8''" +
            urllib.parse.quote(name).replace(".", "%2e"),
            "application/x; name*0*=utf-8''" + urllib.parse.quote(name[:4]) +
            "; name*1=\"" + name[4:].encode("ascii", "ignore").decode() +
            "\""])
        head = "Content-Type: %s\nContent-Transfer-Encoding: base64\n" % kind
        if self.r.random() < .5:
            head += "Content-Disposition: attachment;\n filename=\"%s\"\n" \
                % name.encode("ascii", "ignore").decode()
        if self.r.random() < .3:
            head += "Content-Description: =?utf-8?q?%s?=\n" % "".join(
                "=%02X" % b for b in name.encode())
        self.leaves.append((False, body, None))
        return head, body

    def entity(self, depth):
        kind = self.r.random()
        if depth > 4 or kind < .35:
            return self.text_leaf()
        if kind < .5:
            return self.data_leaf()
        if kind < .6:
            return self.message(depth)
        b = "b%d=_:%s" % (self.boundaries, self.r.choice(["", "x y", "'"]))
        self.boundaries += 1
        head = "Content-Type: multipart/%s;\n boundary=\"%s\"\n" % (
            self.r.choice(["mixed", "alternative", "related"]), b)
        body = self.r.choice(["", "preamble\n", SECRETS[0] + "\n"])
        for _ in range(self.r.randrange(1, 4)):
            h, t = self.entity(depth + 1)
            body += "--%s%s\n%s\n%s\n" % (b, self.r.choice(["", " "]), h, t)
        body += "--%s--\n" % b
        body += self.r.choice(["", "epilogue " + SECRETS[1] + "\n"])
        return head, body

    def message(self, depth):
        h, t = self.entity(depth + 1)
        who = self.r.choice(ADDRESSES)
        return "Content-Type: message/rfc822\n", (
            "Received: from %s\nFrom: \"%s\" <%s>\nTo: x@y.test (%s),\n"
            " =?utf-8?q?%s?= <z@y.test>\nSubject: Re: %s\n"
            "Message-Id: <%s>\nX-Originator: %s\n%s\n%s" % (
                who, who, who, who, who.replace("@", "=40"), who,
                SECRETS[-2], who, h, t))


class Stripper(html.parser.HTMLParser):
    """The text without its tags, and the attributes' values."""

    def __init__(self):
        super().__init__()
        self.out = ""

    def handle_data(self, data):
        self.out += data


def forms(text, tags):
    """What a person or a program could read in it."""
    shown = [text]
    if tags:
        stripper = Stripper()
        stripper.feed(text)
        shown.append(stripper.out)
    for t in shown:
        for _ in range(4):
            for c in ("\u200b", "\u00ad", "\0"):
                t = t.replace(c, "")
            flat = t if tags else re.sub("\n[ >]*\n", " ", t)
            flat = flat.replace("> ", "").replace(" \n", "\n").replace("\n", "")
            yield t.lower()
            yield flat.lower()
            t = urllib.parse.unquote(html.unescape(t))


def decoded(value):
    """A header's text, its encoded words decoded."""
    out = ""
    for text, charset in email.header.decode_header(value):
        if isinstance(text, bytes):
            try:
                text = text.decode(charset or "latin-1", "replace")
            except LookupError:
                text = text.decode("latin-1")
        out += text
    return out


def header_texts(part):
    for name, value in part.items():
        yield str(value)
        yield decoded(str(value))
        for _, v in part.get_params([], name) or []:
            v = email.utils.collapse_rfc2231_value(v)
            yield v
            yield decoded(v)


def texts(part):
    """Every text that a part shows."""
    yield from header_texts(part)
    if part.is_multipart():
        yield part.preamble or ""
        yield part.epilogue or ""
        for p in part.get_payload():
            yield from texts(p)
    elif part.get_content_maintype() in ("text", "message"):
        data = part.get_payload(decode=True)
        yield data.decode("latin-1")
        try:
            yield data.decode(part.get_content_charset("utf-8"), "replace")
        except LookupError:
            pass


def leaves(part):
    if part.is_multipart():
        for p in part.get_payload():
            yield from leaves(p)
    else:
        yield part


def mutate(r, raw):
    """The message with a few lines that are not what they were."""
    lines = raw.split(b"\n")
    heads = [i for i, x in enumerate(lines) if b": " in x[:40]] or [0]
    for _ in range(r.randrange(1, 5)):
        lines = lines or [b""]
        i = r.choice(heads) if r.random() < .6 else r.randrange(len(lines))
        i = min(i, len(lines) - 1)
        j = r.randrange(len(lines))
        how = r.randrange(10)
        if how == 0:
            del lines[i]
        elif how == 1:
            lines.insert(i, lines[j])
        elif how == 2:
            lines[i], lines[j] = lines[j], lines[i]
        elif how == 3:
            lines[i] = lines[i] + r.choice([b" ", b"\t", b";", b"\"", b"=",
                                            b"\r", b"(x)", b"--", b"\0"])
        elif how == 4:
            lines[i] = r.choice([b" ", b"\t", b"-", b"--", b"\r", b"X: y\r",
                                 b">", b"\0"]) + lines[i]
        elif how == 5:
            for a, b in ((b"base64", b"quoted-printable"),
                         (b"quoted-printable", b"8bit"), (b"8bit", b"base64"),
                         (b"text/plain", b"text/html"),
                         (b"text/html", b"message/rfc822"),
                         (b"image/png", b"text/plain"),
                         (b"message/rfc822", b"multipart/digest"),
                         (b"multipart", b"text")):
                if a in lines[i]:
                    lines[i] = lines[i].replace(a, b)
                    break
        elif how == 6:
            lines[i] = lines[i].swapcase()
        elif how == 7 and lines[i]:
            k = r.randrange(len(lines[i]))
            lines[i] = lines[i][:k] + r.choice([b"", b"\n", b"\r", b" ",
                                                b"\0", b"="]) + lines[i][k:]
        elif how == 8:
            lines.insert(i, b"")
        else:
            lines.insert(i, r.choice([x for x in lines if x[:2] == b"--"] or
                                     [b"--"]))
    return b"\n".join(lines)


def run(message, refusable=False):
    p = subprocess.run([PROGRAM, "scrub", "+support@company.example",
                        "+sales@company.test", "=" + LIVE] + ADDRESSES,
                       input=message, capture_output=True, timeout=300,
                       check=False)
    if p.returncode == 2 and refusable:
        return None
    if p.returncode != 0:
        raise AssertionError("status %d: %s" % (p.returncode, p.stderr))
    return p.stdout


def check_leaf(part, leaf):
    dirty, raw, clean = leaf
    if not dirty:
        if part["Content-Transfer-Encoding"] == "8bit":
            got = part.get_payload(decode=True).decode("latin-1")
        else:
            got = part.get_payload()
        assert got.rstrip("\n") == raw.rstrip("\n"), \
            "changed:\n%r\n%r" % (raw, got)
        return
    data = part.get_payload(decode=True)
    # The last line end belongs to the message, not to the wide text.
    width = {"utf-16": 2, "utf-32": 4}.get(
        part.get_content_charset("utf-8")[:6], 1)
    data = data[:len(data) // width * width]
    got = data.decode(part.get_content_charset("utf-8"))
    if part.get_content_charset().startswith("utf-16be"):
        got = got.lstrip("\ufeff")
    want = "\n".join(x.rstrip() for x in clean.splitlines()).rstrip()
    got = "\n".join(x.rstrip() for x in got.splitlines()).rstrip()
    assert got == want, "text is\n%r\nnot\n%r" % (got, want)


def search(message, chance=False):
    """Nothing may show a secret.  By chance what stands beside one may make
    it another address, and tags stand in what is no HTML."""
    for text in texts(message):
        for form in forms(text, not chance):
            for secret in SECRETS:
                if secret in form and (not chance or re.search(
                        "(?<![a-z0-9._-])%s(?![a-z0-9-])" % re.escape(secret),
                        form)):
                    raise AssertionError("%s in %r" % (secret, text))


def broken(seed):
    """What is broken may be refused, or lose its form, but leaks nothing."""
    m = Maker(seed)
    m.charsets = m.charsets[:4]     # a wide text that is cut is no text
    head, body = m.entity(0)
    out = run(b"Subject: x\nMIME-Version: 1.0\n" + head.encode("latin-1") +
              b"\n" + mutate(m.r, body.encode("latin-1")) + b"\n", True)
    if out is not None:
        search(email.message_from_bytes(out), True)


def one(seed):
    m = Maker(seed)
    head, body = m.entity(0)
    raw = ("Subject: x\nMIME-Version: 1.0\n" + head + "\n" + body).encode(
        "latin-1")
    parsed = email.message_from_bytes(run(raw))
    search(parsed)
    found = list(leaves(parsed))
    assert len(found) == len(m.leaves), "%d parts, not %d" % (
        len(found), len(m.leaves))
    for part, leaf in zip(found, m.leaves):
        check_leaf(part, leaf)


def main():
    first = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    for seed in range(first, first + count):
        try:
            one(seed)
            broken(seed)
        except Exception as e:
            sys.exit("seed %d: %s" % (seed, str(e)[:2000]))


if __name__ == "__main__":
    main()
