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

# Data lines a second, of 64 sessions interleaved: mail that is none of our
# business against an echo in chunks and against a pass-through on the
# system's libopensmtpd, and replies being rewritten against the latter.
# Medians of several rounds, the filters taking turns; the driver runs on one
# processor, the filter on another.

set -eu
cd "$(dirname "$0")/../../.."
OBJ=${OBJ:-$(pwd)/obj}
lines=3000000
rounds=5
while getopts l:r: flag; do
	case $flag in
	l)	lines=$OPTARG ;;
	r)	rounds=$OPTARG ;;
	*)	echo "usage: run.sh [-l LINES] [-r ROUNDS]" >&2; exit 2 ;;
	esac
done

make -s -f Makefile.linux OBJ="$OBJ" all "$OBJ/regress/tool/filterseed" \
    "$OBJ/regress/bench/filter/filterbench" \
    "$OBJ/regress/bench/filter/echofilter"
make -s -f Makefile.linux OBJ="$OBJ" LDLIBS="-lopensmtpd -levent" \
    "$OBJ/regress/protocol/osmtpdpass"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT INT TERM

mkdir "$tmp/db" "$tmp/key"
cat >"$tmp/relay.conf" <<-CONF
database "$tmp/db/relay.db"
key "$tmp/key/relay.key"
domain { "company.example" }
replies {
	authenticate signature
	commands accept
}
CONF
"$OBJ/regress/tool/filterseed" "$tmp/db/relay.db" "$tmp/key/relay.key" \
    >"$tmp/made" <<-SEED
mailbox support@company.example -
worker alice - alice@home.example
join support@company.example alice
conversation support@company.example
handle alice 1 carol@customer.test 100000
token alice 1 support@company.example 0
SEED
handle=$(grep '^support+' "$tmp/made")
token=$(grep '^relay\.' "$tmp/made")
cat >"$tmp/header" <<-HEADER
Received: from home.example (home.example [192.0.2.1])
	by mx.company.example (OpenSMTPD) with ESMTP id 5b1ad83f
From: Alice <alice@home.example>
To: Carol <$handle>
Subject: Re: a question
Message-ID: <1@home.example>
In-Reply-To: <$token>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
HEADER

bench=$OBJ/regress/bench/filter/filterbench
pass=$OBJ/regress/protocol/osmtpdpass
relay="$OBJ/bin/filter-relay -f $tmp/relay.conf"

median() {
	sort -n "$1" | sed -n "$((($(wc -l <"$1") + 1) / 2))p"
}

n=0
while [ $n -lt "$rounds" ]; do
	n=$((n + 1))
	"$bench" -x -l "$lines" a@b.test c@d.test \
	    "$OBJ/regress/bench/filter/echofilter" >>"$tmp/echo"
	"$bench" -l $((lines / 10)) a@b.test c@d.test "$pass" >>"$tmp/pass"
	# shellcheck disable=SC2086
	"$bench" -l "$lines" a@b.test c@d.test $relay >>"$tmp/ours"
	# shellcheck disable=SC2086
	"$bench" -l "$lines" -h "$tmp/header" alice@home.example "$handle" \
	    $relay >>"$tmp/reply"
done

echo=$(median "$tmp/echo")
pass=$(median "$tmp/pass")
ours=$(median "$tmp/ours")
reply=$(median "$tmp/reply")
echo "data lines a second: echo in chunks $echo, libopensmtpd $pass"
awk -v o="$ours" -v e="$echo" -v p="$pass" -v r="$reply" 'BEGIN {
	printf "passed on: %d, %.2f of the echo (to reach: 0.5), ", o, o / e
	printf "%.1f times libopensmtpd (to reach: 15)\n", o / p
	printf "rewritten: %d, %.1f times libopensmtpd (to reach: 4)\n", \
	    r, r / p
}'
