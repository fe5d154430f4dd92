// The planner's time of a node that streams (two queues on paper) and the time
// of the real node beside its virtual storage agree, and the bytes are the
// oracle's: random networks, and real ones at the smallest arena and at more.
//
//   SHOAL_RANDOM_NETS   how many random networks (default: 60)
//   SHOAL_RANDOM_SEED   the first seed (default: 1)
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <random>

#include "host/base/error.h"
#include "host/engine/virtual/testing/one_node.h"
#include "host/model/import/import.h"
#include "host/oracle/golden/testing/golden_cases.h"
#include "host/oracle/int8/oracle.h"
#include "tests/random_net.h"
#include "tests/shared.h"

namespace shoal {
namespace {

constexpr double kTolerance = 0.005;

uint32_t number_from(const char* variable, uint32_t otherwise) {
  const char* text = std::getenv(variable);
  return text ? static_cast<uint32_t>(std::atoi(text)) : otherwise;
}

void expect_agreement(const Graph& graph, const PlanRequest& request,
                      const std::vector<uint8_t>& input,
                      const std::vector<uint8_t>& expected) {
  const Prepared p = prepare(graph, request);
  const PlanNode& plan = p.plan.nodes[0];
  OneNode node(p, request.node().board);
  for (int frame = 0; frame < 2; ++frame) {
    EXPECT_EQ(node.run(input), expected);
    EXPECT_NEAR(node.seconds(), plan.seconds, kTolerance * plan.seconds);
  }
}

PlanRequest streaming(const char* board, const char* storage,
                      Objective objective) {
  PlanRequest request = one_node(find_board(board));
  request.node().storage = storage;
  request.objective = objective;
  request.node().flash_weights = 0;
  return request;
}

TEST(OneNodeTime, RandomNetworksTakeThePlannedTime) {
  struct {
    const char *board, *storage;
  } const kinds[] = {{"teensy41", "sd-4bit"},
                     {"teensy41", "qspi-nor"},
                     {"stm32f746", "qspi-nor"},
                     {"emcraft-sf2", ""}};
  const uint32_t first = number_from("SHOAL_RANDOM_SEED", 1);
  const uint32_t count = number_from("SHOAL_RANDOM_NETS", 60);
  for (uint32_t seed = first; seed < first + count; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Graph graph =
        import_tflite(random_model(random_recipe(seed)), "random.tflite");
    std::mt19937 random(seed);
    const std::vector<uint8_t> input = random_input(graph, random);
    const std::vector<uint8_t> expected =
        model_output(graph, run_oracle(graph, input));
    const auto& kind = kinds[seed % 4];
    PlanRequest request =
        streaming(kind.board, kind.storage,
                  seed % 3 ? Objective::kLatency : Objective::kRam);
    // Some weights may stay in flash.
    if (seed % 5 == 0) request.node().flash_weights = 2000;
    try {
      expect_agreement(graph, request, input, expected);
    } catch (const Error& e) {
      if (e.code() != Exit::kDoesNotFit) throw;
    }
  }
}

TEST(OneNodeTime, RealNetworksTakeThePlannedTime) {
  for (const char* const model : {"kws_ref_model", "mbv2_w0.35_r144_synth",
                                  "net_000", "net_007", "ad01_int8"}) {
    SCOPED_TRACE(model);
    const std::filesystem::path folder = shared_dir() / "golden" / model;
    const Graph graph = load_model(golden_model_file(model));
    const std::vector<std::string> cases = golden_cases(folder);
    ASSERT_FALSE(cases.empty());
    const GoldenCase golden = read_golden_case(folder, cases.front());
    const std::vector<uint8_t>& input = golden.input;
    const std::vector<uint8_t>& expected = golden.output;
    for (const Objective o : {Objective::kRam, Objective::kLatency}) {
      for (const char* const storage : {"sd-4bit", "qspi-nor"}) {
        SCOPED_TRACE(storage);
        expect_agreement(graph, streaming("teensy41", storage, o), input,
                         expected);
      }
    }
  }
}

}  // namespace
}  // namespace shoal
