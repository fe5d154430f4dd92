#!/usr/bin/env python3
"""One name, one type: two types of one name in one namespace are one to the
linker, which takes either one's functions. Looks at the headers of boards/,
device/ and host/."""
import collections
import pathlib
import re
import sys

TYPE = re.compile(r'(?:struct|class|enum class|enum)\s+(?:\[\[\w+\]\]\s+)?'
                  r'(\w+)(?:\s+final)?\s*(?::(?!:)|{|$)')
SPACE = re.compile(r'namespace\s+([\w:]*)\s*{')

places = collections.defaultdict(list)
for top in ('boards', 'device', 'host'):
    for path in sorted(pathlib.Path(top).rglob('*.h')):
        if 'testing' in path.parts:
            continue
        spaces = []
        for line in path.read_text().splitlines():
            if opened := SPACE.match(line):
                spaces.append(opened[1])
            elif line.startswith('}  // namespace') and spaces:
                spaces.pop()
            elif (found := TYPE.match(line)) and not line.endswith(';'):
                places['::'.join(spaces + [found[1]])].append(str(path))

twice = {name: at for name, at in places.items() if len(at) > 1}
for name, at in sorted(twice.items()):
    print(f'{name} is a type of {" and of ".join(at)}')
sys.exit(1 if twice else 0)
