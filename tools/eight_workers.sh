#!/usr/bin/env bash
# Eight nodes as processes on this computer, over UDP: starts them on ports
# that the system chooses, runs frames on them, compares the output with one
# node's, says what they took, and ends them.
#   tools/eight_workers.sh SHOAL MODEL INPUT [FRAMES [options of run]]
#   WORKERS=4 RAM=64K tools/eight_workers.sh ...   others than 8 and 16M
# Encrypted with a key of its own, unless --insecure is among the options. A
# short run comes before the counted one: memory must not grow after it.
set -euo pipefail
shoal=$1 model=$2 input=$3 frames=${4:-1000}
shift $(($# < 4 ? 3 : 4))
workers=${WORKERS:-8} warm=$((frames < 100 ? frames : 100))
work=$(mktemp -d)
. "$(dirname "$0")/start_workers.sh"
finish() {
  stop_workers
  rm -rf "$work"
}
trap finish EXIT

secure=(--key "$work/key")
for option in "$@"; do [[ $option != --insecure ]] || secure=(--insecure); done
[[ ${secure[0]} == --insecure ]] || "$shoal" keygen -o "$work/key" >/dev/null

start_workers "$shoal" "$workers" "${RAM:-16M}" "$work" "${secure[@]}"
echo "$workers workers: ${addresses[*]}"

# Prints the memory of each worker, in KB.
memory() {
  local pid
  for pid in "${pids[@]}"; do
    sed -n 's/^VmRSS:\s*\([0-9]*\) kB/\1/p' "/proc/$pid/status"
  done | tr '\n' ' '
}
# Prints the CPU time of all workers, in hundredths of a second.
cpu() {
  local pid sum=0 stat
  for pid in "${pids[@]}"; do
    read -r stat <"/proc/$pid/stat"
    read -ra stat <<<"${stat##*) }"
    sum=$((sum + stat[11] + stat[12]))
  done
  echo "$sum"
}
run() {
  "$shoal" run "$model" "$input" --workers "$(IFS=,; echo "${addresses[*]}")" \
    --frames "$1" --output "$work/many" "${secure[@]}" "${@:2}"
}

"$shoal" run "$model" "$input" --output "$work/one" >/dev/null
run "$warm" "$@" >/dev/null
cmp "$work/one" "$work/many"
before=$(memory)
cpu_before=$(cpu)
run "$frames" "$@" | grep '^latency'
cmp "$work/one" "$work/many"
after=$(memory)
cpu_after=$(cpu)
echo "$frames frames, each with the first one's output, and that is one node's"
echo "memory of the workers after $warm frames, KB:     $before"
echo "after $frames more:                    $after"
echo "CPU of all workers: $(((cpu_after - cpu_before) * 10000 / frames)) us a frame"
grown=$(paste -d' ' <(tr ' ' '\n' <<<"$before") <(tr ' ' '\n' <<<"$after") |
  awk 'NF == 2 && $2 - $1 > 64 {n++} END {print n + 0}')
[[ $grown == 0 ]] || { echo "$grown workers have grown" >&2; exit 1; }
