#!/usr/bin/env python3
"""One name, one type: two types of one name in one namespace are one to the
linker, which takes either one's functions. Looks at the headers of boards/,
device/ and host/; and at types that a file has for itself, which are to have
none of these names, so that a name means one thing wherever it is read."""
import collections
import pathlib
import re
import sys

TYPE = re.compile(r'(?:struct|class|enum class|enum)\s+(?:\[\[\w+\]\]\s+)?'
                  r'(\w+)(?:\s+final)?\s*(?::(?!:)|{|$)')
SPACE = re.compile(r'namespace\s*([\w:]*)\s*{')
# The app of an export has a namespace's names for itself.
OWN = 'host/export/templates'

places = collections.defaultdict(list)
own = []  # name, file
for top in ('boards', 'device', 'host'):
    for path in sorted(pathlib.Path(top).rglob('*.h')) + sorted(
            pathlib.Path(top).rglob('*.cc')):
        if 'testing' in path.parts or path.name.endswith('_test.cc'):
            continue
        spaces = []
        for line in path.read_text().splitlines():
            if opened := SPACE.match(line):
                spaces.append(opened[1])
            elif line.startswith('}  // namespace') and spaces:
                spaces.pop()
            elif (found := TYPE.match(line)) and not line.endswith(';'):
                name = '::'.join([s for s in spaces if s] + [found[1]])
                if path.suffix == '.h':
                    places[name].append(str(path))
                elif '' in spaces and not str(path).startswith(OWN):
                    own.append((name, str(path)))

twice = {name: at for name, at in places.items() if len(at) > 1}
for name, at in sorted(twice.items()):
    print(f'{name} is a type of {" and of ".join(at)}')
taken = [(name, at) for name, at in own if name in places]
for name, at in taken:
    print(f'{name} is a type of {places[name][0]} and, for itself, of {at}')
sys.exit(1 if twice or taken else 0)
