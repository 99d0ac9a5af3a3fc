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

"""A provider's server of access tokens (RFC 6749 section 6), over HTTPS."""

import ssl

from relaytest import ns
from peers import oauth


class TokenServer(oauth.TokenServer):
    """grants maps refresh tokens to functions that make an access token; who
    is taken out has revoked consent."""

    def __init__(self, world, name, address, ca, seconds=3600):
        self.name = name
        self.grants = {}
        self.rotate = {}
        self.forms = []
        self.seconds = seconds
        world.dns.host(name, address)
        self.host = ns.Host(world.pid, address)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*ca.issue(name))
        super().__init__(self.host.socket(), (address, 443), context)

    def answer(self, path, form, headers):
        self.forms.append(form)
        old = form.get("refresh_token")
        if (path != "/token" or form.get("grant_type") != "refresh_token" or
                form.get("client_id") != "our-client"):
            return 400, {"error": "invalid_request"}
        if old not in self.grants:
            return 400, {"error": "invalid_grant",
                         "error_description": "consent was revoked"}
        said = {"access_token": self.grants[old](), "token_type": "Bearer",
                "expires_in": self.seconds}
        if old in self.rotate:
            said["refresh_token"] = self.rotate.pop(old)
            self.grants[said["refresh_token"]] = self.grants.pop(old)
        return 200, said

    def settings(self, refresh):
        """The file for `account add -o'."""
        return ("token-endpoint https://%s/token\nclient-id our-client\n"
                "client-secret our-secret\nrefresh-token %s\n"
                "scope mail.send\n" % (self.name, refresh))

    def close(self):
        super().close()
        self.host.close()
