#!/usr/bin/env bash
# clang-tidy over the sources given, by default all of device/ and host/ but
# tests. Takes minutes, so it is no part of test.sh.
#   tools/tidy.sh [FILE.cc...]
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --preset release -DCMAKE_EXPORT_COMPILE_COMMANDS=ON >/dev/null
cmake --build --preset release --target tflite_schema -- --quiet
[[ $# -gt 0 ]] ||
  set -- $(git ls-files device host | grep '\.cc$' | grep -v '_test\.cc$')
printf '%s\n' "$@" | xargs -P "$(nproc)" -n 4 clang-tidy-14 -p build/release \
  --quiet --extra-arg=-Wno-unknown-warning-option
