#!/usr/bin/env python3
"""Prints the flags of all verbs as a Markdown table, from their help.

  tools/flag_reference.py SHOAL
"""
import re
import subprocess
import sys

# "  -o,--output FILE    Write the plan as JSON"; the text may follow one space.
FLAG = re.compile(r"  ((?:-\w,)?--[a-z-]+)(?: ([^a-z ]\S*|one\|all))?(?: +(.*))?$")


def help_of(shoal, *verb):
    return subprocess.run([shoal, *verb], check=True, capture_output=True,
                          text=True).stdout.splitlines()


def flags_of(shoal, verb):
    """(group, flag, placeholder, text) of each flag."""
    found, group = [], ""
    for line in help_of(shoal, verb, "--help-all"):
        flag = FLAG.match(line)
        if line and not line.startswith(" "):
            group = line.rstrip(":") if line.endswith(":") else ""
        elif group and flag:
            found.append([group, flag[1], flag[2] or "", flag[3] or ""])
        elif found and group and line.startswith("      ") and line.strip():
            found[-1][3] += " " + line.strip()
    return found


def main():
    shoal = sys.argv[1]
    verbs, listed = [], False
    for line in help_of(shoal, "--help"):
        if line == "Verbs:":
            listed = True
        elif not line.startswith("  "):
            listed = False
        elif listed:
            verbs.append(line.split()[0])
    rows, groups = {}, []
    for verb in verbs:
        for group, *flag in flags_of(shoal, verb):
            if group in ("Arguments", "Example"):
                continue
            if group not in groups:
                groups.append(group)
            rows.setdefault((group, *flag), []).append(verb)
    for group in sorted(groups, key=lambda g: (g == "General", groups.index(g))):
        print(f"## {group}\n\n| flag | meaning | verbs |\n|---|---|---|")
        for (of, flag, value, text), takers in sorted(
                rows.items(), key=lambda row: row[0][1].split("--")[-1]):
            if of != group:
                continue
            value = value.replace("|", "` or `")
            name = f"`{flag.replace(',', '`, `')}" + (f" {value}`" if value else "`")
            who = "all" if len(takers) == len(verbs) else ", ".join(takers)
            cells = [name, text.strip(), who]
            print("| " + " | ".join(cells) + " |")
        print()


main()
