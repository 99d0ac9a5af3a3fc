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

"""Shows a customer's question, a worker's answer, and who sees what; then how
mail from other addresses leaves through these addresses' own servers."""

import re
import sys
import textwrap

import demo_outbound
from relaytest import mail, mua, ns
from relaytest.relay import ALICE, CAROL, MAILBOX, PRIVATE, Relay

SHOWN = ("From", "To", "Cc", "Reply-To", "Subject", "Message-ID",
         "In-Reply-To", "References", "X-Relay-Conversation", "User-Agent",
         "Received")


def say(text):
    for paragraph in textwrap.dedent(text).strip().split("\n\n"):
        print(textwrap.fill(" ".join(paragraph.split()), 76))
    print()


step_number = 0


def step(title):
    global step_number
    step_number += 1
    print("\n%s\n%d. %s\n%s" % ("-" * 76, step_number, title, "-" * 76))


def shorten(value):
    """Cuts a token to what fits on a line."""
    return re.sub(r"(relay\.[a-z2-7]{12})[a-z2-7]+", r"\1...", value)


def show(data, envelope=""):
    """A message as its reader could see it, with what matters of the header."""
    if envelope:
        print("    [%s]" % envelope)
    msg = mail.parse(data)
    for name, value in msg.items():
        if name.lower() in [x.lower() for x in SHOWN]:
            lines = mail.decoded(re.sub(r"\s*\r?\n\s+", " ", str(value)))
            print("    %s: %s" % (name, shorten(lines)[:100]))
    print("    ")
    for part in msg.walk():
        if part.get_content_type() == "text/plain":
            body = part.get_payload(decode=True).decode("utf-8", "replace")
            for line in body.rstrip().splitlines():
                print("    " + line)
    print()


def question(relay):
    step("A customer writes to the shared mailbox")
    say("""Carol (carol@customer.test) writes to support@company.example.  Her
        mail host is another machine on a test network, 10.77.1.1.""")
    data = mail.message('"Carol Customer" <%s>' % CAROL, MAILBOX,
                        "My order", "Where is my order?\n\nCarol\n",
                        "User-Agent: Webmail\n", mid="<q1@customer.test>")
    relay.accept(relay.customer, CAROL, [MAILBOX], data)
    show(data)


def copy(relay):
    step("The worker Alice gets a copy at her private address")
    got = relay.got(ALICE.address)
    say("""Alice reads it at home, with any mail program.  The customer's
        address is replaced by a handle that is good for Alice alone, and the
        Message-ID is signed: it proves later that this copy went to her.""")
    show(got.data, "sent to %s, return path %s" % (
        got.rcpt, got.sender[:12] + "...@company.example"))
    return got.data


def answer(relay, got):
    step("Alice answers, from her own mail program and private address")
    say("""This is s-nail, run on Alice's machine: "Reply", with the original
        quoted, and her private address in the text.  Her provider hands it to
        our smtpd.  It looks like this before our filter sees it:""")
    provider = mua.Provider(relay.worker.host, "mx.home.example")
    program = mua.Program(relay, ALICE, [got])
    seen = []
    store = provider.store
    provider.store = lambda s, d: (seen.append(d), store(s, d))
    try:
        out = program.snail("Reply 1\nIt left yesterday.\nYours, Alice (%s)\n"
                            "~.\nquit\n" % ALICE.address)
    finally:
        program.close()
    if not seen:
        sys.exit("demo: s-nail sent nothing: " + out)
    show(seen[0], "from %s" % ALICE.address)
    print("    smtpd's answer to her provider: %d %s\n" %
          provider.outcomes[0].final)
    provider.close()


def result(relay):
    step("What Carol gets")
    got = relay.got(CAROL)
    show(got.data, "return path %s" % (got.sender[:12] +
                                       "...@company.example"))
    found = mail.leaks(got.data, PRIVATE[:4] + PRIVATE[7:])
    if found:
        sys.exit("demo: something private came through: " + found[0])
    say("""It comes from the mailbox, it threads under her question, and every
        header and decoded part of it was searched: Alice's address, her
        provider, her machine, the token and the handle are nowhere in it.""")


def forged(relay, got):
    step("Somebody else tries the same")
    say("""Eve knows the handle address and writes as Alice, without the
        signed id.  She is refused in the session, and told why; had Alice's
        own program dropped the id, her provider would tell her so.""")
    rcpts, data = ALICE.reply(got, body="Send money to Eve.\n", threads=False)
    out = relay.send(relay.stranger, ALICE.address, rcpts, data)
    print("    smtpd's answer: %d %s\n" % out.final)
    if out.final[0] != 550:
        sys.exit("demo: Eve was not refused")


NEXT = """
For a real mail exchanger:

    make -f Makefile.linux deps all
    make -f Makefile.linux install
    mkdir -p /etc/mail
    edit /etc/mail/relay.conf           start from dist/relay.conf, or from
                                        dist/relay.conf.outbound for accounts
    smtprelayctl init                   prints the lines for smtpd.conf
    smtprelayctl mailbox add support@YOUR.DOMAIN -n "Your Support"
    smtprelayctl worker add alice -n Alice alice@PRIVATE.ADDRESS
    smtprelayctl mailbox join support@YOUR.DOMAIN alice
    smtprelayctl account add NAME smtp+tls://USER@SERVER
    smtprelayctl identity add LOGIN OTHER@ADDRESS -a NAME
    smtpd -n && restart smtpd

README and smtprelayctl(8), relay.conf(5), filter-relay(8), table-relay(8) and
mda-relay(8) say the rest.
"""


def main():
    say("""This demo runs a private smtpd in namespaces of its own, with a
        customer's and a worker's mail host beside it.  It leaves nothing
        behind.""")
    with Relay("6.8") as relay:
        version = relay.run(["smtpd", "-h"], check=False).stderr.decode()
        print("    %s, listening on 10.77.0.1 in its own network\n" %
              version.splitlines()[0].replace("version: ", ""))
        question(relay)
        got = copy(relay)
        answer(relay, got)
        result(relay)
        forged(relay, got)
    print("\nThat is the whole loop.  The rest is about mail that leaves.")
    demo_outbound.main(step, say, show)
    print(NEXT)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True, encoding="utf-8")
    try:
        main()
    except (ns.Timeout, RuntimeError, AssertionError, OSError) as e:
        sys.exit("demo: %s" % (str(e) or e.__class__.__name__))
