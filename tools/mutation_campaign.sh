#!/usr/bin/env bash
# Damaged models, stores, pictures, keys, data sets and texts by the thousand:
# every kind of file that a verb reads, as tests/mutated_files_test.cc damages
# and judges them. Most run in a process that has `shoal` inside and forks for
# each file, every fiftieth through the executable. Prints, for each kind, the
# files, the largest share of the memory that the whole file takes, the longest
# CPU time and the exit codes; then what failed; 1 if anything did.
#
#   tools/mutation_campaign.sh BUILD_DIR [COUNT] [SEED]
#
# SHOAL_MUTATION_ALL=1: the real models of SHOAL_SHARED too.
# SHOAL_MUTATION_SHORT=1: each with little memory, all through the executable,
# because its allocator is tested and a process that forks has memory already.
set -euo pipefail
build=$(realpath "${1:?usage: tools/mutation_campaign.sh BUILD_DIR [COUNT] [SEED]}")
count=${2:-200000}
seed=${3:-1}
jobs=$(nproc)
targets=(mutated_files_test)
[[ ${SHOAL_MUTATION_SHORT:-} ]] || targets+=(mutated_files_inside)
cmake --build "$build" -j "$jobs" --target "${targets[@]}" -- --quiet
log=$build/mutation_campaign
rm -rf "$log"
mkdir -p "$log"
cd "$log"  # files that failed stay here

run() {  # program, count, seed, log
  SHOAL_MUTATIONS=$2 SHOAL_RANDOM_SEED=$3 nice -n 19 "$build/tests/$1" \
    >"$4" 2>&1 || true
}
started=$SECONDS
program=mutated_files_inside
[[ ${SHOAL_MUTATION_SHORT:-} ]] && program=mutated_files_test
for ((job = 0; job < jobs; ++job)); do
  run "$program" $((count / jobs)) $((seed * 1000 + job)) \
    "inside$job.log" &
done
wait
run mutated_files_test $((count / 50)) $((seed * 1000 + jobs)) executable.log

printf '%-22s %8s %8s %8s  %s\n' kind files 'x memory' 'CPU s' 'exit codes'
awk 'FNR == 1 { on = 0 }
/^kind  / { on = 1; next }
/^\[/ { on = 0 }
on {
  for (i = 1; i <= NF && $i !~ /^[0-9]+$/; ++i) {}
  kind = $1
  for (j = 2; j < i; ++j) kind = kind " " $j
  files[kind] += $i
  if ($(i + 1) > times[kind]) times[kind] = $(i + 1)
  if ($(i + 2) > cpu[kind]) cpu[kind] = $(i + 2)
  for (j = i + 3; j <= NF; ++j) {
    split($j, code, ":")
    codes[kind, code[1]] += code[2]
  }
}
END {
  for (k in files) {
    text = ""
    for (c = 0; c < 256; ++c) {
      if ((k, c) in codes) text = text " " c ":" codes[k, c]
    }
    printf "%-22s %8d %8.1f %8.2f %s\n", k, files[k], times[k], cpu[k], text
  }
}' ./*.log | sort | tee all.txt
awk '{ for (i = 1; $i !~ /^[0-9]+$/; ++i) {} all += $i }
END { print all " files in all" }' all.txt
echo "$((SECONDS - started)) s with $jobs jobs; files that failed, logs: $log"
grep -q '^kind  ' ./*.log
if grep -A6 ': Failure' ./*.log; then exit 1; fi
