#include "host/engine/common/fenced_arena.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(Arena, AllOfItIsUsableAndNoMore) {
  for (const uint32_t bytes : {1u, 15u, 16u, 4096u, 4100u, 100000u}) {
    Arena arena(bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(arena.data()) % 16, 0u);
    for (uint32_t i = 0; i < bytes; ++i) arena.data()[i] = 1;
    EXPECT_TRUE(arena.intact());
    arena.data()[-1] = 1;
    EXPECT_FALSE(arena.intact());
  }
}

TEST(Arena, TheBytesThatOnlyFillItUpToSixteenAreWatched) {
  Arena arena(17);
  arena.data()[17] = 0;
  EXPECT_FALSE(arena.intact());
}

TEST(ArenaDeathTest, ThePageBehindFaults) {
  Arena arena(32);
  EXPECT_DEATH(static_cast<volatile uint8_t*>(arena.data())[32] = 1, "");
}

}  // namespace
}  // namespace shoal
