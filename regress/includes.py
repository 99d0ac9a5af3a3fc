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

"""Reads the includes of the product and says which break the house's order:
no arrow goes up between the rooms, no files use each other in a circle, a
program keeps its headers to itself, an include names the room, no two files
have one name, and there are no more files than there should be.

usage: includes.py [-t | OBJ]

With the directory of the objects circles are looked for among what they call,
too: a header may declare what lies in another file.  -t tries each rule on a
made tree that breaks it, and on one that does not."""

import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
MOST_FILES = 380

# What each room may include beside itself.  It is the least that holds: who
# adds to it must see that no arrow goes up.
ROOMS = {
    "common/base": "",
    "common/proc": "base",
    "common/crypto": "base",
    "common/header": "base proc",
    "common/conf": "base header",
    "common/smtp": "base",
    "common/scrub": "base crypto",
    "common/mime": "base header scrub",
    "common/oauth": "base crypto smtp",
    "common/store": "base proc crypto header conf",
    "common/gate": "base header conf store",
    "mailauth/dns": "base proc conf smtp",
    "mailauth/spf": "base dns",
    "mailauth/dkim": "base dns",
    "mailauth/dmarc": "base dns dkim",
    "mailauth/handoff": "base conf",
    "mailauth/judge": "base header gate dns spf dkim dmarc",
}
# Each may include every room; its own folders it need not name.
PROGRAMS = ("filter-relay", "mda-relay", "table-relay", "smtprelayctl")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"', re.M)


def product(top):
    """The paths of the product's files, from the top."""
    for folder in ("common", "mailauth") + PROGRAMS:
        for where, folders, names in os.walk(os.path.join(top, folder)):
            folders.sort()
            for name in sorted(names):
                if name.endswith((".c", ".h", ".y")):
                    yield os.path.relpath(os.path.join(where, name), top)


def owner(path):
    """The room or the program that a file belongs to."""
    folder = os.path.dirname(path)
    program = folder.split("/")[0]
    return program if program in PROGRAMS else folder


def find(path, name, files):
    """The file that an include means, and whether it names its room."""
    room = os.path.dirname(name)
    if not room:
        near = os.path.join(os.path.dirname(path), name)
        if near in files:
            return near, owner(path) in PROGRAMS
        far = [f for f in files if os.path.basename(f) == name]
        return (far[0] if far else None), False
    for prefix in ("common", "mailauth", "table-relay", ""):
        whole = os.path.join(prefix, name)
        if whole in files:
            return whole, True
    return None, False


def wrong_arrow(path, target):
    """What is wrong with that one file includes another, or None."""
    here, there = owner(path), owner(target)
    if here == there:
        return None
    if there in PROGRAMS:
        return "private", "%s takes %s, a private header" % (path, target)
    if here in PROGRAMS:
        return None
    if here not in ROOMS:
        return "room", "%s lies in no room" % path
    if os.path.basename(there) not in ROOMS[here].split():
        return "up", "%s includes %s: %s may not use %s" % (
            path, target, here, there)
    return None


def circles(uses):
    """The circles among modules, each as a sorted list (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(uses.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            at = stack.index(node)
            part = stack[at:]
            del stack[at:]
            if len(part) > 1:
                found.append(sorted(part))

    for node in sorted(uses):
        if node not in index:
            visit(node)
    return sorted(found)


def check(top, most=MOST_FILES):
    """All that is wrong below top, as (rule, sentence)."""
    files = list(product(top))
    known = set(files)
    uses = {}
    for path in files:
        with open(os.path.join(top, path), encoding="utf-8",
                  errors="replace") as f:
            names = INCLUDE.findall(f.read())
        module = os.path.splitext(path)[0]
        uses.setdefault(module, set())
        for name in names:
            target, named = find(path, name, known)
            if target is None:
                yield "room", '%s: "%s" is nowhere' % (path, name)
                continue
            if not named:
                yield "room", '%s: "%s" does not name %s' % (
                    path, name, owner(target))
            wrong = wrong_arrow(path, target)
            if wrong:
                yield wrong
            used = os.path.splitext(target)[0]
            if used != module:
                uses[module].add(used)
    for circle in circles(uses):
        yield "circle", "use each other: %s" % " ".join(circle)
    first = {}
    for path in files:
        name = os.path.basename(path)
        if first.setdefault(name, path) != path:
            yield "name", "%s and %s have one name" % (first[name], path)
    if len(files) > most:
        yield "count", "%d files, more than %d" % (len(files), most)


def symbols(path):
    """The global names that an object defines, and those that it needs."""
    defined, needed = set(), set()
    for line in subprocess.run(["nm", "-g", path], check=True, text=True,
                               stdout=subprocess.PIPE).stdout.splitlines():
        *_, kind, name = line.split()
        if kind in "TDBRC":
            defined.add(name)
        elif kind == "U":
            needed.add(name)
    return defined, needed


def calls(top, obj):
    """Which modules each uses, by the objects."""
    needs, home = {}, {}
    for path in product(top):
        module = os.path.splitext(path)[0]
        if path.endswith(".h"):
            continue
        whose = path.split("/")[0]
        defined, needs[module] = symbols(os.path.join(obj, module + ".o"))
        for name in defined:
            home.setdefault(name, {})[whose] = module
    uses = {}
    for module, names in needs.items():
        near = (module.split("/")[0], "common", "mailauth")
        uses[module] = {home[name][w] for name in names for w in near
                        if w in home.get(name, ())}
    return uses


def check_calls(top, obj):
    for circle in circles(calls(top, obj)):
        yield "link", "call each other: %s" % " ".join(circle)


# A tree that keeps the rules, and what breaks each: (rule, file, its text).
GOOD = {
    "common/base/a.h": "",
    "common/base/a.c": '#include "base/a.h"\n',
    "common/proc/p.h": "",
    "common/proc/p.c": '#include <p.h>\n#include "base/a.h"\n'
                       '#include "proc/p.h"\n',
    "mailauth/dns/d.h": "",
    "mailauth/dns/d.c": '#include "proc/p.h"\n#include "dns/d.h"\n',
    "table-relay/t.h": "",
    "table-relay/t.c": '#include "courier/c.h"\n#include "t.h"\n',
    "table-relay/courier/c.h": "",
    "table-relay/courier/c.c": '#include "c.h"\n#include "dns/d.h"\n',
    "mda-relay/m.c": '#include "proc/p.h"\n',
}
BAD = (
    ("up", "common/base/b.c", '#include "proc/p.h"\n'),
    ("up", "common/proc/b.c", '#include "dns/d.h"\n'),
    ("private", "mda-relay/n.c", '#include "table-relay/t.h"\n'),
    ("private", "mda-relay/n.c", '#include "courier/c.h"\n'),
    ("private", "common/base/b.c", '#include "table-relay/t.h"\n'),
    ("circle", "common/base/a.h", '#include "base/b.h"\n'),
    ("circle", "table-relay/courier/c.c", '#include "table-relay/t.h"\n'),
    ("room", "common/base/b.c", '  # include "a.h"\n'),
    ("room", "mda-relay/n.c", '#include "p.h"\n'),
    ("room", "mda-relay/n.c", '#include "regress/x.h"\n'),
    ("room", "common/new/b.c", '#include "base/a.h"\n'),
    ("name", "mda-relay/t.h", ""),
    ("count", "mda-relay/n1.c", ""),
)
CALLS = {
    "common/base/a.c": "int b(void); int a(void) { return b(); }\n",
    "common/base/b.c": "int b(void) { return 1; }\n",
    "mda-relay/a.c": "int b(void); int c(void) { return b(); }\n",
}
CALLS_BACK = "int a(void); int b(void) { return a(); }\n"
BESIDE = {"common/base/b.h": '#include "base/a.h"\n'}


def made(files):
    """The rules that a made tree breaks."""
    with tempfile.TemporaryDirectory() as top:
        for path, text in files.items():
            path = os.path.join(top, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        return {rule for rule, _ in check(top, len(GOOD) + 1)}


def linked(files):
    """Whether what a made tree's objects call goes in a circle."""
    with tempfile.TemporaryDirectory() as top:
        for path, text in files.items():
            path = os.path.join(top, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            subprocess.run(["cc", "-c", "-o", path[:-2] + ".o", path],
                           check=True)
        return bool(list(check_calls(top, top)))


def try_rules():
    """Whether each rule can fail, and none does without a reason."""
    bad = 0
    cases = [(set(), dict(GOOD))]
    for rule, path, text in BAD:
        files = dict(GOOD)
        if rule == "count":
            files["mda-relay/n2.c"] = ""
        elif path in GOOD:
            files.update(BESIDE)
        files[path] = text
        cases.append(({rule}, files))
    for want, files in cases:
        got = made(files)
        if got != want:
            bad += 1
            print("FAIL includes/rules: wanted %s, got %s in %s" % (
                sorted(want), sorted(got), sorted(set(files.items()) -
                                                  set(GOOD.items()))))
    if linked(CALLS) or not linked({**CALLS, "common/base/b.c": CALLS_BACK}):
        bad += 1
        print("FAIL includes/rules: calls in a circle")
    if not bad:
        print("ok includes/rules: %d trees" % (len(cases) + 2))
    return bad


def main():
    if sys.argv[1:] == ["-t"]:
        sys.exit(1 if try_rules() else 0)
    if len(sys.argv) > 2:
        sys.exit("usage: includes.py [-t | OBJ]")
    bad = 0
    wrong = list(check(TOP))
    if sys.argv[1:]:
        wrong += check_calls(TOP, sys.argv[1])
    for rule, sentence in wrong:
        bad += 1
        print("FAIL includes/%s: %s" % (rule, sentence))
    if not bad:
        print("ok includes: %d files" % len(list(product(TOP))))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
