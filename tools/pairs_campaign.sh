#!/bin/sh
# Runs commands at once on the same files; each must be exact or end in exit
# code 9. First two runs on one store that spills, PAIRS times without --wait
# and PAIRS times with it; then every verb that writes, ROUNDS times two and
# ROUNDS times three of it. The short forms are part of cli_store_test,
# cli_side_by_side_test and cli_outputs_side_by_side_test; measurements/ has the
# figures.
#
#   tools/pairs_campaign.sh [PAIRS [BUILD [ROUNDS]]]
set -eu
cd "$(dirname "$0")/.."
pairs=${1:-2000}
build=${2:-build/plain}
rounds=${3:-200}
ninja -C "$build" cli_store_test cli_side_by_side_test \
  cli_outputs_side_by_side_test shoal > /dev/null
tests=$build/tests/cli/tests_cli_tests
SHOAL_PAIRS=$pairs "$tests" cli_store_test.cc \
  --gtest_filter='CliStore.TwoRunsAtOnceAreExactOrRefused'
for file in cli_side_by_side_test cli_outputs_side_by_side_test; do
  SHOAL_PAIRS=$rounds "$tests" "$file.cc"
done
