// Masks of attention: int8 keeps what they leave.
#include "host/quantize/masks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "host/oracle/float/float_oracle.h"
#include "host/oracle/int8/oracle.h"
#include "host/quantize/int8_run.h"
#include "host/quantize/testing/float_net.h"

namespace shoal {
namespace {

constexpr int kTokens = 8;

// Each token sees itself and those before it.
std::vector<float> causal(float masked) {
  std::vector<float> values;
  for (int row = 0; row < kTokens; ++row) {
    for (int column = 0; column < kTokens; ++column) {
      values.push_back(column > row ? masked : 0);
    }
  }
  return values;
}

struct Masked {
  FloatNet net{1};
  int scores = -1, mask = -1, sum = -1, shares = -1;
};

Masked masked(float value) {
  Masked m;
  m.scores = m.net.conv(m.net.input({1, kTokens, kTokens, 1}), 1, {});
  const int rows = m.net.reshape(m.scores, {1, kTokens, kTokens});
  m.mask = m.net.constant({1, kTokens, kTokens}, causal(value));
  m.sum = m.net.binary(OpKind::kAdd, rows, m.mask);
  m.shares = m.net.softmax(m.sum);
  m.net.output(m.shares);
  return m;
}

double output_snr(const Graph& graph, const QuantizeOptions& options = {}) {
  QuantizeReport report;
  quantize(graph, wave_frames(graph, 8, 3), options, report, {});
  return report.output_snr_db;
}

TEST(Masks, CostNothing) {
  const Masked none = masked(0);
  const double without = output_snr(none.net.graph());
  ASSERT_GT(without, 20);
  for (const float value :
       {-100.F, -1e4F, -1e9F, std::numeric_limits<float>::lowest(),
        -std::numeric_limits<float>::infinity()}) {
    SCOPED_TRACE(value);
    const Masked m = masked(value);
    EXPECT_GT(output_snr(m.net.graph()), without - 6);
    QuantizeOptions options;
    options.int16 = true;
    EXPECT_GT(output_snr(m.net.graph(), options), without);
  }
}

TEST(Masks, LeaveTheSharesAsTheyWere) {
  const Masked m = masked(-1e9F);
  const Graph& graph = m.net.graph();
  const Calibration frames = wave_frames(graph, 8, 3);
  const MaskedGraph bound = bound_masks(graph, frames).front();
  EXPECT_GT(bound.floors[static_cast<size_t>(m.sum)], -100);
  EXPECT_GT(bound.floors[static_cast<size_t>(m.mask)], -100);
  FloatOracle before(graph), after(bound.graph, bound.floors);
  for (int64_t frame = 0; frame < 4; ++frame) {
    before.run(frames.frame(frame));
    after.run(frames.frame(frame));
    for (size_t i = 0; i < before.output().size(); ++i) {
      EXPECT_NEAR(before.output()[i], after.output()[i], 1e-3);
    }
  }
}

// Where a mask is chosen by a condition, and where it is an input's.
TEST(Masks, MayBeChosenOrComputed) {
  FloatNet chosen(2);
  const int x =
      chosen.reshape(chosen.conv(chosen.input({1, kTokens, kTokens, 1}), 1, {}),
                     {1, kTokens, kTokens});
  const int mask = chosen.input({1, 1, kTokens});
  const int computed =
      chosen.binary(OpKind::kMul, mask, chosen.constant({1}, {-10000}));
  chosen.output(chosen.softmax(chosen.binary(OpKind::kAdd, x, computed)));
  Calibration frames = wave_frames(chosen.graph(), 8, 3);
  // The second input's last three values mask.
  const auto waves = frames.frame;
  frames.frame = [waves](int64_t i) {
    std::vector<float> values = waves(i);
    for (size_t k = values.size() - kTokens; k < values.size(); ++k) {
      values[k] = k + 3 < values.size() ? 0.F : 1.F;
    }
    return values;
  };
  QuantizeReport report;
  quantize(chosen.graph(), frames, {}, report, {});
  EXPECT_GT(report.output_snr_db, 20);
}

// Tensors that something else reads, or computes with, keep all of their
// values.
TEST(Masks, OfOtherReadersStay) {
  Masked m = masked(-1e4F);
  m.net.output(m.sum);
  const Graph& graph = m.net.graph();
  EXPECT_TRUE(bound_masks(graph, wave_frames(graph, 4, 3)).empty());
}

// Scores that reach far down by themselves are no masks.
TEST(Masks, NeedValuesFarBelow) {
  FloatNet net(3);
  const int x = net.input({1, 1, kTokens});
  const int shift = net.constant({1, 1, kTokens}, std::vector<float>(8, -5));
  net.output(net.softmax(net.binary(OpKind::kAdd, x, shift)));
  EXPECT_TRUE(bound_masks(net.graph(), wave_frames(net.graph(), 4, 3)).empty());
}

// One result of a SPLIT goes to SOFTMAX, another one elsewhere.
TEST(Masks, OfAllResultsOfAnOperatorCount) {
  FloatNet net(5);
  const int x = net.input({1, 1, 2 * kTokens});
  std::vector<float> values(2 * kTokens, 0);
  values[kTokens - 1] = -1e4F;
  values.back() = -50;
  const int sum =
      net.binary(OpKind::kAdd, x, net.constant({1, 1, 2 * kTokens}, values));
  const std::vector<int> halves = net.split(sum, 2, 2);
  net.output(net.softmax(halves[0]));
  net.output(net.unary(OpKind::kLogistic, halves[1]));
  EXPECT_TRUE(bound_masks(net.graph(), wave_frames(net.graph(), 4, 3)).empty());
}

// Rows that lie far down by themselves, beside others: their shares stay.
TEST(Masks, AreNoRowsThatLieFarDown) {
  FloatNet net(6);
  const int x = net.input({1, 2, kTokens});
  std::vector<float> values(2 * kTokens, 0);
  std::fill(values.begin(), values.begin() + kTokens, -5000);
  net.output(net.softmax(
      net.binary(OpKind::kAdd, x, net.constant({1, 2, kTokens}, values))));
  const MaskedGraph bound =
      bound_masks(net.graph(), wave_frames(net.graph(), 4, 3)).front();
  EXPECT_TRUE(bound.floors.empty());
}

// Thousands of values that are masked have no share together.
TEST(Masks, OfLongRowsHaveNoShareTogether) {
  constexpr int kLong = 4000;
  FloatNet net(7);
  const int x = net.input({1, 1, kLong});
  std::vector<float> values(kLong, -1e9F);
  values[0] = values[1] = 0;
  net.output(net.softmax(
      net.binary(OpKind::kAdd, x, net.constant({1, 1, kLong}, values))));
  const Calibration frames = wave_frames(net.graph(), 4, 3);
  const MaskedGraph bound = bound_masks(net.graph(), frames).front();
  FloatOracle after(bound.graph, bound.floors);
  after.run(frames.frame(0));
  EXPECT_GT(after.output()[0] + after.output()[1], 0.999);
}

// The rows of some frames lie lower than those of the first ones that are
// looked at.
TEST(Masks, AreBoundedByAllFrames) {
  FloatNet net(8);
  const int x = net.input({1, 1, kTokens});
  std::vector<float> values(kTokens, 0);
  values.back() = -1e9F;
  const int sum =
      net.binary(OpKind::kAdd, x, net.constant({1, 1, kTokens}, values));
  net.output(net.softmax(sum));
  Calibration frames = wave_frames(net.graph(), 100, 3);
  const auto waves = frames.frame;
  frames.frame = [waves](int64_t i) {
    std::vector<float> frame = waves(i);
    if (i == 37) {
      for (float& v : frame) v -= 40;
    }
    return frame;
  };
  const MaskedGraph bound = bound_masks(net.graph(), frames).front();
  ASSERT_FALSE(bound.floors.empty());
  EXPECT_LT(bound.floors[static_cast<size_t>(sum)], -45);
}

// A padded query sees nothing; its row does not cost the others theirs.
TEST(Masks, OfWholeRowsCostNothing) {
  const auto snr = [](float padded) {
    FloatNet net(9);
    const int x = net.conv(net.input({1, kTokens, kTokens, 1}), 1, {});
    std::vector<float> values = causal(-1e9F);
    std::fill(values.end() - kTokens, values.end(), padded);
    const int sum =
        net.binary(OpKind::kAdd, net.reshape(x, {1, kTokens, kTokens}),
                   net.constant({1, kTokens, kTokens}, values));
    const int shares = net.softmax(sum);
    net.output(
        net.binary(OpKind::kMul, shares,
                   net.constant({1, kTokens, 1}, {1, 1, 1, 1, 1, 1, 1, 0})));
    return output_snr(net.graph());
  };
  const double without = snr(0);
  EXPECT_GT(snr(-1e9F), without - 6);
  EXPECT_GT(snr(-1e4F), without - 6);
}

// The way that gives better shares is taken, also where the SOFTMAX
// is the last operator, whose operand is what the report judges.
TEST(Masks, OfWholeRowsLeaveTheSharesOfAModelsEnd) {
  FloatNet net(10);
  const int x = net.conv(net.input({1, kTokens, kTokens, 1}), 1, {});
  std::vector<float> values = causal(-1e9F);
  // Two masks in the last row: all of it is masked, and one part twice.
  std::fill(values.end() - kTokens, values.end() - 2, -1e9F);
  std::fill(values.end() - 2, values.end(), -2e9F);
  net.output(net.softmax(
      net.binary(OpKind::kAdd, net.reshape(x, {1, kTokens, kTokens}),
                 net.constant({1, kTokens, kTokens}, values))));
  const Calibration frames = wave_frames(net.graph(), 8, 3);
  QuantizeReport report;
  const Graph int8 = quantize(net.graph(), frames, {}, report, {});
  FloatOracle floats(net.graph());
  const std::vector<float> frame = frames.frame(0);
  floats.run(frame);
  const Values bytes = run_oracle(int8, frame_bytes(int8, {}, frame));
  const int y = int8.outputs[0];
  const std::vector<float> got = dequantized(
      int8.tensors[static_cast<size_t>(y)], bytes[static_cast<size_t>(y)]);
  for (size_t i = 0; i + kTokens < got.size(); ++i) {
    EXPECT_NEAR(got[i], floats.output()[i], 0.03) << i;
  }
}

// The next step of a loop adds to them.
TEST(Masks, OfStatesOfALoopStay) {
  FloatNet net(11);
  const int x = net.input({6, kTokens});
  std::vector<float> values(kTokens, 0);
  values.back() = -1e4F;
  const int first = net.constant({1, kTokens}, std::vector<float>(kTokens));
  const int before = net.binary(OpKind::kAdd, x, first);
  const int state =
      net.binary(OpKind::kAdd, net.binary(OpKind::kAdd, x, before),
                 net.constant({1, kTokens}, values));
  net.maker(before) = {OpKind::kDelay, {first, state}, {before}, {}};
  net.output(net.softmax(state));
  EXPECT_TRUE(bound_masks(net.graph(), wave_frames(net.graph(), 4, 3)).empty());
}

}  // namespace
}  // namespace shoal
