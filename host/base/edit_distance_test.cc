#include "host/base/edit_distance.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(EditDistance, CountsLetters) {
  EXPECT_EQ(edit_distance("plan", "plan"), 0u);
  EXPECT_EQ(edit_distance("plan", "pan"), 1u);
  EXPECT_EQ(edit_distance("plan", "plain"), 1u);
  EXPECT_EQ(edit_distance("plna", "plan"), 2u);
  EXPECT_EQ(edit_distance("", "run"), 3u);
  EXPECT_EQ(edit_distance("run", ""), 3u);
}

}  // namespace
}  // namespace shoal
