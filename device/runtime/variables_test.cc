// Variables: what a frame finds is what the one before it has left; a frame
// that begins again finds the same; a reset brings the initial values back.
#include <gtest/gtest.h>

#include <algorithm>

#include "device/runtime/testing/sample_programs.h"

namespace shoal::test {
namespace {

constexpr uint32_t kRow = 4, kRows = 3, kFrame = kRow * kRows;

// The outputs that the sample program must give, computed directly.
class Book {
 public:
  explicit Book(const ProgramBuilder& p) : p_(p) { reset(); }
  void reset() {
    largest_ = p_.variables[0].initial;
    last_.assign(kFrame, static_cast<uint8_t>(p_.variables[1].fill));
  }
  Bytes frame(const uint8_t* x) {
    Bytes y(kFrame);
    for (uint32_t i = 0; i < kFrame; ++i) {
      const auto most = [](uint8_t a, uint8_t b) {
        return static_cast<int8_t>(a) > static_cast<int8_t>(b) ? a : b;
      };
      largest_[i] = most(largest_[i], x[i]);
      y[i] = most(largest_[i], last_[i]);
      last_[i] = x[i];
    }
    return y;
  }

 private:
  const ProgramBuilder& p_;
  Bytes largest_, last_;
};

// A mapped program in an arena of exactly its size.
class Running {
 public:
  explicit Running(ProgramBuilder program)
      : image_(program.build()),
        arena_(Bytes(view_head(image_.data()).header->arena_bytes)) {
    shoal_config config{};
    config.image = image_.data();
    config.image_bytes = image_.size();
    EXPECT_EQ(shoal_open(&node_, &config, arena_.data(), arena_.size()),
              SHOAL_OK);
  }
  shoal_node* node() { return &node_; }

  // Rows of the frame go in; as many steps as it takes, or fewer.
  Bytes run(const uint8_t* x, int most_steps = 1000) {
    Bytes y(kFrame);
    uint32_t in = 0, out = 0;
    const uint32_t frames = shoal_frames(&node_);
    for (int i = 0;
         i < most_steps && (out < kRows || shoal_frames(&node_) == frames);
         ++i) {
      in += shoal_push_rows(&node_, 0, x + in * kRow, kRows - in);
      EXPECT_GE(shoal_step(&node_), 0);
      out += shoal_take_rows(&node_, 0, y.data() + out * kRow, kRows - out);
    }
    return y;
  }

  void spoil_arena() { std::memset(arena_.data(), 0x5A, arena_.size()); }

 private:
  AlignedBytes image_, arena_;
  shoal_node node_;
};

TEST(Variables, LiveFromFrameToFrame) {
  const Sample s = variable_sample();
  Running r(s.program);
  EXPECT_EQ(shoal_variables(r.node()), 2u);
  Book book(s.program);
  for (int pass = 0; pass < 2; ++pass) {
    for (uint32_t f = 0; f < 4; ++f) {
      const uint8_t* x = s.inputs[0].data() + f * kFrame;
      EXPECT_EQ(r.run(x), book.frame(x)) << pass << ", frame " << f;
    }
  }
}

// At every step of a frame, in even and odd frames: other rows have gone in
// until then, and what they assigned is gone.
TEST(Variables, AFrameThatBeginsAgainFindsWhatWasBeforeIt) {
  const Sample s = variable_sample();
  for (int steps = 0; steps < 24; ++steps) {
    for (const uint32_t at : {0u, 1u, 2u}) {
      Running r(s.program);
      Book book(s.program);
      for (uint32_t f = 0; f < 4; ++f) {
        const uint8_t* x = s.inputs[0].data() + f * kFrame;
        if (f == at) {
          const Bytes noise(kFrame, 0x7F);
          r.run(noise.data(), steps);
          if (shoal_frames(r.node()) != f) break;  // it has ended
          ASSERT_EQ(shoal_repeat_frame(r.node()), SHOAL_OK);
        }
        EXPECT_EQ(r.run(x), book.frame(x)) << steps << " steps, frame " << f;
      }
    }
  }
}

TEST(Variables, AResetBringsTheInitialValuesBack) {
  const Sample s = variable_sample();
  Running r(s.program);
  Book book(s.program);
  for (uint32_t f = 0; f < 4; ++f) {
    const uint8_t* x = s.inputs[0].data() + f * kFrame;
    EXPECT_EQ(r.run(x), book.frame(x));
    if (f % 3 != 0) continue;
    r.run(x, 2);
    ASSERT_EQ(shoal_reset_variables(r.node()), SHOAL_OK);
    book.reset();
  }
}

// Whatever another node has left in the arena, in the middle of a frame, too.
TEST(Variables, ARestartIsAsIfTheNodeWereNew) {
  const Sample s = variable_sample();
  for (int steps = 0; steps < 24; ++steps) {
    Running r(s.program);
    r.run(s.inputs[0].data(), steps);
    r.spoil_arena();
    ASSERT_EQ(shoal_restart(r.node()), SHOAL_OK);
    Book book(s.program);
    for (uint32_t f = 0; f < 3; ++f) {
      const uint8_t* x = s.inputs[0].data() + f * kFrame;
      EXPECT_EQ(r.run(x), book.frame(x)) << steps << " steps, frame " << f;
    }
  }
}

TEST(Variables, NothingIsRepeatedBeforeTheProgramIsThere) {
  shoal_node node;
  shoal_config config{};
  EXPECT_LT(shoal_open(&node, &config, nullptr, 0), 0);
  EXPECT_EQ(shoal_repeat_frame(&node), SHOAL_BAD_ARGUMENT);
  EXPECT_EQ(shoal_reset_variables(&node), SHOAL_BAD_ARGUMENT);
  EXPECT_EQ(shoal_restart(&node), SHOAL_BAD_ARGUMENT);
  EXPECT_EQ(shoal_variables(&node), 0u);
}

}  // namespace
}  // namespace shoal::test
