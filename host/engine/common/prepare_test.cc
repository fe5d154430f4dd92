// Programs must fit the flash of their nodes, to the byte.
#include "host/engine/common/prepare.h"

#include <gtest/gtest.h>

#include <functional>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/engine/common/testing/small_model.h"
#include "host/plan/text/does_not_fit.h"

namespace shoal {
namespace {

void expect_refused(const std::function<Prepared()>& prepare,
                    const std::string& node, uint32_t bytes) {
  try {
    prepare();
    ADD_FAILURE() << node << " took " << bytes << " bytes";
  } catch (const Error& e) {
    const std::string text = e.what();
    EXPECT_EQ(e.code(), Exit::kDoesNotFit);
    EXPECT_NE(text.find("FLASH does not fit"), std::string::npos) << text;
    EXPECT_NE(text.find(node + " "), std::string::npos) << text;
    EXPECT_NE(text.find(" " + format_count(bytes) + " B"), std::string::npos)
        << text;
    EXPECT_NE(e.fix(), "");
  }
}

Board board_without_storage() {
  Board board = find_board("host");
  board.name = "small";
  board.storages.clear();
  return board;
}

TEST(Prepare, ProgramsFitTheFlashToTheByte) {
  Cluster cluster = uniform_cluster(2, board_without_storage(), std::nullopt);
  const Prepared free = prepare(small_graph(), linked_nodes(cluster));
  const uint32_t bytes = free.plan.nodes[1].program_bytes;
  ASSERT_EQ(bytes, free.images[1].size());
  cluster.nodes[1].flash = bytes;
  EXPECT_NO_THROW(prepare(small_graph(), linked_nodes(cluster)));
  cluster.nodes[1].flash = bytes - 1;
  expect_refused([&] { return prepare(small_graph(), linked_nodes(cluster)); },
                 "node1", bytes);
}

TEST(Prepare, TheSearchDoesWithoutNodesOfTooLittleFlash) {
  Cluster cluster = uniform_cluster(2, find_board("teensy41"), std::nullopt);
  constexpr int64_t kOfNoShare = 300;
  cluster.nodes[0].flash = kOfNoShare;
  const Prepared p = prepare(small_graph(), linked_nodes(cluster, "auto"));
  EXPECT_TRUE(p.plan.nodes[0].stages.empty());
  EXPECT_LE(p.plan.nodes[0].program_bytes, kOfNoShare);
  EXPECT_FALSE(p.plan.nodes[1].stages.empty());
  const auto refused = [&] {
    EXPECT_THROW(prepare(small_graph(), linked_nodes(cluster, "auto")),
                 ProgramDoesNotFit);
  };
  cluster.nodes[1].flash = kOfNoShare;
  refused();
  // Not even a program of no share.
  cluster.nodes[1].flash.reset();
  cluster.nodes[0].flash = 1;
  refused();
}

TEST(Prepare, TheSearchDoesWithoutAllNodesOfTooLittleFlash) {
  Cluster cluster = uniform_cluster(4, find_board("teensy41"), std::nullopt);
  constexpr int64_t kOfNoShare = 300;
  cluster.nodes[0].flash = cluster.nodes[2].flash = kOfNoShare;
  for (const Objective objective : {Objective::kLatency, Objective::kTraffic}) {
    const Prepared p =
        prepare(small_graph(), linked_nodes(cluster, "auto", objective));
    EXPECT_TRUE(p.plan.nodes[0].stages.empty());
    EXPECT_TRUE(p.plan.nodes[2].stages.empty());
  }
}

TEST(Prepare, WhatExceedsTheFlashComesFromStorage) {
  Cluster cluster = uniform_cluster(2, find_board("host"), std::nullopt);
  const auto program_of = [&] {
    return prepare(small_graph(), linked_nodes(cluster)).plan.nodes[1];
  };
  const PlanNode free = program_of();
  EXPECT_FALSE(reads_storage(free));
  cluster.nodes[1].flash = free.program_bytes - 1;
  const PlanNode less = program_of();
  EXPECT_TRUE(reads_storage(less));
  EXPECT_LT(less.program_bytes, free.program_bytes);
}

TEST(Prepare, OneNodesProgramFitsItsFlash) {
  PlanRequest request = one_node(board_without_storage());
  const uint32_t bytes =
      prepare(small_graph(), request).plan.nodes[0].program_bytes;
  request.node().board.flash_bytes = bytes;
  EXPECT_NO_THROW(prepare(small_graph(), request));
  request.node().board.flash_bytes = bytes - 1;
  expect_refused([&] { return prepare(small_graph(), request); }, "node0",
                 bytes);
  // Then the program lies in another storage.
  request.node().board.storages = find_board("host").storages;
  request.node().board.flash_mapped = false;
  EXPECT_NO_THROW(prepare(small_graph(), request));
}

}  // namespace
}  // namespace shoal
