#!/usr/bin/env python3
"""Compares docs/reference/json.md with the JSON that the verbs print.

  tools/check_json.py SHOAL

The verbs that need neither an emulator nor a network are run. Every key that
they print must be named on the page for its object, and every key of the page
that has no condition must be printed. A key with a condition, and each key of
the other verbs, must be a string of the sources at least. Other verbs' keys are
also looked for in their sources, so that a new one is not forgotten.
"""
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/reference/json.md"
MODEL = str(ROOT / "models/fashion_mobilenet_v2.tflite")
BAG, COAT = (str(ROOT / f"models/samples/{name}/0.png") for name in ("bag", "coat"))
IMPORTED = ROOT / "fuzz/corpus/import"
BOARD = ["--board", "teensy41"]
TWO = [*BOARD, "--nodes", "2", "--strategy", "kernel"]

# Per section: the commands whose outputs together have all of its keys that
# have no condition. None: the verb needs an emulator, a network or a long time.
COMMANDS = {
    "errors.json": [["run", "--json"], ["plan", "missing.tflite"]],
    "answers.json": [["run", MODEL, BAG, "--output-dir", "answers"],
                     ["run", MODEL, BAG, COAT, "--batch", "2"],
                     ["run", "--store", "stores", BAG]],
    "verify.json": [["verify", MODEL, BAG]],
    "evaluation.json": [["evaluate", MODEL, str(ROOT / "models/samples")]],
    "plan.json": [["plan", MODEL, *BOARD, "--ram", "24K", "--explain"],
                  ["plan", MODEL, *BOARD, "--flash", "0", "--batch", "2"],
                  ["plan", MODEL, *TWO, "--ram", "32K", "--explain"],
                  ["plan", MODEL, *TWO, "--objective", "throughput"],
                  ["plan", MODEL, *TWO, "--pareto", "front.html"]],
    "simulate.json": [["simulate", MODEL, BAG, *BOARD],
                      ["simulate", MODEL, "random:1", "--batch", "2"],
                      ["simulate", MODEL, BAG, *TWO]],
    "report.json": None,
    "study.json": None,
    "inspect.json": [["inspect", MODEL],
                     ["inspect", str(IMPORTED / "detector.tflite")],
                     ["inspect", str(IMPORTED / "float_convolutions.tflite")]],
    "quantize.json": [["quantize", str(IMPORTED / "float_convolutions.tflite"),
                       "--calibrate", "frames.bin", "-o", "int8.tflite",
                       "--min-snr", "0"]],
    "build.json": [["build", MODEL, "--store", "stores"],
                   ["build", MODEL, "--board", "mps2-an386", "-o", "image"]],
    "export.json": [["export", MODEL, *BOARD, "--as", "c", "-o", "project"]],
    "emulate.json": None,
    "bench-node.json": None,
    "discover.json": None,
    "probe.json": None,
    "deploy.json": None,
    "service.json": None,
    "ops.json": [["ops"]],
    "boards.json": [["boards"]],
    "doctor.json": [["doctor"]],
    "formats.json": [["formats"], ["formats", "plan.json"]],
}
# What is made first for other commands.
FIRST = COMMANDS["build.json"]
# Where the keys of the verbs that are not run are written.
SOURCES = {
    "answers.json": ["host/cli/send.cc"],
    "report.json": ["host/cli/report.cc"],
    "study.json": ["host/charts/document_json.cc"],
    "emulate.json": ["host/cli/emulate.cc", "host/cli/emulate_nodes.cc"],
    "bench-node.json": ["host/study/bench_node/format.cc"],
    "discover.json": ["host/cli/discover.cc"],
    "probe.json": ["host/cli/probe.cc"],
    "deploy.json": ["host/cli/deploy.cc"],
    "service.json": ["host/cli/serve.cc", "host/cli/serve_status.cc",
                     "host/cli/serve_http.cc", "host/cli/watch.cc"],
}
# {"key", value} that is neither a column of a table nor a pair of results, and
# json["key"].
KEY = re.compile(r'(?<!return )\{"([a-z0-9_]+)",(?!\s*Align)|\[?"([a-z0-9_]+)"\] =')


class Named:
    """A key of an object, as the page has it."""

    def __init__(self, of, key, when):
        self.of, self.key, self.when, self.seen = of, key, when, False

    def is_for(self, path, key):
        """Whether this names `key` of the object at `path`, a tuple."""
        of = tuple(self.of.split(".")) if self.of else ()
        if len(of) > len(path) or (not of and path):
            return False
        end = path[len(path) - len(of):]
        return (all(a in ("*", b) for a, b in zip(of, end)) and
                (self.key == key or self.key.isupper()))


def read_page():
    """Per section the keys, and the verbs that print it."""
    keys, verbs = {}, {}
    for part in PAGE.read_text().split("\n## ")[1:]:
        name, text = part.split("\n", 1)
        keys[name] = []
        verbs[name] = re.findall(r"`shoal ([a-z-]+)(?: \w+)? --json`", text.split("|")[0])
        for line in text.splitlines():
            if not line.startswith("|"):
                continue
            of, names, _, when = (cell.strip() for cell in line.strip("|").split("|"))
            if of == "of" or set(of) == {"-"}:
                continue
            keys[name] += [Named(of, key, when) for key in re.split(r",\s*", names)]
    return keys, verbs


def objects_of(value, path=()):
    """(path, keys) of each object in the value."""
    if isinstance(value, dict):
        yield path, value.keys()
        for key, inner in value.items():
            yield from objects_of(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from objects_of(inner, (*path[:-1], path[-1] + "[]") if path else path)


def told(shoal, folder, command, errors):
    done = subprocess.run([shoal, "--no-config", *command, "--json"], cwd=folder,
                          capture_output=True, text=True)
    if (done.returncode != 0) != errors:
        sys.exit(f"shoal {' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
    return json.loads(done.stderr.splitlines()[-1] if errors else done.stdout)


def check_run(shoal, folder, section, named, made):
    wrong = []
    for command in COMMANDS[section]:
        text = made.get(tuple(command)) or told(shoal, folder, command,
                                                section == "errors.json")
        for path, keys in objects_of(text):
            if "stored" in path:
                continue
            for key in keys:
                names = [n for n in named if n.is_for(path, key)]
                if not names:
                    wrong.append(f"{section}: {'.'.join((*path, key))} is not named")
                for n in names:
                    n.seen = True
    return wrong + [f"{section}: {n.of or 'the object'} has no {n.key}; print it, "
                    "or say when it is printed"
                    for n in named if not n.seen and not n.when]


def check_sources(section, named):
    names = {n.key for n in named}
    wrong = []
    for source in SOURCES.get(section, []):
        for found in KEY.findall((ROOT / source).read_text()):
            key = found[0] or found[1]
            if key not in names:
                wrong.append(f"{section}: {key} of {source} is not named")
    return wrong


def main():
    shoal = str(pathlib.Path(sys.argv[1]).resolve())
    page, verbs = read_page()
    wrong = [f"{name} is not both on the page and in COMMANDS"
             for name in page.keys() ^ COMMANDS.keys()]
    text = "\n".join(p.read_text() for p in (ROOT / "host").rglob("*.[ch]*")
                     if not p.name.endswith("_test.cc"))
    literals = set(re.findall(r'"([a-z0-9_]+)\\?"', text))
    with tempfile.TemporaryDirectory() as folder:
        # Two frames of noise for the inputs of the float model.
        inputs = told(shoal, folder, COMMANDS["inspect.json"][2], False)["inputs"]
        size = 4 * sum(int_product(i["shape"]) for i in inputs)
        (pathlib.Path(folder) / "frames.bin").write_bytes(
            bytes((i * 37 % 61 if i % 4 < 2 else 62) for i in range(2 * size)))
        made = {tuple(c): told(shoal, folder, c, False) for c in FIRST}
        for name in page.keys() & COMMANDS.keys():
            if COMMANDS[name]:
                wrong += check_run(shoal, folder, name, page[name], made)
            wrong += check_sources(name, page[name])
            wrong += [f"{name}: no source has {n.key}" for n in page[name]
                      if not n.seen and not n.key.isupper() and n.key not in literals]
    taken = collections.Counter(v for of in verbs.values() for v in set(of))
    for verb in verbs_with_json(shoal):
        if verb not in taken:
            wrong.append(f"no section says that `shoal {verb} --json` prints it")
    print("\n".join(sorted(set(wrong))), end="\n" if wrong else "")
    return 1 if wrong else 0


def int_product(shape):
    product = 1
    for size in shape:
        product *= size
    return product


def verbs_with_json(shoal):
    text = subprocess.run([shoal, "--help"], capture_output=True, text=True,
                          check=True).stdout
    for verb in re.findall(r"^  ([a-z-]+) {2,}", text.split("General:")[0], re.M):
        flags = subprocess.run([shoal, verb, "--help-all"], capture_output=True,
                               text=True, check=True).stdout
        if "--json" in flags:
            yield verb


if __name__ == "__main__":
    sys.exit(main())
