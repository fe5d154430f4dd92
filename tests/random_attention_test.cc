// Attention of random sizes over random nodes under random cuts: every plan is
// right, and the bytes are the oracle's.
//
//   SHOAL_ATTENTION_NETS  how many networks (default: 32)
//   SHOAL_RANDOM_SEED     the first seed (default: 1)
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "host/check/check.h"
#include "host/engine/common/prepare.h"
#include "host/engine/virtual/simulate_cluster.h"
#include "host/lower/testing/attention.h"
#include "host/oracle/int8/oracle.h"
#include "host/plan/cuts/cuts.h"
#include "tests/random_cluster.h"
#include "tests/random_net.h"

namespace shoal {
namespace {

uint32_t number_from(const char* name, uint32_t otherwise) {
  const char* const text = std::getenv(name);
  return text ? static_cast<uint32_t>(std::atoi(text)) : otherwise;
}

struct Tally {
  int plans = 0;
  int shares = 0;  // of transpositions
  int heads = 0;   // products that not all nodes have a share of
};

class AttentionRun {
 public:
  explicit AttentionRun(uint32_t seed) : seed_(seed), random_(seed) {
    Attention a;
    a.tokens = pick(1, 14), a.head_count = pick(1, 4), a.width = pick(1, 6);
    a.build(pick(0, 1) == 1);
    graph_ = a.t.graph;
    net_ = lower(graph_);
    case_.seed = seed;
    case_.nodes = pick(1, 9);
    cluster_ = random_cluster(case_);
    input_ = random_input(graph_, random_);
    expected_ = model_output(graph_, run_oracle(graph_, input_));
  }

  void run(Tally& tally) {
    for (const char* strategy : {"heads", "spatial", "kernel"}) {
      plan(linked_nodes(cluster_, make_cuts(net_, cluster_, {strategy})),
           strategy, tally);
    }
    for (const CutStyle style : {CutStyle::kByHand, CutStyle::kCells}) {
      case_.style = style;
      std::string none;
      PlanRequest request =
          linked_nodes(cluster_, random_cuts(case_, net_, cluster_, none));
      // Layers that may not be joined are refused.
      request.cuts->joined.clear();
      request.cuts->blocks.clear();
      plan(request, "random cuts", tally);
    }
    if (seed_ % 4 > 0) return;  // searches take most of the time
    for (const Objective o : {Objective::kLatency, Objective::kRam}) {
      plan(linked_nodes(cluster_, "auto", o), "auto", tally);
    }
  }

 private:
  int pick(int low, int high) {
    return low +
           static_cast<int>(random_() % static_cast<uint32_t>(high - low + 1));
  }

  void plan(const PlanRequest& request, const std::string& name, Tally& tally) {
    SCOPED_TRACE("seed " + std::to_string(seed_) + ", " + name + " over " +
                 std::to_string(case_.nodes) + " nodes");
    const Prepared p = prepare(graph_, request);
    EXPECT_EQ(check(p.net, p.plan), std::vector<std::string>{});
    count(p.plan, tally);
    std::vector<uint8_t> output;
    SimOptions options;
    options.output = [&](int, const std::vector<uint8_t>& o) { output = o; };
    simulate_cluster(p, cluster_, input_, options);
    EXPECT_EQ(output, expected_);
  }

  void count(const Plan& plan, Tally& tally) const {
    ++tally.plans;
    std::vector<int> nodes(net_.layers.size());  // with a share of the layer
    for (const PlanNode& node : plan.nodes) {
      for (const PlanStage& stage : node.stages) {
        for (const PlanActor& a : stage.actors) {
          if (a.copy) continue;
          const auto l = static_cast<size_t>(a.layer);
          ++nodes[l];
          const Layer& layer = net_.layers[l];
          const Box& made = stage.ports[static_cast<size_t>(a.out)].box;
          const bool is_share = made != layer.out.box;
          if (layer.op == OpCode::kTranspose && is_share) ++tally.shares;
        }
      }
    }
    for (size_t l = 0; l < nodes.size(); ++l) {
      const bool is_product = net_.layers[l].op == OpCode::kMatmul;
      if (is_product && nodes[l] < case_.nodes) ++tally.heads;
    }
  }

  const uint32_t seed_;
  std::mt19937 random_;
  ClusterCase case_;
  Graph graph_;
  Net net_;
  Cluster cluster_;
  std::vector<uint8_t> input_, expected_;
};

TEST(RandomAttention, EveryPlanGivesTheOraclesBytes) {
  Tally tally;
  const uint32_t first = number_from("SHOAL_RANDOM_SEED", 1);
  const uint32_t nets = number_from("SHOAL_ATTENTION_NETS", 32);
  for (uint32_t seed = first; seed < first + nets; ++seed) {
    AttentionRun(seed).run(tally);
    if (HasFailure()) return;
  }
  EXPECT_GT(tally.shares, tally.plans);
  EXPECT_GT(tally.heads, tally.plans);
  std::printf("%d plans, %d shares of transpositions\n", tally.plans,
              tally.shares);
}

}  // namespace
}  // namespace shoal
