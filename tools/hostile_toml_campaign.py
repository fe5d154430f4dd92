#!/usr/bin/env python3
"""Hostile cluster, cuts and board files: valid ones with figures at and beyond
every end of their ranges, other types, empty and long texts, keys that are
missing, repeated, unknown or nested thousands deep, and bytes that are no TOML.
Each is given to `plan` or `simulate` with 2 GB of address space. A run must end
within 20 s of CPU, in a documented exit code and without a signal, and an error
must be told. Prints the exit codes by kind, then the failures; 1 if there are
any.

  tools/hostile_toml_campaign.py SHOAL [FILES [SEED]]
"""
import collections
import pathlib
import random
import resource
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parent.parent
MODEL = ROOT / "fuzz/corpus/import/convolutions.tflite"
MEMORY = 2 << 30  # bytes
CPU_S = 20
# What --help lists, without 1: an internal error is a failure.
EXIT_CODES = {0, 2, 3, 4, 5, 6, 7, 8, 9}

CLUSTER = """payload = 1400
[defaults]
board = "teensy41"
ram = "128K"
link.mbit_per_s = 10
cost.firing_us = 3
[[node]]
name = "left"
[[node]]
name = "right"
clock_mhz = 300
ram = "64K"
flash = "1M"
cycles.conv = 2.5
"""
CUTS = """[default]
outputs = true
[[block]]
layers = "0-1"
rows = 2
columns = 1
joined = true
end = true
[[block]]
layers = ["2", "3-4"]
rows = 2
weights = [1, 2]
"""
BOARD = (ROOT / "boards/teensy41/board.toml").read_text()


NUMBERS = ["0", "-1", "1", "5e-324", "1e-308", "1e308", "inf", "-inf", "nan",
           "2147483647", "2147483648", "4294967296", "9223372036854775807",
           "-9223372036854775808", "99999999999999999999", "0x7fffffffffffffff",
           "0.1", "1e6", "65535", "65536", "16777216"]
OTHERS = ['""', '"x"', "true", "[]", "[1, 2, 3]", "{}", "{a = 1}", "1979-05-27",
          "07:32:00", '"\\u0000"', '"' + "n" * 5000 + '"', '"64K"', '"1e9G"',
          '"-4K"', '"0-99999999"', '"9-3"', '"../../etc/passwd"', "'''\n'''"]


def value(rng):
    return rng.choice(NUMBERS) if rng.random() < .7 else rng.choice(OTHERS)


def change(rng, lines):
    """One hostile change of a file's lines."""
    at = rng.randrange(len(lines))
    key = lines[at].split("=")[0].strip()
    kind = rng.randrange(12)
    if kind < 5 and "=" in lines[at]:
        lines[at] = f"{key} = {value(rng)}"
    elif kind == 5:
        del lines[at]
    elif kind == 6:
        lines.insert(at, lines[at])
    elif kind == 7:
        lines.insert(at, f"{rng.choice('abcxyz')} = {value(rng)}")
    elif kind == 8:
        deep = rng.choice([2, 15, 16, 17, 100, 20000])
        lines.insert(at, rng.choice([
            ".".join("a" * deep) + " = 1", "x = " + "[" * deep + "]" * deep,
            "[" + ".".join("b" * deep) + "]", "y = " + "{a = " * deep]))
    elif kind == 9:
        count = rng.choice([2, 65, 300, 5000])
        block = rng.choice(["[[node]]\nboard = \"teensy41\"", "[[link]]",
                            "[[block]]\nlayers = \"0\"", "[[operator]]"])
        lines.append("\n".join([block] * count))
    elif kind == 10:
        noise = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 40)))
        lines.insert(at, noise.decode("latin-1"))
    else:
        lines[at] = lines[at][:rng.randrange(len(lines[at]) + 1)]
    return lines or [""]


def limits():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))


def fault_of(shoal, arguments):
    """The exit code, and what is wrong with the run, if anything is."""
    try:
        ran = subprocess.run([shoal, *arguments], capture_output=True,
                             timeout=10 * CPU_S, preexec_fn=limits)
    except subprocess.TimeoutExpired:
        return "none", "does not end"
    code = ran.returncode
    if code not in EXIT_CODES:
        return code, f"exit code {code}: {ran.stderr[-300:]!r}"
    if code != 0 and not ran.stderr.startswith(b"shoal: "):
        return code, f"exit code {code}, untold: {ran.stderr[-300:]!r}"
    return code, None


def main():
    if len(sys.argv) not in (2, 3, 4):
        sys.exit(__doc__)
    shoal = str(pathlib.Path(sys.argv[1]).resolve())
    files = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    folder = pathlib.Path(tempfile.mkdtemp())
    whole = {"cluster": CLUSTER, "cuts": CUTS, "board": BOARD}
    codes = collections.Counter()
    failures = 0
    for number in range(seed, seed + files):
        if number % 500 == 0:
            print(f"seed {number}, {failures} failures", file=sys.stderr,
                  flush=True)
        rng = random.Random(number)
        kind = rng.choice(list(whole))
        lines = whole[kind].splitlines()
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            lines = change(rng, lines)
        file = folder / f"{kind}.toml"
        file.write_bytes("\n".join(lines).encode("latin-1", "replace"))
        arguments = {
            "cluster": ["--cluster", file], "cuts": ["--nodes", "2", "--board",
                                                     "teensy41", "--cuts", file],
            "board": ["--nodes", "2", "--board", file]}[kind]
        verb = ["plan", MODEL] if rng.random() < .5 else \
            ["simulate", MODEL, "random:1"]
        code, fault = fault_of(shoal, [*map(str, verb), *map(str, arguments)])
        codes[kind, code] += 1
        if fault:
            failures += 1
            kept = folder / f"failed_{number}.toml"
            kept.write_bytes(file.read_bytes())
            print(f"FAILED: seed {number}, {verb[0]}, {kept}: {fault}",
                  flush=True)
    for (kind, code), count in sorted(codes.items(), key=str):
        print(f"{kind:8} exit {code}: {count}")
    print(f"{files} files, {failures} failures")
    sys.exit(failures > 0)


main()
