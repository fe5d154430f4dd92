#!/usr/bin/env python3
"""Tests of the Python module against the command line tool.

SHOAL_EXECUTABLE names the tool, SHOAL_MODELS the folder of bundled models, and
PYTHONPATH leads to the module.
"""
import ast
import doctest
import inspect
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

try:
    import numpy
except ImportError:
    sys.exit(77)  # skipped

# The folder of this file has the module without what is compiled.
sys.path.remove(os.path.dirname(os.path.abspath(__file__)))
import shoal  # noqa: E402

TOOL = os.environ["SHOAL_EXECUTABLE"]
MODEL = os.path.join(os.environ["SHOAL_MODELS"], "fashion_mobilenet_v2.tflite")
SMALL = "zoo:mobilenet_v2@32"


def tool(*words):
    done = subprocess.run([TOOL, "--no-config", *words], capture_output=True, check=True)
    return done.stdout.decode()


def noise(shape, seed=1):
    values = numpy.random.default_rng(seed).integers(-128, 128, shape)
    return values.astype("int8")


class Same(unittest.TestCase):
    """What the tool prints is what the module returns."""

    def test_inspect(self):
        self.assertEqual(shoal.load(MODEL).inspect(),
                         json.loads(tool("inspect", MODEL, "--json")))

    def test_plan_digit_for_digit(self):
        model = shoal.load(MODEL)
        for flags, words in (
                ({"board": "teensy41", "ram": "64K"}, ["--board", "teensy41", "--ram", "64K"]),
                ({"ram": 65536}, ["--ram", "65536"]),
                ({"nodes": 2, "ram": "64K", "strategy": "spatial"},
                 ["--nodes=2", "--ram=64K", "--strategy=spatial"])):
            plan = model.plan(**flags)
            self.assertEqual(plan.to_json(), tool("plan", MODEL, *words, "--json"))
            self.assertEqual(plan.nodes, json.loads(plan.to_json())["nodes"])

    def test_plan_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "p.json")
            plan = shoal.load(MODEL).plan(ram="64K", output=path)
            self.assertEqual(tool("plan", MODEL, "--ram=64K", "--plan", path, "--json"),
                             plan.to_json())

    def test_simulate(self):
        model = shoal.load(MODEL)
        said = json.loads(tool("simulate", MODEL, "random:3", "--board=teensy41",
                               "--json"))
        self.assertEqual(model.simulate("random:3", board="teensy41"), said)
        plan = model.plan(board="teensy41")
        self.assertEqual(plan.simulate("random:3")["latency_s"], said["latency_s"])

    def test_run(self):
        x = noise((1, 96, 96, 1))
        with tempfile.TemporaryDirectory() as folder:
            given, got = (os.path.join(folder, n) for n in ("x.bin", "y.bin"))
            x.tofile(given)
            tool("run", MODEL, given, "-o", got)
            expected = numpy.fromfile(got, "int8").reshape(1, 10)
        model = shoal.load(MODEL)
        numpy.testing.assert_array_equal(model.run(x), expected)
        plan = model.plan(nodes=2, ram="64K", strategy="spatial")
        numpy.testing.assert_array_equal(plan.run(x), expected)


class Arrays(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = shoal.load(MODEL)
        cls.x = noise((1, 96, 96, 1))
        cls.y = cls.model.run(cls.x)

    def test_any_order_of_values_in_memory(self):
        wide = numpy.zeros((1, 96, 192, 1), "int8")
        wide[:, :, ::2] = self.x
        for same in (numpy.asfortranarray(self.x), wide[:, :, ::2], self.x.copy()):
            numpy.testing.assert_array_equal(self.model.run(same), self.y)

    def test_stack(self):
        x = noise((3, 96, 96, 1), 2)
        y = self.model.run(x)
        self.assertEqual(y.shape, (3, 10))
        for i in range(3):
            numpy.testing.assert_array_equal(self.model.run(x[i:i + 1])[0], y[i])
        answers = self.model.stream(x[i:i + 1] for i in range(3))
        numpy.testing.assert_array_equal(numpy.concatenate(answers), y)

    def refused(self, x, word, kind="usage"):
        with self.assertRaises(shoal.Error) as caught:
            self.model.run(x)
        self.assertEqual(caught.exception.kind, kind)
        self.assertIn(word, str(caught.exception))

    def test_hostile_arrays(self):
        f = numpy.zeros((1, 96, 96, 1), "float32")
        f[0, 5, 5, 0] = numpy.nan
        self.refused(f, "485 is not a number")
        f[0, 5, 5, 0] = numpy.inf
        self.refused(f, "485")
        self.refused(self.x[:, :95], "95")
        self.refused(numpy.zeros((0, 96, 96), "int8"), "")
        self.refused(self.x.astype("complex64"), "complex64")
        self.refused(self.x.astype("bool"), "bool")
        self.refused(self.x.astype("float16"), "float16")
        self.refused(numpy.array(None, object), "object")
        self.refused("text", "NumPy")
        self.refused(None, "NumPy")
        self.refused([self.x, self.x], "2 arrays")
        with self.assertRaises(ValueError):
            self.model.run({"other": self.x})

    def test_evaluate(self):
        frames = [noise((1, 96, 96, 1), s) for s in range(4)]
        best = [int(self.model.run(x)[0].argmax()) for x in frames]
        report = shoal.evaluate(self.model, zip(frames, best))
        self.assertEqual((report["frames"], report["top1"]), (4, 1.0))
        for wrong in ([], [(frames[0], 10)], [(frames[0], -1)]):
            with self.assertRaises(shoal.Error):
                self.model.evaluate(wrong)
        with self.assertRaises(TypeError):
            self.model.evaluate(frames[0][0, :1])

    def test_errors_of_an_iterable_come_through(self):
        def frames():
            yield self.x
            raise KeyError("mine")
        with self.assertRaisesRegex(KeyError, "mine"):
            self.model.stream(frames())


class Errors(unittest.TestCase):
    def test_attributes(self):
        model = shoal.load(SMALL)
        with self.assertRaises(shoal.Error) as caught:
            model.plan(ram="1K")
        e = caught.exception
        self.assertEqual((e.code, e.kind), (3, "does_not_fit"))
        self.assertIn("--ram", e.help)
        self.assertIn(e.message, str(e))
        for flags in ({"ram": "soon"}, {"bord": "teensy41"}, {"board": "none"},
                      {"nodes": "x"}, {"ram": "--json"}):
            with self.assertRaises(shoal.Error) as caught:
                model.plan(**flags)
            self.assertEqual(caught.exception.code, 2)
        with self.assertRaises(TypeError):
            model.plan(timeout=1)

    def test_files(self):
        with self.assertRaises(shoal.Error):
            shoal.load("/nowhere/m.tflite")
        with tempfile.NamedTemporaryFile(suffix=".tflite") as file:
            file.write(b"not a model")
            file.flush()
            with self.assertRaises(shoal.Error) as caught:
                shoal.load(file.name)
            self.assertEqual(caught.exception.kind, "corrupt")

    def test_names_become_no_markup(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "<b>&.tflite")
            os.symlink(MODEL, path)
            model = shoal.load(path)
            plan = model.plan()
            report = plan.report()
            for text in (model._repr_html_(), plan._repr_html_(), report.html):
                self.assertIn("&lt;b&gt;&amp;", text)
                self.assertNotIn("<b>", text)
            shown = report._repr_html_()
            self.assertEqual(shown.count("<"), 2)
            self.assertIn("&amp;lt;b&amp;gt;&amp;amp;", shown)
            report.save(os.path.join(folder, "r.html"))
            with open(os.path.join(folder, "r.html"), encoding="utf-8") as file:
                self.assertEqual(file.read(), report.html)


class Clusters(unittest.TestCase):
    def test_stream_on_workers(self):
        model = shoal.load(MODEL)
        frames = [noise((1, 96, 96, 1), s) for s in range(3)]
        expected = [model.run(x) for x in frames]
        with shoal.Cluster(2, ram="64K") as cluster:
            self.assertEqual(len(cluster.addresses), 2)
            answers = cluster.stream(model, iter(frames), strategy="spatial")
            numpy.testing.assert_array_equal(answers, expected)
            # What a frame raises ends the run, and the workers take the next.
            with self.assertRaises(shoal.Error):
                cluster.stream(model, [frames[0], frames[1][:, :5]])
            numpy.testing.assert_array_equal(cluster.run(model, frames[2]), expected[2])
        with self.assertRaises(shoal.Error):
            shoal.Cluster("127.0.0.1:9", insecure=True, node_timeout=0.2).run(
                model, frames[0])

    def test_emulated_boards(self):
        model = shoal.load(MODEL)
        x = noise((1, 96, 96, 1))
        try:
            cluster = shoal.Cluster(2, board="lm3s6965evb", emulate=True)
        except RuntimeError as error:
            if os.environ.get("SHOAL_BOOT") == "1":
                raise
            self.skipTest(str(error))
        with cluster:
            numpy.testing.assert_array_equal(
                cluster.run(model, x, strategy="spatial", node_timeout=30),
                model.run(x))

    def test_what_no_cluster_is(self):
        for wrong in (0, -1):
            with self.assertRaises(ValueError):
                shoal.Cluster(wrong)
        with self.assertRaises(TypeError):
            shoal.Cluster(["127.0.0.1:9"], emulate=True)
        with self.assertRaisesRegex(RuntimeError, "exit code 2.*board"):
            shoal.Cluster(1, board="none")


def rank_command(ranks, script):
    return ["mpirun", "--oversubscribe", "--mca", "btl", "self,vader", "--mca",
            "btl_vader_single_copy_mechanism", "none", "-n", str(ranks),
            sys.executable, "-m", "mpi4py", script]


SWEEP = """
import os, sys, shoal
from mpi4py import MPI
comm = MPI.COMM_WORLD
model = shoal.load(%r)
computed = 0
def row(nodes, ram):
    global computed
    computed += 1
    if computed > int(os.environ.get("MOST", "99")):
        os._exit(1)  # as if the machine went down
    try:
        plan = model.plan(board="teensy41", nodes=nodes, ram=ram, no_cache=True,
                          strategy="spatial")
        return [nodes, ram, plan.arena_bytes, plan["latency_us"]]
    except shoal.Error as error:
        return [nodes, ram, error.kind, None]
cases = [(n, r) for n in (1, 2, 3) for r in ("16K", "24K")]
rows = shoal.sweep(row, cases, journal="j", comm=comm)
if comm.rank == 0:
    with open("rows.txt", "w") as file:
        print(rows, file=file)
print("computed", computed)
""" % MODEL


class Sweeps(unittest.TestCase):
    def test_threads(self):
        cases = [(a, b) for a in range(4) for b in "xy"]
        self.assertEqual(shoal.sweep(lambda a, b: b * a, cases + cases[:2]),
                         [b * a for a, b in cases + cases[:2]])

        def fails(a, b):
            raise LookupError(b)
        with self.assertRaisesRegex(LookupError, "x"):
            shoal.sweep(fails, cases)

    def test_what_was_broken_off_goes_on(self):
        with tempfile.TemporaryDirectory() as folder:
            journal = os.path.join(folder, "j")
            seen = []

            def row(a):
                seen.append(a)
                if a == 3 and len(seen) <= 5:
                    raise OSError("away")
                return (a, a / 3, float("nan") if a == 1 else None)
            cases = [(a,) for a in range(5)]
            with self.assertRaisesRegex(OSError, "away"):
                shoal.sweep(row, cases, journal=journal)
            with open(journal, "a") as file:
                file.write('[[9], "brok')
            del seen[:]
            seen.extend([None] * 5)
            rows = shoal.sweep(row, cases, journal=journal)
            self.assertEqual(seen[5:], [3])
            self.assertEqual(repr(rows), repr(
                [[a, a / 3, float("nan") if a == 1 else None] for a in range(5)]))
            self.assertEqual(repr(shoal.sweep(row, cases, journal=journal)), repr(rows))
            self.assertEqual(seen[5:], [3])

    def test_any_number_of_ranks(self):
        try:
            import mpi4py  # noqa: F401
        except ImportError:
            self.skipTest("no mpi4py")
        environment = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1",
                       "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}

        def run(folder, ranks, most=99):
            script = os.path.join(folder, "sweep.py")
            with open(script, "w") as file:
                file.write(SWEEP)
            return subprocess.run(
                rank_command(ranks, script), cwd=folder, capture_output=True, text=True,
                env={**environment, "TMPDIR": folder, "MOST": str(most)})

        def rows(folder):
            with open(os.path.join(folder, "rows.txt")) as file:
                return file.read()
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as many:
            done = run(one, 1)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("does_not_fit", rows(one))
            self.assertNotEqual(run(many, 2, most=2).returncode, 0)
            self.assertFalse(os.path.exists(os.path.join(many, "rows.txt")))
            done = run(many, 3)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(rows(many), rows(one))
            again = sum(map(int, re.findall(r"computed (\d+)", done.stdout)))
            self.assertLess(again, 6)


class Process(unittest.TestCase):
    def test_progress_and_what_it_raises(self):
        seen = []
        shoal.load(SMALL).plan(nodes=2, strategy="spatial", no_cache=True,
                               progress=lambda *step: seen.append(step))
        self.assertTrue(all(what == "plans" for what, _, _ in seen))

        def refuse(*_):
            raise LookupError("enough")
        with self.assertRaisesRegex(LookupError, "enough"):
            shoal.load("zoo:kwt3").plan(nodes=2, no_cache=True, progress=refuse)

    def test_interrupt_of_frames(self):
        model = shoal.load(MODEL)
        x = noise((1, 96, 96, 1))
        taken = []

        def endless():
            while True:
                taken.append(1)
                yield x
        timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with self.assertRaises(KeyboardInterrupt):
            model.stream(endless())
        timer.join()
        self.assertGreater(len(taken), 1)
        self.assertEqual(model.run(x).shape, (1, 10))

    def test_interrupt(self):
        model = shoal.load("zoo:kwt3")
        timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with self.assertRaises(KeyboardInterrupt):
            model.plan(nodes=2, no_cache=True)
        timer.join()
        self.assertEqual(len(shoal.load(MODEL).plan().nodes), 1)

    def test_threads(self):
        model = shoal.load(MODEL)
        plans = {}

        def plan(ram):
            plans[ram] = model.plan(ram=ram).to_json()
        threads = [threading.Thread(target=plan, args=(r,)) for r in ("64K", "96K")]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        for ram, text in plans.items():
            self.assertEqual(text, model.plan(ram=ram).to_json())

    def test_no_allocator_comes_along(self):
        shoal.load(SMALL)
        with open("/proc/self/maps") as file:
            self.assertNotIn("mimalloc", file.read())

    def test_import_is_quick(self):
        def cpu(code):
            before = os.times()
            subprocess.run([sys.executable, "-c", code], check=True)
            after = os.times()
            return (after.children_user - before.children_user +
                    after.children_system - before.children_system)
        alone, both = (min(cpu(code) for _ in range(5)) for code in (
            "import numpy", "import numpy, shoal, sys; "
            "assert 'shoal._core' not in sys.modules"))
        print("import shoal takes %.0f ms of CPU above NumPy's" %
              (1e3 * (both - alone)))
        # The aim is 50 ms.
        self.assertLess(both - alone, 0.5)

    def test_tool(self):
        done = subprocess.run([sys.executable, "-m", "shoal", "inspect", MODEL, "--json"],
                              capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, tool("inspect", MODEL, "--json"))


class Texts(unittest.TestCase):
    def test_examples(self):
        failed, tried = doctest.testmod(shoal)
        self.assertGreater(tried, 5)
        self.assertEqual(failed, 0)
        self.assertEqual(doctest.testmod(sys.modules["shoal._sweep"]), (0, 2))

    def test_page(self):
        try:
            import matplotlib
            import pandas  # noqa: F401
        except ImportError:
            self.skipTest("no pandas or matplotlib")
        matplotlib.use("Agg")
        root = os.path.dirname(os.environ["SHOAL_MODELS"])
        with open(root + "/docs/tutorials/sweep_from_python.md") as file:
            blocks = re.findall(r"```python\n(.*?)```", file.read(), re.S)
        page = doctest.DocTestParser().get_doctest(
            "\n".join(blocks), {}, "sweep_from_python.md", None, 0)
        before = os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            os.symlink(os.environ["SHOAL_MODELS"], folder + "/models")
            os.chdir(folder)
            try:
                failed = doctest.DocTestRunner(
                    optionflags=doctest.NORMALIZE_WHITESPACE).run(page).failed
                self.assertTrue(os.path.exists("sweep.svg"))
            finally:
                os.chdir(before)
        self.assertEqual(failed, 0)

    def test_stub_has_what_the_module_has(self):
        path = os.path.join(os.path.dirname(shoal.__file__), "__init__.pyi")
        with open(path) as file:
            stub = ast.parse(file.read())
        typed = {c.name: {f.name for f in c.body if isinstance(f, ast.FunctionDef)}
                 for c in stub.body if isinstance(c, ast.ClassDef)}
        for name in ("Model", "Plan", "Report", "Cluster"):
            public = {n for n, f in vars(getattr(shoal, name)).items()
                      if not n.startswith("_") and (inspect.isfunction(f) or
                                                    isinstance(f, property))}
            self.assertEqual(public - typed[name], set(), name)
            self.assertEqual({n for n in typed[name] if n[0] != "_"} - public, set(), name)


if __name__ == "__main__":
    # A script's background programs ignore interrupts, which tests here send.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    unittest.main()
