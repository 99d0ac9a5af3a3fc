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

# Tries smtprelayctl's commands from end to end; see ctl_lib.sh.
#
#	regress/conf/ctl.sh [PROGRAM]

# shellcheck source=regress/conf/ctl_lib.sh
. "$(dirname "$0")/ctl_lib.sh"

db=$tmp/lib/smtprelay/relay.db
printf '%s\n' "database \"$db\"" 'key "/etc/mail/relay.key"' \
    'domain { "company.example", "company.test" }' >"$conf"
for other in second third mail shared trap; do
	sed "s,/lib/smtprelay/,/$other/," "$conf" >$other.conf
done

# Bad usage says what was expected.
try no-command 2 - 'usage: smtprelayctl'
try unknown-command 2 - 'unknown command "mailbx", expected init' mailbx list
try unknown-second 2 - 'expected add, del, list, show, join, leave' mailbox ad
try unknown-option 2 - 'unknown option -x' mailbox list -x
try too-few 2 - 'usage: smtprelayctl mailbox show ADDRESS' mailbox show
try too-many 2 - 'usage: smtprelayctl mailbox list' mailbox list support
try option-value 2 - 'option -n needs a value' mailbox add a@company.test -n
try no-file 1 - 'no.conf: No such file' mailbox list -f "$tmp/no.conf"
try no-database 1 - 'no database: smtprelayctl init makes it' mailbox list
json usage-json 'd["errors"][0].startswith("unknown command")' foo

# What init makes, once.
try init 0 'made database' 'smtpd must be restarted' init
check user-made test "$(id -gn _smtprelay)" = _smtprelay
check user-nologin sh -c 'getent passwd _smtprelay | grep -q nologin$'
check user-home test ! -d "$(getent passwd _smtprelay | cut -d: -f6)"
check smtpd-joined sh -c 'id -Gn opensmtpd | grep -qw _smtprelay'
check mode-directory test "$(stat -c '%U:%G %a' "${db%/*}")" = \
    "root:_smtprelay 2770"
check mode-database test "$(stat -c '%U:%G %a' "$db")" = \
    "root:_smtprelay 660"
check mode-key test "$(stat -c '%U:%G %a' /etc/mail/relay.key)" = \
    "root:_smtprelay 640"
check mode-above test "$(stat -c '%a %a' "$tmp/lib" /etc/mail | uniq)" = \
    "755 755"
check usable as_relay "$prog" -f "$conf" mailbox list
check needs-root not as_relay "$prog" -f "$conf" init
cp /etc/mail/relay.key key.before
cp /etc/passwd passwd.before
try init-again 0 "^table mailboxes relay:$conf" any init
check nothing-made not grep -q made out
check key-kept cmp key.before /etc/mail/relay.key
check passwd-kept cmp passwd.before /etc/passwd
json init-json 'd["made"] == [] and len(d["lines"]) == 5' init
"$prog" -f "$conf" init 2>/dev/null | grep -v '^#' >/etc/smtpd.conf
try init-has-lines 0 'has all lines' any init
libexec=/usr/libexec/opensmtpd
if [ -x "$(command -v smtpd)" ] && [ -d $libexec ]; then
	cp -a $libexec libexec
	cp "${prog%/*}"/*-relay libexec
	mount --bind libexec $libexec
	check smtpd-accepts-lines smtpd -n -f /etc/smtpd.conf
	try init-installed 0 'has all lines' - init
	umount $libexec
fi
printf '%s\n' 'listen on lo filter "x"' \
    'match  from any for rcpt-to <mailboxes> action "copies" # ours' \
    >/etc/smtpd.conf
json init-some-lines '[l["present"] for l in d["lines"]] ==
    [False, False, True, False, True]' init
# A backslash joins a line with the next one.
printf 'match from any for \\\n\t%s\n' 'rcpt-to <mailboxes> action copies' \
    >/etc/smtpd.conf
json init-joined-lines '[l["present"] for l in d["lines"]] ==
    [False, False, False, False, True]' init
rm /etc/smtpd.conf
cp third.conf 'thi%rd.conf'
try init-name 1 - 'a name that smtpd.conf cannot carry' init -f 'thi%rd.conf'
check init-name-nothing test ! -e third
mkdir shared
touch shared/file
try init-not-ours 1 - 'shared holds other files' init -f shared.conf
check init-left-alone test "$(stat -c %U:%G:%a shared)" = root:root:755
mkdir -m 700 closed
sed 's,/lib/smtprelay/,/closed/db/,' "$conf" >closed.conf
try init-closed 1 any 'Permission denied (it is for root and the group' \
    init -f closed.conf
mkdir trap
echo secret >precious
chmod 600 precious
ln -s "$tmp/precious" trap/relay.db-shm
"$prog" -f trap.conf init >/dev/null 2>&1
check init-no-link test "$(stat -c %U:%G:%a precious)" = root:root:600

# The directory is the group's: a database there may be a link to a file that
# is not, which root could open.
try init-lure 0 'made database' any init -f second.conf
chown root:root second/relay.db
mv second/relay.db lure.db
chmod 600 lure.db
ln -s "$tmp/lure.db" second/relay.db
cp lure.db lure.before
try open-no-link 1 - 'Permission denied' \
    mailbox add -f second.conf lured@company.example
try init-no-link-database 1 - 'relay.db' init -f second.conf
check lure-kept cmp lure.db lure.before
check lure-mode test "$(stat -c %U:%G:%a lure.db)" = root:root:600
rm -rf second

# One that was restored by root is put right.
try init-restored 0 'made database' any init -f second.conf
rm second/*-wal second/*-shm
chown root:root second/relay.db
chmod 600 second/relay.db
try init-restored 0 . any init -f second.conf
try use-restored 0 - - mailbox list -f second.conf
rm -rf second

# One that goes on is not root's, and leaves no secrets in a core file.
"$prog" -f "$conf" log -f >/dev/null &
follower=$!
lowered() {
	u=$(id -u _smtprelay) g=$(id -g _smtprelay) i=0
	until [ $i = 600 ] ||
	    grep -q "^Uid:.$u.$u.$u" /proc/$follower/status; do
		i=$((i + 1))
		sleep 0.1
	done
	grep -q "^Groups:.*$g *$" /proc/$follower/status &&
	    grep -q "^Uid:.$u.$u.$u" /proc/$follower/status &&
	    grep -q '^Max core file size *0 *0' /proc/$follower/limits
}
check lowered lowered
kill $follower
wait $follower 2>/dev/null

# Mailboxes and workers.
try mailbox-add 0 'is a mailbox now' - \
    mailbox add Support@Company.example -n 'Company Support'
try options-first 0 . - \
    mailbox add -n 'Sales' -a keep@archive.test sales@company.test
try mailbox-twice 1 - 'support@company.example' \
    mailbox add support@company.example
try mailbox-not-ours 1 - 'does not lie in a domain' mailbox add a@other.example
try mailbox-space 1 - . mailbox add 'a b@company.test'
try mailbox-character 1 - . mailbox add 'a!b@company.test'
try mailbox-handle 1 - . mailbox add 'a+abcdefghijklmnop@company.test'
try mailbox-rpath 1 - . \
    mailbox add r-abcdefghijklmnopqrstuvwxyz@company.test
try archive-own 1 - 'cannot be an archive' \
    mailbox add b@company.test -a sales@company.test
try archive-bad 2 - 'expected the address of an archive' \
    mailbox add b@company.test -a nonsense
try name-control 2 - 'expected a name' mailbox add b@company.test \
    -n "$(printf 'a\033[1m')"
try name-utf8 2 - 'expected a name' mailbox add b@company.test \
    -n "$(printf 'a\377')"
try worker-add 0 'alice is a worker now' - \
    worker add alice alice@home.example -u alice.login Alice.L@work.example \
    -n 'Alice Liddell'
try worker-add-bob 0 . - worker add bob -n Bob bob@freemail.example
try worker-twice 1 - alice worker add ALICE -n Alice new@home.example
try worker-address-twice 1 - 'ALICE@home.example' \
    worker add carol -n Carol ALICE@home.example
try worker-login-twice 1 - 'alice.login' \
    worker add carol -n Carol carol@home.example -u alice.login
try worker-is-mailbox 1 - 'support@company.example' \
    worker add carol -n Carol carol@home.example support@company.example
try worker-is-archive 1 - 'is a mailbox.s archive' \
    worker add carol -n Carol KEEP@archive.test
try archive-worker 1 - 'cannot be an archive' \
    mailbox add b@company.test -a Alice@home.example
try worker-no-name 2 - 'needs the worker.s name' worker add carol c@x.example
try worker-bad-address 2 - 'expected a mail address' \
    worker add carol -n Carol carol
try worker-bad-word 1 - . worker add 'c rol' -n Carol carol@home.example
try worker-list 0 '^bob' - worker list
check worker-none-added not grep -q -i carol out
try join 0 'alice is now a member' - \
    mailbox join support@company.example alice bob
try join-again 0 'alice was already' - \
    mailbox join support@company.example alice
try join-half 1 - 'there is no worker nobody' \
    mailbox join sales@company.test alice nobody
json join-nothing 'd["members"] == []' mailbox show sales@company.test
try join-no-mailbox 1 - 'there is no mailbox' mailbox join x@company.test bob
json mailbox-show 'd["mailbox"]["address"] == "support@company.example" and
    d["mailbox"]["name"] == "Company Support" and
    [w["worker"] for w in d["members"]] == ["alice", "bob"]' \
    mailbox show SUPPORT@company.example
json mailbox-list '[m["address"] for m in d["mailboxes"]] ==
    ["sales@company.test", "support@company.example"]' mailbox list
json worker-show 'd["worker"]["login"] == "alice.login" and
    [a["address"] for a in d["addresses"]] ==
    ["alice@home.example", "Alice.L@work.example"] and
    d["mailboxes"] == ["support@company.example"]' worker show alice
try worker-show-text 0 'support@company.example' - worker show alice
try disable 0 'alice is disabled' - worker disable alice
try disable-again 0 'was disabled already' - worker disable alice
try disable-last 0 'bob is disabled' \
    'warning: support@company.example has no member' worker disable bob
json worker-disabled '[w["worker"]["enabled"] for w in d["workers"]] ==
    [False, False]' worker list
try enable 0 'is enabled' - worker enable alice
try leave 0 'no longer' 'warning: support' \
    mailbox leave support@company.example alice
try leave-again 0 'was not' any mailbox leave support@company.example alice
try join-back 0 . - mailbox join support@company.example alice
try revoke 0 'void' - signature revoke alice
json revoked 'd["worker"]["revoked"] > 0' worker show alice
try revoke-none 1 - 'there is no worker x' signature revoke x
try worker-del 0 'bob is deleted' - worker del bob
try worker-del-again 1 - 'there is no worker bob' worker del bob
json ids-not-reused 'd["id"] == 3' worker add bob -n Bob bob@freemail.example

# Conversations, as far as there are any without mail.
json conversation-none 'd["conversations"] == []' conversation list
try conversation-unknown 1 - 'there is no conversation 7' conversation show 7
try conversation-word 2 - 'expected the number' conversation close seven
try conversation-mailbox 1 - 'there is no mailbox' conversation list x@y.test
json prune 'd["pruned"] == 0' conversation prune -o 1d
try prune-age 2 - 'expected a time such as' conversation prune -o 10

# Keys.
json key-list '[(k["id"], k["state"]) for k in d["keys"]] ==
    [(1, "signs")]' key list
try retire-last 1 - 'only live' key retire 1
try rotate 0 'key 2 signs' - key rotate
json key-rotated '[(k["id"], k["state"]) for k in d["keys"]] ==
    [(1, "verifies"), (2, "signs")]' key list
try retire 0 'key 1 is retired' - key retire 1
try retire-again 1 - 'there is no key 1' key retire 1
try retire-word 2 - 'expected the number of a key' key retire one
check key-mode test "$(stat -c %U:%G:%a /etc/mail/relay.key)" = \
    root:_smtprelay:640
try key-no-secret 0 . - key list
check no-secret not grep -q '[0-9a-f]\{32\}' out
chmod 644 /etc/mail/relay.key
try key-readable 1 - 'relay.key' key list
try status-half 1 'schema' 'relay.key' status
json status-half-json '"error" in d["keys"] and d["counts"]["workers"] == 2' \
    status
chmod 640 /etc/mail/relay.key
chown opensmtpd /etc/mail/relay.key
try key-owner 1 'schema' 'use chown root' status
chown root /etc/mail/relay.key

# Export and import.
"$prog" -f "$conf" export >export.txt
check export-end sh -c 'tail -n 1 export.txt | grep -q "^end [0-9]"'
try init-second 0 'made database' any init -f second.conf
check import sh -c "$prog -f second.conf import <export.txt"
"$prog" -f second.conf export >export2.txt
check export-same cmp export.txt export2.txt
check import-full not sh -c "$prog -f second.conf import <export.txt"
try init-third 0 'made database' any init -f third.conf
sed '$d' export.txt >broken.txt
check import-broken-off not sh -c "$prog -f third.conf import <broken.txt"
sed 's/address=support/adress=support/' export.txt >broken.txt
check import-wrong not sh -c "$prog -f third.conf import <broken.txt"
sed 's/@company.test/@elsewhere.test/' export.txt >broken.txt
check import-domain not sh -c "$prog -f third.conf import <broken.txt"
sed 's/archive=[^	]*/archive=alice@home.example/' export.txt >broken.txt
check import-archive not sh -c "$prog -f third.conf import <broken.txt"
json import-nothing-kept 'd["mailboxes"] == []' mailbox list -f third.conf
json export-json 'd["lines"][0] == "relay-export 1" and
    d["rows"] == len(d["lines"]) - 2' export

# Conversations, and events: what mail leaves behind comes in by import.  The
# subject is a stranger's, and must not reach the terminal as it is.
cat >mail.py <<'END'
import time
now = int(time.time())
rows = [
    ["mailbox", ("id", 1), ("address", "support@company.example"),
     ("name", "Company Support"), ("created", now)],
    ["worker", ("id", 1), ("name", "alice"), ("display", "Alice"),
     ("enabled", 1), ("revoked", 0), ("created", now)],
    ["worker_address", ("id", 1), ("worker", 1),
     ("address", "alice@home.example"), ("folded", "alice@home.example"),
     ("failing", now), ("status", "5.1.1"), ("diagnostic", "no such user")],
    ["member", ("mailbox", 1), ("worker", 1), ("since", now)]]
for i in range(1, 2001):
    rows.append(["conversation", ("id", i), ("mailbox", 1), ("open", 1),
                 ("subject", "order %d \x1b[2J\u009b1m\u00fc" % i),
                 ("created", now - 100 * 86400),
                 ("last", now - (90 * 86400 if i <= 1500 else i))])
rows += [
    ["conversation", ("id", 3000), ("mailbox", 1), ("open", 1), ("taken", 1),
     ("subject", "newest"), ("created", now), ("last", now)],
    ["participant", ("id", 1), ("conversation", 3000),
     ("address", "Carol@customer.test"), ("folded", "carol@customer.test"),
     ("name", "Carol"), ("unverified", 1), ("created", now)],
    ["message", ("id", 1), ("conversation", 3000), ("mailbox", 1),
     ("kind", 1), ("created", now), ("participant", 1),
     ("author", "Carol@customer.test"), ("smtpd", "12345678"),
     ("outside", "1@customer.test")],
    ["event", ("id", 1), ("created", now), ("kind", "refused"),
     ("mailbox", 1), ("conversation", 3000), ("worker", 1),
     ("text", "no signature")]]
print("relay-export 1")
for table, *columns in rows:
    print("\t".join([table] + ["%s=%s" % c for c in columns]))
print("end %d" % len(rows))
END
/usr/bin/python3 mail.py >mail.txt
try init-mail 0 'made database' any init -f mail.conf
check import-mail sh -c "$prog -f mail.conf import <mail.txt"
conf=$tmp/mail.conf
try conversation-list 0 \
    'open *support@company.example *newest *taken by alice$' - \
    conversation list
check conversation-newest-first sh -c 'head -n 1 out | grep -q newest'
check conversation-clean not grep -q "$(printf '\033')" out
check conversation-clean-utf8 not grep -q "$(printf '\302\233')" out
check conversation-utf8-kept grep -q "$(printf '\303\274')" out
json conversation-list-json 'len(d["conversations"]) == 2001 and
    "\x1b" in d["conversations"][1]["subject"]' conversation list
json conversation-of-mailbox 'len(d["conversations"]) == 2001' \
    conversation list SUPPORT@company.example
try conversation-show 0 'Carol <Carol@customer.test> (unverified)' - \
    conversation show 3000
json conversation-show-json 'd["conversation"]["taken"] == "alice" and
    d["participants"][0]["name"] == "Carol" and
    d["messages"][0]["message_id"] == "1@customer.test" and
    d["messages"][0]["kind"] == "in"' conversation show 3000
try close 0 'is now closed' - conversation close 3000
try close-again 0 'was already closed' - conversation close 3000
json closed 'not d["conversation"]["open"]' conversation show 3000
try reopen 0 'is now open' - conversation reopen 3000
json prune-retain 'd["pruned"] == 0' conversation prune
json prune-old 'd["pruned"] == 1500' conversation prune -o 60d
json prune-rest 'len(d["conversations"]) == 501' conversation list
try failing 0 'FAILING since .*: 5.1.1 no such user' - worker list
json status-failing 'd["failing"][0]["address"] == "alice@home.example" and
    d["counts"]["conversations"] == 501 and d["last_mail"] > 0' status
try log-event 0 \
    'refused support@company.example worker alice conversation 3000: no sig' \
    - log
json log-event-json 'd["events"][0]["kind"] == "refused" and
    d["events"][0]["conversation"] == 3000' log
conf=$tmp/relay.conf

# The rest.
json status 'd["counts"]["workers"] == 2 and d["keys"]["signs"] == 2 and
    d["database"]["schema"] >= 1' status
try status-text 0 'mailboxes.*2' - status
try log 0 - - log
json log-json 'd["events"] == []' log
try log-json-follow 2 any 'log -f' log -j -f
check log-follow sh -c "timeout 3 $prog -f $conf log -f; test \$? = 124"
json check-config 'd["warnings"] == []' check config
echo 'nonsense' >>second.conf
json check-config-bad 'len(d["errors"]) == 1 and d["errors"][0].startswith(
    "second.conf:4: unexpected \"nonsense\", expected database, ")' \
    check config -f second.conf
check full-stdout not sh -c "$prog -f $conf status >/dev/full"

# While another process writes, reading goes on.
mkfifo held
: >locked
/usr/bin/python3 -c '
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute("begin immediate")
print("locked", flush=True)
sys.stdin.readline()' "$db" <held >locked &
exec 3>held
i=0
until grep -q locked locked || [ $i = 600 ]; do
	i=$((i + 1))
	sleep 0.1
done
try busy-list 0 'support' - mailbox list
try busy 1 - 'nothing was changed' worker disable alice
exec 3>&-
wait
json busy-unchanged 'd["worker"]["enabled"]' worker show alice

try mailbox-del 0 'is deleted' - mailbox del support@company.example
try mailbox-del-again 1 - 'there is no mailbox' \
    mailbox del support@company.example
rm -f "${db:?}" "${db:?}-wal" "${db:?}-shm"
echo 'no database at all, only text that is long enough to be one' >"$db"
try damaged 1 - 'relay.db' mailbox list

exit $status
