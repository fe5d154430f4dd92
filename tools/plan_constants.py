#!/usr/bin/env python3
"""The named constants of the planner: how many, where, and how often each is used.

  tools/plan_constants.py [--most N]    ends in 1 if there are more than N

A constant is a declarator of `constexpr` whose name is a k and a capital letter,
in host/plan without its tests. Moving one from file to file changes nothing here.
Those of host/plan/types/tuning.h are chosen by measuring; the others are units,
formats, limits of other parts, and values that stand for "none".
"""
import argparse
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
DECLARATION = re.compile(r"\bconstexpr\s+[\w:<>, ]*?\b(k[A-Z]\w*)\b([^;]*);", re.S)


def sources():
    for path in sorted((ROOT / "host" / "plan").rglob("*")):
        if (path.suffix in (".cc", ".h") and "testing" not in path.parts
                and not path.name.endswith("_test.cc")):
            yield path


def constants(text):
    for first, rest in DECLARATION.findall(text):
        yield first
        yield from re.findall(r",\s*(k[A-Z]\w*)\s*=", rest)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--most", type=int)
    asked = parser.parse_args()
    texts = {p: re.sub(r"//.*", "", p.read_text()) for p in sources()}
    found = [(name, p.relative_to(ROOT)) for p, text in texts.items()
             for name in constants(text)]
    uses = collections.Counter(re.findall(r"\bk[A-Z]\w*\b", "".join(texts.values())))
    for name, path in found:
        print(f"{uses[name] - 1:4} {name:28} {path}")
    tuned = sum(path.name == "tuning.h" for _, path in found)
    print(f"{len(found)} constants, {tuned} of them tuned")
    return 1 if asked.most is not None and len(found) > asked.most else 0


if __name__ == "__main__":
    sys.exit(main())
