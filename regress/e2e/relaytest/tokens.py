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

"""Tokens, made without any code of ours: what a forger, a clock that goes
wrong, or a stolen key would make."""

import base64
import hashlib
import hmac
import struct


def keys(relay):
    """The live keys by id, from the key file."""
    found = {}
    for line in relay.read("/etc/mail/relay.key").decode().splitlines():
        words = line.split()
        if words[:1] == ["key"] and words[2] == "live":
            found[int(words[1])] = bytes.fromhex(words[4])
    return found


def decode(token):
    """Key id, worker, conversation and time in a token, and its seal."""
    raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    return struct.unpack(">BIQI", raw[:17]) + (raw[17:],)


def encode(key, ident, worker, conversation, when, mailbox):
    """A token with a good seal."""
    head = struct.pack(">BIQI", ident, worker, conversation, when)
    seal = hmac.new(key, head + mailbox.lower().encode(), hashlib.sha256)
    raw = head + seal.digest()[:16]
    return base64.b32encode(raw).decode().lower().rstrip("=")
