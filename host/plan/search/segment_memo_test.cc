#include "host/plan/search/segment_memo.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "host/plan/cuts/cuts.h"
#include "host/plan/search/search.h"
#include "host/plan/search/segment_cost.h"
#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

// Plans do not depend on what was planned before with the same memo.
TEST(SegmentMemo, ChangesNoPlan) {
  int64_t shared = 0, apart = 0;
  for (const NamedNet& named : shape_nets()) {
    const Net& net = named.net;
    const PlanRequest request =
        linked_nodes(uniform_cluster(3, find_board("teensy41"), {}));
    SegmentMemo memo(net);
    for (const SearchOptions& options :
         {SearchOptions{1, {}}, SearchOptions{4, {}},
          SearchOptions{1, {50, 0}}}) {
      for (const char* name : {"spatial", "kernel", "layer"}) {
        SCOPED_TRACE(named.name + " " + name);
        const Cuts cuts = make_cuts(net, request.cluster, {.strategy = name});
        SegmentMemo own(net);
        const Plan a =
            search_plan(net, request,
                        linked_search(net, request, cuts, options, &memo))
                .value();
        const Plan b =
            search_plan(net, request,
                        linked_search(net, request, cuts, options, &own))
                .value();
        EXPECT_EQ(a.latency_s, b.latency_s);
        EXPECT_EQ(largest_arena(a), largest_arena(b));
        EXPECT_EQ(a.traffic_bytes, b.traffic_bytes);
        apart += own.added();
        // Repeating the search computes no cost again.
        const int64_t before = memo.added();
        linked_search(net, request, cuts, options, &memo).value()->fastest();
        EXPECT_EQ(memo.added(), before);
      }
    }
    shared += memo.added();
  }
  // With other waits most costs are known. Searches that cost segments by their
  // length computed `kApartByLength` costs.
  constexpr int64_t kApartByLength = 3284;
  EXPECT_LT(shared * 3, kApartByLength * 2 + 3);
  EXPECT_LT(shared * 4, apart * 3);
  EXPECT_LE(apart, 2097);
}

TEST(SegmentMemo, NumbersTellCutsApart) {
  const Net net = bottleneck_net(16, 3);
  const Cluster cluster = uniform_cluster(4, find_board("teensy41"), {});
  SegmentMemo memo(net);
  const auto number = [&](const char* name) {
    const Cuts cuts = make_cuts(net, cluster, {.strategy = name});
    return memo.number_of(CutNet(net, cluster, cuts), 0);
  };
  const int spatial = number("spatial");
  EXPECT_NE(number("kernel"), spatial);
  EXPECT_EQ(number("spatial"), spatial);
  Cuts cuts = make_cuts(net, cluster, {.strategy = "spatial"});
  cuts.blocks.push_back({0, 1, 2, 1});
  EXPECT_NE(memo.number_of(CutNet(net, cluster, cuts), 0), spatial);
}

bool is_same(const SegmentCost& a, const SegmentCost& b) {
  const auto same = [](const SegmentCost::AtPasses& x,
                       const SegmentCost::AtPasses& y) {
    return x.bytes == y.bytes && x.saved == y.saved && x.time_ps == y.time_ps;
  };
  return a.possible == b.possible && a.received == b.received &&
         std::ranges::equal(a.at, b.at, same);
}

// The cost of a segment is the same whether it comes from another segment of
// the same form or is computed for this one alone.
TEST(SegmentMemo, SegmentsOfOneFormCostTheSame) {
  std::vector<NamedNet> nets = shape_nets();
  ShapeNet chain("chain");
  int x = chain.input(6, 6, 4);
  for (int l = 0; l < 10; ++l) x = chain.conv(x, 3, 1, 4);
  chain.output(x);
  nets.push_back({"repeated", chain.finish()});
  const Cluster cluster = uniform_cluster(3, find_board("teensy41"), {});
  for (const NamedNet& named : nets) {
    const Net& net = named.net;
    const auto layers = static_cast<int>(net.layers.size());
    SegmentMemo shared(net);
    int64_t segments = 0;
    for (const char* name : {"spatial", "kernel"}) {
      const Cuts cuts = make_cuts(net, cluster, {.strategy = name});
      const CutNet cut(net, cluster, cuts);
      const Streaming streaming(cut, cluster);
      const auto model = [&](SegmentMemo& memo) {
        return CostModel(cut, cluster, streaming, kUdpPayload, {},
                         SegmentTime::kFrame, memo);
      };
      const CostModel of_all = model(shared);
      for (int begin = 0; begin < layers; ++begin) {
        for (int end = begin + 1; end <= std::min(begin + 4, layers); ++end) {
          MadeBoxes made = cut.own;
          if (!compute_boxes(cut, {begin, end}, made)) break;
          SCOPED_TRACE(named.name + " " + name + " " + std::to_string(begin) +
                       "-" + std::to_string(end));
          SegmentMemo own(net);
          EXPECT_TRUE(is_same(of_all.cost({begin, end}, made),
                              model(own).cost({begin, end}, made)));
          ++segments;
        }
      }
    }
    EXPECT_LE(shared.added(), segments);
    if (named.name != "repeated") continue;
    EXPECT_LT(shared.added() * 3, segments * 2);
  }
}

TEST(SegmentMemo, ForgetsWhatIsTooMuch) {
  const Net net = bottleneck_net(16, 3);
  SegmentMemo memo(net);
  for (int i = 0; i < 1 << 10; ++i) memo.add({i}, {});
  memo.trim(1);
  EXPECT_NE(memo.find({5}), nullptr);
  memo.trim(1 << 10);
  EXPECT_EQ(memo.find({5}), nullptr);
}

}  // namespace
}  // namespace shoal
