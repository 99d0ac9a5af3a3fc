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

"""The programs that are tested, and the world in which one runs: a
relay.conf, keys and a database in a directory of their own."""

import os
import subprocess
import tempfile
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
OBJ = os.environ.get("OBJ", os.path.join(TOP, "obj"))
PATIENCE = 100.0	# seconds that a busy machine may take for anything
# A process that others may not read cannot be searched for leaks, either;
# what is freed is not to be kept for long where memory is measured.
SANITIZER = {"ASAN_OPTIONS": "detect_leaks=0:quarantine_size_mb=1"}


class Gone(Exception):
    """The program has closed its end: smtpd would stop now."""


class Silent(Exception):
    """No answer by the deadline: smtpd would wait for ever."""


class Fatal(Exception):
    """An answer at which smtpd would call fatal()."""


def wait_for(what, condition, timeout=PATIENCE):
    """Polls until condition() holds and returns its value."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Silent("no %s within %g s" % (what, timeout))
        time.sleep(0.01)


def build(program, *variables):
    """Makes a program below regress/, and returns its path."""
    path = os.path.join(OBJ, "regress", program)
    subprocess.run(["flock", OBJ, "make", "-s", "-f", "Makefile.linux",
                    "OBJ=" + OBJ, *variables, path], cwd=TOP, check=True)
    return path


def children(pid):
    """The processes that a program has started, by their roles."""
    found = {}
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        pids = f.read().split()
    for child in pids:
        try:
            with open("/proc/%s/cmdline" % child, "rb") as f:
                title = f.read().rstrip(b"\0 ").split(b"\0")[0].decode()
        except OSError:
            continue
        found[title.split(": ")[-1].strip()] = int(child)
    return found


class Seeder:
    """A program of regress/tool that answers each command with some lines
    and "ok"."""

    def __init__(self, command):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def seed(self, command):
        """What it prints before its "ok"."""
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        lines = []
        while True:
            line = self.process.stdout.readline().rstrip("\n")
            if line == "ok":
                return lines
            if not line or line.startswith("error"):
                raise RuntimeError("%s: %s" % (command, line))
            lines.append(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class World:
    """A directory with a relay.conf, keys and a database, gone afterwards."""

    tools = {}		# paths of what was built, by name

    def __init__(self, conf):
        self.tmp = tempfile.TemporaryDirectory()
        self.path = self.dir = self.tmp.name
        self.conf = os.path.join(self.path, "relay.conf")
        self.db = os.path.join(self.path, "db", "relay.db")
        self.key = os.path.join(self.path, self.key_file)
        for path in (self.db, self.key):
            os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(self.conf, "w") as f:
            f.write('database "%s"\nkey "%s"\n%s' % (self.db, self.key, conf))
        os.chmod(self.conf, 0o644)
        self.seeder = None

    key_file = "relay.key"

    @staticmethod
    def tool(name):
        """The path of a program of regress/tool, which is built once."""
        if name not in World.tools:
            World.tools[name] = build("tool/" + name)
        return World.tools[name]

    def start_seeder(self, name):
        self.seeder = Seeder([self.tool(name), self.db, self.key])

    def seed(self, command):
        return self.seeder.seed(command)

    def close(self):
        if self.seeder:
            self.seeder.close()
        self.tmp.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
