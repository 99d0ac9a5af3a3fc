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

"""Runs the tests of one theme on one release of smtpd."""

import contextlib
import os
import re
import signal
import sys
import time
import traceback

from relaytest.relay import Relay
from relaytest.world import World

TEST_SECONDS = 900
# What a failure is mostly about, among the lines of a log.
TELLING = re.compile(
    r"(?i)fail|error|warn|fatal|later|limit|refus|reject|result=(?!\"?ok)|"
    r"time.?out|exit|terminat|busy|cannot|no such|died|again|hold|unable")


def setup(**words):
    """Says with which words a test's world is made."""
    def mark(function):
        function.words = words
        return function
    return mark


def plain(function):
    """Says that a test's world is an smtpd without anything of ours, which
    the test starts itself."""
    function.maker = World
    return function


def only(*releases):
    """Says on which releases a test makes sense."""
    def mark(function):
        function.releases = releases
        return function
    return mark


class Late(BaseException):
    """A test took too long."""


def _late(*_):
    raise Late("the test took too long")


def _state(relay):
    """What smtpd has in hand at the moment of a failure."""
    lines = []
    with contextlib.suppress(Exception, Late):
        signal.alarm(60)
        if relay.smtpd is not None:
            lines = relay.queue()
    return "".join("queue: %s\n" % x for x in lines[:10]) + (
        "queue: %d envelopes\n" % len(lines))


def _excerpt(log, telling=25, last=12):
    """The lines of a log from which a failure can be understood."""
    try:
        with open(log, "rb") as f:
            lines = f.read().decode("utf-8", "replace").splitlines()
    except OSError as e:
        return [str(e)]
    head, tail = lines[:-last], lines[-last:]
    return [x for x in head if TELLING.search(x)][-telling:] + tail


def _report(title, why, log):
    """Says of a failure what CI has to show, in one piece, for others write
    there, too."""
    lines = why.strip().splitlines()
    text = "FAIL %s: %s; log in %s\n" % (title, next(
        (x for x in reversed(lines) if not x.startswith("queue: ")), "")[:300],
        log)
    for line in lines[-20:] + _excerpt(log):
        text += "    %s\n" % line[:300]
    os.write(1, text.encode("utf-8", "replace"))


def _play(function, release, log):
    """One test in a world of its own; None, or what went wrong."""
    os.environ["RELAYTEST_LOG"] = log
    signal.signal(signal.SIGALRM, _late)
    signal.alarm(getattr(function, "seconds", TEST_SECONDS))
    try:
        maker = getattr(function, "maker", Relay)
        with maker(release, **getattr(function, "words", {})) as relay:
            try:
                function(relay)
                if not getattr(function, "stops", False):
                    assert relay.smtpd_alive(), "smtpd has ended"
            except (Exception, Late):
                return traceback.format_exc() + _state(relay)
    except (Exception, Late):
        return traceback.format_exc()
    finally:
        signal.alarm(0)
    return None


def main(tests):
    """usage: test_THEME.py RELEASE [NAME ...]; tests is globals()."""
    release, wanted = sys.argv[1], sys.argv[2:]
    theme = os.path.basename(sys.argv[0])[len("test_"):-len(".py")]
    logs = os.environ.get("LOGS", "/tmp")
    failed = 0
    for name, function in list(tests.items()):
        if not name.startswith("test_") or (wanted and
                                            name[5:] not in wanted):
            continue
        if release not in getattr(function, "releases", (release,)):
            continue
        log = os.path.join(logs, "%s.%s.%s.log" % (theme, name[5:], release))
        start = time.monotonic()
        why = _play(function, release, log)
        took = time.monotonic() - start
        if why is None:
            print("ok %s/%s %s (%.1f s)" % (theme, name[5:], release, took),
                  flush=True)
            if os.path.exists(log) and not os.environ.get("KEEP"):
                os.unlink(log)
            continue
        failed += 1
        _report("%s/%s %s" % (theme, name[5:], release), why, log)
        with open(log, "a") as f:
            f.write("\n" + why)
    sys.exit(1 if failed else 0)
