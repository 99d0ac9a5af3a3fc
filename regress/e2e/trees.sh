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
#
# usage: trees.sh [7.6 | 7.9 | upstream] ...
#
# Makes the Debian trees that hold the newer two releases of smtpd, with a
# compiler, and the one with other people's mail servers (Postfix, Dovecot),
# under $TREES (/var/cache/opensmtpd-relay/trees).  A tree that is there
# already, and complete, is left as it is; one that lacks packages gets them.
# Needs root.

set -eu

TREES=${TREES:-/var/cache/opensmtpd-relay/trees}
MIRROR=${MIRROR:-http://deb.debian.org/debian}
# The stamp holds the list of packages that a tree was made from.
STAMP=.complete-2
PACKAGES="gcc make byacc libc6-dev libevent-dev libbsd-dev libssl-dev
    libsqlite3-dev libc-ares-dev libcurl4-openssl-dev opensmtpd
    opensmtpd-filter-dkimsign ca-certificates pkgconf procps"
UPSTREAM="postfix dovecot-core libsasl2-modules ca-certificates procps"

die() {
	echo "trees.sh: $*" >&2
	exit 1
}

# suite_of RELEASE: the Debian suite that ships this smtpd
suite_of() {
	case $1 in
	7.6)	echo trixie ;;
	7.9)	echo testing ;;
	upstream)	echo bookworm ;;
	*)	die "$1: no such tree, expected 7.6, 7.9 or upstream" ;;
	esac
}

# packages_of RELEASE: what is installed in its tree
packages_of() {
	case $1 in
	upstream)	echo "$UPSTREAM" ;;
	*)	echo "$PACKAGES" ;;
	esac
}

# script_of SUITE: debootstrap's script; an older one does not know the newest
script_of() {
	_scripts=/usr/share/debootstrap/scripts
	if [ -e "$_scripts/$1" ] && [ "$1" != testing ]; then
		echo "$_scripts/$1"
	else
		echo "$_scripts/sid"
	fi
}

# tree_files TREE: what smtpd needs to start without asking any name server
tree_files() {
	echo "127.0.0.1 localhost mx.company.example mx" >"$1/etc/hosts"
	echo mx.company.example >"$1/etc/mailname"
	echo mx.company.example >"$1/etc/hostname"
	rm -f "$1/etc/resolv.conf"
	echo "nameserver 127.0.0.1" >"$1/etc/resolv.conf"
}

# in_tree TREE COMMAND ...: runs it there, in a mount namespace of its own
in_tree() {
	_tree=$1
	shift
	# shellcheck disable=SC2016
	unshare -m sh -c '
		mount --make-rprivate /
		mount -t proc proc "$1/proc"
		mount -t tmpfs tmpfs "$1/run"
		cp -L /etc/resolv.conf "$1/run/resolv.outer"
		mount --bind "$1/run/resolv.outer" "$1/etc/resolv.conf"
		mount --bind /etc/hosts "$1/etc/hosts"
		tree=$1; shift
		exec chroot "$tree" /usr/bin/env -i \
		    PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C \
		    DEBIAN_FRONTEND=noninteractive \
		    ${http_proxy:+http_proxy="$http_proxy"} "$@"
	' sh "$_tree" "$@"
}

# tree_packages TREE PACKAGE ...: installs them, starts nothing
tree_packages() {
	printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
	chmod 755 "$1/usr/sbin/policy-rc.d"
	printf 'path-exclude=/usr/share/%s/*\n' doc man locale info \
	    >"$1/etc/dpkg/dpkg.cfg.d/small"
	cat >"$1/etc/apt/apt.conf.d/90tree" <<-!
		Acquire::Check-Valid-Until "false";
		Acquire::Languages "none";
		Acquire::Retries "3";
		APT::Install-Recommends "false";
		Dpkg::Options { "--force-unsafe-io"; "--force-confold"; };
	!
	_root=$1
	shift
	in_tree "$_root" apt-get -q update &&
	    in_tree "$_root" apt-get -q -y install "$@" || return 1
	in_tree "$_root" apt-get clean
	rm -rf "$_root"/var/lib/apt/lists/*
}

# finish_tree RELEASE TREE: its packages, its files and the stamp
finish_tree() {
	tree_files "$2"
	# shellcheck disable=SC2046
	tree_packages "$2" $(packages_of "$1") || return 1
	tree_files "$2"
	packages_of "$1" >"$2/$STAMP"
	echo "tree $1: $(packages_of "$1")"
}

# make_tree RELEASE: anew; 1 when a mirror did not answer, say
make_tree() {
	_release=$1
	_suite=$(suite_of "$_release")
	_new="$TREES/.new-$_release"
	[ -x /usr/sbin/debootstrap ] || die "debootstrap is not installed"
	rm -rf --one-file-system "$_new"
	mkdir -p "$_new"
	echo "making the tree $_release ($_suite)"
	debootstrap --variant=minbase "$_suite" "$_new" "$MIRROR" \
	    "$(script_of "$_suite")" || return 1
	finish_tree "$_release" "$_new" || return 1
	rm -rf --one-file-system "${TREES:?}/$_release"
	mv "$_new" "$TREES/$_release"
}

# whole RELEASE: its tree holds all the packages
whole() {
	packages_of "$1" | cmp -s - "$TREES/$1/$STAMP"
}

[ "$(id -u)" -eq 0 ] || die "only root can make a tree"
[ $# -gt 0 ] || set -- 7.6 7.9 upstream
mkdir -p "$TREES"
exec 9>"$TREES/.lock"
flock 9
for release in "$@"; do
	suite_of "$release" >/dev/null
	if whole "$release"; then
		echo "tree $release: complete"
	elif ! [ -e "$TREES/$release/etc/dpkg/dpkg.cfg.d/small" ] ||
	    ! finish_tree "$release" "$TREES/$release" 9>&-; then
		make_tree "$release" 9>&- || make_tree "$release" 9>&- ||
		    make_tree "$release" 9>&- ||
		    die "$release: its tree cannot be made"
	fi
done
