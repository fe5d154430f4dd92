// Golden models with no weights in flash: all of them stream from storage into
// three arenas, exactly, and in the time that was planned.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>

#include "host/engine/common/prepare.h"
#include "host/engine/virtual/testing/one_node.h"
#include "host/model/import/import.h"
#include "host/oracle/golden/testing/golden_cases.h"
#include "host/oracle/int8/oracle.h"
#include "tests/shared.h"

namespace shoal {
namespace {

class StreamingGoldenTest : public testing::TestWithParam<std::string> {};

TEST_P(StreamingGoldenTest, ExactAndAsPlannedWithoutFlash) {
  const Graph graph = load_model(golden_model_file(GetParam()));
  const auto folder = shared_dir() / "golden" / GetParam();
  const GoldenCase golden = read_golden_case(folder, golden_cases(folder)[0]);
  const std::vector<uint8_t> expected =
      model_output(graph, run_oracle(graph, golden.input));
  PlanRequest request = one_node(find_board("teensy41"));
  request.node().flash_weights = 0;
  request.node().storage = "qspi-nor";
  request.objective = Objective::kRam;
  std::optional<int64_t> least;
  for (const int percent : {0, 100, 150}) {
    SCOPED_TRACE(percent);
    if (percent > 0) {
      request.objective = Objective::kLatency;
      request.node().ram = *least * percent / 100;
    }
    const Prepared p = prepare(graph, request);
    const PlanNode& node = p.plan.nodes[0];
    if (!least) least = node.arena_bytes;
    EXPECT_EQ(node.flash_weight_bytes, 0);
    EXPECT_LE(node.arena_bytes, request.node().ram.value_or(*least));
    OneNode alone(p, request.node().board);
    for (int frame = 0; frame < 2; ++frame) {
      EXPECT_EQ(alone.run(golden.input), expected);
      EXPECT_EQ(static_cast<int64_t>(alone.counts().storage.read_bytes),
                node.storage_read_bytes);
      EXPECT_NEAR(alone.seconds(), node.seconds, 0.005 * node.seconds);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, StreamingGoldenTest,
                         testing::ValuesIn(golden_model_names()),
                         [](const auto& info) {
                           return test_name(info.param);
                         });

}  // namespace
}  // namespace shoal
