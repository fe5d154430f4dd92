// The figures that clusters of comparison boards reach on MobileNetV2 1.0 at
// 224x224, in modelled time, with encryption: arenas, latency, traffic. The
// files of examples/ are those that a reader is told to try.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "host/board/board.h"
#include "host/engine/common/frame.h"
#include "host/engine/common/prepare.h"
#include "host/engine/virtual/simulate_cluster.h"
#include "host/model/import/import.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/planner/bounds.h"
#include "host/plan/planner/plan_numbers.h"
#include "tests/shared.h"

namespace shoal {
namespace {

constexpr int kNodes = 8;

std::string example(const std::string& name) {
  const std::string path =
      std::string(SHOAL_SOURCE_DIR) + "/examples/" + name + ".toml";
  std::ifstream in(path);
  EXPECT_TRUE(in.good()) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

const Graph& model() {
  static const Graph graph =
      load_model(golden_model_file("tf2_mobilenet_v2_1.0_224_ptq"));
  return graph;
}

Cluster even_cluster(int nodes = kNodes) {
  return uniform_cluster(nodes, find_board("teensy41"), {});
}

PlanRequest by_file(const std::string& name, Objective objective) {
  PlanRequest request = linked_nodes(even_cluster(), "", objective);
  request.cuts_file = {name, example(name)};
  return request;
}

// Times do not depend on the picture.
std::vector<uint8_t> noise(size_t bytes) {
  std::vector<uint8_t> input(bytes);
  std::mt19937 random(1);
  for (uint8_t& byte : input) byte = static_cast<uint8_t>(random());
  return input;
}

struct Numbers {
  double latency_s = 0;
  double compute_s = 0;  // of all nodes, at the clock of the first
  int64_t arena = 0;
  double row_bytes = 0, sent_bytes = 0;  // of all nodes, a frame
  double overhead() const { return sent_bytes / row_bytes - 1; }
};

Numbers measure(const char* what, const PlanRequest& request) {
  const Cluster& cluster = request.cluster;
  const Prepared prepared = prepare(model(), request);
  const std::vector<uint8_t> input = noise(224 * 224 * 3);
  SimOptions options;
  options.warm_up = true;
  const SimResult r = simulate_cluster(prepared, cluster, input, options);
  Numbers n;
  n.latency_s = r.latency_s();
  // The plan's own latency is what virtual time makes of it.
  EXPECT_NEAR(prepared.plan.latency_s, n.latency_s, 0.02 * n.latency_s) << what;
  n.arena = largest_arena(prepared.plan);
  const auto add = [&](const EndpointReport& e) {
    n.row_bytes += static_cast<double>(e.link.row_bytes);
    n.sent_bytes += static_cast<double>(e.link.sent_bytes);
  };
  for (size_t i = 0; i < r.nodes.size(); ++i) {
    add(r.nodes[i]);
    n.compute_s += r.nodes[i].counts.slices.compute_s *
                   cluster.nodes[i].board.clock_hz /
                   cluster.nodes[0].board.clock_hz;
  }
  add(r.coordinator);
  std::printf("%s: %.3f ms, arena %lld B, %.0f B of rows, %.1f %% besides\n",
              what, n.latency_s * 1e3, static_cast<long long>(n.arena),
              n.row_bytes, 100 * n.overhead());
  return n;
}

TEST(ClusterNumbers, FastestMixture) {
  const Numbers one = measure("one node", linked_nodes(even_cluster(1)));
  const Numbers n =
      measure("fastest", by_file("mobilenet_v2_fastest", Objective::kLatency));
  EXPECT_GE(one.latency_s / n.latency_s, 4);
  EXPECT_LE(n.overhead(), 0.20);
}

// Loops over channel groups, on a node that exchanges nothing.
TEST(ClusterNumbersLong, GroupsOfANodeAloneTakeWhatItsPlanSays) {
  PlanRequest request = one_node(find_board("teensy41"), 48 * 1024);
  request.replay = true;
  const Prepared p = prepare(model(), request);
  size_t loops = 0;
  for (const PlanStage& s : p.plan.nodes[0].stages) loops += s.loops.size();
  EXPECT_GT(loops, 0u);
  SimOptions options;
  options.warm_up = true;
  const double simulated_s =
      simulate_cluster(p, request.cluster, noise(224 * 224 * 3), options)
          .latency_s();
  EXPECT_NEAR(p.plan.latency_s, simulated_s, 0.001 * simulated_s);
}

TEST(ClusterNumbers, SmallestMixture) {
  const Numbers n =
      measure("smallest", by_file("mobilenet_v2_smallest", Objective::kRam));
  EXPECT_LE(n.arena, 32'768);
  EXPECT_LE(n.sent_bytes, 1.2e6);
}

TEST(ClusterNumbers, NothingMadeByHandBeatsAuto) {
  const Plan by_hand =
      prepare(model(), by_file("mobilenet_v2_fastest", Objective::kLatency))
          .plan;
  const Plan found =
      prepare(model(), linked_nodes(even_cluster(), "auto")).plan;
  EXPECT_LT(found.latency_s, 0.96 * by_hand.latency_s);
  EXPECT_LE(found.latency_s, 0.152);
  // The rest of the arenas holds weights, and no more than that.
  for (const PlanNode& n : found.nodes) {
    EXPECT_GT(n.layout.keep_bytes, 256u * 1024);
    EXPECT_LE(n.arena_bytes, 512u * 1024);
  }
}

TEST(ClusterNumbers, ArenasOfStrategiesAsTheyAre) {
  for (const char* strategy : {"spatial", "kernel"}) {
    const Prepared p = prepare(
        model(), linked_nodes(even_cluster(), strategy, Objective::kRam));
    EXPECT_LE(largest_arena(p.plan), 64 * 1024) << strategy;
  }
}

TEST(ClusterNumbers, BytesBesidesRows) {
  const Numbers n = measure("kernel", linked_nodes(even_cluster(), "kernel"));
  EXPECT_LE(n.overhead(), 0.08);
}

// Eight nodes of unequal clocks are nearly as good as eight equal ones that
// are as fast together: a quarter more for the work, and the same for all
// that is not arithmetic.
TEST(ClusterNumbers, UnequalNodes) {
  const Cluster unequal = parse_cluster("unequal", example("unequal"));
  ASSERT_EQ(unequal.nodes.size(), size_t{kNodes});
  double clock_hz = 0;
  for (const ClusterNode& n : unequal.nodes) clock_hz += n.board.clock_hz;
  Board board = find_board("teensy41");
  board.clock_hz = clock_hz / kNodes;
  const Cluster even = uniform_cluster(kNodes, board, {});
  const Numbers equal = measure("even", linked_nodes(even));
  const Numbers n = measure("unequal", linked_nodes(unequal));
  const Numbers one = measure("one of the even ones",
                              linked_nodes(uniform_cluster(1, board, {})));
  const double work_s = one.compute_s / kNodes;
  EXPECT_LE(n.latency_s, 1.25 * work_s + (equal.latency_s - work_s));
}

// The cost of bad luck: the worst of some seeds over the same plan without it.
// One seed by default; tools/loss_campaign.sh runs SHOAL_LOSS_SEEDS of them.
TEST(ClusterNumbers, LossAndReordering) {
  const Cluster cluster =
      uniform_cluster(kNodes, find_board("teensy41"), 64 * 1024);
  const Prepared prepared = prepare(model(), linked_nodes(cluster));
  const std::vector<uint8_t> input = noise(224 * 224 * 3);
  std::vector<uint8_t> output;  // without bad luck
  const auto latency_ms = [&](const NetworkOptions& network) {
    SimOptions options;
    options.warm_up = true;
    options.network = network;
    options.timeout_us = 20'000'000;  // deployment is lossy too
    options.output = [&](int, const std::vector<uint8_t>& bytes) {
      if (output.empty()) output = bytes;
      EXPECT_EQ(bytes, output) << "seed " << network.seed;
    };
    return simulate_cluster(prepared, cluster, input, options).latency_s() *
           1e3;
  };
  const char* const text = std::getenv("SHOAL_LOSS_SEEDS");
  const int seeds = text ? std::atoi(text) : 1;
  const double calm = latency_ms({});
  std::printf("calm %.3f ms\n", calm);
  const struct {
    const char* what;
    double loss, reorder, most;
  } cases[] = {{"loss 5 %", 0.05, 0, 1.2},
               {"reordering 30 %", 0, 0.3, 1.3},
               {"loss 30 %", 0.3, 0, 4}};
  for (const auto& c : cases) {
    double sum = 0, worst = 0;
    for (int seed = 1; seed <= seeds; ++seed) {
      NetworkOptions network;
      network.loss = c.loss;
      network.reorder = c.reorder;
      network.seed = static_cast<uint64_t>(seed);
      const double ratio = latency_ms(network) / calm;
      sum += ratio;
      worst = std::max(worst, ratio);
    }
    std::printf("%-16s %d seeds: mean %.3f, worst %.3f of at most %.1f\n",
                c.what, seeds, sum / seeds, worst, c.most);
    EXPECT_LE(worst, c.most) << c.what;
  }
}

Cluster mixed_cluster(int nodes) {
  constexpr const char* kBoards[] = {"teensy41", "stm32h743", "rp2350"};
  Cluster c = even_cluster(nodes);
  for (size_t n = 0; n < c.nodes.size(); ++n) {
    c.nodes[n].board = find_board(kBoards[n % std::size(kBoards)]);
    c.nodes[n].rating = board_rating(c.nodes[n].board);
  }
  return c;
}

// Models, nodes, boards, strategies and objectives by chance: a plan's time is
// that of virtual time, its frames a second nearly so, and neither is below the
// proven bound. All of them: tools/prediction_campaign.sh.
TEST(PredictionTest, PlansTakeWhatTheySayAndNeverLessThanTheBound) {
  constexpr const char* kModels[] = {"kws_ref_model", "vww_96_int8",
                                     "ad01_int8", "net_003", "ops_graph"};
  constexpr const char* kBoards[] = {"teensy41", "rp2350", "stm32h743", ""};
  constexpr const char* kStrategies[] = {"spatial", "kernel", "layer", "auto"};
  constexpr int kSizes[] = {1, 2, 4, 8};
  const char* const count = std::getenv("SHOAL_PREDICTIONS");
  std::mt19937 random(7);
  const auto any = [&](const auto& of) { return of[random() % std::size(of)]; };
  double worst = 0;
  for (int i = 0; i < (count ? std::atoi(count) : 12); ++i) {
    const std::string name = any(kModels), board = any(kBoards);
    const std::string strategy = any(kStrategies);
    const int nodes = any(kSizes);
    const bool ram = random() % 3 == 0;
    SCOPED_TRACE(name + " on " + std::to_string(nodes) + " x " +
                 (board.empty() ? "mixed" : board) + ", " + strategy +
                 (ram ? ", ram" : ""));
    const Cluster cluster = board.empty()
                                ? mixed_cluster(nodes)
                                : uniform_cluster(nodes, find_board(board), {});
    const PlanRequest request = linked_nodes(
        cluster, strategy, ram ? Objective::kRam : Objective::kLatency);
    const Prepared p = prepare(load_model(golden_model_file(name)), request);
    SimOptions options;
    options.warm_up = true;
    options.frames = 5;
    const SimResult r = simulate_cluster(
        p, cluster, noise(static_cast<size_t>(input_bytes(p.graph))), options);
    const double off = p.plan.latency_s / r.latency_s() - 1;
    worst = std::max(worst, std::abs(off));
    EXPECT_NEAR(off, 0, 0.05);
    const LowerBound bound = lower_bound(p.net, cluster, {.linked = true});
    EXPECT_GT(bound.latency_s, 0);
    EXPECT_LE(bound.latency_s, r.latency_s());
    EXPECT_LE(bound.period_s, 1 / r.frames_per_s());
    const double period = numbers_of(p.net, request, p.plan, true).period_s;
    EXPECT_NEAR(period * r.frames_per_s(), 1, 0.2);
  }
  std::printf("worst prediction: %.1f %% off\n", 100 * worst);
}

}  // namespace
}  // namespace shoal
