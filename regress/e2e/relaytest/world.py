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
import signal
import socket
import subprocess
import threading
import time

from relaytest import ns
from relaytest.box import Box
from peers.dns import Dns
from relaytest.sink import Sink

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
TREES = os.environ.get("TREES", "/var/cache/opensmtpd-relay/trees")
RELEASES = ("6.8", "7.6", "7.9")
ADDRESS = "10.77.0.1"
ADDRESS6 = "fd77::1"
LIBEXEC = "/usr/libexec/opensmtpd"


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


class Machine(Box):
    """The machine that runs our programs, with the bridge of the network."""

    def __init__(self, release):
        self.release = release
        base = "/" if release == "6.8" else os.path.join(TREES, release)
        super().__init__(base, os.path.join(TOP, "obj/stage", release))
        ns.make_hub(self.pid, ADDRESS, ADDRESS6)

    def close(self, keep=None):
        super().close(keep or os.environ.get("RELAYTEST_LOG"))


class World(Machine):
    """A machine with smtpd, a name server and three other sites."""

    def __init__(self, release):
        super().__init__(release)
        self.smtpd = None
        self.sites = []
        ns.nudgers.append(self.nudge)
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
        if self.nudge in ns.nudgers:
            ns.nudgers.remove(self.nudge)
        if self.smtpd is not None:
            with contextlib.suppress(Exception):
                self.stop_smtpd(all_of_it=False)
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

    def stop_smtpd(self, all_of_it=True):
        """Ends smtpd as the administrator does; what it ran of ours ends a
        little later, unless it hangs."""
        pid = ns.child_of(self.smtpd.pid)
        if pid:
            os.kill(pid, signal.SIGTERM)
        try:
            self.smtpd.wait(timeout=15 * ns.PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill(r"\bsmtpd\b")
            self.smtpd.wait(timeout=5 * ns.PATIENCE)
        self.smtpd = None
        if all_of_it:
            with contextlib.suppress(ns.Timeout):
                ns.wait_for("end of our programs", lambda: not self.pids(
                    r"(filter|table|mda)-relay"), 4)

    def smtpctl(self, *args):
        r = self.run(["smtpctl"] + list(args), check=False)
        return (r.stdout + r.stderr).decode("utf-8", "replace")

    def queue(self):
        """The lines of smtpctl show queue: one for each envelope."""
        return [x for x in self.smtpctl("show", "queue").splitlines() if x]

    def retry(self):
        """Tries everything in the queue at once."""
        return self.smtpctl("schedule", "all")

    def nudge(self):
        """What failed for a moment, of a busy machine say, is tried again;
        by itself smtpd would wait for minutes."""
        if self.smtpd_alive():
            self.add_log(b"test: retries what is in the queue\n")
            self.retry()

    def wait_queue_empty(self, timeout=30):
        """Waits until smtpd has nothing to do, retrying what waits."""
        end = time.monotonic() + timeout * ns.PATIENCE
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
