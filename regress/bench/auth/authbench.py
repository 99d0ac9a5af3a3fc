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

"""usage: authbench.py [-n MAILS] [-s SENDERS] [-r ROUNDS] [-o NAME] SINK

Signed mail of 4 kB from many domains through one smtpd, which hands it on to
a server on the loopback network; a session for ten mails.  What verifies
it asks a local name server for SPF, the key of the signature and DMARC.
Processor 0 is for smtpd and its filters, processor 1 for the rest.  With -o
only one row, and smtpd goes on until the end of standard input, for those
who look closer."""

import base64
import contextlib
import getopt
import os
import socket
import statistics
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../e2e"))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../outbound"))

import dkim

from outboundbench import Sink, cpu, cpu_of, pinned
from relaytest import ns
from relaytest.certs import Authority
from relaytest.world import ADDRESS, LIBEXEC, Machine

CLIENT = "10.77.1.1"
CLIENTS = 10
SESSION = 10		# mails in one
SIZE = 4096
WORDS = {"mails": 2000, "senders": 100, "rounds": 3}
NAMESERVER = """server:
	interface: 127.0.0.1
	port: 53
	chroot: ""
	username: ""
	directory: "/"
	pidfile: ""
	use-syslog: no
	do-daemonize: no
	do-ip6: no
	access-control: 127.0.0.0/8 allow
	local-zone: "example." static
"""
SMTPD_CONF = """mta limit for domain "127.0.0.1" max-conn-per-route 20 \\
    max-conn-per-host 20 max-conn-per-connector 20 \\
    conn-delay-route 0 conn-delay-relay 0 reconn-delay-route 0 \\
    task-hiwat 10000 task-lowat 5000 task-release 5000
listen on %s%s
action "out" relay host smtp+notls://127.0.0.1:1587
match from any for any action "out"
"""
RELAY_CONF = """database "/var/lib/smtprelay/relay.db"
key "/etc/mail/relay.key"
domain "company.example"
gate "verified" {
	match { source 0.0.0.0/0 }
	require { dkim pass aligned, spf pass, dmarc pass }
	otherwise reject
}
"""
RSPAMD_CONF = """options {
	pidfile = "/run/rspamd/rspamd.pid";
	filters = "dkim";
	dns { nameserver = ["127.0.0.1"]; timeout = 5s; }
	local_addrs = ["127.0.0.0/8"];
	tempdir = "/tmp";
	cache_file = "/run/rspamd/symbols.cache";
	hs_cache_dir = "/run/rspamd/";
	control_socket = "/run/rspamd/rspamd.sock mode=0600";
	url_tld = "/run/rspamd/tld";
	explicit_modules = ["spf", "dmarc"];
}
logging { type = "console"; level = "error"; }
worker "normal" { bind_socket = "127.0.0.1:11333"; count = 1; mime = true; }
modules {
	path = "/usr/share/rspamd/plugins/spf.lua";
	path = "/usr/share/rspamd/plugins/dmarc.lua";
}
spf { spf_cache_size = 2k; spf_cache_expire = 1d; }
dkim { dkim_cache_size = 2k; dkim_cache_expire = 1d; }
dmarc { actions = { reject = "reject"; } }
actions { reject = 15; add_header = 6; }
"""


def domain(n):
    return "sender%d.example" % n


class Mails:
    """A key, a signed message of each sender, and what the DNS says."""

    def __init__(self, senders):
        self.key = ns.run(["openssl", "genrsa", "-traditional",
                           "2048"]).stdout
        self.signed = [self.sign(n) for n in range(senders)]

    def sign(self, n):
        me = b"w%d@%s" % (n, domain(n).encode())
        body = b"".join(b"%04d %s\r\n" % (i, b"x" * 65)
                        for i in range(SIZE // 72))
        data = (b"From: <%s>\r\nTo: <support@company.example>\r\n"
                b"Subject: number %d\r\n"
                b"Date: Sat, 21 Nov 2026 10:00:00 +0200\r\n"
                b"Message-ID: <%d@%s>\r\nMIME-Version: 1.0\r\n"
                b"Content-Type: text/plain; charset=us-ascii\r\n\r\n%s" % (
                    me, n, n, domain(n).encode(), body))
        return me, dkim.sign(data, b"s", domain(n).encode(), self.key,
                             canonicalize=(b"relaxed", b"relaxed")) + data

    def zone(self):
        der = ns.run(["openssl", "rsa", "-pubout", "-outform", "DER"],
                     input=self.key).stdout
        p = base64.b64encode(der).decode()
        out = []
        for n in range(len(self.signed)):
            for name, text in (
                    ("", ["v=spf1 ip4:192.0.2.0/24 ip4:%s -all" % CLIENT]),
                    ("s._domainkey.", ["v=DKIM1; k=rsa; p=" + p[:200],
                                       p[200:]]),
                    ("_dmarc.", ["v=DMARC1; p=reject"])):
                out.append("\tlocal-data: '%s%s. 3600 IN TXT %s'\n" % (
                    name, domain(n), " ".join('"%s"' % x for x in text)))
        return "".join(out)


class Smtpd(Machine):
    """smtpd with one filter or none, and clients on another machine."""

    def __init__(self, mails, program, ca, filter_line):
        super().__init__("6.8")
        try:
            self.started = []
            self.client = ns.Host(self.pid, CLIENT)
            self.write("/run/unbound.conf", NAMESERVER + mails.zone())
            self.outside(["unbound", "-d", "-c",
                          self.path("/run/unbound.conf")])
            ns.wait_for("the name server", self.answers)
            self.sink = Sink(program, self, ca)
            self.write("/etc/smtpd.conf",
                       (filter_line and "filter f " + filter_line + "\n") +
                       SMTPD_CONF % (ADDRESS, filter_line and " filter f"),
                       0o600)
            self.prepare(mails)
        except BaseException:
            self.close()
            raise

    def prepare(self, mails):
        """What the filter needs."""

    def start(self):
        self.run(["sh", "-c", "taskset -c 0 smtpd >/dev/null 2>&1"])
        ns.wait_for("smtpd", self.greets, 60)

    def outside(self, args):
        """A program on its network, which is not measured."""
        self.started.append(subprocess.Popen(
            ["nsenter", "-t", str(self.pid), "-n", "--"] + pinned(1, args),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def answers(self):
        with ns.socket_in(self.pid, socket.SOCK_DGRAM) as s:
            s.settimeout(1)
            try:
                s.connect(("127.0.0.1", 53))
                s.send(b"\0\1\1\0\0\1\0\0\0\0\0\0\0\0\2\0\1")
                return s.recv(512)
            except OSError:
                return False

    def greets(self):
        with self.client.socket() as s:
            s.settimeout(5)
            try:
                s.connect((ADDRESS, 25))
                return s.recv(512).startswith(b"220")
            except OSError:
                return False

    def close(self):
        for proc in self.started:
            proc.kill()
            proc.wait()
        if hasattr(self, "sink"):
            self.sink.close()
        if hasattr(self, "client"):
            self.client.close()
        super().close()


class Ours(Smtpd):
    """A gate asks all three of every message."""

    def prepare(self, mails):
        self.write("/etc/mail/relay.conf", RELAY_CONF)
        self.run(["smtprelayctl", "init"])


class Rspamd(Smtpd):
    def prepare(self, mails):
        self.run(["sh", "-ec", "mkdir -p /run/rspamd; "
                  "printf 'example\\ntest\\n' >/run/rspamd/tld"])
        self.write("/run/rspamd/rspamd.conf", RSPAMD_CONF)
        self.run(["chown", "-R", "_rspamd:", "/run/rspamd"])
        self.run(["sh", "-c", "exec taskset -c 0 rspamd -u _rspamd "
                  "-g _rspamd -c /run/rspamd/rspamd.conf >/run/rspamd/log "
                  "2>&1"])
        ns.wait_for("rspamd", self.scans, 60, 0.2)
        sender, data = mails.signed[0]
        said = self.run(["rspamc", "-h", "127.0.0.1:11333", "-i", CLIENT,
                         "-F", sender.decode(), "symbols"],
                        text=data.decode()).stdout.decode()
        for word in ("R_SPF_ALLOW", "R_DKIM_ALLOW", "DMARC_POLICY_ALLOW"):
            if word not in said:
                raise RuntimeError("rspamd does not verify: " + said)

    def scans(self):
        with ns.socket_in(self.pid) as s:
            return s.connect_ex(("127.0.0.1", 11333)) == 0


class Dkimsign(Smtpd):
    def prepare(self, mails):
        self.write("/etc/mail/dkim.pem", mails.key, 0o600, "_dkimsign")


# name, machine, the line of its filter, programs that it takes
ROWS = (
    ("no filter", Smtpd, "", []),
    ("filter-relay", Ours, 'proc-exec "filter-relay" user _smtprelay', []),
    ("rspamd", Rspamd, 'proc-exec "filter-rspamd" user _rspamd',
     ["/usr/bin/rspamd", "/usr/bin/rspamc", LIBEXEC + "/filter-rspamd"]),
    ("dkimsign", Dkimsign, 'proc-exec "filter-dkimsign -a rsa-sha256 '
     '-c relaxed/relaxed -d company.example -s s -k /etc/mail/dkim.pem" '
     'user _dkimsign', [LIBEXEC + "/filter-dkimsign"]),
)


def talk(box, mails, numbers):
    """One session: a mail for each number, from its sender."""
    with box.client.socket() as s:
        s.connect((ADDRESS, 25))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        f = s.makefile("rb")

        def ask(text, code):
            if text:
                s.sendall(text)
            line = f.readline()
            while line[3:4] == b"-":
                line = f.readline()
            if not line.startswith(code):
                raise RuntimeError("%r: %r" % (text[:60], line))

        ask(b"", b"220")
        ask(b"EHLO mx.client.example\r\n", b"250")
        for n in numbers:
            sender, data = mails.signed[n % len(mails.signed)]
            ask(b"MAIL FROM:<%s>\r\n" % sender, b"250")
            ask(b"RCPT TO:<support@company.example>\r\n", b"250")
            ask(b"DATA\r\n", b"354")
            ask(data + b".\r\n", b"250")
        s.sendall(b"QUIT\r\n")
        f.close()


def in_filter(box):
    """Seconds of processor time of all but smtpd."""
    total = 0
    for pid, title in box.processes():
        if not title.startswith("smtpd"):
            total += cpu_of(pid)
    return total


def round_of(box, mails, count):
    """Milliseconds of processor time a mail, of it in the filter, and mails a
    second."""
    first, before, theirs = box.sink.counts()[0], cpu(box), in_filter(box)
    begin = os.times().elapsed
    errors = []

    def work(client):
        try:
            numbers = range(client, count, CLIENTS)
            for at in range(0, len(numbers), SESSION):
                talk(box, mails, numbers[at:at + SESSION])
        except Exception as e:
            errors.append(e)

    threads = [threading.Thread(target=work, args=(n,))
               for n in range(CLIENTS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if errors:
        raise errors[0]
    ns.wait_for("all mails", lambda: box.sink.counts()[0] - first >= count,
                300, 0.005)
    took = os.times().elapsed - begin
    return (1000 * (cpu(box) - before) / count,
            1000 * (in_filter(box) - theirs) / count, count / took)


def measure(row, mails, program, ca, words, stay=False):
    """The medians of rounds after one that warms up; None: left out."""
    name, machine, line, programs = row
    for path in programs:
        if not os.access(path, os.X_OK):
            print("%-12s left out: %s is not installed" % (
                name, os.path.basename(path)), flush=True)
            return None
    found = []
    with contextlib.closing(machine(mails, program, ca, line)) as box:
        box.start()
        for _ in range(words["rounds"] + 1):
            found.append(round_of(box, mails, words["mails"]))
        if stay:
            sys.stdin.read()
    cost, part, rate = (statistics.median(x) for x in zip(*found[1:]))
    print("%-12s %5.0f mails a second, %.2f ms of CPU a mail, %.2f of it in "
          "the filter" % (name, rate, cost, part), flush=True)
    return cost, part, rate


def compare(rows):
    ours = rows["filter-relay"]
    for name in ("rspamd", "dkimsign"):
        if rows.get(name) is None:
            continue
        print("filter-relay: %.1f times the mails a second of %s, %.2f of the "
              "CPU a mail in all, %.2f of that in the filter" % (
                  ours[2] / rows[name][2], name, ours[0] / rows[name][0],
                  ours[1] / rows[name][1]))


def main():
    words = dict(WORDS)
    only = None
    flags, rest = getopt.getopt(sys.argv[1:], "n:o:s:r:")
    for flag, value in flags:
        if flag == "-o":
            only = value
        else:
            words[{"-n": "mails", "-s": "senders", "-r": "rounds"}[flag]] = (
                int(value))
    if len(rest) != 1:
        sys.exit(__doc__)
    os.sched_setaffinity(0, {1})
    mails = Mails(words["senders"])
    rows = {}
    ca = Authority()
    with contextlib.closing(ca):
        for row in ROWS:
            if only in (None, row[0]):
                rows[row[0]] = measure(row, mails, rest[0], ca, words,
                                       only is not None)
    if only is None:
        compare(rows)


if __name__ == "__main__":
    main()
