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

"""The rules of form that can be counted: lengths of lines, functions and
files, a licence in each file, and no words that put something off."""

import os
import re
import sys

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
FOLDERS = ("common", "mailauth", "filter-relay", "mda-relay", "table-relay",
           "smtprelayctl", "regress", "dist")
FILE_LINES, GRAMMAR_LINES, FUNCTION_LINES, COLUMNS = 1000, 1500, 60, 80
LATER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")


def width(line):
    return len(line.expandtabs(8))


def functions(lines):
    """(name, first line, length) of each function body of a C file."""
    start, name = None, ""
    for n, line in enumerate(lines, 1):
        if line.startswith("{"):
            start = n
        elif line.startswith("}") and start is not None:
            yield name, start, n - start + 1
            start = None
        elif start is None:
            m = re.match(r"([a-z_0-9A-Z]+)\(", line)
            if m:
                name = m.group(1)


def check(path):
    """The mistakes in one file."""
    with open(os.path.join(TOP, path), encoding="utf-8",
              errors="replace") as f:
        lines = f.read().splitlines()
    limit = GRAMMAR_LINES if path.endswith(".y") else FILE_LINES
    if len(lines) > limit:
        yield "%s: %d lines, more than %d" % (path, len(lines), limit)
    if not any("Copyright (c) 2026 The opensmtpd-relay developers" in x
               for x in lines[:8]):
        yield "%s: no licence" % path
    for n, line in enumerate(lines, 1):
        if width(line) > COLUMNS:
            yield "%s:%d: %d columns" % (path, n, width(line))
        if LATER.search(line):
            yield "%s:%d: puts something off" % (path, n)
        if line != line.rstrip():
            yield "%s:%d: white space at the end" % (path, n)
    if path.endswith(".c"):
        for name, start, length in functions(lines):
            if length > FUNCTION_LINES:
                yield "%s:%d: %s() has %d lines" % (path, start, name, length)


def main():
    bad = files = 0
    for folder in FOLDERS:
        for where, _, names in os.walk(os.path.join(TOP, folder)):
            for name in sorted(names):
                if not re.search(r"\.([chy]|py|sh)$", name):
                    continue
                path = os.path.relpath(os.path.join(where, name), TOP)
                wrong = list(check(path))
                files += 1
                if wrong:
                    bad += 1
                    print("\n".join(wrong))
                    print("FAIL style/%s: %s" % (path, wrong[0]))
    if not bad:
        print("ok style: %d files" % files)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
