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

"""A certification authority that lives as long as a test, and what it and
others issue for mail servers: good, expired, of another name, self-signed."""

import os
import shutil
import tempfile

from relaytest import ns

CONF = """[ca]
default_ca = ca
[ca]
database = %(dir)s/index
new_certs_dir = %(dir)s
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
"""


class Authority:
    """Everything is in a directory of its own that close() removes."""

    def __init__(self, name="Test Authority"):
        self.dir = tempfile.mkdtemp(prefix="relaytest-ca-")
        self.key = self.path("ca.key")
        self.cert = self.path("ca.crt")
        self.self_signed(self.key, self.cert, "/CN=" + name)
        with open(self.path("index"), "w"):
            pass
        with open(self.path("conf"), "w") as f:
            f.write(CONF % {"dir": self.dir})

    def path(self, name):
        return os.path.join(self.dir, name)

    def pem(self):
        with open(self.cert) as f:
            return f.read()

    def self_signed(self, key, cert, subject, *more):
        ns.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                "-subj", subject, "-keyout", key, "-out", cert] + list(more))

    def issue(self, name, fault=None):
        """(certificate file, key file) for this host name; fault is None,
        "expired", "self-signed" or "wrong-name"."""
        stem = self.path("%s.%s" % (name, fault))
        key, cert = stem + ".key", stem + ".crt"
        if os.path.exists(cert):
            return cert, key
        if fault == "wrong-name":
            name = "other." + name
        subject = ["-addext", "subjectAltName=DNS:" + name]
        if fault == "self-signed":
            self.self_signed(key, cert, "/CN=" + name, *subject)
            return cert, key
        ns.run(["openssl", "req", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                "/CN=" + name, "-keyout", key, "-out", stem + ".csr"] +
               subject)
        dates = ["-days", "10"]
        if fault == "expired":
            dates = ["-startdate", "20240101000000Z",
                     "-enddate", "20240201000000Z"]
        ns.run(["openssl", "ca", "-batch", "-notext", "-config",
                self.path("conf"), "-cert", self.cert, "-keyfile", self.key,
                "-in", stem + ".csr", "-out", cert] + dates)
        return cert, key

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)
