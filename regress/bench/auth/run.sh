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
# Signed mail of 100 senders, whose signatures, SPF and DMARC are verified
# with a local name server: by filter-relay and by rspamd behind
# filter-rspamd, beside what filter-dkimsign costs on the same mails, and what
# smtpd does without a filter.  Needs root.

set -eu
cd "$(dirname "$0")/../../.."
OBJ=${OBJ:-$(pwd)/obj}
export OBJ
if [ "$(id -u)" -ne 0 ]; then
	echo "needs root: left out"
	exit 0
fi
if ! command -v unbound >/dev/null; then
	echo "unbound, the local name server, is not installed: left out"
	exit 0
fi
sh regress/e2e/build.sh 6.8 >/dev/null
make -s -f Makefile.linux OBJ="$OBJ" LDLIBS="-lssl -lcrypto -lpthread" \
    "$OBJ/regress/bench/outbound/tlssink"
exec /usr/bin/python3 regress/bench/auth/authbench.py "$@" \
    "$OBJ/regress/bench/outbound/tlssink"
