// Plans of nodes that read their weights from storage: the checker accepts
// them, they complete in any order, and they read every weight once.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "host/base/error.h"
#include "host/base/testing/expect_throws.h"
#include "host/check/check.h"
#include "host/plan/cost/plan_time.h"
#include "host/plan/cost/program_size.h"
#include "host/plan/cost/tape.h"
#include "host/plan/cuts/cut_layer.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/planner/planner.h"
#include "host/plan/search/streaming.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/tokens/token_simulation.h"

namespace shoal {
namespace {

// Returns convolutions followed by fully connected layers over a picture and a
// vector.
Net classifier() {
  ShapeNet n("classifier");
  int t = n.input(16, 16, 3);
  t = n.conv(t, 3, 1, 16);
  t = n.depthwise(t, 3, 2);
  t = n.conv(t, 3, 1, 32);
  t = n.max_pool(t, 2, 2);
  t = n.fully_connected(t, 256);
  t = n.fully_connected(t, 10);
  n.output(t);
  return n.finish();
}

// Returns a net without layers, whose input is its output.
Net picture_only() {
  ShapeNet n("picture");
  n.output(n.input(8, 8, 3));
  return n.finish();
}

// Records of this net have a map of the rows and columns that a node makes.
Net enlarged() {
  ShapeNet n("enlarged");
  int t = n.conv(n.input(16, 16, 3), 3, 1, 4);
  t = n.resize_twice(t);
  n.output(n.max_pool(t, 2, 2));
  return n.finish();
}

Cluster streaming_cluster(int nodes, std::optional<int64_t> ram,
                          std::vector<int64_t> flash_weights) {
  Cluster c = uniform_cluster(nodes, find_board("teensy41"), ram);
  for (size_t i = 0; i < c.nodes.size(); ++i) {
    c.nodes[i].flash_weights = flash_weights[i % flash_weights.size()];
    c.nodes[i].storage = "sd-4bit";
  }
  return c;
}

Plan plan_of(const Net& net, const Cluster& cluster,
             const std::string& strategy, Objective objective) {
  return make_plan(net, linked_nodes(cluster, strategy, objective));
}

void expect_ordered(const Net& net, const Plan& plan) {
  const std::vector<std::string> found = check(net, plan);
  EXPECT_TRUE(found.empty()) << found.size() << " findings: " << found.front();
  for (const PlanNode& node : plan.nodes) {
    for (const PlanStage& stage : node.stages) {
      EXPECT_TRUE(stage.slot_count == 0 || !stage.order.empty());
      // A single node has its own orders, with or without a tape.
      if (plan.nodes.size() == 1) continue;
      EXPECT_EQ(stage.order.empty(), stage.slot_count == 0);
    }
  }
}

bool has_weights(const PlanNode& node) {
  for (const PlanStage& stage : node.stages) {
    for (const PlanActor& a : stage.actors) {
      if (!a.weights.chunks.empty()) return true;
    }
  }
  return false;
}

int64_t read_bytes(const Plan& plan) {
  int64_t bytes = 0;
  for (const PlanNode& n : plan.nodes) bytes += n.storage_read_bytes;
  return bytes;
}

// Returns the bytes of weights that nodes read in each frame or keep in SRAM.
int64_t read_or_kept(const PlanNode& n) {
  return n.storage_read_bytes + n.sram_weight_bytes;
}
int64_t read_or_kept(const Plan& plan) {
  int64_t bytes = 0;
  for (const PlanNode& n : plan.nodes) bytes += read_or_kept(n);
  return bytes;
}

// Weights fit and tables fit, but whether both fit together is known only when
// a plan is built.
TEST(Streaming, WhereTablesLeaveNoRoomWeightsComeFromStorage) {
  const Net net = classifier();
  for (const char* const strategy : {"auto", "kernel", "spatial"}) {
    for (const int nodes : {1, 2}) {
      Cluster cluster = uniform_cluster(nodes, find_board("teensy41"), {});
      const Plan roomy = plan_of(net, cluster, strategy, Objective::kLatency);
      const std::vector<ProgramSize> sizes = program_sizes(net, roomy);
      const ProgramSize size =
          *std::ranges::max_element(sizes, {}, &ProgramSize::bytes);
      for (const int64_t less : {0, 1, 16, 500, 1500}) {
        SCOPED_TRACE(std::string(strategy) + " " + std::to_string(nodes) +
                     ", " + std::to_string(less) + " B less");
        for (ClusterNode& n : cluster.nodes) n.flash = size.bytes() - less;
        const Plan plan = plan_of(net, cluster, strategy, Objective::kLatency);
        SCOPED_TRACE(plan.strategy);
        expect_ordered(net, plan);
        for (const ProgramSize& s : program_sizes(net, plan)) {
          EXPECT_LE(s.bytes(), size.bytes() - less);
        }
      }
    }
  }
}

// Nodes with room keep weights in SRAM, others read them in each frame.
TEST(Streaming, PlansWithoutFlashAreRightAndReadEveryWeightOnce) {
  const Net net = classifier();
  int64_t weights = 0;
  for (const Layer& l : net.layers) weights += int64_t(l.weights.values.size());
  for (const char* const strategy : {"kernel", "layer", "spatial"}) {
    for (const int nodes : {1, 2, 3, 5}) {
      for (const Objective o : {Objective::kLatency, Objective::kRam}) {
        for (const int kb : {24, 512}) {
          SCOPED_TRACE(std::string(strategy) + " " + std::to_string(nodes) +
                       " " + std::to_string(kb));
          const Cluster cluster = streaming_cluster(nodes, kb * 1024, {0});
          const Plan plan = plan_of(net, cluster, strategy, o);
          expect_ordered(net, plan);
          for (const PlanNode& n : plan.nodes) {
            EXPECT_EQ(n.flash_weight_bytes, 0);
            EXPECT_EQ(read_or_kept(n) > 0, has_weights(n));
          }
          EXPECT_TRUE(kb > 24 || read_bytes(plan) > 0);
          EXPECT_GE(read_or_kept(plan), weights);
          if (nodes == 1) continue;
          // Biases, multipliers and tags count in a net this small.
          const int copies = std::string(strategy) == "spatial" ? nodes : 1;
          EXPECT_LE(read_or_kept(plan), copies * (weights * 3 / 2 + 6000));
        }
      }
    }
  }
}

// The head and the largest record, with its orders, lie in the arena as well.
TEST(Streaming, PlansWithoutMappedFlashAreRight) {
  for (const Net& net : {classifier(), enlarged(), picture_only()}) {
    for (const char* const strategy : {"kernel", "layer", "spatial"}) {
      for (const int nodes : {1, 2, 3, 5}) {
        for (const Objective o : {Objective::kLatency, Objective::kRam}) {
          SCOPED_TRACE(net.name + " " + strategy + " " + std::to_string(nodes));
          const Plan plan = plan_of(
              net, uniform_cluster(nodes, find_board("emcraft-sf2"), {}),
              strategy, o);
          expect_ordered(net, plan);
          for (const PlanNode& n : plan.nodes) {
            EXPECT_FALSE(n.mapped);
            EXPECT_GT(n.layout.head_bytes, 0u);
            EXPECT_EQ(n.flash_weight_bytes, 0);
          }
        }
      }
    }
  }
}

TEST(Streaming, ASharesPartOfAConstantIsRead) {
  ShapeNet n("constants");
  int t = n.conv(n.input(16, 16, 3), 3, 1, 24);
  t = n.add(t, n.constant(16, 16, 24));
  n.output(n.conv(t, 3, 1, 8));
  const Net net = n.finish();
  for (const char* const strategy : {"kernel", "layer", "spatial"}) {
    for (const int nodes : {1, 2, 3, 5}) {
      SCOPED_TRACE(std::string(strategy) + " " + std::to_string(nodes));
      expect_ordered(net, plan_of(net, streaming_cluster(nodes, {}, {0}),
                                  strategy, Objective::kLatency));
    }
  }
}

TEST(Streaming, OnlyNodesWithoutRoomStream) {
  const Net net = classifier();
  const Cluster cluster = streaming_cluster(3, 24 * 1024, {1 << 20, 0, 3000});
  const Plan plan = plan_of(net, cluster, "kernel", Objective::kLatency);
  expect_ordered(net, plan);
  EXPECT_EQ(plan.nodes[0].storage, "");
  EXPECT_EQ(plan.nodes[0].storage_read_bytes, 0);
  EXPECT_EQ(plan.nodes[1].flash_weight_bytes, 0);
  EXPECT_GT(plan.nodes[2].flash_weight_bytes, 0);
  EXPECT_LE(plan.nodes[2].flash_weight_bytes, 3000);
  EXPECT_GT(plan.nodes[2].storage_read_bytes, 0);
}

TEST(Streaming, WithoutStorageWhatDoesNotFitFlashIsRefused) {
  Cluster cluster = streaming_cluster(2, {}, {1000});
  for (ClusterNode& node : cluster.nodes) hold_in_flash(node);
  expect_throws(
      [&] { plan_of(classifier(), cluster, "spatial", Objective::kLatency); },
      Exit::kDoesNotFit, "no storage");
}

TEST(Streaming, SlotsTakeWhatIsLeftOfTheArena) {
  const Net net = classifier();
  const auto slots = [&](int64_t ram) {
    const Plan plan = plan_of(net, streaming_cluster(2, ram, {0}), "kernel",
                              Objective::kLatency);
    uint32_t most = 0;
    for (const PlanNode& n : plan.nodes) {
      EXPECT_LE(n.arena_bytes, ram);
      for (const PlanStage& s : n.stages) most = std::max(most, s.slot_bytes);
    }
    return most;
  };
  EXPECT_LT(slots(24 * 1024), slots(48 * 1024));
}

// If arithmetic takes longer than reading, the core waits little: chunks are
// small where the first one is waited for, or the first layer's weights stay.
TEST(Streaming, TheCoreHardlyWaitsForStorage) {
  ShapeNet n("tall");
  n.output(n.conv(n.conv(n.input(14, 14, 32), 3, 1, 64), 3, 1, 128));
  const Net net = n.finish();
  const Cluster cluster = streaming_cluster(2, 72 * 1024, {0});
  const Plan plan = plan_of(net, cluster, "kernel", Objective::kLatency);
  expect_ordered(net, plan);
  const Board& board = cluster.nodes[0].board;
  const Supply supply{&board, &find_storage(board, "sd-4bit"), false};
  int taped = 0;
  for (const PlanNode& node : plan.nodes) {
    for (const PlanStage& stage : node.stages) {
      if (stage.slot_count == 0) continue;
      ++taped;
      const FeedTime time = stage_feed(net, node, stage, supply);
      EXPECT_LE(time.wait_ps, time.total_ps / 100);
    }
  }
  EXPECT_GT(taped, 1);
}

TEST(Streaming, RandomNetsWithRandomRoomAreRight) {
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Net net = random_net(seed);
    const Cluster cluster =
        streaming_cluster(1 + static_cast<int>(seed % 4), {},
                          {static_cast<int64_t>(seed * 37 % 900), 0, 1 << 20});
    const char* const strategies[] = {"kernel", "layer", "spatial"};
    expect_ordered(net,
                   plan_of(net, cluster, strategies[seed % 3],
                           seed % 2 ? Objective::kLatency : Objective::kRam));
  }
}

TEST(Streaming, CutsByInputsAndUnknownPartsAreRefused) {
  const Net net = classifier();
  Cluster cluster = streaming_cluster(2, {}, {0});
  Cuts cuts = make_cuts(net, cluster, {.strategy = "kernel"});
  cuts.layers[2] = cut_inputs(net.layers[2], whole_crew(cluster));
  EXPECT_THROW(make_plan(net, linked_nodes(cluster, cuts)), Error);
  cluster.nodes[1].storage = "punch-cards";
  EXPECT_THROW(plan_of(net, cluster, "kernel", Objective::kLatency), Error);
}

}  // namespace
}  // namespace shoal
