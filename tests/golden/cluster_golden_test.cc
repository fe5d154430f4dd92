// Every golden model on clusters of virtual nodes: all strategies, several
// sizes, the smallest arena that fits and twice that. Outputs must be the
// golden ones byte for byte; for one case of a model, every layer.
//
// By default one or two sizes a model, different ones for different models.
// tools/cluster_campaign.sh runs all, by these variables:
//   SHOAL_CLUSTER_SIZES       1,2,...: these sizes
//   SHOAL_CLUSTER_STRATEGIES  kernel,...: these strategies
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/board/board.h"
#include "host/engine/common/prepare.h"
#include "host/engine/common/trace_collector.h"
#include "host/engine/common/verify.h"
#include "host/engine/virtual/simulate_cluster.h"
#include "host/model/import/import.h"
#include "host/oracle/golden/testing/golden_cases.h"
#include "tests/shared.h"

namespace shoal {
namespace {

// More multiply-accumulates than this, and one size must do.
constexpr int64_t kLarge = 20'000'000;

std::vector<std::string> list_from(const char* variable) {
  std::vector<std::string> all;
  if (const char* text = std::getenv(variable)) {
    std::istringstream in(text);
    for (std::string one; std::getline(in, one, ',');) all.push_back(one);
  }
  return all;
}

std::vector<std::string> strategies() {
  const std::vector<std::string> wanted = list_from("SHOAL_CLUSTER_STRATEGIES");
  if (!wanted.empty()) return wanted;
  return {"layer", "kernel", "spatial"};
}

std::vector<int> sizes(const std::string& model, bool large) {
  std::vector<int> all;
  for (const std::string& n : list_from("SHOAL_CLUSTER_SIZES")) {
    all.push_back(std::stoi(n));
  }
  if (!all.empty()) return all;
  const std::vector<std::string> names = golden_model_names();
  const auto turn = static_cast<int>(
      std::find(names.begin(), names.end(), model) - names.begin());
  if (large) return {2 + turn % 7};
  return {2 + turn % 2, 4 + turn % 5};
}

struct Case {
  const Graph& graph;
  const GoldenCase& golden;
  std::string model, strategy;
  int nodes;

  Cluster cluster(std::optional<int64_t> ram) const {
    return uniform_cluster(nodes, find_board("host"), ram);
  }
};

Prepared plan(const Case& c, Objective objective, std::optional<int64_t> ram) {
  return prepare(c.graph, linked_nodes(c.cluster(ram), c.strategy, objective));
}

SimOptions quick() {
  SimOptions options;
  options.costs = false;
  options.insecure = true;
  return options;
}

void run(const Case& c, const Prepared& p, const char* budget) {
  SimOptions options = quick();
  std::vector<uint8_t> got;
  options.output = [&](int, const std::vector<uint8_t>& output) {
    got = output;
  };
  simulate_cluster(p, c.cluster({}), c.golden.input, options);
  const bool same = got == c.golden.output;
  EXPECT_TRUE(same) << "in " << budget << " RAM";
  std::printf(
      "case %s %s %d %s %lld %.0f %s\n", c.model.c_str(), c.strategy.c_str(),
      c.nodes, budget, static_cast<long long>(largest_arena(p.plan)),
      static_cast<double>(p.plan.traffic_bytes), same ? "equal" : "DIFFERENT");
}

void run_every_layer(const Case& c, const Prepared& p) {
  TraceCollector trace(p.graph, p.net, p.plan);
  std::vector<uint8_t> output;
  SimOptions options = quick();
  options.observer = [&](int node) { return trace.observer(node); };
  options.output = [&](int, const std::vector<uint8_t>& o) { output = o; };
  simulate_cluster(p, c.cluster({}), c.golden.input, options);
  const Verification v =
      judge_frame(p.graph, output, trace.values(c.golden.input),
                  run_oracle(p.graph, c.golden.input), c.golden);
  EXPECT_FALSE(v.wrong) << v.between << ": " << describe(*v.wrong);
  std::printf("case %s %s %d smallest %lld %.0f equal at %zu layers\n",
              c.model.c_str(), c.strategy.c_str(), c.nodes,
              static_cast<long long>(largest_arena(p.plan)),
              static_cast<double>(p.plan.traffic_bytes), v.layers);
}

class ClusterGoldenTest : public testing::TestWithParam<std::string> {};

TEST_P(ClusterGoldenTest, EveryStrategyGivesTheGoldenBytes) {
  const std::filesystem::path folder = shared_dir() / "golden" / GetParam();
  const Graph graph = load_model(golden_model_file(GetParam()));
  const std::vector<std::string> cases = golden_cases(folder);
  ASSERT_FALSE(cases.empty());
  const GoldenCase golden = read_golden_case(folder, cases[0]);
  const std::vector<int> all =
      sizes(GetParam(), lower(graph).model_macs > kLarge);
  for (const std::string& strategy : strategies()) {
    for (const int nodes : all) {
      SCOPED_TRACE(strategy + " over " + std::to_string(nodes));
      const Case c{graph, golden, GetParam(), strategy, nodes};
      try {
        const Prepared least = plan(c, Objective::kRam, {});
        const bool closely = strategy == "spatial" && nodes == all.back();
        if (closely) {
          run_every_layer(c, least);
        } else {
          run(c, least, "smallest");
        }
        const int64_t twice = 2 * largest_arena(least.plan);
        const Prepared more = plan(c, Objective::kLatency, twice);
        EXPECT_LE(largest_arena(more.plan), twice);
        run(c, more, "twice");
      } catch (const Error& e) {
        ADD_FAILURE() << e.what();
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, ClusterGoldenTest,
                         testing::ValuesIn(golden_model_names()),
                         [](const auto& info) {
                           return test_name(info.param);
                         });

}  // namespace
}  // namespace shoal
