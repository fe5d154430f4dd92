#!/usr/bin/env python3
"""CPU time and memory of `shoal plan` for networks of many layers, as a table for
measurements/plan_growth.csv.

  tools/plan_growth.py SHOAL [CASE ...]

Makes chains of small convolutions and branches that split again, quantizes them, and
plans them over Teensy 4.1. The other cases need SHOAL_SHARED. CASE is the begin of a
row, such as "chain of 400"; without one, all are planned.
"""
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

from wide_costs import Onnx, told

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHARED = os.environ.get("SHOAL_SHARED", str(ROOT.parent / "shared"))
CHAINS = (100, 200, 400, 800)
DEPTH = 7  # of branches that split again


def conv(o, before, name):
    """A convolution of 3x3 that changes nothing, so that ranges stay the same however
    many follow each other."""
    weights = [float(i == o_ and at == 4) for o_ in range(8) for i in range(8)
               for at in range(9)]
    o.tensor("w" + name, [8, 8, 3, 3], 1, struct.pack(f"<{len(weights)}f", *weights))
    o.node("Conv", [before, "w" + name], name, kernel_shape=[3, 3], pads=[1] * 4)


def chain(path, layers):
    """Convolutions in a row, each of 8 channels of 16 rows and columns."""
    o = Onnx({"x": [1, 8, 16, 16]})
    before = "x"
    for layer in range(layers):
        conv(o, before, f"conv {layer}")
        before = f"conv {layer}"
    o.write(path, {before: [1, 8, 16, 16]})


def branches(path):
    """A convolution whose result splits into two branches, each of which splits
    again. Sums join them."""
    o = Onnx({"x": [1, 8, 16, 16]})

    def branch(before, depth, name):
        conv(o, before, f"conv {name}")
        if depth == 0:
            return f"conv {name}"
        halves = [branch(f"conv {name}", depth - 1, name + side) for side in "lr"]
        o.node("Add", halves, f"add {name}")
        return f"add {name}"

    conv(o, "x", "first")
    o.write(path, {branch("first", DEPTH, "b"): [1, 8, 16, 16]})


def cases(folder, shoal, wanted):
    """Names, models and numbers of nodes."""
    made = [(f"chain of {n} convolutions", lambda path, n=n: chain(path, n), 4)
            for n in CHAINS]
    made.append((f"branches that split again, {DEPTH} deep", branches, 4))
    for name, write, nodes in made:
        if not wanted(name):
            continue
        path = os.path.join(folder, "net")
        write(path + ".onnx")
        told([shoal, "quantize", path + ".onnx", "--calibrate", "random:1",
              "-o", path + ".tflite"])
        yield name, path + ".tflite", nodes
    for name, model, nodes in (
            ("gru_unrolled_T16", f"{SHARED}/cases/07_gru_unrolled_T16/model.tflite", 2),
            ("blazeface_front_128", f"{SHARED}/models_more/blazeface_front_128.tflite", 4),
            ("hand_landmarks_full_224",
             f"{SHARED}/models_more/hand_landmarks_full_224.tflite", 4)):
        if wanted(name) and os.path.exists(model):
            yield name, model, nodes


def planned(shoal, model, nodes, out):
    """CPU seconds and MB at most of one plan."""
    environment = dict(os.environ, XDG_CACHE_HOME="/dev/null")  # plans are searched for
    child = subprocess.Popen(
        [shoal, "plan", model, "--board", "teensy41", "--nodes", str(nodes), "-o", out],
        env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"exit code {child.returncode}: {model}")
    return usage.ru_utime, usage.ru_maxrss / 1024


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    shoal, names = os.path.abspath(sys.argv[1]), sys.argv[2:]
    print("network,nodes,CPU (s),MB at most")
    with tempfile.TemporaryDirectory() as folder:
        def wanted(name):
            return not names or any(name.startswith(n) for n in names)
        for name, model, nodes in cases(folder, shoal, wanted):
            seconds, mb = planned(shoal, model, nodes, os.path.join(folder, "plan.json"))
            print(f'"{name}",{nodes},{seconds:.2f},{mb:.0f}', flush=True)


if __name__ == "__main__":
    main()
