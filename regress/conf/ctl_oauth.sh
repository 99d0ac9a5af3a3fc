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

# Tries accounts that log in with OAuth 2, with a token endpoint and a mail
# server on this machine.  usage: ctl_oauth.sh [PROGRAM]

# shellcheck source=regress/conf/ctl_lib.sh
. "$(dirname "$0")/ctl_lib.sh"

cat >"$conf" <<END
database "$tmp/db/relay.db"
key "/etc/mail/relay.key"
domain { "company.example" }
replies {
	authenticate signature
}
outbound {
	alternates allow
}
END
"$prog" -f "$conf" init >out 2>err || cat err

# server: starts it, with an empty list of requests
echo ok >mode
/usr/bin/python3 "$here/oauthserver.py" /etc/mail/courier.crt \
    /etc/mail/courier.key . 2>server.log &
server=$!
trap 'kill $server' EXIT
i=0
until [ -s smtp.port ] || [ $i = 600 ]; do
	i=$((i + 1))
	sleep 0.1
done

# data REFRESH: what the account's owner got from the provider
data() {
	cat <<-END
		token-endpoint https://127.0.0.1:$(cat token.port)/token
		client-id the+client
		client-secret cl;ent-s3cr=t
		refresh-token $1
		scope mail offline
	END
}

# account NAME REFRESH: adds it
account() {
	data "$2" >oauth.txt
	"$prog" -f "$conf" account add "$1" \
	    "smtps://dora%40cloud.example@127.0.0.1:$(cat smtp.port)" \
	    -o oauth.txt
	status_of=$?
	rm -f oauth.txt
	return $status_of
}

# in_mode MODE NAME STATUS STDOUT STDERR: account test with the servers so
in_mode() {
	echo "$1" >mode
	: >requests
	shift
	_name=$1 _status=$2 _out=$3 _err=$4
	try "$_name" "$_status" "$_out" "$_err" account test cloud
	check "$_name-no-secret" not grep -q -a -e 's3cr' out err
}

asked() {
	[ "$(tr '\n' , <requests)" = "$1" ]
}

check add account cloud refresh/1+s3cret
long=$(head -c 2000 /dev/zero | tr '\0' x)
{
	data refresh | grep -v -e '^client-secret' -e '^scope'
	printf 'client-secret %s\nscope %s\n' "$long" "$long"
} >long.txt
try too-long 1 - 'room for another refresh token' account add long \
    smtps://me@127.0.0.1:465 -o long.txt
in_mode ok untrusted 1 any 'token server 127.0.0.1: .*certificate'
check untrusted-unasked asked ''
cp /etc/mail/courier.crt /etc/ssl/cert.pem
in_mode ok good 0 'cloud works' -
check good-mechanism grep -q 'used OAUTHBEARER' out
check good-asked asked '/token body mail offline,'
in_mode basic basic 0 'cloud works' -
check basic-mechanism grep -q 'used XOAUTH2' out
check basic-asked asked '/token body mail offline,/token basic mail offline,'
in_mode stranger stranger 1 any 'AUTH: 535 5.7.8 not with this token'

# What is no token.
in_mode revoked revoked 1 any 'says invalid_grant: consent is gone'
in_mode later later 1 any 'says temporarily_unavailable'
in_mode html html 1 any 'with status 200, makes no sense'
in_mode twice twice 1 any 'with status 200, makes no sense'
in_mode huge huge 1 any 'token server 127.0.0.1: '
in_mode echo echo 1 any 'repeats the secret'
in_mode redirect redirect 1 any 'with status 307, makes no sense'
check redirect-asked asked '/token body mail offline,'

# A new refresh token each time: it is kept, and the old one is no good.
in_mode rotate rotate 0 'cloud works' -
in_mode rotate rotate-again 0 'cloud works' -
in_mode ok rotated 0 'cloud works' -
check old-refresh account cloud refresh/1+s3cret
in_mode ok old-refused 1 any 'says invalid_grant'

# The server of tokens is away, or is none.
kill $server
wait $server 2>/dev/null
trap - EXIT
in_mode ok away 1 any 'token server 127.0.0.1: '
check away-no-offer not grep -q "none offered" out
check sealed not grep -q -r -a -e s3cr db
exit $status
