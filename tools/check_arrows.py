#!/usr/bin/env python3
"""Arrows of DESIGN, "The folders": a folder includes only what its library links.

All libraries see the whole tree, so the compiler takes any include. Here each
#include of device/ and host/ (tests aside) must lie in a folder that the DEPS of
shoal_library() lead to. boards/ has no such libraries: its firmware is built by
the boards' own compilers, and of host/ and device/ only host/study/bench_node
includes some of it (boards/bench).
"""
import os
import re
import subprocess
import sys

FREE = {"device", "device/port"}  # headers of plain declarations


def libraries():
    """Library by folder, and what each library links."""
    names, deps = {}, {}
    for path in tracked("CMakeLists.txt"):
        text = re.sub(r"#.*", "", open(path).read())
        for call in re.findall(r"shoal_library\(([^)]*)\)", text):
            words = re.sub(r"EXCLUDE\s+\S+", "", call).split()
            name = "shoal_" + words[0]
            names[os.path.dirname(path)] = name
            deps[name] = [w for w in words if w.startswith("shoal_")]
    deps["shoal_bench_measure"] = ["shoal_kernels"]  # a library of boards/
    return names, deps


def tracked(*ends):
    files = subprocess.run(
        ["git", "ls-files", "device", "host"], capture_output=True, text=True,
        check=True).stdout.split("\n")
    return [f for f in files if f.endswith(ends) and os.path.exists(f)]


def reached(name, deps, seen):
    for dep in deps.get(name, []):
        if dep not in seen:
            seen.add(dep)
            reached(dep, deps, seen)
    return seen


def main():
    os.chdir(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    names, deps = libraries()
    linked = {folder: reached(name, deps, set())
              for folder, name in names.items()}
    bad = 0
    for path in tracked(".cc", ".h"):
        folder = os.path.dirname(path)
        if folder not in linked or path.endswith("_test.cc"):
            continue
        for header in re.findall(r'#include "((?:device|host)/[^"]+)"',
                                 open(path).read()):
            other = os.path.dirname(header)
            if other == folder or other in FREE:
                continue
            if names.get(other) not in linked[folder]:
                print(f"{path} includes {header}: {names[folder]} does not "
                      f"link {other}", file=sys.stderr)
                bad += 1
    for folder in linked:
        if names[folder] in linked[folder]:
            print(f"{folder}: its library links itself", file=sys.stderr)
            bad += 1
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
