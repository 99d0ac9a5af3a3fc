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

"""Real mail programs, and the provider that takes mail from them."""

import os
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time

from relaytest import ns
from relaytest.relay import Client
from relaytest.sink import Sink

MUTTRC = """set from="%(address)s" realname="%(name)s" use_from=yes
set envelope_from_address="%(address)s" use_envelope_from=yes
set smtp_url="smtp://%(host)s:587/" ssl_starttls=no ssl_force_tls=no
set hostname=%(laptop)s
set folder="%(home)s" spoolfile="%(home)s/mbox" record="" postponed=""
set header_cache="" fast_reply=yes include=yes abort_unmodified=no
set editor="%(home)s/edit" edit_headers=yes confirmappend=no confirmcreate=no
set delete=no quit=yes wait_key=no beep=no move=no mark_old=no
set text_flowed=no send_charset="utf-8" charset="utf-8" sig_dashes=no
set crypt_use_gpgme=no reply_self=no help=no
unset signature
%(more)s
"""


class Provider(Sink):
    """A worker's mail provider: takes mail from her program on port 587,
    leaves its trace, and hands it on; what our server says is kept."""

    def __init__(self, host, name):
        super().__init__(host, name, 587)
        self.host_of = host
        self.outcomes = []

    def store(self, session, data):
        trace = ("Received: from %s ([192.168.44.5])\r\n\tby %s with ESMTPSA;"
                 "\r\n\tSat, 21 Nov 2026 10:00:00 +0200\r\n" % (
                     session.helo, self.name)).encode()
        client = Client(self.host_of, helo=self.name)
        self.outcomes.append(client.message(
            session.sender, [r for r, _ in session.rcpts], trace + data))
        client.close()


def write_mbox(path, mails):
    """A mail folder that both programs read."""
    with open(path, "wb") as f:
        for m in mails:
            f.write(b"From x@y Sat Nov 21 10:00:00 2026\n")
            f.write(m.replace(b"\r\n", b"\n").replace(b"\nFrom ",
                                                      b"\n>From ") + b"\n\n")


class Program:
    """A worker at her machine, with a folder of the mails she got."""

    def __init__(self, relay, who, mails):
        self.who = who
        self.host = relay.worker.host
        self.home = tempfile.mkdtemp(prefix="relaytest-mua-")
        self.mbox = os.path.join(self.home, "mbox")
        write_mbox(self.mbox, mails)

    def close(self):
        shutil.rmtree(self.home)

    def environment(self):
        return {"HOME": self.home, "PATH": "/usr/bin:/bin", "TERM": "xterm",
                "LC_ALL": "C.UTF-8", "TMPDIR": self.home, "MAILRC": "/dev/null"}

    def snail(self, keys):
        """Runs s-nail on the folder; keys is what is typed."""
        args = ["s-nail", "-#", "-:/", "-Sv15-compat", "-Ssendwait",
                "-Smta=smtp://%s:587" % self.host.address, "-Ssmtp-auth=none",
                "-Shostname=" + self.who.laptop,
                "-Sfrom=%s <%s>" % (self.who.name, self.who.address),
                "-Sttycharset=utf-8", "-Squote", "-f", self.mbox]
        return subprocess.run(self.host.command(args), input=keys.encode(),
                              env=self.environment(), timeout=60,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT).stdout.decode()

    def mutt(self, push, body, more="", attach=None):
        """Runs mutt in a terminal: push answers the first message, and the
        editor puts body above the quote."""
        self.editor(body)
        rc = os.path.join(self.home, "muttrc")
        with open(rc, "w") as f:
            f.write(MUTTRC % {
                "address": self.who.address, "name": self.who.name,
                "host": self.host.address, "laptop": self.who.laptop,
                "home": self.home, "more": more})
        args = self.host.command(["mutt", "-n", "-F", rc, "-f", self.mbox,
                                  "-e", 'push "<first-entry>%s"' % push])
        typed = [("Mutt: Compose", "y"), ("Mail sent", "q")]
        if attach:
            typed[:1] = [("Mutt: Compose", "a"),
                         ("Attach file", attach + "\r"),
                         (os.path.basename(attach)[-8:] + r"\s", "y")]
        return self.terminal(args, typed)

    def editor(self, body):
        """An editor that adds a text after the header it is given."""
        text = os.path.join(self.home, "text")
        with open(text, "w") as f:
            f.write(body)
        path = os.path.join(self.home, "edit")
        with open(path, "w") as f:
            f.write("#!/bin/sh\nawk -v t=%s '{print} /^$/ && !d {d = 1; "
                    "while ((getline l <t) > 0) print l}' \"$1\" >%s.new && "
                    "cat %s.new >\"$1\"\n" % (text, text, text))
        os.chmod(path, 0o755)

    def terminal(self, args, typed, timeout=20):
        """Runs a program in a terminal of its own until it ends; typed is
        what to wait for on the screen, and what then to type.  Where the
        editor took longer than a second mutt asks about that, too."""
        pid, fd = pty.fork()
        if pid == 0:
            os.execvpe(args[0], args, self.environment())
        shown, seen = "", 0
        end = time.monotonic() + timeout * ns.PATIENCE
        typed = list(typed)
        while time.monotonic() < end:
            if not select.select([fd], [], [], 0.2)[0]:
                continue
            try:
                data = os.read(fd, 65536)
            except OSError:
                break
            shown += data.decode("utf-8", "replace")
            asked = re.search(r"Update encoding for.*\?", shown[seen:])
            if asked:
                seen += asked.end()
                os.write(fd, b"y")
            found = typed and re.search(typed[0][0], shown[seen:])
            if found:
                seen += found.end()
                os.write(fd, typed.pop(0)[1].encode())
        else:
            os.kill(pid, 9)
        os.close(fd)
        os.waitpid(pid, 0)
        return shown
