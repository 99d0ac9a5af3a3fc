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

# Runs every test: make -f Makefile.linux check.  Needs root on Debian 12 and
# nothing else: what is missing is installed first, and the trees with the
# newer releases of smtpd are made when they are not there.  What the steps
# print stays in obj/check.
#
# With $SUITES, a list of the names below, only those run.

set -eu
cd "$(dirname "$0")/.."
SUITES=${SUITES:-build style includes unit conf protocol mailauth fuzz e2e}

[ "$(id -u)" -eq 0 ] || {
	echo "check: needs root, to install packages and to make namespaces" >&2
	exit 1
}
sh regress/e2e/deps.sh check || exit 1

OBJ=${OBJ:-$(pwd)/obj}
OUT=$OBJ/check
export OBJ
mkdir -p "$OUT"
# shellcheck source=regress/steps.sh
. regress/steps.sh

make_here() {
	make -s -j "$(nproc)" -f Makefile.linux "$@"
}

# After the build: circles are looked for among its objects.
includes() {
	make_here all && /usr/bin/python3 regress/includes.py -t &&
	    /usr/bin/python3 regress/includes.py "$OBJ"
}

for suite in $SUITES; do
	case $suite in
	build)	step "build" make_here all ;;
	style)	step "style" /usr/bin/python3 regress/style.py ;;
	includes)	step "includes" includes ;;
	unit)	step "unit" make_here unit ;;
	e2e)	step "trees" sh regress/e2e/trees.sh
		step "end to end" sh regress/e2e/run ;;
	*)	step "$suite" sh "regress/$suite/run.sh" ;;
	esac
done
total
