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

"""The other side of the tests in which mail is forged.  Who forges it is
fully authenticated as evil.example, whose name servers answer whatever helps,
and is never to pass for a worker or for the worker's domain."""

import base64
import hashlib
import re
import subprocess
import tempfile

from dnspeer import Names
from filterpeer import RECEIVED, Filter, Session, World, main

ALICE = "alice@home.example"
EVIL = "any@evil.example"
BOX = "support@company.example"
START = "support+to-victim=customer.test@company.example"
NEAR, FAR = "192.0.2.1:25", "198.51.100.7:25"
A, E = "<%s>" % ALICE, "<%s>" % EVIL
# Who would be shown as the writer if one of these were believed.
PASS = re.compile(r"(dkim|spf|dmarc)=pass [^;]*[@=]home\.example(?![\w.-])")


class Key:
    """A signer of anything, as RFC 6376 has it: simple, without a doubt."""

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile()
        self.file.write(subprocess.run(
            ["openssl", "genrsa", "-traditional", "1024"], check=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)
        self.file.flush()
        der = subprocess.run(
            ["openssl", "rsa", "-in", self.file.name, "-pubout", "-outform",
             "DER"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            check=True).stdout
        self.record = "v=DKIM1; p=" + base64.b64encode(der).decode()

    def sign(self, lines, d="evil.example", s="s", h="from:subject", more="",
             body=None, b=None, edit=("", "")):
        """The lines (without Received) with a signature on top: over the
        last fields of these names, and so many bytes of the body or all;
        edit replaces what is signed of itself."""
        head, text = fields(lines)
        text = "".join(x + "\r\n" for x in text)
        while text.endswith("\r\n\r\n"):
            text = text[:-2]
        if body is not None:
            text = text[:body]
        bh = base64.b64encode(hashlib.sha256(
            text.encode("latin-1")).digest()).decode()
        field = ("DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; d=%s; "
                 "s=%s; h=%s; %sbh=%s; b=" % (d, s, h, more, bh))
        field = field.replace(*edit) if edit[0] else field
        data = ""
        rest = list(head)
        for name in h.lower().split(":"):
            for i in range(len(rest) - 1, -1, -1):
                if rest[i].split(":")[0].strip().lower() == name.strip():
                    data += rest.pop(i)
                    break
        out = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", self.file.name],
            input=(data + field).encode("latin-1"), check=True,
            stdout=subprocess.PIPE).stdout
        return [field + (b or base64.b64encode(out).decode())] + lines


def fields(lines):
    """The fields of a message, with CR LF, and the lines of its body."""
    head = []
    for i, line in enumerate(lines):
        if line == "":
            return head, lines[i + 1:]
        if line[0] in " \t" and head:
            head[-1] += line + "\r\n"
        else:
            head.append(line + "\r\n")
    return head, []


HOME, THEIRS, NAMES = None, None, None


def reset():
    """What stands in the DNS."""
    names = NAMES
    names.down.clear()
    names.txt.clear()
    names.txt["home.example"] = ["v=spf1 ip4:192.0.2.1 -all"]
    names.txt["s._domainkey.home.example"] = [HOME.record]
    names.txt["_dmarc.home.example"] = ["v=DMARC1; p=none"]
    for name in ("evil.example", "any.evil.example", "a.evil.example",
                 "home.example.evil.example", "evil-home.example",
                 "home.example(a.evil.example", "home.example'@evil.example",
                 "home.example'a.evil.example", "home.example\0.evil.example",
                 "example", "home.example@evil.example"):
        names.txt[name] = ["v=spf1 +all"]
        names.txt["s._domainkey." + name] = [THEIRS.record]


def play(tests):
    """Runs them where the name server is ours; see dnspeer.alone()."""
    global HOME, THEIRS, NAMES
    HOME, THEIRS, NAMES = Key(), Key(), Names()
    main(tests)


def evil(lines, **how):
    """Signed by evil.example, or what it can do; see Key.sign()."""
    return THEIRS.sign(lines, **how)


def hers(lines, d="home.example", **how):
    """Signed as alice's provider does."""
    return HOME.sign(lines, d, **how)


def mail(head, body=("Hello", "")):
    """A message without its Received, from these lines."""
    return list(head) + ["To: " + BOX, "Subject: hello",
                         "Date: Sat, 21 Nov 2026 22:00:00 +0000",
                         "Message-ID: <orig@evil.example>", ""] + list(body)


def send(f, world, lines, sender, src, rcpt, top=(), **session):
    """What went on, and the verdict, of a message below smtpd's line."""
    s = Session(f, src=src, **session)
    answer = s.mail(sender)
    if answer != "proceed":
        return [], answer
    answer = s.rcpt(rcpt)
    if answer != "proceed":
        return [], answer
    return s.data(list(top) + RECEIVED + lines), s.commit()


def believed(got, verdict):
    """Is it taken for somebody's who is not evil.example?"""
    text = " ".join(got)
    head = text.split(" Received: ")[0]
    if verdict == "proceed" and any(
            x.startswith("X-Relay-Reply:") for x in got):
        return "taken for the worker"
    if PASS.search(head):
        return "taken for authenticated: " + head
    return None


def try_all(mode, cases, **session):
    """Sends each (name, lines, sender, source) to a handle, to the mailbox
    and to somebody new; genuine mail must pass before and after."""
    reset()
    wrong = []
    with World("authenticate %s\nstart allow" % mode) as world, \
            Filter(world) as f:
        good = mail(["From: " + ALICE])
        for case in [None] + list(cases) + [None]:
            for rcpt in (world.handle, BOX, START):
                if case is None:
                    for lines, src in ((good, NEAR), (hers(
                            good, "Home.EXAMPLE"), FAR)):
                        got, verdict = send(f, world, lines, ALICE, src, rcpt)
                        assert believed(got, verdict), (got, verdict)
                    continue
                name, lines, sender, src = case
                got, verdict = send(f, world, lines, sender, src, rcpt,
                                    **session)
                why = believed(got, verdict)
                if why is None and rcpt == world.handle and \
                        verdict == "proceed" and got[-len(lines):] != lines:
                    why = "was changed"
                if why is not None:
                    wrong.append("%s to %s: %s" % (name, rcpt, why))
    assert not wrong, "\n".join(wrong)
    assert len({c[0] for c in cases}) == len(cases), "names"


def b64(text):
    return "=?utf-8?B?%s?=" % base64.b64encode(text.encode()).decode()


def q(text):
    return "=?utf-8?Q?%s?=" % "".join("=%02X" % x for x in text.encode())
