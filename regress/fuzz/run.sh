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
# FUZZ_SECONDS, from what is in corpus/NAME and seeds/NAME.  A crash, a leak,
# undefined behaviour or an input that takes a minute fails.
#
# Without FUZZ_SECONDS each runs FUZZ_RUNS inputs (10000) of a fixed seed, from
# an empty working directory: a number of inputs and not a time, for what a
# run says must depend on the sources and not on the machine's load.
#
# usage: run.sh [NAME ...]

set -eu
cd "$(dirname "$0")/../.."
OBJ=${OBJ:-$(pwd)/obj}
FUZZ=$OBJ/fuzz
SAN=address,undefined
export OBJ
LIBS="$FUZZ/libregress.a $FUZZ/filter-relay.a $FUZZ/mda-relay.a
    $FUZZ/table-relay.a $FUZZ/smtprelayctl.a
    $FUZZ/libmailauth.a $FUZZ/libcommon.a"
fixed=
FLAGS="-fsanitize=fuzzer-no-link,$SAN -fno-sanitize-recover=undefined"
if [ -n "${FUZZ_SECONDS:-}" ]; then
	[ "$FUZZ_SECONDS" -gt 0 ] || FUZZ_SECONDS=1	# 0 never ends
	extent="-seed=0 -max_total_time=$FUZZ_SECONDS"
else
	extent="-seed=1 -reload=0 -runs=${FUZZ_RUNS:-10000}"
	# Addresses find their way into what it tries: have the same ones.
	setarch -R true 2>/dev/null && fixed="setarch -R"
fi
status=0

command -v clang >/dev/null || {
	echo "FAIL fuzz: clang is missing (apt-get install clang)"
	exit 1
}

# build NAME: the harness, when it is older than what it is made of
# shellcheck disable=SC2046,SC2086
build() {
	_bin=$FUZZ/bin/$1
	mkdir -p "$FUZZ/bin"
	[ -n "$(find "$_bin" -newer "regress/fuzz/$1_fuzz.c" \
	    $(printf ' -newer %s' $LIBS) 2>/dev/null)" ] && return 0
	clang -std=gnu99 -O1 -g $FLAGS -fsanitize=fuzzer,$SAN -D_GNU_SOURCE \
	    -DLIBEXECDIR='"/nonexistent"' -Icommon -Imailauth \
	    -I. -Iregress -Iregress/fuzz -o "$_bin" \
	    "regress/fuzz/$1_fuzz.c" $LIBS -lsqlite3 -lcares -lcurl -lssl \
	    -lcrypto -levent_core -lbsd
}

# run NAME: what is found new goes below $FUZZ, never into the tree
run() {
	_work=$FUZZ/work/$1
	[ -n "${FUZZ_SECONDS:-}" ] || rm -rf "$_work"
	mkdir -p "$_work"
	set -- "$1" "$_work"
	for _d in "regress/fuzz/corpus/$1" "regress/fuzz/seeds/$1"; do
		[ -d "$_d" ] && set -- "$@" "$_d"
	done
	_name=$1
	shift
	# shellcheck disable=SC2086
	$fixed "$FUZZ/bin/$_name" $extent -timeout=60 \
	    -rss_limit_mb=1024 -print_final_stats=0 -verbosity=0 \
	    -artifact_prefix="$FUZZ/$_name-" "$@"
}

# one NAME: builds and runs it, and says how that went in one piece
one() {
	_log=$FUZZ/$1.log
	if build "$1" >"$_log" 2>&1 && run "$1" >>"$_log" 2>&1; then
		echo "ok fuzz/$1"
		return 0
	fi
	echo "FAIL fuzz/$1
$(tail -n 40 "$_log")"
	return 1
}

# The processors share the harnesses; each is a run of this script's own.
if [ -n "${FUZZ_ONE:-}" ]; then
	one "$FUZZ_ONE"
	exit
fi
# shellcheck disable=SC2086
make -s -j "$(nproc)" -f Makefile.linux OBJ="$FUZZ" CC=clang CFLAGS="-O1 -g" \
    EXTRA_CFLAGS="$FLAGS -Wno-unused-command-line-argument" \
    $LIBS || {
	echo "FAIL fuzz: the library does not build"
	exit 1
}
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(for f in regress/fuzz/*_fuzz.c; do
	basename "$f" _fuzz.c
done)
printf '%s\n' "$@" |
    xargs -P "$(nproc)" -I '{}' env FUZZ_ONE='{}' sh regress/fuzz/run.sh ||
    status=1
exit $status
