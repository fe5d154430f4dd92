#!/usr/bin/env bash
# The reference that Doxyfile builds from the public headers: doxygen has nothing
# to warn of, and every parameter and result of the C headers is explained.
# Skipped where doxygen is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v doxygen > /dev/null; then
  echo "no doxygen: the reference is not checked" >&2
  exit 0
fi
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
build() {
  { cat Doxyfile; printf '%s\n' "OUTPUT_DIRECTORY = $out" "$@"; } | doxygen -
}
build
build 'INPUT = device/shoal.h device/shoal_pieces.h device/shoal_cores.h device/port/port.h' \
  'WARN_NO_PARAMDOC = YES'
