# shellcheck shell=sh
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

# What the scripts that try smtprelayctl's commands share; they read this file
# first of all.  They need root: each runs in a mount namespace of its own with
# a copy of /etc, so that users, keys and the database are made nowhere else.
# It sets prog, the program; tmp, an empty directory in which the script runs;
# conf, the relay.conf that the script writes there;
# status, 1 once anything failed; and suite, the script's name.

set -u
here=$(cd "$(dirname "$0")" && pwd)
suite=$(basename "$0" .sh)
prog=${1:-${OBJ:-$here/../../obj}/bin/smtprelayctl}
prog=$(cd "$(dirname "$prog")" && pwd)/$(basename "$prog")
if [ "${CTL_OUTSIDE:-}" = "" ]; then
	if [ "$(id -u)" != 0 ]; then
		echo "FAIL $suite: must be run by root"
		exit 1
	fi
	CTL_TMP=$(mktemp -d) || exit 1
	export CTL_TMP
	CTL_OUTSIDE=$(readlink /proc/self/ns/mnt) unshare -m sh "$0" "$prog"
	status=$?
	rmdir "$CTL_TMP"
	exit $status
fi

# From here on files below /etc are changed: never without a copy of it.
if [ "$(readlink /proc/self/ns/mnt)" = "$CTL_OUTSIDE" ]; then
	echo "FAIL $suite: no mount namespace of its own"
	exit 1
fi
mount --make-rprivate / || exit 1
tmp=${CTL_TMP:?}
mount -t tmpfs -o mode=0755 tmpfs "$tmp" || exit 1
cp -a /etc "$tmp/etc" && touch "$tmp/etc/is-a-copy" &&
    mount --bind "$tmp/etc" /etc && [ -e /etc/is-a-copy ] || exit 1
rm -rf /etc/mail /etc/smtpd.conf
# By hand: userdel refuses while any process of that user runs.
for user in _smtprelay opensmtpd _smtpd; do
	sed -i -e "/^$user:/d" -e "s/\([:,]\)$user\(,\|\$\)/\1/" \
	    -e 's/,$//' /etc/passwd /etc/shadow /etc/group /etc/gshadow
done
useradd --system --no-create-home opensmtpd || exit 1
cd "$tmp" || exit 1
umask 022
conf=$tmp/relay.conf
status=0

# try NAME STATUS STDOUT STDERR ARGUMENT ...: runs the command and compares;
# STDOUT and STDERR are basic regular expressions, - stands for nothing at all
try() {
	name=$1 want=$2 wantout=$3 wanterr=$4
	shift 4
	"$prog" -f "$conf" "$@" >out 2>err </dev/null
	got=$?
	why=
	[ $got = "$want" ] || why="status $got, not $want"
	found out "$wantout" || why="$why stdout is not $wantout"
	found err "$wanterr" || why="$why stderr is not $wanterr"
	verdict
}

found() {
	if [ "$2" = - ]; then
		[ ! -s "$1" ]
	else
		[ "$2" = any ] || grep -q -e "$2" "$1"
	fi
}

verdict() {
	if [ -n "$why" ]; then
		echo "FAIL $suite/$name: $why"
		sed 's/^/	out: /' out
		sed 's/^/	err: /' err
		status=1
	else
		echo "ok $suite/$name"
	fi
}

# json NAME EXPRESSION ARGUMENT ...: runs the command with -j; EXPRESSION, in
# Python, must be true of the one object d on standard output
json() {
	name=$1 expr=$2
	shift 2
	"$prog" -j -f "$conf" "$@" >out 2>err </dev/null
	why=
	/usr/bin/python3 -c '
import json, sys
text = open("out").read()
d = json.loads(text)
assert text.count("\n") == 1 and isinstance(d, dict)
assert eval("(" + sys.argv[1] + ")"), d' "$expr" 2>>err ||
	    why="not so: $expr"
	verdict
}

# check NAME COMMAND ...: a command that must succeed
check() {
	name=$1
	shift
	if "$@" >said 2>&1; then
		echo "ok $suite/$name"
	else
		echo "FAIL $suite/$name: failed: $*"
		sed 's/^/	/' said
		status=1
	fi
}

# as_relay COMMAND ...: as the user that the programs run as
as_relay() {
	setpriv --reuid _smtprelay --regid _smtprelay --clear-groups "$@"
}

# not COMMAND ...: must fail, but not by a signal
not() {
	"$@"
	[ $? -eq 1 ]
}
