#!/bin/sh
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


# usage: run.sh [-n MAILS] [-s SENDERS] [-r ROUNDS]
#
# Mail of 1,000 senders, each through a server and a login of its own: smtpd
# with table-relay's courier, and Postfix.  Needs root, and the tree upstream.

set -eu
cd "$(dirname "$0")/../../.."
OBJ=${OBJ:-$(pwd)/obj}
export OBJ
if [ "$(id -u)" -ne 0 ]; then
	echo "needs root: left out"
	exit 0
fi
sh regress/e2e/trees.sh upstream >/dev/null
sh regress/e2e/build.sh 6.8 >/dev/null
make -s -f Makefile.linux OBJ="$OBJ" LDLIBS="-lssl -lcrypto -lpthread" \
    "$OBJ/regress/bench/outbound/tlssink"
exec /usr/bin/python3 regress/bench/outbound/outboundbench.py "$@" \
    "$OBJ/regress/bench/outbound/tlssink"
