// Every golden case, at every layer, under plans for three budgets: the
// smallest arena that fits, twice that, unlimited. Plan, oracle and golden
// must agree byte for byte.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/board/board.h"
#include "host/engine/common/prepare.h"
#include "host/engine/local/node_runner.h"
#include "host/engine/local/testing/verify_frame.h"
#include "host/model/import/import.h"
#include "host/oracle/golden/testing/golden_cases.h"
#include "host/oracle/int8/oracle.h"
#include "host/plan/planner/planner.h"
#include "tests/shared.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

PlanRequest host_options() {
  PlanRequest request = one_node(find_board("host"));
  return request;
}

std::vector<PlanRequest> three_budgets(const Graph& graph) {
  PlanRequest smallest = host_options();
  smallest.objective = Objective::kRam;
  const int64_t least = make_plan(lower(graph), smallest).nodes[0].arena_bytes;
  std::vector<PlanRequest> budgets(3, host_options());
  budgets[0].node().ram = least;
  budgets[1].node().ram = 2 * least;
  return budgets;
}

class GoldenTest : public testing::TestWithParam<std::string> {};

TEST_P(GoldenTest, EveryLayerIsExactAtThreeBudgets) {
  const fs::path folder = shared_dir() / "golden" / GetParam();
  const Graph graph = load_model(golden_model_file(GetParam()));
  std::vector<Prepared> plans;
  for (const PlanRequest& request : three_budgets(graph)) {
    plans.push_back(prepare(graph, request));
    const uint32_t arena = plans.back().plan.nodes[0].arena_bytes;
    EXPECT_TRUE(!request.node().ram || arena <= *request.node().ram) << arena;
    // Exact: not a byte less.
    const Prepared& p = plans.back();
    EXPECT_NO_THROW(NodeRunner(p.graph, p.net, p.images[0], arena));
    EXPECT_THROW(NodeRunner(p.graph, p.net, p.images[0], arena - 1), Error);
  }
  const std::vector<std::string> cases = golden_cases(folder);
  ASSERT_FALSE(cases.empty());
  for (const std::string& name : cases) {
    const GoldenCase golden = read_golden_case(folder, name);
    const Values oracle = run_oracle(graph, golden.input);
    for (const Prepared& p : plans) {
      const Verification verdict =
          verify_frame(p, golden.input, oracle, golden);
      EXPECT_GT(verdict.layers, 0u);
      if (verdict.wrong) {
        ADD_FAILURE() << name << " in " << p.plan.nodes[0].arena_bytes
                      << " B: " << verdict.between << ": "
                      << describe(*verdict.wrong);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenTest,
                         testing::ValuesIn(golden_model_names()),
                         [](const auto& info) {
                           return test_name(info.param);
                         });

std::vector<uint8_t> flipped(std::vector<uint8_t> bytes) {
  for (uint8_t& b : bytes) b = static_cast<uint8_t>(b ^ 0x80);
  return bytes;
}

// A uint8 original without a folder of its own: its bytes are those of its
// int8 twin with the top bit flipped.
TEST(Uint8Golden, OriginalEqualsItsShiftedTwin) {
  const std::string name = "mobilenet_v1_0.25_128_quant";
  const fs::path folder = shared_dir() / "golden" / (name + "_i8shift");
  const Graph graph = load_model(golden_model_file(name));
  for (const PlanRequest& request : three_budgets(graph)) {
    const Prepared p = prepare(graph, request);
    for (const std::string& c : golden_cases(folder)) {
      const GoldenCase golden = read_golden_case(folder, c);
      const std::vector<uint8_t> input = flipped(golden.input);
      const Values oracle = run_oracle(graph, input);
      const Verification verdict = verify_frame(p, input, oracle, std::nullopt);
      if (verdict.wrong) ADD_FAILURE() << describe(*verdict.wrong);
      EXPECT_EQ(flipped(model_output(graph, oracle)), golden.output) << c;
    }
  }
}

}  // namespace
}  // namespace shoal
