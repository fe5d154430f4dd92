#!/usr/bin/env python3
"""Every promise of SECURITY.md and of the pages below names tests, and these
are there.

A promise is a row of a table whose last column is "held by"; its last cell
names tests as `Suite.Case` and campaigns as `tools/name.sh`. Prints what is
missing; 1 if anything is.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = ("SECURITY.md", "docs/reference/boards.md")
CASE = re.compile(r"^\s*(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP)\(\s*(\w+),\s*(\w+)",
                  re.MULTILINE)


def known_tests():
    files = subprocess.run(["git", "ls-files", "*_test.cc"], cwd=ROOT,
                           check=True, capture_output=True, text=True)
    return {f"{suite}.{case}" for name in files.stdout.split()
            for suite, case in CASE.findall((ROOT / name).read_text())}


def promises(text):
    """The rows of the tables that say who holds them: first and last cell."""
    held = False
    for line in text.splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            held = False
        elif cells[-1] == "held by":
            held = True
        elif held and not set(line) <= set("|-: "):
            yield cells[0], cells[-1]


def main():
    tests = known_tests()
    rows, wrong = [], []
    for page in PAGES:
        of_page = list(promises((ROOT / page).read_text()))
        rows += of_page
        wrong += [] if of_page else [f"{page} has no promises"]
    for promise, held_by in rows:
        names = re.findall(r"`([^`]+)`", held_by)
        if not any(name in tests for name in names):
            wrong.append(f"no test holds: {promise}")
        for name in names:
            there = (ROOT / name.split()[0]).is_file() if "/" in name \
                else name in tests
            if not there:
                wrong.append(f"there is no {name}, which holds: {promise}")
    print("\n".join(wrong) or f"{len(rows)} promises, each with its tests")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
