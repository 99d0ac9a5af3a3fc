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

# usage: deps.sh build | run | check
#
# Installs the Debian packages that are needed to build, to run the demo, or
# to run every test; what is there already is left alone.  No package of the
# machine is ever removed, and no mail server is started.

set -eu

BUILD="gcc make byacc pkgconf libc6-dev libevent-dev libbsd-dev libssl-dev
    libsqlite3-dev libc-ares-dev libcurl4-openssl-dev"
RUN="$BUILD opensmtpd iproute2 util-linux procps python3 s-nail openssl"
CHECK="$RUN opensmtpd-filter-dkimsign opensmtpd-extras libopensmtpd-dev
    debootstrap mutt tmux python3-dkim opendkim python3-yaml nsd unbound
    clang libclang-rt-dev bmake mandoc cppcheck shellcheck sqlite3"

die() {
	echo "deps.sh: $*" >&2
	exit 1
}

# Others' packages of Node.js have both in one.
command -v npm >/dev/null || CHECK="$CHECK nodejs npm"

case ${1:-} in
build)	wanted=$BUILD ;;
run)	wanted=$RUN ;;
check)	wanted=$CHECK ;;
*)	echo "usage: deps.sh build | run | check" >&2; exit 2 ;;
esac

# installed PACKAGE
installed() {
	dpkg-query -W -f '${Status}' "$1" 2>/dev/null |
	    grep -q '^install ok installed'
}

missing=
for package in $wanted; do
	installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

[ -x /usr/bin/apt-get ] || die "no apt-get here; install by hand:$missing"
[ "$(id -u)" -eq 0 ] || die "run me as root, or install by hand:$missing"
for other in exim4-daemon-light exim4-daemon-heavy postfix sendmail-bin dma \
    nullmailer msmtp-mta ssmtp courier-mta citadel-server; do
	case " $missing " in
	*" opensmtpd "*) ;;
	*) break ;;
	esac
	if installed "$other"; then
		die "this machine has another mail server ($other)," \
		    "which opensmtpd would replace; use another machine"
	fi
done

# Without this a freshly installed smtpd would be started at once.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	trap 'rm -f "$policy"' EXIT
	trap 'exit 1' HUP INT TERM
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
echo "installing:$missing"
# shellcheck disable=SC2086
install() {
	apt-get -q -y -o Acquire::Retries=3 --no-remove \
	    --no-install-recommends install $missing >/dev/null </dev/null
}
apt-get -q -o Acquire::Retries=3 update >/dev/null ||
    echo "deps.sh: apt-get update failed" >&2
install || install || die "apt-get could not install:$missing"
