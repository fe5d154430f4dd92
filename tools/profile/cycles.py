#!/usr/bin/env python3
"""Cycles an instruction that `shoal bench-node` counts, estimated from what
each layer executes and from timings.py; bench/estimated_cycles.toml has what
this prints.
    tools/profile/cycles.py BUILD > bench/estimated_cycles.toml"""

import os
import re
import sys

import firmware_code
import profiled
import timings

# Board, core that bench-node is asked for, core that is estimated.
CORES = [('mps2-an385', 'cortex-m0plus', 'Cortex-M0+'),
         ('mps2-an385', '', 'Cortex-M3'),
         ('mps2-an386', '', 'Cortex-M4'),
         ('mps2-an505', '', 'Cortex-M33'),
         ('mps2-an500', '', 'Cortex-M7'),
         ('mps3-an547', '', 'Cortex-M55')]


def layer_names(root):
    text = open(os.path.join(root, 'boards/bench/layers.h'),
                encoding='utf-8').read()
    return re.findall(r'\{"([^"]+)", BenchKind', text)


class Estimate:
    def __init__(self, elf, core):
        self.code = firmware_code.instructions(elf)
        self.core = core
        self.known = {}

    def block(self, address, count):
        key = address, count
        if key not in self.known:
            code = []
            for _ in range(count):
                instruction = self.code[address]
                code.append(timings.parse(instruction))
                address += instruction.bytes
            self.known[key] = timings.block_cycles(self.core, code)
        return self.known[key]

    def ratio(self, section):
        cycles = instructions = 0
        for address, count, runs, taken, called in section:
            if address not in self.code:
                continue
            straight, extra = self.block(address, count)
            cycles += runs * straight + taken * extra + called
            instructions += runs * count + called
        return cycles / instructions


def main():
    build = sys.argv[1]
    root = os.path.join(profiled.HERE, '../..')
    names = layer_names(root)
    table = {name: {} for name in names}
    for board, asked, core in CORES:
        profiler = profiled.Profiler(build)
        profiler.run('bench-node', '--board', board,
                     *(['--core', asked] if asked else []))
        file = f'bench-{asked}.elf' if asked else 'bench.elf'
        estimate = Estimate(os.path.join(build, 'boards', board, file), core)
        sections = firmware_code.sections(profiler.counts)
        for name, section in zip(names, sections[1:]):
            table[name][core] = estimate.ratio(section)
    print('# Cycles an instruction on the layers that `shoal bench-node` '
          'counts, estimated:\n# tools/profile/cycles.py BUILD wrote this; '
          'tools/profile/timings.py has the\n# timings and their sources.')
    print('[sources]')
    for _, _, core in CORES:
        print(f'"{core}" = "{timings.SOURCES[core]}"')
    print('\n[layers]')
    for name, cores in table.items():
        print(f'"{name}" = {{' + ', '.join(
            f'"{core}" = {ratio:.3f}' for core, ratio in cores.items()) + '}')


main()
