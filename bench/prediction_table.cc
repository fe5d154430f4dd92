// Prints the latency that plans state beside the one in virtual time: for each
// model, cluster and strategy both, and the worst of all.
//   prediction_table MODEL... [--nodes 1,2,4] [--clusters teensy41,mixed]
//                    [--strategies spatial,kernel] [--objective ram]
//                    [--ram 64K] [--within 10]
// By `throughput` both times are from frame to frame.
// A cluster is a board's name, `mixed` (three boards in turns) or `clocks` (a
// Teensy 4.1 at 150 to 600 MHz). With --within it fails if any plan is further
// off, in percent; if a frame is faster than the proven bound it always does.
#include <time.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "bench/options.h"
#include "host/base/error.h"
#include "host/base/size.h"
#include "host/board/board.h"
#include "host/engine/common/frame.h"
#include "host/engine/common/prepare.h"
#include "host/engine/virtual/simulate_cluster.h"
#include "host/model/import/import.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/planner/bounds.h"
#include "host/plan/planner/plan_numbers.h"

namespace shoal {
namespace {

constexpr int kFrames = 120;  // for frames a second

struct Flags {
  std::vector<std::string> models;
  std::vector<int> nodes{1, 2, 4, 8, 16};
  std::vector<std::string> clusters{"teensy41", "rp2350", "mixed"};
  std::vector<std::string> strategies = general_strategies();
  std::string objective = "latency", ram;
  double within = 0;
  bool frames() const { return objective == "throughput"; }
};

Cluster make_cluster(const std::string& name, int nodes, const Flags& flags) {
  std::optional<int64_t> ram;
  if (!flags.ram.empty()) ram = parse_size(flags.ram, "--ram");
  constexpr std::array kMixed{"teensy41", "stm32h743", "rp2350"};
  constexpr std::array kClocks{1, 2, 3, 1, 3, 2, 2, 4};
  const bool mixed = name == "mixed", clocks = name == "clocks";
  Cluster c = uniform_cluster(
      nodes, find_board(mixed || clocks ? "teensy41" : name), ram);
  for (size_t n = 0; n < c.nodes.size(); ++n) {
    ClusterNode& node = c.nodes[n];
    if (mixed) node.board = find_board(kMixed[n % kMixed.size()]);
    if (clocks) node.board.clock_hz *= kClocks[n % kClocks.size()] / 4.0;
    node.rating = board_rating(node.board);
  }
  return c;
}

double simulated_s(const Prepared& p, const Cluster& cluster, bool frames) {
  std::vector<uint8_t> input(static_cast<size_t>(input_bytes(p.graph)));
  std::mt19937 random(1);
  for (uint8_t& b : input) b = static_cast<uint8_t>(random() >> 24);
  SimOptions options;
  if (frames) {
    options.frames = kFrames;
    return 1 / simulate_cluster(p, cluster, input, options).frames_per_s();
  }
  options.warm_up = true;
  return simulate_cluster(p, cluster, input, options).latency_s();
}

double cpu_seconds() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

// The largest error of all plans so far, in percent.
struct Worst {
  double percent = 0;
  std::string of = "none";
  std::vector<double> all;
  bool wrong_bounds = false;  // a frame was faster than the least time
  void add(double off, const std::string& what) {
    all.push_back(std::abs(off));
    if (std::abs(off) <= std::abs(percent)) return;
    percent = off;
    of = what;
  }
};

void add_row(const Graph& graph, const std::string& model,
             const std::string& cluster_name, int nodes,
             const std::string& strategy, const Flags& flags, Worst& worst) {
  const Cluster cluster = make_cluster(cluster_name, nodes, flags);
  const std::string what = model + ", " + std::to_string(nodes) + " x " +
                           cluster_name + ", " + strategy;
  try {
    const double start = cpu_seconds();
    const PlanRequest request =
        linked_nodes(cluster, strategy, objective_of(flags.objective));
    const Prepared p = prepare(graph, request);
    const double preparing = cpu_seconds() - start;
    const double planned =
        flags.frames() ? numbers_of(p.net, request, p.plan, true).period_s
                       : p.plan.latency_s;
    const double simulated = simulated_s(p, cluster, flags.frames());
    const double off = 100 * (planned / simulated - 1);
    int64_t arena = 0;
    for (const PlanNode& n : p.plan.nodes) {
      arena = std::max<int64_t>(arena, n.arena_bytes);
    }
    const double bound =
        lower_bound(p.net, cluster, {.linked = true}).latency_s;
    std::printf(
        "| %s | %s | %d | %s | %lld | %.3f | %.3f | %+.1f | %.3f | %.0f |\n",
        model.c_str(), cluster_name.c_str(), nodes, strategy.c_str(),
        static_cast<long long>(arena), planned * 1e3, simulated * 1e3, off,
        bound * 1e3, preparing * 1e3);
    worst.add(off, what);
    if (!flags.frames() && (bound > simulated || bound > planned)) {
      std::printf("\nThe bound of %s is wrong: %.3f ms\n", what.c_str(),
                  bound * 1e3);
      worst.wrong_bounds = true;
    }
  } catch (const Error& e) {
    std::printf("| %s | %s | %d | %s | %s |\n", model.c_str(),
                cluster_name.c_str(), nodes, strategy.c_str(), e.what());
  }
  std::fflush(stdout);
}

int print_table(const Flags& flags) {
  Worst worst;
  std::printf(
      "| model | cluster | nodes | strategy | arena, B | planned, ms | "
      "simulated, ms | off, %% | bound, ms | prepared in, ms of CPU |\n"
      "|---|---|--:|---|--:|--:|--:|--:|--:|--:|\n");
  for (const std::string& file : flags.models) {
    const Graph graph = load_model(file);
    const std::string model = std::filesystem::path(file).stem().string();
    for (const std::string& cluster : flags.clusters) {
      for (const int nodes : flags.nodes) {
        for (const std::string& strategy : flags.strategies) {
          add_row(graph, model, cluster, nodes, strategy, flags, worst);
        }
      }
    }
  }
  std::vector<double>& all = worst.all;
  std::sort(all.begin(), all.end());
  const auto part = [&](size_t percent) {
    return all.empty() ? 0 : all[(all.size() - 1) * percent / 100];
  };
  std::printf(
      "\n%zu plans: half within %.1f %%, nine in ten within %.1f %%, worst "
      "%+.1f %% (%s)\n",
      all.size(), part(50), part(90), worst.percent, worst.of.c_str());
  if (worst.wrong_bounds) return 1;
  return flags.within > 0 && std::abs(worst.percent) > flags.within ? 1 : 0;
}

int run(int argc, char** argv) {
  Flags flags;
  BenchOptions options("Planned latency beside simulated latency");
  options.required("MODEL", flags.models);
  options.add("--nodes", flags.nodes);
  options.add("--clusters", flags.clusters);
  options.add("--strategies", flags.strategies);
  options.add("--objective", flags.objective);
  options.add("--ram", flags.ram);
  options.add("--within", flags.within);
  if (const auto code = options.parse(argc, argv)) return *code;
  objective_of(flags.objective);
  return print_table(flags);
}

}  // namespace
}  // namespace shoal

int main(int argc, char** argv) {
  try {
    return shoal::run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "prediction_table: %s\n", e.what());
    return 1;
  }
}
