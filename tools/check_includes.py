#!/usr/bin/env python3
"""Whether each file of the host reaches, by its own includes, the headers of the
types that it names. ./test.sh compiles bundles, in which an #include that one file
lacks is there because of another one; a plain build compiles files alone.

Reads text, so it takes a second. Functions and templates' members it does not see:
tools/compile_alone.py, which takes half an hour, does.
"""
import collections
import pathlib
import re
import sys

INCLUDE = re.compile(r'^#include "([^"]+)"', re.M)
NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|^\s*#[^\n]*|R"(\w*)\(.*?\)\1"|'
                   r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.M | re.S)
TYPE = re.compile(r'^(?:template <[^>]*>\s*)?(?:struct|class|enum class|enum)\s+'
                  r'(?:\[\[\w+\]\]\s+)?([A-Z]\w+)(?:\s+final)?\s*([;:{]|$)|'
                  r'^using ([A-Z]\w+) =', re.M)
# Members' types and parameters of templates, which may have any name.
INNER = re.compile(r'\b(?:struct|class|enum|typename|using)(?:\.\.\.)? +'
                   r'(?:(?:\[\[\w+\]\]|alignas\(\w+\)) +)?([A-Z]\w+)')
WORD = re.compile(r'(?<![\w.>:])([A-Z]\w+)\b')
# What GoogleTest calls a suite is no type.
SUITE = re.compile(r'^\w*(?:TEST|SUITE|PROP)\w*\([^,]*,', re.M)

texts, includes, homes = {}, {}, collections.defaultdict(set)
declares = {}  # all types that a file has or foretells
for top in ('device', 'host'):
    for path in pathlib.Path(top).rglob('*'):
        if path.suffix not in ('.h', '.cc') or 'templates' in path.parts:
            continue
        whole = path.read_text()
        includes[str(path)] = [
            str(path.parent / name) if (path.parent / name).exists() else name
            for name in INCLUDE.findall(whole)]
        text = SUITE.sub(' ', NOISE.sub(' ', whole))
        texts[str(path)] = text
        declares[str(path)] = set(INNER.findall(text))
        if path.suffix == '.h' and 'testing' not in path.parts:
            for name, end, alias in TYPE.findall(text):
                if end != ';':
                    homes[name or alias].add(str(path))


def reached(path):
    seen, todo = {path}, [path]
    while todo:
        for name in includes.get(todo.pop(), ()):
            if name not in seen:
                seen.add(name)
                todo.append(name)
    return seen


failed = 0
for path, text in sorted(texts.items()):
    if not path.startswith('host/'):
        continue
    seen = reached(path)
    known = set().union(*(declares.get(file, set()) for file in seen))
    for name in sorted(set(WORD.findall(text)) - known):
        # A name of two headers is one of a namespace each: no judgement.
        if len(homes[name]) == 1:
            print(f'{path} names {name} and does not include '
                  f'{next(iter(homes[name]))}')
            failed = 1
sys.exit(failed)
