#!/usr/bin/env bash
# Two to five coordinators at once on three workers, ROUNDS times in each of
# four ways: refused as soon as another one has the nodes, with --wait, with
# --take-over, and each on two of the three workers. Their workers come in
# different orders and under two names. Every output must be exact and every
# other exit code 9; in each round one must run at least, and all of them with
# --wait; afterwards no lease may be left. Prints the exit codes of each way,
# then the failures; 1 if there are any.
#
#   tools/coordinators_campaign.sh SHOAL [ROUNDS [LOAD]]
#
# LOAD processes (default: 0) keep the CPUs busy meanwhile.
set -euo pipefail
cd "$(dirname "$0")/.."
shoal=$(realpath "${1:?usage: tools/coordinators_campaign.sh SHOAL [ROUNDS [LOAD]]}")
rounds=${2:-500}
load=${3:-0}
folder=$(mktemp -d)
. tools/start_workers.sh
busy=()
trap 'kill "${busy[@]}" 2>/dev/null || true; stop_workers; rm -rf "$folder"' EXIT
cp fuzz/corpus/import/convolutions.tflite "$folder/m.tflite"

start_workers "$shoal" 3 64K "$folder" --insecure
for ((i = 0; i < load; ++i)); do
  while :; do :; done &
  busy+=($!)
done
"$shoal" run "$folder/m.tflite" random:1 -o "$folder/alone" >/dev/null

# Worker I, 0 to 2, as coordinator C names it.
named() {
  local address=${addresses[$1]}
  (($2 % 2)) && address=localhost:${address##*:}
  echo "$address"
}

workers_of() {  # way, coordinator
  local first=$(($2 % 3)) second=$((($2 + 1) % 3)) third=$((($2 + 2) % 3))
  # A subset in either order; all of them in each of the six.
  (($2 % 2)) && first=$second second=$(($2 % 3))
  local list
  list=$(named "$first" "$2"),$(named "$second" "$2")
  [ "$1" = subsets ] || list+=,$(named "$third" "$2")
  echo "$list"
}

failures=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

round() {  # way, round
  local way=$1 count=$((2 + $2 % 4)) c code ran=0 more=()
  [ "$way" != waits ] || more=(--wait 120)
  [ "$way" != takes ] || more=(--take-over)
  local started=()
  for ((c = 0; c < count; ++c)); do
    rm -f "$folder/out$c"
    "$shoal" run "$folder/m.tflite" random:1 --insecure -o "$folder/out$c" \
      --workers "$(workers_of "$way" "$c")" "${more[@]}" \
      >/dev/null 2>"$folder/err$c" &
    started+=($!)
  done
  for ((c = 0; c < count; ++c)); do
    code=0
    wait "${started[c]}" || code=$?
    echo "$way $code" >>"$folder/codes"
    if [ "$code" = 0 ]; then
      ran=$((ran + 1))
      cmp -s "$folder/out$c" "$folder/alone" || fail "$way $2: other bytes"
    elif [ "$code" != 9 ]; then
      fail "$way $2: exit code $code: $(cat "$folder/err$c")"
    fi
  done
  [ "$ran" -gt 0 ] || fail "$way $2: none of $count ran"
  [ "$way" != waits ] || [ "$ran" = "$count" ] || fail "$way $2: $ran of $count"
  code=0
  "$shoal" run "$folder/m.tflite" random:1 --insecure -o "$folder/out" \
    --workers "$(workers_of all 0)" >/dev/null 2>"$folder/err" || code=$?
  [ "$code" = 0 ] || fail "$way $2: afterwards $code: $(cat "$folder/err")"
}

for way in refused waits takes subsets; do
  for ((n = 0; n < rounds; ++n)); do round "$way" "$n"; done
  awk -v way="$way" '$1 == way {++count[$2]}
    END {printf "%s:", way; for (c in count) printf " %d of code %s", count[c], c; print ""}' \
    "$folder/codes"
done
echo "$failures failures"
[ "$failures" = 0 ]
