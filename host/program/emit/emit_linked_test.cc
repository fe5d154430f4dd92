// Emitted programs of linked plans run over a network, with the bytes that
// the network has layer by layer over whole tensors.
#include <gtest/gtest.h>

#include <set>

#include "host/check/testing/hand_cluster.h"
#include "host/check/testing/run_linked.h"
#include "host/lower/testing/net_eval.h"
#include "host/program/emit/testing/emit_all.h"

namespace shoal {
namespace {

WholeFrames random_frames(const Net& net, int frames, unsigned seed) {
  std::mt19937 random(seed);
  WholeFrames inputs;
  for (const NetIo& io : net.inputs) {
    inputs.emplace_back();
    for (int f = 0; f < frames; ++f) {
      test::Bytes bytes(size_t(io.place.view.box.elements()));
      for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
      inputs.back().push_back(bytes);
    }
  }
  return inputs;
}

// Inputs and outputs of the hand-made networks are whole tensors.
test::Bytes expected(const Net& net, const WholeFrames& inputs, size_t frame,
                     size_t output) {
  NetValues values;
  for (const NetTensor& t : net.tensors) values.emplace_back(size_t(t.bytes()));
  for (size_t i = 0; i < net.inputs.size(); ++i) {
    const test::Bytes& from = inputs[i][frame];
    values[size_t(net.inputs[i].place.view.tensor)].assign(from.begin(),
                                                           from.end());
  }
  for (const Layer& layer : net.layers) run_layer(net, layer, values);
  const auto& made = values[size_t(net.outputs[output].place.view.tensor)];
  return {made.begin(), made.end()};
}

struct Weather {
  const char* name;
  int lost, doubled, delay_us;
  uint32_t max_payload;
};

TEST(EmitLinkedTest, EveryPlanGivesTheBytesOfTheNetwork) {
  const Weather all[] = {{"calm", 0, 0, 300, 1472},
                         {"short datagrams", 0, 0, 300, 128},
                         {"stormy", 20, 20, 3000, 1472}};
  for (const HandCase& c : linked_cases()) {
    for (const Weather& w : all) {
      test::ClusterOptions options;
      options.lost = w.lost, options.doubled = w.doubled;
      options.delay_us = w.delay_us, options.max_payload = w.max_payload;
      const WholeFrames inputs = random_frames(c.net, options.frames, 3);
      const LinkedRun got = run_linked(c.net, c.plan, inputs, options);
      ASSERT_EQ(got.result.status, Status::kOk)
          << c.name << ", " << w.name << ": node " << got.result.node
          << " stage " << got.result.fault.stage << " table "
          << int(got.result.fault.table) << " index " << got.result.fault.index
          << " check " << got.result.fault.check;
      EXPECT_FALSE(got.result.spilled) << c.name;
      for (size_t o = 0; o < c.net.outputs.size(); ++o) {
        for (size_t f = 0; f < size_t(options.frames); ++f) {
          const test::Bytes& bytes = got.outputs[o][f];
          EXPECT_EQ(bytes, expected(c.net, inputs, f, o))
              << c.name << ", " << w.name << ", frame " << f;
          EXPECT_GT(std::set<uint8_t>(bytes.begin(), bytes.end()).size(), 8u)
              << c.name << ": nearly constant output proves nothing";
        }
      }
    }
  }
}

// The nodes send exactly the traffic that the plan states.
TEST(EmitLinkedTest, NodesSendWhatThePlanStates) {
  for (const HandCase& c : linked_cases()) {
    const test::ClusterOptions options;
    const WholeFrames inputs = random_frames(c.net, options.frames, 4);
    const LinkedRun got = run_linked(c.net, c.plan, inputs, options);
    for (size_t n = 0; n < c.plan.nodes.size(); ++n) {
      EXPECT_EQ(got.result.counters[n].row_bytes,
                uint64_t(options.frames) * uint64_t(c.plan.nodes[n].sent_bytes))
          << c.name << ", node " << n;
      EXPECT_EQ(
          got.result.counters[n].placed_bytes,
          uint64_t(options.frames) * uint64_t(c.plan.nodes[n].received_bytes))
          << c.name << ", node " << n;
    }
  }
}

// The arena that a plan states is what the loader demands: a byte less of
// memory is refused, and so is a program that states less than it needs.
TEST(EmitLinkedTest, TheArenaIsKnownToTheByte) {
  for (const HandCase& c : linked_cases()) {
    for (size_t n = 0; n < c.plan.nodes.size(); ++n) {
      const uint32_t stated = c.plan.nodes[n].arena_bytes;
      if (c.plan.nodes[n].stages.empty()) continue;
      test::AlignedBytes image(emit_all(c.net, c.plan)[n]);
      shoal_config config{};
      config.image = image.data(), config.image_bytes = image.size();
      test::Arena arena(stated);
      shoal_node node;
      EXPECT_EQ(shoal_open(&node, &config, arena.data(), stated - 1),
                int(Status::kArenaTooSmall))
          << c.name << ", node " << n;
      Plan less = c.plan;
      less.nodes[n].arena_bytes -= kAlign;
      const test::ClusterOptions options;
      const LinkedRun got =
          run_linked(c.net, less, random_frames(c.net, 3, 5), options);
      EXPECT_NE(got.result.status, Status::kOk) << c.name << ", node " << n;
      EXPECT_EQ(size_t(got.result.node), n) << c.name;
    }
  }
}

}  // namespace
}  // namespace shoal
