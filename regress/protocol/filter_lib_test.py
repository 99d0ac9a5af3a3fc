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

"""Good transcripts get the same answers from a filter on libopensmtpd.

Only what that library takes at all: it knows no link-auth, and ends at lines
that it does not like.  What is ours alone (X-Relay-* and long lines at 6.8)
is not part of it.
"""

from filterpeer import Filter, Session, World, build, main, message


def transcript(f):
    """What a filter answered to a number of sessions, in order."""
    seen = []
    for src in ("192.0.2.1:3333", "[2001:db8::1]:25",
                "unix:/var/run/smtpd.sock"):
        s = Session(f, src=src)
        for sender in ("carol@customer.test", ""):
            for rcpts in (["joe@elsewhere.test"],
                          ["a@b.test", "support@company.example"]):
                seen.append(s.mail(sender))
                seen += [s.rcpt(r) for r in rcpts]
                lines = message(body=["..", "a|b", "|", " ", "x" * 1900, ""])
                seen.append(s.data(lines))
                seen.append(s.commit())
        s.end()
    seen.append(interleaved(f))
    return seen


def interleaved(f):
    """Two messages whose lines come in turns."""
    two = [Session(f), Session(f)]
    for s in two:
        s.mail("c@customer.test")
        s.rcpt("j@elsewhere.test")
    back = {s.sid: [] for s in two}
    for line in message() + ["."]:
        for s in two:
            s.put(line)
            _, sid, _, text = f.line().split("|", 3)
            back[sid].append(text)
    return [back[s.sid] for s in two] + [s.commit() for s in two]


def test_same():
    library = build("protocol/osmtpdpass",
                    "LDLIBS=-lopensmtpd -levent")
    with World() as world:
        for version in ("0.6", "0.7"):
            with Filter(world, version) as f:
                ours = transcript(f)
            f = Filter(world, version, command=[library])
            theirs = transcript(f)
            f.proc.stdin.close()
            f.proc.wait(30)
            f.proc.stdout.close()
            assert ours == theirs, (ours, theirs)
            assert len(ours) > 40


if __name__ == "__main__":
    main([test_same])
