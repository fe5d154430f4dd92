#!/usr/bin/env python3
"""Random requests of `simulate`: small golden models on a node alone or on unequal
nodes of all boards, with budgets of RAM and flash that hardly suffice, slow links,
losses, strategies, objectives and limits. Whatever is planned is checked and run;
its output must be the oracle's, within every node's RAM. What is refused ends with
exit code 3 (or 2, for what flags ask for) and says why; where it says which --ram
or --max-arena would do, that is tried.
Prints a line a run; ends with what failed, and 1 if there is any.

  tools/requests_campaign.py SHOAL [SECONDS [SEED]]

SECONDS (600): no run begins later. Needs SHOAL_SHARED.
"""
import json
import os
import pathlib
import random
import shlex
import subprocess
import sys
import tempfile
import time

os.environ["XDG_CACHE_HOME"] = "/dev/null"  # each plan is searched for

MODELS = [
    "ad01_int8", "hello_world_int8", "kws_ref_model", "micro_speech_quantized",
    "mobilenet_v1_0.25_128_quant", "pretrainedResnet_quant", "str_ww_ref_model",
    "tinyengine_vww_i8io", "vww_96_int8"]
STRATEGIES = ["auto", "auto", "auto", "spatial", "kernel", "layer",
              "heads"]
OBJECTIVES = ["latency", "latency", "ram", "throughput", "energy", "traffic"]
TIMEOUT_S = 300  # of a run


def size(dice, least, most):
    """Bytes, as likely of each order of magnitude."""
    return int(least * (most / least) ** dice.random())


def boards(shoal):
    listed = subprocess.run([shoal, "boards", "--json"], capture_output=True,
                            text=True, check=True)
    return [b for b in json.loads(listed.stdout)["boards"]]


def node_text(dice, number, board, weights):
    lines = ["[[node]]", f'name = "node{number}"', f'board = "{board["id"]}"']
    if dice.random() < 0.6:
        lines.append(f"ram = {size(dice, 600, 400000)}")
    if dice.random() < 0.4:
        lines.append(f"flash = {size(dice, weights // 12 + 2000, weights * 2)}")
    if dice.random() < 0.3:
        lines.append(f"clock_mhz = {size(dice, 10, 1000)}")
    if dice.random() < 0.2:
        lines.append('banks = "all"')
    if dice.random() < 0.2:
        lines.append(f"link.mbit_per_s = {dice.choice([0.1, 1, 10, 1000])}")
        lines.append(f"link.latency_us = {dice.choice([0, 50, 20000])}")
    return "\n".join(lines) + "\n"


def some(dice, choices):
    """Of pairs of a probability and flags."""
    return [f for share, flags in choices if dice.random() < share for f in flags]


def lone_request(dice, all_boards, weights):
    """Flags of a node without links."""
    board = dice.choice(all_boards)
    flags = ["--board", board["id"]] + some(dice, [
        (0.7, ["--ram", str(size(dice, 600, 400000))]),
        (0.4, ["--flash", str(size(dice, weights // 10, weights * 2))]),
        (0.1, ["--flash", "0"]),
        (0.3, ["--batch", str(dice.randint(2, 4))]),
        (0.3, ["--max-writes", str(size(dice, 4096, 4 << 20))])])
    return flags, ""


def cluster_request(dice, all_boards, weights, folder):
    """Flags of a cluster, and its file's text."""
    nodes = dice.choice([1, 1, 2, 2, 3, 4, 5, 6, 8, 12])
    kinds = [dice.choice(all_boards) for _ in range(dice.choice([1, 1, 2, 3]))]
    text = "".join(node_text(dice, n, dice.choice(kinds), weights)
                   for n in range(nodes))
    file = folder / "cluster.toml"
    file.write_text(text)
    flags = ["--cluster", str(file)] + some(dice, [
        (0.50, ["--strategy", dice.choice(STRATEGIES)]),
        (0.15, ["--max-traffic", str(size(dice, 1000, 2000000))]),
        (0.20, ["--payload", str(dice.choice([96, 128, 600]))]),
        (0.20, ["--loss", f"{dice.randint(1, 15)}%"]), (0.20, ["--insecure"]),
        (0.20, ["--frames", str(dice.randint(2, 6))])])
    return flags, text


def random_request(dice, all_boards, shared, folder):
    """The model's file, the cluster's text, flags."""
    file = shared / "models" / (dice.choice(MODELS) + ".tflite")
    weights = file.stat().st_size
    if dice.random() < 0.25:
        flags, text = lone_request(dice, all_boards, weights)
    else:
        flags, text = cluster_request(dice, all_boards, weights, folder)
    flags += ["--objective", dice.choice(OBJECTIVES)] + some(dice, [
        (0.15, ["--max-latency", f"{size(dice, 1, 3000)}ms"]),
        (0.10, ["--max-arena", str(size(dice, 1000, 200000))]),
        (0.15, ["--plan-seconds", str(dice.choice([0.001, 0.05, 1]))]),
        (0.20, ["--replay"]), (0.15, ["--no-encrypt"])])
    return file, text, flags


def error_of(stderr):
    """The error that shoal prints under --json; an empty one if it has none."""
    try:
        return json.loads(stderr.strip().splitlines()[-1])["error"]
    except (IndexError, KeyError, TypeError, ValueError):
        return {"message": "", "help": ""}


def asked_for(stderr, flags):
    """Flags with the arena that a refusal asks for; None if it asks for none."""
    for line in error_of(stderr)["help"].splitlines()[:1]:
        name, _, value = line.strip().partition(" ")
        if name in ("--ram", "--max-arena") and name in flags and value.isdigit():
            at = flags.index(name) + 1
            return [*flags[:at], value, *flags[at + 1:]]
    return None


def simulate(shoal, file, seed, flags):
    """The run's end; None: it did not."""
    try:
        return subprocess.run(
            [shoal, "simulate", str(file), f"random:{seed}", *flags, "--json"],
            capture_output=True, text=True, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return None


def fault_of(made, text):
    """What is wrong with a run that has ended; None if nothing is."""
    said = made.stderr.strip().splitlines()
    if made.returncode in (2, 3):
        has_words = error_of(made.stderr)["message"]
        return None if has_words else "refuses without a word"
    if made.returncode != 0:
        return f"exit {made.returncode}: {said[0] if said else 'says nothing'}"
    result = json.loads(made.stdout)
    if not result["equal"]:
        return "another output than the oracle's"
    for node, lines in zip(result["nodes"], text.split("[[node]]")[1:]):
        given = [int(line[6:]) for line in lines.splitlines()
                 if line.startswith("ram = ")]
        if given and node["arena_bytes"] > given[0]:
            return f"{node['name']}: arena of {node['arena_bytes']} B"
    return None


def main():
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    given = sys.argv[1:] + [None, None]
    shoal, seconds, seed = given[0], float(given[1] or 600), int(given[2] or 1)
    shared = pathlib.Path(os.environ.get("SHOAL_SHARED", "../shared"))
    if not (shared / "models").is_dir():
        sys.exit(f"{shared} has no models (SHOAL_SHARED)")
    all_boards, wrong, codes = boards(shoal), [], {}
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            dice = random.Random(seed)
            file, text, flags = random_request(dice, all_boards, shared,
                                               pathlib.Path(folder))
            began = time.monotonic()
            made = simulate(shoal, file, seed, flags)
            code, said, fault = "none", [], f"no end in {TIMEOUT_S} s"
            if made:
                code, fault = made.returncode, fault_of(made, text)
                said = made.stderr.strip().splitlines()[:1] if code else []
                more = asked_for(made.stderr, flags) if code == 3 else None
                again = simulate(shoal, file, seed, more) if more else None
                if again and "ARENA does not fit" in again.stderr:
                    fault = f"{more} is not enough: {again.stderr.strip()}"
            codes[code] = codes.get(code, 0) + 1
            took = time.monotonic() - began
            print(seed, code, f"{took:.1f} s", *said, fault or "", flush=True)
            if fault:
                wrong.append(f"seed {seed}: {fault}\n  simulate {file.name} "
                             f"{shlex.join(flags)}\n{text}")
            seed += 1
    print(f"exit codes {codes}, {len(wrong)} wrong")
    print("\n".join(wrong))
    sys.exit(1 if wrong or not codes else 0)


if __name__ == "__main__":
    main()
