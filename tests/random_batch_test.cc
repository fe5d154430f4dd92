// Random networks, several frames at once: every layer of every frame of two
// batches in a row must equal the oracle's, from mapped flash and from storage.
//
//   SHOAL_BATCH_NETS    how many networks
//   SHOAL_RANDOM_SEED   the first seed (default: 1)
#include <gtest/gtest.h>

#include <iostream>
#include <string>

#include "host/base/error.h"
#include "host/board/board.h"
#include "host/engine/common/prepare.h"
#include "host/engine/local/node_runner.h"
#include "host/engine/local/testing/verify_frame.h"
#include "host/model/import/import.h"
#include "host/oracle/int8/oracle.h"
#include "tests/number_from.h"
#include "tests/random_net.h"

namespace shoal {
namespace {

constexpr int kBatchNets = 40;

struct BatchFrames {
  std::vector<uint8_t> inputs;
  std::vector<Values> oracles;
};

BatchFrames batch_frames(const Graph& graph, int count, std::mt19937& random) {
  BatchFrames frames;
  for (int f = 0; f < count; ++f) {
    const std::vector<uint8_t> input = random_input(graph, random);
    frames.inputs.insert(frames.inputs.end(), input.begin(), input.end());
    frames.oracles.push_back(run_oracle(graph, input));
  }
  return frames;
}

std::string judge(const Prepared& p, const BatchFrames& frames) {
  const std::vector<Verification> verdicts =
      verify_batch(p, frames.inputs, frames.oracles, {});
  for (size_t f = 0; f < verdicts.size(); ++f) {
    if (!verdicts[f].wrong) continue;
    return "frame " + std::to_string(f) + ": " + describe(*verdicts[f].wrong);
  }
  return "";
}

struct BatchCounts {
  int plans = 0, refused = 0;
};

std::string fault_of(const NetRecipe& recipe, BatchCounts& counts) {
  const Graph graph = import_tflite(random_model(recipe), "random");
  std::mt19937 random(recipe.seed);
  PlanRequest request = one_node(find_board("host"));
  request.batch = 2 + static_cast<int>(recipe.seed % 4);
  const BatchFrames frames = batch_frames(graph, request.batch, random);
  static const char* const kBoards[] = {"host", "teensy41", "emcraft-sf2",
                                        "nrf52840"};
  for (const Objective objective : {Objective::kRam, Objective::kLatency}) {
    request.objective = objective;
    request.node().board = find_board(kBoards[random() % std::size(kBoards)]);
    const std::string where = std::to_string(request.batch) + " frames on " +
                              request.node().board.name;
    try {
      const std::string fault = judge(prepare(graph, request), frames);
      if (!fault.empty()) return where + ": " + fault;
      ++counts.plans;
    } catch (const Error& e) {
      const bool full =
          e.code() == Exit::kDoesNotFit && !request.node().board.unlimited();
      // Many frames of many layers may have too many rings for a stage.
      const bool large = e.code() == Exit::kUnsupported && request.batch > 1;
      if (!full && !large) return where + ": " + e.what();
      ++counts.refused;
      std::cout << "seed " << recipe.seed << ", " << where
                << ": refused: " << e.what() << "\n";
    }
  }
  return "";
}

TEST(RandomBatch, EveryFrameEqualsTheOracle) {
  const uint32_t first = number_from("SHOAL_RANDOM_SEED", 1);
  const uint32_t count = number_from("SHOAL_BATCH_NETS", kBatchNets);
  BatchCounts counts;
  int failed = 0;
  for (uint32_t seed = first; seed < first + count && failed < 5; ++seed) {
    const NetRecipe recipe = random_recipe(seed);
    std::string fault;
    try {
      fault = fault_of(recipe, counts);
    } catch (const std::exception& e) {
      fault = e.what();
    }
    if (fault.empty()) continue;
    ++failed;
    ADD_FAILURE() << "seed " << seed << ": " << fault << "\n"
                  << text_of(import_tflite(random_model(recipe), "random"));
  }
  // One of a network's two plans may be too large for its board.
  EXPECT_LE(counts.refused, static_cast<int>(count / 4 + 1));
  if (failed == 0) {
    EXPECT_EQ(counts.plans + counts.refused, 2 * static_cast<int>(count));
  }
}

}  // namespace
}  // namespace shoal
