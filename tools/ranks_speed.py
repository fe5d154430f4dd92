#!/usr/bin/env python3
"""How much faster two ranks evaluate than one thread of one process.

  tools/ranks_speed.py SHOAL [tries]

Both run in turns, on the network and the samples of models/, each a hundred
times. A ratio of times means something only while nobody else computes: turns in
which others took more than a tenth of a processor are left out, and without
any other there is no ratio. Processor time of all processes, mpirun's too, is
told in any case: of a frame, and of what comes before the first.
"""
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FEW, MANY = 100, 2000  # frames
MPIRUN = ["mpirun", "--mca", "btl", "self,vader", "-n", "2"]


def link_samples(folder, times):
    samples = os.path.join(ROOT, "models/samples")
    for name in sorted(os.listdir(samples)):
        os.mkdir(os.path.join(folder, name))
        for file in sorted(os.listdir(os.path.join(samples, name))):
            for i in range(times):
                os.symlink(os.path.join(samples, name, file),
                           os.path.join(folder, name, f"{i}-{file}"))


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def busy_seconds():
    """Of all processors, whoever used them."""
    with open("/proc/stat") as file:
        user, nice, system, _, _, irq, softirq, steal = map(
            int, file.readline().split()[1:9])
    ticks = user + nice + system + irq + softirq + steal
    return ticks / os.sysconf("SC_CLK_TCK")


def evaluate(command, folder, frames):
    """Frames/s, processor seconds, processors that others took meanwhile."""
    own, all_, start = processor_seconds(), busy_seconds(), time.monotonic()
    told = subprocess.run(
        command + [os.path.join(ROOT, "models/fashion_mobilenet_v2.tflite"),
                   folder, "--labels",
                   os.path.join(ROOT, "models/fashion_labels.txt"),
                   "--jobs", "1", "--json", "--limit", str(frames)],
        check=True, capture_output=True, text=True)
    seconds = time.monotonic() - start
    own = processor_seconds() - own
    others = (busy_seconds() - all_ - own) / seconds
    return json.loads(told.stdout)["frames_per_s"], own, others


def main():
    shoal = os.path.abspath(sys.argv[1])
    tries = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    os.environ["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
    os.environ["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    turns, shorts = [], []
    commands = ([shoal, "evaluate"], MPIRUN + [shoal, "evaluate", "--mpi"])
    with tempfile.TemporaryDirectory() as folder:
        link_samples(folder, 100)
        for _ in range(tries):
            shorts.append([evaluate(c, folder, FEW) for c in commands])
            turns.append([evaluate(c, folder, MANY) for c in commands])
    for i, name in enumerate(("--jobs 1", "two ranks")):
        few, many = (statistics.median(run[i][1] for run in runs)
                     for runs in (shorts, turns))
        each = (many - few) / (MANY - FEW)
        print(f"{name:9}  {1000 * each:.3f} ms of processors a frame, "
              f"{few - FEW * each:.2f} s before")
    quiet = [t for t in turns if max(t[0][2], t[1][2]) < 0.1]
    if not quiet:
        least = min(max(t[0][2], t[1][2]) for t in turns)
        print(f"no ratio of times: others took {least:.1f} processors or more")
        return
    rates = [statistics.median(turn[i][0] for turn in quiet) for i in (0, 1)]
    print(f"frames/s: {rates[0]:.0f} of --jobs 1, {rates[1]:.0f} of two ranks, "
          f"{rates[1] / rates[0]:.2f} times as many "
          f"({len(quiet)} of {tries} turns were quiet)")


if __name__ == "__main__":
    main()
