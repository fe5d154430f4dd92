#!/usr/bin/env bash
# Lets tools/cases_on_boards.sh run seven cases that a board can run and one
# whose calibration frames do not fit: it gives the reason of `quantize` for that
# one, runs the others and ends in 1.
#
#   tests/case_not_prepared.sh BUILD BOARD
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for name in 02_qoperator_u8s8 04_island_softmax 06_int4_fc_odd \
  07_lstm_sequence_out 08_encoder_block 10_i16_net_classifier \
  11_tconv_row_k1x4; do
  mkdir -p "$work/cases/$name"
  cp "$root/models/fashion_mobilenet_v2.tflite" "$work/cases/$name/m.tflite"
  echo '{"model": "m.tflite", "checks": []}' >"$work/cases/$name/case.json"
done
bad=$work/cases/01_ecg_cols
mkdir "$bad"
touch "$work/cases/check.py"
cp "$root/host/model/onnx/testdata/vgg_like.onnx" "$bad/m.onnx"
echo abc >"$bad/cal.bin"
echo '{"model": "m.onnx", "checks": [{"calibrate": "cal.bin"}]}' \
  >"$bad/case.json"
code=0
SHOAL_SHARED=$work "$root/tools/cases_on_boards.sh" "$1" --sample "$2" \
  >"$work/out" || code=$?
cat "$work/out"
[[ $code -ne 77 ]] || exit 77
[[ $code -eq 1 ]]
grep -q '01_ecg_cols: not prepared: .*cal.bin: 4 bytes are not frames of .* in float32' \
  "$work/out"
grep -q "^$2: 7 exact, 0 not$" "$work/out"
