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

# usage: fresh.sh [-k] [-t] [demo | check] ...
#
# Shows that README's two commands, demo and check (both, when none is named),
# work on a stock Debian 12: makes a tree that holds what debootstrap's minbase
# does, and make, unpacks the sources of HEAD there and runs them in it.  What
# they print is printed; the last line says what passed.  It is run before a
# release, and needs root, debootstrap, git and the network.
#
#	-k	keep the tree, and say where it is
#	-t	lend it the trees with the newer releases of smtpd of this
#		machine; without it they are made anew, below the tree
#
# SUITES in the environment names the only parts of check that run; see
# check.sh.  The tree is made below $FRESH (/var/tmp).

set -eu
cd "$(dirname "$0")/.."
FRESH=${FRESH:-/var/tmp}
MIRROR=${MIRROR:-http://deb.debian.org/debian}
export MIRROR
TREES=${TREES:-/var/cache/opensmtpd-relay/trees}
SOURCES=/root/opensmtpd-relay
keep=
lend=

usage() {
	echo "usage: fresh.sh [-k] [-t] [demo | check] ..." >&2
	exit 2
}

while getopts kt flag; do
	case $flag in
	k)	keep=1 ;;
	t)	lend=$TREES ;;
	*)	usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- demo check
for command; do
	case $command in
	demo | check)	;;
	*)	usage ;;
	esac
done
[ "$(id -u)" -eq 0 ] || { echo "fresh.sh: needs root" >&2; exit 1; }

root=$(mktemp -d "$FRESH/fresh.XXXXXXXX")
# The mounts are in a namespace of their own, and gone with the commands.
clean() {
	if [ -n "$keep" ]; then
		echo "the tree: $root"
	else
		rm -rf --one-file-system "$root"
	fi
}
trap clean EXIT
trap 'exit 1' HUP INT TERM

# What this machine's apt is told about how to reach a mirror, and no more.
apt_conf() {
	apt-config dump | grep -Ei \
	    '^Acquire::(Check-(Valid-Until|Date)|https?::Proxy) ' || :
}

# in_fresh COMMAND ...: runs it in the tree, whose root is a mount point
in_fresh() {
	_ca=
	[ -z "${NODE_EXTRA_CA_CERTS:-}" ] || _ca=/etc/outer-ca.pem
	# shellcheck disable=SC2016
	unshare -m -p -f --kill-child sh -euc '
		root=$1 lend=$2 suites=$3 ca=$4
		shift 4
		mount --make-rprivate /
		mount --bind "$root" "$root"
		mount -t proc proc "$root/proc"
		mount -t tmpfs -o mode=0755 tmpfs "$root/run"
		mount -t devpts -o newinstance,ptmxmode=0666 devpts \
		    "$root/dev/pts"
		mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
		if [ -n "$lend" ]; then
			mkdir -p "$root/$lend"
			mount --bind "$lend" "$root/$lend"
		fi
		exec chroot "$root" /usr/bin/env -i \
		    PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		    TERM=dumb MIRROR="$MIRROR" \
		    ${http_proxy:+http_proxy="$http_proxy"} \
		    ${https_proxy:+https_proxy="$https_proxy"} \
		    ${no_proxy:+no_proxy="$no_proxy"} \
		    ${ca:+NODE_EXTRA_CA_CERTS="$ca"} \
		    ${suites:+SUITES="$suites"} "$@"
	' sh "$root" "$lend" "${SUITES:-}" "$_ca" "$@"
}

echo "making a fresh Debian 12 in $root"
chmod 755 "$root"
debootstrap --variant=minbase --include=make bookworm "$root" "$MIRROR" \
    >"$root.log" 2>&1 || {
	tail -n 20 "$root.log"
	echo "fresh.sh: no tree, see $root.log" >&2
	exit 1
}
rm -f "$root.log"
apt_conf >"$root/etc/apt/apt.conf.d/90fresh"
cat /etc/resolv.conf >"$root/etc/resolv.conf"
cat /etc/hosts >"$root/etc/hosts"
# npm asks by https, which a proxy of this machine may open.
[ -z "${NODE_EXTRA_CA_CERTS:-}" ] ||
    cp "$NODE_EXTRA_CA_CERTS" "$root/etc/outer-ca.pem"
mkdir -p "$root$SOURCES"
git archive HEAD | tar -x -C "$root$SOURCES"

status=0
passed=
for command; do
	echo "== make -f Makefile.linux $command"
	if in_fresh make -C "$SOURCES" -f Makefile.linux "$command"; then
		passed="$passed $command"
	else
		status=1
	fi
done
echo "passed in a fresh Debian 12:${passed:- nothing}"
exit $status
