"""What a firmware consists of: its instructions, and the library that each
address comes from, read from objdump and from the linker's map."""

import bisect
import collections
import re
import subprocess

Instruction = collections.namedtuple('Instruction', 'name operands bytes')


def tool(elf, name):
    """The program of the toolchain that made this file."""
    prefix = 'riscv64-unknown-elf-' if 'rv32' in elf else 'arm-none-eabi-'
    return prefix + name


def instructions(elf):
    """Address -> Instruction."""
    # By itself objdump takes Helium's instructions for a coprocessor's.
    helium = ['-marmv8.1-m.main'] if 'an547' in elf else []
    text = subprocess.run(
        [tool(elf, 'objdump'), '-d', *helium, '--no-show-raw-insn', elf],
        check=True, capture_output=True, text=True).stdout
    found = {}
    last = None
    for line in text.splitlines():
        match = re.match(r'\s*([0-9a-f]+):\t([^\t]+)\t?(.*)', line)
        if not match:
            last = None
            continue
        address = int(match[1], 16)
        operands = re.sub(r'\s*[@;].*|\s*<.*>', '', match[3]).strip()
        if last is not None:
            found[last] = found[last]._replace(bytes=address - last)
        found[address] = Instruction(match[2].strip(), operands, 4)
        last = address
    return found


class Libraries:
    """Which library of the build an address comes from."""

    def __init__(self, elf):
        map_file = elf.removesuffix('.elf') + '.map'
        self.starts, self.ends, self.names = [], [], []
        pending = False
        rows = []
        for line in open(map_file, encoding='utf-8', errors='replace'):
            match = re.match(
                r' (\.text\S*|\.glue\S*)?\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S+)',
                line)
            if match and (match[1] or pending):
                start, size = int(match[2], 16), int(match[3], 16)
                if size:
                    rows.append((start, start + size, self.library(match[4])))
            pending = re.match(r' \.text\S*$', line) is not None
        for start, end, name in sorted(rows):
            self.starts.append(start)
            self.ends.append(end)
            self.names.append(name)

    @staticmethod
    def library(file):
        match = re.search(r'lib([^/]*)\.a[(:]', file)
        if not match:
            return 'firmware'
        name = re.sub('^shoal_', '', match[1])
        return 'kernels' if name == 'bench_kernels' else name

    def of(self, address):
        at = bisect.bisect_right(self.starts, address) - 1
        if at >= 0 and address < self.ends[at]:
            return self.names[at]
        return '?'

    def ranges(self, *names):
        """(from, to) of what comes from these libraries."""
        merged = []
        for start, end, name in zip(self.starts, self.ends, self.names):
            if name not in names:
                continue
            if merged and start - merged[-1][1] < 8:
                merged[-1][1] = end
            else:
                merged.append([start, end])
        return merged


def functions(elf):
    """(name, address) of every function."""
    text = subprocess.run([tool(elf, 'nm'), '-C', elf], check=True,
                          capture_output=True, text=True).stdout
    found = []
    for line in text.splitlines():
        match = re.match('([0-9a-f]+) [TtWw] (.*)', line)
        if match:
            found.append((match[2], int(match[1], 16) & ~1))
    return found


def places(elf, pattern):
    """Addresses of functions whose names begin like that."""
    return [a for name, a in functions(elf) if re.match(pattern, name)]


def sections(file):
    """Lists of (address, instructions, runs, taken, called), a list a
    section."""
    found = []
    for line in open(file, encoding='utf-8'):
        words = line.split()
        if words[0] == 'section':
            found.append([])
        else:
            found[-1].append(
                (int(words[0], 16), *(int(w) for w in words[1:])))
    return found
