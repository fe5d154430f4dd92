// Compares the order that is found with all orders, for nets so small that all
// can be tried.
#include "host/plan/order/order_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>

#include "host/plan/testing/branch_nets.h"
#include "host/plan/types/segment.h"

namespace shoal {
namespace {

constexpr int64_t kFar = std::numeric_limits<int64_t>::max();

LayerOrder own_order(const LayerGraph& graph) {
  LayerOrder order(size_t(graph.layers()));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

// The bytes that the searches for stages count for a segment.
int64_t segment_bytes(const Net& net, const std::vector<TensorUses>& uses,
                      const OrderBytes& bytes, const LayerOrder& order,
                      Segment s) {
  if (!can_be_stage(uses, s)) return kFar;
  int64_t sum = 0;
  for (size_t t = 0; t < net.tensors.size(); ++t) {
    if (!lives_during(uses[t], s)) continue;
    sum += lives_inside(uses[t], s) ? bytes.ring[t] : bytes.whole[t];
  }
  for (int l = s.begin; l < s.end; ++l) sum += bytes.sums[order[size_t(l)]];
  return sum;
}

// Returns the least bytes of an order, with the best ends of stages.
int64_t least_of_order(const Net& given, const OrderBytes& bytes,
                       const LayerOrder& order) {
  const Net net = in_order(given, order);
  const std::vector<TensorUses> uses = find_uses(net);
  const auto n = static_cast<int>(order.size());
  std::vector<int64_t> best(size_t(n) + 1, kFar);
  best[0] = 0;
  for (int end = 1; end <= n; ++end) {
    for (int begin = 0; begin < end; ++begin) {
      best[end] = std::min(
          best[end], std::max(best[begin], segment_bytes(net, uses, bytes,
                                                         order, {begin, end})));
    }
  }
  return best[n];
}

bool has_unread_input(const Net& net, const LayerGraph& graph) {
  return std::ranges::any_of(net.inputs, [&](const NetIo& io) {
    return graph.touched_by[io.place.view.tensor].empty();
  });
}

class AllOrders {
 public:
  AllOrders(const Net& net, const LayerGraph& graph, const OrderBytes& bytes)
      : net_(net), graph_(graph), bytes_(bytes), done_(graph.before.size()) {}

  // Returns none if there are too many orders to try.
  std::optional<int64_t> least() {
    go_on();
    return tried_ > kMost ? std::nullopt : std::optional(least_);
  }

 private:
  static constexpr int kMost = 4000;

  void go_on() {
    if (tried_ > kMost) return;
    if (std::ssize(order_) == graph_.layers()) {
      ++tried_;
      least_ = std::min(least_, least_of_order(net_, bytes_, order_));
      return;
    }
    for (int l = 0; l < graph_.layers(); ++l) {
      const auto& before = graph_.before[l];
      if (done_[l] ||
          !std::ranges::all_of(before, [&](int b) { return bool{done_[b]}; })) {
        continue;
      }
      done_[l] = true;
      order_.push_back(l);
      go_on();
      order_.pop_back();
      done_[l] = false;
    }
  }

  const Net& net_;
  const LayerGraph& graph_;
  const OrderBytes& bytes_;
  LayerOrder order_;
  std::vector<bool> done_;
  int64_t least_ = kFar;
  int tried_ = 0;
};

TEST(OrderSearchTest, FindsTheBestOfAllOrders) {
  int compared = 0, better = 0;
  for (uint32_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE(seed);
    const Net net = wired_net(seed, 4 + static_cast<int>(seed % 5));
    const LayerGraph graph(net);
    const OrderBytes bytes = order_bytes(net, graph);
    const int64_t own = least_of_order(net, bytes, own_order(graph));
    EXPECT_EQ(largest_stage(graph, bytes, own_order(graph)), own);
    // If sums are expensive, stages are short and would begin within a tensor.
    OrderBytes dear = bytes;
    for (size_t l = 0; l < dear.sums.size(); ++l) {
      dear.sums[l] = 4096 + 512 * int64_t(l);
    }
    EXPECT_EQ(largest_stage(graph, dear, own_order(graph)),
              least_of_order(net, dear, own_order(graph)));
    // The rows of an unread input pass in the first stage, which a constant
    // alone might be.
    if (has_unread_input(net, graph)) continue;
    const std::optional<int64_t> least = AllOrders(net, graph, bytes).least();
    if (!least) continue;
    ++compared;
    const std::optional<OrderFound> found = find_order(graph, bytes);
    EXPECT_EQ(found ? found->bytes : own, *least);
    if (!found) continue;
    ++better;
    EXPECT_EQ(found->own_bytes, own);
    ASSERT_TRUE(graph.holds(found->order));
    EXPECT_EQ(least_of_order(net, bytes, found->order), *least);
  }
  EXPECT_GT(compared, 200);
  EXPECT_GT(better, 40);
}

TEST(OrderSearchTest, NoLayerReadsRowsOfItsStageAndOfEarlierOnes) {
  ShapeNet n("mixed");
  const int x = n.input(4, 4, 4), all = n.tensor(4, 4, 8);
  n.conv_between(x, 0, 4, all, 0, 4);
  const int y = n.conv(x, 1, 1, 4);
  n.conv_between(y, 0, 4, all, 4, 4);
  n.output(n.add(n.conv(all, 1, 1, 4), y));
  const Net net = n.finish();
  const LayerGraph graph(net);
  OrderBytes b{std::vector<int64_t>(net.tensors.size(), 1),
               std::vector<int64_t>(net.tensors.size(), 0),
               {50, 0, 50, 0, 0}};
  b.whole[y] = 1000;
  EXPECT_EQ(largest_stage(graph, b, own_order(graph)),
            least_of_order(net, b, own_order(graph)));
}

TEST(OrderSearchTest, ABoundedSearchIsNeverWorseThanTheNetsOrder) {
  int found_any = 0;
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    const Net net = wired_net(seed, 40);
    const LayerGraph graph(net);
    const OrderBytes bytes = order_bytes(net, graph);
    const OrderOptions options{.most_ideals = 8, .most_steps = 20'000};
    const std::optional<OrderFound> found = find_order(graph, bytes, options);
    if (!found) continue;
    ++found_any;
    EXPECT_TRUE(graph.holds(found->order)) << seed;
    EXPECT_LT(found->bytes, found->own_bytes) << seed;
    EXPECT_LE(largest_stage(graph, bytes, found->order), found->bytes) << seed;
    const std::optional<OrderFound> again = find_order(graph, bytes, options);
    EXPECT_EQ(again->order, found->order) << seed;
  }
  EXPECT_GT(found_any, 20);
}

TEST(OrderSearchTest, ABranchIsDoneBeforeTheNextBegins) {
  const Net net = breadth_first_net(2, 4);
  const LayerGraph graph(net);
  const OrderBytes bytes = order_bytes(net, graph);
  const std::optional<OrderFound> found = find_order(graph, bytes);
  ASSERT_TRUE(found);
  EXPECT_LT(found->bytes, 2 * 24 * 24 * 48);
  EXPECT_GT(found->own_bytes, 4 * 24 * 24 * 48);
}

// Nets that cannot gain from another order are not searched.
TEST(OrderSearchTest, ChainsAndResidualBlocksHaveOneOrder) {
  EXPECT_TRUE(LayerGraph(bottleneck_net(96, 12)).has_one_order());
  for (const NamedNet& n : shape_nets()) {
    if (n.name == "chain" || n.name == "skip" || n.name == "excite") {
      EXPECT_TRUE(LayerGraph(n.net).has_one_order()) << n.name;
    }
    if (n.name == "shortcut" || n.name == "pyramid") {
      EXPECT_FALSE(LayerGraph(n.net).has_one_order()) << n.name;
    }
  }
}

TEST(LayerGraphTest, HoldsNoOrderThatReadsWhatIsNotMade) {
  for (uint32_t seed = 1; seed <= 50; ++seed) {
    const Net net = wired_net(seed, 10);
    const LayerGraph graph(net);
    const LayerOrder own = own_order(graph);
    EXPECT_TRUE(graph.holds(own));
    for (int l = 0; l < graph.layers(); ++l) {
      for (const int b : graph.before[l]) {
        LayerOrder wrong = own;
        std::swap(wrong[size_t(l)], wrong[size_t(b)]);
        EXPECT_FALSE(graph.holds(wrong)) << seed << ": " << b << ", " << l;
      }
    }
    LayerOrder twice = own;
    twice.back() = twice.front();
    EXPECT_FALSE(graph.holds(twice));
  }
}

TEST(LayerGraphTest, OfEqualWeightsTheFirstLayerHasThem) {
  ShapeNet n("shared");
  const int x = n.input(4, 4, 4);
  const int a = n.conv(x, 1, 1, 4), b = n.conv(x, 1, 1, 4);
  n.output(n.add(a, b));
  Net net = n.finish();
  net.layers[1].weights_of = 0;
  const Net other = in_order(net, {1, 0, 2});
  EXPECT_EQ(other.layers[0].name, net.layers[1].name);
  EXPECT_EQ(other.layers[0].weights_of, -1);
  EXPECT_EQ(other.layers[1].weights_of, 0);
}

}  // namespace
}  // namespace shoal
