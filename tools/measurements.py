#!/usr/bin/env python3
"""Writes measurements/README.md from the data files beside it.

  tools/measurements.py           writes the page
  tools/measurements.py --check   ends in 1 if the page is not what they give

A data file is a CSV file. Its first lines are comments that say title, date,
commit, command and, where a reader needs one, a note. With `page: link` the
page names the file and does not show its table.
"""
import csv
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "measurements"
NEEDED = ("title", "date", "commit", "command")
# The sections of the page, with their files in order.
GROUPS = {
    "Memory and time": ["arenas", "reach", "clusters", "tiles", "swap",
                        "public_models", "predictions", "objectives",
                        "plan_corpus", "plan_growth"],
    "Cores and boards": ["kernels", "kernels_pc", "int4", "networks_on_boards",
                         "golden_on_boards", "cases_on_boards", "one_small_board",
                         "emulated_clusters", "flash", "flash_of_kernels",
                         "node_firmware"],
    "Reliability": ["loss", "lost_nodes", "losses", "store_faults",
                    "hostile_runs", "cores",
                    "hostile_toml", "damaged_files", "fuzz_targets", "send"],
    "The project": ["ci_time"],
}
INTRO = """# Measurements

Each table is one data file of this folder. `tools/measurements.py` writes this page from them; its command repeats the
measurement at the commit that is named.
"""


def read_table(path):
    """The facts of the comments by name, and the rows, the header first."""
    facts, lines = {}, []
    for line in path.read_text().splitlines():
        if line.startswith("# "):
            name, _, value = line[2:].partition(": ")
            facts[name] = value
        else:
            lines.append(line)
    missing = [name for name in NEEDED if not facts.get(name)]
    if missing:
        sys.exit(f"{path.name} does not say its {', '.join(missing)}")
    rows = list(csv.reader(lines))
    for row in rows:
        if len(row) != len(rows[0]):
            sys.exit(f"{path.name}: {row} has {len(row)} cells, "
                     f"the header has {len(rows[0])}")
    return facts, rows


def as_cell(text):
    """Whole numbers get commas between their thousands."""
    return f"{int(text):,}" if text.isdigit() else text


def section(path):
    facts, rows = read_table(path)
    numeric = [all(row[i].replace(".", "", 1).isdigit() for row in rows[1:])
               for i in range(len(rows[0]))]
    lines = [f"### {facts['title']}", ""]
    note = facts["note"] + " " if facts.get("note") else ""
    lines += [f"{note}[{path.name}]({path.name}), {facts['date']}, commit "
              f"{facts['commit']}: `{facts['command']}`", ""]
    if facts.get("page") == "link":
        return "\n".join(lines[:-1]) + "\n"
    lines.append("| " + " | ".join(rows[0]) + " |")
    lines.append("|" + "|".join("--:" if n else "---" for n in numeric) + "|")
    lines += ["| " + " | ".join(map(as_cell, row)) + " |" for row in rows[1:]]
    return "\n".join(lines) + "\n"


def main():
    page = FOLDER / "README.md"
    listed = [name for names in GROUPS.values() for name in names]
    there = sorted(path.stem for path in FOLDER.glob("*.csv"))
    if sorted(listed) != there:
        sys.exit("GROUPS and the data files differ: "
                 f"{sorted(set(listed) ^ set(there))}")
    parts = [INTRO]
    for group, names in GROUPS.items():
        parts.append(f"## {group}\n")
        parts += [section(FOLDER / f"{name}.csv") for name in names]
    text = "\n".join(parts)
    if sys.argv[1:] == ["--check"]:
        if page.read_text() != text:
            sys.exit("measurements/README.md is old: run tools/measurements.py")
    else:
        page.write_text(text)


main()
