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

"""A private machine that runs one release of smtpd with our programs, on a
network of its own with other people's mail hosts."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from relaytest import ns
from relaytest.dns import Dns
from relaytest.sink import Sink

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
TREES = os.environ.get("TREES", "/var/cache/opensmtpd-relay/trees")
RELEASES = ("6.8", "7.6", "7.9")
ADDRESS = "10.77.0.1"
LIBEXEC = "/usr/libexec/opensmtpd"
SANE = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
        "HOME=/root"]


class Site:
    """Somebody else's domains: a host with an address, a sink on port 25."""

    def __init__(self, world, address, *domains):
        self.world = world
        self.host = ns.Host(world.pid, address)
        self.sink = Sink(self.host, "mx." + domains[0])
        for domain in domains:
            world.dns.domain(domain, address)

    def close(self):
        self.sink.close()
        self.host.close()


class Machine:
    """The namespaces, the files and the processes of a private machine."""

    def __init__(self, release):
        self.release = release
        self.dir = tempfile.mkdtemp(prefix="relaytest-")
        self.stage = os.path.join(TOP, "obj/stage", release)
        base = "/" if release == "6.8" else os.path.join(TREES, release)
        script = os.path.join(os.path.dirname(__file__), "../world.sh")
        stage = [self.stage] if os.path.isdir(self.stage) else []
        self.holder = ns.Holder(
            ["unshare", "-m", "-n", "-p", "-u", "-i", "-f", "--kill-child",
             "sh", script, self.dir, base] + stage, True)
        self.pid = self.holder.pid
        self.root = "/proc/%d/root" % self.pid
        self.logfile = open(self.dir + ".log", "w+b")
        self.loglock = threading.Lock()
        ns.make_hub(self.pid, ADDRESS)
        self.start_syslog()

    def close(self):
        self.syslog.close()
        self.holder.close()
        self.logfile.close()
        keep = os.environ.get("RELAYTEST_LOG")
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

    def run(self, args, check=True, text=None, timeout=60):
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


class World(Machine):
    """A machine with smtpd, a name server and three other sites."""

    def __init__(self, release):
        super().__init__(release)
        self.smtpd = None
        self.sites = []
        try:
            sock = ns.socket_in(self.pid, socket.SOCK_DGRAM)
            sock.bind(("127.0.0.1", 53))
            self.dns = Dns(sock)
            self.dns.domain("company.example", ADDRESS)
            self.customer = self.site("10.77.1.1", "customer.test")
            self.worker = self.site("10.77.2.1", "home.example",
                                    "freemail.example")
            self.stranger = self.site("10.77.3.1", "elsewhere.test")
        except BaseException:
            self.close()
            raise

    def site(self, address, *domains):
        self.sites.append(Site(self, address, *domains))
        return self.sites[-1]

    def sinks(self):
        return [s.sink for s in self.sites]

    def close(self):
        if self.smtpd is not None:
            with contextlib.suppress(Exception):
                self.stop_smtpd()
        for site in self.sites:
            site.close()
        if hasattr(self, "dns"):
            self.dns.close()
        super().close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def add_user(self, name, uid, password="*"):
        """An ordinary local user with a home and a Maildir."""
        for path, line in (
                ("/etc/passwd", "%s:x:%d:%d::/home/%s:/bin/sh\n"),
                ("/etc/group", "%s:x:%d:\n"),
                ("/etc/shadow", "%s:%s:19000:0:99999:7:::\n")):
            values = {"/etc/passwd": (name, uid, uid, name),
                      "/etc/group": (name, uid),
                      "/etc/shadow": (name, password)}[path]
            with open(self.path(path), "a") as f:
                f.write(line % values)
        os.makedirs(self.path("/home/" + name), exist_ok=True)
        os.chown(self.path("/home/" + name), uid, uid)

    def local_mails(self, name):
        """The messages in a local user's Maildir, oldest first."""
        new = self.path("/home/%s/Maildir/new" % name)
        if not os.path.isdir(new):
            return []
        files = sorted((os.path.join(new, f) for f in os.listdir(new)),
                       key=os.path.getmtime)
        out = []
        for file in files:
            with open(file, "rb") as f:
                out.append(f.read())
        return out

    # smtpd

    def start_smtpd(self, conf=None):
        """Starts smtpd and waits until it greets."""
        if conf is not None:
            self.write("/etc/smtpd.conf", conf, 0o600)
        self.smtpd = subprocess.Popen(
            self.command(["smtpd", "-d"]), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        threading.Thread(target=self.read_smtpd, args=(self.smtpd.stdout,),
                         daemon=True).start()
        ns.wait_for("greeting of smtpd", self.greets, 30)

    def read_smtpd(self, pipe):
        for line in pipe:
            self.add_log(line)
        pipe.close()

    def greets(self):
        if self.smtpd.poll() is not None:
            raise RuntimeError("smtpd does not start: " + self.log()[-2000:])
        with self.customer.host.socket() as s:
            s.settimeout(5)
            try:
                s.connect((ADDRESS, 25))
                return s.recv(512).startswith(b"220")
            except OSError:
                return False

    def smtpd_alive(self):
        return self.smtpd is not None and self.smtpd.poll() is None

    def stop_smtpd(self):
        """Ends smtpd as the administrator does."""
        pid = ns.child_of(self.smtpd.pid)
        if pid:
            os.kill(pid, signal.SIGTERM)
        try:
            self.smtpd.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.kill(r"\bsmtpd\b")
            self.smtpd.wait(timeout=5)
        self.smtpd = None

    def smtpctl(self, *args):
        r = self.run(["smtpctl"] + list(args), check=False)
        return (r.stdout + r.stderr).decode("utf-8", "replace")

    def queue(self):
        """The lines of smtpctl show queue: one for each envelope."""
        return [x for x in self.smtpctl("show", "queue").splitlines() if x]

    def retry(self):
        """Tries everything in the queue at once."""
        return self.smtpctl("schedule", "all")

    def wait_queue_empty(self, timeout=30):
        """Waits until smtpd has nothing to do, retrying what waits."""
        end = time.monotonic() + timeout
        nudge = time.monotonic()
        while self.queue():
            if time.monotonic() > end:
                raise ns.Timeout("queue is not empty:\n" +
                                 "\n".join(self.queue()))
            if time.monotonic() > nudge:
                self.retry()
                nudge = time.monotonic() + 2
            time.sleep(0.1)

    # Our programs

    def ctl(self, *args, check=True, text=None):
        """Runs smtprelayctl and returns its standard output."""
        r = self.run(["smtprelayctl"] + list(args), check=check, text=text)
        return r.stdout.decode("utf-8", "replace")
