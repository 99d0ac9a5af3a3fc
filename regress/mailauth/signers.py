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

"""Four programs that sign and verify DKIM, behind functions of one form:
python3-dkim, npm's mailauth, OpenDKIM and filter-dkimsign (signs alone)."""

import base64
import json
import os
import re
import subprocess

import dkim

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
OBJ = os.environ.get("OBJ", os.path.join(TOP, "obj"))
NPM = os.path.join(OBJ, "npm")
MAILAUTH = "mailauth@4.13.3"
DOMAIN = "m.example"
ALGORITHMS = {"rsa": "rsa-sha256", "ed": "ed25519-sha256"}


def run(argv, stdin=b"", timeout=600, status=0):
    """What a program prints on both outputs."""
    done = subprocess.run(argv, input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=timeout)
    assert status is None or done.returncode == status, (argv, done)
    return done.stdout


def install():
    """Installs mailauth below $OBJ, once."""
    if os.path.exists(os.path.join(NPM, "node_modules", "mailauth")):
        return
    os.makedirs(NPM, exist_ok=True)
    for left in (2, 1, 0):
        done = subprocess.run(
            ["timeout", "400", "npm", "install", "--prefix", NPM,
             "--no-audit", "--no-fund", "--ignore-scripts", "--silent",
             MAILAUTH])
        if done.returncode == 0:
            return
        assert left, "npm cannot install " + MAILAUTH


class Keys:
    """Key pairs: files for the signers, records for the verifiers."""
    def __init__(self, folder):
        self.folder = folder
        self.records = {}
        self.add("rsa", ["-algorithm", "RSA", "-pkeyopt",
                         "rsa_keygen_bits:1024"])
        self.add("ed", ["-algorithm", "ed25519"])

    def path(self, selector):
        """The private key in PEM."""
        return os.path.join(self.folder, selector + ".pem")

    def add(self, selector, options):
        """Makes a pair; the selector's name begins with its type."""
        path = self.path(selector)
        run(["openssl", "genpkey"] + options + ["-out", path])
        os.chmod(path, 0o644)
        der = run(["openssl", "pkey", "-in", path, "-pubout", "-outform",
                   "DER"])
        kind = "rsa"
        if selector.startswith("ed"):
            der, kind = der[-32:], "ed25519"
        self.records["%s._domainkey.%s" % (selector, DOMAIN)] = \
            "v=DKIM1; k=%s; p=%s" % (kind, base64.b64encode(der).decode())

    def seed(self, selector):
        """An Ed25519 key as python3-dkim wants it."""
        der = run(["openssl", "pkey", "-in", self.path(selector), "-outform",
                   "DER"])
        return base64.b64encode(der[-32:])


class Files:
    """Messages in files, for programs that read such."""
    def __init__(self, folder):
        self.folder = folder
        self.n = 0

    def put(self, data):
        """Writes bytes to a file of their own and returns its name."""
        self.n += 1
        path = os.path.join(self.folder, "m%d" % self.n)
        with open(path, "wb") as f:
            f.write(data)
        return path


def crlf(data):
    """Each line ended by CR LF."""
    return re.sub(rb"\r?\n", b"\r\n", data)


def lf(data):
    """Each line ended by LF."""
    return data.replace(b"\r\n", b"\n")


# ------------------------------------------------------------------ signers

def sign_python(keys, _, data, selector, canon):
    """python3-dkim."""
    head, body = canon.split("/")
    key = keys.seed(selector)
    if not selector.startswith("ed"):
        with open(keys.path(selector), "rb") as f:
            key = f.read()
    return dkim.sign(
        crlf(data), selector.encode(), DOMAIN.encode(), key,
        canonicalize=(head.encode(), body.encode()),
        signature_algorithm=ALGORITHMS[selector].encode()) + crlf(data)


def sign_mailauth(keys, files, jobs):
    """npm's mailauth, many at once: (data, selector, canon)."""
    request = {"sign": [
        {"file": files.put(crlf(data)), "domain": DOMAIN,
         "selector": selector, "key": keys.path(selector),
         "algorithm": ALGORITHMS[selector], "canon": canon}
        for data, selector, canon in jobs]}
    out = node(request)["signed"]
    return [field.encode() + crlf(job[0]) for field, job in zip(out, jobs)]


def sign_opendkim(keys, files, data, selector, canon):
    """OpenDKIM, in its test mode, which wants the last line's end."""
    data = lf(data)
    if data[-1:] != b"\n":
        data += b"\n"
    path = files.put(data)
    conf = files.put(("Mode s\nSyslog no\nSocket inet:1@localhost\n"
                      "Domain %s\nSelector %s\nKeyFile %s\n"
                      "SignatureAlgorithm %s\nCanonicalization %s\n"
                      "RequireSafeKeys no\n"
                      % (DOMAIN, selector, keys.path(selector),
                         ALGORITHMS[selector], canon)).encode())
    out = run(["opendkim", "-x", conf, "-t", path])
    assert b"DKIM-Signature:" in out, (data, out)
    field = out[out.index(b"DKIM-Signature:"):]
    return crlf(field.rstrip(b"\n") + b"\n" + data)


def sign_filter(keys, _, data, selector, canon):
    """filter-dkimsign, as smtpd would talk to it."""
    sid, token, now = "00000000000000aa", "00000000000000bb", "1.000000"
    head = "filter|0.7|%s|smtp-in|data-line|%s|%s|" % (now, sid, token)
    talk = ["config|smtpd-version|7.6.0", "config|subsystem|smtp-in",
            "config|ready",
            "report|0.7|%s|smtp-in|link-connect|%s|c.test|pass|"
            "192.0.2.1:1|192.0.2.2:25" % (now, sid),
            "report|0.7|%s|smtp-in|tx-begin|%s|00000001" % (now, sid)]
    lines = lf(data).decode("latin-1").split("\n")
    if lines[-1] == "":
        lines.pop()
    talk += [head + ("." + x if x[:1] == "." else x) for x in lines]
    talk += [head + "."]
    argv = ["/usr/libexec/opensmtpd/filter-dkimsign", "-d", DOMAIN, "-s",
            selector, "-k", keys.path(selector), "-a", ALGORITHMS[selector],
            "-c", canon]
    done = subprocess.run(argv, input=("\n".join(talk) + "\n")
                          .encode("latin-1"), stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, timeout=300)
    mark = "filter-dataline|%s|%s|" % (sid, token)
    out = [x[len(mark):] for x in done.stdout.decode("latin-1").split("\n")
           if x.startswith(mark)]
    assert out[-1] == ".", out
    out = [x[1:] if x[:1] == "." else x for x in out[:-1]]
    return crlf(("\n".join(out) + "\n").encode("latin-1"))


# ---------------------------------------------------------------- verifiers
# Each takes (records, message) and says one word for each: "pass" when a
# signature is good.

def grouped(cases):
    """The records, with all messages in a row that have the same."""
    out = []
    for records, message in cases:
        if not out or out[-1][0] is not records:
            out.append((records, []))
        out[-1][1].append(message)
    return out


def verify_ours(files, cases):
    """This project's, with all that it says of each signature."""
    out = []
    for records, messages in grouped(cases):
        table = "".join('%s TXT "%s"\n' % (name, text.replace("\\", "\\\\")
                                           .replace('"', '\\"'))
                        for name, text in records.items())
        paths = [files.put(m) for m in messages]
        said = run([os.path.join(OBJ, "regress/tool/dkimcheck"),
                    files.put(table.encode())], "\n".join(paths).encode())
        out += [json.loads(x) for x in said.decode().splitlines()]
    return out


def verify_python(_, cases):
    """python3-dkim."""
    out = []
    for records, m in cases:
        def txt(name, timeout=5):
            name = name.decode() if isinstance(name, bytes) else name
            text = records.get(name.rstrip("."))
            return text.encode() if text is not None else None
        try:
            n = len(re.findall(rb"(?mi)^DKIM-Signature[ \t]*:",
                               m.split(b"\r\n\r\n")[0]))
            verifier = dkim.DKIM(m)
            good = any(verifier.verify(i, dnsfunc=txt) for i in range(n))
        except Exception:       # it raises what it likes on broken input
            good = False
        out.append("pass" if good else "fail")
    return out


def node(request):
    """Asks mailauth."""
    here = os.path.dirname(os.path.abspath(__file__))
    done = subprocess.run(["node", os.path.join(here, "mailauth.js"), NPM],
                          input=json.dumps(request).encode(), timeout=1000,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0 and done.stdout, done
    # Of some messages it prints what it thinks.
    return json.loads(done.stdout.splitlines()[-1])


def verify_mailauth(files, cases):
    """npm's mailauth."""
    out = node({"verify": [{"file": files.put(m), "keys": records}
                           for records, m in cases]})
    return ["pass" if "pass" in x else "fail" for x in out["verified"]]


def verify_opendkim(files, cases):
    """OpenDKIM, in its test mode."""
    out = []
    for records, messages in grouped(cases):
        keys = files.put("".join("%s %s\n" % x for x in records.items())
                         .encode() or b"none v=DKIM1\n")
        conf = files.put(("Mode v\nSyslog no\nSocket inet:1@localhost\n"
                          "TestPublicKeys %s\n" % keys).encode())
        # One at a time: of several it does not judge each by itself.
        for m in messages:
            text = run(["opendkim", "-x", conf, "-t", files.put(lf(m))],
                       status=None)
            out.append("pass" if b"succeeded" in text else "fail")
    return out


VERIFIERS = {"mailauth": verify_mailauth, "python3-dkim": verify_python,
             "opendkim": verify_opendkim}
