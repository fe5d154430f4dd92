// Random float networks: what quantization makes of them is written and read
// again as the identical graph, is planned, and every plan gives the oracle's
// bytes; the float file comes back identical, too.
//
//   SHOAL_RANDOM_SEED   the first seed (default: 1)
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "host/base/error.h"
#include "host/engine/common/prepare.h"
#include "host/engine/local/node_runner.h"
#include "host/model/export/export.h"
#include "host/model/graph/difference.h"
#include "host/model/import/import.h"
#include "host/oracle/int8/oracle.h"
#include "tests/number_from.h"
#include "tests/random_floats.h"

namespace shoal {
namespace {

constexpr unsigned kQuantizedNets = 200;

class RandomAnyFloats : public RandomFloats {
 public:
  explicit RandomAnyFloats(unsigned seed) : RandomFloats(seed) {}

  Graph run() {
    const int side = 6 + 2 * number(4);
    made_.push_back(net_.input({1, side, side, 1 + number(4)}));
    if (number(4) == 0) made_.push_back(net_.input({1, side, side, 4}));
    const int steps = 3 + number(8);
    for (int i = 0; i < steps; ++i) step(any());
    finish();
    return net_.graph();
  }

 private:
  void step(int x) {
    const int side = net_.shape(x)[1], channels = net_.shape(x)[3];
    const int kind = number(12);
    if (kind < 5) return add_window(kind, x);
    switch (kind) {
      case 5:
        return unary(x);
      case 6:
        return join(x);
      case 7:
        return pad(x);
      case 8:
        return move(x, side, channels);
      case 9: {
        constexpr OpKind kKinds[] = {OpKind::kAdd, OpKind::kSub, OpKind::kMul,
                                     OpKind::kMaximum, OpKind::kMinimum};
        const int c = net_.constant({channels}, constants(channels));
        return add(net_.binary(kKinds[number(5)], x, c));
      }
      default: {  // of two that fit
        const int y = partner(x);
        constexpr OpKind kKinds[] = {OpKind::kAdd, OpKind::kMul, OpKind::kSub,
                                     OpKind::kMaximum};
        return add(net_.binary(kKinds[number(4)], x, y));
      }
    }
  }

  void unary(int x) {
    constexpr OpKind kKinds[] = {OpKind::kRelu, OpKind::kRelu6,
                                 OpKind::kLogistic, OpKind::kTanh,
                                 OpKind::kHardSwish};
    switch (number(7)) {
      case 5:
        return add(net_.unary(OpKind::kLeakyRelu, x, 0.1f));
      case 6:
        return add(net_.prelu(x));
      default:
        return add(net_.unary(kKinds[number(5)], x));
    }
  }

  void join(int x) {
    std::vector<int> operands = {x};
    for (const int t : made_) {
      const Shape& s = net_.shape(t);
      const bool fits = s[1] == net_.shape(x)[1] && s[2] == net_.shape(x)[2];
      if (fits && operands.size() < 4 && coin()) operands.push_back(t);
    }
    int channels = 0;
    for (const int t : operands) channels += net_.shape(t)[3];
    if (channels <= 32) add(net_.concatenation(operands));
  }

  void pad(int x) {
    if (net_.shape(x)[1] > 16) return;
    switch (number(4)) {
      case 0:
        return add(net_.pad(x, 1, number(2)));
      case 2: {
        const int most = std::min(3, net_.shape(x)[1] - 1);
        return add(net_.mirror(x, number(most + 1), number(most + 1), coin()));
      }
      case 1:
        return add(net_.padv2(x, number(2), 1, 0.5f));
      default: {
        const int y = net_.padv2(x, 1, 1, -INFINITY);
        return add(net_.pool(OpKind::kMaxPool2d, y,
                             {.kernel = 3, .stride = 2, .same = false}));
      }
    }
  }

  void move(int x, int side, int channels) {
    switch (number(6)) {
      case 4:
        return add(net_.turned_channels(x));
      case 0:
        if (side <= 8) add(net_.resize(x, 2));
        return;
      case 1:
        return add(net_.transpose(x, {0, 2, 1, 3}));
      case 2:
        if (side > 3) {
          add(net_.slice(x, {0, 1, 0, 0}, {1, side - 2, side, channels}));
        }
        return;
      case 3:
        if (side % 2 == 0 && channels <= 8) {
          add(net_.blocks(OpKind::kSpaceToDepth, x, 2));
        }
        return;
      default:
        if (channels % 2 == 0) {
          for (const int y : net_.split(x, 3, 2)) add(y);
        }
    }
  }

  // Whatever nobody reads is an output.
  void finish() {
    std::set<int> read;
    for (const Op& op : net_.graph().ops) {
      read.insert(op.inputs.begin(), op.inputs.end());
    }
    const int last = made_.back();
    const std::vector<int> made = made_;
    if (coin()) {
      net_.output(net_.softmax(net_.dense(net_.mean(last), 5)));
      read.insert(last);
    }
    const std::vector<int>& inputs = net_.graph().inputs;
    for (const int t : made) {
      const bool is_input = std::count(inputs.begin(), inputs.end(), t) > 0;
      if (!read.contains(t) && !is_input) net_.output(t);
    }
  }
};

std::string again(const Graph& graph) {
  return graph_difference(import_tflite(export_tflite(graph), graph.name),
                          with_operands(graph));
}

// Output of the default plan, and of the smallest.
std::string run_plans(const Graph& graph, std::mt19937& random) {
  std::vector<uint8_t> input;
  for (const int t : graph.inputs) {
    const int64_t n = element_count(graph.tensors[t].shape);
    for (int64_t i = 0; i < n; ++i) {
      input.push_back(static_cast<uint8_t>(random()));
    }
  }
  const std::vector<uint8_t> wanted =
      model_output(graph, run_oracle(graph, input));
  for (const Objective objective : {Objective::kLatency, Objective::kRam}) {
    PlanRequest request = one_node(find_board("host"));
    request.objective = objective;
    const Prepared p = prepare(graph, request);
    NodeRunner runner(p.graph, p.net, p.images[0], p.plan.nodes[0].arena_bytes);
    if (runner.run(input) != wanted) return "a plan's output is wrong";
  }
  return "";
}

TEST(QuantizeRandom, FilesAndPlans) {
  int skipped = 0, requantized = 0;
  std::set<OpKind> used;
  const uint32_t first = number_from("SHOAL_RANDOM_SEED", 1);
  for (uint32_t seed = first; seed < first + kQuantizedNets; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Graph graph = RandomAnyFloats(seed).run();
    if (graph.outputs.empty()) continue;
    ASSERT_EQ(again(graph), "");
    QuantizeOptions options;
    options.ranges = static_cast<RangeMethod>(seed % 3);
    options.bias_correction = seed % 4 != 0;
    if (seed % 5 == 0) options.equalize = true;
    QuantizeReport report;
    Graph int8;
    try {
      int8 = quantize(graph, wave_frames(graph, 4, seed), options, report);
    } catch (const Error& e) {
      ASSERT_EQ(e.code(), Exit::kUnsupported) << e.what();
      ASSERT_NE(std::string(e.what()).find("are zero in all frames"),
                std::string::npos)
          << e.what();
      ++skipped;
      continue;
    }
    EXPECT_EQ(again(int8), "");
    for (const Op& op : int8.ops) {
      used.insert(op.kind);
      requantized += op.kind == OpKind::kQuantize;
    }
    std::mt19937 random(seed);
    EXPECT_EQ(run_plans(import_tflite(export_tflite(int8), "int8"), random),
              "");
    if (testing::Test::HasFailure()) break;
  }
  EXPECT_LE(skipped, static_cast<int>(kQuantizedNets / 10));
  EXPECT_GT(requantized, 0);
  EXPECT_GE(used.size(), 28u);
  std::printf("%zu kinds of operators, %d QUANTIZE, %d networks skipped\n",
              used.size(), requantized, skipped);
}

}  // namespace
}  // namespace shoal
