#!/usr/bin/env python3
"""Whether each file of host/, bench/ and fuzz/ reaches, by its own includes, the headers of the
types, functions, constants and namespaces that it names. ./test.sh compiles bundles,
in which an #include that one file lacks is there because of another one; a plain
build compiles files alone.

Reads text, so it takes seconds, and judges only names that one header declares.
Members it does not see: tools/compile_alone.py, which takes half an hour, does.
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
FUNCTION = re.compile(r'^(?:template <[^>]*>\s*)?(?:\[\[nodiscard\]\] )?[A-Za-z_]'
                      r'[\w:<>,\s&*]*?[ &*]([a-z_]\w+)\(', re.M)
CONSTANT = re.compile(r'^(?:inline |static )*constexpr [\w:<> ,*&]+? (k[A-Z]\w+)\b',
                      re.M)
SPACE = re.compile(r'^(?:inline )?namespace (?:\w+::)*(\w+) \{', re.M)
CALL = re.compile(r'(?<![\w.>:])([a-z_]\w+)(?=\()')
USE = re.compile(r'(?<![\w.>:])(k[A-Z]\w+)\b')
INSIDE = re.compile(r'(?<![\w.>:])([a-z]\w+)(?=::)')
# Functions of the system, too.
ANYWHERE = {'open', 'poll', 'write'}
# The name of a GoogleTest suite is no type.
SUITE = re.compile(r'^\w*(?:TEST|SUITE|PROP)\w*\([^,]*,', re.M)

texts, includes, homes = {}, {}, collections.defaultdict(set)
others = [collections.defaultdict(set) for _ in range(3)]  # functions, ...
declares = {}  # all types that a file has or foretells
for top in ('bench', 'boards', 'device', 'fuzz', 'host'):
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
            for kind, pattern in enumerate((FUNCTION, CONSTANT, SPACE)):
                for name in pattern.findall(text):
                    others[kind][name].add(str(path))


def reached(path):
    seen, todo = {path}, [path]
    while todo:
        for name in includes.get(todo.pop(), ()):
            if name not in seen:
                seen.add(name)
                todo.append(name)
    return seen


def declared(kind, name, text):
    """Whether a text declares it in any way, be it as a member or a variable."""
    if kind == 0:
        before = re.findall(r'(\w+|[>&*\]])\s*[ &*\n]' + name + r'\s*[(=;{,)\[\]]',
                            text)
        return any(word not in ('return', 'throw', 'else', 'case')
                   for word in before)
    if kind == 1:
        return re.search(r'(?<![.:>])\b' + name + r'\s*[,=}]|[\w>*&] ?' + name + r'\[',
                         text)
    return re.search(r'namespace (?:\w+::)*' + name + r'\b', text)


failed = 0
if not texts:
    sys.exit('no sources: start it in the root of the repository')
for path, text in sorted(texts.items()):
    if not path.startswith(('bench/', 'fuzz/', 'host/')):
        continue
    seen = reached(path)
    known = set().union(*(declares.get(file, set()) for file in seen))
    for name in sorted(set(WORD.findall(text)) - known):
        # A name of two headers is one of a namespace each: no judgement.
        if len(homes[name]) == 1:
            print(f'{path} names {name} and does not include '
                  f'{next(iter(homes[name]))}')
            failed = 1
    for kind, pattern in enumerate((CALL, USE, INSIDE)):
        for name in sorted(set(pattern.findall(text))):
            home = others[kind][name]
            if len(home) != 1 or home & seen or name in ANYWHERE:
                continue
            if not any(declared(kind, name, texts.get(file, '')) for file in seen):
                print(f'{path} names {name} and does not include '
                      f'{next(iter(home))}')
                failed = 1
sys.exit(failed)
