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

"""smtprelayctl check domain, on a zone served by nsd: each mistake has its
line, and a domain without one passes."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from dnspeer import Ask, OBJ, World
from ports import free_port

ZONE = """$ORIGIN .
$TTL 300
. SOA ns. root. 1 3600 600 86400 60
. NS ns.
ns. A 127.0.0.1
good.example. MX 10 mail.good.example.
good.example. TXT "v=spf1 ip4:192.0.2.1 include:inc.example -all"
inc.example. TXT "v=spf1 ip6:2001:db8::1 -all"
mail.good.example. A 192.0.2.1
mail.good.example. AAAA 2001:db8::1
_dmarc.good.example. TXT "v=DMARC1; p=reject; rua=mailto:r@good.example"
rsa._domainkey.good.example. TXT %(rsa2048)s
small._domainkey.good.example. TXT %(rsa1024)s
tiny._domainkey.good.example. TXT %(rsa512)s
ed._domainkey.good.example. TXT "v=DKIM1; k=ed25519; p=%(ed)s"
gone._domainkey.good.example. TXT "v=DKIM1; p="
test._domainkey.good.example. TXT %(testing)s
junk._domainkey.good.example. TXT "hello"
two._domainkey.good.example. TXT "v=DKIM1; p="
two._domainkey.good.example. TXT "v=DKIM1; p=AAAA"
sub.good.example. MX 0 .
1.2.0.192.in-addr.arpa. PTR mail.good.example.
2.2.0.192.in-addr.arpa. PTR mail.good.example.
%(ptr6)s PTR mail.good.example.
none.example. A 192.0.2.9
syntax.example. TXT "v=spf1 ip4:192.0.2.1/99 -all"
twice.example. TXT "v=spf1 -all"
twice.example. TXT "v=spf1 +all"
many.example. TXT "v=spf1" %(many)s " ~all"
void.example. TXT "v=spf1 a:no1.test a:no2.test a:no3.test ?all"
open.example. TXT "v=spf1 ptr +all"
open.example. MX 10 alias.example.
open.example. MX 20 nowhere.example.
alias.example. CNAME mail.good.example.
_dmarc.open.example. TXT "v=DMARC1; p=none"
_dmarc.trial.example. TXT "v=DMARC1; p=quarantine; t=y; rua=mailto:x@y.z"
trial.example. TXT "v=spf1 ip4:192.0.2.1"
2.0.0.127.list.example. A 127.0.0.2
2.2.0.192.list.example. A 127.0.0.4
2.2.0.192.list.example. TXT "sent\\027[31m spam"
2.0.0.127.closed.example. A 127.255.255.254
"""
CONF = """server:
    ip-address: 127.0.0.1@%(port)d
    username: ""
    chroot: ""
    zonesdir: "%(dir)s"
    database: ""
    logfile: "%(dir)s/log"
    pidfile: "%(dir)s/pid"
    xfrdfile: "%(dir)s/xfrd"
    zonelistfile: "%(dir)s/list"
    xfrdir: "%(dir)s"
    server-count: 1
    rrl-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: .
    zonefile: "%(dir)s/zone"
"""
BAD = []


def public(*args):
    """A fresh public key in base64."""
    key = subprocess.run(["openssl", "genpkey"] + list(args), check=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    pem = subprocess.run(["openssl", "pkey", "-pubout"], input=key.stdout,
                         stdout=subprocess.PIPE, check=True).stdout.decode()
    return "".join(x for x in pem.splitlines() if "-----" not in x)


def rsa(bits, more=""):
    key = public("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:%d" % bits)
    text = "v=DKIM1; %sk=rsa; p=%s" % (more, key)
    return " ".join('"%s"' % text[i:i + 200]
                    for i in range(0, len(text), 200))


def start(where):
    """The name server, and its address."""
    ptr6 = ".".join(reversed("20010db8" + "0" * 23 + "1")) + ".ip6.arpa."
    values = {"rsa2048": rsa(2048), "rsa1024": rsa(1024), "rsa512": rsa(512),
              "testing": rsa(2048, "t=y; "), "ptr6": ptr6,
              "many": '" a:mail.good.example" ' * 11,
              # The key alone, without what says that it is one.
              "ed": public("-algorithm", "ed25519")[16:]}
    zone = ZONE % values
    with open(where + "/zone", "w", encoding="ascii") as f:
        f.write(zone)
    port = free_port()
    with open(where + "/conf", "w", encoding="ascii") as f:
        f.write(CONF % {"dir": where, "port": port})
    process = subprocess.Popen(["/usr/sbin/nsd", "-d", "-c",
                                where + "/conf"])
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        ask = Ask("127.0.0.1:%d" % port, "-t", "1000")
        status = ask.status("mail.good.example A")
        ask.close()
        if status == "ok":
            return process, "127.0.0.1:%d" % port
        time.sleep(0.2)
    process.kill()
    sys.exit("nsd does not answer: " + open(where + "/log").read())


class Check:
    """What one run says."""

    def __init__(self, server, *args, addr="192.0.2.1", people=True):
        base = [os.path.join(OBJ, "bin/smtprelayctl")]
        more = ["check", "domain", "-s", server, "-b", "list.example"]
        if addr:
            more += ["-a", addr]
        more += args
        run = subprocess.run(base + ["-j"] + more, stdout=subprocess.PIPE)
        self.status = run.returncode
        self.json = json.loads(run.stdout)
        self.text = None
        self.args = args
        if not people:
            return
        text = subprocess.run(base + more, stdout=subprocess.PIPE)
        self.text = text.stdout.decode()
        if text.returncode != self.status:
            BAD.append("%r: two statuses" % (args,))

    def has(self, result, about, check, text, todo=""):
        for line in self.json["lines"]:
            if (line["result"] == result and line["about"] == about and
                    line["check"] == check and text in line["text"] and
                    todo in (line["todo"] or "")):
                shown = "%s  %s: %s: " % (result, about, check)
                if self.text is not None and shown not in self.text:
                    BAD.append("%r: people do not see %s" % (self.args,
                                                             shown))
                return
        BAD.append("%r: no %s %s %s %r\n%s" % (
            self.args, result, about, check, text, self.text))

    def is_status(self, want):
        if self.status != want:
            BAD.append("%r: status %d, not %d\n%s" % (
                self.args, self.status, want, self.text))


def tests(server):
    good = Check(server, "-k", "rsa", "-k", "ed", "good.example")
    good.is_status(0)
    good.has("pass", "192.0.2.1", "PTR", "mail.good.example")
    good.has("pass", "192.0.2.1", "list", "list.example does not")
    good.has("pass", "this host", "name", "mail.good.example is")
    good.has("pass", "good.example", "MX", "mail.good.example")
    good.has("pass", "good.example", "SPF", "v=spf1")
    good.has("pass", "good.example", "SPF", "1 terms ask the DNS")
    good.has("pass", "good.example", "SPF", 'may send, by "ip4:192.0.2.1"')
    good.has("pass", "rsa._domainkey.good.example", "DKIM", "2048 bits")
    good.has("pass", "ed._domainkey.good.example", "DKIM", "Ed25519")
    good.has("pass", "good.example", "DMARC", "reject")
    good.has("pass", "good.example", "DMARC", "by SPF and, signed, by DKIM")
    # Whether something keeps it right is the machine's own affair.
    clock = [x["result"] for x in good.json["lines"] if x["check"] == "clock"]
    if clock not in (["pass"], ["warn"]):
        BAD.append("clock: %r" % clock)
    if good.json["fail"] != 0 or good.json["result"] not in ("pass", "warn"):
        BAD.append("good: " + good.text)
    six = Check(server, "good.example", addr="2001:db8::1")
    six.has("pass", "2001:db8::1", "PTR", "mail.good.example")
    six.has("pass", "good.example", "SPF", 'by "include:inc.example"')
    six.has("warn", "good.example", "DKIM", "no key was looked at", "-k")
    six.has("warn", "good.example", "DMARC", "by SPF alone", "DKIM")

    other = Check(server, "good.example", addr="192.0.2.2")
    other.is_status(1)
    other.has("warn", "this host", "name", "none of its addresses")
    other.has("fail", "192.0.2.2", "PTR", "does not have this address")
    other.has("fail", "192.0.2.2", "list", "sent", "take it off")
    other.has("fail", "good.example", "SPF", "192.0.2.2: fail, by -all",
              "add ip4:192.0.2.2")
    if "\033" in other.text:
        BAD.append("an escape from a name server reaches the terminal")
    keys = Check(server, *(a for s in (
        "small", "tiny", "gone", "test", "junk", "two", "no", "a..b")
        for a in ("-k", s)), "good.example")
    name = "._domainkey.good.example"
    keys.has("warn", "small" + name, "DKIM", "1024 bits", "2048")
    keys.has("fail", "tiny" + name, "DKIM", "too short")
    keys.has("fail", "gone" + name, "DKIM", "revoked")
    keys.has("warn", "test" + name, "DKIM", "for tests", "t=y")
    keys.has("fail", "junk" + name, "DKIM", "no key")
    keys.has("fail", "two" + name, "DKIM", "2 records")
    keys.has("fail", "no" + name, "DKIM", "no key")
    keys.has("fail", "good.example", "DKIM", "makes no name")

    many = Check(server, "none.example", "syntax.example", "twice.example",
                 "many.example", "void.example", "open.example",
                 "trial.example", "sub.good.example", "no.such.example",
                 addr="192.0.2.3")
    many.is_status(1)
    many.has("fail", "192.0.2.3", "PTR", "no name")
    many.has("fail", "none.example", "SPF", "no record", "ip4:192.0.2.3")
    many.has("warn", "none.example", "MX", "no record")
    many.has("fail", "none.example", "DMARC", "no policy", "v=DMARC1")
    many.has("fail", "syntax.example", "SPF", "bad prefix length")
    many.has("fail", "twice.example", "SPF", "2 records")
    many.has("fail", "many.example", "SPF", "11 terms")
    many.has("fail", "void.example", "SPF", "3 terms ask for what is not")
    many.has("warn", "void.example", "SPF", "says nothing of others")
    many.has("fail", "open.example", "SPF", "lets everybody send")
    many.has("warn", "open.example", "SPF", '"ptr" is slow')
    many.has("warn", "open.example", "MX", "alias.example is an alias")
    many.has("fail", "open.example", "MX", "nowhere.example has no address")
    many.has("warn", "open.example", "DMARC", "the policy is none")
    many.has("warn", "open.example", "DMARC", "nobody gets reports")
    many.has("warn", "trial.example", "DMARC", "on trial", "t=y")
    many.has("warn", "trial.example", "SPF", "nothing of other hosts")
    many.has("fail", "trial.example", "DMARC", "neither by SPF nor by DKIM")
    many.has("warn", "sub.good.example", "MX", "takes no mail")
    many.has("pass", "sub.good.example", "DMARC", "reject, at good.example")
    many.has("fail", "no.such.example", "MX", "does not exist")
    codes = Check(server, "-b", "list.example=127.0.0.5-127.0.0.9", "-b",
                  "list.example=126.0.0.1", "good.example",
                  addr="192.0.2.2")
    codes.has("fail", "192.0.2.2", "list", "list.example has it")
    codes.has("pass", "192.0.2.2", "list", "list.example does not have it")
    codes.has("warn", "list.example=126.0.0.1", "list", "names no list")
    closed = Check(server, "-b", "closed.example", "-b", "nolist.example",
                   "good.example")
    closed.has("warn", "closed.example", "list", "this name server")
    closed.has("warn", "nolist.example", "list", "as lists do")


def test_silence():
    """No name server: a fail that says so, soon."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        dead = Check("127.0.0.1:%d" % s.getsockname()[1], "-t", "1", "-b",
                     "none", "good.example", people=False)
        dead.is_status(1)
        dead.has("fail", "good.example", "SPF", "time-out", "name servers")


def test_usage():
    tool = os.path.join(OBJ, "bin/smtprelayctl")
    for args in (["nodots"], ["-a", "1.2.3", "a.example"], [],
                 ["-s", "name:53", "a.example"], ["-t", "0", "a.example"],
                 ["-s", "127.0.0.1:x", "a.example"], ["a b.example"]):
        run = subprocess.run([tool, "check", "domain"] + args,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if run.returncode != 2 or run.stdout:
            BAD.append("%r: %d %r" % (args, run.returncode, run.stderr))


def greet_as(name):
    """This process' own name of the host."""
    subprocess.run(["hostname", name], check=True)
    for path in ("/etc/mailname", "/etc/mail/mailname"):
        if os.path.exists(path):
            subprocess.run(["mount", "--bind", "/dev/null", path],
                           check=True)


def main():
    if len(sys.argv) == 1:
        World.tool("dnsask")
        os.execvp("unshare", ["unshare", "-um", sys.executable,
                              os.path.abspath(__file__), "inside"])
    greet_as("mail.good.example")
    where = tempfile.mkdtemp(prefix="relaycheck.")
    process, server = start(where)
    try:
        tests(server)
        test_silence()
        test_usage()
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(where)
    print("\n".join(BAD))
    sys.exit(1 if BAD else 0)


if __name__ == "__main__":
    main()
