#!/usr/bin/env bash
# The small models of $SHOAL_SHARED/cases on emulated boards: whether a board
# gives the bytes that this computer gives, which tools/cases.sh compares with
# references. Float models are quantized first, with the case's own frames.
#
#   tools/cases_on_boards.sh BUILD [--sample] [BOARD...]
#
# Without boards: a Cortex-M3, M4, M55 and RV32. --sample takes one case of each
# kind. A line a board; the cases that differ or do not run are named, and 1 is
# the exit code then, also for a case that could not be prepared on this
# computer, which is named with the reason.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(realpath "${1:?usage: tools/cases_on_boards.sh BUILD [--sample] [BOARD...]}")
shift
shoal=$build/host/cli/shoal
cases=${SHOAL_SHARED:-$root/../shared}/cases
if [[ ! -f $cases/check.py ]]; then
  echo "skipped: $cases holds no cases" >&2
  exit 77
fi
names=(01_ 02_ 04_ 06_ 07_ 08_ 10_ 11_)
any="*"
if [[ ${1:-} == --sample ]]; then
  shift
  names=(01_ecg_cols 02_qoperator_u8s8 04_island_softmax 06_int4_fc_odd
    07_lstm_sequence_out 08_encoder_block 10_i16_net_classifier 11_tconv_row_k1x4)
  any=""
fi
[[ $# -gt 0 ]] || set -- mps2-an385 mps2-an386 mps3-an547 qemu-rv32
for board in "$@"; do
  if [[ ! -f $build/boards/$board/firmware-debug.elf ]]; then
    echo "skipped: no firmware for $board in $build" >&2
    exit 77
  fi
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A field of a case's description, or of what `inspect` prints.
field() {  # FILE EXPRESSION
  python3 -c "import json, sys; c = json.load(open(sys.argv[1])); print($2)" "$1"
}

# Writes the case's int8 model and what it gives here for a random frame.
# `if` calls this, so that the shell does not end it at a command that fails.
prepare() {  # FOLDER NAME
  local model frames float
  model=$1/$(field "$1/case.json" 'c["model"]') || return 1
  "$shoal" inspect "$model" --json >"$work/facts" || return 1
  float=$(field "$work/facts" 'c["float"]') || return 1
  if [[ $float == True ]]; then
    frames=$(field "$1/case.json" \
      'next(k["calibrate"] for k in c["checks"] if "calibrate" in k)') ||
      return 1
    "$shoal" quantize "$model" --calibrate "$1/$frames" \
      -o "$work/$2.tflite" >/dev/null || return 1
    model=$work/$2.tflite
  fi
  ln -sfn "$model" "$work/$2.model" || return 1
  "$shoal" run "$model" random:1 --task raw -o "$work/$2.here" >/dev/null
}

# A refusal in one line, else the last of what was said.
reason() {
  if grep -q '^shoal: ' "$work/said"; then
    sed -n '/^shoal: /,$p' "$work/said" | tr -s '\n ' ' '
  else
    tail -n 1 "$work/said"
  fi
}

failed=0
known=()
for name in "${names[@]}"; do
  for folder in "$cases/$name"$any/; do
    folder=${folder%/}
    case=$(basename "$folder")
    if prepare "$folder" "$case" 2>"$work/said"; then
      known+=("$case")
    else
      echo "  $case: not prepared: $(reason)"
      failed=1
    fi
  done
done

for board in "$@"; do
  exact=0 differ=0
  for case in "${known[@]}"; do
    code=0
    "$shoal" emulate --board "$board" "$work/$case.model" random:1 \
      --task raw -o "$work/there" >/dev/null 2>"$work/said" || code=$?
    if [[ $code -eq 0 ]] && cmp -s "$work/there" "$work/$case.here"; then
      exact=$((exact + 1))
    else
      differ=$((differ + 1))
      echo "  $board $case: exit code $code $(head -n 1 "$work/said")"
    fi
  done
  echo "$board: $exact exact, $differ not"
  [[ $differ -eq 0 && $exact -gt 0 ]] || failed=1
done
exit $failed
