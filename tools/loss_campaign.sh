#!/usr/bin/env bash
# The cost of loss and reordering: MobileNetV2 1.0 at 224x224 on eight Teensy
# 4.1 of 64 KB, in virtual time, the worst of so many seeds over the same plan
# without bad luck. Needs SHOAL_SHARED; 1 if a bound is passed.
#
#   tools/loss_campaign.sh BUILD_DIR [SEEDS]
set -euo pipefail

build=${1:?usage: tools/loss_campaign.sh BUILD_DIR [SEEDS]}
SHOAL_LOSS_SEEDS=${2:-20} "$build/tests/tests_tests" cluster_numbers_test.cc \
  --gtest_filter='*LossAndReordering' |
  grep -e '^calm' -e ' seeds: ' -e Failure -e '\[  [PF]A'
