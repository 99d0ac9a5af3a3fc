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

# usage: unshare -m -n -p -u -f world.sh DIRECTORY LOWER NAME [STAGE]
#
# The first process of a private machine of this name: an overlay of the
# directory LOWER, with a copy of what STAGE holds on top, becomes its root, so
# that whatever happens in it is written to memory only.  Says "ready" and ends
# with its standard input, and everything on the machine with it.

set -eu
dir=$1
lower=$2
name=$3
stage=${4:-}
mount --make-rprivate /
mount -t tmpfs -o mode=0755 tmpfs "$dir"
mkdir "$dir/upper" "$dir/work" "$dir/root"
[ -z "$stage" ] || cp -a "$stage/." "$dir/upper"
chmod 755 "$dir/upper"
mount -t overlay -o "lowerdir=$lower,upperdir=$dir/upper,workdir=$dir/work" \
    overlay "$dir/root"
cd "$dir/root"
mount -t proc proc proc
mount -t tmpfs -o mode=0755 tmpfs dev
for node in null zero full random urandom tty; do
	: >"dev/$node"
	mount --bind "/dev/$node" "dev/$node"
done
mkdir dev/shm
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t tmpfs -o mode=0755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir -p var/spool/smtpd var/lib/smtprelay
mount -t tmpfs -o mode=0711 tmpfs var/spool/smtpd
mount -t tmpfs -o mode=0755 tmpfs var/lib/smtprelay
hostname "$name"
rm -f etc/resolv.conf etc/hosts etc/mailname
echo "nameserver 127.0.0.1" >etc/resolv.conf
echo "127.0.0.1 localhost" >etc/hosts
echo "$name" >etc/mailname
rm -rf etc/mail etc/smtpd.conf
mkdir -m 0755 etc/mail
exec chroot . /bin/sh -c 'echo ready; cat >/dev/null; :'
