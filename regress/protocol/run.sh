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

# Runs every executable *_test.py and *_test.sh here against the programs in
# $OBJ/bin; each is one test, that prints what went wrong and exits non-zero.

set -eu
cd "$(dirname "$0")"
OBJ=${OBJ:-$(cd ../.. && pwd)/obj}
export OBJ

# Most of them wait for most of their time: for a hung process, a deadline.
one='
	name=$(basename "$1" | sed "s/_test\..*//")
	status=0
	out=$(timeout 1200 "$1" 2>&1 </dev/null) || status=$?
	if [ "$status" -eq 0 ]; then
		echo "ok protocol/$name"
		exit 0
	fi
	if [ "$status" -eq 124 ]; then
		why="no end within 1200 s"
	else
		why=$(echo "$out" | tail -n 1)
	fi
	echo "FAIL protocol/$name: $why
$(echo "$out" | sed "s/^/    /")"
	exit 1'
status=0
for t in ./*_test.py ./*_test.sh; do
	[ -x "$t" ] && echo "$t"
done | xargs -P 3 -n 1 sh -c "$one" sh || status=1
exit $status
