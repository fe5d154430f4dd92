#!/usr/bin/env python3
"""Kernels of all emulated cores side by side, from `shoal bench-node`.
    tools/profile/kernel_table.py BUILD aims     beside CMSIS-NN, as Markdown
    tools/profile/kernel_table.py BUILD layers   every layer, as the data file
                                                 measurements/kernels.csv"""

import csv
import datetime
import json
import os
import subprocess
import sys

CORES = {'M0+': ['mps2-an385', '--core', 'cortex-m0plus'],
         'M3': ['mps2-an385'], 'M4': ['mps2-an386'], 'M7': ['mps2-an500'],
         'M33': ['mps2-an505'], 'M55': ['mps3-an547'], 'RV32': ['qemu-rv32']}
CLASSES = ['pointwise', '3x3', 'depthwise', 'fully connected', 'add']
DSP = {'whole': 0.85, 'pointwise': 0.95, '3x3': 0.95, 'depthwise': 0.5,
       'fully connected': 0.9, 'add': 0.4}
# The part of the quoted time that each core takes at most; an M0+'s is of an
# M3's.
AIMS = {'M3': {'whole': 0.87}, 'M4': DSP, 'M7': DSP, 'M33': DSP,
        'M55': {'whole': 0.85, 'depthwise': 0.6}, 'M0+': {'whole': 2.0}}


class Bench:
    def __init__(self, build, core):
        out = json.loads(subprocess.run(
            [os.path.join(build, 'host/cli/shoal'), 'bench-node', '--json',
             '--board', *CORES[core]], check=True, capture_output=True,
            text=True).stdout)
        self.layers = {line['name']: line for line in out['layers']}
        whole = out['mobilenet_v2']
        self.whole = whole['per_mac'] / (whole['quoted_per_mac'] or 1)

    def of_class(self, name):
        """Ratio of the layer that is farthest from its figure."""
        return max(line['per_mac'] / line['quoted_per_mac']
                   for line in self.layers.values()
                   if line['class'] == name and line['quoted_per_mac'])


def layers(build):
    commit = subprocess.run(['git', 'rev-parse', '--short=8', 'HEAD'],
                            check=True, capture_output=True,
                            text=True).stdout.strip()
    print('# title: Instructions of kernels on emulated boards, a layer a row\n'
          f'# date: {datetime.date.today()}\n# commit: {commit}\n'
          '# command: tools/profile/kernel_table.py build/release layers\n'
          '# note: Instructions per multiply-accumulate; of additions, '
          'products, tables, softmax and enlargements per element; of pools '
          'and means per place of the window. The quoted columns are CMSIS-NN '
          '99f736a63036 by GCC 12.2.1 at -O3 in QEMU 7.2.\n# page: link')
    benches = {core: Bench(build, core) for core in CORES}
    quoted = [core for core, bench in benches.items()
              if core != 'M0+' and any(line['quoted_per_mac'] for line in
                                       bench.layers.values())]
    out = csv.writer(sys.stdout, lineterminator='\n')
    out.writerow(['layer', *CORES, *(f'{core} quoted' for core in quoted)])
    for name in benches['M3'].layers:
        out.writerow(
            [name, *(f"{bench.layers[name]['per_mac']:.2f}"
                     for bench in benches.values()),
             *(f"{benches[core].layers[name]['quoted_per_mac']:.2f}"
               if benches[core].layers[name]['quoted_per_mac'] else ''
               for core in quoted)])


def beside(aim, ratio):
    if aim is None:
        return f'{ratio:.3f}'
    mark = '**' if ratio > aim else ''
    return f'{mark}{ratio:.3f}{mark} of {aim:.2f}'


def aims(build):
    print('| core | MobileNetV2 | ' + ' | '.join(CLASSES) + ' |')
    print('|---|' + '--:|' * (1 + len(CLASSES)))
    for core, aim in AIMS.items():
        bench = Bench(build, core)
        cells = [beside(aim['whole'], bench.whole)]
        cells += [beside(aim.get(name), bench.of_class(name))
                  for name in CLASSES]
        print(f'| {core} | ' + ' | '.join(cells) + ' |')


def main():
    build, what = sys.argv[1:3]
    {'layers': layers, 'aims': aims}[what](build)


main()
