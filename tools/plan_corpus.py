#!/usr/bin/env python3
"""A corpus of requests for plans, with what was found for each: the gate for every
change of the planner.

  tools/plan_corpus.py make SHOAL [--seconds S]     plans what measurements/plan_corpus.csv
                                                    lacks of the corpus, and adds it
  tools/plan_corpus.py compare SHOAL [--seconds S]  plans again, and compares
  tools/plan_corpus.py nested SHOAL [--seconds S] [--each S] [--virtual]
                                                    plans with more, and compares

`compare` prints every request that became more than 1 % worse, the geometric mean of the
objective (new over old) and the sum of CPU time; it ends in 1 if a request became worse
or is refused now. With --seconds it takes requests, spread over the corpus, that took so
many CPU seconds in all; without, all. CPU time differs from machine to machine: compare
two builds on one.

Requests are random, but always the same: networks x boards x 1 to 64 nodes x budgets x
objectives x limits. The last 40 have budgets little above the smallest arena. The 60
before them are of unequal nodes: where `--board`, `--ram` or `--clock` (per cent of the
board's) has several values, which become a cluster's file for `shoal plan`, nodes have
them in turn. Without SHOAL_SHARED it ends in 77; models that this folder lacks are left
out.

`nested` plans requests for the least time twice, the second time with up to 1.6 times
the memory, with one or two nodes more, or over links up to 10 times as fast (`--rate`
here, which is a cluster's file for `shoal plan`). It prints each that takes over 0.5 %
longer with more; with --virtual it compares virtual time, and prints each over 2 %.
With --each it takes requests that took at most so many CPU seconds.
"""
import argparse
import csv
import json
import math
import os
import pathlib
import random
import resource
import shlex
import subprocess
import sys
import tempfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILE = ROOT / "measurements" / "plan_corpus.csv"
COLUMNS = ["request", "exit code", "objective", "arena (B)", "modelled (us)",
           "simulated (us)", "traffic (B)", "frames/s", "CPU (s)"]
EQUAL, UNEQUAL, TIGHT = 600, 60, 40  # requests
CLUSTER_FLAGS = ("--nodes", "--board", "--ram", "--cluster")
WORSE = 1.01  # what counts as worse
WORSE_WITH_MORE = 1.005
WORSE_IN_VIRTUAL_TIME = 1.02
# Networks and how often each is drawn: the larger ones plan for longer.
NETWORKS = {
    "models/fashion_mobilenet_v2.tflite": 8,
    "$SHOAL_SHARED/models/tf2_mobilenet_v2_1.0_224_ptq.tflite": 5,
    "$SHOAL_SHARED/models/vww_96_int8.tflite": 8,
    "$SHOAL_SHARED/models/pretrainedResnet_quant.tflite": 8,
    "$SHOAL_SHARED/models/kws_ref_model.tflite": 7,
    "$SHOAL_SHARED/models/str_ww_ref_model.tflite": 6,
    "$SHOAL_SHARED/models/ad01_int8.tflite": 3,
    "$SHOAL_SHARED/models/mobilenet_v1_0.25_128_quant.tflite": 6,
    "$SHOAL_SHARED/models/tinyengine_vww_i8io.tflite": 6,
    "$SHOAL_SHARED/models/tinyengine_detection_i8io.tflite": 3,
    "$SHOAL_SHARED/models/mcunet_320kb_r176_synth.tflite": 3,
    "$SHOAL_SHARED/cases/01_kws_rows/model.tflite": 3,
    "$SHOAL_SHARED/cases/08_vit/model.tflite": 2,
    "zoo:mobilenet_v2@112": 4,
    "zoo:resnet18@96": 2,
    "zoo:alexnet": 1,
}
BOARDS = ["teensy41", "teensy41", "rp2040", "esp32s3", "stm32h743", "rp2350"]
NODES = {1: 30, 2: 14, 3: 10, 4: 12, 5: 6, 8: 14, 16: 4, 64: 1}
OBJECTIVES = {"latency": 12, "ram": 4, "throughput": 2, "traffic": 1, "energy": 1}
BUDGETS = ["8K", "10K", "12K", "16K", "20K", "24K", "32K", "48K", "64K", "96K",
           "128K", "192K", "256K"]
# The smallest arenas that are known, by number of nodes.
SMALLEST_ARENAS = {
    "$SHOAL_SHARED/models/kws_ref_model.tflite": {2: 3804, 3: 3104, 4: 2508, 5: 2144, 7: 2144},
    "$SHOAL_SHARED/models/pretrainedResnet_quant.tflite":
        {2: 8576, 3: 5546, 4: 5514, 5: 4490, 7: 3856},
    "$SHOAL_SHARED/models/str_ww_ref_model.tflite": {2: 2564, 3: 2080, 4: 2072, 5: 2072, 7: 1936},
    "$SHOAL_SHARED/models/vww_96_int8.tflite": {2: 9088, 3: 6976, 4: 5968, 5: 5952, 7: 5216},
    "$SHOAL_SHARED/cases/01_kws_rows/model.tflite": {2: 992, 3: 928, 4: 928, 5: 918, 7: 880},
}
CLOCKS = ["100,50", "100,33,67", "33,67,100,33,100,67,67,133", "100,100,25"]


def draw(random_, weights):
    return random_.choices(list(weights), list(weights.values()))[0]


def requests():
    """The flags of each request, without those of the output."""
    return equal_requests() + unequal_requests() + tight_requests()


def tight_requests():
    random_ = random.Random(58)
    made = []
    while len(made) < TIGHT:
        network = random_.choice(list(SMALLEST_ARENAS))
        nodes, arena = random_.choice(list(SMALLEST_ARENAS[network].items()))
        words = [network, "--nodes", str(nodes), "--board", random_.choice(BOARDS)]
        words += ["--ram", str(int(arena * random_.choice([1.05, 1.1, 1.2, 1.4])))]
        if " ".join(words) not in made:
            made.append(" ".join(words))
    return made


def unequal_requests():
    random_ = random.Random(54)
    made = []
    while len(made) < UNEQUAL:
        words = [draw(random_, NETWORKS), "--nodes", str(random_.randint(2, 8))]
        board, ram = random_.choice(BOARDS), random_.choice(BUDGETS[2:])
        kind = random_.choice(["boards", "ram", "clocks"])
        if kind == "boards":
            board = ",".join(random_.sample(sorted(set(BOARDS)), random_.randint(2, 3)))
        elif kind == "ram":
            ram = ",".join(random_.sample(BUDGETS, random_.randint(2, 3)))
        words += ["--board", board]
        if kind == "ram" or random_.random() < 0.7:
            words += ["--ram", ram]
        if kind == "clocks":
            words += ["--clock", random_.choice(CLOCKS)]
        objective = draw(random_, {"latency": 8, "ram": 2, "throughput": 1})
        if objective != "latency":
            words += ["--objective", objective]
        if " ".join(words) not in made:
            made.append(" ".join(words))
    return made


def equal_requests():
    random_ = random.Random(50)
    made = []
    while len(made) < EQUAL:
        network = draw(random_, NETWORKS)
        nodes = draw(random_, NODES)
        if nodes > 8 and random_.random() < 0.5:
            network = "models/fashion_mobilenet_v2.tflite"
        words = [network]
        if nodes > 1:
            words += ["--nodes", str(nodes)]
        words += ["--board", random_.choice(BOARDS)]
        if random_.random() < 0.85:
            words += ["--ram", random_.choice(BUDGETS)]
        objective = draw(random_, OBJECTIVES)
        if objective != "latency":
            words += ["--objective", objective]
            if objective in ("ram", "traffic") and random_.random() < 0.4:
                words += ["--max-latency", random_.choice(["50ms", "200ms", "1s"])]
        if random_.random() < 0.12:
            words += ["--replay"]
        if nodes == 1 and random_.random() < 0.15:
            words += ["--flash", random_.choice(["0", "64K"])]
        request = shlex.join(words).replace("'", "")
        if request not in made:
            made.append(request)
    return made


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def value(objective, found):
    """What the objective minimizes."""
    return {"latency": found["modelled (us)"], "ram": found["arena (B)"],
            "throughput": 1e6 / max(found["frames/s"], 1e-9),
            "traffic": max(found["traffic (B)"], 1),
            "energy": found["energy"] or found["modelled (us)"]}[objective]


def with_cluster_file(words, folder):
    """`shoal plan` knows unequal nodes and rates of links from a cluster's file alone."""
    if "--rate" not in words and not any("," in w for w in words):
        return words
    flags = {}
    for flag in ("--rate", "--nodes", "--board", "--ram", "--clock"):
        if flag in words:
            at = words.index(flag)
            flags[flag] = words[at + 1]
            words = words[:at] + words[at + 2:]

    def of_node(flag, node):
        values = flags[flag].split(",")
        return values[node % len(values)]

    lines = []
    for n in range(int(flags["--nodes"])):
        board = of_node("--board", n)
        lines += [f'[[node]]\nname = "node{n}"', f'board = "{board}"']
        if "--ram" in flags:
            lines.append(f'ram = "{of_node("--ram", n)}"')
        if "--clock" in flags:
            clock = board_facts(board)["clock_mhz"] * int(of_node("--clock", n)) / 100
            lines.append(f"clock_mhz = {clock:g}")
        if "--rate" in flags:
            lines.append(f"link.mbit_per_s = {flags['--rate'].rstrip('M')}")
    file = folder + "/cluster.toml"
    pathlib.Path(file).write_text("\n".join(lines) + "\n")
    return [*words, "--cluster", file]


def plan(shoal, request, simulates=True):
    """One row of the file as a dictionary."""
    words = [os.path.expandvars(w) for w in request.split()]
    objective = words[words.index("--objective") + 1] if "--objective" in words else "latency"
    with tempfile.TemporaryDirectory() as folder:
        file = folder + "/plan.json"
        words = with_cluster_file(words, folder)
        before = cpu_seconds()
        made = subprocess.run([shoal, "plan", *words, "-o", file], cwd=ROOT,
                              capture_output=True, text=True)
        row = {"request": request, "exit code": made.returncode,
               "CPU (s)": round(cpu_seconds() - before, 2)}
        if made.returncode != 0:
            if made.returncode != 3:
                print(f"{request}: {made.stderr}", file=sys.stderr)
            return row
        told = json.loads(pathlib.Path(file).read_text())
        row["arena (B)"] = max(n["arena_bytes"] for n in told["nodes"])
        row["modelled (us)"] = round(told["latency_us"], 3)
        row["traffic (B)"] = told["traffic_bytes"]
        row["frames/s"] = round(told["frames_per_s"], 4)
        row["energy"] = told.get("energy_mj")
        row["objective"] = float(f"{value(objective, row):.8g}")
        del row["energy"]
        if told.get("linked") and simulates:
            network = words[:1]
            cluster = [w for i, w in enumerate(words)
                       if w in CLUSTER_FLAGS or words[i - 1] in CLUSTER_FLAGS]
            ran = subprocess.run([shoal, "simulate", *network, "random:1", *cluster,
                                  "--plan", file, "--json"], cwd=ROOT,
                                 capture_output=True, text=True)
            if ran.returncode == 0:
                row["simulated (us)"] = round(json.loads(ran.stdout)["latency_us"], 3)
            else:
                print(f"{request}: {ran.stderr}", file=sys.stderr)
        return row


def read_file():
    if not FILE.exists():
        return [], []
    lines = FILE.read_text().splitlines()
    head = [line for line in lines if line.startswith("#")]
    return head, list(csv.DictReader(line for line in lines if not line.startswith("#")))


def write_file(head, rows):
    order = {request: i for i, request in enumerate(requests())}
    rows.sort(key=lambda row: order.get(row["request"], len(order)))
    with open(FILE, "w") as out:
        out.writelines(line + "\n" for line in head)
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def has_model(request):
    model = os.path.expandvars(request.split()[0])
    return model.startswith("zoo:") or (ROOT / model).exists()


def make(shoal, seconds):
    head, rows = read_file()
    have = {row["request"] for row in rows}
    spent = 0
    for request in requests():
        if request in have or not has_model(request) or spent > seconds:
            continue
        row = plan(shoal, request)
        spent += row["CPU (s)"]
        rows.append(row)
        print(f"{len(rows)} of {EQUAL + UNEQUAL + TIGHT}: {row['CPU (s)']} s, {request}", flush=True)
        write_file(head, rows)


def spread(rows, seconds):
    """Every so-manyth request, as many as took `seconds` in all."""
    if seconds == math.inf:
        return rows
    for step in range(1, len(rows) + 1):
        taken = rows[::step]
        if sum(float(row["CPU (s)"]) for row in taken) <= seconds:
            return taken
    return []


def compare(shoal, seconds):
    worse = better = 0
    logs, cpu, cpu_before = [], 0.0, 0.0
    rows = spread([row for row in read_file()[1] if has_model(row["request"])], seconds)
    for old in rows:
        new = plan(shoal, old["request"], simulates=False)
        cpu += new["CPU (s)"]
        cpu_before += float(old["CPU (s)"])
        if new["exit code"] != int(old["exit code"]):
            gone = new["exit code"] != 0
            worse += gone
            better += not gone
            print(f"exit code {new['exit code']}, was {old['exit code']}: {old['request']}")
            continue
        if new["exit code"] != 0:
            continue
        ratio = new["objective"] / float(old["objective"])
        logs.append(math.log(ratio))
        better += ratio < 1 / WORSE
        if ratio > WORSE:
            worse += 1
            print(f"{ratio:.3f} of {old['objective']}: {old['request']}")
    mean = math.exp(sum(logs) / max(len(logs), 1))
    print(f"{len(rows)} requests: {worse} worse, {better} better, "
          f"geometric mean {mean:.4f}; CPU {cpu:.0f} s, was {cpu_before:.0f} s")
    return 1 if worse else 0


def board_facts(board):
    with open(ROOT / "boards" / board / "board.toml", "rb") as file:
        return tomllib.load(file)


def with_more(request, random_):
    """The request with more memory, more nodes or a faster link; None if it names
    neither memory nor nodes. Unequal nodes may only become more."""
    words = request.split()
    is_equal = "," not in request
    flags = [f for f in ("--ram", "--nodes") if f in words and (is_equal or f == "--nodes")]
    if not flags or "--objective" in words:
        return None
    if "--nodes" in words and is_equal:
        flags.append("--rate")
    flag = random_.choice(flags)
    if flag == "--rate":
        rate = board_facts(words[words.index("--board") + 1])["link"]["mbit_per_s"]
        rate *= random_.uniform(1.1, 10)
        return f"{request} --rate {rate:.3g}M"
    at = words.index(flag) + 1
    if flag == "--ram":
        bytes_ = int(words[at].rstrip("K")) * 1024
        words[at] = str(int(bytes_ * random_.uniform(1.05, 1.6)) // 16 * 16)
    else:
        words[at] = str(int(words[at]) + random_.randint(1, 2))
    return " ".join(words)


def nested(shoal, seconds, each, virtual):
    """Each pair plans two requests, so half of the seconds is for the first ones."""
    random_ = random.Random(51)
    rows = [(row, with_more(row["request"], random_)) for row in read_file()[1]
            if has_model(row["request"]) and row["exit code"] == "0"]
    rows = spread([dict(row, more=more) for row, more in rows
                   if more and float(row["CPU (s)"]) <= each
                   and (not virtual or "--nodes" in more)], seconds / 2)
    value_ = "simulated (us)" if virtual else "objective"
    limit = WORSE_IN_VIRTUAL_TIME if virtual else WORSE_WITH_MORE
    worse, pairs, most = 0, 0, 1.0
    for row in rows:
        less, more = row["request"], row["more"]
        first = plan(shoal, less, virtual)
        if value_ not in first:
            print(f"exit code {first['exit code']} with less: {less}", flush=True)
            continue
        pairs += 1
        second = plan(shoal, more, virtual)
        ratio = second.get(value_, math.inf) / first[value_]
        most = max(most, ratio)
        if ratio > limit:
            worse += 1
            print(f"{ratio:.3f} of {first[value_]}: {more}, less: {less}", flush=True)
    print(f"{pairs} pairs: {worse} take over {limit - 1:.1%} longer with more, "
          f"at most {most:.3f} times")
    return 1 if worse else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["make", "compare", "nested"])
    parser.add_argument("shoal")
    parser.add_argument("--seconds", type=float, default=math.inf)
    parser.add_argument("--each", type=float, default=math.inf)
    parser.add_argument("--virtual", action="store_true")
    asked = parser.parse_args()
    os.environ.setdefault("SHOAL_SHARED", str(ROOT.parent / "shared"))
    os.environ["XDG_CACHE_HOME"] = "/dev/null"  # each plan is searched for
    shared = os.environ["SHOAL_SHARED"]
    if not os.path.isdir(shared):
        print(f"skipped: {shared} is missing")
        return 77
    shoal = os.path.abspath(asked.shoal)
    if asked.what == "make":
        return make(shoal, asked.seconds)
    if asked.what == "nested":
        return nested(shoal, asked.seconds, asked.each, asked.virtual)
    return compare(shoal, asked.seconds)


if __name__ == "__main__":
    sys.exit(main())
