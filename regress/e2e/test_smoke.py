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

"""Can a plain smtpd of each release be run at all?"""

from relaytest import mail
from relaytest.case import main, plain
from relaytest.ns import wait_for
from relaytest.relay import Client

CONF = """listen on 0.0.0.0
action "local" maildir
action "out" relay
match from any for domain "company.example" action "local"
match from any for any action "out"
"""


@plain
def test_plain(world):
    """A mail goes out to another host, and one to a local user."""
    world.add_user("dave", 2001)
    world.start_smtpd(CONF)
    client = Client(world.customer.host)
    out = client.message("carol@customer.test",
                         ["alice@home.example", "dave@company.example"],
                         mail.message("carol@customer.test", "x", "Smoke"))
    assert out.final[0] == 250, str(out)
    client.close()
    got = world.worker.sink.wait("alice@home.example")
    assert b"Subject: Smoke\r\n" in got.data
    assert b"[10.77.1.1]" in got.data, "not from the customer's address"
    wait_for("local mail", lambda: world.local_mails("dave"))
    world.wait_queue_empty()


@plain
def test_refusal(world):
    """What a sink refuses is in smtpd's log, and what hangs waits."""
    world.start_smtpd(CONF)
    sink = world.worker.sink
    sink.refuse("rcpt", "nobody@home.example", "550 5.1.1 no such user")
    client = Client(world.customer.host)
    out = client.message("carol@customer.test", ["nobody@home.example"],
                         mail.message("carol@customer.test", "x", "Smoke"))
    assert out.final[0] == 250, str(out)
    client.close()
    world.wait_log(r"result=\"?PermFail")
    world.customer.sink.wait("carol@customer.test")


if __name__ == "__main__":
    main(globals())
