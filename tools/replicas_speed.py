#!/usr/bin/env python3
"""Compares frames a second of `shoal serve --replicas` with those of plans that
cut each frame: by --strategy spatial, and by --objective throughput.

  tools/replicas_speed.py SHOAL [--frames 1000] [--rounds 3] [--workers 4]

The same workers run the same frames of a pipe each way, in turns. Times are
from the first answer to the last; all answers are compared.
"""
import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time

MODEL = "models/fashion_mobilenet_v2.tflite"
FRAME_BYTES = 96 * 96


def rate(command, frames, count):
    """Frames a second, and the checksums of the answers."""
    with subprocess.Popen(command, stdin=frames, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True) as service:
        sums, first = [], None
        for line in service.stdout:
            first = first or time.monotonic()
            sums.append(json.loads(line)["output_sha256"])
        seconds = time.monotonic() - first
    if service.returncode != 0 or len(sums) != count:
        sys.exit(f"exit code {service.returncode}, {len(sums)} answers")
    return (count - 1) / seconds, sums


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("shoal")
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=4)
    args = parser.parse_args()
    frames = tempfile.TemporaryFile()
    for i in range(args.frames):
        frames.write(random.Random(i).randbytes(FRAME_BYTES))
    workers, addresses = [], []
    for _ in range(args.workers):
        worker = subprocess.Popen(
            [args.shoal, "worker", "--insecure", "--listen", "127.0.0.1:0",
             "--ram", "256K"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        workers.append(worker)
        addresses.append(worker.stdout.readline().split()[-1])
    serve = [args.shoal, "serve", MODEL, "--frames-from", "-", "--insecure",
             "--workers", ",".join(addresses)]
    ways = {"split": serve + ["--strategy", "spatial"],
            "throughput": serve + ["--objective", "throughput"],
            "replicas": serve + ["--replicas"]}
    rates, sums = {way: [] for way in ways}, []
    try:
        for _ in range(args.rounds):
            for way, command in ways.items():
                frames.seek(0)
                frames.flush()
                per_s, answers = rate(command, frames, args.frames)
                rates[way].append(per_s)
                sums.append(answers)
                print(f"{way:10} {per_s:8.1f} frames/s", flush=True)
    finally:
        for worker in workers:
            worker.kill()
    if any(s != sums[0] for s in sums):
        sys.exit("answers differ")
    replicas = statistics.median(rates.pop("replicas"))
    for way, per_s in rates.items():
        print(f"replicas run {replicas / statistics.median(per_s):.2f} times "
              f"the frames of the {way}")


if __name__ == "__main__":
    main()
