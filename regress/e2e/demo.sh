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

# make -f Makefile.linux demo: shows the main job on a private smtpd.  Nothing
# of this machine's own mail is touched.

set -eu
cd "$(dirname "$0")/../.."

die() {
	echo "demo: $*" >&2
	exit 1
}

[ "$(uname -s)" = Linux ] || die "needs Linux"
[ "$(id -u)" -eq 0 ] || die "needs root, for a private machine in namespaces"
sh regress/e2e/deps.sh run || die "some packages are missing"
why=$(unshare -m -n -p -f true 2>&1) ||
    die "no namespaces (unshare -m -n -p) in this kernel or container:" \
	"$why"
mkdir -p obj
echo "building ..."
sh regress/e2e/build.sh 6.8 >obj/demo.log 2>&1 ||
    die "the build failed: $(tail -n 1 obj/demo.log); see obj/demo.log"
exec timeout 120 /usr/bin/python3 regress/e2e/demo.py
