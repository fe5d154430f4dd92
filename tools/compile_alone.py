#!/usr/bin/env python3
"""Whether every source of the host compiles alone: ./test.sh compiles bundles, in
which an #include that one file lacks is there because of another one.

  tools/compile_alone.py BUILD [part of a path...]
  tools/compile_alone.py BUILD --changed

BUILD is a folder for a configuration without bundles. Nothing is made of the
sources but what the compiler says; half an hour of one core for all of them.
--changed: those that differ from origin/main, or, where nothing does, those of
the last commit; a header stands for the source beside it.
"""
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def configure(build):
    """The compiler's commands, file by file."""
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    subprocess.run(["cmake", "-S", ROOT, "-B", build, "-G", "Ninja",
                    "-DSHOAL_BUNDLE=OFF", "-DSHOAL_WERROR=ON",
                    "-DCMAKE_BUILD_TYPE=Debug",
                    "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"], **quiet)
    subprocess.run(["ninja", "-C", build, "tflite_schema"], **quiet)
    commands = {}  # one for each file: several targets may have it
    for entry in json.loads((build / "compile_commands.json").read_text()):
        commands.setdefault(entry["file"], entry["command"])
    return commands


def git(*words):
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True,
                          text=True, check=False)
    return done.stdout.split() if done.returncode == 0 else []


def changed():
    """The sources to look at, as paths from the root."""
    names = []
    for base in (git("merge-base", "HEAD", "origin/main"),
                 git("rev-parse", "HEAD~1")):
        if base and not names:
            names = git("diff", "--name-only", "--diff-filter=d", base[0])
    return [str(pathlib.Path(name).with_suffix(".cc")) for name in names
            if name.endswith((".cc", ".h"))]


def compiles(build, file, command):
    words = shlex.split(command)
    at = words.index("-o")
    del words[at:at + 2]
    said = subprocess.run([*words, "-fsyntax-only"], cwd=build,
                          capture_output=True, text=True, check=False)
    if said.returncode:
        print(f"{file}: does not compile alone\n{said.stderr}", flush=True)
    return said.returncode == 0


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    build = pathlib.Path(sys.argv[1]).absolute()
    parts = sys.argv[2:] or ["host/", "tests/", "bench/", "tools/"]
    if parts == ["--changed"]:
        parts = changed()
        if not parts:
            print("no source has changed")
            return
    chosen = {}
    for file, command in configure(build).items():
        name = os.path.relpath(file, ROOT)
        if file.endswith(".cc") and any(part in name for part in parts):
            if not pathlib.Path(file).is_relative_to(build):
                chosen[file] = command
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(
            lambda item: compiles(build, *item), sorted(chosen.items())))
    print(f"{len(results)} sources, {results.count(False)} do not compile alone")
    none_is_right = sys.argv[2:] == ["--changed"]  # of devices, say
    sys.exit(0 if all(results) and (results or none_is_right) else 1)


if __name__ == "__main__":
    main()
