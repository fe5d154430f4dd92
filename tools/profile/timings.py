"""Cycles of straight pieces of code, estimated from tables of instruction
timings. Memory answers at once and branches are predicted where a core
predicts; nothing here was measured on silicon by shoal.

  Cortex-M0+  Arm's Technical Reference Manual (DDI 0484), with the fast
              multiplier
  Cortex-M3   Arm's manual (DDI 0337): single loads in a row take a cycle each
              but the first, long products 3 to 5 and 4 to 7 cycles, of which
              the most are taken; refilling the pipeline takes 2
  Cortex-M4   Arm's manual (DDI 0439): the same, products 1
  Cortex-M33  no table of Arm's; measured on an RP2350 by others
              (github.com/jnk0le/random, pipeline cycle test)
  Cortex-M7   no table of Arm's; measured on STM32H7 by others (quinapalus.com,
              Cortex-M7 instruction cycle counts; jnk0le as above)
  Cortex-M55  no table here: units and latencies of SLOTHY's approximate model
              (github.com/slothy-optimizer/slothy, cortex_m55r1.py); scattered
              stores are assumed to take a cycle for each element
"""

import collections
import re

SOURCES = {
    'Cortex-M0+': 'manual',
    'Cortex-M3': 'manual',
    'Cortex-M4': 'manual',
    'Cortex-M33': 'published measurements',
    'Cortex-M7': 'published measurements',
    'Cortex-M55': 'a published model',
}

CONDITIONS = '(eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)?'
BRANCH = re.compile(rf'(b{CONDITIONS}|bl|bx|blx|cbn?z|tb[bh]|le|letp)$')
LONG = re.compile(r'[su]m(ull|lal)|umaal|smlsld')
MAC = re.compile(r'ml[as]|sml[as]|smml|usada')
MUL = re.compile(r'muls?|smu[als]|smmul|smus|smuad')
DSP = re.compile(r'[su]x(t|ta)[bh]|pkh|[su]bfx|bfi|bfc|rev|clz|rbit|[qsu]h?'
                 r'(add|sub)(8|16)|[us]sat|q?d?(add|sub)$|qadd|qsub|sel')
SHIFTED = re.compile(r', (lsl|lsr|asr|ror) #?\w+$')

Parsed = collections.namedtuple(
    'Parsed', 'kind writes reads count name small shifted accumulates')


def registers(text):
    found = []
    for first, last in re.findall(
            r'\b([rqsd]\d+|sp|lr|pc|ip|sl|fp|sb)(?:-([rqsd]?\w+))?', text):
        found.append(first)
        if last and last[0] == first[0] and last[1:].isdigit():
            for i in range(int(first[1:]) + 1, int(last[1:]) + 1):
                found.append(f'{first[0]}{i}')
        elif last:
            order = ['r8', 'r9', 'sl', 'fp', 'ip']
            first = {'sb': 'r9'}.get(first, first)
            small = [f'r{i}' for i in range(8)] + order
            if first in small and last in small:
                found += small[small.index(first) + 1:small.index(last) + 1]
    return found


def split(operands):
    return re.findall(r'(?:\{[^}]*\}|\[[^\]]*\]!?|[^,\s][^,]*)', operands)


def parse(instruction):
    name = instruction.name.split('.')[0]
    parts = split(instruction.operands)
    first = registers(parts[0]) if parts else []
    rest = registers(','.join(parts[1:]))
    small = instruction.bytes == 2
    shifted = bool(SHIFTED.search(instruction.operands))

    def made(kind, writes, reads, count=1, accumulates=()):
        return Parsed(kind, writes, reads, count, name, small, shifted,
                      accumulates)

    if BRANCH.match(name):
        return made('branch', [], first)
    if name in ('push', 'stmia', 'stmdb', 'stm', 'vpush', 'vstmia', 'vstmdb'):
        listed = registers(instruction.operands[instruction.operands.find('{'):])
        return made('stm', [], first + listed, len(listed))
    if name in ('pop', 'ldmia', 'ldmdb', 'ldm', 'vpop', 'vldmia', 'vldmdb'):
        listed = registers(instruction.operands[instruction.operands.find('{'):])
        kind = 'return' if 'pc' in listed else 'ldm'
        return made(kind, listed, first, len(listed))
    if name == 'ldrd':
        return made('ldrd', first + rest[:1], rest[1:], 2)
    if name == 'strd':
        return made('strd', [], first + rest, 2)
    if name.startswith('ldr'):
        kind = 'return' if 'pc' in first else 'load'
        return made(kind, first, rest)
    if name.startswith('str'):
        return made('store', [], first + rest)
    if name.startswith('vldr'):
        return made('vload', first, rest)
    if name.startswith('vstr'):
        scattered = bool(re.search(r', q\d', instruction.operands))
        return made('vscatter' if scattered else 'vstore', [], first + rest)
    if name.startswith('v'):
        if name in ('vmov', 'vdup', 'vmsr', 'vmrs'):
            return made('vmove', first, rest)
        if re.match(r'vmla|vrmla|vmul|vq?r?d?mul|vqr?dml|vfm|vml', name):
            return made('vmul', first, rest + first, accumulates=first)
        return made('vint', first, rest)
    if LONG.match(name):
        long = first + rest[:1]
        return made('long', long, rest[1:] + (
            long if 'lal' in name or name == 'umaal' else []),
            accumulates=long)
    if MAC.match(name):
        return made('mac', first, rest, accumulates=rest[-1:])
    if MUL.match(name):
        return made('mul', first, rest)
    if name in ('sdiv', 'udiv'):
        return made('div', first, rest)
    if name in ('cmp', 'cmn', 'tst', 'teq'):
        return made('alu', [], first + rest)
    if re.match(r'it[te]*$', name):
        return made('it', [], [])
    if name in ('dls', 'wls', 'dlstp', 'wlstp'):
        return made('dls', ['lr'], rest)
    reads = rest if len(parts) > 2 or name.startswith(('mov', 'mvn')) else (
        first + rest)
    return made('dsp' if DSP.match(name) else 'alu', first, reads)


def summed(core, code):
    """Cores that issue one instruction after the other: cycles, and how many
    more if the last one's branch is taken."""
    cycles, extra, before = 0, 0, None
    for p in code:
        extra = 0
        pipelined = before == 'load' and core != 'Cortex-M0+'
        if p.kind == 'load':
            cycles += 1 if pipelined else 2
        elif p.kind == 'store':
            if core == 'Cortex-M0+':
                cycles += 2
            else:  # an offset in a register is one more to read
                cycles += 2 if len(p.reads) > 2 else 1
        elif p.kind in ('ldm', 'stm', 'ldrd', 'strd'):
            cycles += 1 + p.count
        elif p.kind == 'return':
            cycles += 1 + p.count + 2
        elif p.kind == 'branch':
            cycles += 1
            extra = 1 if core == 'Cortex-M0+' else 2
            if p.name in ('bl', 'blx') and core == 'Cortex-M0+':
                extra = 2
        elif p.kind == 'mac' and core == 'Cortex-M3':
            cycles += 2
        elif p.kind == 'long' and core == 'Cortex-M3':
            cycles += 7 if p.accumulates and 'lal' in p.name else 5
        elif p.kind == 'div':
            cycles += 8
        else:
            cycles += 1
        before = p.kind
    return cycles, extra


# Cycles until the next instruction may use what this one makes; else 1.
LATENCY = {
    'Cortex-M33': {'load': 2, 'ldrd': 2, 'ldm': 2, 'mul': 2, 'mac': 2,
                   'long': 2},
    'Cortex-M7': {'mul': 2, 'mac': 2, 'long': 2},
    'Cortex-M55': {'load': 2, 'ldrd': 2, 'ldm': 2, 'mul': 2, 'mac': 2,
                   'long': 2, 'vmul': 2},
}


def latency(core, p, user):
    cycles = LATENCY[core].get(p.kind, 1)
    if p.kind in ('mac', 'mul', 'long') and user.accumulates:
        if set(p.writes) & set(user.accumulates):
            cycles = 1
    if core == 'Cortex-M7':
        if p.kind == 'load' and re.match('ldrs?[bh]', p.name):
            cycles += 1
        if p.kind in ('load', 'ldm', 'ldrd') and user.kind in (
                'mul', 'mac', 'long'):
            cycles += 1
        if user.kind == 'dsp' or user.shifted:
            cycles += 1
    if core == 'Cortex-M33' and (p.kind == 'dsp' and 'xta' in p.name
                                 or p.shifted):
        cycles = 2
    if core == 'Cortex-M55':
        if p.name.startswith(('vmladav', 'vmlaldav')):
            cycles = 1 if set(p.writes) & set(user.accumulates) else 3
        if p.name.startswith(('vrshl', 'vrshr', 'vqmovn', 'vshrn')):
            cycles = 2
    return cycles


def pairs(older, younger):
    """Whether a Cortex-M7 may issue both in one cycle."""
    alone = ('ldm', 'stm', 'ldrd', 'strd', 'return', 'div')
    if older.kind in alone or younger.kind in alone:
        return False
    if younger.kind == 'dsp' or older.shifted and younger.shifted:
        return False
    if older.kind == 'dsp' and younger.shifted:
        return False
    products = ('mul', 'mac', 'long')
    if older.kind in products and younger.kind in products + ('store',):
        return False
    if older.kind == 'store' and younger.kind in products + ('store',):
        return False
    if older.kind == 'load' and younger.kind == 'load':
        return False  # only from different banks of memory
    if older.kind == 'branch' and younger.kind == 'branch':
        return False
    forwarded = older.kind == 'alu' and not older.shifted and (
        re.match('(add|sub|mov|lsl|lsr|asr)', older.name)) and (
        younger.kind in ('alu', 'store') and not younger.shifted)
    return bool(forwarded) or not set(older.writes) & set(younger.reads)


UNITS = {'vload': 'memory', 'vstore': 'memory', 'vscatter': 'memory',
         'vmul': 'product', 'vint': 'integer'}


def scheduled(core, code):
    """Cores that start instructions in order as soon as they can."""
    now, ready, busy = 0, {}, {}
    issued = []  # (cycle, Parsed), of the cycle under way
    for p in code:
        start = now
        for register in p.reads:
            if register in ready:
                cycle, maker = ready[register]
                start = max(start, cycle + latency(core, maker, p))
        unit = UNITS.get(p.kind)
        if unit:
            start = max(start, busy.get(unit, 0))
        if core == 'Cortex-M7' and issued and len(issued) < 2:
            if start <= issued[-1][0] + 1 and pairs(issued[-1][1], p):
                late = any(
                    ready[r][0] + latency(core, ready[r][1], p) >
                    issued[-1][0] for r in p.reads
                    if r in ready and ready[r][1] is not issued[-1][1])
                if not late:
                    start = issued[-1][0]
        length = 1
        if p.kind in ('ldm', 'stm', 'ldrd', 'strd', 'return'):
            length = (p.count + 1) // 2 if core == 'Cortex-M7' else p.count
        elif p.kind == 'div':
            length = 8
        elif p.kind == 'dls':
            length = 2
        elif p.name in ('le', 'letp'):
            length = 0
        if unit:
            busy[unit] = start + (8 if p.kind == 'vscatter' else 2)
        for register in p.writes:
            ready[register] = (start + length - 1, p)
        if issued and issued[-1][0] == start:
            issued.append((start, p))
        else:
            issued = [(start, p)]
        now = max(now, start + length)
    return now


def block_cycles(core, code):
    """Of a block that runs again and again: cycles, and how many more if its
    branch is taken."""
    if core not in LATENCY:
        return summed(core, code)
    cycles = scheduled(core, code + code) - scheduled(core, code)
    taken = 0
    if code[-1].kind in ('branch', 'return') and core != 'Cortex-M7':
        taken = 0 if code[-1].name in ('le', 'letp') else 1
    return max(cycles, 1), taken
