// Frames of a model that run together give what each gives alone.
#include <gtest/gtest.h>

#include "host/base/error.h"
#include "host/engine/common/testing/small_model.h"
#include "host/engine/local/local_node.h"
#include "host/engine/local/node_runner.h"
#include "host/engine/local/testing/verify_frame.h"

namespace shoal {
namespace {

Prepared batch_of(int frames) {
  PlanRequest request = one_node(find_board("host"));
  request.objective = Objective::kRam;
  request.batch = frames;
  return prepare(small_graph(), request);
}

TEST(BatchRun, OutputsFollowOneAnotherAsTheInputsDo) {
  const Prepared p = batch_of(3);
  const std::vector<uint8_t> inputs = noise_bytes(3 * kSmallInput, 7);
  NodeRunner runner(p.graph, p.net, p.images[0], p.plan.nodes[0].arena_bytes);
  std::vector<uint8_t> expected;
  for (size_t f = 0; f < 3; ++f) {
    const std::span<const uint8_t> input(inputs);
    const auto output = model_output(
        p.graph,
        run_oracle(p.graph, input.subspan(f * kSmallInput, kSmallInput)));
    expected.insert(expected.end(), output.begin(), output.end());
  }
  EXPECT_EQ(runner.run(inputs), expected);
  EXPECT_EQ(runner.run(inputs), expected);
}

TEST(BatchRun, AWrongSizeIsNamedWithTheNumberOfFrames) {
  const Prepared p = batch_of(2);
  NodeRunner runner(p.graph, p.net, p.images[0], p.plan.nodes[0].arena_bytes);
  try {
    runner.run(noise_bytes(kSmallInput, 1));
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUsage);
    EXPECT_STREQ(e.what(),
                 "the inputs of 2 frames have 126 bytes, the model takes 252");
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

// A picture that is seen whole, by a mean, before each of its rows is used.
Graph squeezed() {
  const auto values = [](size_t count, unsigned seed) {
    const std::vector<uint8_t> bytes = noise_bytes(count, seed);
    return std::vector<int8_t>(bytes.begin(), bytes.end());
  };
  ModelBuilder b;
  const int x = b.input({1, 24, 24, 3}, {0.05f, -3});
  const int w0 = b.weights({16, 3, 3, 3}, values(432, 1), {0.004f}, 0);
  const int y = b.conv(x, w0, -1, {0.05f, 2});
  const int z = b.mul(y, b.reduce(OpKind::kMean, y, {1, 2}, true, {0.02f, 2}),
                      {0.06f, 1});
  const int w1 = b.weights({2, 1, 1, 16}, values(32, 2), {0.004f}, 0);
  b.output(b.conv(z, w1, -1, {0.06f, 1}));
  return import_tflite(b.finish(), "squeezed.tflite");
}

TEST(BatchRun, FramesThatSpillTogetherAreExact) {
  constexpr size_t kInput = 24 * 24 * 3;
  PlanRequest request = one_node(find_board("stm32f746"));
  request.node().flash_weights = 0;
  request.node().ram = 9000;  // the picture takes 9,216
  request.max_writes = 1 << 20;
  request.batch = 3;
  const Prepared p = prepare(squeezed(), request, Images::kNone);
  EXPECT_GT(p.plan.nodes[0].spill_pages, 3);
  const LocalNode node(p, {});
  NodeRunner runner(p.graph, p.net, node.source(), node.arena_bytes());
  for (unsigned seed = 1; seed <= 2; ++seed) {
    const std::vector<uint8_t> inputs = noise_bytes(3 * kInput, seed);
    std::vector<uint8_t> expected;
    for (size_t f = 0; f < 3; ++f) {
      const auto input = std::span(inputs).subspan(f * kInput, kInput);
      const auto output = model_output(p.graph, run_oracle(p.graph, input));
      expected.insert(expected.end(), output.begin(), output.end());
    }
    EXPECT_EQ(runner.run(inputs), expected) << seed;
  }
  // The ledger's entries come on top.
  EXPECT_GE(node.storage()->counters().written_bytes,
            2 * p.plan.nodes[0].storage_written_bytes);
}

}  // namespace
}  // namespace shoal
