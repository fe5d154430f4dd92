#!/usr/bin/env bash
# The tests that boot boards, one after the other, several times: whether any
# of them fails now and then.
#   tools/repeat_emulators.sh BUILD [ROUNDS]
# A line a round: tests that passed and failed, seconds, and seconds of CPU of
# all that it started; a line for each test that failed, whose output stays in
# BUILD/repeated. Fails if one did.
set -euo pipefail
build=$(cd "$1" && pwd)
rounds=${2:-20}
tests='^(board_(boot|kinds|budget|golden|cli|network|discover|noise|sealed|trouble|bench)_test|engines_test)'
mkdir -p "$build/repeated"
failed=0
for ((round = 1; round <= rounds; ++round)); do
  log=$build/repeated/$round.log
  TIMEFORMAT='%0R s, CPU %U + %S s'
  took=$({ time SHOAL_BOOT=1 ctest --test-dir "$build" -R "$tests" \
    --output-on-failure >"$log" 2>&1; } 2>&1) || failed=1
  passed=$(grep -c ' Passed ' "$log" || true)
  bad=$(grep -cE '\*\*\*(Failed|Timeout|Exception|Skipped)' "$log" || true)
  echo "round $round: $passed passed, $bad failed, $took"
  grep -E '\*\*\*(Failed|Timeout|Exception|Skipped)' "$log" || true
done
exit $failed
