#!/usr/bin/env bash
# ONNX's own tests of its operators: how many of each agree with the float
# oracle, how many are refused and why; 1 if an accepted one differs. FOLDER is
# onnx/backend/test/data (Debian: libonnx-testdata).
#
#   tools/onnx_nodes.sh BUILD_DIR [FOLDER]
#
# BUILD_DIR is a build with the folders' own tests, which the preset dev has and
# release has not: build/dev.
set -euo pipefail

build=${1:?usage: tools/onnx_nodes.sh BUILD_DIR [FOLDER], such as build/dev}
tests=$build/host/model/onnx/host_model_onnx_tests
if [[ ! -x $tests ]]; then
  echo "$tests is missing: give a build of the preset dev (build/dev), made by" \
    "cmake --build --preset dev --target host_model_onnx_tests" >&2
  exit 2
fi
SHOAL_ONNX_DATA=${2:-/usr/share/libonnx-testdata/data} \
  "$tests" onnx_nodes_test.cc |
  sed '/^\[[ =-]/d'
