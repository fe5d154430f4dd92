// Attention of random sizes over random nodes under random cuts: every plan is
// right, and the bytes are the oracle's.
//
//   SHOAL_ATTENTION_NETS  how many networks (default: 32, 12 of 16 bits)
//   SHOAL_RANDOM_SEED     the first seed (default: 1)
#include <gtest/gtest.h>

#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "host/check/check.h"
#include "host/engine/common/prepare.h"
#include "host/engine/virtual/simulate_cluster.h"
#include "host/lower/testing/attention.h"
#include "host/oracle/int8/oracle.h"
#include "host/plan/cuts/cuts.h"
#include "host/quantize/quantize.h"
#include "host/quantize/testing/float_net.h"
#include "tests/number_from.h"
#include "tests/random_cluster.h"

namespace shoal {
namespace {

struct AttentionTally {
  int plans = 0;
  int shares = 0;  // of transpositions
  int heads = 0;   // products that not all nodes have a share of
};

// Attention of 16-bit elements.
Graph wide_attention(const Attention& a, uint32_t seed) {
  FloatNet net(seed);
  const int x = net.input({1, a.tokens, 1, 10});
  const auto heads = [&](const std::vector<int>& perm) {
    const int y = net.conv(x, a.inner(), {});
    return net.transpose(net.reshape(y, {1, a.tokens, a.head_count, a.width}),
                         perm);
  };
  const int query = heads({0, 2, 1, 3}), key = heads({0, 2, 1, 3});
  const int weights = net.softmax(net.matmul(query, key));
  const int context = net.matmul(weights, heads({0, 2, 3, 1}));
  const int y = net.reshape(net.transpose(context, {0, 2, 1, 3}),
                            {1, a.tokens, 1, a.inner()});
  net.output(net.conv(y, 10, {}));
  QuantizeOptions options;
  options.int16 = true;
  return quantize_unseen(net.graph(), options);
}

class AttentionRun {
 public:
  AttentionRun(uint32_t seed, bool wide) : seed_(seed), random_(seed) {
    Attention a;
    a.tokens = pick(1, 14), a.head_count = pick(1, 4), a.width = pick(1, 6);
    a.build(pick(0, 1) == 1);
    graph_ = wide ? wide_attention(a, seed) : a.t.graph;
    net_ = lower(graph_);
    case_.seed = seed;
    case_.nodes = pick(1, 9);
    cluster_ = random_cluster(case_);
    for (const int t : graph_.inputs) {
      const Tensor& x = graph_.tensors[static_cast<size_t>(t)];
      const int64_t bytes = element_count(x.shape) * type_bytes(x.type);
      for (int64_t i = 0; i < bytes; ++i) {
        input_.push_back(static_cast<uint8_t>(random_()));
      }
    }
    expected_ = model_output(graph_, run_oracle(graph_, input_));
  }

  void run(AttentionTally& tally) {
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

  void plan(const PlanRequest& request, const std::string& name,
            AttentionTally& tally) {
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

  void count(const Plan& plan, AttentionTally& tally) const {
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

void run_all(bool wide, uint32_t nets) {
  AttentionTally tally;
  const uint32_t first = number_from("SHOAL_RANDOM_SEED", 1);
  nets = number_from("SHOAL_ATTENTION_NETS", nets);
  for (uint32_t seed = first; seed < first + nets; ++seed) {
    AttentionRun(seed, wide).run(tally);
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(tally.shares, tally.plans);
  EXPECT_GT(tally.heads, tally.plans);
  std::printf("%d plans, %d shares of transpositions\n", tally.plans,
              tally.shares);
}

TEST(RandomAttention, EveryPlanGivesTheOraclesBytes) { run_all(false, 32); }

TEST(RandomAttention, SoDoPlansOf16Bits) { run_all(true, 12); }

}  // namespace
}  // namespace shoal
