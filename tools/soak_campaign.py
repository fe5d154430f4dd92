#!/usr/bin/env python3
"""Frames without end on a service whose workers and which itself are killed.

  tools/soak_campaign.py SHOAL [--frames 1000000] [--workers 8] [--loss 0.01]
                         [--kill-every 10000] [--kill-service-every 100000]
                         [--model MODEL] [--strategy kernel] [--seconds S]
                         [--node-timeout 1]

Starts workers behind a relay that loses datagrams (tools/lossy_relay.py, in a
process of its own), and `shoal serve` on them. Each client sends frames of
random bytes by HTTP, one after another, and repeats what has no answer: a
service that was killed is started again. Every answer must have the checksum
that `shoal run` prints. The model is a small one of this repository, so that
datagrams and not MACs take the time; --seconds ends the campaign sooner. On a
busy computer, where a process may stand for a second, --node-timeout has to be
longer. Prints the memory of the service and of the workers meanwhile; exit code
1 for a wrong answer, or if the memory of a process has grown by more than a
tenth and 4 MB in the second half of 10,000 frames or more, when all plans for
losses are there.
"""
import argparse
import http.client
import json
import math
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

from lossy_relay import RelayProcess
from serve_campaign import ROOT, Workers

CLIENTS = 4
INPUTS = 64  # different frames
SLACK_KB = 4096
LEAST_FRAMES = 10_000  # that say something of memory


def flags():
    parser = argparse.ArgumentParser()
    parser.add_argument("shoal")
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--loss", type=float, default=0.01)
    parser.add_argument("--kill-every", type=int, default=10_000)
    parser.add_argument("--kill-service-every", type=int, default=100_000)
    parser.add_argument("--model", default=ROOT / "fuzz/corpus/import/convolutions.tflite")
    parser.add_argument("--strategy", default="kernel")
    parser.add_argument("--node-timeout", default="1")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def memory_kb(pid):
    """Returns what a process has in RAM now."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def random_frames(args):
    """Returns inputs as raw bytes, and the checksum of the output of each."""
    told = subprocess.run([args.shoal, "inspect", args.model, "--json"], check=True,
                          capture_output=True, text=True)
    size = sum(math.prod(i["shape"]) for i in json.loads(told.stdout)["inputs"])
    luck = random.Random(args.seed)
    frames = [luck.randbytes(size) for _ in range(INPUTS)]
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for i, frame in enumerate(frames):
            paths.append(pathlib.Path(folder) / f"{i}.bin")
            paths[-1].write_bytes(frame)
        told = subprocess.run([args.shoal, "run", args.model, *paths, "--json"], check=True,
                              capture_output=True, text=True)
    return frames, [r["output_sha256"] for r in json.loads(told.stdout)["results"]]


class Service:
    def __init__(self, args, addresses):
        self.command = [args.shoal, "serve", args.model, "--insecure", "--quiet",
                        "--node-timeout", args.node_timeout, "--strategy", args.strategy,
                        "--workers", ",".join(addresses), "--http"]
        self.address = "127.0.0.1:0"
        self.start()

    def start(self):
        self.process = subprocess.Popen([*self.command, self.address], stdout=subprocess.PIPE,
                                        text=True)
        self.address = self.process.stdout.readline().split("//")[1].strip()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.start()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait()


class Soak:
    def __init__(self, args):
        self.args, self.lock = args, threading.Lock()
        self.bodies, self.sums = random_frames(args)
        self.workers = Workers(args.shoal, args.workers)
        self.relay = RelayProcess(self.workers.addresses, args.loss, args.seed)
        self.service = Service(args, self.relay.addresses)
        self.done = self.wrong = self.repeats = self.again = 0
        self.given = iter(range(args.frames))
        self.begin = time.monotonic()
        self.end = self.begin + args.seconds
        self.memory = {}  # KB of each process, look by look

    def ask(self, number, talk):
        at = number % len(self.bodies)
        while True:
            try:
                connection = talk.get(self.service.address)
                if connection is None:
                    talk.clear()
                    connection = http.client.HTTPConnection(self.service.address, timeout=60)
                    talk[self.service.address] = connection
                connection.request("POST", "/run", self.bodies[at])
                reply = connection.getresponse()
                said = json.loads(reply.read())
                if reply.status == 200:
                    return said, said["output_sha256"] == self.sums[at]
            except (OSError, http.client.HTTPException):
                talk.clear()  # the service was killed
            with self.lock:
                self.again += 1
            time.sleep(0.05)

    def client(self):
        talk = {}  # the connection, by address
        while True:
            with self.lock:
                number = next(self.given, None)
            if number is None or time.monotonic() >= self.end:
                return
            said, right = self.ask(number, talk)
            with self.lock:
                self.done += 1
                self.repeats += said["repeats"]
                self.wrong += not right

    def look(self):
        now = {"service": memory_kb(self.service.process.pid)}
        for i, worker in enumerate(self.workers.running):
            now[f"w{i}"] = memory_kb(worker.pid)
        for name, kb in now.items():
            self.memory.setdefault(name, []).append(kb)
        lost, passed = self.relay.counts()
        seconds = time.monotonic() - self.begin
        print(f"{self.done:,} frames in {seconds:,.0f} s, {self.wrong} wrong, "
              f"{self.repeats} run again, {self.again} sent again; service {now['service']:,} KB, workers "
              f"{max(v for k, v in now.items() if k != 'service'):,} KB at most; "
              f"{lost:,} of {lost + passed:,} datagrams lost",
              flush=True)

    def grown(self):
        """Returns the processes whose memory has grown in the second half."""
        if self.done < LEAST_FRAMES:
            return []
        return [name for name, kb in self.memory.items()
                if kb[-1] > kb[len(kb) // 2] * 1.1 + SLACK_KB]

    def run(self):
        luck = random.Random(self.args.seed)
        clients = [threading.Thread(target=self.client) for _ in range(CLIENTS)]
        for c in clients:
            c.start()
        kills = services = 0
        step = max(min(self.args.frames // 10, 20_000), 1)
        looked = 0
        while any(c.is_alive() for c in clients):
            time.sleep(0.01)
            if self.done >= step * (looked + 1):
                looked += 1
                self.look()
            if self.done >= self.args.kill_every * (kills + 1):
                kills += 1
                i = luck.randrange(self.args.workers)
                self.workers.kill(i)
                time.sleep(luck.uniform(0, 2))
                self.workers.running[i] = self.workers.start(i, self.workers.addresses[i])
            if self.done >= self.args.kill_service_every * (services + 1):
                services += 1
                self.service.kill()
        code = self.service.end()
        self.workers.end()
        self.relay.close()
        grown = self.grown()
        print(f"{self.done:,} frames, {self.wrong} wrong, {kills} workers and {services} "
              f"services killed; memory grew in: {', '.join(grown) or 'none'}")
        is_short = self.done < self.args.frames and time.monotonic() < self.end
        return 1 if self.wrong or code or grown or is_short else 0


def speaks_http(args):
    # An address without a port is refused, and before that a build without HTTP.
    told = subprocess.run([args.shoal, "serve", args.model, "--http", "x"],
                          capture_output=True, text=True)
    return "without HTTP" not in told.stderr


def main():
    args = flags()
    return Soak(args).run() if speaks_http(args) else 77


if __name__ == "__main__":
    sys.exit(main())
