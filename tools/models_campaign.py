"""See models_campaign.sh."""

import array
import datetime
import hashlib
import json
import os
import random
import resource
import signal
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TABLE = os.path.join(ROOT, 'bench', 'models.tsv')
SUMMARY = os.path.join(ROOT, 'measurements', 'public_models.csv')
SECONDS = '7200'  # of the clock; what is slow ends by its CPU time
COLUMNS = ('sha256 repository commit path flags result macs largest_layer '
           'arena_1 arena_8 reason').split()
ASKED = 5  # columns that say what is run; the others are found


def read_table():
    with open(TABLE, encoding='utf-8') as f:
        lines = [line.rstrip('\n').split('\t') for line in f]
    assert lines[0] == COLUMNS, lines[0]
    return [dict(zip(COLUMNS, line + [''] * (len(COLUMNS) - len(line))))
            for line in lines[1:]]


def write_table(rows):
    with open(TABLE, 'w', encoding='utf-8') as f:
        for row in [dict(zip(COLUMNS, COLUMNS))] + rows:
            f.write('\t'.join(row[c] for c in COLUMNS).rstrip('\t') + '\n')


def said_lines(stderr):
    """The lines on stderr; those of an error under --json are its texts."""
    lines = []
    for line in stderr.splitlines():
        try:
            error = json.loads(line)['error']
            lines += [*error['message'].splitlines(),
                      *error['help'].splitlines()]
        except (KeyError, TypeError, ValueError):
            lines.append(line)
    return [line.strip() for line in lines if line.strip()]


class Refused(Exception):
    pass


class TooLong(Exception):
    pass


class Run:
    """One model through all of its checks."""

    def __init__(self, shoal, row, path, folder, minutes):
        self.shoal, self.row, self.path = shoal, row, path
        self.minutes, self.ends = minutes, spent() + 60 * minutes
        self.folder, self.flags = folder, row['flags'].split()

    def call(self, verb, *more, flags=()):
        command = [self.shoal, '--timeout', SECONDS, verb, self.path, *more,
                   *flags]
        left = max(1, round(self.ends - spent()))
        done = subprocess.run(
            command, capture_output=True, text=True, check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU,
                                                  (left, left + 5)))
        if done.returncode == 0:
            return done.stdout
        if done.returncode == -signal.SIGXCPU:
            raise TooLong(f'{verb}: over {self.minutes} minutes of CPU')
        if done.returncode == 8:
            raise TooLong(f'{verb}: over {SECONDS} seconds')
        text = ' '.join(said_lines(done.stderr))
        text = text.replace(os.path.basename(self.path) + ': ', '')
        raise Refused(f'{verb}: exit {done.returncode}: '
                      + text.removeprefix('shoal: '))

    def quantize(self, facts):
        """Noise is enough to be exact or not."""
        rng = random.Random(self.row['sha256'])
        values = sum(product(i['shape']) for i in facts['inputs'])
        frames = os.path.join(self.folder, 'frames.bin')
        with open(frames, 'wb') as f:
            for _ in range(2):
                array.array('f', (rng.random() for _ in range(values))
                            ).tofile(f)
        made = os.path.join(self.folder, 'int8.tflite')
        self.call('quantize', '--calibrate', frames, '-o', made,
                  flags=self.flags)
        self.path, self.flags = made, []

    def arena(self, *nodes):
        plan = json.loads(self.call('plan', '--json', '--objective', 'ram',
                                    *nodes, flags=self.flags))
        return max(n['arena_bytes'] for n in plan['nodes'])

    def find(self):
        facts = json.loads(self.call('inspect', '--json', flags=self.flags))
        self.row['macs'] = str(facts['macs'])
        result = 'exact'
        if facts['float']:
            self.quantize(facts)
            facts = json.loads(self.call('inspect', '--json'))
            result = 'exact, quantized'
        self.row['largest_layer'] = str(facts['largest_layer_bytes'])
        self.row['arena_1'] = str(self.arena())
        self.row['arena_8'] = str(self.arena('--nodes', '8'))
        for nodes in (1, 2, 4, 8):
            for weights in ((), ('--flash', '0')):
                several = (('--nodes', str(nodes), '--loss', '10%')
                           if nodes > 1 else ())
                self.call('verify', 'random:1', *several, *weights,
                          flags=self.flags)
        return result


def spent():
    """Seconds of CPU that all runs have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def product(shape):
    total = 1
    for size in shape:
        total *= size
    return total


def work(shoal, row, path):
    """MACs, so that what is soon done comes first; 0 of what is refused."""
    done = subprocess.run([shoal, 'inspect', '--json', path,
                           *row['flags'].split()],
                          capture_output=True, text=True, check=False)
    return json.loads(done.stdout)['macs'] if done.returncode == 0 else 0


def run_all(shoal, folder, again, only, minutes):
    rows = read_table()
    files = {}
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            with open(path, 'rb') as f:
                files[hashlib.sha256(f.read()).hexdigest()] = path
    asked = []
    for row in rows:
        path = files.pop(row['sha256'], None)
        known = row['result'] not in ('', 'skipped')
        if path is None or (known and not again):
            continue
        if only and row['sha256'] not in only:
            continue
        asked.append((work(shoal, row, path), row, path))
    for _, row, path in sorted(asked, key=lambda a: a[0]):
        for column in COLUMNS[ASKED:]:
            row[column] = ''
        with tempfile.TemporaryDirectory() as scratch:
            try:
                row['result'] = Run(shoal, row, path, scratch, minutes).find()
            except Refused as refused:
                row['reason'] = str(refused).replace('\t', ' ')
                wrong = 'exit 5' in row['reason'] or 'exit 1:' in row['reason']
                row['result'] = 'wrong' if wrong else 'refused'
            except TooLong as long:
                row['reason'] = str(long)
                row['result'] = 'skipped'
        print(row['result'], row['repository'], row['path'], row['reason'],
              flush=True)
        write_table(rows)
    for path in files.values():
        print('not in the table:', path)
    return rows


# The largest layers of a group have up to so many bytes.
GROUPS = [('up to 64 KB', 2**16), ('up to 512 KB', 2**19),
          ('up to 2 MB', 2**21), ('larger', 2**63)]


def write_summary(rows):
    run = [r for r in rows if r['result'].startswith('exact')]
    rest = [r for r in rows if r['result'] in ('refused', 'wrong', 'skipped')]
    commit = subprocess.run(['git', '-C', ROOT, 'rev-parse', '--short=8',
                             'HEAD'], capture_output=True, text=True,
                            check=True).stdout.strip()
    lines = ['# title: Public models, each exact under every plan that was '
             'tried',
             f'# date: {datetime.date.today()}', f'# commit: {commit}',
             '# command: tools/models_campaign.sh BUILD_DIR FOLDER',
             f'# note: {len(run)} of {len(run) + len(rest)} models run. Each '
             'ran on 1, 2, 4 and 8 nodes, encrypted, with a loss of 10 %, with '
             'weights mapped and streamed; float models were quantized first. '
             'Arenas are the smallest (--objective ram). bench/models.tsv has '
             'every model, its address and SHA-256, and why one was refused.',
             'largest layer,models,median arena on 1 node (B),'
             'median arena on 8 nodes (B),largest arena on 8 nodes (B)']
    least = 0
    for name, most in GROUPS:
        some = [r for r in run if least < int(r['largest_layer']) <= most]
        least = most
        if some:
            one = [int(r['arena_1']) for r in some]
            eight = [int(r['arena_8']) for r in some]
            lines.append(f'{name},{len(some)},{statistics.median_low(one)},'
                         f'{statistics.median_low(eight)},{max(eight)}')
    with open(SUMMARY, 'w', encoding='utf-8') as f:
        f.write('\n'.join(lines) + '\n')


def main():
    shoal, folder = sys.argv[1:3]
    rest = sys.argv[3:]
    only = rest[rest.index('--only') + 1:] if '--only' in rest else []
    minutes = (int(rest[rest.index('--minutes') + 1])
               if '--minutes' in rest else 15)
    rows = run_all(shoal, folder, '--again' in rest, only, minutes)
    write_summary(rows)
    results = [r['result'] for r in rows if r['result']]
    for name in sorted(set(results)):
        print(f'{results.count(name):5} {name}')
    return 1 if 'wrong' in results else 0


if __name__ == '__main__':
    sys.exit(main())
