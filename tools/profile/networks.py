#!/usr/bin/env python3
"""Whole networks on emulated boards: instructions of a frame, by who spends
them, with bands of three heights.
    tools/profile/networks.py BUILD SHARED [BOARD...]

The plans are the smallest arena (bands of one row), one of the geometric mean,
and the fastest. Kernels: device/kernels; runtime: all else of device/ between a
frame's first byte and its last, but checking what comes from a storage that is
not mapped, which stands beside it. The board's drivers are not in it.
CORE=cortex-m0plus in front, with mps2-an385: with device/ compiled for that
core (firmware-debug-$CORE.elf, which `cmake --build` of the board makes)."""

import collections
import json
import math
import os
import sys

import firmware_code
import profiled

BOARDS = ['mps2-an385', 'mps2-an386', 'mps2-an500', 'mps2-an505',
          'mps3-an547', 'qemu-rv32', 'emcraft-sf2']
NETWORKS = ['vww_96_int8', 'kws_ref_model', 'pretrainedResnet_quant',
            'mobilenet_v1_0.25_128_quant_i8shift',
            'tf2_mobilenet_v2_1.0_224_ptq']
KERNELS = {'kernels', 'bench_kernels'}
RUNTIME = {'runtime', 'program', 'runtime_storage', 'runtime_link', 'storage',
           'device_for_core'}
CORE = os.environ.get('CORE')
CHECKS = {'base', 'keys', 'mbedcrypto'}


class Emulated:
    def __init__(self, build, shared, board):
        self.profiler = profiled.Profiler(build)
        self.shared = shared
        self.board = board
        name = f'firmware-debug-{CORE}.elf' if CORE else 'firmware.elf'
        self.elf = os.path.join(build, 'boards', board, name)
        self.profiler.environment['SHOAL_PROFILE_ELF'] = self.elf if CORE else ''
        self.libraries = firmware_code.Libraries(self.elf)
        self.complete = set(firmware_code.places(
            self.elf, r'shoal::Schedule::complete\('))

    def frame(self, model, *plan):
        """Counts of the second frame, which finds nothing to do first."""
        out = json.loads(self.profiler.run(
            'emulate', '--json', '--board', self.board, '--seconds', '600',
            f'{self.shared}/models/{model}.tflite', 'random:1', *plan))
        spent = collections.Counter()
        firings = 0
        for address, n, runs, _, called in firmware_code.sections(
                self.profiler.counts)[2]:
            spent[self.libraries.of(address)] += n * runs + called
            if address in self.complete:
                firings += runs
        return {
            'arena': out['arena_bytes'],
            'macs': sum(layer.get('macs', 0) for layer in out['layers']),
            'firings': firings,
            'kernels': sum(n for name, n in spent.items() if name in KERNELS),
            'runtime': sum(n for name, n in spent.items() if name in RUNTIME),
            'checks': sum(n for name, n in spent.items() if name in CHECKS),
        }


def plans(emulated, model):
    small = emulated.frame(model, '--objective', 'ram')
    large = emulated.frame(model)
    middle = math.ceil(math.sqrt(small['arena'] * large['arena']))
    return [small, emulated.frame(model, '--ram', str(middle)), large]


def main():
    build, shared = sys.argv[1:3]
    print('| board | network | MACs | arena, B | firings | instructions '
          '| a MAC | runtime | a firing | checks |')
    print('|---|---|--:|--:|--:|--:|--:|--:|--:|--:|')
    for board in sys.argv[3:] or BOARDS:
        emulated = Emulated(build, shared, board)
        for model in NETWORKS:
            try:
                frames = plans(emulated, model)
            except profiled.Failed as failed:
                print(f'| {board} | {model} | {failed} |')
                continue
            for frame in frames:
                both = sum(frame[who]
                           for who in ('kernels', 'runtime', 'checks'))
                print(f"| {board} | {model} | {frame['macs']:,} "
                      f"| {frame['arena']:,} | {frame['firings']:,} "
                      f"| {both:,} | {both / frame['macs']:.2f} "
                      f"| {100 * frame['runtime'] / both:.2f} % "
                      f"| {frame['runtime'] / frame['firings']:.0f} "
                      f"| {100 * frame['checks'] / both:.2f} % |", flush=True)


main()
