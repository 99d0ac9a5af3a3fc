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

# Tries smtprelayctl's commands for accounts and identities; see ctl_lib.sh.
#
#	regress/conf/ctl_account.sh [PROGRAM]

# shellcheck source=regress/conf/ctl_lib.sh
. "$(dirname "$0")/ctl_lib.sh"

db=$tmp/lib/smtprelay/relay.db
cat >"$conf" <<END
database "$db"
key "/etc/mail/relay.key"
domain { "company.example" }
outbound {
	alternates allow
}
END
sed 's/alternates allow/& \n	verify identity/' "$conf" >verify.conf
sed 's/alternates allow/&\n	hosts "smtp.partner.example:587"/' "$conf" \
    >hosts.conf
sed 's,/lib/smtprelay/,/sandbox/,' "$conf" >sandbox.conf
secret='correct horse $ battery'

# with INPUT COMMAND ...: gives the line INPUT to the command
with() {
	input=$1
	shift
	printf '%s\n' "$input" | "$@"
}

# add ARGUMENT ...: account add with the password
add() {
	with "$secret" "$prog" -f "$conf" account add "$@"
}

# holds FILE ...: whether any of them has a secret in it, as it is or in
# base64
holds() {
	grep -q -a -e 'correct horse' -e Y29ycmVjdCBob3Jz \
	    -e refresh-s3cret -e client-s3cret "$@"
}

# code_of FILE: the code in a mail
code_of() {
	sed -n 's/^ *\([a-z2-7]\{4\}\(-[a-z2-7]\{4\}\)\{3\}\)$/\1/p' "$1"
}

# sealed [FILE]: what the accounts of an export are sealed as, its beginning
sealed() {
	sed -n 's/.*	secret=\([^	]\{40\}\).*/\1/p' "$@"
}

# init and the courier's key.
try init 0 'made courier.s certificate' any init
check key-mode test "$(stat -c '%U:%G %a' /etc/mail/courier.key)" = \
    "root:_smtprelay 640"
check cert-mode test "$(stat -c '%a' /etc/mail/courier.crt)" = 644
cp /etc/mail/courier.key courier.before
try init-again 0 'relay host <mail_senders> ca courier auth' any init
check courier-kept cmp courier.before /etc/mail/courier.key
# Numbers, for not every machine has a services(5).
"$prog" -f "$conf" init >out 2>/dev/null
check init-ports not grep -q ' port [a-z]' out
json init-lines 'len(d["lines"]) == 7 and d["made"] == []' init
sed 's/^outbound {/replies {\n	authenticate sender\n}\n&/' "$conf" \
    >both.conf
json init-lines-both 'len(d["lines"]) == 11 and d["made"] == []' \
    init -f both.conf
for path in keep wrap; do
	printf 'gate "g" {\n\tmatch { listener "*:25" }\n' |
	    cat "$conf" - >$path.conf
	printf '\treturn-path %s\n}\n' $path >>$path.conf
done
json init-lines-gate 'len(d["lines"]) == 8' init -f keep.conf
# What bounces comes back as to the mailboxes' return paths.
json init-lines-wrap 'len(d["lines"]) == 11 and
    any("mda-relay" in x["text"] for x in d["lines"])' init -f wrap.conf
# The example is without anything for mailboxes, and complete.
sed "s,relay:/etc/mail/relay.conf,relay:$conf,
s,\"filter-relay\",\"filter-relay -f $conf\"," \
    "$here/../../dist/smtpd.conf.outbound" >/etc/smtpd.conf
try init-example 0 'has all lines' any init
rm /etc/smtpd.conf
sed 's/alternates allow/courier 127.0.0.2 port 99/' "$conf" >six.conf
try init-other-address 1 - 'not for the address of courier' init -f six.conf
mv /etc/mail/courier.crt .
try init-half 1 - 'courier.key: is there, but not what belongs' init
mv courier.crt /etc/mail
libexec=/usr/libexec/opensmtpd
if [ -x "$(command -v smtpd)" ] && [ -d $libexec ]; then
	cp -a $libexec libexec
	cp "${prog%/*}"/*-relay libexec
	mount --bind libexec $libexec
	{
		echo 'pki mail.company.example cert "/etc/mail/courier.crt"'
		echo 'pki mail.company.example key "/etc/mail/pki.key"'
		"$prog" -f "$conf" init 2>/dev/null | grep -v '^#'
	} >/etc/smtpd.conf
	cp /etc/mail/courier.key /etc/mail/pki.key
	chmod 600 /etc/mail/pki.key
	check smtpd-accepts-lines smtpd -n -f /etc/smtpd.conf
	try init-has-lines 0 'has all lines' - init
	umount $libexec
	rm /etc/smtpd.conf
fi

# Accounts.
json list-none 'd["accounts"] == []' account list
try name 2 - 'letters, digits' account add 'a b' null:
try name-courier 2 - 'label under which' account add Courier null:
try url 2 - 'expected smtp+tls://user@host' account add a example.org
try url-password 2 - 'does not belong into the URL' \
    account add a smtps://alice:hunter2@host
check url-password-hidden not grep -q hunter2 err
try url-port 2 - 'port is no number' account add a smtps://alice@host:x
try no-password 1 - 'no password' account add a smtps://alice@host
try hosts 1 - 'smtp.evil.example:587: .*hosts.conf does not list' \
    account add a smtp+tls://alice@smtp.evil.example -f hosts.conf
check add add partner smtp+tls://al%40ice@smtp.partner.example
check add-lower add Office smtps://bob@[2001:DB8::1]
try add-null 0 'an account now' - account add nowhere null:
json add-json 'd["changed"] and d["account"]["url"] == "null:" and
    d["account"]["state"] == "untried"' account add nowhere null:
try add-lmtp 0 'an account now' - account add local lmtp://127.0.0.1:24
json list '[(a["account"], a["url"], a["state"]) for a in d["accounts"]] == [
    ("local", "lmtp://127.0.0.1:24", "untried"),
    ("nowhere", "null:", "untried"),
    ("Office", "smtps://bob@[2001:db8::1]:465", "untried"),
    ("partner", "smtp+tls://al%40ice@smtp.partner.example:587", "untried")]' \
    account list
json not-allowed 'not d["accounts"][2]["allowed"] and
    d["accounts"][3]["allowed"]' account list -f hosts.conf
try list-not-allowed 0 'NOT ALLOWED' - account list -f hosts.conf
check change add PARTNER smtp+tls://alice@smtp.partner.example
json changed 'd["account"]["user"] == "alice" and
    d["account"]["account"] == "PARTNER" and d["identities"] == []' \
    account show partner
try show 0 'URL	smtp+tls://alice@smtp' - account show partner
try show-none 1 - 'no account nobody' account show nobody
try del-none 1 - 'no account nobody' account del nobody
try del 0 'is deleted' - account del local
try test-null 0 'discarded' - account test nowhere
try test-hosts 1 - 'does not list' account test office -f hosts.conf
sed 's/alternates allow/alternates deny/' "$conf" >deny.conf
try warn-denied 0 any 'no mail leaves through accounts' \
    account add nowhere null: -f deny.conf

# On a terminal the password is asked for, and not shown.
cat >ask.py <<'END'
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen = b""
while b"Password of eve at smtp.eve.example:465: " not in seen:
    seen += os.read(fd, 4096)
os.write(fd, b"whispered\n")
try:
    while True:
        more = os.read(fd, 4096)
        if not more:
            break
        seen += more
except OSError:
    pass
assert b"whispered" not in seen, seen
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
check terminal timeout 60 /usr/bin/python3 ask.py "$prog" -f "$conf" \
    account add eve smtps://eve@smtp.eve.example
try terminal-added 0 'login	password' - account show eve
try terminal-del 0 'is deleted' - account del eve

# Members of the group may do the same.
check member-list as_relay "$prog" -f "$conf" account list
check member-add as_relay "$prog" -f "$conf" account add member null:
check member-del as_relay "$prog" -f "$conf" account del member

# OAuth 2.
cat >oauth.txt <<'END'
token-endpoint https://login.example/token
client-id me
client-secret client-s3cret
refresh-token refresh-s3cret
END
try oauth-readable 0 any 'others can read oauth.txt' \
    account add cloud smtps://carol@smtp.cloud.example -o oauth.txt
try oauth-del 0 'is deleted' - account del cloud
chmod 600 oauth.txt
try oauth 0 'an account now' - \
    account add cloud smtps://carol@smtp.cloud.example -o oauth.txt
json oauth-show 'd["account"]["login"] == "oauth"' account show cloud
check oauth-stdin sh -c "$prog -f $conf account add cloud \
    smtps://carol@smtp.cloud.example -o - <oauth.txt"
try oauth-null 2 - 'logs in nowhere' account add a null: -o oauth.txt
echo 'client-secret client-s3cret' >>oauth.txt
try oauth-twice 1 - 'line 5: client-secret stands' \
    account add cloud smtps://carol@smtp.cloud.example -o oauth.txt
check oauth-hidden not grep -q s3cret err
try oauth-no-file 1 - 'none.txt: No such file' \
    account add cloud smtps://carol@smtp.cloud.example -o none.txt

# Identities.
try identity 0 'alice may send from Alice@Partner.example' - \
    identity add Alice Alice@Partner.example -a partner
try identity-domain 0 'may send from @partner.example' - \
    identity add alice @partner.example -a partner
try identity-plain 0 'may send' - identity add bob bob@shop.example
try identity-taken 1 - 'identity of alice.s already' \
    identity add bob alice@partner.example
try identity-all 1 - 'all of @partner.example' \
    identity add bob bob@partner.example
try identity-ours 1 - 'domain of relay.conf' \
    identity add bob @company.example
try identity-bad 1 - 'no address' identity add bob 'b b@x.example'
try identity-account 1 - 'no account x' identity add bob b@x.example -a x
json identities '[(i["user"], i["address"], i["account"]) for i in
    d["identities"]] == [("alice", "@partner.example", "PARTNER"),
    ("alice", "Alice@Partner.example", "PARTNER"),
    ("bob", "bob@shop.example", None)]' identity list
json identities-one 'len(d["identities"]) == 1 and
    d["identities"][0]["verified"] > 0' identity list BOB
try account-used 1 - '2 identities leave through it' account del partner
try account-shows 0 'Alice@Partner.example' - account show partner
sed 's/company.example/&", "partner.example/' "$conf" >ours.conf
try identity-void 0 'VOID' - identity list alice -f ours.conf
try identity-del 0 'may no longer' - identity del bob BOB@shop.example
try identity-del-again 1 - 'has no identity' identity del bob bob@shop.example
try identity-mailbox 1 - 'alice.s, as the identity' \
    worker add al -n Al alice@partner.example
json status 'd["counts"]["accounts"] == 4 and
    d["counts"]["identities"] == 2' status
try status-text 0 'identities	2, 0 not verified' - status
try verify-none 1 - 'no identity waits' identity verify aaaa-bbbb-cccc-dddd
try verify-word 1 - 'this is no code' identity verify 1234

# A server: what account test shows, and the mail with the code.
/usr/bin/python3 "$here/smtpserver.py" /etc/mail/courier.crt \
    /etc/mail/courier.key dora "$secret" . 2>server.log &
server=$!
/usr/bin/python3 "$here/nameserver.py" . \
    new.example TXT 'v=spf1 ip4:127.0.0.1 -all' \
    other.example TXT 'v=spf1 -all' bad.example TXT 'v=spf1 ip4:x' \
    2>dns.log &
dns=$!
trap 'kill $server $dns' EXIT
i=0
until [ -s port ] && [ -s dnsport ] || [ $i = 600 ]; do
	i=$((i + 1))
	sleep 0.1
done
url="smtp+tls://dora@127.0.0.1:$(cat port)"
check add-live add live "$url"
ask="-s 127.0.0.1:$(cat dnsport) -t 20"
# shellcheck disable=SC2086
try check-untrusted 1 '^fail  127.0.0.1:.*: certificate: ' - \
    check account live $ask
try test-untrusted 1 'NOT VERIFIED' 'live: 127.*, TLS: ' account test live
check test-stage-once not grep 'TLS: .*TLS: ' err
json test-untrusted-json 'not d["ready"] and d["stage"] == "TLS" and
    not d["tls"]["verified"]' account test live
cp /etc/mail/courier.crt /etc/ssl/cert.pem
try test 0 'live works' - account test live
check test-version grep -q 'TLS	TLSv1\.[23]' out
check test-login grep -q 'login	PLAIN.*, used PLAIN' out
check test-answer grep -q 'answer	.*welcome back' out
json test-json 'd["ready"] and d["tls"]["verified"] and
    "127.0.0.1" in d["tls"]["names"] and d["used"] == "PLAIN"' \
    account test live
json test-noted 'd["account"]["state"] == "works"' account show live
check test-sent-nothing test ! -e mail.1
check add-wrong with wrong "$prog" -f "$conf" account add wrong "$url"
try test-wrong 1 'mechanisms\|login' 'AUTH: .*not with this' \
    account test wrong
check test-no-secret not holds out err
conf=$tmp/verify.conf
try code 0 'a code was mailed to dora@new.example' - \
    identity add dora dora@new.example -a live
check code-hidden not grep -q '[a-z2-7]\{4\}-[a-z2-7]\{4\}-' out
check mailed test -s mail.1
code=$(code_of mail.1)
check envelope grep -q '^MAIL FROM:<dora@new.example>.*TO:<dora@new.' mail.1
check answer-path grep -q '^Reply-To: <r-[a-z2-7]*@company.example>' mail.1
check code-not-kept not grep -q -a -e "$code" -e \
    "$(echo "$code" | tr -d -)" "$db" "$db-wal"
json unverified 'd["identities"][0]["verified"] is None and
    d["identities"][0]["code_expires"] > 0' identity list dora
try unverified-list 0 'NOT VERIFIED: it waits' - identity list dora
/usr/bin/python3 -c 'import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as c:
    c.execute("update identity_code set bounced = ?", ("5.1.1 no such",))
' "$db"
try unverified-bounced 0 'came back: 5.1.1 no such' - identity list dora
try code-again 0 'a code was mailed' - \
    identity add dora dora@new.example -a live
try code-old 1 - 'identity waits\|code is wrong' identity verify "$code"
code=$(code_of mail.2)
try code-wrong 1 - 'the code is wrong' identity verify "${code%-*}-aaaa"
json code-counted 'd["identities"][0]["wrong_codes"] >= 1' identity list dora
try code-right 0 'dora may send' - identity verify "$code"
try code-used 1 - 'no identity waits' identity verify "$code"
try code-refused 1 - 'could not be sent through live: .*nobody of that name' \
    identity add dora refused@new.example -a live
json code-undone 'len(d["identities"]) == 1' identity list dora
try code-null 1 - 'would be discarded' \
    identity add dora null@new.example -a nowhere
conf=$tmp/relay.conf

# What is to be said of an account without a login.
# shellcheck disable=SC2086
try check-account 0 '^pass  127.0.0.1:.*: session: ' - check account live $ask
check check-starttls grep -q '^pass  .*: STARTTLS: TLSv1' out
check check-certificate grep -q '^pass  .*: certificate: right, until' out
check check-login grep -q '^pass  .*: login: offered: PLAIN' out
check check-spf grep -q '^pass  new.example: SPF: 127.0.0.1 may send' out
try check-other 0 'may send' - identity add eve eve@other.example -a live
try check-bad 0 'may send' - identity add eve eve@bad.example -a live
# shellcheck disable=SC2086
json check-json 'd["result"] == "fail" and d["fail"] == 1 and
    [x["result"] for x in d["lines"] if x["check"] == "SPF"] ==
    ["pass", "fail", "warn"]' check account live $ask
try check-other-end 0 'no longer' - identity del eve eve@other.example
try check-bad-end 0 'no longer' - identity del eve eve@bad.example
# shellcheck disable=SC2086
try check-null 0 '^warn  nowhere: ' - check account nowhere $ask
# shellcheck disable=SC2086
try check-hosts 1 'not under hosts' - check account live -f hosts.conf $ask
try check-nobody 1 - 'no account' check account nobody

# Keys: what is sealed moves to the new one, and nothing is lost.
try rotate 0 '5 accounts are sealed under it' - key rotate
try retire-signer 1 - 'key 2 is not retired: 5 accounts are' key retire 2
try retire 0 'key 1 is retired' - key retire 1
try test-rotated 0 'live works' - account test live

# Secrets are in no file, and a sandbox copy has none to open.
check no-secret not holds "$db" "$db-wal" "$db-shm"
"$prog" -f "$conf" export >export.txt
check export-no-secret not holds export.txt
check export-sealed grep -q '	secret=' export.txt
"$prog" -f "$conf" export -s >sandbox.txt
check sandbox-no-secret not grep -q -e secret= -e alice@smtp \
    -e smtp.partner -e identity_code -e "live.*127\.0\.0" sandbox.txt
try init-sandbox 0 'made database' any init -f sandbox.conf
check sandbox-import sh -c "$prog -f sandbox.conf import <sandbox.txt"
json sandbox-null 'all(a["url"] == "null:" for a in d["accounts"]) and
    len(d["accounts"]) == 6' account list -f sandbox.conf
sealed export.txt >sealed.txt
check sealed-known grep -q -a -F -f sealed.txt "$db" "$db-wal"
check sandbox-bytes not sh -c \
    "cat sandbox/relay.db* sandbox.txt | grep -q -a -F -f sealed.txt"

# Another key file: everything is there, and nothing opens.
mv /etc/mail/relay.key key.real
"$prog" -f "$conf" init >/dev/null 2>&1
try other-key 0 'SEALED under a key' - account list
json other-key-json '[a["state"] for a in d["accounts"]
    if a["login"]] == ["sealed"] * 5' account list
try other-key-test 1 any 'not in the key file' account test live
mv key.real /etc/mail/relay.key

# What is deleted is gone from the disk.
for name in cloud wrong office; do
	try "del-$name" 0 'is deleted' - account del $name
done
try sealed-used 1 - 'identity leaves through it' account del live
try identity-gone 0 'may no longer' - identity del dora dora@new.example
try del-live 0 'is deleted' - account del live
"$prog" -f "$conf" export | sealed >left.txt
grep -v -F -f left.txt sealed.txt >gone.txt
check gone test "$(grep -c . gone.txt)" = 4
check shredded not grep -q -a -F -f gone.txt "$db" "$db-wal"

exit $status
