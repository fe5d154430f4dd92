#!/usr/bin/env bash
# Checks that shoal configures with what plain tools/setup.sh installs: without
# what tests need, with one half of that, and without ONNX. Nothing is built, except as a
# campaign, which builds what README does: half an hour of a core.
#   tools/configure_plain.sh DIR [build]
set -euo pipefail
to=${1:?usage: tools/configure_plain.sh DIR}
source=$(cd "$(dirname "$0")/.." && pwd)
rm -rf "$to"
plain=(-DSHOAL_MPI=OFF -DLWIP=OFF -DLWIP_INCLUDE=OFF -DSHOAL_LLD=OFF
  -DSHOAL_ARM_COMPILER=OFF -DSHOAL_RISCV_COMPILER=OFF -DSHOAL_CCACHE=OFF)
configure() {  # name, why there are no tests, what is hidden
  local log=$to/$1.log
  mkdir -p "$to"
  cmake -S "$source" -B "$to/$1" -G Ninja "${plain[@]}" "${@:3}" > "$log" 2>&1 &&
    grep -q "No tests: $2" "$log" &&
    ninja -C "$to/$1" -t commands > "$log" 2>&1 &&
    grep -q -- '-o host/cli/shoal ' "$log" && ! grep -q libgtest "$log" || {
    tail -n 20 "$log" >&2
    echo "$1: does not configure without ${*:3}" >&2
    exit 1
  }
}
missing="GoogleTest or RapidCheck is missing"
configure neither "$missing" -DCMAKE_DISABLE_FIND_PACKAGE_GTest=ON \
  -DRAPIDCHECK_INCLUDE=OFF
configure half "$missing" -DRAPIDCHECK_INCLUDE=OFF
configure no_onnx "they need ONNX" -DSHOAL_ONNX=OFF
echo "configures"
[[ ${2:-} == build ]] || exit 0
ninja -C "$to/neither" shoal > "$to/build.log" || { tail -n 20 "$to/build.log" >&2; exit 1; }
"$to/neither/host/cli/shoal" simulate "$source/models/fashion_mobilenet_v2.tflite" \
  --nodes 2 --ram 64K | grep "equal to the oracle's"
