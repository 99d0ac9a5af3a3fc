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

"""A private machine: namespaces, files, processes and a log of its own."""

import contextlib
import os
import re
import shutil
import signal
import socket
import tempfile
import threading

from relaytest import ns

SANE = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
        "HOME=/root"]
SCRIPT = os.path.join(os.path.dirname(__file__), "../world.sh")


class Box:
    """What is written on it, over the directory base and a copy of stage, is
    gone with it.  It has a network of its own, or is on that of host."""

    def __init__(self, base, stage=None, host=None, name="mx.company.example"):
        self.dir = tempfile.mkdtemp(prefix="relaytest-")
        args = ["unshare", "-m", "-p", "-u", "-i", "-f", "--kill-child"]
        if host is None:
            args.append("-n")
        else:
            args = host.command(args)
        args += ["sh", SCRIPT, self.dir, base, name]
        if stage and os.path.isdir(stage):
            args.append(stage)
        self.holder = ns.Holder(args, True)
        self.pid = self.holder.pid
        self.root = "/proc/%d/root" % self.pid
        self.logfile = open(self.dir + ".log", "w+b")
        self.loglock = threading.Lock()
        self.start_syslog()

    def close(self, keep=None):
        """Ends everything on it; what was logged goes to the file keep."""
        self.syslog.close()
        self.holder.close()
        self.logfile.close()
        if keep:
            shutil.move(self.dir + ".log", keep)
        else:
            os.unlink(self.dir + ".log")
        os.rmdir(self.dir)

    # Files

    def path(self, name):
        """The path by which we reach a file of the machine."""
        return self.root + name

    def write(self, name, text, mode=0o644, owner=None):
        data = text if isinstance(text, bytes) else text.encode()
        with open(self.path(name), "wb") as f:
            f.write(data)
        os.chmod(self.path(name), mode)
        if owner:
            self.run(["chown", owner, name])

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    # Commands

    def command(self, args):
        """The arguments that run a command on the machine."""
        return ["nsenter", "-t", str(self.pid), "-m", "-n", "-p", "-u", "-i",
                "-r", "-w", "--"] + SANE + list(args)

    def run(self, args, check=True, text=None, timeout=60 * ns.PATIENCE):
        """Runs a command there; text is its standard input."""
        data = b"" if text is None else text.encode()
        return ns.run(self.command(args), check=check, input=data,
                      timeout=timeout)

    # Logs

    def start_syslog(self):
        self.syslog = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.syslog.bind(self.path("/dev/log"))
        os.chmod(self.path("/dev/log"), 0o666)
        threading.Thread(target=self.read_syslog, daemon=True).start()

    def read_syslog(self):
        while True:
            try:
                line = self.syslog.recv(65536)
            except OSError:
                return
            if not line:
                return
            self.add_log(re.sub(rb"^<\d+>", b"", line).rstrip(b"\n\0") + b"\n")

    def add_log(self, line):
        with self.loglock:
            if not self.logfile.closed:
                self.logfile.write(line)
                self.logfile.flush()

    def log(self, start=0):
        """What was logged, by smtpd, our programs and everything else."""
        with open(self.dir + ".log", "rb") as f:
            f.seek(start)
            return f.read().decode("utf-8", "replace")

    def log_mark(self):
        with self.loglock:
            return self.logfile.tell()

    def wait_log(self, pattern, start=0, timeout=20):
        """Waits for a line that matches and returns the match."""
        return ns.wait_for("log line /%s/" % pattern, lambda: re.search(
            pattern, self.log(start), re.M), timeout)

    # Processes

    def processes(self):
        """(pid, title) of every process of the machine."""
        mine = os.readlink("/proc/%d/ns/pid" % self.pid)
        found = []
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            with contextlib.suppress(OSError):
                if os.readlink("/proc/%s/ns/pid" % name) != mine:
                    continue
                with open("/proc/%s/cmdline" % name, "rb") as f:
                    title = f.read().replace(b"\0", b" ").decode("latin-1")
                found.append((int(name), title.strip()))
        return found

    def pids(self, pattern):
        """The processes of the machine whose title matches."""
        return [pid for pid, title in self.processes()
                if re.search(pattern, title)]

    def kill(self, pattern, sig=signal.SIGKILL):
        """Sends a signal to all whose title matches; returns how many."""
        pids = self.pids(pattern)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sig)
        return len(pids)
