"""Many cases side by side: threads, or the ranks of mpi4py."""
import json
import os
import pickle
import re
import threading


def sweep(row, cases, *, journal=None, comm=None):
    """Returns [row(*case) for case in cases], by all cores at once.

    `comm` is a communicator of mpi4py: all of its ranks take their part, one
    case at a time, and all get the whole list. With `journal`, a path, each
    result is kept there as soon as it is known, and a sweep that was broken off
    goes on, on any number of ranks; cases and results must be what JSON has.

    >>> import shoal
    >>> shoal.sweep(lambda ram, nodes: ram * nodes, [(16, 1), (16, 2), (32, 2)])
    [16, 32, 64]
    """
    cases = [tuple(case) for case in cases]
    rank, ranks = (0, 1) if comm is None else (comm.Get_rank(), comm.Get_size())
    known = _Journal(journal, rank)
    if comm is not None:
        # One list for all, of before anybody writes.
        known.results = comm.bcast(known.results, root=0)
    todo = [case for case in dict.fromkeys(cases) if not known.has(case)]

    def compute(case):
        try:
            result = known.keep(case, row(*case))
            if comm is not None:
                pickle.dumps(result)  # else other ranks would wait for it
            return case, result, None
        except Exception as error:
            return case, None, error if comm is None else _sendable(error)

    if comm is None:
        # Not above: `import shoal` should not take its time.
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            try:
                done = list(pool.map(compute, todo))
            except BaseException:  # Ctrl-C: those that wait are left out
                pool.shutdown(cancel_futures=True)
                raise
    else:
        parts = comm.allgather([compute(case) for case in todo[rank::ranks]])
        done = [one for part in parts for one in part]
    known.close()
    for _, _, error in done:
        if error is not None:
            raise error
    results = {case: result for case, result, _ in done}
    return [results[case] if case in results else known.result(case)
            for case in cases]


def _sendable(error):
    try:
        pickle.dumps(error)
        return error
    except Exception:
        return RuntimeError(repr(error))


class _Journal:
    """Results of a sweep, a line each. Every rank adds to a file of its own;
    all read all of them."""

    def __init__(self, path, rank):
        self.results = {}
        self._file = None
        if path is None:
            return
        path = os.path.abspath(path)
        folder, name = os.path.split(path)
        for part in sorted(os.listdir(folder)):
            if part == name or re.fullmatch(re.escape(name) + r"\.\d+", part):
                self._read(os.path.join(folder, part))
        self._file = open(path if rank == 0 else "%s.%d" % (path, rank), "a",
                          encoding="utf-8")
        self._lock = threading.Lock()

    def _read(self, path):
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                try:
                    case, result = json.loads(line)
                except ValueError:
                    continue  # a line that was broken off
                self.results[json.dumps(case)] = result

    def has(self, case):
        return self._file is not None and json.dumps(case) in self.results

    def result(self, case):
        return self.results[json.dumps(case)]

    def keep(self, case, result):
        """Returns the result as a later sweep would read it."""
        if self._file is None:
            return result
        line = json.dumps([case, result])
        with self._lock:
            # A line that was broken off stays one of its own.
            self._file.write("\n" + line + "\n")
            self._file.flush()
        return json.loads(line)[1]

    def close(self):
        if self._file is not None:
            self._file.close()
