// Expectations that tests of the command line have of nearly every command.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/command.h"

namespace shoal {

inline Told expect_ok(const Workshop& shop,
                      const std::vector<std::string>& arguments) {
  const Told told = shop.shoal(arguments);
  EXPECT_EQ(told.code, 0) << told.err;
  return told;
}

// It says `what` on stderr, and nothing on stdout.
inline void expect_refused(const Told& told, int code,
                           const std::string& what) {
  EXPECT_EQ(told.code, code) << told.out << told.err;
  EXPECT_NE(told.err.find(what), std::string::npos)
      << "wanted: " << what << "\ntold: " << told.err;
  EXPECT_EQ(told.out, "");
}

}  // namespace shoal
