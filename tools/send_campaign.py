#!/usr/bin/env python3
"""Sends pictures to an exported, emulated board over a serial line that loses
or flips bytes, and compares each output with this computer's.
    tools/send_campaign.py SHOAL [PICTURES [RATE [BOARD [SEED]]]]
RATE is the share of bytes that are damaged, half of them lost and half with one
flipped bit [1000 0.001 mps2-an386 1]. A picture may end in exit 6 or 7 with an
error that says why; the next one has to be right again. Anything else ends the
campaign with 1."""

import json
import os
import random
import re
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time

MODEL = 'models/fashion_mobilenet_v2.tflite'
SAMPLE = 'models/samples/bag/0.png'
AT_ONCE = 20  # pictures of one command


class BadLine(threading.Thread):
    """A socket whose bytes go to the board's and back, some of them damaged."""

    def __init__(self, path, board, rate, seed):
        super().__init__(daemon=True)
        self.board, self.rate = board, rate
        self.luck = random.Random(seed)
        self.passed = self.lost = self.flipped = 0
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.server.bind(path)
        self.server.listen(1)
        self.start()

    def damaged(self, data):
        out = bytearray()
        for byte in data:
            chance = self.luck.random()
            self.passed += 1
            if chance < self.rate / 2:
                self.lost += 1
            elif chance < self.rate:
                self.flipped += 1
                out.append(byte ^ (1 << self.luck.randrange(8)))
            else:
                out.append(byte)
        return bytes(out)

    def run(self):
        board = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        board.connect(self.board)
        while True:
            client, _ = self.server.accept()
            ends = {client: board, board: client}
            while client in ends:
                for end in select.select(list(ends), [], [])[0]:
                    try:
                        data = end.recv(4096)
                        if data:
                            ends[end].sendall(self.damaged(data))
                        elif end is client:
                            ends = {}
                        else:
                            return
                    except OSError:  # the command has ended
                        ends = {}
                    if not ends:
                        break
            client.close()


def send(shoal, line, pictures):
    """Returns how many are right, and the error of the one behind them."""
    done = subprocess.run(
        [shoal, 'send', line, *(f'random:{i}' for i in pictures), '--compare',
         MODEL, '--json'], capture_output=True, text=True, timeout=600)
    if done.returncode == 0:
        if json.loads(done.stdout).get('compared') != 'equal':
            sys.exit(f'not compared: {done.stdout[:400]}')
        return len(pictures), ''
    if done.returncode not in (6, 7):
        sys.exit(f'exit {done.returncode}: {done.stderr}')
    return 0, done.stderr.strip()


def main():
    args = dict(enumerate(sys.argv[1:]))
    if 0 not in args:
        sys.exit(__doc__)
    shoal = os.path.abspath(args[0])
    count, rate = int(args.get(1, 1000)), float(args.get(2, 0.001))
    board, seed = args.get(3, 'mps2-an386'), int(args.get(4, 1))
    with tempfile.TemporaryDirectory() as folder:
        project = os.path.join(folder, 'proj')
        subprocess.run([shoal, 'export', MODEL, SAMPLE, '--as', 'c', '--board',
                        board, '-o', project], check=True,
                       stdout=subprocess.DEVNULL)
        subprocess.run(['make', '-s', '-C', project, 'all'], check=True,
                       stdout=subprocess.DEVNULL)
        serving = subprocess.Popen(
            ['make', '-s', '-C', project, 'serve'], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            serial = os.path.join(project, 'build', 'serial')
            began = time.monotonic()
            while not os.path.exists(serial):
                if serving.poll() is not None or time.monotonic() - began > 60:
                    sys.exit('the board does not serve')
                time.sleep(0.1)
            campaign(shoal, BadLine(os.path.join(folder, 'line'), serial, rate,
                                    seed), folder, count)
        finally:
            os.killpg(serving.pid, 15)
            serving.wait()


def campaign(shoal, line, folder, count):
    right, errors, began = 0, [], time.monotonic()
    path = os.path.join(folder, 'line')
    left = list(range(1, count + 1))
    while left:
        some, left = left[:AT_ONCE], left[AT_ONCE:]
        good, error = send(shoal, path, some)
        right += good
        if not error:
            continue
        # One by one, to see which it is and that the next one is right.
        failed = False
        for picture in some:
            good, error = send(shoal, path, [picture])
            right += good
            if error:
                errors.append(error)
                print(re.sub(r'\s+', ' ', error), file=sys.stderr)
            if error and failed:
                sys.exit('the picture after an error is not right, either')
            failed = bool(error)
    print(f'{right} of {count} right, {len(errors)} errors; {line.lost} bytes '
          f'lost and {line.flipped} flipped of {line.passed}; '
          f'{time.monotonic() - began:.0f} s measured')
    # Both have happened, and the last picture was right.
    sys.exit(0 if right + len(errors) == count and line.lost and line.flipped
             and good else 1)


if __name__ == '__main__':
    main()
