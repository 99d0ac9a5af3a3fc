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

"""usage: outboundbench.py [-n MAILS] [-s SENDERS] [-r ROUNDS] SINK

Mail of many senders, each through a server and a login of its own: smtpd with
the courier, and Postfix with sender_dependent_relayhost_maps and
smtp_sender_dependent_authentication.  The servers are all on the loopback
network beside the mail server that is measured.  Processor 0 is for what is
measured, processor 1 for the rest.  The rounds that count begin with the
sessions that the one before them left.

A round is timed from the first connection of 20 clients, which submit as fast
as the mail server takes mail, to the last reply of the providers' servers.
Both keep their queue in memory, and what both may do at once is more than the
processor lets them: Postfix has 100 processes of a kind, which is what it has
by default, and smtpd 200 connections to the courier, of which the mail of a
tenth of a second has five.  Postfix logs in for each mail; it keeps no
sessions with servers when who sends decides about the login.  Its TLS
sessions are resumed."""

import contextlib
import getopt
import os
import socket
import statistics
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../e2e"))

from relaytest import ns
from relaytest.certs import Authority
from relaytest.upstream import MASTER_CF, Server
from relaytest.world import World

CLIENTS = 20
# smtpd lets five connections wait.  Of more at once, and with cookies for SYN,
# Linux forgets some that the client believes in.
CONNECT = threading.Lock()
BUSY = 20
SIZE = 4096
BURST = 300
TICKS = os.sysconf("SC_CLK_TCK")
SINK_PORT = 1587
MAIN_CF = """compatibility_level = 3.6
myhostname = mx.company.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_host_lookup = native
sender_dependent_relayhost_maps = hash:/etc/postfix/relays
smtp_sender_dependent_authentication = yes
smtp_sasl_auth_enable = yes
smtp_sasl_password_maps = hash:/etc/postfix/words
smtp_sasl_security_options = noanonymous
smtp_sasl_tls_security_options = noanonymous
smtp_tls_security_level = secure
smtp_tls_CAfile = /etc/ssl/certs/ca-certificates.crt
smtp_tls_session_cache_database = btree:/var/lib/postfix/smtp_scache
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
default_process_limit = 100
default_destination_concurrency_limit = 100
initial_destination_concurrency = 100
qmgr_message_active_limit = 20000
in_flow_delay = 0
"""
RELAY_CONF = """database "/var/lib/smtprelay/relay.db"
key "/etc/mail/relay.key"
domain "company.example"
outbound {
	alternates allow
}
"""
SMTPD_CONF = """table mail_senders relay:/etc/mail/relay.conf
ca courier cert "/etc/mail/courier.crt"
mta limit for domain "127.0.0.1" max-conn-per-relay 5 \\
    max-conn-per-connector 5 max-conn-per-route 200 max-conn-per-host 200 \\
    max-conn-per-source 200 max-conn-per-domain 200 \\
    conn-delay-route 0 conn-delay-relay 0 reconn-delay-route 0 \\
    session-keepalive 0 task-hiwat 10000 task-lowat 5000 task-release 5000
listen on socket
listen on 127.0.0.1 port 2525 tag SUBMISSION
action "alternates" relay host <mail_senders> ca courier auth <mail_senders>
match tag SUBMISSION mail-from <mail_senders> for any action "alternates"
"""


def host(n):
    return "s%d.relay.example" % n


def sender(n):
    return "s%d@sender%d.example" % (n, n)


def hosts(count):
    return "127.0.0.1 localhost mx.company.example\n" + "".join(
        "127.1.%d.%d %s\n" % (n // 200, n % 200 + 1, host(n))
        for n in range(count))


def pinned(cpu, args):
    return ["taskset", "-c", str(cpu)] + args


class Sink:
    """The providers' servers, in the network of a machine."""

    def __init__(self, program, box, ca):
        cert, key = ca.issue("*.relay.example")
        self.path = box.dir + ".count"
        self.proc = subprocess.Popen(
            ["nsenter", "-t", str(box.pid), "-n", "--"] +
            pinned(1, [program, str(SINK_PORT), cert, key, self.path]))
        ns.wait_for("sink", lambda: os.path.exists(self.path) and
                    os.path.getsize(self.path) == 40)

    def counts(self):
        """How many mails, sessions and logins it has had, and how many mails
        wait for their last reply."""
        with open(self.path, "rb") as f:
            return struct.unpack("=QQQQ", f.read(32))

    def hold(self, value):
        """With 1 no mail gets its last reply."""
        with open(self.path, "r+b") as f:
            f.seek(32)
            f.write(struct.pack("=Q", value))

    def close(self):
        self.proc.kill()
        self.proc.wait()
        os.unlink(self.path)


def cpu_of(pid):
    """Seconds of processor time of a process and its ended children."""
    with contextlib.suppress(OSError):
        with open("/proc/%d/stat" % pid) as f:
            words = f.read().rsplit(")", 1)[1].split()
        return sum(int(x) for x in words[11:15]) / TICKS
    return 0


def cpu(box):
    """Seconds of processor time of all on a machine, the ended included."""
    return sum(cpu_of(pid) for pid, _ in box.processes())


def talk(pid, port, numbers, senders):
    """One client: a mail for each number, from its sender."""
    s = ns.socket_in(pid)
    s.settimeout(120)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    f = s.makefile("rb")

    def reply():
        while True:
            line = f.readline()
            if line[3:4] != b"-":
                return line

    def ask(text, code):
        s.sendall(text)
        line = reply()
        if not line.startswith(code):
            raise RuntimeError("%r: %r" % (text[:60], line))

    body = (b"x" * 70 + b"\r\n") * (SIZE // 72)
    with CONNECT:
        s.connect(("127.0.0.1", port))
        reply()
    ask(b"EHLO client.example\r\n", b"250")
    for n in numbers:
        me = sender(n % senders).encode()
        ask(b"MAIL FROM:<%s>\r\n" % me, b"250")
        ask(b"RCPT TO:<carol@customer.test>\r\n", b"250")
        ask(b"DATA\r\n", b"354")
        ask(b"From: <%s>\r\nTo: <carol@customer.test>\r\nSubject: %d\r\n"
            b"Date: Sat, 21 Nov 2026 10:00:00 +0200\r\n"
            b"Message-ID: <%d.%f@x.example>\r\n\r\n%s.\r\n" % (
                me, n, n, time.time(), body), b"250")
    s.sendall(b"QUIT\r\n")
    f.close()
    s.close()


def round_of(box, sink, port, mails, senders):
    """(mails a second, milliseconds of processor time a mail)"""
    first, before, begin = sink.counts()[0], cpu(box), time.monotonic()
    errors = []

    def work(numbers):
        try:
            for at in range(0, len(numbers), 90):
                talk(box.pid, port, numbers[at:at + 90], senders)
        except Exception as e:
            errors.append(e)

    threads = [threading.Thread(target=work,
                                args=(range(n, mails, CLIENTS),))
               for n in range(CLIENTS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if errors:
        raise errors[0]
    ns.wait_for("all mails", lambda: sink.counts()[0] - first >= mails, 300,
                0.005)
    took = time.monotonic() - begin
    return mails / took, 1000 * (cpu(box) - before) / mails


def listens(box, port):
    with ns.socket_in(box.pid) as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Postfix(Server):
    """The mail server to compare with."""

    port = 25

    def __init__(self, world, ca, senders):
        super().__init__(world, "mx.company.example", "10.77.5.1", "upstream",
                         {}, ca)
        self.write("/etc/hosts", hosts(senders))
        self.write("/etc/ssl/certs/ca-certificates.crt", ca.pem())
        self.write("/etc/postfix/main.cf", MAIN_CF)
        self.write("/etc/postfix/master.cf", MASTER_CF +
                   "smtp inet n - n - 100 smtpd\n")
        self.write("/etc/postfix/relays", "".join(
            "%s [%s]:%d\n" % (sender(n), host(n), SINK_PORT)
            for n in range(senders)))
        self.write("/etc/postfix/words", "".join(
            "%s user%d:word%d\n" % (sender(n), n, n) for n in range(senders)))
        self.run(["postmap", "/etc/postfix/relays", "/etc/postfix/words"])
        for name in ("main.cf", "master.cf"):
            os.utime(self.path("/etc/postfix/" + name), (1e9, 1e9))
        self.daemon("taskset -c 0 postfix start")
        ns.wait_for("Postfix", lambda: listens(self, self.port))


class Ours(World):
    """smtpd with the courier."""

    port = 2525

    def __init__(self, release, ca, senders):
        super().__init__(release)
        try:
            self.write("/etc/hosts", hosts(senders))
            self.write("/etc/ssl/certs/ca-certificates.crt", ca.pem())
            self.write("/etc/mail/relay.conf", RELAY_CONF)
            self.ctl("init")
            self.accounts(senders)
            self.write("/etc/smtpd.conf", SMTPD_CONF, 0o600)
            self.run(["sh", "-c", "taskset -c 0 smtpd >/dev/null 2>&1"])
            ns.wait_for("smtpd", lambda: listens(self, self.port))
            ns.wait_for("courier", lambda: listens(self, 10587))
        except BaseException:
            self.close()
            raise

    def accounts(self, senders):
        """An account and an identity for each sender."""
        self.run(["sh", "-e"], text="".join(
            "echo word%d | smtprelayctl account add a%d "
            "smtp+tls://user%d@%s:%d\n"
            "smtprelayctl identity add u%d %s -a a%d </dev/null\n" % (
                n, n, n, host(n), SINK_PORT, n, sender(n), n)
            for n in range(senders)), timeout=300)

    def courier(self):
        """What the courier holds in memory, in kB."""
        for pid in self.pids("courier"):
            with open("/proc/%d/status" % pid) as f:
                return sum(int(x.split()[1]) for x in f
                           if x.startswith("RssAnon"))
        raise RuntimeError("no courier")


def measure(name, box, program, ca, words, after=lambda sink: None):
    """Rounds of all mails and of BURST, after one that warms up; the medians
    of both.  In the end after() is given the sink."""
    results = []
    with contextlib.closing(Sink(program, box, ca)) as sink:
        round_of(box, sink, box.port, words["mails"], words["senders"])
        for mails in (words["mails"], BURST):
            rates, costs = zip(*(
                round_of(box, sink, box.port, mails, words["senders"])
                for n in range(words["rounds"])))
            results.append((statistics.median(rates),
                            statistics.median(costs)))
            print("%-8s %5d mails: %5.0f a second, %.2f ms of CPU a mail" % (
                (name, mails) + results[-1]), flush=True)
        after(sink)
        _, sessions, logins, _ = sink.counts()
        print("%-8s %d sessions and %d logins with the servers" % (
            name, sessions, logins), flush=True)
    return results


def memory(box, sink, senders, found):
    """The courier with idle sessions, and with sessions that have taken a
    mail and wait for the reply."""
    found["idle"] = box.courier()
    sink.hold(1)
    # smtpd opens one connection for two mails or so.
    for n in range(4 * BUSY):
        talk(box.pid, box.port, [n % senders], senders)
    try:
        ns.wait_for("busy sessions", lambda: sink.counts()[3] >= BUSY, 60)
        found["mails"] = sink.counts()[3]
        found["busy"] = box.courier()
    finally:
        sink.hold(0)
    ns.wait_for("the last mails", lambda: sink.counts()[3] == 0, 60)


def main():
    words = {"mails": 5000, "senders": 1000, "rounds": 3}
    flags, rest = getopt.getopt(sys.argv[1:], "n:s:r:")
    for flag, value in flags:
        words[{"-n": "mails", "-s": "senders", "-r": "rounds"}[flag]] = (
            int(value))
    if len(rest) != 1:
        sys.exit(__doc__)
    os.sched_setaffinity(0, {1})
    ca = Authority()
    with contextlib.closing(ca):
        with World("6.8") as world, contextlib.closing(
                Postfix(world, ca, words["senders"])) as box:
            theirs = measure("Postfix", box, rest[0], ca, words)
        with Ours("6.8", ca, words["senders"]) as box:
            found = {"empty": box.courier()}
            ours = measure("smtpd", box, rest[0], ca, words, lambda sink:
                           memory(box, sink, words["senders"], found))
    for mails, mine, other in zip((words["mails"], BURST), ours, theirs):
        print("smtpd with the courier, %d mails: %.1f times Postfix's rate, "
              "%.2f of its CPU a mail (to reach: faster, and less CPU)" % (
                  mails, mine[0] / other[0], mine[1] / other[1]))
    print("the courier's memory: %d kB; %.1f kB for each of %d accounts with "
          "an idle session, %.1f kB more for each of %d mails on their way" % (
              found["empty"],
              (found["idle"] - found["empty"]) / words["senders"],
              words["senders"], (found["busy"] - found["idle"]) /
              found["mails"], found["mails"]))


if __name__ == "__main__":
    main()
