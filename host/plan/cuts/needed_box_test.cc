// Compares the boxes that layers read with the checker's own arithmetic, for
// all operators.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "device/program/kinds.h"
#include "device/program/params.h"
#include "host/base/error.h"
#include "host/check/rows.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/text/op_names.h"
#include "host/plan/types/testing/random_transposition.h"
#include "host/plan/types/transposition.h"

namespace shoal {
namespace {

constexpr int kRounds = 300;  // layers of each operator

class RandomLayer {
 public:
  explicit RandomLayer(uint32_t seed) : random_(seed) {}

  int pick(int low, int high) {
    return low +
           static_cast<int>(random_() % static_cast<uint32_t>(high - low + 1));
  }
  Box box(int rows, int columns, int channels) {
    const int y = pick(0, 3), x = pick(0, 3), c = pick(0, 3);
    return {y, y + rows, x, x + columns, c, c + channels};
  }

  Layer make(OpCode op) {
    Layer l;
    l.op = op;
    const int rows = pick(1, 20), columns = pick(1, 12), channels = pick(1, 9);
    l.in[0] = {0, box(rows, columns, channels)};
    l.out = {1, box(rows, columns, channels)};
    switch (op) {
      case OpCode::kConv:
      case OpCode::kDepthwise:
      case OpCode::kAveragePool:
      case OpCode::kMaxPool:
      case OpCode::kTransposeConv:
        window(l);
        break;
      case OpCode::kReduceSum:
      case OpCode::kReduceMax:
        reduce(l);
        break;
      case OpCode::kAdd:
      case OpCode::kMul:
      case OpCode::kMaximum:
      case OpCode::kMinimum:
      case OpCode::kPrelu:
      case OpCode::kDivide:
      case OpCode::kSquaredDifference:
        for (View& in : l.in) {
          in = {0, box(pick(0, 1) ? 1 : rows, pick(0, 1) ? 1 : columns,
                       pick(0, 1) ? 1 : channels)};
        }
        break;
      case OpCode::kBilinear:
        l.out.box = box(pick(1, 30), pick(1, 30), channels);
        l.params = {1024 * rows / l.out.box.rows() + pick(0, 1), -pick(0, 512),
                    1024 * columns / l.out.box.columns(), pick(0, 3)};
        break;
      case OpCode::kMatmul:
        l.in[0].box = box(rows, 1, channels);
        l.in[1] = {0, box(pick(1, 9), 1, channels)};
        l.out.box = box(rows, 1, l.in[1].box.rows());
        break;
      case OpCode::kLstm:
        l.in[0].box = box(rows, 1, channels);
        l.in[1] = {0, box(3, 1, pick(1, 9))};
        l.out.box = box(rows + 2, 1, l.in[1].box.channels());
        break;
      case OpCode::kCell:
        l.in[0].box = box(rows, 1, channels);
        l.in[1] = {0, box(pick(1, 2), 1, pick(1, 9))};
        l.out.box =
            box(rows + l.in[1].box.rows() - 1, 1, l.in[1].box.channels());
        break;
      case OpCode::kArgMax:
        l.out.box = box(rows, columns, 2);
        break;
      case OpCode::kMove:
        move(l);
        break;
      case OpCode::kResize:
        resize(l);
        break;
      case OpCode::kSpaceToDepth:
      case OpCode::kDepthToSpace: {
        const int b = pick(1, 3);
        const bool deep = op == OpCode::kSpaceToDepth;
        l.params = {b};
        l.in[0].box = deep ? box(rows * b, columns * b, channels)
                           : box(rows, columns, channels * b * b);
        l.out.box = deep ? box(rows, columns, channels * b * b)
                         : box(rows * b, columns * b, channels);
        break;
      }
      case OpCode::kTranspose:
        return random_transposition(random_);
      case OpCode::kReshape:
        l.out.box = box(columns, channels, rows);
        break;
      case OpCode::kConstant:
        l.in[0] = {};
        break;
      default:
        break;
    }
    return l;
  }

  // Returns a part of an axis, at multiples of the granule.
  Interval part(int begin, int size, int granule) {
    const int units = size / granule;
    const int a = pick(0, units - 1), b = pick(a + 1, units);
    return {begin + a * granule, begin + b * granule};
  }
  Box part(const Layer& l) {
    const Box& all = l.out.box;
    Box out = all;
    const bool rows = can_cut_rows(l), columns = can_cut_columns(l);
    if (rows) {
      const Interval s = part(all.y0, all.rows(), row_granule(l));
      out.y0 = s.lo, out.y1 = s.hi;
    }
    if (columns) {
      const Interval s = part(all.x0, all.columns(), column_granule(l));
      out.x0 = s.lo, out.x1 = s.hi;
    }
    if (can_cut_outputs(l)) {
      const Interval s = part(all.c0, all.channels(), output_granule(l));
      out.c0 = s.lo, out.c1 = s.hi;
    }
    return out;
  }

 private:
  void window(Layer& l) {
    l.kernel_h = pick(1, 5), l.kernel_w = pick(1, 5);
    l.stride_y = pick(1, 3), l.stride_x = pick(1, 3);
    l.pad_top = pick(0, 3), l.pad_left = pick(0, 3);
    if (l.op == OpCode::kConv || l.op == OpCode::kDepthwise) {
      l.dilation_y = pick(1, 2), l.dilation_x = pick(1, 2);
      l.out.box.c1 = l.out.box.c0 + pick(1, 9);
    }
    if (l.op == OpCode::kTransposeConv) {
      l.out.box.c1 = l.out.box.c0 + pick(1, 9);
    }
    if (l.op == OpCode::kDepthwise) {
      l.depth_multiplier = pick(1, 3);
      l.out.box.c1 = l.out.box.c0 + l.in[0].box.channels() * l.depth_multiplier;
    }
  }
  void reduce(Layer& l) {
    if (pick(0, 1)) {
      l.kernel_h = l.in[0].box.rows();
      l.out.box.y1 = l.out.box.y0 + 1;
    }
    if (pick(0, 1)) {
      l.reduce_columns = true;
      l.out.box.x1 = l.out.box.x0 + 1;
    }
    if (pick(0, 1)) {
      l.reduce_channels = true;
      l.out.box.c1 = l.out.box.c0 + 1;
    }
  }
  void move(Layer& l) {
    MoveParams m;
    m.fill = 0;
    const auto line = [&](int32_t& stride, int32_t& base) {
      stride = pick(-2, 3), base = pick(-6, 12);
    };
    line(m.stride_y, m.base_y);
    line(m.stride_x, m.base_x);
    line(m.stride_c, m.base_c);
    l.params.resize(sizeof m / sizeof(int32_t));
    std::memcpy(l.params.data(), &m, sizeof m);
  }
  void resize(Layer& l) {
    const int rows = pick(1, 30), columns = pick(1, 30);
    const Box in = l.in[0].box;
    l.out.box = box(rows, columns, in.channels());
    const bool rises = pick(0, 1) == 1;
    for (int y = 0; y < rows; ++y) {
      const int row = rises ? y * in.rows() / rows : pick(0, in.rows() - 1);
      l.row_map.push_back(static_cast<uint16_t>(row));
    }
    for (int x = 0; x < columns; ++x) {
      l.column_map.push_back(static_cast<uint16_t>(pick(0, in.columns() - 1)));
    }
  }

  std::mt19937 random_;
};

TEST(NeededBox, EqualsTheCheckers) {
  for (int op = int(OpCode::kConv); op <= kActorKindCount; ++op) {
    int empty = 0;
    for (uint32_t seed = 0; seed < kRounds; ++seed) {
      RandomLayer random(seed * 64 + static_cast<uint32_t>(op));
      const Layer l = random.make(static_cast<OpCode>(op));
      const Box out = random.part(l);
      SCOPED_TRACE(std::string(layer_op_name(l.op)) + ", seed " +
                   std::to_string(seed));
      for (int operand = 0; operand < 2; ++operand) {
        if (l.in[operand].tensor < 0) {
          EXPECT_EQ(needed_box(l, operand, out), Box{});
          continue;
        }
        const Box ours = needed_box(l, operand, out);
        const Box theirs = dependence(l, operand, out);
        EXPECT_TRUE(contains(l.in[operand].box, ours));
        if (theirs.empty()) {
          EXPECT_TRUE(ours.empty());
          ++empty;
          continue;
        }
        EXPECT_EQ(ours, theirs);
        EXPECT_EQ(misfit(l, operand, ours, out, false), nullptr);
        if (HasFailure()) return;
      }
    }
    EXPECT_LT(empty, kRounds) << "an operator that never reads";
  }
}

// Ends of boxes lie anywhere. What is no box of the operand has no parameters,
// and the checker refuses it.
TEST(NeededBox, TransposedSharesAreBoxesOfTheOperand) {
  int refused = 0;
  for (uint32_t seed = 0; seed < 10 * kRounds; ++seed) {
    SCOPED_TRACE(seed);
    RandomLayer random(seed);
    const Layer l = random.make(OpCode::kTranspose);
    const Box& all = l.out.box;
    const Interval y = random.part(all.y0, all.rows(), 1),
                   x = random.part(all.x0, all.columns(), 1),
                   c = random.part(all.c0, all.channels(), 1);
    const Box out{y.lo, y.hi, x.lo, x.hi, c.lo, c.hi};
    const Box in = dependence(l, 0, out);
    const bool is_box = in.elements() == out.elements();
    EXPECT_EQ(misfit(l, 0, in, out, false) == nullptr, is_box);
    if (is_box) continue;
    ++refused;
    EXPECT_THROW(transposed_params(l, in, out), Error);
  }
  EXPECT_GT(refused, kRounds);
}

TEST(NeededBox, HalosOfAStridedWindow) {
  Layer l;
  l.op = OpCode::kConv;
  l.in[0] = {0, {0, 224, 0, 224, 0, 3}};
  l.out = {1, {0, 112, 0, 112, 0, 32}};
  l.kernel_h = l.kernel_w = 3, l.stride_y = l.stride_x = 2;
  EXPECT_EQ(needed_box(l, 0, {0, 56, 28, 56, 0, 32}),
            (Box{0, 113, 56, 113, 0, 3}));
  EXPECT_EQ(needed_box(l, 0, {56, 112, 84, 112, 8, 16}),
            (Box{112, 224, 168, 224, 0, 3}));
}

Layer sized(OpCode op, Box out) {
  Layer l;
  l.op = op;
  l.in[0] = {0, out};
  l.out = {1, out};
  return l;
}

TEST(CanCut, WhatTheOperatorsAllow) {
  const Box box{0, 8, 0, 8, 0, 8};
  const auto allowed = [&](OpCode op) {
    const Layer l = sized(op, box);
    std::string s;
    if (can_cut_rows(l)) s += 'r';
    if (can_cut_columns(l)) s += 'c';
    if (can_cut_outputs(l)) s += 'o';
    if (can_cut_inputs(l)) s += 'i';
    return s;
  };
  EXPECT_EQ(allowed(OpCode::kConv), "rcoi");
  EXPECT_EQ(allowed(OpCode::kTransposeConv), "rcoi");
  EXPECT_EQ(allowed(OpCode::kDepthwise), "rco");
  EXPECT_EQ(allowed(OpCode::kPrelu), "rco");
  EXPECT_EQ(allowed(OpCode::kConstant), "rco");
  EXPECT_EQ(allowed(OpCode::kSoftmax), "rc");
  EXPECT_EQ(allowed(OpCode::kArgMax), "rc");
  EXPECT_EQ(allowed(OpCode::kBilinear), "rco");
  EXPECT_EQ(allowed(OpCode::kMatmul), "rc");
  EXPECT_EQ(allowed(OpCode::kDepthToSpace), "rc");
  EXPECT_EQ(allowed(OpCode::kTranspose), "");
  EXPECT_EQ(allowed(OpCode::kLstm), "");
  EXPECT_EQ(allowed(OpCode::kCell), "");
  EXPECT_EQ(allowed(OpCode::kReshape), "");
}

TEST(CanCut, NothingWhereThereIsOnlyOne) {
  const Layer point = sized(OpCode::kConv, {0, 1, 0, 1, 0, 1});
  EXPECT_FALSE(can_cut_rows(point) || can_cut_columns(point) ||
               can_cut_outputs(point) || can_cut_inputs(point));
  Layer deep = sized(OpCode::kDepthwise, {0, 1, 0, 1, 0, 3});
  deep.depth_multiplier = 3;
  EXPECT_FALSE(can_cut_outputs(deep));
  Layer space = sized(OpCode::kDepthToSpace, {0, 2, 0, 4, 0, 1});
  space.params = {2};
  EXPECT_FALSE(can_cut_rows(space));
  EXPECT_TRUE(can_cut_columns(space));
}

}  // namespace
}  // namespace shoal
