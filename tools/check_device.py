#!/usr/bin/env python3
"""What microcontrollers get compiles as C++17, as GCC 7 knows it.

Cores of Arduino's fix the compiler's standard, and no library can change that.
So every source of device/ that a board may get
  * includes only the headers of the standard library that are named here,
  * uses nothing of a later standard that a newer compiler lets pass,
  * compiles for a Cortex-M4 as gnu++17 without a warning.
Exit 77 without arm-none-eabi-g++, when the first two hold.

  tools/check_device.py [--self-test]
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
COMPILER = 'arm-none-eabi-g++'
FLAGS = ('-mcpu=cortex-m4 -mthumb -std=gnu++17 -fno-exceptions -fno-rtti '
         '-Wall -Wextra -Wpedantic -Wconversion -Werror -fsyntax-only').split()

# The headers that these include are the platform's: they compile where it is.
PLATFORM = {'udp_sockets.cc', 'lwip_udp.cc'}

HEADERS = {'cstdint', 'cstring', 'cstddef', 'type_traits', 'new', 'utility',
           'stdint.h', 'stddef.h', 'string.h', 'arm_mve.h'}
# Newer compilers take these as C++17 too, or only warn.
LATER = re.compile(
    r'\[\[(?:un)?likely\]\]|\[\[no_unique_address\]\]|\bconsteval\b|'
    r'\bconstinit\b|\bconcept\s+\w+\s*=|\brequires\s*[({]|<=>|\bchar8_t\b|'
    r'\bco_(?:await|yield|return)\b|\busing\s+enum\b|'
    r'\bstd::(?:span|bit_cast|rot[lr]|endian|popcount|has_single_bit|'
    r'count[lr]_\w+|assume_aligned|remove_cvref|type_identity|source_location|'
    r'is_constant_evaluated|to_chars|from_chars|optional|variant|string_view|'
    r'function|vector|string|array)\b|'
    r'operator==\([^)]*\)\s*const\s*=\s*default')


def sources(folder):
    for path in sorted(folder.rglob('*')):
        name = path.name
        if (path.suffix in ('.cc', '.h', '.hpp') and 'testing' not in path.parts
                and not name.endswith('_test.cc') and 'x86_' not in name):
            yield path


def faults(path):
    """What the text of a file uses outside the subset."""
    found = []
    text = re.sub(r'/\*.*?\*/', lambda m: '\n' * m[0].count('\n'),
                  path.read_text(), flags=re.S)
    for number, line in enumerate(text.splitlines(), 1):
        code = re.sub(r'//.*|"(?:\\.|[^"\\])*"', '""', line)
        header = re.match(r'\s*#\s*include\s*<([^>]+)>', line)
        if header and path.name not in PLATFORM and \
                header[1] not in HEADERS and \
                not header[1].startswith(('mbedtls/', 'bearssl/')):
            found.append(f'{path}:{number}: <{header[1]}> is not for boards')
        elif not header and (later := LATER.search(code)):
            found.append(f'{path}:{number}: {later[0]} is not C++17 of GCC 7')
    return found


def compiles(paths, include):
    command = [COMPILER, *FLAGS, f'-I{ROOT}', '-isystem', include]
    half = [paths[0::2], paths[1::2]]
    runs = [subprocess.Popen(command + [str(p) for p in part])
            for part in half if part]
    return all([run.wait() == 0 for run in runs])


def check(paths, include):
    found = [fault for path in paths for fault in faults(path)]
    print('\n'.join(found), end='\n' if found else '', file=sys.stderr)
    if found:
        return False
    if not shutil.which(COMPILER):
        print(f'not compiled: no {COMPILER}')
        sys.exit(77)
    # Headers as files of their own: each includes what it needs.
    return compiles([p for p in paths
                     if p.suffix == '.cc' and p.name not in PLATFORM], include)


BAD = {
    'header': '#include <span>\n',
    'attribute': 'int f(int a) { if (a) [[likely]] return 1; return 2; }\n',
    'operator': 'struct S { int a; bool operator==(const S&) const = default;'
                ' };\n',
    'standard': 'template <class T> concept Small = sizeof(T) < 4;\n',
    'designated': 'struct S { int a; };\nS make() { return {.a = 1}; }\n',
    'parentheses': 'struct S { int a; };\nS make() { return S(1); }\n',
    'narrow': '#include <cstdint>\nuint8_t f(int a) { return a; }\n',
    'exception': 'void f() { throw 1; }\n',
}


def self_test(include):
    with tempfile.TemporaryDirectory() as folder:
        good = pathlib.Path(folder) / 'good.cc'
        good.write_text('// [[likely]]\n#include <cstdint>\nint f();\n')
        if not check([good], include):
            return 'the good file is refused'
        for name, text in BAD.items():
            bad = pathlib.Path(folder) / f'{name}.cc'
            bad.write_text(text)
            if check([bad], include):
                return f'{name}: accepted: {text}'
    return ''


def main():
    with tempfile.TemporaryDirectory() as include:
        # The headers alone, and nothing else of the host's.
        for place in (os.environ.get('SHOAL_SOURCES', ''),
                      ROOT / 'build/sources'):
            headers = pathlib.Path(place) / 'mbedtls/include/mbedtls'
            if place and headers.exists():
                break
        else:
            headers = pathlib.Path('/usr/include/mbedtls')
        (pathlib.Path(include) / 'mbedtls').symlink_to(headers)
        (pathlib.Path(include) / 'bearssl').symlink_to('/usr/include/bearssl')
        if '--self-test' in sys.argv:
            if wrong := self_test(include):
                sys.exit(wrong)
            return
        paths = list(sources(ROOT / 'device'))
        if len(paths) < 50 or not check(paths, include):
            sys.exit(1)


main()
