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

# usage: build.sh RELEASE
#
# Builds the sources with the compiler and the libraries that belong to this
# release of smtpd (6.8: this machine; 7.6, 7.9: its tree) and installs them
# below obj/stage/RELEASE, where the private machines find them.

set -eu
cd "$(dirname "$0")/../.."
top=$(pwd)
release=$1
trees=${TREES:-/var/cache/opensmtpd-relay/trees}

mkdir -p obj/stage
exec 9>"obj/stage/.lock-$release"
flock 9
new=obj/stage/new-$release
rm -rf "$new"
mkdir -p "$new"

case $release in
6.8)
	make -s -j "$(nproc)" -f Makefile.linux all
	make -s -f Makefile.linux install DESTDIR="$top/$new"
	;;
*)
	[ -d "$trees/$release" ] || sh regress/e2e/trees.sh "$release"
	# shellcheck disable=SC2016
	unshare -m sh -euc '
		mount --make-rprivate /
		mount --bind "$2" "$1/mnt"
		exec chroot "$1" /usr/bin/env -i \
		    PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		    make -s -j "$(nproc)" -C /mnt -f Makefile.linux \
		    OBJ=obj/"$3" all install DESTDIR=/mnt/obj/stage/new-"$3"
	' sh "$trees/$release" "$top" "$release" 9>&-
	;;
esac
rm -rf "obj/stage/old-$release"
[ ! -d "obj/stage/$release" ] || mv "obj/stage/$release" \
    "obj/stage/old-$release"
mv "$new" "obj/stage/$release"
