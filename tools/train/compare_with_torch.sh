#!/usr/bin/env bash
# Five architectures exported by torch (architectures.py): shoal's floats
# against torch's own output, then the int8 network's on an input that
# calibration has not seen.
#   tools/train/compare_with_torch.sh SHOAL [BUILD]
# Ends with 1 if floats differ by more than 1e-4 of the largest value, or if
# int8 keeps less than 20 dB.
set -euo pipefail
shoal=$(realpath "$1") build=${2:-build/architectures}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$build"
/usr/bin/python3 -W ignore "$here/architectures.py" "$build"
cd "$build"
names=(mobilenet_v2 resnet18 squeezenet vgg_like unet)
for name in "${names[@]}"; do
  "$shoal" quantize "$name.onnx" --calibrate "$name.calibration" \
    -o "$name.tflite" >"$name.report"
done
/usr/bin/python3 "$here/compare.py" "$shoal" "${names[@]}"
