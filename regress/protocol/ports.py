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


"""A port for a program that will listen on it."""

import random
import socket


def free_port():
    """One that is free for UDP and TCP, and that no system gives to an
    outgoing connection before the program has it."""
    while True:
        u, t = (socket.socket(socket.AF_INET, k)
                for k in (socket.SOCK_DGRAM, socket.SOCK_STREAM))
        with u, t:
            at = ("127.0.0.1", random.randrange(12000, 32000))
            try:
                u.bind(at)
                t.bind(at)
            except OSError:
                continue
            return at[1]
