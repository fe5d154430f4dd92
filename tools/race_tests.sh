#!/usr/bin/env bash
# Runs the tests with threads, or that serve several at once, under
# ThreadSanitizer.
#   tools/race_tests.sh
set -euo pipefail
cd "$(dirname "$0")/.."
tests=(file_storage_test answer_frames_test team_test observed_bytes_test
  worker_process_test process_test udp_test bench_listener_test pair_test ops_test
  at_once_test jobs_test desk_lanes_test frame_desk_test)
cmake --preset tsan >/dev/null
cmake --build --preset tsan -j "$(nproc)" --target "${tests[@]}" -- --quiet
pattern=$(IFS='|' && echo "${tests[*]}")
TSAN_OPTIONS=halt_on_error=1 ctest --test-dir build/tsan --output-on-failure \
  --no-tests=error -R "^($pattern)(_[0-9]+)?\$"
