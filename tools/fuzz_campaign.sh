#!/usr/bin/env bash
# Fuzzes for an hour, or MINUTES, in all: every target of preset dev for its
# share of the time, from the seeds and what former campaigns have found
# (build/dev/campaign/CORPUS). Then the tests of what has threads, under
# ThreadSanitizer, unless MINUTES is below 10. Prints for each target the inputs
# run, its CPU time, its corpus and the coverage that it reached; ends at once
# with what was found, which is left in build/dev/campaign.
#   tools/fuzz_campaign.sh [MINUTES] [TARGET...]
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
minutes=${1:-60}
shift || true
jobs=$(nproc)
cmake --preset dev >/dev/null
cmake --build --preset dev -j "$jobs" --target fuzz_targets -- --quiet
mkdir -p build/dev/campaign
cd build/dev/campaign

# target, corpus, share of the time, longest input
targets=(
  'fuzz_import import 3 16384'
  'fuzz_onnx onnx 3 16384'
  'fuzz_run import 3 16384'
  'fuzz_program program 3 8192'
  'fuzz_node node 3 4096'
  'fuzz_agent agent 4 4096'
  'fuzz_leader leader 2 2048'
  'fuzz_datagram datagram 3 2048'
  'fuzz_line line 2 1024'
  'fuzz_picture picture 2 8192'
  'fuzz_npy npy 1 1024'
  'fuzz_npz npz 1 1024'
  'fuzz_csv csv 1 1024'
  'fuzz_wav wav 1 1024'
  'fuzz_idx idx 1 4096'
  'fuzz_store store 2 4096'
  'fuzz_open_store open_store 2 8192'
  'fuzz_text text 3 4096'
  'fuzz_cluster cluster 6 1024'
  'fuzz_ranks ranks 1 2048'
  'fuzz_truth truth 1 4096'
)
wanted() {  # target, the chosen ones
  local target=$1
  shift
  [[ $# == 0 || " $* " == *" $target "* ]]
}
shares=0
for line in "${targets[@]}"; do
  read -r target _ share _ <<<"$line"
  if wanted "$target" "$@"; then shares=$((shares + share)); fi
done

# One target for its time; its line of the table.
fuzz() {  # target corpus seconds length
  local log=$1.log before after status=0
  mkdir -p "$2"
  TIMEFORMAT='cpu %U %S'
  { time nice -n 19 "../fuzz/$1" -max_total_time="$3" -max_len="$4" \
    -timeout=20 -rss_limit_mb=1500 -print_final_stats=1 -seed="$RANDOM" \
    "$2" "$root/fuzz/corpus/$2" >"$log" 2>&1 || status=$?; } 2>"$1.time"
  awk -v target="$1" -v time="$(tail -n 1 "$1.time")" \
    -v corpus="$(find "$2" -type f | wc -l)" '
    / cov: / { for (i = 1; i < NF; ++i) {
      if ($i == "cov:") cov = $(i + 1)
      if ($i == "ft:") ft = $(i + 1) } }
    /stat::number_of_executed_units/ { runs = $2 }
    END { split(time, t, " ")
      printf "%-16s %10d %9.0f %8d %8d %9d\n", target, runs, t[2] + t[3], \
        corpus, cov, ft }' "$log"
  if [[ $status != 0 ]]; then
    tail -n 30 "$log" >&2
    echo "fuzz: $1 failed; $PWD/$log" >&2
  fi
  return "$status"
}

printf '%-16s %10s %9s %8s %8s %9s\n' target runs 'CPU s' corpus edges features
running=0
failed=0
for line in "${targets[@]}"; do
  read -r target corpus share length <<<"$line"
  wanted "$target" "$@" || continue
  # $jobs targets at a time share the wall time.
  fuzz "$target" "$corpus" $((minutes * 60 * share * jobs / shares)) "$length" &
  if ((++running == jobs)); then
    wait -n || failed=1
    running=$((running - 1))
  fi
done
while ((running-- > 0)); do wait -n || failed=1; done

if ((minutes >= 10)) && [[ $# == 0 ]]; then
  cd "$root"
  tools/race_tests.sh || failed=1
fi
exit $failed
