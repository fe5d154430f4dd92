#!/usr/bin/env python3
"""CONTRIBUTING, "To add an operator": the files it lists are those of MIRROR_PAD.

MIRROR_PAD only moves data, has a class, attributes and an options table of its
own: what names it is what such an operator touches, and that is at most 12 files.
"""
import fnmatch
import re
import subprocess
import sys

MOST = 12
TRACES = r"mirror_?pad|kMirror|MirrorAttr"


def touched():
    found = subprocess.run(
        ["git", "grep", "-liE", TRACES, "--", "host/*.cc", "host/*.h", "host/*.fbs",
         ":!*_test.cc", ":!*/testing/*"],
        capture_output=True, text=True, check=True).stdout
    return found.split()


def listed():
    text = open("CONTRIBUTING.md").read()
    section = text.split("## To add an operator")[1].split("An operator of a class")[0]
    return re.findall(r"`(host/[^`]+)`", section)


def main():
    files, patterns = touched(), listed()
    wrong = [f"{f}: names the operator and is not in CONTRIBUTING's list"
             for f in files if not any(fnmatch.fnmatch(f, p) for p in patterns)]
    wrong += [f"{p}: in CONTRIBUTING's list, but MIRROR_PAD is not there"
              for p in patterns if not fnmatch.filter(files, p)]
    if len(files) > MOST:
        wrong.append(f"MIRROR_PAD touches {len(files)} files, the aim is {MOST}")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


sys.exit(main())
