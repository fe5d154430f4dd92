#!/usr/bin/env python3
"""Arrows of DESIGN, "The folders": a folder includes only what its library links.

All libraries see the whole tree, so the compiler takes any include. Here each
#include of device/ and host/ must lie in a folder that the DEPS of shoal_library()
lead to. Tests may look around in their room (host/plan, host/model ...) and at what
stands above it in CMake's order, and at their judges below: what needs more is no
test of a folder and lies in tests/. boards/ has no such libraries: its firmware is
built by the boards' own compilers, and of host/ and device/ only
host/study/bench_node includes some of it (boards/bench).
"""
import os
import re
import subprocess
import sys

FREE = {"device", "device/port"}  # headers of plain declarations
# Rooms below that tests of a room may use: what makes their cases, or judges them.
JUDGES = {
    "device/program": {"device/keys", "device/link"},
    "host/model": {"host/oracle", "host/lower", "host/data"},
    "host/oracle": {"host/model"},
    "host/plan": {"host/check"},
    "host/check": {"host/program"},
}


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


def order(folder, rooms):
    """Rooms, from the lowest to the highest, as CMake adds their folders."""
    text = re.sub(r"#.*", "", open(folder + "/CMakeLists.txt").read())
    for name in re.findall(r"add_subdirectory\((\S+?)[\s)]", text):
        room = folder + "/" + name.split("/")[0]
        if room not in rooms:
            rooms.append(room)
    return rooms


def room_of(path):
    return "/".join(path.split("/")[:2])


def wrong_tests():
    rooms = order("host", order("device", []))
    rooms.insert(rooms.index("device/transport") + 1, "host/base")
    for path in tracked(".cc", ".h"):
        if not path.endswith("_test.cc") and "/testing/" not in path:
            continue
        room = room_of(path)
        allowed = set(rooms[:rooms.index(room) + 1]) | JUDGES.get(room, set())
        for header in re.findall(r'#include "((?:device|host)/[^"]+)"',
                                 open(path).read()):
            other = room_of(header)
            if other in allowed or os.path.dirname(header) in FREE:
                continue
            yield (f"{path} includes {header}: {other} stands below {room}, "
                   "and a test of both in tests/")


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
    for line in wrong_tests():
        print(line, file=sys.stderr)
        bad += 1
    for folder in linked:
        if names[folder] in linked[folder]:
            print(f"{folder}: its library links itself", file=sys.stderr)
            bad += 1
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
