#!/usr/bin/env bash
# Explores spec/protocol/recovery.pml completely with SPIN, and asserts that the
# mutants of the protocol are caught. Exit code 77: spin is not installed.
#   tools/explore_protocol.sh          all: 3 minutes and 2 GB at most
#   tools/explore_protocol.sh small    what the tests run: a few seconds
set -euo pipefail
cd "$(dirname "$0")/.."
command -v spin >/dev/null || {
  echo "skipped: spin is not installed (tools/setup.sh tests)"
  exit 77
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp spec/protocol/*.pml "$folder"
cd "$folder"

# explore KIND DEFINE...: what SPIN says of an instance.
#   ends   every execution comes to the end of each frame, and no assertion
#          fails on the way
#   bytes  no assertion fails
explore() {
  local kind=$1 flags=(-O2) run=(-a)
  shift
  [[ ${large:-} ]] || flags=(-O0)
  [[ $kind != bytes ]] || flags+=(-DSAFETY -DNOCLAIM) run=(-E)
  # Of two values for a name the later one counts.
  local name define
  local -A values=()
  for define in "$@"; do
    name=${define%%=*}
    values[$name]=-D$define
  done
  rm -f pan*
  spin "${values[@]}" -a recovery.pml >spin.log || { cat spin.log; return 1; }
  gcc -w -DNOREDUCE -DCOLLAPSE -DVECTORSZ=2048 -DMEMLIM=2000 "${flags[@]}" \
    -o pan pan.c
  ./pan "${run[@]}" -m100000 -n >pan.log 2>&1 || true
}

# holds NAME DEFINE...: all of it was explored, without an error.
holds() {
  local name=$1 start=$SECONDS
  shift
  explore ends "$@"
  if ! grep -q 'errors: 0$' pan.log || grep -qiE 'too small|out of mem|warning: .*incomplete|max search depth' pan.log; then
    echo "$name: the property does not hold, or not all was explored"
    cat pan.log
    exit 1
  fi
  printf '%-38s %9s states, %s MB, %s s\n' "$name" \
    "$(sed -n 's/ *\([0-9]*\) states, stored.*/\1/p' pan.log)" \
    "$(sed -n 's/ *\([0-9]*\)\.[0-9]*\ttotal actual memory usage/\1/p' pan.log)" \
    $((SECONDS - start))
}

# caught KIND MUTANT DEFINE...
caught() {
  local kind=$1 mutant=$2 how='acceptance cycle'
  shift 2
  [[ $kind != bytes ]] || how='assertion violated'
  explore "$kind" "$@" "MUTANT_$mutant"
  if ! grep -q "^pan:1: $how" pan.log; then
    echo "mutant $mutant: not caught ($how)"
    cat pan.log
    exit 1
  fi
  printf 'caught: %-28s %s\n' "$mutant" "$(sed -n 's/^pan:1: //p' pan.log | head -1)"
}

calm=(NODES=2 LOSSES=0 AGAIN=0 FAULTS=0 CRASHES=0)
one_fault=(NODES=2 LOSSES=0 AGAIN=0 FAULTS=1 CRASHES=0)
one_crash=(NODES=2 LOSSES=0 AGAIN=0 FAULTS=0 CRASHES=1)
one_loss=(NODES=2 LOSSES=1 AGAIN=0 FAULTS=0 CRASHES=0)
two_bytes=("${calm[@]}" FRAMES=1 FRAME=2)
no_gaps=("${two_bytes[@]}" RING=2 GAPS=0 SPARE=2)

holds "fault, restart" "${one_fault[@]}" CRASHES=1
holds "loss, repeated fragment" "${one_loss[@]}" AGAIN=1
holds "two bytes, no room for gaps" "${no_gaps[@]}"
caught bytes NO_EPOCH_CHECK "${one_fault[@]}"
caught bytes CREDIT_REUSED "${two_bytes[@]}"
caught ends NO_SESSION_CHECK "${one_crash[@]}"
[[ ${1:-} == small ]] && exit

caught bytes EPOCH_REUSED "${one_crash[@]}"
caught bytes NO_CREDIT "${two_bytes[@]}"
caught bytes OLD_OFFSETS_PLACED "${calm[@]}" AGAIN=1
caught bytes RELEASED_WHEN_SENT "${calm[@]}" AGAIN=1
caught bytes STATE_KEPT "${one_fault[@]}"
caught bytes NO_NONCE "${one_crash[@]}"
caught ends ACKNOWLEDGED_UNPLACED "${no_gaps[@]}"
caught ends NO_PROBE "${one_loss[@]}"
caught ends NO_RESEND "${one_loss[@]}"
caught ends NOT_REPEATED "${one_fault[@]}"
caught ends OLD_ANSWER_TAKEN "${one_loss[@]}" CRASHES=1
caught ends STAGE_LEFT_EARLY "${one_loss[@]}"
large=1
holds "two bytes, a ring of one, loss" "${two_bytes[@]}" LOSSES=1 SPARE=2
holds "three nodes, fault, restart" NODES=3 LOSSES=0 AGAIN=0
holds "three nodes, fault, loss" NODES=3 AGAIN=0 CRASHES=0
holds "three nodes, loss, repeated" NODES=3 FAULTS=0 CRASHES=0
holds "three nodes, restart, loss" NODES=3 FAULTS=0 AGAIN=0
holds "all at once" NODES=2
