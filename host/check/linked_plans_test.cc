// Linked plans of real models: the checker finds nothing in them, and something
// in their mutants.
#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <stdexcept>

#include "host/check/testing/linked_judge.h"
#include "host/lower/net.h"
#include "host/model/import/import.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/planner/planner.h"
#include "tests/shared.h"

namespace shoal {
namespace {

constexpr int kMostToSpoil = 3;  // nodes

struct Question {
  std::string model, strategy;
  int nodes;
  std::string board = "host";
  bool all_banks = false;
};

// In arenas that leave little room.
void keep_in_banks(Cluster& cluster) {
  for (ClusterNode& n : cluster.nodes) {
    n.all_banks = true;
    n.ram = 8 * 1024;
    n.board.banks.push_back({"third", 4096, 0});
  }
}

// A sample of the mutants. Those that may be right are run where that is
// quick.
void try_mutants(const Question& q, const Net& net, const Plan& plan) {
  constexpr int64_t kMacsToRun = 1000000;
  constexpr int kTries = 40;
  constexpr unsigned kSeed = 9;
  const std::vector<PlanMutation> all = plan_mutations(net, plan);
  LinkedJudge judge(q.model + ", " + q.strategy, net, plan);
  std::mt19937 random(kSeed);
  Tally tally;
  for (int i = 0; i < kTries; ++i) {
    const PlanMutation& m = all[random() % all.size()];
    if (m.may_be_right && net.model_macs > kMacsToRun) continue;
    judge.try_one(m, tally);
  }
  std::cout << tally << " (seed " << kSeed << ")\n";
}

class LinkedPlansTest : public testing::TestWithParam<Question> {};

TEST_P(LinkedPlansTest, AreRight) {
  const auto& [model, strategy, nodes, board, all_banks] = GetParam();
  const Net net = lower(load_model(golden_model_file(model)));
  Cluster cluster = uniform_cluster(nodes, find_board(board), std::nullopt);
  if (all_banks) keep_in_banks(cluster);
  const Cuts cuts = make_cuts(net, cluster, {.strategy = strategy});
  const auto at = [] { return std::chrono::steady_clock::now(); };
  const auto start = at();
  const Plan plan = make_plan(net, linked_nodes(cluster, cuts));
  const auto planned = at();
  for (const std::string& line : check(net, plan)) ADD_FAILURE() << line;
  const std::chrono::duration<double> planning = planned - start,
                                      checking = at() - planned;
  std::cout << "planned in " << planning.count() << " s, checked in "
            << checking.count() << " s\n";
  if (!HasFailure() && nodes <= kMostToSpoil) {
    try_mutants(GetParam(), net, plan);
  }
}

std::vector<Question> questions() {
  std::vector<Question> all;
  for (const std::string& model : golden_model_names()) {
    for (const char* strategy : {"layer", "kernel", "spatial"}) {
      all.push_back({model, strategy, 3});
    }
  }
  const std::string mobilenet = "tf2_mobilenet_v2_1.0_224_ptq";
  for (const char* strategy : {"layer", "kernel", "spatial"}) {
    all.push_back({mobilenet, strategy, 1});
    all.push_back({mobilenet, strategy, 8});
  }
  all.push_back({mobilenet, "kernel", 16});
  // Rows that read nothing hold no ring.
  all.push_back({"ops_transpose_conv", "layer", 7});
  all.push_back({mobilenet, "layer", 64});
  all.push_back({mobilenet, "spatial", 64});
  all.push_back({"ops_conv_chain", "spatial", 3, "teensy41"});
  all.push_back({"ops_conv_chain", "spatial", 3, "teensy41", true});
  return all;
}

INSTANTIATE_TEST_SUITE_P(Shared, LinkedPlansTest,
                         testing::ValuesIn(questions()), [](const auto& info) {
                           return test_name(
                               info.param.model + "_" + info.param.strategy +
                               "_" + std::to_string(info.param.nodes) + "_" +
                               info.param.board +
                               (info.param.all_banks ? "_banks" : ""));
                         });

// The first set that stays, of the node's.
PlanActor& first_kept(PlanNode& node) {
  for (PlanStage& s : node.stages) {
    for (PlanActor& a : s.actors) {
      if (a.weights.keep) return a;
    }
  }
  throw std::logic_error("no weights stay");
}

// Each change of the first node is found.
struct Spoiler {
  const Net& net;
  const Plan& plan;
  void operator()(const char* what, auto change) const {
    Plan wrong = plan;
    change(wrong.nodes[0]);
    EXPECT_FALSE(check(net, wrong).empty()) << what;
  }
};

TEST(LinkedPlans, WrongCopiesOfWeightsAreFound) {
  const Net net = lower(load_model(golden_model_file("ops_conv_chain")));
  const Cluster cluster =
      uniform_cluster(2, find_board("teensy41"), std::nullopt);
  const Cuts cuts = make_cuts(net, cluster, {.strategy = "spatial"});
  const Plan plan = make_plan(net, linked_nodes(cluster, cuts));
  ASSERT_GT(plan.nodes[0].layout.keep_bytes, 0u);
  EXPECT_TRUE(check(net, plan).empty());
  const Spoiler spoil{net, plan};
  spoil("moved", [](PlanNode& n) { first_kept(n).weights.offset += 16; });
  spoil("over buffers",
        [](PlanNode& n) { first_kept(n).weights.offset = n.layout.buffers; });
  spoil("read again", [](PlanNode& n) { first_kept(n).weights.keep = false; });
  spoil("still in flash", [](PlanNode& n) {
    first_kept(n).weights.place = WeightPlace::kMapped;
  });
  spoil("too little room", [](PlanNode& n) { n.layout.keep_bytes -= 16; });
  spoil("no room", [](PlanNode& n) { n.layout.keep_bytes = 0; });
  spoil("elsewhere", [](PlanNode& n) { n.layout.keep += 16; });
  spoil("not counted", [](PlanNode& n) { n.arena_bytes -= 16; });
  spoil("not told", [](PlanNode& n) { n.sram_weight_bytes = 0; });
}

// The first set in a bank besides the arena's.
PlanActor& first_in_bank(PlanNode& node) {
  for (PlanStage& s : node.stages) {
    for (PlanActor& a : s.actors) {
      if (a.weights.bank > 0) return a;
    }
  }
  throw std::logic_error("no weights stay in another bank");
}

TEST(LinkedPlans, WrongSetsInBanksAreFound) {
  const Net net = lower(load_model(golden_model_file("ops_conv_chain")));
  Cluster cluster = uniform_cluster(2, find_board("teensy41"), std::nullopt);
  keep_in_banks(cluster);
  const Cuts cuts = make_cuts(net, cluster, {.strategy = "spatial"});
  const Plan plan = make_plan(net, linked_nodes(cluster, cuts));
  ASSERT_EQ(plan.nodes[0].banks.size(), 2u);
  EXPECT_TRUE(check(net, plan).empty());
  const Spoiler spoil{net, plan};
  spoil("moved", [](PlanNode& n) { first_in_bank(n).weights.offset += 16; });
  spoil("in the arena", [](PlanNode& n) { first_in_bank(n).weights.bank = 0; });
  spoil("elsewhere", [](PlanNode& n) { ++first_in_bank(n).weights.bank; });
  spoil("nowhere", [](PlanNode& n) { first_in_bank(n).weights.bank = 9; });
  spoil("read again",
        [](PlanNode& n) { first_in_bank(n).weights.keep = false; });
  spoil("still in flash", [](PlanNode& n) {
    first_in_bank(n).weights.place = WeightPlace::kMapped;
  });
  spoil("too little room", [](PlanNode& n) { n.banks[0].bytes -= 16; });
  spoil("more than the node has",
        [](PlanNode& n) { n.banks[0].room = n.banks[0].bytes - 16; });
  spoil("no banks", [](PlanNode& n) { n.banks.clear(); });
  spoil("too many", [](PlanNode& n) { n.banks.resize(4); });
}

}  // namespace
}  // namespace shoal
