// Tests that run other programs. Where one is missing they are skipped, and say
// which; with SHOAL_BOOT=1, as ./test.sh sets it, that is a failure.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "host/engine/board/process.h"

namespace shoal {

// In SetUp(), after which GoogleTest asks by itself, or before
// `if (cannot_go_on()) return;`.
inline void need_programs(const std::vector<std::string>& programs) {
  for (const std::string& program : programs) {
    if (has_program(program)) continue;
    ASSERT_FALSE(std::getenv("SHOAL_BOOT")) << program << " is missing";
    GTEST_SKIP() << program << " is missing (tools/setup.sh tests)";
  }
}

inline bool cannot_go_on() {
  return testing::Test::IsSkipped() || testing::Test::HasFatalFailure();
}

}  // namespace shoal
