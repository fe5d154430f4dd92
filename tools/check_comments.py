#!/usr/bin/env python3
"""Comments are whole sentences: none begins with a word that makes a fragment of
it ("Of a plan of several nodes."). Looks at the first line
of each // and /* */ comment of C and C++. The planner's searches are excepted:
they are to be replaced."""
import pathlib
import re
import subprocess
import sys

FRAGMENT = re.compile(r'(Of|What|Whether|Who)\b')
SKIPPED = ('host/plan/planner/', 'host/plan/search/')
# A string or a character is passed over: it may hold what begins a comment.
TOKEN = re.compile(r'R"(?P<end>[^\s()\\]*)\(.*?\)(?P=end)"'
                   r'|"(?:\\.|[^"\\\n])*"'
                   r"|(?<![0-9A-Za-z])'(?:\\.|[^'\\\n])+'"
                   r'|(?P<line>//[/!]?<?(?P<text>[^\n]*))'
                   r'|(?P<block>/\*[*!]?<?(?P<inner>.*?)\*/)', re.S)


def first_lines(text):
    """The number and the first words of each comment."""
    last = None  # line and column of the // comment before
    for found in TOKEN.finditer(text):
        line = text.count('\n', 0, found.start()) + 1
        column = found.start() - text.rfind('\n', 0, found.start())
        if found['block']:
            yield line, re.sub(r'^[\s*]*', '', found['inner'])
        elif found['line']:
            begin = text.rfind('\n', 0, found.start()) + 1
            alone = not text[begin:found.start()].strip()
            if not (alone and last == (line - 1, column)):
                yield line, found['text'].strip()
            last = (line, column)


listed = subprocess.run(['git', 'ls-files', '*.cc', '*.h', '*.c', '*.cpp',
                         '*.hpp'], capture_output=True, text=True, check=True)
wrong = 0
for name in listed.stdout.split():
    if name.startswith(SKIPPED) or not pathlib.Path(name).is_file():
        continue
    for line, words in first_lines(pathlib.Path(name).read_text()):
        if FRAGMENT.match(words):
            print(f'{name}:{line}: this comment is no sentence: {words[:50]}')
            wrong += 1
if wrong:
    print('say who does what: "Returns whether ...", "The bytes of ..."')
sys.exit(1 if wrong else 0)
