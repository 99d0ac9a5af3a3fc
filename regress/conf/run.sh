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

# Checks how relay.conf is read.  N.in with N.ok must be accepted, and -nv
# must print N.ok, which must parse again to the same; N.in without it must
# be refused.  Standard error must be N.err (nothing without that file).
#
#	regress/conf/run.sh [-u] [PROGRAM]
#
# PROGRAM is $OBJ/bin/smtprelayctl unless named; -u writes N.ok and N.err anew.
# Then ctl.sh, ctl_account.sh and ctl_oauth.sh try the commands.

update=0
if [ "$1" = -u ]; then
	update=1
	shift
fi
here=$(cd "$(dirname "$0")" && pwd) || exit 1
prog=${1:-${OBJ:-$here/../../obj}/bin/smtprelayctl}
prog=$(cd "$(dirname "$prog")" && pwd)/$(basename "$prog")
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# The tree may have been checked out with any umask and by anybody.
umask 022
cp "$here"/*.in "$here"/*.inc "$tmp" || exit 1
chmod 644 "$tmp"/*
cd "$tmp" || exit 1
status=0

ok() {
	echo "ok conf/$1"
}

fail() {
	echo "FAIL conf/$1: $2"
	status=1
}

# same FILE GOLDEN: GOLDEN may be missing, which means empty
same() {
	if [ -f "$2" ]; then
		diff -u "$2" "$1"
	else
		diff -u /dev/null "$1"
	fi
}

one() {
	"$prog" -nvf "$1.in" >out 2>err
	got=$?
	if [ $update = 1 ]; then
		rm -f "$here/$1.ok" "$here/$1.err"
		[ $got != 0 ] || cp out "$here/$1.ok"
		[ ! -s err ] || cp err "$here/$1.err"
	fi
	want=1
	[ ! -f "$here/$1.ok" ] || want=0
	if [ $got != $want ]; then
		cat err
		fail "$1" "exit status $got, expected $want"
	elif ! same out "$here/$1.ok"; then
		fail "$1" "standard output differs"
	elif ! same err "$here/$1.err"; then
		fail "$1" "standard error differs"
	elif [ $want = 0 ] && ! { cp out again.conf &&
	    "$prog" -nvf again.conf >again 2>err && diff -u out again; }; then
		cat err
		fail "$1" "its output does not parse to the same"
	else
		ok "$1"
	fi
}

for in in *.in; do
	one "${in%.in}"
done

# Who else may write the file decides what root decides.
for mode in 664 646 666; do
	rm -f mode.conf
	cp minimal.in mode.conf
	chmod $mode mode.conf
	if "$prog" -nf mode.conf 2>err || ! grep -q chmod err; then
		fail "mode-$mode" "believed"
	else
		ok "mode-$mode"
	fi
done
rm mode.conf
printf 'include "open.inc"\n' | cat minimal.in - >mode.conf
: >open.inc
chmod 666 open.inc
if "$prog" -nf mode.conf 2>err || ! grep -q '^mode.conf:4: .*chmod' err; then
	fail include-mode "believed"
else
	ok include-mode
fi
mkfifo fifo.conf
for name in fifo.conf . none.conf; do
	if "$prog" -nf $name 2>err || ! grep -q "^$name: " err; then
		fail "no-file-$name" "read"
	else
		ok "no-file-$name"
	fi
done

# An endless flood of mistakes or macros must end.
i=0
while [ $i -lt 300 ]; do
	echo "mistake $i"
	i=$((i + 1))
done >flood.conf
"$prog" -nf flood.conf 2>err
if [ "$(wc -l <err)" -ne 101 ] || ! grep -q 'more mistakes' err; then
	fail flood "$(wc -l <err) lines"
else
	ok flood
fi
{
	cat minimal.in
	echo 'm0 = "a.example a.example a.example a.example"'
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		p=$((i - 1))
		echo "m$i = \"\$m$p \$m$p \$m$p \$m$p \$m$p \$m$p\""
	done
	echo 'domain { $m12 }'
} >bomb.conf
if "$prog" -nf bomb.conf 2>err; then
	fail bomb "accepted"
else
	ok bomb
fi

printf 'database "/%01001d"\ndomain a.example\n' 0 >long.conf
if "$prog" -nf long.conf 2>err || ! grep -q 'at most 1000 bytes' err; then
	fail long-path "accepted"
else
	ok long-path
fi

# The networks of a gate may stand in a file, which is read with -n, too.
printf 'domain a.example\ngate g { match { source { local, file "%s" } } }\n' \
    "$tmp/nets" >file.conf
echo '192.0.2.0/24 # documentation' >nets
"$prog" -nvf file.conf >out 2>err && cp out again.conf &&
    "$prog" -nvf again.conf >again 2>err && diff -u out again &&
    grep -q "^			file \"$tmp/nets\"$" out ||
    { cat err; fail gate-file "refused, or not printed"; }
echo '192.0.2.1/24' >>nets
if "$prog" -nf file.conf 2>err || ! grep -q '/nets:2: ' err; then
	cat err
	fail gate-file "a bad line is accepted"
else
	ok gate-file
fi

sh "$here/ctl.sh" "$prog" || status=1
sh "$here/ctl_account.sh" "$prog" || status=1
sh "$here/ctl_oauth.sh" "$prog" || status=1
exit $status
