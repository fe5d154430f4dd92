#!/usr/bin/env bash
# Makes the bundled keyword transformer from nothing: has espeak-ng say the
# words, trains, exports ONNX, quantizes, counts what it gets right. Fixed
# seeds; some minutes.
#   tools/train/keywords.sh [BUILD [OUT]]   default build/keywords and models
# BUILD keeps the words and the int8 network; OUT gets the ONNX file and some
# words of the test set.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:-build/keywords} out=${2:-models}
shoal=${SHOAL:-build/release/host/cli/shoal}
name=keyword_transformer
tools/setup.sh train
mkdir -p "$build" "$out"
# One thread: the same weights on every run.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
[[ -e $build/train.npz ]] ||
  /usr/bin/python3 tools/train/keywords.py "$build"
/usr/bin/python3 -W ignore tools/train/keyword_transformer.py "$build" "$out"
"$shoal" quantize "$out/$name.onnx" --calibrate "$build/train.npz" \
  -o "$build/$name.tflite" >"$build/quantize.txt"
for model in "$out/$name.onnx" "$build/$name.tflite"; do
  echo "$model"
  "$shoal" evaluate "$model" "$build/test.npz" --labels "$out/keyword_labels.txt"
done
