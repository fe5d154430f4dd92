#!/usr/bin/env bash
# What the runtime itself costs: the share of a frame's instructions that are
# not spent in kernels, counted by valgrind (exact, whatever else runs).
#   tools/overhead.sh BUILD MODEL INPUT [plan options]
set -euo pipefail
build=$1
shift
out=$(mktemp)
trap 'rm -f "$out"' EXIT
valgrind --tool=callgrind --callgrind-out-file="$out" \
  --toggle-collect='shoal::Session::run*' \
  "$build/host/cli/shoal" run "$@" >/dev/null 2>&1
# Kernels: the AVX2 family and the functions named *_row or of the portable
# family; everything else is the runtime and the pushing and taking of rows.
callgrind_annotate --threshold=100 "$out" | awk '
  /PROGRAM TOTALS/ {gsub(",", "", $1); total = $1}
  /shoal::avx2::|shoal::[a-z_]*_row\(|shoal::portable::/ {
    gsub(",", "", $1); kernels += $1
  }
  END {
    printf "instructions a frame  %d\n", total
    printf "in kernels            %d\n", kernels
    printf "runtime               %.2f %%\n", 100 * (total - kernels) / total
  }'
