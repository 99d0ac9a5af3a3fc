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

"""The resolver against real name servers: unbound, which asks nsd, in a
network namespace of their own: cut answers and 64 KB of text, which come by
TCP, chains and loops of aliases, a lame delegation, a name that is not."""

import os
import shutil
import subprocess
import sys
import tempfile
import time

from dnspeer import Ask, World

ZONE = """$ORIGIN example.
$TTL 300
@ SOA ns.example. root.example. 1 3600 600 86400 77
@ NS ns
ns A 127.0.0.2
@ TXT "v=spf1 mx -all"
@ MX 10 mail
@ MX 20 mail2
mail A 192.0.2.1
mail AAAA 2001:db8::1
a1 CNAME a2
a2 CNAME a3
a3 CNAME a4
a4 CNAME mail
l1 CNAME l2
l2 CNAME l1
out CNAME no.such.example.
lame NS ns.lame
ns.lame A 127.0.0.4
gone NS ns.gone
ns.gone A 127.0.0.9
big TXT %s
many TXT "v=spf1 -all"
%s
""" % (" ".join('"%s"' % ("%03d" % i + "x" * 252) for i in range(250)),
       "\n".join('many TXT "number %d %s"' % (i, "y" * 60)
                 for i in range(200)))

NSD = """server:
    ip-address: 127.0.0.%(n)d
    port: 53
    username: ""
    chroot: ""
    zonesdir: "%(dir)s"
    database: ""
    logfile: "%(dir)s/log%(n)d"
    pidfile: "%(dir)s/pid%(n)d"
    xfrdfile: "%(dir)s/xfrd%(n)d"
    zonelistfile: "%(dir)s/list%(n)d"
    xfrdir: "%(dir)s"
    server-count: 1
    rrl-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: %(zone)s
    zonefile: "%(dir)s/%(zone)s.zone"
"""

UNBOUND = """server:
    interface: 127.0.0.1
    port: 53
    username: ""
    chroot: ""
    directory: "%(dir)s"
    logfile: "%(dir)s/unbound.log"
    use-syslog: no
    pidfile: "%(dir)s/unbound.pid"
    do-not-query-localhost: no
    do-daemonize: no
    module-config: "iterator"
    auto-trust-anchor-file: ""
    num-threads: 1
    max-udp-size: 1232
    edns-buffer-size: 1232
remote-control:
    control-enable: no
stub-zone:
    name: "example"
    stub-addr: 127.0.0.2
stub-zone:
    name: "."
    stub-addr: 127.0.0.3
"""
SMALL = """%(zone)s 300 SOA ns.%(dot)s root.%(dot)s 1 3600 600 86400 55
%(zone)s NS ns.%(dot)s
ns.%(dot)s A 127.0.0.3
"""
BAD = []


def write(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)


def start(where):
    """The servers' processes."""
    write(where + "/example.zone", ZONE)
    write(where + "/..zone", SMALL % {"zone": ".", "dot": ""})
    write(where + "/other.zone", SMALL % {"zone": "other.", "dot": "other."})
    write(where + "/unbound.conf", UNBOUND % {"dir": where})
    processes = []
    for n, zone in ((2, "example"), (3, "."), (4, "other")):
        conf = "%s/nsd%d.conf" % (where, n)
        write(conf, NSD % {"dir": where, "n": n, "zone": zone})
        processes.append(subprocess.Popen(["/usr/sbin/nsd", "-d", "-c",
                                           conf]))
    processes.append(subprocess.Popen(["/usr/sbin/unbound", "-d", "-c",
                                       where + "/unbound.conf"]))
    return processes


def check(what, got, want):
    if got != want:
        BAD.append("%s: %r, want %r" % (what, got, want))


def wait(question):
    """Until the servers are there: each try is a new resolver, whose memory
    of the failure before is gone."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        ask = Ask("127.0.0.1", "-t", "1000")
        status = ask.status(question)
        ask.close()
        if status == "ok":
            return
        time.sleep(0.2)
    sys.exit("the name servers do not answer")


def tests():
    wait("mail.example A")
    ask = Ask("127.0.0.1", "-t", "20000", "-n", "1")
    for question, want in (
            ("mail.example A", ("ok", ["192.0.2.1"])),
            ("mail.example AAAA", ("ok", ["2001:db8::1"])),
            ("a1.example A", ("ok", ["192.0.2.1"])),
            ("a1.example CNAME", ("ok", ["a2.example"])),
            ("a1.example MX", ("no data", [])),
            ("out.example A", ("no such name", [])),
            ("mail.example TXT", ("no data", [])),
            ("nothing.example TXT", ("no such name", [])),
            ("nothing.test TXT", ("no such name", [])),
            ("x.lame.example A", ("server failure", []))):
        status, _, records = ask.one(question)
        check(question, (status, records), want)
    check("mx", sorted(ask.one("example MX")[2]),
          ["10 mail.example", "20 mail2.example"])
    # The loop is the server's to find, or ours.
    check("loop", ask.one("l1.example A")[2], [])
    status, _, texts = ask.one("big.example TXT")
    check("big", (status, len(texts)), ("ok", 1))
    check("big", texts[0] if texts else "",
          "".join("%03d" % i + "x" * 252 for i in range(250)))
    status, _, texts = ask.one("many.example TXT")
    check("many", (status, len(texts)), ("ok", 201))
    # The SOA's minimum.
    ttl = ask.one("other.example TXT")[1]
    if not 0 < ttl <= 77:
        BAD.append("negative ttl %d" % ttl)
    ask.close()
    # Confined, by the name server of resolv.conf, over TCP too.
    ask = Ask(None, "-c", "-t", "20000", "-n", "1")
    check("confined", ask.one("mail.example A")[2], ["192.0.2.1"])
    check("confined big", len(ask.one("big.example TXT")[2][0]), 250 * 255)
    ask.close()
    # A name server that is not there: an answer by the deadline.
    ask = Ask("127.0.0.1", "-t", "500", "-n", "2")
    got = ask.status("x.gone.example A")
    if got not in ("time-out", "server failure"):
        BAD.append("gone: " + got)
    ask.close()


def main():
    if len(sys.argv) == 1:
        World.tool("dnsask")
        os.execvp("unshare", ["unshare", "-nm", sys.executable,
                              os.path.abspath(__file__), "inside"])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    where = tempfile.mkdtemp(prefix="relaydns.")
    write(where + "/resolv.conf", "nameserver 127.0.0.1\n")
    subprocess.run(["mount", "--bind", where + "/resolv.conf",
                    "/etc/resolv.conf"], check=True)
    processes = start(where)
    try:
        tests()
    finally:
        for p in processes:
            p.terminate()
        for p in processes:
            try:
                p.wait(20)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        shutil.rmtree(where)
    print("\n".join(BAD))
    sys.exit(1 if BAD else 0)


if __name__ == "__main__":
    main()
