#include "host/engine/local/node_runner.h"

#include <gtest/gtest.h>

#include "host/base/error.h"
#include "host/base/testing/expect_throws.h"
#include "host/engine/common/testing/small_model.h"
#include "host/engine/local/testing/stored_image.h"

namespace shoal {
namespace {

class NodeRunnerTest : public testing::Test {
 protected:
  uint32_t arena() const { return p_.plan.nodes[0].arena_bytes; }
  std::vector<uint8_t> wanted(const std::vector<uint8_t>& input) const {
    return model_output(p_.graph, run_oracle(p_.graph, input));
  }
  template <class Call>
  void expect_error(Exit code, const Call& call) {
    expect_throws([&] { call(); }, code);
  }
  const Prepared p_ = small_prepared();
};

TEST_F(NodeRunnerTest, FramesBackToBack) {
  NodeRunner runner(p_.graph, p_.net, p_.images[0], arena());
  for (unsigned frame = 0; frame < 5; ++frame) {
    const std::vector<uint8_t> input = noise_bytes(kSmallInput, frame);
    EXPECT_EQ(runner.run(input), wanted(input)) << frame;
  }
}

TEST_F(NodeRunnerTest, InputsOfTheWrongSizeAreRefused) {
  NodeRunner runner(p_.graph, p_.net, p_.images[0], arena());
  for (const size_t bytes : {size_t{0}, kSmallInput - 1, kSmallInput + 1}) {
    expect_error(Exit::kUsage, [&] { runner.run(noise_bytes(bytes, 1)); });
  }
  // They do no harm.
  const std::vector<uint8_t> input = noise_bytes(kSmallInput, 2);
  EXPECT_EQ(runner.run(input), wanted(input));
}

TEST_F(NodeRunnerTest, AByteLessIsTooLittle) {
  expect_error(Exit::kCorrupt, [&] {
    NodeRunner(p_.graph, p_.net, p_.images[0], arena() - 1);
  });
}

TEST_F(NodeRunnerTest, WeightsThatNoPlaceIsThereForAreRefused) {
  // The program was made for mapped flash; storage alone cannot serve it.
  StoredImage stored(p_.images[0]);
  expect_error(Exit::kCorrupt,
               [&] { NodeRunner(p_.graph, p_.net, stored.source(), 1 << 20); });
}

TEST(StoredImage, OneReadAtATimeInsideTheImage) {
  const std::vector<uint8_t> image = noise_bytes(100, 1);
  StoredImage stored(image, 2);
  const shoal_storage& s = stored.storage();
  uint8_t to[16] = {};
  EXPECT_NE(s.read(s.user, 90, 11, to), 0);
  EXPECT_LT(s.poll(s.user), 0);
  EXPECT_EQ(s.read(s.user, 84, 16, to), 0);
  EXPECT_NE(s.read(s.user, 0, 1, to), 0);
  EXPECT_EQ(s.poll(s.user), 0);
  EXPECT_EQ(s.poll(s.user), 0);
  EXPECT_EQ(to[0], 0xEE);
  EXPECT_EQ(s.poll(s.user), 1);
  EXPECT_TRUE(std::equal(to, to + 16, image.begin() + 84));
  EXPECT_EQ(stored.bytes_read(), 16);
  EXPECT_FALSE(stored.busy());
}

}  // namespace
}  // namespace shoal
