// Frames of a model that run together give what each gives alone.
#include <gtest/gtest.h>

#include "host/base/error.h"
#include "host/run/session.h"
#include "host/run/testing/small_model.h"
#include "host/run/verify.h"

namespace shoal {
namespace {

Prepared batch_of(int frames) {
  PlanOptions options;
  options.board = &find_board("host");
  options.objective = Objective::kRam;
  options.batch = frames;
  return prepare(small_graph(), options);
}

TEST(BatchRun, OutputsFollowOneAnotherAsTheInputsDo) {
  const Prepared p = batch_of(3);
  const std::vector<uint8_t> inputs = noise_bytes(3 * kSmallInput, 7);
  Session session(p.graph, p.net, p.images[0], p.plan.nodes[0].arena_bytes);
  std::vector<uint8_t> expected;
  for (size_t f = 0; f < 3; ++f) {
    const std::span<const uint8_t> input(inputs);
    const auto output = model_output(
        p.graph,
        run_oracle(p.graph, input.subspan(f * kSmallInput, kSmallInput)));
    expected.insert(expected.end(), output.begin(), output.end());
  }
  EXPECT_EQ(session.run(inputs), expected);
  EXPECT_EQ(session.run(inputs), expected);
}

TEST(BatchRun, AWrongSizeIsNamedWithTheNumberOfFrames) {
  const Prepared p = batch_of(2);
  Session session(p.graph, p.net, p.images[0], p.plan.nodes[0].arena_bytes);
  try {
    session.run(noise_bytes(kSmallInput, 1));
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUsage);
    EXPECT_STREQ(e.what(),
                 "the inputs of 2 frames have 126 bytes, the model wants 252");
  }
}

TEST(BatchRun, VerdictsAreOfTheirOwnFrame) {
  const Prepared p = batch_of(3);
  const std::vector<uint8_t> inputs = noise_bytes(3 * kSmallInput, 8);
  std::vector<Values> oracles;
  for (size_t f = 0; f < 3; ++f) {
    oracles.push_back(run_oracle(
        p.graph, std::span(inputs).subspan(f * kSmallInput, kSmallInput)));
  }
  for (const Verification& v : verify_batch(p, inputs, oracles, {})) {
    EXPECT_FALSE(v.wrong);
    EXPECT_EQ(v.layers, p.graph.ops.size());
  }
  std::swap(oracles[1], oracles[2]);
  const std::vector<Verification> wrong = verify_batch(p, inputs, oracles, {});
  EXPECT_FALSE(wrong[0].wrong);
  EXPECT_TRUE(wrong[1].wrong);
  EXPECT_TRUE(wrong[2].wrong);
}

}  // namespace
}  // namespace shoal
