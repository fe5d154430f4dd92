#!/bin/sh
# Stores, journals and spill areas on a disk that fails: at every position (a
# call, or a byte of a write) once an error, once a full disk, once a power cut.
# The short form is part of the tests; measurements/ has the figures.
#
#   tools/fault_campaign.sh [BUILD [EVERY]]
#
# EVERY: only every n-th position (1).
set -eu
cd "$(dirname "$0")/.."
build=${1:-build/plain}
export SHOAL_FAULTS="${2:-1}"
ninja -C "$build" store_faults_test journal_test spill_failure_test > /dev/null
"$build/host/engine/local/host_engine_local_tests" store_faults_test.cc | grep -E 'positions|FAILED|PASSED'
"$build/host/data/evaluate/host_data_evaluate_tests" --gtest_filter='*OnADiskThatFails' |
  grep -E 'positions|FAILED|PASSED'
"$build/device/storage/device_storage_tests" --gtest_filter='*CutAtEveryByte' |
  grep -E 'positions|FAILED|PASSED'
