#!/usr/bin/env python3
"""What board.toml of an emulated board says of its kernels, from bench-node's
estimated cycles: cycles per multiply-accumulate of each class, and as how many
pixels more a call counts.
    tools/profile/board_costs.py BUILD [BOARD...]

In rows of W pixels a call of h rows takes a (1 + e / (h W)) cycles per
multiply-accumulate. e is what fits best to the layers' figures for one row a
call and for a band, strides aside, as the planner takes it for them (0); then a
is their mean by what they stand for in MobileNetV2, for "conv" that of a first
layer and of one with 64 channels. RV32's instructions are taken as cycles.
Groups of few channels: of a class whose layer takes `per` a product with C
channels and `few` with c, a further group takes as long as c (few / per - 1)
channels, the mean of what is counted.
Behind the keys: what a band of each layer takes of single rows, measured and by
this."""

import json
import os
import subprocess
import sys

BOARDS = ['emcraft-sf2', 'mps2-an385', 'mps2-an386', 'mps2-an500', 'mps2-an505',
          'mps3-an547', 'qemu-rv32']
BAND = 4  # rows of a call at most, in the bench (kBenchBand)
# Columns, and millions of multiply-accumulates of MobileNetV2 at 224 x 224
# (host/study/bench_node/mobilenet.cc).
LAYERS = {
    'pointwise': {'1x1 112x112x32->16': (112, 40.15),
                  '1x1 56x56x24->144': (56, 21.68),
                  '1x1 14x14x96->576': (14, 73.5),
                  '1x1 14x14x576->96': (14, 47.9),
                  '1x1 7x7x320->1280': (7, 54.7),
                  '1x1 7x7x960->40': (7, 30.1)},
    'conv': {'3x3 224x224x3->32 s2': (112, 1), '3x3 14x14x64->64': (14, 1)},
    'depthwise': {'dw 112x112x32': (112, 3.61), 'dw 56x56x144': (56, 4.06),
                  'dw 28x28x192 s2': (14, 4.32), 'dw 14x14x576': (14, 7.45),
                  'dw 7x7x960': (7, 1.27)},
    'depthwise_5x5': {'dw5 28x28x120': (28, 1), 'dw5 28x28x144 s2': (14, 1),
                      'dw5 7x7x480': (7, 1)},
    'fully_connected': {'fc 1280->1000': (1, 1)},
    'element': {'add 14x14x96': (14, 1)},
}
# Layers of all channels, and of few.
GROUPS = {
    'pointwise': ('1x1 14x14x96->576', {'1x1 14x14x96->4': 4}),
    'conv': ('3x3 14x14x64->64',
             {'3x3 14x14x64->1': 1, '3x3 14x14x64->2': 2,
              '3x3 14x14x64->4': 4, '3x3 14x14x64->8': 8}),
    'depthwise': ('dw 14x14x576', {'dw 14x14x8': 8}),
}


def band_share(e, columns, rows):
    """Of what the same rows take one by one."""
    return (1 + e / (rows * columns)) / (1 + e / columns)


def of_class(lines, layers, e=None):
    measured = []
    for name, (columns, _) in layers.items():
        line = lines[name]
        if ' s2' in name:
            continue
        if line['band_per_mac'] is not None and line['interior_per_mac']:
            measured.append((name, columns, min(BAND, line['rows']),
                             line['band_per_mac'] / line['interior_per_mac']))
    if e is None and not measured:
        e = 0
    elif e is None:
        e = min((i / 20 for i in range(400)), key=lambda e: sum(
            (band_share(e, columns, rows) - share) ** 2
            for _, columns, rows, share in measured))
    cycles = parts = 0
    for name, (columns, weight) in layers.items():
        line = lines[name]
        cycles += weight * (line['estimated_cycles_per_mac'] or
                            line['per_mac'])
        parts += weight * (1 if ' s2' in name else 1 + e / columns)
    return cycles / parts, e, measured


def group_channels(lines, all_channels, few):
    found = [c * (lines[name]['per_mac'] / lines[all_channels]['per_mac'] - 1)
             for name, c in few.items()]
    return max(0, sum(found) / len(found))


def main():
    shoal = os.path.join(sys.argv[1], 'host/cli/shoal')
    for board in sys.argv[2:] or BOARDS:
        out = json.loads(subprocess.run(
            [shoal, 'bench-node', '--json', '--board', board], check=True,
            capture_output=True, text=True).stdout)
        lines = {line['name']: line for line in out['layers']}
        found = {name: of_class(lines, layers)
                 for name, layers in LAYERS.items()}
        # A call counts the same for every size of kernel.
        found['depthwise_5x5'] = of_class(lines, LAYERS['depthwise_5x5'],
                                          found['depthwise'][1])
        print(f'# {board}\n[cycles]')
        for name, (cycles, _, _) in found.items():
            print(f'{name} = {cycles:.2g}')
        print('\n[call_pixels]')
        for name in ('pointwise', 'conv', 'depthwise'):
            print(f'{name} = {found[name][1]:.2g}')
        print('\n[group_channels]')
        for name, (all_channels, few) in GROUPS.items():
            print(f'{name} = {group_channels(lines, all_channels, few):.2g}')
        for name, (_, e, measured) in found.items():
            for layer, columns, rows, share in measured:
                print(f'# {layer}, {rows} rows: {share:.3f}, '
                      f'{band_share(e, columns, rows):.3f}')
        print()


main()
