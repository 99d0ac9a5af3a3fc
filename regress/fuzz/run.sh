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

# Builds each NAME_fuzz.c here with clang's libFuzzer and lets it run for
# FUZZ_SECONDS (5), from what is in corpus/NAME and seeds/NAME.  A crash, a
# leak, undefined behaviour or an input that takes ten seconds fails.  Without
# FUZZ_SECONDS each run tries the same inputs again, so that what it says
# depends on the sources alone; with it, new ones.
#
# usage: run.sh [NAME ...]

set -eu
cd "$(dirname "$0")/../.."
OBJ=${OBJ:-$(pwd)/obj}
FUZZ=$OBJ/fuzz
SAN=address,undefined
LIBS="$FUZZ/libmailauth.a $FUZZ/libcommon.a"
FLAGS="-fsanitize=fuzzer-no-link,$SAN -fno-sanitize-recover=undefined"
seed=1
[ -z "${FUZZ_SECONDS:-}" ] || seed=0	# 0: another one each time
seconds=${FUZZ_SECONDS:-5}
[ "$seconds" -gt 0 ] || seconds=1	# none would be without end
status=0

command -v clang >/dev/null || {
	echo "FAIL fuzz: clang is missing (apt-get install clang)"
	exit 1
}
# shellcheck disable=SC2086
make -s -f Makefile.linux OBJ="$FUZZ" CC=clang CFLAGS="-O1 -g" \
    EXTRA_CFLAGS="$FLAGS -Wno-unused-command-line-argument" \
    $LIBS || {
	echo "FAIL fuzz: the library does not build"
	exit 1
}

# build NAME: the harness, when it is older than what it is made of
build() {
	_bin=$FUZZ/bin/$1
	mkdir -p "$FUZZ/bin"
	[ -n "$(find "$_bin" -newer "regress/fuzz/$1_fuzz.c" \
	    -newer "$FUZZ/libmailauth.a" -newer "$FUZZ/libcommon.a" \
	    2>/dev/null)" ] && return 0
	# shellcheck disable=SC2086
	clang -std=gnu99 -O1 -g $FLAGS -fsanitize=fuzzer,$SAN -D_GNU_SOURCE \
	    -DLIBEXECDIR='"/nonexistent"' -Icommon -Imailauth \
	    -I"$FUZZ/common" -I. -Iregress/fuzz -o "$_bin" \
	    "regress/fuzz/$1_fuzz.c" $LIBS -lsqlite3 -lcrypto -levent_core -lbsd
}

# run NAME: what is found new goes below $FUZZ, never into the tree
run() {
	_work=$FUZZ/work/$1
	mkdir -p "$_work"
	set -- "$1" "$_work"
	for _d in "regress/fuzz/corpus/$1" "regress/fuzz/seeds/$1"; do
		[ -d "$_d" ] && set -- "$@" "$_d"
	done
	_name=$1
	shift
	"$FUZZ/bin/$_name" -seed=$seed -max_total_time="$seconds" -timeout=10 \
	    -rss_limit_mb=1024 -print_final_stats=0 -verbosity=0 \
	    -artifact_prefix="$FUZZ/$_name-" "$@"
}

# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(for f in regress/fuzz/*_fuzz.c; do
	basename "$f" _fuzz.c
done)
for name; do
	log=$FUZZ/$name.log
	if build "$name" >"$log" 2>&1 && run "$name" >>"$log" 2>&1; then
		echo "ok fuzz/$name"
	else
		echo "FAIL fuzz/$name"
		tail -n 40 "$log"
		status=1
	fi
done
exit $status
