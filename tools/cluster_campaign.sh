#!/usr/bin/env bash
# Every int8 golden model under every strategy on clusters of 1 to 8 virtual
# nodes, and of 16, 32 and 64 for one of them, in the smallest arena that fits
# and twice that. Outputs must be the golden ones. Prints a line for each
# cluster, then the failures; 1 if there are any.
#
#   tools/cluster_campaign.sh BUILD_DIR [MODEL_PATTERN]
set -euo pipefail

build=${1:?usage: tools/cluster_campaign.sh BUILD_DIR [MODEL_PATTERN]}
pattern=${2:-*}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

run() {  # sizes, filter
  SHOAL_CLUSTER_SIZES=$1 "$build/tests/golden/tests_golden_tests" cluster_golden_test.cc \
    --gtest_filter="$2" >> "$log" 2>&1 || true
}

run 1,2,3,4,5,6,7,8 "*/$pattern"
[ $# -gt 1 ] || run 16,32,64 "*mbv2_w0_35_r144_synth"

printf '%-36s %-8s %3s %12s %12s %12s %12s  %s\n' model strategy N \
  'smallest B' 'traffic B' 'twice: B' 'traffic B' result
awk '/^case / {
  key = sprintf("%-36s %-8s %3d", $2, $3, $4)
  if (!(key in seen)) order[++n] = key
  seen[key] = 1
  result = $8 == "equal" ? ($9 == "at" ? "equal at " $10 " layers" : "equal") : $8
  arena[key, $5] = $6; traffic[key, $5] = $7
  if (results[key] == "" || result != "equal") results[key] = result
}
END {
  for (i = 1; i <= n; ++i) {
    k = order[i]
    printf "%s %12d %12d %12d %12d  %s\n", k, arena[k, "smallest"],
      traffic[k, "smallest"], arena[k, "twice"], traffic[k, "twice"], results[k]
  }
}' "$log"
cases=$(grep -c '^case ' "$log" || true)
equal=$(grep -c '^case .* equal' "$log" || true)
echo "$equal of $cases runs equal"
if grep -q '^\[  FAILED' "$log" || [ "$cases" = 0 ]; then
  grep -B1 -A4 ': Failure' "$log" || cat "$log"
  exit 1
fi
