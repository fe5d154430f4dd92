#!/usr/bin/env bash
# Nodes that fail while frames run. Every frame must be exact, or end in an error that
# says why. Prints counts, and the seed of each failure; 1 if there is any.
#
#   tools/losses_campaign.sh SHOAL [ROUNDS [SEED]]
#     Workers that are killed (SIGKILL) or stopped (SIGSTOP) at random moments of a run with
#     `--on-loss replan`, ROUNDS times: one, two or all but one of four. A run in which one was
#     killed before it had answered once ends with exit code 6. Prints how long it took from the
#     detection to the new plan and nodes.
#
#   tools/losses_campaign.sh --virtual BUILD STATE [FAULTS]
#     The same in virtual time (tests/random_faults_test.cc, and for networks with variables
#     tests/random_sequences_test.cc), until there were FAULTS of them (100,000): random networks,
#     clusters, faults and moments. STATE is a file that keeps what each piece found, so that the
#     campaign goes on where it was stopped.
#
#   tools/losses_campaign.sh --boards SHOAL [ROUNDS [SEED]]
#     The same with four emulated boards, one or two of which are killed or stopped, ROUNDS times
#     (50).
set -euo pipefail
cd "$(dirname "$0")/.."
usage="usage: tools/losses_campaign.sh SHOAL [ROUNDS [SEED]] | --virtual BUILD STATE [FAULTS] |
  --boards SHOAL [ROUNDS [SEED]]"
model=models/fashion_mobilenet_v2.tflite
input=models/samples/bag/0.png

virtual() {
  local build=${1:?$usage} state=${2:?$usage} most=${3:-100000} piece said sequences faults=0 failed=0
  touch "$state"
  total() { sed -n "s/^piece [0-9]*: \([0-9]*\) faults .*/\1/p" "$state" | awk '{n += $1} END {print n + 0}'; }
  for ((piece = 1; $(total) < most; ++piece)); do
    ! grep -q "^piece $piece:" "$state" || continue
    said=$(SHOAL_RANDOM_SEED=$piece SHOAL_FAULT_NETS=50 SHOAL_FAULT_EVENTS=20 \
      "$build/tests/network_tests" random_faults_test.cc) || true
    grep -o "SHOAL_FAULT_CASE='[^']*'" <<<"$said" | sort -u |
      sed "s/^/failed in piece $piece: /" >>"$state" || true
    faults=$(sed -n 's/^\([0-9]* faults .*\)/\1/p' <<<"$said")
    [[ -n $faults ]] || { echo "piece $piece: the test ended before its time" >&2; exit 1; }
    said=$(SHOAL_RANDOM_SEED=$((1000 * piece)) SHOAL_RANDOM_NETS=10 SHOAL_FAULT_EVENTS=20 \
      "$build/tests/network_tests" random_sequences_test.cc) || true
    grep -o "SHOAL_SEQUENCE_CASE='[^']*'\|seed [0-9]*, without a fault.*" <<<"$said" | sort -u |
      sed "s/^/failed in piece $piece: /" >>"$state" || true
    sequences=$(sed -n 's/^\([0-9]* networks, .*\)/\1/p' <<<"$said")
    [[ -n $sequences ]] || { echo "piece $piece: the test ended before its time" >&2; exit 1; }
    echo "piece $piece: $faults; with variables $sequences" >>"$state"
  done
  failed=$(grep -c '^failed' "$state" || true)
  grep '^failed' "$state" || true
  echo "$(total) faults in $(grep -c '^piece' "$state") pieces, $failed failures"
  exit $((failed > 0))
}
[[ ${1:-} != --virtual ]] || virtual "${@:2}"

# One or two of the boards are killed or stopped while the run goes on. A board that is killed
# before it has answered once ends it.
boards() {
  local shoal rounds=${2:-50} seed=${3:-1} round failures=0 early=0 again=0
  shoal=$(realpath "${1:?$usage}")
  folder=$(mktemp -d)
  boards_pid=
  trap 'kill $boards_pid 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
  export XDG_CACHE_HOME=$folder/cache
  "$shoal" run "$model" "$input" -o "$folder/alone" >/dev/null
  for ((round = seed; round < seed + rounds; ++round)); do
    local signal=KILL count list code=0 run k
    RANDOM=$round
    ((RANDOM % 3)) || signal=STOP
    count=$((1 + RANDOM % 2))
    "$shoal" emulate --board emcraft-sf2 --nodes 4 --serve --insecure >"$folder/boards" 2>&1 &
    boards_pid=$!
    until [[ $(grep -c ' 127.0.0.1:' "$folder/boards") -eq 4 ]]; do
      kill -0 $boards_pid 2>/dev/null || { cat "$folder/boards" >&2; exit 1; }
      sleep 0.1
    done
    list=$(awk '/ 127.0.0.1:/ {print $2}' "$folder/boards" | paste -sd,)
    "$shoal" run "$model" "$input" --insecure --workers "$list" --strategy spatial --frames 6 \
      --on-loss replan -o "$folder/out" >"$folder/said" 2>&1 &
    run=$!
    for ((k = 0; k < count; ++k)); do
      sleep "$((5 + RANDOM % 15)).$((RANDOM % 10))"  # most of it is deployment
      kill -$signal "$(awk -v n=$((1 + (round + k) % 4)) \
        '/ 127.0.0.1:/ && ++i == n {print $3}' "$folder/boards")"
    done
    wait $run || code=$?
    if [[ $code -eq 6 ]] && grep -qE 'no answer within|node [0-9.]+:[0-9]+: silent' "$folder/said"
    then
      early=$((early + 1))
    elif [[ $code -ne 0 ]] || ! cmp -s "$folder/out" "$folder/alone"; then
      echo "FAILED: seed $round, $count by $signal, exit code $code"
      cat "$folder/said"
      failures=$((failures + 1))
    fi
    again=$((again + $(grep -c 'is run again' "$folder/said" || true)))
    awk '/ 127.0.0.1:/ {print $3}' "$folder/boards" | xargs -r kill -CONT 2>/dev/null || true
    kill $boards_pid 2>/dev/null || true
    wait $boards_pid 2>/dev/null || true
  done
  echo "$rounds rounds, $failures failures, $early killed too early, $again frames run again"
  exit $((failures > 0))
}
[[ ${1:-} != --boards ]] || boards "${@:2}"

shoal=$(realpath "${1:?$usage}")
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
  # It was killed before it had answered, or said its name.
  if [[ $code -eq 6 ]] && grep -qE 'no answer within|node [0-9.]+:[0-9]+: silent' "$folder/said"; then
    early=$((early + 1))
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
