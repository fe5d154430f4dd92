// A coordinator reads the variables of its nodes and gives them to others;
// wrong requests for them are refused.
#include "host/engine/coordinator/sequence_mirror.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "host/engine/coordinator/testing/cluster_run.h"

namespace shoal {
namespace {

class SequenceMirrorTest : public testing::Test {
 protected:
  explicit SequenceMirrorTest(int nodes = 2)
      : p_(prepare(summing_graph(),
                   linked_nodes(
                       uniform_cluster(nodes, find_board("host"), std::nullopt),
                       "spatial"))),
        kept_(initial_values(p_.graph)) {}

  void start(TestCluster& c, const SequenceStart& sequence) {
    while (c.nodes.size() < p_.images.size()) c.add_node();
    ASSERT_TRUE(c.connect());
    c.coordinator->deploy(p_, Then::kStart, 0, sequence);
    ASSERT_TRUE(c.run([&] { return c.coordinator->started(); }));
  }
  // Runs one frame, which has to be the oracle's.
  void run_frame(TestCluster& c) {
    const auto input = noise_bytes(kSummingInput, frame_++);
    const auto exact =
        model_output(p_.graph, run_oracle(p_.graph, input, kept_));
    c.coordinator->submit(input);
    std::optional<std::vector<uint8_t>> out;
    ASSERT_TRUE(c.run([&] {
      out = c.coordinator->result();
      return out && c.coordinator->idle();
    }));
    EXPECT_EQ(*out, exact);
  }
  static std::optional<VariableValues> read(TestCluster& c, uint32_t frames) {
    std::optional<VariableValues> values;
    c.coordinator->read_variables(frames);
    c.run([&] {
      values = c.coordinator->take_variables();
      return values.has_value();
    });
    return values;
  }
  // Returns how node 0 answers; none: it does not.
  static std::optional<Reply> ask(TestCluster& c, VariableRequest r,
                                  size_t values = 0) {
    std::vector<uint8_t> data(sizeof r + values);
    std::memcpy(data.data(), &r, sizeof r);
    // It may come later.
    const auto reply = std::make_shared<std::optional<Reply>>();
    c.coordinator->ask(
        0, Request::kVariable, std::move(data),
        [reply](Reply of, std::span<const uint8_t>) { *reply = of; });
    c.run([&] { return reply->has_value(); }, 200'000);
    return *reply;
  }

  const Prepared p_;
  Kept kept_;
  unsigned frame_ = 0;
};

TEST_F(SequenceMirrorTest, OtherNodesGoOnFromWhatWasRead) {
  std::optional<VariableValues> values;
  {
    TestCluster c(51);
    start(c, {.every = 3});
    for (int f = 0; f < 3; ++f) run_frame(c);
    values = read(c, 3);
    ASSERT_TRUE(values);
    EXPECT_EQ(values->bytes(), static_cast<int64_t>(kSummingInput));
    c.coordinator->go_on(3);
    run_frame(c);
    --frame_;
  }
  // The fourth frame again, elsewhere.
  kept_ = initial_values(p_.graph);
  for (unsigned f = 0; f < 3; ++f) {
    run_oracle(p_.graph, noise_bytes(kSummingInput, f), kept_);
  }
  TestCluster c(52);
  start(c, {.every = 3, .values = &*values});
  for (int f = 0; f < 3; ++f) run_frame(c);
}

TEST_F(SequenceMirrorTest, WrongRequestsAreRefused) {
  TestCluster c(53);
  start(c, {.every = 2});
  const auto bytes =
      static_cast<uint16_t>(p_.plan.nodes[0].variables.at(0).bytes());
  EXPECT_EQ(ask(c, {0, 0, 0, bytes}), Reply::kOk);
  EXPECT_EQ(ask(c, {0, 1, 0, bytes}), Reply::kMalformed);
  EXPECT_EQ(ask(c, {0, 0xFFFFFFFF, 0, 2}), Reply::kMalformed);
  EXPECT_EQ(ask(c, {0, 0, 1, 1}), Reply::kMalformed);
  EXPECT_EQ(ask(c, {0, 0, 0xFFFF, 1}), Reply::kMalformed);
  EXPECT_EQ(ask(c, {0, 0, 0, 0}), Reply::kMalformed);     // nothing
  EXPECT_EQ(ask(c, {0, 0, 0, 1}, 1), Reply::kMalformed);  // both
  // It runs already, so it takes no values.
  EXPECT_EQ(ask(c, {0, 0, 0, 0}, 1), Reply::kState);
  EXPECT_EQ(ask(c, {1, 0, 0, 1}), std::nullopt);  // not before that frame
  run_frame(c);
  EXPECT_EQ(ask(c, {1, 0, 0, bytes}), Reply::kOk);
  EXPECT_EQ(ask(c, {0, 0, 0, 1}), Reply::kState);
  run_frame(c);
}

// A start that comes once more lets only its own part begin.
TEST_F(SequenceMirrorTest, AnOldStartLetsNothingBegin) {
  TestCluster c(54);
  start(c, {.every = 1});
  run_frame(c);
  EXPECT_TRUE(read(c, 1));
  c.coordinator->go_on(1);
  run_frame(c);
  c.coordinator->go_on(1);
  c.coordinator->submit(noise_bytes(kSummingInput, 9));
  EXPECT_FALSE(
      c.run([&] { return c.coordinator->result().has_value(); }, 200'000));
  c.coordinator->go_on(2);
  EXPECT_TRUE(c.run([&] { return c.coordinator->result().has_value(); }));
}

TEST_F(SequenceMirrorTest, ValuesOfAnotherNetAreRefused) {
  const Prepared other = small_linked(2);
  const VariableValues values(other.net);
  TestCluster c(55);
  while (c.nodes.size() < p_.images.size()) c.add_node();
  ASSERT_TRUE(c.connect());
  EXPECT_THROW(c.coordinator->deploy(p_, Then::kStart, 0, {1, &values}), Error);
}

}  // namespace
}  // namespace shoal
