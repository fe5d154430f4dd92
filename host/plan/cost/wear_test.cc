#include "host/plan/cost/wear.h"

#include <gtest/gtest.h>

#include <cmath>

namespace shoal {
namespace {

constexpr double kSecondsOfYear = 365.25 * 24 * 3600;

Storage part(const char* name) {
  return find_storage(find_board("teensy41"), name);
}

PlanNode spilling(const Storage& s, int pages) {
  PlanNode node;
  node.spill_page_bytes = static_cast<uint32_t>(s.erase_bytes);
  node.spill_pages = pages;
  return node;
}

TEST(WearTest, NothingWrittenLastsForEver) {
  EXPECT_TRUE(std::isinf(years_of_life({}, part("qspi-nor"), 10)));
  const Storage psram = part("psram");
  EXPECT_TRUE(std::isinf(years_of_life(spilling(psram, 8), psram, 10)));
}

// 16 MB in blocks of 4 KB with 100,000 erasures each; four blocks a frame.
TEST(WearTest, ErasuresAreSpreadOverTheArea) {
  const Storage nor = part("qspi-nor");
  const double blocks =
      std::floor(static_cast<double>(nor.capacity_bytes) / 4096) - 1 - 2;
  const double frames = blocks / 4 * 100000;
  EXPECT_NEAR(years_of_life(spilling(nor, 4), nor, 2),
              frames / 2 / kSecondsOfYear, 1e-6);
  // A longer image leaves less room.
  PlanNode large = spilling(nor, 4);
  large.tape_bytes = nor.capacity_bytes / 2;
  EXPECT_NEAR(
      years_of_life(large, nor, 2) / years_of_life(spilling(nor, 4), nor, 2),
      0.5, 0.01);
}

TEST(WearTest, ACardHasBytesInAll) {
  const Storage card = part("sd-4bit");
  const double all = years_of_life(spilling(card, 100), card, 1);
  const double pages = card.endurance_bytes / (100 * 4096) / kSecondsOfYear;
  EXPECT_LT(all, pages);  // because of the ledger's entries
  EXPECT_GT(all, pages * 0.99);
}

TEST(WearTest, ABoundOnWritesIsExact) {
  for (const char* name : {"qspi-nor", "sd-4bit", "sd-spi"}) {
    const Storage s = part(name);
    for (const double fps : {0.01, 1.0, 30.0}) {
      const int64_t bytes = writes_for_life(s, 1 << 20, 10, fps);
      const auto pages = static_cast<int>(bytes / s.erase_bytes);
      PlanNode node = spilling(s, pages);
      node.tape_bytes = 1 << 20;
      if (pages > 0) {
        EXPECT_GE(years_of_life(node, s, fps), 10) << name << " " << fps;
      }
      node.spill_pages = pages + 1;
      EXPECT_LT(years_of_life(node, s, fps), 10) << name << " " << fps;
    }
  }
}

}  // namespace
}  // namespace shoal
