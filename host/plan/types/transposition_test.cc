// Shares of transpositions against the whole one, element by element.
#include "host/plan/types/transposition.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "device/program/params.h"
#include "host/base/error.h"
#include "host/plan/types/testing/random_transposition.h"

namespace shoal {
namespace {

constexpr int kRounds = 3000;

using Place = std::tuple<int, int, int>;  // row, column, channel

// Returns the places of a box in row-major order.
std::vector<Place> places(const Box& b) {
  std::vector<Place> all;
  for (int y = b.y0; y < b.y1; ++y) {
    for (int x = b.x0; x < b.x1; ++x) {
      for (int c = b.c0; c < b.c1; ++c) all.emplace_back(y, x, c);
    }
  }
  return all;
}

// Returns the place of the operand for each one of the result, as a node finds
// them: `in` and `out` are the boxes that it reads and makes.
std::map<Place, Place> moved(const std::vector<int32_t>& params, const Box& in,
                             const Box& out) {
  TransposeParams p{};
  EXPECT_EQ(params.size() * sizeof(int32_t), sizeof p);
  std::memcpy(&p, params.data(), sizeof p);
  EXPECT_EQ(int64_t{p.size[0]} * p.size[1] * p.size[2] * p.size[3],
            out.elements());
  const std::vector<Place> from = places(in), to = places(out);
  std::map<Place, Place> all;
  for (size_t n = 0; n < to.size(); ++n) {
    auto rest = static_cast<int64_t>(n);
    int64_t at = 0;
    for (int i = 4; i-- > 0;) {
      at += rest % p.size[i] * p.stride[i];
      rest /= p.size[i];
    }
    all[to[n]] = from.at(static_cast<size_t>(at));
  }
  return all;
}

class RandomShare {
 public:
  explicit RandomShare(std::mt19937& random)
      : random_(random), layer(random_transposition(random)) {
    const Box& all = layer.out.box;
    const TransposedAxes axes = transposed_axes(layer);
    out = all;
    cut(axes[0], out.y0, out.y1);
    cut(axes[1], out.x0, out.x1);
    cut(axes[2], out.c0, out.c1);
  }

 private:
  void cut(const TransposedAxis& axis, int& lo, int& hi) {
    if (axis.from < 0) return;
    const int steps = (hi - lo) / axis.granule;
    EXPECT_EQ(steps * axis.granule, hi - lo);
    const int a = static_cast<int>(random_() % static_cast<unsigned>(steps));
    const int b =
        a + 1 + static_cast<int>(random_() % static_cast<unsigned>(steps - a));
    hi = lo + b * axis.granule;
    lo += a * axis.granule;
  }

  std::mt19937& random_;

 public:
  const Layer layer;
  Box out;
};

TEST(Transposition, SharesMoveWhatTheWholeOneDoes) {
  std::mt19937 random(1);
  int parts = 0, cut_twice = 0;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const RandomShare s(random);
    const Layer& l = s.layer;
    const Box in = transposed_from(l, s.out);
    ASSERT_TRUE(contains(l.in[0].box, in));
    ASSERT_EQ(in.elements(), s.out.elements());
    EXPECT_EQ(transposed_to(l, in), s.out);
    auto whole = moved(l.params, l.in[0].box, l.out.box);
    for (const auto& [to, from] :
         moved(transposed_params(l, in, s.out), in, s.out)) {
      ASSERT_EQ(from, whole.at(to));
    }
    if (s.out == l.out.box) continue;
    ++parts;
    int axes = 0;
    for (const TransposedAxis& a : transposed_axes(l)) axes += a.from >= 0;
    cut_twice += axes > 1;
  }
  EXPECT_GT(parts, kRounds / 3);
  EXPECT_GT(cut_twice, kRounds / 10);
}

// Whatever the box, the operand's has all of its elements. Boxes that are moved
// to boxes have parameters; all others are refused.
TEST(Transposition, AnyOtherBoxIsRefused) {
  std::mt19937 random(2);
  int refused = 0;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const Layer l = random_transposition(random);
    Box out = l.out.box;
    const auto cut = [&](int& lo, int& hi) {
      const int size = hi - lo;
      const int a = static_cast<int>(random() % static_cast<unsigned>(size));
      hi = lo + a + 1 +
           static_cast<int>(random() % static_cast<unsigned>(size - a));
      lo += a;
    };
    cut(out.y0, out.y1), cut(out.x0, out.x1), cut(out.c0, out.c1);
    const Box in = transposed_from(l, out);
    auto whole = moved(l.params, l.in[0].box, l.out.box);
    Box least{INT_MAX, 0, INT_MAX, 0, INT_MAX, 0};
    for (const Place& p : places(out)) {
      const auto [y, x, c] = whole.at(p);
      least.y0 = std::min(least.y0, y), least.y1 = std::max(least.y1, y + 1);
      least.x0 = std::min(least.x0, x), least.x1 = std::max(least.x1, x + 1);
      least.c0 = std::min(least.c0, c), least.c1 = std::max(least.c1, c + 1);
    }
    ASSERT_TRUE(contains(in, least));
    if (in.elements() == out.elements()) {
      for (const auto& [to, from] :
           moved(transposed_params(l, in, out), in, out)) {
        ASSERT_EQ(from, whole.at(to));
      }
    } else {
      ++refused;
      EXPECT_THROW(transposed_params(l, in, out), Error);
    }
  }
  EXPECT_GT(refused, kRounds / 10);
}

// The values of attention: a row for each token becomes a column.
TEST(Transposition, TokensAreChannelsOfTheResult) {
  Layer l;
  l.op = OpCode::kTranspose;
  l.in[0] = {0, {0, 98, 0, 1, 0, 192}};
  l.out = {1, {0, 192, 0, 1, 0, 98}};
  l.params = {1, 1, 192, 98, 0, 0, 1, 192};
  const TransposedAxes axes = transposed_axes(l);
  EXPECT_EQ(axes[0].from, 2);
  EXPECT_EQ(axes[1].from, -1);
  EXPECT_EQ(axes[2].from, 0);
  EXPECT_EQ(transposed_to(l, {13, 26, 0, 1, 0, 192}),
            (Box{0, 192, 0, 1, 13, 26}));
  EXPECT_EQ(transposed_to(l, {13, 26, 0, 1, 64, 128}),
            (Box{64, 128, 0, 1, 13, 26}));
}

// Columns of three elements and rows of four have no digit in common.
TEST(Transposition, AxesThatEndInsideADigitAreNotCut) {
  Layer l;
  l.op = OpCode::kTranspose;
  l.in[0] = {0, {0, 6, 0, 1, 0, 10}};
  l.out = {1, {0, 15, 0, 1, 0, 4}};
  l.params = {1, 1, 10, 6, 0, 0, 1, 10};
  for (const TransposedAxis& a : transposed_axes(l)) EXPECT_EQ(a.from, -1);
  EXPECT_EQ(transposed_from(l, {0, 1, 0, 1, 0, 4}), l.in[0].box);
  EXPECT_EQ(transposed_to(l, {0, 1, 0, 1, 0, 10}), std::nullopt);
}

}  // namespace
}  // namespace shoal
