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

# Compares mailauth/ with other programs: runs every executable *_test.py
# here, each of which is one test that prints what went wrong and exits
# non-zero.

set -eu
cd "$(dirname "$0")"
OBJ=${OBJ:-$(cd ../.. && pwd)/obj}
export OBJ
status=0

(cd ../.. && make -s -f Makefile.linux OBJ="$OBJ" \
    "$OBJ/regress/tool/dkimcheck") || {
	echo "FAIL mailauth: the tools do not build"
	exit 1
}
for t in ./*_test.py; do
	name=$(basename "$t" _test.py)
	if out=$(timeout 400 "$t" 2>&1 </dev/null); then
		echo "ok mailauth/$name"
	else
		echo "FAIL mailauth/$name: $(echo "$out" | tail -n 1)"
		echo "$out" | sed "s/^/    /"
		status=1
	fi
done
exit $status
