// A node that spills, in virtual time: the right bytes, the writes and wear
// that its plan announces, and about the time.
#include <gtest/gtest.h>

#include <algorithm>

#include "device/storage/ledger.h"
#include "host/base/error.h"
#include "host/engine/common/testing/small_model.h"
#include "host/engine/virtual/testing/one_node.h"
#include "host/plan/cost/wear.h"

namespace shoal {
namespace {

constexpr int kSide = 32;
constexpr size_t kInput = kSide * kSide * 4;
constexpr SharedKey kKey = {1, 2, 3};

struct Case {
  const char* storage;
  bool sealed;
};

class Spilling : public testing::TestWithParam<Case> {
 protected:
  Spilling() {
    PlanRequest request = one_node(board_);
    request.node().ram = 12000;
    request.node().flash_weights = 0;
    request.node().storage = GetParam().storage;
    request.max_writes = 1 << 20;
    request.node().sealed = GetParam().sealed;
    p_ = prepare(squeezed_graph(kSide), request);
    if (GetParam().sealed) seal_stores(p_, 1, options_, kKey);
  }

  const PlanNode& plan() const { return p_.plan.nodes[0]; }
  int64_t entry_bytes() const {
    return ledger_entry_bytes(static_cast<uint32_t>(
        find_storage(board_, GetParam().storage).write_bytes));
  }
  std::vector<uint8_t> wanted(const std::vector<uint8_t>& input) const {
    return model_output(p_.graph, run_oracle(p_.graph, input));
  }

  const Board& board_ = find_board("stm32f746");
  Prepared p_;
  SimOptions options_;
};

INSTANTIATE_TEST_SUITE_P(
    Parts, Spilling,
    testing::Values(Case{"qspi-nor", false}, Case{"qspi-nor", true},
                    Case{"sd-4bit", false}, Case{"sd-4bit", true}),
    [](const auto& c) {
      return std::string(c.param.storage == std::string("sd-4bit") ? "Card"
                                                                   : "Nor") +
             (c.param.sealed ? "Sealed" : "");
    });

TEST_P(Spilling, AFrameIsExactAndWritesWhatThePlanSays) {
  ASSERT_GT(plan().spill_pages, 0);
  OneNode node(p_, board_, options_);
  for (unsigned frame = 0; frame < 3; ++frame) {
    const std::vector<uint8_t> input = noise_bytes(kInput, frame);
    EXPECT_EQ(node.run(input), wanted(input));
    const StorageCounters s = node.counts().storage;
    const auto pages = static_cast<uint64_t>(plan().spill_pages);
    EXPECT_EQ(s.erasures, pages);
    // An entry of the ledger at most beside them.
    ASSERT_GE(s.writes, pages);
    ASSERT_LE(s.writes, pages + 1);
    const auto entries = static_cast<int64_t>(s.writes - pages);
    EXPECT_EQ(s.written_bytes,
              plan().storage_written_bytes + entries * entry_bytes());
    EXPECT_EQ(s.read_bytes,
              plan().storage_read_bytes +
                  entries * (2 * static_cast<int64_t>(sizeof(LedgerEntry)) +
                             entry_bytes()));
  }
}

// The plan thinks that nothing else happens while a page is on its way: rows
// that are made meanwhile make the frame shorter, an entry of the ledger and
// waits between requests longer.
TEST_P(Spilling, AFrameTakesAboutThePlannedTime) {
  OneNode node(p_, board_, options_);
  node.run(noise_bytes(kInput, 1));
  node.run(noise_bytes(kInput, 2));
  EXPECT_NEAR(node.seconds(), plan().seconds, 0.05 * plan().seconds);
}

TEST_P(Spilling, WearIsLevel) {
  OneNode node(p_, board_, options_);
  const int frames = 40;
  const std::vector<uint8_t> input = noise_bytes(kInput, 1);
  const std::vector<uint8_t> expected = wanted(input);
  for (int f = 0; f < frames; ++f) EXPECT_EQ(node.run(input), expected);
  const std::vector<uint32_t>& wear = node.storage().wear();
  const auto used = static_cast<size_t>(std::count_if(
      wear.begin(), wear.end(), [](uint32_t n) { return n > 0; }));
  const auto erased = static_cast<size_t>(frames * plan().spill_pages);
  EXPECT_LE(node.most_erases(), erased / used + 2);
  EXPECT_GE(node.most_erases(), 1u);
}

// A block that fails is left out, a read is repeated.
TEST_P(Spilling, WhateverFailsOnceTheFrameIsExact) {
  const std::vector<uint8_t> input = noise_bytes(kInput, 4);
  const std::vector<uint8_t> expected = wanted(input);
  OneNode clean(p_, board_, options_);
  const StorageCounters before = clean.storage().counters();
  const uint64_t opened = before.reads + before.writes + before.erasures;
  clean.run(input);
  const StorageCounters after = clean.storage().counters();
  const uint64_t all = after.reads + after.writes + after.erasures;
  using Kind = StorageFault::Kind;
  for (const Kind kind :
       {Kind::kRefused, Kind::kFailed, Kind::kShort, Kind::kSlow}) {
    for (uint64_t n = opened; n < all; ++n) {
      SCOPED_TRACE("request " + std::to_string(n));
      OneNode node(p_, board_, options_);
      node.storage().inject({.kind = kind, .request = n, .late = kSecond});
      EXPECT_EQ(node.run(input), expected);
    }
  }
}

}  // namespace
}  // namespace shoal
