// Weights that stay in other banks of SRAM than the arena's: in virtual time
// every bank is memory of its own, fenced, of exactly the bytes that the plan
// states.
#include <gtest/gtest.h>

#include <algorithm>

#include "device/program/record.h"
#include "host/base/error.h"
#include "host/check/check.h"
#include "host/engine/common/testing/small_model.h"
#include "host/engine/virtual/simulate_cluster.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {
namespace {

// The small model's weights are sets of 128 and 208 bytes.
constexpr uint32_t kNear = 224, kFar = 160;

class BanksTest : public testing::Test {
 protected:
  BanksTest() {
    board_.costs.cache_bytes = 0;
    board_.banks = {
        {"far", kFar, 0, 60e6}, {"SRAM", 65536, 1024}, {"near", kNear, 0}};
  }

  // With as much for the arena as the smallest plan takes.
  void plan(int nodes, const char* strategy, bool all) {
    cluster_ = uniform_cluster(nodes, board_, {});
    const Prepared least = prepare(
        small_graph(), linked_nodes(cluster_, strategy, Objective::kRam));
    int64_t arena = 0;
    for (const PlanNode& n : least.plan.nodes) {
      arena = std::max<int64_t>(arena, n.arena_bytes);
    }
    for (ClusterNode& n : cluster_.nodes) n.ram = arena, n.all_banks = all;
    p_ = prepare(small_graph(), linked_nodes(cluster_, strategy));
  }

  SimResult run() {
    const std::vector<uint8_t> input = noise_bytes(kSmallInput, 4);
    const std::vector<uint8_t> expected =
        model_output(p_.graph, run_oracle(p_.graph, input));
    int outputs = 0;
    SimOptions options;
    options.frames = kFrames;
    options.output = [&](int, const std::vector<uint8_t>& output) {
      ++outputs;
      EXPECT_EQ(output, expected);
    };
    SimResult r = simulate_cluster(p_, cluster_, input, options);
    EXPECT_EQ(outputs, kFrames);
    return r;
  }

  static constexpr int kFrames = 2;
  Board board_ = find_board("teensy41");
  Cluster cluster_;
  Prepared p_;
};

TEST_F(BanksTest, SetsLieInThemAndGiveTheOraclesBytes) {
  for (const char* strategy : {"spatial", "kernel", "layer"}) {
    for (const int nodes : {1, 2, 3}) {
      SCOPED_TRACE(std::string(strategy) + " " + std::to_string(nodes));
      plan(nodes, strategy, true);
      EXPECT_TRUE(check(p_.net, p_.plan).empty());
      uint32_t near = 0;
      for (size_t n = 0; n < p_.plan.nodes.size(); ++n) {
        const PlanNode& node = p_.plan.nodes[n];
        ASSERT_EQ(node.banks.size(), 2u);
        EXPECT_EQ(node.banks[0].name, "near");
        EXPECT_EQ(node.banks[0].room, kNear);
        EXPECT_EQ(node.banks[1].name, "far");
        near += node.banks[0].bytes;
        const HeadView head = view_head(p_.images[n].data());
        const bool any = node.banks[0].bytes + node.banks[1].bytes > 0;
        EXPECT_EQ(head.header->version, any ? kBanksVersion : kImageVersion);
        for (uint32_t b = 1; b <= 2; ++b) {
          EXPECT_EQ(head.bank_bytes(b), node.banks[b - 1].bytes);
        }
        EXPECT_EQ(head.bank_bytes(3), 0u);
      }
      EXPECT_GT(near, 0u);
      run();
    }
  }
}

TEST_F(BanksTest, WithoutThemTheProgramIsOfTheFirstVersion) {
  plan(2, "spatial", false);
  for (size_t n = 0; n < p_.plan.nodes.size(); ++n) {
    EXPECT_TRUE(p_.plan.nodes[n].banks.empty());
    EXPECT_EQ(view_head(p_.images[n].data()).header->version, kImageVersion);
  }
}

// Both sets stay; the one in the far bank is read at that bank's rate, at each
// firing, since nothing is cached.
TEST_F(BanksTest, ReadsCostWhatTheirBankDoes) {
  plan(1, "spatial", true);
  const PlanNode& node = p_.plan.nodes[0];
  ASSERT_EQ(node.banks[0].bytes, 208u);
  ASSERT_EQ(node.banks[1].bytes, 128u);
  EXPECT_EQ(node.flash_weight_bytes, 0);
  double planned = 0;
  int64_t firings = 0;
  for (const PlanStage& s : node.stages) {
    planned += s.flash_s;
    for (const PlanActor& a : s.actors) {
      if (a.weights.bank != 2) continue;
      const int rows = s.ports[a.out].box.rows();
      firings += (rows + a.band - 1) / a.band;
    }
  }
  EXPECT_NEAR(planned, 108.0 * static_cast<double>(firings) / 60e6, 1e-11);
  const SimResult r = run();
  const SliceCost did = r.nodes[0].counts.slices;
  EXPECT_NEAR(did.flash_s, kFrames * planned, 1e-10);
  EXPECT_EQ(did.weight_bytes, 0);
}

TEST_F(BanksTest, OnesThatAreNoFasterThanFlashAreLeftEmpty) {
  board_.banks[0].bytes_per_s = board_.costs.flash_bytes_per_s;
  plan(1, "spatial", true);
  EXPECT_EQ(p_.plan.nodes[0].banks[0].bytes, 208u);
  EXPECT_EQ(p_.plan.nodes[0].banks[1].bytes, 0u);
  run();
}

// A byte less than the plan states, of any bank that it uses.
TEST_F(BanksTest, ANodeThatHasLessIsRefused) {
  for (size_t b = 0; b < 2; ++b) {
    plan(1, "spatial", true);
    p_.plan.nodes[0].banks[b].bytes -= 16;
    try {
      run();
      FAIL();
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find("bank"), std::string::npos)
          << e.what();
    }
  }
}

}  // namespace
}  // namespace shoal
