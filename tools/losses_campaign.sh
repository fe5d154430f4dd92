#!/usr/bin/env bash
# Workers that are killed (SIGKILL) or stopped (SIGSTOP) at random moments of a run with
# `--on-loss replan`, ROUNDS times: one, two or all but one of four. Every frame's output
# must be exact, unless one was killed before it had answered once (exit code 6). Prints
# how long it took from the detection to the new plan and nodes, and the seed of each
# failure; 1 if there is any.
#
#   tools/losses_campaign.sh SHOAL [ROUNDS [SEED]]
set -euo pipefail
cd "$(dirname "$0")/.."
shoal=$(realpath "${1:?usage: tools/losses_campaign.sh SHOAL [ROUNDS [SEED]]}")
rounds=${2:-100}
seed=${3:-1}
folder=$(mktemp -d)
. tools/start_workers.sh
end_all() {
  local pid
  for pid in "${pids[@]}"; do
    kill -CONT "$pid" 2>/dev/null || true
    kill -KILL "$pid" 2>/dev/null || true
  done
  pids=() addresses=()
}
trap 'end_all; rm -rf "$folder"' EXIT
model=models/fashion_mobilenet_v2.tflite
input=models/samples/bag/0.png
export XDG_CACHE_HOME=$folder/cache
"$shoal" run "$model" "$input" -o "$folder/alone" >/dev/null
failures=0 early=0 times=()
for ((round = seed; round < seed + rounds; ++round)); do
  RANDOM=$round
  start_workers "$shoal" 4 256K "$folder" --insecure
  disown -a  # bash tells nobody of those that are killed
  list=$(IFS=, && echo "${addresses[*]}")
  # Each frame's output is compared with the first one's, and that with one node's.
  "$shoal" run "$model" "$input" --insecure --workers "$list" --strategy spatial --frames 1500 \
    --on-loss replan --node-timeout 0.3 -o "$folder/out" >"$folder/said" 2>&1 &
  run=$!
  signal=KILL
  ((RANDOM % 3)) || signal=STOP
  count=$((1 + RANDOM % 3))
  for ((k = 0; k < count; ++k)); do
    sleep "$(printf '0.%03d' $((100 + RANDOM % 900)))"
    kill -$signal "${pids[(round + k) % 4]}"
  done
  code=0
  wait $run || code=$?
  if [[ $code -eq 6 ]] && grep -q 'no answer within' "$folder/said"; then
    early=$((early + 1))  # it was killed before it had answered once
  elif [[ $code -ne 0 ]] || ! cmp -s "$folder/out" "$folder/alone"; then
    echo "FAILED: seed $round, $count by $signal, exit code $code"
    cat "$folder/said"
    failures=$((failures + 1))
  fi
  while read -r took; do times+=("$took"); done < <(
    sed -n 's/^frame .* is run again, \([0-9.]*\) s after.*/\1/p' "$folder/said")
  end_all
done
printf '%s\n' "${times[@]}" | sort -n | awk -v r="$rounds" -v f="$failures" -v e="$early" '
  {t[NR] = $1}
  END {
    printf "%d rounds, %d failures, %d killed too early, %d recoveries; ", r, f, e, NR
    printf "after detection: "
    printf "median %.2f s, 95 %% %.2f s, longest %.2f s\n", t[int((NR + 1) / 2)], t[int(NR * 0.95)], t[NR]
  }'
exit $((failures > 0))
