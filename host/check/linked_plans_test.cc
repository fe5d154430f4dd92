// Split plans of real models: the checker finds nothing in them.
#include <gtest/gtest.h>

#include <chrono>
#include <iostream>

#include "host/check/check.h"
#include "host/import/import.h"
#include "host/lower/net.h"
#include "host/split/split_planner.h"
#include "tests/shared.h"

namespace shoal {
namespace {

struct Question {
  std::string model, strategy;
  int nodes;
};

class LinkedPlansTest : public testing::TestWithParam<Question> {};

TEST_P(LinkedPlansTest, AreRight) {
  const auto& [model, strategy, nodes] = GetParam();
  const Net net = lower(load_model(golden_model_file(model)));
  const Cluster cluster =
      uniform_cluster(nodes, find_board("host"), std::nullopt);
  const Cuts cuts = make_cuts(net, cluster, {.strategy = strategy});
  const auto at = [] { return std::chrono::steady_clock::now(); };
  const auto start = at();
  const Plan plan = make_split_plan(net, cluster, cuts, {});
  const auto planned = at();
  for (const std::string& line : check(net, plan)) ADD_FAILURE() << line;
  const std::chrono::duration<double> planning = planned - start,
                                      checking = at() - planned;
  std::cout << "planned in " << planning.count() << " s, checked in "
            << checking.count() << " s\n";
}

std::vector<Question> questions() {
  std::vector<Question> all;
  for (const std::string& model : golden_model_names()) {
    for (const char* strategy : {"layer", "kernel", "spatial"}) {
      for (int nodes : {1, 3, 8}) all.push_back({model, strategy, nodes});
    }
  }
  for (const char* strategy : {"layer", "kernel", "spatial"}) {
    all.push_back({"tf2_mobilenet_v2_1.0_224_ptq", strategy, 64});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Shared, LinkedPlansTest,
                         testing::ValuesIn(questions()), [](const auto& info) {
                           return test_name(info.param.model + "_" +
                                            info.param.strategy + "_" +
                                            std::to_string(info.param.nodes));
                         });

}  // namespace
}  // namespace shoal
