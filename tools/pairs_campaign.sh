#!/bin/sh
# Runs two runs at once on one store that spills, PAIRS times without --wait and
# PAIRS times with it: each must be exact or end in exit code 9. The short form
# is part of cli_store_test; measurements/ has the figures.
#
#   tools/pairs_campaign.sh [PAIRS [BUILD]]
set -eu
cd "$(dirname "$0")/.."
pairs=${1:-2000}
build=${2:-build/plain}
ninja -C "$build" cli_store_test shoal > /dev/null
SHOAL_PAIRS=$pairs "$build/tests/cli/tests_cli_tests" cli_store_test.cc \
  --gtest_filter='CliStore.TwoRunsAtOnceAreExactOrRefused'
