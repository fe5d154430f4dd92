"""Loses datagrams between a coordinator and workers, and between workers.

A relay has an address for each worker, which others use instead of its own. What comes
from a worker goes on from that worker's address here, so that nodes see each other only
through the relay.

    relay = LossyRelay(["127.0.0.1:4242", ...], loss=0.01, seed=1)
    relay.addresses   # in the same order
    relay.close()

RelayProcess is the same in a process of its own, so that the one that starts it
does not slow it down.
"""
import multiprocessing
import random
import select
import socket
import threading

KEPT_COORDINATORS = 64  # addresses of the last ones, for each worker


def parse(address):
    host, port = address.rsplit(":", 1)
    return host, int(port)


class LossyRelay:
    def __init__(self, workers, loss, seed=1):
        self.workers = [parse(w) for w in workers]
        self.loss, self.luck = loss, random.Random(seed)
        self.passed = self.lost = 0
        self.fronts = [self._socket() for _ in workers]
        self.number = {w: i for i, w in enumerate(self.workers)}
        # By worker and address of a coordinator: what the worker sees it at.
        self.backs = [{} for _ in workers]
        self.poll = select.epoll()
        self.roles = {}
        for i, front in enumerate(self.fronts):
            self._watch(front, ("front", i))
        self.ends = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    @property
    def addresses(self):
        return ["%s:%d" % s.getsockname() for s in self.fronts]

    def close(self):
        self.ends = True
        self.thread.join()

    @staticmethod
    def _socket():
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        s.bind(("127.0.0.1", 0))
        s.setblocking(False)
        return s

    def _watch(self, s, role):
        self.roles[s.fileno()] = (s, role)
        self.poll.register(s, select.EPOLLIN)

    def _back(self, worker, coordinator):
        backs = self.backs[worker]
        if coordinator not in backs:
            if len(backs) == KEPT_COORDINATORS:
                old = backs.pop(next(iter(backs)))
                self.poll.unregister(old)
                del self.roles[old.fileno()]
                old.close()
            backs[coordinator] = self._socket()
            self._watch(backs[coordinator], ("back", worker, coordinator))
        return backs[coordinator]

    def _pass(self, role, data, sender):
        if self.luck.random() < self.loss:
            self.lost += 1
            return
        self.passed += 1
        if role[0] == "back":  # from a worker to a coordinator
            self.fronts[role[1]].sendto(data, role[2])
            return
        to = role[1]
        other = self.number.get(sender)
        via = self._back(to, sender) if other is None else self.fronts[other]
        via.sendto(data, self.workers[to])

    def _run(self):
        while not self.ends:
            for fd, _ in self.poll.poll(0.1):
                if fd not in self.roles:
                    continue
                s, role = self.roles[fd]
                for _ in range(64):
                    try:
                        data, sender = s.recvfrom(65536)
                    except OSError:  # there is no more, or a worker is gone
                        break
                    try:
                        self._pass(role, data, sender)
                    except OSError:  # a full buffer is a loss, too
                        self.lost += 1


class RelayProcess:
    def __init__(self, workers, loss, seed=1):
        self.pipe, other = multiprocessing.Pipe()
        self.process = multiprocessing.Process(
            target=self._relay, args=(other, workers, loss, seed), daemon=True)
        self.process.start()
        self.addresses = self.pipe.recv()

    def counts(self):
        """Returns how many datagrams were lost, and how many passed."""
        self.pipe.send("counts")
        return self.pipe.recv()

    def close(self):
        self.pipe.send("close")
        self.process.join()

    @staticmethod
    def _relay(pipe, workers, loss, seed):
        relay = LossyRelay(workers, loss, seed)
        pipe.send(relay.addresses)
        while pipe.recv() == "counts":
            pipe.send((relay.lost, relay.passed))
        relay.close()
