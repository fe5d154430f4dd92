#!/usr/bin/env python3
"""Starts boards with two cores again and again, and looks for hangs.

  tools/cores_campaign.py SHOAL [RUNS [MODEL]]

Exports MODEL (the bundled network) for each board and runs its built-in test
RUNS times (5,000) by each protocol: in the count of instructions, where the
cores take turns, and together, where the emulator runs both at a time and
either may be late. Each run has to end in time with the bytes of one core.
"""
import concurrent.futures
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BOARDS = ("mps2-an521", "qemu-rv32x2")
LONGEST_S = 60  # of a run; it takes less than a second on an idle computer


def built(shoal, model, folder, board):
    """Returns the emulator's command line for an exported project."""
    subprocess.run(
        [shoal, "export", model, "--as", "c", "--board", board, "--name", "net",
         "-o", folder],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run(["make", "-s", "-j", "2", "-C", folder, "all"], check=True,
                   stdout=subprocess.DEVNULL)
    dry = subprocess.run(["make", "-n", "-C", folder, "run"], check=True,
                         capture_output=True, text=True).stdout
    text = dry.replace("\\\n", " ")
    command = next(line for line in text.splitlines() if "qemu-system" in line)
    return shlex.split(command.replace("</dev/null", ""))


def by_protocol(command, together):
    """Returns the command line with both cores at a time, or in turn."""
    if not together:
        return command
    at = command.index("-icount")
    command = command[:at] + ["-accel", "tcg,thread=multi"] + command[at + 2:]
    options = command.index("-semihosting-config") + 1
    command[options] += ",arg=net,arg=together"
    return command


def run(command, folder):
    """Returns why a run is wrong; None: it is right."""
    try:
        told = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        return f"no end after {LONGEST_S} s"
    if told.returncode == 0 and "selfcheck ok" in told.stdout:
        if "one core" not in told.stdout:
            return None
    return f"exit code {told.returncode}: {told.stdout}{told.stderr}"


def main():
    if not 2 <= len(sys.argv):
        sys.exit(__doc__)
    shoal = str(pathlib.Path(sys.argv[1]).resolve())
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
    model = (sys.argv[3] if len(sys.argv) > 3
             else ROOT / "models/fashion_mobilenet_v2.tflite")
    bad = 0
    with tempfile.TemporaryDirectory() as work:
        for board in BOARDS:
            folder = pathlib.Path(work) / board
            command = built(shoal, model, folder, board)
            for together in (False, True):
                line = by_protocol(command, together)
                began = time.monotonic()
                with concurrent.futures.ThreadPoolExecutor(2) as pool:
                    whys = list(pool.map(lambda _: run(line, folder),
                                         range(runs)))
                wrong = [why for why in whys if why]
                bad += len(wrong)
                how = "together" if together else "in turn"
                print(f"{board}, {how}: {runs} runs, {len(wrong)} wrong, "
                      f"{time.monotonic() - began:.0f} s", flush=True)
                for why in wrong[:3]:
                    print("  " + re.sub(r"\s+", " ", why), flush=True)
    sys.exit(1 if bad else 0)


main()
