// Programs that a node keeps in a storage, sealed or not: what a writer of the
// storage can do to the next run, and what a network that reorders datagrams
// can do to a deployment.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "device/agent/leader_image.h"
#include "device/storage/program_slots.h"
#include "device/storage/testing/memory_storage.h"
#include "host/engine/coordinator/testing/cluster_run.h"

namespace shoal {
namespace {

constexpr uint32_t kBlock = 4096, kUnit = 256, kBlocks = 80;

class StoredProgram : public testing::TestWithParam<bool> {
 protected:
  StoredProgram() {
    open_slots();
    cluster_.options.programs = &slots_;
    cluster_.options.seals_programs = GetParam();
    node_ = &cluster_.add_node();
    Cluster nodes = uniform_cluster(1, find_board("host"), std::nullopt);
    nodes.nodes[0].board.flash_mapped = false;
    nodes.nodes[0].sealed = GetParam();
    PlanRequest request = linked_nodes(nodes, "spatial");
    request.max_payload = cluster_.net.max_payload;
    prepared_ = prepare(small_graph(), request, Images::kAll,
                        cluster_.config.key.data());
  }

  void open_slots() {
    ASSERT_EQ(slots_.open({&flash_.face(), kBlocks * kBlock, kUnit, kBlock}),
              Status::kOk);
  }
  // Starts a node as after a loss of power, with what is in its storage now.
  void restart_node() {
    open_slots();
    node_->restart();
    ASSERT_TRUE(node_->opened());
  }
  void begin_run() {
    ASSERT_TRUE(cluster_.connect());
    cluster_.coordinator->deploy(prepared_);
  }
  // Returns whether the node had its program.
  bool run_is_exact() {
    begin_run();
    EXPECT_TRUE(cluster_.run([&] { return cluster_.coordinator->started(); }));
    run_frames(cluster_, prepared_, 1);
    EXPECT_TRUE(cluster_.stop());
    return cluster_.coordinator->report(0).held;
  }
  // The run says which node it is, and the next one is as before.
  void expect_found(const std::vector<uint8_t>& there, uint32_t at) {
    std::ranges::copy(there, flash_.bytes().begin() + kBlock + at);
    restart_node();
    begin_run();
    const Error e = end_of(cluster_);
    expect_error(e, Exit::kNode, "node node0 (at2): ");
    EXPECT_TRUE(cluster_.stop());
    EXPECT_FALSE(run_is_exact());
  }

  MemoryStorage flash_{kBlocks, kBlock, kUnit};
  ProgramSlots slots_;
  TestCluster cluster_{3, 200};
  TestNode* node_ = nullptr;
  Prepared prepared_;
};

INSTANTIATE_TEST_SUITE_P(All, StoredProgram, testing::Bool(),
                         [](const auto& info) {
                           return std::string(info.param ? "Sealed" : "Plain");
                         });

TEST_P(StoredProgram, WhateverByteOfItsHeaderIsChangedTheNextRunIsExact) {
  EXPECT_FALSE(run_is_exact());
  EXPECT_TRUE(run_is_exact());
  for (uint32_t at = 0; at < sizeof(Header); ++at) {
    for (const int bit : {0, 7}) {
      SCOPED_TRACE("byte " + std::to_string(at) + ", bit " +
                   std::to_string(bit));
      const int changed = flash_.bytes()[kBlock + at] ^ 1 << bit;
      expect_found({static_cast<uint8_t>(changed)}, at);
      if (HasFailure()) return;
    }
  }
}

// Nothing vouches for what would be started then.
TEST_P(StoredProgram, AnImageOfARunInItsPlaceIsNotStarted) {
  EXPECT_FALSE(run_is_exact());
  LeaderHeader h{};
  h.magic = kLeaderMagic;
  h.version = kLeaderVersion;
  h.nodes = h.plans = 1;
  h.window = 4;
  h.arithmetic = kArithmetic;
  h.bytes = static_cast<uint32_t>(prepared_.images[0].size());
  h.picture_bytes = 24;
  h.output_bytes = 5;
  std::vector<uint8_t> image;
  const auto put = [&](const auto& record) {
    const auto* const from = reinterpret_cast<const uint8_t*>(&record);
    image.insert(image.end(), from, from + sizeof record);
  };
  put(h);
  put(LeaderPlan{leader_layout(h).tables, 1, 1, 1, 0, 0});
  put(LeaderNode{});
  put(PeerEntry{0, 4, 100});
  put(TargetRecord{0, 0});
  put(StreamRecord{shoal::kNone, 0, 0, 0, 0, 0});
  put(LeaderBox{0, 24, 1, 24, 1, 24});
  put(LeaderBox{0, 5, 1, 5, 1, 5});
  expect_found(image, 0);
}

// Requests that come twice, late and before others.
TEST_P(StoredProgram, ADeploymentSurvivesANetworkThatMixesThemUp) {
  cluster_.net.jitter_us = 400'000;
  for (int i = 0; i < 300; ++i) {
    SCOPED_TRACE(i);
    EXPECT_FALSE(run_is_exact());
    std::ranges::fill(flash_.bytes(), 0xFF);
    restart_node();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace shoal
