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

"""Namespaces: machines that exist only while the process that made them
lives.  Each is held by a process that reads from a pipe of ours, so that even
our death by SIGKILL ends it and all that runs in it."""

import ctypes
import os
import signal
import socket
import subprocess
import threading
import time

CLONE_NEWNET = 0x40000000
# Deadlines are what a busy machine may need, times this: they are met at once
# by what is right, and only what is wrong waits for their end.
PATIENCE = 5
NUDGE_AFTER = 20	# seconds between two calls of the last of these
nudgers = []
_libc = ctypes.CDLL(None, use_errno=True)


class Timeout(Exception):
    """A condition did not come true by its deadline."""


def wait_for(what, condition, timeout=20.0, every=0.02):
    """Polls until condition() is true and returns its value; Timeout says
    what was waited for."""
    timeout *= PATIENCE
    now = time.monotonic()
    end, nudged = now + timeout, now
    while True:
        value = condition()
        if value:
            return value
        now = time.monotonic()
        if now > end:
            raise Timeout("no %s within %g seconds" % (what, timeout))
        if nudgers and now > nudged + NUDGE_AFTER:
            nudgers[-1]()
            nudged = time.monotonic()
        time.sleep(every)


def _setns(fd):
    if _libc.setns(fd, CLONE_NEWNET) != 0:
        err = ctypes.get_errno()
        raise OSError(err, os.strerror(err))


def socket_in(pid, kind=socket.SOCK_STREAM, family=socket.AF_INET):
    """A socket that belongs to the network namespace of the process pid."""
    box = []

    def work():
        try:
            with open("/proc/%d/ns/net" % pid) as f:
                _setns(f.fileno())
            box.append(socket.socket(family, kind))
        except OSError as e:
            box.append(e)

    # A thread that never comes back takes the changed namespace with it.
    t = threading.Thread(target=work)
    t.start()
    t.join()
    if isinstance(box[0], OSError):
        raise box[0]
    return box[0]


def run(args, check=True, timeout=60 * PATIENCE, **kw):
    """Runs a command to its end; its output is in the result."""
    r = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       timeout=timeout, **kw)
    if check and r.returncode != 0:
        raise RuntimeError("%s: status %d: %s" % (
            " ".join(args), r.returncode,
            (r.stderr + r.stdout).decode("utf-8", "replace").strip()))
    return r


def child_of(pid):
    """The only child of a process, or 0."""
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
            kids = f.read().split()
    except OSError:
        return 0
    return int(kids[0]) if kids else 0


class Holder:
    """A process that keeps namespaces alive until close()."""

    def __init__(self, args, forked):
        self.proc = subprocess.Popen(args, stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE,
                                     start_new_session=True)
        line = self.proc.stdout.readline()
        if line != b"ready\n":
            self.proc.kill()
            raise RuntimeError("%s: did not start: %r" % (args[0], line))
        self.pid = self.proc.pid
        if forked:
            self.pid = wait_for("namespace", lambda: child_of(self.proc.pid))

    def close(self):
        try:
            self.proc.stdin.close()
        except OSError:
            pass
        try:
            self.proc.wait(timeout=10 * PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self.proc.pid, signal.SIGKILL)
            self.proc.wait()
        self.proc.stdout.close()


class Host:
    """A machine on the test network: an address and nothing else.  Other
    machines are reached through the bridge in the network namespace of the
    first, whose process id is hub."""

    count = 0

    def __init__(self, hub, address, names=()):
        self.address = address
        self.names = names
        self.holder = Holder(
            ["unshare", "-n", "sh", "-c", "echo ready; exec cat"], False)
        self.pid = self.holder.pid
        Host.count += 1
        port = "port%d" % Host.count
        hub_ip(hub, "link", "add", port, "type", "veth", "peer", "name",
               "eth0", "netns", str(self.pid))
        hub_ip(hub, "link", "set", port, "master", "br0", "up")
        self.add_address(address)
        for link in ("lo", "eth0"):
            hub_ip(self.pid, "link", "set", link, "up")

    def add_address(self, address):
        """Gives this machine one more address."""
        add_address(self.pid, address, "eth0")

    def socket(self, kind=socket.SOCK_STREAM, family=socket.AF_INET):
        return socket_in(self.pid, kind, family)

    def command(self, args):
        """The arguments that run a command on this machine."""
        return ["nsenter", "-t", str(self.pid), "-n", "--"] + list(args)

    def close(self):
        self.holder.close()


def hub_ip(pid, *args):
    """Runs ip(8) in the network namespace of a process."""
    run(["nsenter", "-t", str(pid), "-n", "--", "ip"] + list(args))


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def add_address(pid, address, link):
    """An IPv4 or IPv6 address of the test network."""
    if ":" in address:
        hub_ip(pid, "addr", "add", address + "/64", "dev", link, "nodad")
    else:
        hub_ip(pid, "addr", "add", address + "/16", "dev", link)


def make_hub(pid, *addresses):
    """The bridge that the machines hang on, with our own addresses on it."""
    hub_ip(pid, "link", "set", "lo", "up")
    # With an address of its own, or it would take the lowest of its ports',
    # and change it under those who know it.
    hub_ip(pid, "link", "add", "br0", "address", "02:00:00:00:00:01", "type",
           "bridge")
    for address in addresses:
        add_address(pid, address, "br0")
    hub_ip(pid, "link", "set", "br0", "up")
