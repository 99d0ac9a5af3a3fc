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


"""A world for a table about who sends."""

import os
import re
import subprocess

from ports import free_port
from tablepeer import MAILADDRMAP, World

PASSWORD = "correct:horse|battery staple'"


class Senders(World):
    """A world with two accounts, and some whose mail leaves through them."""

    def __init__(self, alternates="allow", more="", replies="", **kw):
        self.port = free_port()
        super().__init__(more="outbound {\n\talternates %s\n"
                         "\tcourier 127.0.0.1 port %d\n%s}\n"
                         % (alternates, self.port, more), **kw)
        if replies:
            with open(self.conf) as f:
                text = f.read()
            with open(self.conf, "w") as f:
                f.write(text.replace("replies {", "replies {\n\t" + replies))

    def certificate(self):
        """What init makes for the courier."""
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-days", "10",
             "-subj", "/CN=courier", "-addext",
             "subjectAltName=IP:127.0.0.1", "-keyout", "courier.key",
             "-out", "courier.crt"], cwd=self.path, check=True,
            capture_output=True)
        os.chmod(os.path.join(self.path, "courier.key"), 0o640)
        return self

    def fill(self):
        self.many(
            "account Partner smtp+tls://bob%40partner.example@"
            "smtp.partner.example:587 " + PASSWORD,
            "account other smtps://me@smtp.other.example:465 secret2",
            "identity bob bob.smith@partner.example Partner",
            "identity bob @family.example Partner",
            "identity bob plain@family.example -",
            "unverified bob soon@partner.example Partner",
            "identity eve eve@other.example other",
            "worker carl carl-login carl@home.example")
        return self


def senders(kind, world):
    return kind(world, "mail_senders")


def routed(t, *keys):
    for key in keys:
        assert t.check(key) == "found", key


def default(t, *keys):
    for key in keys:
        assert t.check(key) == "not-found", key


def may(t, login):
    """What smtpd would make of the list."""
    answer = t.lookup(login, MAILADDRMAP)
    if answer == "not-found":
        return []
    assert answer.startswith("found "), answer
    return sorted(re.sub(r"\\(.)", r"\1", x) for x in answer[6:].split(","))
