#!/usr/bin/env bash
# ONNX's own tests of its operators: how many of each agree with the float
# oracle, how many are refused and why; 1 if an accepted one differs. FOLDER is
# onnx/backend/test/data (Debian: libonnx-testdata).
#
#   tools/onnx_nodes.sh BUILD_DIR [FOLDER]
set -euo pipefail

build=${1:?usage: tools/onnx_nodes.sh BUILD_DIR [FOLDER]}
SHOAL_ONNX_DATA=${2:-/usr/share/libonnx-testdata/data} \
  "$build/host/model/onnx/host_model_onnx_tests" onnx_nodes_test.cc |
  sed '/^\[[ =-]/d'
