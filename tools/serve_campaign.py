#!/usr/bin/env python3
"""Sends pictures to `shoal serve` from several clients while workers die.

  tools/serve_campaign.py SHOAL [--pictures 10000] [--clients 4] [--workers 4]
                          [--kills 0]

Starts workers and a service on loopback. Each client sends its share of the
pictures, one after another on one connection. Workers are killed at random
moments, one at a time, and started again. Every answer must have the checksum
that `shoal run` prints; a client repeats what has no answer. Prints how many
were right, how often frames were run again, and the times that clients saw;
exit code 1 for a wrong answer or one that is missing.
"""
import argparse
import http.client
import json
import pathlib
import random
import signal
import statistics
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODEL = ROOT / "models/fashion_mobilenet_v2.tflite"
PICTURES = sorted((ROOT / "models/samples").glob("*/*.png"))


def flags():
    parser = argparse.ArgumentParser()
    parser.add_argument("shoal")
    parser.add_argument("--pictures", type=int, default=10000)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def expected(shoal):
    done = subprocess.run([shoal, "run", MODEL, *PICTURES, "--json"], check=True,
                          capture_output=True, text=True)
    return [r["output_sha256"] for r in json.loads(done.stdout)["results"]]


class Workers:
    def __init__(self, shoal, count):
        self.shoal, self.running, self.addresses = shoal, [], []
        for i in range(count):
            self.running.append(self.start(i, "127.0.0.1:0"))

    def start(self, i, listen):
        worker = subprocess.Popen(
            [self.shoal, "worker", "--insecure", "--ram", "64K", "--name", f"w{i}",
             "--listen", listen, "--quiet"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        said = worker.stdout.readline().split()
        if i == len(self.addresses):
            self.addresses.append(said[-1])
        return worker

    def kill(self, i):
        self.running[i].send_signal(signal.SIGKILL)
        self.running[i].wait()

    def end(self):
        for worker in self.running:
            worker.kill()


def main():
    args = flags()
    sums = expected(args.shoal)
    bodies = [p.read_bytes() for p in PICTURES]
    workers = Workers(args.shoal, args.workers)
    service = subprocess.Popen(
        [args.shoal, "serve", MODEL, "--insecure", "--quiet", "--http", "127.0.0.1:0",
         "--node-timeout", "0.5", "--strategy", "spatial", "--workers",
         ",".join(workers.addresses)], stdout=subprocess.PIPE, text=True)
    address = service.stdout.readline().split("//")[1].strip()
    lock = threading.Lock()
    times, wrong, refused, repeats = [], 0, 0, 0

    def client(share):
        nonlocal wrong, refused, repeats
        connection = http.client.HTTPConnection(address, timeout=60)
        for number in share:
            at = number % len(bodies)
            while True:
                start = time.monotonic()
                connection.request("POST", "/run", bodies[at])
                reply = connection.getresponse()
                said = json.loads(reply.read())
                took = time.monotonic() - start
                if reply.status == 200:
                    break
                with lock:
                    refused += 1
                time.sleep(0.05)
            with lock:
                times.append(took)
                repeats += said["repeats"]
                wrong += said["output_sha256"] != sums[at]

    shares = [range(c, args.pictures, args.clients) for c in range(args.clients)]
    clients = [threading.Thread(target=client, args=(s,)) for s in shares]
    begin = time.monotonic()
    for c in clients:
        c.start()
    luck = random.Random(args.seed)
    for kill in range(args.kills):
        # Spread over the pictures.
        while len(times) < args.pictures * (kill + 1) / (args.kills + 1):
            time.sleep(0.01)
        i = luck.randrange(args.workers)
        workers.kill(i)
        time.sleep(luck.uniform(0, 2))
        workers.running[i] = workers.start(i, workers.addresses[i])
    for c in clients:
        c.join()
    seconds = time.monotonic() - begin
    service.send_signal(signal.SIGTERM)
    code = service.wait()
    workers.end()
    times.sort()
    print(f"{len(times):,} pictures, {wrong} wrong, {refused} refused and sent again, "
          f"{repeats} run again, {args.kills} workers killed")
    print(f"{len(times) / seconds:.0f} a second; median {1000 * statistics.median(times):.2f} ms, "
          f"99 % within {1000 * times[len(times) * 99 // 100]:.1f} ms, "
          f"at most {1000 * times[-1]:.0f} ms")
    sys.exit(1 if wrong or code or len(times) < args.pictures else 0)


if __name__ == "__main__":
    main()
