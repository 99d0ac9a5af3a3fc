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

# Runs every test: make -f Makefile.linux check.  The end-to-end tests need
# root, and make the trees with the newer releases of smtpd when they are not
# there.  What the steps print stays in obj/check.

set -eu
cd "$(dirname "$0")/.."
OBJ=${OBJ:-$(pwd)/obj}
OUT=$OBJ/check
export OBJ
mkdir -p "$OUT"
# shellcheck source=regress/steps.sh
. regress/steps.sh

make_here() {
	make -s -f Makefile.linux "$@"
}

step "build" make_here all
step "style" /usr/bin/python3 regress/style.py
step "unit" make_here unit
for suite in conf protocol mailauth fuzz; do
	[ -e regress/$suite/run.sh ] || continue
	step "$suite" sh regress/$suite/run.sh
done
step "end to end" sh regress/e2e/run
total
