#!/usr/bin/env bash
# Builds shoal and runs its tests, on a bare Debian 12, packages included. Those
# that take long are left to `ctest --preset long`.
#   ./test.sh          both builds, and a short run of each fuzz target
#   ./test.sh quick    the release build's tests only: what spans folders
set -euo pipefail
cd "$(dirname "$0")"
tools/setup.sh tests
export SHOAL_BOOT=1  # boards boot for real, or the tests fail
jobs=$(nproc)
# Firmware of boards that share a core, and exports that tests build, have the
# same sources: each is compiled once a run. Paths do not matter to it.
export CCACHE_DIR=${CCACHE_DIR:-$PWD/build/ccache} CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1
export CCACHE_BASEDIR=/
export CCACHE_SLOPPINESS=include_file_mtime,include_file_ctime

step() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }

# Compilers allocate as plans do: with mimalloc clang takes a tenth less time.
# awk reads all of the list: who ends early ends ldconfig, and with it this.
mimalloc=$(ldconfig -p | awk '/libmimalloc\.so/ {path = $NF} END {print path}')
build() { LD_PRELOAD=$mimalloc cmake --build --preset "$1" -j "$jobs" -- --quiet; }

# run_tests PRESET: what failed, and what it said, is the last that is seen.
run_tests() {
  ctest --preset "$1" -j "$((jobs + 1))" --no-tests=error && return
  local log=build/$1/Testing/Temporary names=() name
  [[ ! -s $log/LastTestsFailed.log ]] ||
    mapfile -t names < <(cut -d: -f2- "$log/LastTestsFailed.log")
  for name in "${names[@]}"; do
    printf '\n== %s\n' "$name"
    awk -v name="$name" '/^[0-9]+\/[0-9]+ Testing: / {on = $3 == name} on' \
      "$log/LastTest.log" | tail -n 60
  done
  printf '\nfailed (preset %s):%s\n' "$1" "${names[*]/#/ }"
  return 1
}

step "format and sizes"
tools/check_style.sh

step "release build"
cmake --preset release -DSHOAL_BUNDLE=ON -DSHOAL_FOLDER_TESTS=OFF >/dev/null
build release
# Release tests wait now and then, some of them for most of their time. Meanwhile
# the other build goes on, at the lowest priority.
background=
if [[ "${1:-}" != quick ]]; then
  cmake --preset dev -DSHOAL_DEBUG_INFO=OFF >/dev/null
  set -m  # a process group of its own, which ends as a whole
  (renice -n 19 "$BASHPID" >/dev/null && build dev) >build/dev.log 2>&1 &
  background=$!
  set +m
  trap 'kill -- "-$background" 2>/dev/null || true' EXIT
fi
step "release tests"
run_tests release
[[ "${1:-}" == quick ]] && exit 0

step "sanitizer build"
wait "$background" || { cat build/dev.log; exit 1; }
step "sanitizer tests"
run_tests dev

step "fuzz targets, a short run each"
tools/fuzz_briefly.sh
step "done"
