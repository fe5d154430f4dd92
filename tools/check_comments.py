#!/usr/bin/env python3
"""Comments are whole sentences: none begins with a word that makes a fragment of
it ("Of a plan of several nodes."). And neither comments nor messages use a word
of the table "Words to avoid" of CONTRIBUTING.md. Looks at the comments and the
strings of C and C++, but not at strings of tests."""
import pathlib
import re
import subprocess
import sys

FRAGMENT = re.compile(r'(Of|What|Whether|Who|And|Or|Nor|But)\b')
# A string or a character is passed over: it may hold what begins a comment.
TOKEN = re.compile(r'R"(?P<end>[^\s()\\]*)\(.*?\)(?P=end)"'
                   r'|(?P<string>"(?:\\.|[^"\\\n])*")'
                   r"|(?<![0-9A-Za-z])'(?:\\.|[^'\\\n])+'"
                   r'|(?P<line>//[/!]?<?(?P<text>[^\n]*))'
                   r'|(?P<block>/\*[*!]?<?(?P<inner>.*?)\*/)', re.S)


def words_to_avoid():
    """Each with what to write instead, from the rows of the table."""
    section = open('CONTRIBUTING.md').read().split('## Words to avoid')[1]
    words = {}
    for row in re.findall(r'^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$',
                          section.split('\n## ')[0], re.M)[1:]:
        words.update(dict.fromkeys(row[0].split(', '), row[1]))
    assert len(words) > 5, 'CONTRIBUTING.md lacks its table of words'
    return words


def tokens(text):
    """Comments, // lines that follow one another as one, and strings: the line,
    the words, whether it is a comment."""
    lines = []  # of the // comment under way: number, column, words
    for found in TOKEN.finditer(text):
        line = text.count('\n', 0, found.start()) + 1
        begin = text.rfind('\n', 0, found.start()) + 1
        column = found.start() - begin
        alone = found['line'] and not text[begin:found.start()].strip()
        if lines and not (alone and lines[-1][:2] == (line - 1, column)):
            yield lines[0][0], ' '.join(words for _, _, words in lines), True
            lines = []
        if found['line']:
            lines.append((line, column, found['text'].strip()))
        elif found['block']:
            yield line, re.sub(r'\n[\s*]*', ' ', found['inner']).strip(' *'), True
        elif found['string']:
            yield line, found['string'], False
    if lines:
        yield lines[0][0], ' '.join(words for _, _, words in lines), True


instead = words_to_avoid()
avoided = re.compile(r'\b(' + '|'.join(
    map(re.escape, instead)) + r')\b', re.I)
listed = subprocess.run(['git', 'ls-files', '*.cc', '*.h', '*.c', '*.cpp',
                         '*.hpp'], capture_output=True, text=True, check=True)
wrong = 0
for name in listed.stdout.split():
    if not pathlib.Path(name).is_file():
        continue
    is_test = name.endswith('_test.cc') or name.startswith('tests/')
    for line, words, is_comment in tokens(pathlib.Path(name).read_text()):
        if is_test and not is_comment:
            continue
        if is_comment and FRAGMENT.match(words):
            print(f'{name}:{line}: this comment is no sentence: {words[:50]}\n'
                  'say who does what: "Returns whether ...", "The bytes of ..."')
            wrong += 1
        for found in avoided.finditer(words):
            word = found[1].lower()
            print(f'{name}:{line}: "{word}": write {instead[word]} '
                  '(CONTRIBUTING.md, "Words to avoid")')
            wrong += 1
sys.exit(1 if wrong else 0)
