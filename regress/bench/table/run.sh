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


# usage: run.sh [-n LOOKUPS] [-r ROUNDS]
#
# How fast table-relay answers, with 1,000 and with 100,000 keys, one lookup
# at a time, beside a table that does nothing, table-passwd and table-sqlite
# (Debian's opensmtpd-extras, which speak the binary protocol alone).  Then the
# same for who sends: 100,000 identities of 10,000 users.  Of a user there are
# 260 bytes to be told; the table that does nothing tells as many.

set -eu
cd "$(dirname "$0")/../../.."
OBJ=${OBJ:-$(pwd)/obj}
EXTRAS=${EXTRAS:-/usr/libexec/opensmtpd}
lookups=2000
rounds=201
while getopts n:r: flag; do
	case $flag in
	n)	lookups=$OPTARG ;;
	r)	rounds=$OPTARG ;;
	*)	echo "usage: run.sh [-n LOOKUPS] [-r ROUNDS]" >&2; exit 2 ;;
	esac
done

make -s -f Makefile.linux OBJ="$OBJ" all "$OBJ/regress/tool/storeseed" \
    "$OBJ/regress/bench/table/tablebench" \
    "$OBJ/regress/bench/table/nulltable"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT INT TERM

# fill KEYS: a directory with as many keys for every kind of table
fill() {
	_d=$tmp/$1
	mkdir "$_d"
	cat >"$_d/relay.conf" <<-CONF
	database "$_d/relay.db"
	key "$_d/relay.key"
	domain { "company.example" }
	replies {
		authenticate signature
	}
	CONF
	"$OBJ/regress/tool/storeseed" "$_d/relay.db" <<-SEED |
	mailbox support@company.example
	begin
	handles support@company.example $1 1000000
	commit
	SEED
	    grep @ >"$_d/keys"
	sed 's/@.*/:*:1000:1000::\/home\/x:\/bin\/sh/' "$_d/keys" >"$_d/passwd"
	{
		echo "CREATE TABLE v (k TEXT PRIMARY KEY, d TEXT);"
		echo "BEGIN;"
		sed "s/.*/INSERT INTO v VALUES ('&', '_smtprelay');/" "$_d/keys"
		echo "COMMIT;"
	} | sqlite3 "$_d/sqlite.db"
	cat >"$_d/sqlite.conf" <<-CONF
	dbpath $_d/sqlite.db
	query_alias SELECT d FROM v WHERE k=?;
	CONF
}

# bench KEYS
bench() {
	fill "$1"
	set -- "$1" "$tmp/$1"
	null=$OBJ/regress/bench/table/nulltable
	relay=$OBJ/bin/table-relay,$2/relay.conf
	count=$1
	dir=$2
	for proto in text imsg; do
		echo "$count keys, $proto protocol, one lookup at a time:"
		set -- "null,$proto,alias,whole,$null" \
		    "table-relay,$proto,alias,whole,$relay"
		if [ $proto = imsg ] && [ -x "$EXTRAS/table-passwd" ]; then
			set -- "$@" "table-passwd,imsg,userinfo,strip,\
$EXTRAS/table-passwd,$dir/passwd" \
			    "table-sqlite,imsg,alias,whole,\
$EXTRAS/table-sqlite,$dir/sqlite.conf"
		fi
		"$OBJ/regress/bench/table/tablebench" -n "$lookups" \
		    -r "$rounds" "$dir/keys" "$@" 2>"$tmp/err" || {
			cat "$tmp/err" >&2
			exit 1
		}
	done
}

# fill_senders IDENTITIES: every address a key, every login a key
fill_senders() {
	_d=$tmp/senders
	mkdir "$_d"
	cat >"$_d/relay.conf" <<-CONF
	database "$_d/relay.db"
	key "$_d/relay.key"
	domain { "company.example" }
	outbound {
		alternates allow
	}
	CONF
	"$OBJ/regress/tool/storeseed" "$_d/relay.db" "$_d/relay.key" <<-SEED \
	    >"$tmp/err"
	begin
	identities $1
	commit
	SEED
	awk -v n="$1" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "i%d@p%d.example\n", i, i % 1000
	}' >"$_d/mailaddr"
	awk -v n="$1" 'BEGIN {
		for (i = 0; i < n / 10; i++)
			printf "u%d\n", i
	}' >"$_d/mailaddrmap"
	{
		echo "CREATE TABLE v (k TEXT PRIMARY KEY);"
		echo "BEGIN;"
		sed "s/.*/INSERT INTO v VALUES ('&');/" "$_d/mailaddr"
		echo "COMMIT;"
	} | sqlite3 "$_d/sqlite.db"
	cat >"$_d/sqlite.conf" <<-CONF
	dbpath $_d/sqlite.db
	query_mailaddr SELECT k FROM v WHERE k=?;
	CONF
}

# bench_senders IDENTITIES
bench_senders() {
	fill_senders "$1"
	null=$OBJ/regress/bench/table/nulltable
	relay=$OBJ/bin/table-relay,$tmp/senders/relay.conf
	count=$1
	for service in mailaddr mailaddrmap; do
		size=18
		[ $service = mailaddr ] || size=260
		for proto in text imsg; do
			echo "$count identities, $service, $proto protocol:"
			set -- "null,$proto,$service,whole,$null,$size" \
			    "table-relay,$proto,$service,whole,$relay"
			if [ $proto = imsg ] && [ $service = mailaddr ] &&
			    [ -x "$EXTRAS/table-sqlite" ]; then
				set -- "$@" "table-sqlite,imsg,mailaddr,whole,\
$EXTRAS/table-sqlite,$tmp/senders/sqlite.conf"
			fi
			"$OBJ/regress/bench/table/tablebench" \
			    -t bench_senders -n "$lookups" -r "$rounds" \
			    "$tmp/senders/$service" "$@" 2>"$tmp/err" || {
				cat "$tmp/err" >&2
				exit 1
			}
		done
	done
}

bench 1000
bench 100000
bench_senders 100000
