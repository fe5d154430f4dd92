// Random networks with int16 activations: the file of each is read again as the
// identical graph, and every layer of every plan equals the oracle's, on one
// node from mapped flash and from storage, and on clusters under random cuts.
//
//   SHOAL_INT16_NETS    how many networks (default: 60)
//   SHOAL_RANDOM_SEED   the first seed (default: 1)
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <set>

#include "device/program/image.h"
#include "host/base/error.h"
#include "host/check/check.h"
#include "host/engine/common/prepare.h"
#include "host/engine/common/trace_collector.h"
#include "host/engine/common/verify.h"
#include "host/engine/local/node_runner.h"
#include "host/engine/local/testing/stored_image.h"
#include "host/engine/virtual/simulate_cluster.h"
#include "host/model/export/export.h"
#include "host/model/graph/difference.h"
#include "host/model/import/import.h"
#include "host/oracle/int8/oracle.h"
#include "host/plan/planner/planner.h"
#include "host/program/emit/emit.h"
#include "host/program/emit/testing/emit_all.h"
#include "host/quantize/testing/float_net.h"
#include "tests/number_from.h"
#include "tests/random_cluster.h"
#include "tests/random_floats.h"
#include "tests/tape_plan.h"

namespace shoal {
namespace {

// A float network of operators that have int16 forms.
class RandomWideFloats : public RandomFloats {
 public:
  explicit RandomWideFloats(unsigned seed) : RandomFloats(seed) {}

  Graph run() {
    const int side = 6 + 2 * number(4);
    made_.push_back(net_.input({1, side, side, 1 + number(4)}));
    const int steps = 3 + number(7);
    for (int i = 0; i < steps; ++i) step(any());
    finish();
    return net_.graph();
  }

 private:
  void step(int x) {
    const int side = net_.shape(x)[1], channels = net_.shape(x)[3];
    constexpr OpKind kUnary[] = {OpKind::kRelu, OpKind::kRelu6, OpKind::kAbs,
                                 OpKind::kLogistic, OpKind::kTanh};
    constexpr OpKind kBinary[] = {OpKind::kAdd,     OpKind::kSub,
                                  OpKind::kMul,     OpKind::kMaximum,
                                  OpKind::kMinimum, OpKind::kSquaredDifference};
    const int kind = number(14);
    if (kind < 5) return add_window(kind, x);
    switch (kind) {
      case 5:
        return add(net_.unary(kUnary[number(5)], x));
      case 6:
        return add(coin() ? net_.prelu(x)
                          : net_.unary(OpKind::kLeakyRelu, x, 0.1F));
      case 7:
        return join(x);
      case 8:
        if (side <= 16) add(net_.pad(x, 1, number(2)));
        return;
      case 9:
        return move(x, side, channels);
      case 10: {
        const int c = net_.constant({channels}, constants(channels));
        return add(net_.binary(kBinary[number(5)], x, c));
      }
      default: {
        const OpKind binary = kBinary[number(6)];
        const int y = net_.binary(binary, x, partner(x));
        if (binary == OpKind::kSquaredDifference) net_.maker(y).attr = {};
        return add(y);
      }
    }
  }

  void join(int x) {
    std::vector<int> operands = {x};
    int channels = net_.shape(x)[3];
    for (const int t : made_) {
      const Shape& s = net_.shape(t);
      const bool fits = s[1] == net_.shape(x)[1] && s[2] == net_.shape(x)[2];
      if (!fits || operands.size() == 4 || channels + s[3] > 32) continue;
      operands.push_back(t);
      channels += s[3];
    }
    add(net_.concatenation(operands));
  }

  void move(int x, int side, int channels) {
    switch (number(5)) {
      case 0:
        return add(net_.turned_channels(x));
      case 1:
        if (side <= 8) add(net_.resize(x, 2));
        return;
      case 2:
        return add(net_.transpose(x, {0, 2, 1, 3}));
      case 3:
        if (side < 4) return;
        return add(net_.slice(x, {0, 1, 0, 0}, {1, side - 2, side, channels}));
      default:
        if (channels % 2 != 0) return;
        for (const int y : net_.split(x, 3, 2)) add(y);
    }
  }

  void finish() {
    const std::vector<int> made = made_;
    if (coin()) {
      net_.output(net_.softmax(net_.dense(net_.mean(made.back()), 5)));
    }
    std::set<int> read;
    for (const Op& op : net_.graph().ops) {
      read.insert(op.inputs.begin(), op.inputs.end());
    }
    for (size_t i = 1; i < made.size(); ++i) {
      if (!read.contains(made[i])) net_.output(made[i]);
    }
  }
};

struct WideTally {
  int nets = 0, plans = 0, streams = 0;
  std::set<OpKind> used;
};

class WideJudge {
 public:
  WideJudge(Graph graph, unsigned seed, WideTally& tally)
      : graph_(std::move(graph)), random_(seed), tally_(tally) {
    for (const int t : graph_.inputs) {
      const int64_t n = element_count(graph_.tensors[size_t(t)].shape);
      for (int64_t i = 0; i < 2 * n; ++i) {
        input_.push_back(static_cast<uint8_t>(random_()));
      }
    }
    oracle_ = run_oracle(graph_, input_);
  }

  std::string on_one_node() {
    PlanRequest request = one_node(find_board("host"));
    for (const Objective objective : {Objective::kRam, Objective::kLatency}) {
      request.objective = objective;
      Prepared p = prepare(graph_, request);
      Header h;
      std::memcpy(&h, p.images[0].data(), sizeof h);
      if (h.version != kWideVersion) return "a program of another version";
      std::string fault = run(p, p.images[0]);
      if (!fault.empty()) return fault;
      request.node().ram = p.plan.nodes[0].arena_bytes;
      p.plan = tape_plan(p.net, p.plan);
      for (const std::string& found : check(p.net, p.plan)) return found;
      p.images = {emit(p.net, p.plan, 0)};
      StoredImage stored(p.images[0], 1);
      fault = run(p, stored.source());
      if (!fault.empty()) return "from storage, " + fault;
    }
    return "";
  }

  std::string on_a_cluster(const ClusterCase& c) {
    Prepared p;
    p.graph = graph_;
    p.net = lower(graph_);
    Cluster cluster = random_cluster(c);
    std::string toml;
    const Cuts cuts = random_cuts(c, p.net, cluster, toml);
    try {
      PlanRequest request =
          c.style == CutStyle::kAuto
              ? linked_nodes(cluster, "auto", Objective::kLatency)
              : linked_nodes(cluster, cuts, Objective::kRam);
      p.plan = make_plan(p.net, request);
    } catch (const Error& e) {
      const bool may_be =
          e.code() == Exit::kUsage || e.code() == Exit::kUnsupported;
      return may_be ? "" : e.what();  // cuts that do not go together
    }
    for (const std::string& found : check(p.net, p.plan)) return found;
    p.images = emit_all(p.net, p.plan);
    for (size_t n = 0; n < p.images.size(); ++n) {
      p.plan.nodes[n].program_bytes = static_cast<uint32_t>(p.images[n].size());
    }
    tally_.streams += static_cast<int>(p.plan.streams.size());
    SimOptions o;
    o.network.seed = c.seed;
    o.network.loss = c.loss / 100.0;
    o.insecure = true;
    o.timeout_us = 60'000'000;
    std::vector<uint8_t> output;
    o.output = [&](int, const std::vector<uint8_t>& bytes) { output = bytes; };
    TraceCollector trace(p.graph, p.net, p.plan);
    o.observer = [&](int node) { return trace.observer(node); };
    simulate_cluster(p, cluster, input_, o);
    ++tally_.plans;
    return judged(output, trace.values(input_));
  }

 private:
  template <class Source>
  std::string run(const Prepared& p, const Source& source) {
    ++tally_.plans;
    TraceCollector trace(p.graph, p.net, p.plan);
    NodeRunner runner(p.graph, p.net, source, p.plan.nodes[0].arena_bytes,
                      trace.observer());
    const auto output = runner.run(input_);
    return judged(output, trace.values(input_));
  }

  std::string judged(const std::vector<uint8_t>& output, const Values& traced) {
    const Verification v =
        judge_frame(graph_, output, traced, oracle_, std::nullopt);
    if (v.wrong) return v.between + ": " + describe(*v.wrong);
    return output == model_output(graph_, oracle_) ? "" : "the output";
  }

  Graph graph_;
  std::mt19937 random_;
  WideTally& tally_;
  std::vector<uint8_t> input_;
  Values oracle_;
};

TEST(Int16Random, EveryPlanEqualsTheOracle) {
  const unsigned first = number_from("SHOAL_RANDOM_SEED", 1);
  const unsigned count = number_from("SHOAL_INT16_NETS", 60);
  WideTally tally;
  for (unsigned seed = first; seed < first + count; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Graph floats = RandomWideFloats(seed).run();
    if (floats.outputs.empty()) continue;
    QuantizeOptions options;
    options.int16 = true;
    options.ranges = RangeMethod::kMinMax;
    options.bias_correction = seed % 2 == 0;
    Graph graph;
    QuantizeReport report;
    try {
      graph = quantize(floats, wave_frames(floats, 3, seed), options, report);
    } catch (const Error& e) {
      ASSERT_NE(std::string(e.what()).find("are zero in all frames"),
                std::string::npos)
          << e.what();
      continue;
    }
    const Graph again = import_tflite(export_tflite(graph), graph.name);
    ASSERT_EQ(graph_difference(again, with_operands(graph)), "");
    ++tally.nets;
    for (const Op& op : again.ops) tally.used.insert(op.kind);
    WideJudge judge(again, seed, tally);
    ASSERT_EQ(judge.on_one_node(), "");
    ClusterCase c;
    c.seed = seed;
    c.nodes = 2 + static_cast<int>(seed % 3);
    c.style = static_cast<CutStyle>(seed % kCutStyles);
    c.loss = static_cast<int>(seed % 5);
    ASSERT_EQ(judge.on_a_cluster(c), "") << "case " << to_text(c);
  }
  std::printf("%d networks, %d plans, %d streams, %zu kinds of operators\n",
              tally.nets, tally.plans, tally.streams, tally.used.size());
  if (count >= 60) {
    EXPECT_GE(tally.used.size(), 28u);
    EXPECT_GT(tally.streams, 100);
  }
}

}  // namespace
}  // namespace shoal
