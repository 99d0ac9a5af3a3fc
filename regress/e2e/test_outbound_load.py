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

"""Many accounts and many mails; on one release, for it takes long."""

import collections
import threading

from relaytest import mail
from relaytest.case import main, only
from relaytest.outbound import outbound
from relaytest.relay import CAROL, again

ACCOUNTS, MAILS = 1000, 10000


def add_accounts(relay, count):
    """So many accounts of Ben's on one server."""
    relay.run(["sh", "-e"], text="".join(
        "echo w%d | smtprelayctl account add a%d "
        "smtps://u%d@smtp.band.example\n"
        "smtprelayctl identity add ben b%d@club.example -a a%d </dev/null\n" %
        (n, n, n, n, n) for n in range(count)), timeout=1500)


def submit_all(relay, work, clients):
    """Every (sender, message) of the list, by so many clients at once."""
    errors = []

    def run(part):
        try:
            client = None
            for n, (sender, data) in enumerate(part):
                if n % 50 == 0:
                    if client is not None:
                        client.close()
                    client = relay.login("ben")
                out = again(lambda c=client, s=sender, d=data(): c.message(
                    s, [CAROL], d), relay.add_log)
                assert out.final[0] == 250, str(out)
            if client is not None:
                client.close()
        except BaseException as e:
            errors.append(e)

    threads = [threading.Thread(target=run, args=(work[n::clients],))
               for n in range(clients)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors, errors[0]


@only("7.9")
@outbound
def test_many(relay):
    """Ten thousand mails of a thousand accounts are in the queue at once;
    each account gets its turn long before the last mail is out."""
    band = relay.puppet(users={"u%d" % n: "w%d" % n for n in range(ACCOUNTS)})
    add_accounts(relay, ACCOUNTS)
    relay.smtpctl("pause", "mta")
    senders = ["b%d@club.example" % (n * ACCOUNTS // MAILS)
               for n in range(MAILS)]
    submit_all(relay, [
        (s, lambda s=s, n=n: mail.message(s, CAROL, "Number %d" % n))
        for n, s in enumerate(senders)], 8)
    assert not band.mails
    relay.smtpctl("resume", "mta")
    band.wait(MAILS // 2, 400)
    with band.lock:
        half = collections.Counter(m.user for m in band.mails)
    band.wait(MAILS, 400)
    relay.wait_queue_empty(60)
    with band.lock:
        users = collections.Counter(m.user for m in band.mails)
        wrong = [m for m in band.mails
                 if m.sender != "b%s@club.example" % m.user[1:]]
    assert len(users) == ACCOUNTS and set(users.values()) == {
        MAILS // ACCOUNTS}, users.most_common(3)
    assert not wrong, "%d mails left under a wrong login" % len(wrong)
    # The queue is no line: half of the mail is from far more than half of
    # the accounts.
    assert len(half) > ACCOUNTS // 2, len(half)


test_many.seconds = 2400


if __name__ == "__main__":
    main(globals())
