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

"""Messages: what people's programs write, and what must not be in them."""

import email
import email.policy
import html
import itertools
import re
import urllib.parse
from email.header import decode_header
from email.utils import getaddresses

HANDLE = re.compile(r"\+[a-z2-7]{16}@", re.I)
TOKEN = re.compile(r"relay\.[a-z2-7]{40,}", re.I)
_ids = itertools.count(1)


def text(lines):
    """Bytes with CR LF from a text with LF."""
    return lines.replace("\r\n", "\n").replace("\n", "\r\n").encode()


def parse(data):
    return email.message_from_bytes(data, policy=email.policy.compat32)


def header(msg, name):
    """The one field of this name, unfolded; None when there is none."""
    values = msg.get_all(name, [])
    assert len(values) <= 1, "%d fields named %s" % (len(values), name)
    if not values:
        return None
    return re.sub(r"\r?\n(?=[ \t])", "", str(values[0])).strip()


def decoded(value):
    """A header value with its encoded words decoded."""
    out = ""
    for part, charset in decode_header(value or ""):
        if isinstance(part, bytes):
            part = part.decode(charset or "latin-1", "replace")
        out += part
    return out


def addresses(msg, *names):
    """The addresses in these fields, in order."""
    values = [re.sub(r"\r?\n(?=[ \t])", "", str(v))
              for n in names for v in msg.get_all(n, [])]
    return [a for _, a in getaddresses(values)]


def message(sender, to, subject, body="Hello.\n", extra="", mid=None,
            date="Sat, 21 Nov 2026 10:00:00 +0200"):
    """A plain message; extra holds more header lines, each with its LF."""
    if mid is None:
        mid = "<%d.message@%s>" % (next(_ids), sender.split("@")[-1].strip(">"))
    return text("From: %s\nTo: %s\nSubject: %s\nDate: %s\nMessage-ID: %s\n"
                "%s\n%s" % (sender, to, subject, date, mid, extra, body))


class Writer:
    """How somebody's mail program writes a reply."""

    def __init__(self, address, name, laptop, trace=True):
        self.address = address
        self.name = name
        self.laptop = laptop
        self.trace = trace

    def sender(self):
        return '"%s" <%s>' % (self.name, self.address)

    def head(self):
        """The lines that an own provider and program leave behind."""
        if not self.trace:
            return ""
        return ("Received: from %s (unknown [192.168.44.5])\n"
                "\tby mx.%s with ESMTPSA id q1;\n"
                "\tSat, 21 Nov 2026 10:00:00 +0200\n"
                "User-Agent: SecretMailer/1.0 (%s)\n"
                "X-Originating-IP: [192.168.44.5]\n"
                "Organization: Home of %s\n" % (
                    self.laptop, self.address.split("@")[1], self.laptop,
                    self.name))

    def reply(self, copy, body="Here is your answer.\n", everyone=False,
              threads=True, ctype=None, extra="", subject=None, mid=None,
              sender=None):
        """A reply to a message that came, with the original quoted.  The
        result is the recipients and the message."""
        msg = parse(copy)
        to = addresses(msg, "Reply-To") or addresses(msg, "From")
        cc = []
        if everyone:
            cc = [a for a in addresses(msg, "To", "Cc")
                  if a.lower() != self.address.lower() and a not in to]
        refs = ""
        if threads:
            old = " ".join(msg.get("References", "").split() +
                           [msg["Message-ID"].strip()])
            refs = "In-Reply-To: %s\nReferences: %s\n" % (
                msg["Message-ID"].strip(), old.replace(" ", "\n "))
        if cc:
            refs += "Cc: %s\n" % ",\n ".join(cc)
        if ctype:
            refs += "MIME-Version: 1.0\nContent-Type: %s\n" % ctype
        if subject is None:
            subject = decoded(header(msg, "Subject"))
            if not subject.lower().startswith("re:"):
                subject = "Re: " + subject
        mid = mid or "<%d.reply@%s>" % (next(_ids), self.laptop)
        data = message(sender or self.sender(), ", ".join(to), subject, body,
                       refs + extra, mid=mid)
        return to + cc, text(self.head()) + data


def quote(copy):
    """The original as mail programs quote it, with its writer's address."""
    msg = parse(copy)
    lines = ["On Sat, 21 Nov 2026, %s wrote:" % decoded(header(msg, "From"))]
    for part in msg.walk():
        if part.get_content_type() == "text/plain":
            body = part.get_payload(decode=True).decode("utf-8", "replace")
            lines += ["> " + x for x in body.splitlines()]
            break
    return "\n".join(lines) + "\n"


def views(data):
    """Every way in which somebody could read a message: as it is, with
    headers decoded, with every part decoded, and with HTML and percent signs
    undone.  Pairs of a name and a text."""
    raw = data.decode("utf-8", "replace")
    yield "raw", raw
    yield "unfolded", re.sub(r"\r?\n[ \t]+", "", raw)
    msg = parse(data)
    for number, part in enumerate(msg.walk()):
        for name, value in part.items():
            yield "header %s of part %d" % (name, number), decoded(
                re.sub(r"\r?\n(?=[ \t])", "", str(value)))
        if part.is_multipart():
            continue
        body = part.get_payload(decode=True) or b""
        charset = part.get_content_charset() or "utf-8"
        try:
            shown = body.decode(charset, "replace")
        except LookupError:
            shown = body.decode("latin-1")
        yield "part %d" % number, shown
        yield "part %d as HTML" % number, html.unescape(shown)
        yield "part %d unquoted" % number, urllib.parse.unquote(shown)
        yield "part %d without tags" % number, html.unescape(
            re.sub(r"<[^>]*>", "", shown))


def leaks(data, private):
    """What of the private strings, the tokens and the handles is in a
    message: a list of sentences, empty when it is clean."""
    found = []
    for where, shown in views(data):
        low = shown.lower()
        found += ["%s: %r" % (where, p) for p in private if p.lower() in low]
        for what in (HANDLE, TOKEN):
            m = what.search(shown)
            if m:
                found.append("%s: %r" % (where, m.group()))
    return found
