#!/usr/bin/env python3
"""Instructions of networks with int4 weights beside the same ones with int8.

  tools/profile/int4_table.py BUILD   the data file measurements/int4.csv

The networks are the pairs 06_* of $SHOAL_SHARED/cases; their outputs on the
boards are compared with the references."""

import csv
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = pathlib.Path(os.environ.get('SHOAL_SHARED', ROOT.parent / 'shared'),
                     'cases')
BOARDS = {'M3': 'mps2-an385', 'M4': 'mps2-an386', 'M55': 'mps3-an547',
          'RV32': 'qemu-rv32'}


def instructions(build, board, case):
    """Of a frame, and by layer."""
    folder = CASES / case
    with tempfile.TemporaryDirectory() as scratch:
        made = pathlib.Path(scratch, 'out.bin')
        out = json.loads(subprocess.run(
            [os.path.join(build, 'host/cli/shoal'), 'emulate', '--board', board,
             '--layers', '--json', folder / 'model.tflite', folder / 'in.bin',
             '-o', made], check=True, capture_output=True, text=True).stdout)
        if made.read_bytes() != (folder / 'expected.bin').read_bytes():
            sys.exit(f'{case} on {board}: other bytes than expected')
    layers = {line['name']: line['instructions']
              for line in out['layers'] if 'name' in line}
    return out['frame_instructions'], layers


def ratio(a, b):
    return f'{a / b:.2f}'


def main():
    build = sys.argv[1]
    commit = subprocess.run(['git', '-C', ROOT, 'rev-parse', '--short=8',
                             'HEAD'], capture_output=True, text=True,
                            check=True).stdout.strip()
    print('# title: Weights of four bits beside those of eight')
    print(f'# date: {datetime.date.today()}')
    print(f'# commit: {commit}')
    print('# command: tools/profile/int4_table.py build/release')
    print('# note: Emulated instructions of a frame, int4 over int8. Fully '
          'connected layers use each weight once, so unpacking costs them '
          'most.')
    rows = csv.writer(sys.stdout, lineterminator='\n')
    rows.writerow(['network or layer', *BOARDS])
    for case in sorted(p.name.removesuffix('_int8')
                       for p in CASES.glob('06_*_int8')):
        pairs = [(instructions(build, board, case),
                  instructions(build, board, case + '_int8'))
                 for board in BOARDS.values()]
        rows.writerow([case.removeprefix('06_'),
                       *(ratio(a[0], b[0]) for a, b in pairs)])
        for layer in pairs[0][0][1]:
            rows.writerow([f'{case.removeprefix("06_")}: {layer}',
                           *(ratio(a[1][layer], b[1][layer])
                             for a, b in pairs)])


if __name__ == '__main__':
    main()
