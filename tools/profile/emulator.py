#!/usr/bin/env python3
"""emulator.py QEMU ARGUMENTS...: has it count blocks (blocks.c) into
$SHOAL_PROFILE: of bench.elf what lies between two readings of the clock, a
section a layer; of firmware.elf what counts for a frame, a section for loading
and one a frame. What the C library does counts for its
caller. $SHOAL_PROFILE_ELF is run in place of the file that was asked for."""

import os
import sys

import firmware_code

MARKS = {
    'bench': [('begin', r'shoal::measure_(layer|cipher)\('),
              ('toggle', r'shoal::\(anonymous namespace\)::read_ticks\(')],
    'firmware': [('begin', r'shoal::Counters::start\('),
                 ('on', r'shoal::Counters::(start|resume)\('),
                 ('off', r'shoal::Counters::(pause|stop)\(')],
}


def marks(elf):
    kind = 'bench' if os.path.basename(elf).startswith('bench') else 'firmware'
    found = []
    for what, pattern in MARKS[kind]:
        places = firmware_code.places(elf, pattern)
        if not places:
            sys.exit(f'{elf}: no function like {pattern}')
        found += [f'{what}={place:x}' for place in places]
    libraries = firmware_code.Libraries(elf)
    for start, end in libraries.ranges('c_nano', 'c', 'gcc', 'm'):
        found.append(f'callee={start:x}-{end:x}')
    return found


def main():
    program = sys.argv[1]
    kernel = sys.argv.index('-kernel') + 1
    elf = sys.argv[kernel] = (os.environ.get('SHOAL_PROFILE_ELF') or
                              sys.argv[kernel])
    plugin = ','.join([os.environ['SHOAL_PROFILE_PLUGIN'],
                       'out=' + os.environ['SHOAL_PROFILE'], *marks(elf)])
    os.execv(program, [program, '-plugin', plugin, *sys.argv[2:]])


main()
