"""Convolutional networks on microcontrollers: plan, run and measure them.

Every keyword is a flag of the tool: ``ram="64K"`` is ``--ram 64K``, and
``no_encrypt=True`` is ``--no-encrypt``. `shoal help VERB` lists them.

>>> import shoal
>>> model = shoal.load("zoo:mobilenet_v2@32")
>>> plan = model.plan(board="teensy41", nodes=2, ram="64K", strategy="spatial")
>>> [node["name"] for node in plan.nodes]
['node0', 'node1']
>>> all(node["arena_bytes"] <= 65536 for node in plan.nodes)
True
"""
import html
import json
import os
import re
import subprocess
import sys
import tempfile

from shoal._sweep import sweep

__all__ = ["Cluster", "Error", "Model", "Plan", "Report",
           "evaluate", "load", "sweep"]

# Flags that may be given several times.
_REPEATED = {"outputs", "inputs", "input_shape", "fault"}
# Flags of a search, which a plan that was found no longer needs.
_OF_SEARCH = {"strategy", "cuts", "objective", "max_latency", "max_traffic",
              "plan_seconds", "effort", "plan_jobs", "replay", "no_cache",
              "explain"}
# Flags of `shoal run` that say what it reads, prints and writes.
_OF_FILES = {"frames", "stream", "labels", "top", "task", "head", "score", "overlap",
             "anchors", "output", "trace", "output_dir", "bin"}
# Flags that would end or speak for the whole process.
_OF_PROCESS = {"timeout", "json", "wide", "quiet", "verbose", "no_config", "mpi",
               "help", "version"}


def _native():
    """The compiled part. Its libraries take longer to load than all else here,
    so the first call of the tool loads them, not `import shoal`."""
    from shoal import _core
    return _core


def __getattr__(name):
    if name == "Error":
        return _native().Error
    raise AttributeError("module 'shoal' has no attribute %r" % name)


def load(path, **ends):
    """Loads a .tflite or .onnx file, or zoo:NAME, and checks it.

    `outputs`, `inputs`, `input_shape` and `signature` say where in its file
    the model begins and ends.
    """
    return Model(path, **ends)


class Model:
    """A model in a file; every call reads the file."""

    def __init__(self, path, **ends):
        self.path = os.fspath(path)
        self._ends = _words(ends)
        self._facts = json.loads(self._verb("inspect", [], {}))

    def __repr__(self):
        kind = "float32" if self._facts["float"] else "quantized"
        return "<shoal.Model %s: %d operators, %s>" % (
            self.name, len(self._facts["ops"]), kind)

    def _repr_html_(self):
        rows = [(op["opcode"], _sizes(op["shape"]), op["macs"],
                 op["weight_bytes"], op["in_out_bytes"])
                for op in self._facts["ops"]]
        return _table(repr(self), ("operator", "result", "MACs", "weights, B",
                                   "in + out, B"), rows)

    @property
    def name(self):
        return self._facts["model"]

    def inspect(self):
        """Returns what `shoal inspect --json` prints, as a dictionary."""
        return json.loads(json.dumps(self._facts))

    def plan(self, *, progress=None, **flags):
        """Plans the model; the flags are those of `shoal plan`."""
        with tempfile.TemporaryDirectory(prefix="shoal-") as folder:
            stored = os.path.join(folder, "plan.json")
            keep = dict(flags)
            output = keep.pop("output", None)
            text = self._verb("plan", [], keep, progress,
                              ["--output=" + stored])
            with open(stored, encoding="utf-8") as file:
                whole = file.read()
        plan = Plan(self, keep, text, whole)
        if output is not None:
            plan.save(output)
        return plan

    def simulate(self, input="random:1", *, progress=None, **flags):
        """Runs the model in virtual time, and compares it with the oracle.

        `input` is a path, "random:SEED" or an array (or a list of them, one
        for each input of the model). Returns what `shoal simulate --json`
        prints, as a dictionary.
        """
        with tempfile.TemporaryDirectory(prefix="shoal-") as folder:
            return json.loads(self._verb(
                "simulate", [_file_of(self, input, folder)], flags, progress))

    def run(self, frames, *, progress=None, **flags):
        """Runs arrays through the model; the flags are those of `shoal run`.

        `frames` is an array of the input's shape, a stack of those along the
        first axis, or for a model of several inputs a list of arrays. Returns
        an array (several outputs: a list of them).
        """
        return _run(self._session(flags), frames, False, progress)

    def stream(self, frames, *, progress=None, **flags):
        """Runs an iterable of frames as one sequence, over which variables of
        the model last. Returns the list of answers."""
        return _stream(self._session(flags), frames, True, progress)

    def evaluate(self, data, *, progress=None, **flags):
        """Measures the accuracy of a classifier.

        `data` is a path, as `shoal evaluate` takes it, or an iterable of
        (array, class). Returns what `shoal evaluate --json` prints.
        """
        if isinstance(data, (str, os.PathLike)):
            return json.loads(self._verb("evaluate", [os.fspath(data)], flags,
                                         progress))
        session = self._session(flags)
        pairs = iter(data)

        def following():
            pair = next(pairs, None)
            if pair is None:
                return None
            array, label = _pair(pair)
            return _arrays(session, array), label
        try:
            return json.loads(session.evaluate(following, progress))
        finally:
            session.close()

    def quantize(self, samples, *, progress=None, **flags):
        """Quantizes a float32 model and returns the model that it wrote.

        `samples` is a path, as `shoal quantize --calibrate` takes it, or an
        iterable of float arrays. The file is `output`, or NAME_int8.tflite in
        this folder. The report is in `.report` of the result.
        """
        with tempfile.TemporaryDirectory(prefix="shoal-") as folder:
            if not isinstance(samples, (str, os.PathLike)):
                samples = _samples(self, samples, folder)
            report = json.loads(self._verb(
                "quantize", [], flags, progress,
                ["--calibrate=" + os.fspath(samples)]))
        made = Model(report["output"])
        made.report = report
        return made

    def export(self, output, *, format, input=None, progress=None, **flags):
        """Writes a project for a board's own tools (`shoal export --as`)."""
        words = [] if input is None else [os.fspath(input)]
        return json.loads(self._verb(
            "export", words, flags, progress,
            ["--as=" + format, "--output=" + os.fspath(output)]))

    def _verb(self, verb, operands, flags, progress=None, more=()):
        words = [verb, *self._ends, *_words(flags), *more, "--json", "--",
                 self.path, *operands]
        return _native().verb(words, progress)

    def _session(self, flags):
        for name in _OF_FILES & set(flags):
            raise TypeError("--%s is for files; here arrays go in and out" %
                            name.replace("_", "-"))
        return _native().Session(["run", *self._ends, *_words(flags), "--",
                                  self.path])


class Plan:
    """A plan that was found for a model. `plan["key"]` is its JSON's."""

    def __init__(self, model, flags, text, stored):
        self.model = model
        self._text = text
        self._stored = stored
        self._json = json.loads(text)
        self._flags = {name: value for name, value in flags.items()
                       if name not in _OF_SEARCH}
        given = {"nodes", "cluster"} & set(self._flags)
        if self._json.get("linked") and not given:
            self._flags["nodes"] = len(self.nodes)

    def __getitem__(self, key):
        return self._json[key]

    def __repr__(self):
        most = max(node["arena_bytes"] for node in self.nodes)
        return "<shoal.Plan of %s: %d %s, %d B, %.1f ms a frame (modelled)>" % (
            self.model.name, len(self.nodes),
            "node" if len(self.nodes) == 1 else "nodes", most,
            1e3 * self.latency_s)

    def _repr_html_(self):
        rows = [(n["name"], n["board"], n["arena_bytes"], n["macs"],
                 n["program_bytes"], n["sent_bytes"], 1e3 * n["seconds"])
                for n in self.nodes]
        return _table(repr(self), ("node", "board", "arena, B", "MACs",
                                   "program, B", "sent, B", "busy, ms"), rows)

    @property
    def nodes(self):
        return self._json["nodes"]

    @property
    def segments(self):
        return self._json.get("segments", [])

    @property
    def latency_s(self):
        return self._json["latency_s"]

    @property
    def arena_bytes(self):
        """The largest arena of its nodes."""
        return max(node["arena_bytes"] for node in self.nodes)

    def to_json(self):
        """Returns the text that `shoal plan --json` prints."""
        return self._text

    def save(self, path):
        """Writes the file that `shoal run --plan` takes."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self._stored)

    def simulate(self, input="random:1", *, progress=None, **flags):
        """Runs the plan in virtual time; see Model.simulate."""
        with tempfile.TemporaryDirectory(prefix="shoal-") as folder:
            return self.model.simulate(input, progress=progress,
                                       **self._with(flags, folder))

    def run(self, frames, *, progress=None, **flags):
        """Runs arrays through the plan; see Model.run."""
        with tempfile.TemporaryDirectory(prefix="shoal-") as folder:
            return self.model.run(frames, progress=progress,
                                  **self._with(flags, folder))

    def report(self, input="random:1", *, progress=None, **flags):
        """Draws the plan, and a frame of it in virtual time, as one page.

        `input` and flags are those of Plan.simulate. In a notebook the result
        shows itself; `.save(path)` writes it.
        """
        with tempfile.TemporaryDirectory(prefix="shoal-") as folder:
            page = os.path.join(folder, "report.html")
            self.model.simulate(input, progress=progress, html=page,
                                **self._with(flags, folder))
            with open(page, encoding="utf-8") as file:
                return Report(file.read().replace(folder + os.sep, ""))

    def evaluate(self, data, *, progress=None, **flags):
        """Measures the accuracy of the plan; see Model.evaluate."""
        with tempfile.TemporaryDirectory(prefix="shoal-") as folder:
            return self.model.evaluate(data, progress=progress,
                                       **self._with(flags, folder))

    def _with(self, flags, folder):
        path = os.path.join(folder, "plan.json")
        self.save(path)
        return {**self._flags, **flags, "plan": path}


class Report:
    """A page with drawings, in `.html`; it needs nothing beside it."""

    def __init__(self, page):
        self.html = page

    def __repr__(self):
        return "<shoal.Report: %d bytes of HTML>" % len(self.html)

    def _repr_html_(self):
        # A document of its own: its style and program do not meet others.
        return ('<iframe srcdoc="%s" sandbox="allow-scripts allow-downloads" '
                'style="width:100%%;height:48em;border:0" title="Report">'
                '</iframe>' % html.escape(self.html))

    def save(self, path):
        """Writes the page."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.html)


class Cluster:
    """Nodes: processes of this computer, emulated boards, or addresses.

    Cluster(["10.0.0.5:7000", "10.0.0.6:7000"], key="shoal.key") are boards or
    workers that run; Cluster(["serial:/dev/ttyACM0"]) is a board at a line.
    Cluster(2, board="lm3s6965evb", emulate=True) boots two emulated boards.
    Cluster(4, ram="64K") starts four processes, which share a key of their own,
    and ends them with the block:

    >>> import numpy, shoal
    >>> model = shoal.load("zoo:mobilenet_v2@32")
    >>> picture = numpy.zeros((1, 32, 32, 3), "int8")
    >>> with shoal.Cluster(2, ram="64K") as cluster:
    ...     scores = cluster.run(model, picture, strategy="spatial")
    >>> bool((scores == model.run(picture)).all())
    True
    """

    def __init__(self, workers, *, ram="256K", board="host", emulate=False,
                 **flags):
        self._processes = []
        self._folder = None
        self._flags = flags
        if isinstance(workers, int):
            if workers < 1:
                raise ValueError("a cluster has at least one node, not %d" %
                                 workers)
            start = self._boot if emulate else self._start
            self.addresses = start(workers, ram, board)
        elif emulate:
            raise TypeError("emulated boards are a number, not addresses")
        else:
            self.addresses = ([workers] if isinstance(workers, str)
                              else list(workers))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        self.close()

    def run(self, model, frames, *, progress=None, **flags):
        """Runs arrays on the workers; see Model.run."""
        return model.run(frames, progress=progress, **self._all(flags))

    def stream(self, model, frames, *, progress=None, **flags):
        """Runs a sequence on the workers; see Model.stream."""
        return model.stream(frames, progress=progress, **self._all(flags))

    def close(self):
        """Ends the processes that were started."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait()
            process.stdout.close()
        self._processes = []
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _all(self, flags):
        return {"workers": self.addresses, **self._flags, **flags}

    def _start(self, count, ram, board):
        key = self._make_key()
        for _ in range(count):
            self._tool("worker", "--key=" + key, "--listen=127.0.0.1:0",
                       "--ram=%s" % ram, "--board=%s" % board)
        return [self._said(process, r"listening on (\S+)")
                for process in self._processes]

    def _boot(self, count, ram, board):
        boards = self._tool("emulate", "--serve", "--nodes=%d" % count,
                            "--board=%s" % board, "--key=" + self._make_key())
        return [self._said(boards, r"\S+ (\S+:\d+) \d+$")
                for _ in range(count)]

    def _make_key(self):
        self._folder = tempfile.TemporaryDirectory(prefix="shoal-")
        key = os.path.join(self._folder.name, "shoal.key")
        _native().verb(["keygen", "--output=" + key])
        self._flags = {**self._flags, "key": key}
        return key

    def _tool(self, *words):
        place = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        paths = [place, os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ,
                       "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        process = subprocess.Popen(
            [sys.executable, "-m", "shoal", *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=environment, text=True)
        self._processes.append(process)
        return process

    def _said(self, process, pattern):
        """What a process says of its address; else an error with its words."""
        said = []
        for line in process.stdout:
            found = re.match(pattern, line)
            if found:
                return found.group(1)
            said.append(line)
        code = process.wait()
        self.close()
        raise RuntimeError("a node ended with exit code %d: %s" % (
            code, "".join(said).strip()))


def evaluate(model, data, **flags):
    """Measures the accuracy of a model or a plan; see Model.evaluate."""
    return model.evaluate(data, **flags)


def _words(flags):
    """Flags as words of a command line, which the tool parses."""
    words = []
    for name, value in flags.items():
        flag = "--" + name.replace("_", "-")
        if name in _OF_PROCESS:
            raise TypeError("%s is for the command line alone" % flag)
        if value is None or value is False:
            continue
        if value is True:
            words.append(flag)
        elif isinstance(value, (list, tuple)):
            texts = [str(v) for v in value]
            if name not in _REPEATED:
                texts = [",".join(texts)]
            words += ["%s=%s" % (flag, text) for text in texts]
        else:
            words.append("%s=%s" % (flag, os.fspath(value) if isinstance(
                value, os.PathLike) else value))
    return words


def _arrays(session, frame):
    """One frame as the list of arrays that a session takes."""
    if isinstance(frame, dict):
        names = [name for name, _, _ in session.inputs]
        if sorted(frame) != sorted(names):
            raise ValueError("a frame has the inputs %s, and the model %s" % (
                sorted(frame), sorted(names)))
        return [frame[name] for name in names]
    return list(frame) if isinstance(frame, (list, tuple)) else [frame]


def _pair(pair):
    try:
        array, label = pair
        return array, int(label)
    except (TypeError, ValueError):
        raise TypeError("data must be pairs of an array and a class, not %s" %
                        type(pair).__name__) from None


def _is_stack(session, frames):
    """Whether an array has several frames along its first axis."""
    if not hasattr(frames, "shape") or len(session.inputs) != 1:
        return False
    shape = tuple(session.inputs[0][2])
    if frames.shape == shape:
        return False
    if frames.shape[1:] == shape:
        return True
    return shape[:1] == (1,) and frames.shape[1:] == shape[1:]


def _stream(session, frames, is_sequence, progress):
    answers = []
    source = iter(frames)

    def following():
        for frame in source:
            return _arrays(session, frame)
        return None
    try:
        session.stream(following, answers.append, is_sequence, progress)
    finally:
        session.close()
    return [a[0] if len(a) == 1 else a for a in answers]


def _run(session, frames, is_sequence, progress):
    if not _is_stack(session, frames):
        return _stream(session, [frames], is_sequence, progress)[0]
    import numpy
    answers = _stream(session, frames, is_sequence, progress)
    join = numpy.concatenate if session.inputs[0][2][:1] == (1,) else numpy.stack
    if len(session.outputs) == 1:
        return join(answers)
    return [join(parts) for parts in zip(*answers)]


def _file_of(model, input, folder):
    """A path that the tool reads: the given one, or that of arrays."""
    if isinstance(input, (str, os.PathLike)):
        return os.fspath(input)
    import numpy
    names = [tensor["name"] for tensor in model._facts["inputs"]]
    arrays = list(input) if isinstance(input, (list, tuple)) else [input]
    arrays = [numpy.ascontiguousarray(_plain(array)) for array in arrays]
    if len(arrays) != len(names):
        raise ValueError("%d arrays, and the model has %d inputs" % (
            len(arrays), len(names)))
    if len(arrays) == 1:
        path = os.path.join(folder, "input.npy")
        numpy.save(path, arrays[0], allow_pickle=False)
    else:
        path = os.path.join(folder, "input.npz")
        numpy.savez(path, **dict(zip(names, arrays)))
    return path


def _samples(model, samples, folder):
    """Frames of float32 values in a file, one after another."""
    import numpy
    shapes = [tuple(t["shape"]) for t in model._facts["inputs"]]
    path = os.path.join(folder, "samples.bin")
    with open(path, "wb") as file:
        for frame in samples:
            arrays = frame if isinstance(frame, (list, tuple)) else [frame]
            if len(arrays) != len(shapes):
                raise ValueError("a sample has %d arrays, and the model %d "
                                 "inputs" % (len(arrays), len(shapes)))
            for array, shape in zip(arrays, shapes):
                array = _plain(array)
                if array.dtype.kind not in "fiu":
                    raise TypeError("samples must be numbers, not %s" %
                                    array.dtype)
                if array.shape not in (shape, shape[1:]):
                    raise ValueError(
                        "a sample of shape %s, and the model's input is %s; "
                        "of an ONNX model channels come last" %
                        (array.shape, shape))
                if not numpy.isfinite(array).all():
                    raise ValueError("a sample has NaN or infinity")
                file.write(numpy.ascontiguousarray(array, "<f4").tobytes())
    return path


def _plain(array):
    import numpy
    if not isinstance(array, numpy.ndarray):
        raise TypeError("%s is no NumPy array; give numpy.asarray(...) of it" %
                        type(array).__name__)
    return array


def _sizes(shape):
    return "x".join(map(str, shape)) or "scalar"


def _table(title, names, rows):
    """Rows as HTML: numbers to the right, no text taken for markup."""
    def cell(value):
        if isinstance(value, float):
            return '<td style="text-align:right">%.3f</td>' % value
        if isinstance(value, int):
            return '<td style="text-align:right">{:,}</td>'.format(value)
        return '<td style="text-align:left">%s</td>' % html.escape(str(value))
    head = "".join("<th>%s</th>" % html.escape(name) for name in names)
    body = "".join("<tr>%s</tr>" % "".join(map(cell, row)) for row in rows)
    return ("<table><caption>%s</caption><thead><tr>%s</tr></thead>"
            "<tbody>%s</tbody></table>" % (html.escape(title), head, body))
