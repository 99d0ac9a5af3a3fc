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

# Steps that are counted.  Sourced by check.sh and .ci/run, which set $OUT, a
# directory for what the steps print.
#
# A step that prints lines "ok NAME" and "FAIL NAME", or in its last line
# "N passed, N failed", is as many tests as that says; any other is one.  Of
# what a failing step printed, the end of each failure's part is shown.

PASSED=0
FAILED=0
WHICH=

# What a step says of a failure stands behind its FAIL line, or before it;
# what is wrong mostly comes last.
failures() {
	awk '
	function show(	i) {
		for (i = n > 60 ? n - 59 : 1; i <= n; i++)
			print part[i]
		n = 0
	}
	/^ok / { if (bad) show(); bad = n = 0; next }
	/^FAIL / { show(); bad = 1; print substr($0, 1, 500); next }
	{ part[++n] = substr($0, 1, 1000) }
	END { show() }' "$1"
}

# step NAME COMMAND ...
step() {
	_name=$1
	shift
	_log=$OUT/$(echo "$_name" | tr -c 'A-Za-z0-9\n' _).log
	_begin=$(date +%s)
	_status=0
	"$@" >"$_log" 2>&1 </dev/null || _status=$?
	_ok=$(grep -c '^ok ' "$_log" || :)
	_bad=$(grep -c '^FAIL ' "$_log" || :)
	_sum=$(tail -n 1 "$_log" |
	    grep -E '^[0-9]+ passed, [0-9]+ failed$' || :)
	if [ -n "$_sum" ]; then
		_ok=${_sum%% passed*}
		_sum=${_sum#*, }
		_bad=${_sum%% failed}
	fi
	if [ "$_status" -ne 0 ] && [ "$_bad" -eq 0 ]; then
		_bad=1
	elif [ "$_status" -eq 0 ] && [ "$_ok" -eq 0 ] && [ "$_bad" -eq 0 ]; then
		_ok=1
	fi
	PASSED=$((PASSED + _ok))
	FAILED=$((FAILED + _bad))
	echo "$_name: $_ok passed, $_bad failed ($(($(date +%s) - _begin)) s)"
	if [ "$_bad" -gt 0 ]; then
		failures "$_log"
		WHICH="$WHICH
$(sed -n "s/^FAIL /failed: $_name: /p" "$_log" | cut -c 1-200)"
		[ "$_bad" -ne 1 ] || grep -q '^FAIL ' "$_log" ||
		    WHICH="${WHICH}failed: $_name"
	fi
}

# total: what failed, once more by name; the last line; and the exit status
total() {
	[ -z "$WHICH" ] || echo "$WHICH" | sed '/^$/d'
	echo "$PASSED passed, $FAILED failed"
	[ "$FAILED" -eq 0 ] && [ "$PASSED" -gt 0 ]
}
