#!/usr/bin/env bash
# A short run of every fuzz target (of preset dev) from its seed corpus: a fixed number of
# inputs of bounded length, the same ones every time. What is found is left
# in build/dev.
#   tools/fuzz_briefly.sh [times as many inputs]
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
times=${1:-1}
cmake --preset dev >/dev/null
cmake --build --preset dev -j "$(nproc)" --target fuzz_targets -- --quiet

# fuzz TARGET CORPUS RUNS LENGTH. Without -entropic=0 more than half of the time
# goes into weighing the corpus; what is covered is the same.
fuzz() {
  local log=$1.log new
  new=$(mktemp -d "$1.XXXX")  # the seeds stay as they are
  if ! "fuzz/$1" -seed=1 -entropic=0 -runs=$(($3 * times)) -max_len="$4" -timeout=20 \
    -rss_limit_mb=1024 "$new" "$root/fuzz/corpus/$2" >"$log" 2>&1; then
    touch "$log.failed"
    return 1
  fi
  rm -r "$new"
  grep -E '^Done' "$log" | sed "s/^Done/$1:/"
}
cd build/dev
export -f fuzz
export root times
# Side by side, one a core, the longest first; those that failed are shown at
# the end.
failed=0
rm -f ./*.log.failed
xargs -P "$(nproc)" -L 1 bash -euo pipefail -c 'fuzz "$@"' fuzz <<END || failed=$?
fuzz_datagram datagram 20000 2048
fuzz_cluster cluster 100 512
fuzz_sent sent 2500 4096
fuzz_truth truth 20000 2048
fuzz_import import 20000 8192
fuzz_onnx onnx 20000 8192
fuzz_run import 2000 8192
fuzz_program program 20000 8192
fuzz_node node 5000 4096
fuzz_alone alone 5000 2048
fuzz_agent agent 5000 4096
fuzz_leader leader 20000 2048
fuzz_line line 20000 1024
fuzz_picture picture 10000 4096
fuzz_npy npy 40000 1024
fuzz_npz npz 10000 1024
fuzz_csv csv 20000 1024
fuzz_wav wav 40000 1024
fuzz_idx idx 20000 4096
fuzz_store store 3000 4096
fuzz_open_store open_store 5000 4096
fuzz_text text 2000 2048
fuzz_ranks ranks 40000 1024
END
for mark in *.log.failed; do
  [[ -e $mark ]] || continue
  tail -n 40 "${mark%.failed}" >&2
  echo "fuzz: ${mark%.log.failed} failed; $PWD/${mark%.failed}" >&2
done
exit "$failed"
