#!/usr/bin/env bash
# Builds shoal and runs every test, on a bare Debian 12, packages included.
#   ./test.sh          everything
#   ./test.sh quick    the release build's tests only: what spans folders
set -euo pipefail
cd "$(dirname "$0")"
tools/setup.sh tests
export SHOAL_BOOT=1  # boards boot for real, or the tests fail
jobs=$(nproc)

step() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }

step "format and sizes"
tools/check_style.sh

step "release build"
cmake --preset release -DSHOAL_BUNDLE=ON -DSHOAL_FOLDER_TESTS=OFF >/dev/null
cmake --build --preset release -j "$jobs" -- --quiet
step "release tests"
ctest --preset release -j "$jobs" --no-tests=error
[[ "${1:-}" == quick ]] && exit 0

step "sanitizer build"
cmake --preset dev >/dev/null
cmake --build --preset dev -j "$jobs" -- --quiet
step "sanitizer tests"
ctest --preset dev -j "$jobs" --no-tests=error

step "fuzz targets, a short run each"
tools/fuzz_briefly.sh
step "done"
