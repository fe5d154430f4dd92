#!/usr/bin/env python3
"""How much faster two ranks evaluate than one thread of one process.

  tools/ranks_speed.py SHOAL [pairs]

Both run in turns, on the network and the samples of models/ (each three hundred
times); medians of frames/s, and of the processor time of all processes.
"""
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
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


def evaluate(command, folder):
    before = processor_seconds()
    told = subprocess.run(
        command + [os.path.join(ROOT, "models/fashion_mobilenet_v2.tflite"),
                   folder, "--labels",
                   os.path.join(ROOT, "models/fashion_labels.txt"),
                   "--jobs", "1", "--json"],
        check=True, capture_output=True, text=True)
    return json.loads(told.stdout)["frames_per_s"], processor_seconds() - before


def main():
    shoal = os.path.abspath(sys.argv[1])
    pairs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    os.environ["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
    os.environ["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    one, two = [], []
    with tempfile.TemporaryDirectory() as folder:
        link_samples(folder, 300)
        for _ in range(pairs):
            one.append(evaluate([shoal, "evaluate"], folder))
            two.append(evaluate(MPIRUN + [shoal, "evaluate", "--mpi"], folder))
    rates = [statistics.median(run[0] for run in runs) for runs in (one, two)]
    used = [statistics.median(run[1] for run in runs) for runs in (one, two)]
    print(f"--jobs 1  {rates[0]:8.1f} frames/s  {used[0]:6.2f} s of processors")
    print(f"2 ranks   {rates[1]:8.1f} frames/s  {used[1]:6.2f} s of processors")
    print(f"ratio     {rates[1] / rates[0]:8.2f}           "
          f"{used[1] / used[0]:6.2f}")


if __name__ == "__main__":
    main()
