#!/usr/bin/python3
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

"""Replies that must be refused: the code, the sentence, nothing outside."""

import base64
import re

from relaytest import mail, tokens
from relaytest.case import main, setup
from relaytest.faults import sql
from relaytest.relay import ALICE, BOB, CAROL, MAILBOX, REPLIES
from relaytest.sink import settle


def refused(relay, out, *words, code=550, status="5.7.1"):
    """The reply was refused with this code and a sentence that has these
    words, and nothing went to any customer."""
    assert out.final[0] == code, str(out)
    assert out.final[1].startswith(status + " "), str(out)
    low = out.final[1].lower()
    for word in words:
        assert word.lower() in low, "no %r in %r" % (word, out.final[1])
    assert len(out.final[1]) > 30, "no sentence: %s" % out
    assert not relay.customer.sink.mails, "the customer got something"
    for secret in ("home.example", "carol@"):
        assert secret not in low, out.final[1]
    settle(relay.sinks(), 0.5)
    assert not relay.customer.sink.mails, "the customer got something"
    assert not relay.stranger.sink.mails, "a stranger got something"


def test_two_from(relay):
    copy = relay.copy()
    rcpts, data = ALICE.reply(copy)
    data = data.replace(b'From: "Alice', b'From: <eve@elsewhere.test>, "Alice')
    out = relay.send(relay.worker, ALICE.address, rcpts, data)
    refused(relay, out, "From")


def test_two_from_fields(relay):
    copy = relay.copy()
    rcpts, data = ALICE.reply(copy)
    data = data.replace(b"From:", b"From: eve@elsewhere.test\r\nFrom:", 1)
    out = relay.send(relay.worker, ALICE.address, rcpts, data)
    refused(relay, out, "From")


def test_hidden_in_name(relay):
    """The worker's address in a display name is nobody's address."""
    copy = relay.copy()
    rcpts, data = ALICE.reply(
        copy, sender='"%s" <eve@elsewhere.test>' % ALICE.address)
    out = relay.send(relay.stranger, "eve@elsewhere.test", rcpts, data)
    refused(relay, out, "From")


def test_hidden_in_comment(relay):
    copy = relay.copy()
    rcpts, data = ALICE.reply(
        copy, sender='(%s) eve@elsewhere.test (x)' % ALICE.address)
    out = relay.send(relay.stranger, "eve@elsewhere.test", rcpts, data)
    refused(relay, out, "From")


def test_other_workers_handle(relay):
    """Bob writes to Alice's handle: mail to the mailbox."""
    copy = relay.copy()
    relay.got(BOB.address)
    rcpts, data = BOB.reply(copy)
    out = relay.send(relay.worker, BOB.address, rcpts, data)
    assert out.final[0] == 250, str(out)
    relay.got(ALICE.address, 2)
    settle(relay.sinks())
    assert not relay.customer.sink.mails, "the customer got something"


def test_forged_handle(relay):
    """A handle that was never issued is like any unknown address."""
    copy = relay.copy()
    rcpts, data = ALICE.reply(copy)
    bad = "support+abcdefgh23456722@company.example"
    unknown = relay.send(relay.worker, ALICE.address,
                         ["unknown@company.example"], data)
    out = relay.send(relay.worker, ALICE.address, [bad], data)
    assert out.rcpts[0][0] == 550, str(out)
    assert out.rcpts[0][1].replace("support+abcdefgh23456722",
                                   "unknown") == unknown.rcpts[0][1], str(out)


def forge(copy, change):
    """The copy with another token in its Message-Id."""
    mid = mail.parse(copy)["Message-ID"].strip()
    token = re.match(r"<relay\.([a-z2-7]+)@", mid).group(1)
    return copy.replace(token.encode(), change(token).encode())


def test_forged_token(relay):
    copy = relay.copy()
    forged = forge(copy, lambda t: t[:-4] + ("aaaa" if t[-4:] != "aaaa"
                                             else "bbbb"))
    refused(relay, relay.try_answer(forged), "Reply")


def test_token_of_another_worker(relay):
    copy = relay.copy()
    bobs = mail.parse(relay.got(BOB.address).data)["Message-ID"].strip()
    mine = mail.parse(copy)["Message-ID"].strip()
    swapped = copy.replace(mine.encode(), bobs.encode())
    refused(relay, relay.try_answer(swapped))


def test_token_of_another_conversation(relay):
    first = relay.copy()
    second = relay.copy(count=2, subject="Another one")
    mid = mail.parse(second)["Message-ID"].strip()
    mine = mail.parse(first)["Message-ID"].strip()
    refused(relay, relay.try_answer(first.replace(mine.encode(),
                                                  mid.encode())))


def test_token_of_another_mailbox(relay):
    relay.ctl("mailbox", "join", "sales@company.example", "alice")
    first = relay.copy()
    second = relay.copy(count=2, to="sales@company.example")
    mid = mail.parse(second)["Message-ID"].strip()
    mine = mail.parse(first)["Message-ID"].strip()
    refused(relay, relay.try_answer(first.replace(mine.encode(),
                                                  mid.encode())))


def aged(relay, copy, seconds):
    """The copy with a token that was made so long ago, well sealed."""
    def older(token):
        ident, worker, conversation, when, _ = tokens.decode(token)
        return tokens.encode(tokens.keys(relay)[ident], ident, worker,
                             conversation, when - seconds, MAILBOX)
    return forge(copy, older)


def test_expired_token(relay):
    """89 days are fine, 91 are not; made by an independent hand."""
    day = 24 * 3600
    copy = relay.copy()
    refused(relay, relay.try_answer(aged(relay, copy, 91 * day)), "Reply")
    out = relay.try_answer(aged(relay, copy, 89 * day))
    assert out.final[0] == 250, str(out)


def test_expired_handle(relay):
    copy = relay.copy()
    sql(relay, "UPDATE handle SET expires = strftime('%s', 'now') - 60")
    relay.smtpctl("update", "table", "mailboxes")
    out = relay.try_answer(copy)
    assert out.final[0] == 550, str(out)
    assert MAILBOX in out.final[1], str(out)
    assert not relay.customer.sink.mails


def test_revoked(relay):
    """A revoked handle names the mailbox to write to."""
    copy = relay.copy()
    relay.ctl("signature", "revoke", "alice")
    out = relay.try_answer(copy)
    refused(relay, out, MAILBOX)


def test_retired_key(relay):
    copy = relay.copy()
    relay.ctl("key", "rotate")
    old = re.search(r"\b\d+\b", relay.ctl("key", "list")).group()
    relay.ctl("key", "retire", old)
    refused(relay, relay.try_answer(copy))


def test_rotated_key(relay):
    """A key that was only rotated out still verifies."""
    copy = relay.copy()
    relay.ctl("key", "rotate")
    assert relay.try_answer(copy).final[0] == 250
    relay.got(CAROL)


def test_disabled_worker(relay):
    copy = relay.copy()
    relay.ctl("worker", "disable", "alice")
    refused(relay, relay.try_answer(copy), "disabled")


def test_no_longer_member(relay):
    copy = relay.copy()
    relay.ctl("mailbox", "leave", MAILBOX, "alice")
    refused(relay, relay.try_answer(copy), MAILBOX)


def test_ids_missing(relay):
    copy = relay.copy()
    refused(relay, relay.try_answer(copy, threads=False), "Reply")


def test_known_id_behind_unknown(relay):
    """Every id in References is looked at, not only the first or last."""
    copy = relay.copy()
    mid = mail.parse(copy)["Message-ID"].strip()
    out = relay.try_answer(copy, threads=False, extra=(
        "In-Reply-To: <unknown@elsewhere.test>\n"
        "References: <a@elsewhere.test> <b@elsewhere.test>\n"
        " %s\n <c@elsewhere.test>\n" % mid))
    assert out.final[0] == 250, str(out)
    relay.got(CAROL)


def test_out_of_office(relay):
    copy = relay.copy()
    for field in ("Auto-Submitted: auto-replied", "Precedence: bulk",
                  "X-Autoreply: yes"):
        refused(relay, relay.try_answer(copy, extra=field + "\n"),
                "automatic")


def test_null_sender(relay):
    copy = relay.copy()
    refused(relay, relay.try_answer(copy, sender=""))


def test_loop(relay):
    """A token of ours that comes in from outside as Message-Id."""
    copy = relay.copy()
    mid = mail.parse(copy)["Message-ID"].strip()
    data = mail.message(CAROL, MAILBOX, "Loop", mid=mid)
    out = relay.send(relay.customer, CAROL, [MAILBOX], data)
    refused(relay, out, "loop", code=554, status="5.4.6")


def test_many_received(relay):
    copy = relay.copy()
    extra = "Received: from a by b; Sat, 21 Nov 2026 10:00:00 +0000\n" * 51
    out = relay.try_answer(copy, extra=extra)
    refused(relay, out, "loop", code=554, status="5.4.6")


def test_foreign_envelope(relay):
    copy = relay.copy()
    refused(relay, relay.try_answer(copy, sender="eve@elsewhere.test"),
            "sender")


SIGNED = """--b
Content-Type: text/plain

Hi
--b
Content-Type: application/pgp-signature

xx
--b--
"""


def test_signed(relay):
    copy = relay.copy()
    out = relay.try_answer(copy, body=SIGNED, ctype=(
        'multipart/signed; boundary=b; '
        'protocol="application/pgp-signature"; micalg=pgp-sha256'))
    refused(relay, out, "sign")


def test_encrypted(relay):
    copy = relay.copy()
    for ctype in ('multipart/encrypted; boundary=b; '
                  'protocol="application/pgp-encrypted"',
                  "application/pkcs7-mime; smime-type=enveloped-data"):
        refused(relay, relay.try_answer(copy, body=SIGNED, ctype=ctype),
                "encrypt" if "encrypted" in ctype else "")


def test_calendar(relay):
    copy = relay.copy()
    ics = ("BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\n"
           "ATTENDEE:mailto:%s\nEND:VEVENT\nEND:VCALENDAR\n" % ALICE.address)
    refused(relay, relay.try_answer(
        copy, body=ics, ctype="text/calendar; method=REPLY"), "calendar")


def test_unknown_command(relay):
    copy = relay.copy()
    refused(relay, relay.try_answer(copy, body="#frobnicate now\n\nHi\n"),
            "#note", "#close", "#reopen", "#take")


@setup(replies=REPLIES + "\tleak refuse\n")
def test_leak_refuse(relay):
    copy = relay.copy()
    refused(relay, relay.try_answer(
        copy, body="Write to %s.\n" % ALICE.address))
    body = base64.encodebytes(b"Write to ALICE.liddell@Home.example").decode()
    refused(relay, relay.try_answer(
        copy, body=body, ctype="text/plain",
        extra="Content-Transfer-Encoding: base64\n"))


def test_worker_is_told(relay):
    """The sentence reaches the worker by way of her own server, which gives
    it back as a bounce: the session's answer holds all of it."""
    copy = relay.copy()
    out = relay.try_answer(copy, threads=False)
    line = out.final[1]
    assert "\n" not in line and len(line) < 500, line
    relay.wait_log(r"alice.*%s|%s.*alice" % ("refus", "refus"))
    log = relay.log()
    assert not mail.TOKEN.search(log), "a whole token in the log"


if __name__ == "__main__":
    main(globals())
