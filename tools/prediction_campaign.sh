#!/usr/bin/env bash
# Plans beside virtual time: every int8 golden model on 1, 2, 4, 8, 16 and 64
# nodes of three boards and two mixtures, for the least time and the smallest
# arena; by the default search, for the other objectives, too. Prints a row for
# each plan with the proven bound, then the worst; 1 if a frame was faster than
# its bound. Needs SHOAL_SHARED; takes hours for all.
#
#   tools/prediction_campaign.sh BUILD_DIR [MODEL_PATTERN [NODES]]
set -euo pipefail

build=${1:?usage: tools/prediction_campaign.sh BUILD_DIR [MODEL_PATTERN [NODES]]}
pattern=${2:-*}
nodes=${3:-1,2,4,8,16}
shared=${SHOAL_SHARED:-$(dirname "$0")/../../shared}
table=$build/bench/prediction_table
clusters=teensy41,rp2350,stm32h743,mixed,clocks

models=()
for folder in "$shared"/golden/$pattern; do
  name=$(basename "$folder")
  for file in "$shared/models/$name.tflite" "$shared/models/synth/$name.tflite"; do
    # Those with floats have no plan.
    case $name in *fp32 | *float | pretrainedResnet) continue ;; esac
    [ -f "$file" ] && models+=("$file")
  done
done
[ ${#models[@]} -gt 0 ] || { echo "no model is called $pattern" >&2; exit 2; }

wrong=0
for objective in latency ram; do
  echo "objective $objective"
  "$table" "${models[@]}" --clusters $clusters --nodes "$nodes" \
    --strategies spatial,kernel,layer,auto --objective $objective || wrong=1
  [ $# -lt 3 ] || continue
  # Over so many nodes other strategies are planned for long.
  "$table" "${models[@]}" --clusters $clusters --nodes 64 \
    --strategies spatial --objective $objective || wrong=1
done
for objective in throughput traffic energy; do
  echo "objective $objective"
  "$table" "${models[@]}" --clusters teensy41,mixed --nodes 2,4,8 \
    --strategies auto --objective $objective || wrong=1
done
exit $wrong
