#!/usr/bin/env python3
"""Every objective of `auto`: int8 golden models on 1 to 8 nodes of three boards,
a mixture of these and eight clocks. Each plan is checked and run in virtual
time; its output must be the oracle's. With a node more none must need a larger
arena (objective ram), nor a frame longer (latency, but for 0.2 %).
Prints a line a run; ends with what failed, and 1 if there is any. Hours for all.

  tools/objectives_campaign.py SHOAL [MODEL_PATTERN [NODES]]

NODES: such as 1,2,4,8. Needs SHOAL_SHARED.
"""
import fnmatch
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["XDG_CACHE_HOME"] = "/dev/null"  # each plan is searched for

BOARDS = ["teensy41", "rp2350", "stm32h743"]
CLOCKS = [150, 300, 450, 150, 450, 300, 300, 600]  # MHz
ALL = "1,2,3,4,5,6,7,8"
OBJECTIVES = ["latency", "ram", "throughput", "energy", "traffic"]
# The margin of what fewer nodes need; the figures that a plan states and those
# of virtual time differ by so much.
MARGIN = {"ram": 0, "latency": 0.002}


def models(shared, pattern):
    """The golden models of whole networks whose files have no floats."""
    for folder in sorted((shared / "golden").iterdir()):
        name = folder.name
        if not fnmatch.fnmatch(name, pattern):
            continue
        if name.endswith(("fp32", "float", "float32", "pretrainedResnet")):
            continue
        for file in (shared / "models" / (name + ".tflite"),
                     shared / "models" / "synth" / (name + ".tflite")):
            if file.exists():
                yield name, file


def cluster_flags(kind, nodes, folder):
    """How SHOAL is told of so many nodes of a board or a mixture."""
    if kind in BOARDS:
        return ["--board", kind, "--nodes", str(nodes)]
    text = ""
    for n in range(nodes):
        board = BOARDS[n % len(BOARDS)] if kind == "mixed" else BOARDS[0]
        text += f'[[node]]\nname = "node{n}"\nboard = "{board}"\n'
        if kind == "clocks":
            text += f"clock_mhz = {CLOCKS[n % len(CLOCKS)]}\n"
    file = folder / f"{kind}_{nodes}.toml"
    file.write_text(text)
    return ["--cluster", str(file)]


def run(shoal, model, flags, objective):
    """Arena and time of the plan's run, or what went wrong."""
    made = subprocess.run(
        [shoal, "simulate", model, "random:1", *flags,
         "--objective", objective, "--json"], capture_output=True, text=True)
    if made.returncode != 0:
        said = made.stderr.strip().splitlines() or ["says nothing"]
        return None, f"exit {made.returncode}: {said[0]}"
    result = json.loads(made.stdout)
    if not result["equal"]:
        return None, "another output than the oracle's"
    arena = max(n["arena_bytes"] for n in result["nodes"])
    return {"ram": arena, "latency": result["latency_us"]}, None


def main():
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    given = sys.argv[1:] + [None, None]
    shoal, pattern, nodes = given[0], given[1] or "*", given[2] or ALL
    shared = pathlib.Path(os.environ.get("SHOAL_SHARED", "../shared"))
    if not (shared / "golden").is_dir():
        sys.exit(f"{shared} has no golden models (SHOAL_SHARED)")
    wrong, runs, least = [], 0, {}
    with tempfile.TemporaryDirectory() as folder:
        for name, file in models(shared, pattern):
            for count in sorted(int(n) for n in nodes.split(",")):
                for kind in [*BOARDS, "mixed", "clocks"]:
                    flags = cluster_flags(kind, count, pathlib.Path(folder))
                    for objective in OBJECTIVES:
                        found, fault = run(shoal, str(file), flags, objective)
                        runs += 1
                        what = f"{name} on {count} {kind}, {objective}"
                        if found and objective in found:
                            value, key = found[objective], (name, kind, objective)
                            best = least.get(key, value)
                            if value > best * (1 + MARGIN[objective]):
                                fault = f"{value}, {best} on fewer"
                            least[key] = min(best, value)
                        if fault:
                            wrong.append(f"{what}: {fault}")
                        print(what, fault or found, flush=True)
    print(f"{runs} runs, {len(wrong)} wrong")
    print("\n".join(wrong))
    sys.exit(1 if wrong or runs == 0 else 0)


if __name__ == "__main__":
    main()
