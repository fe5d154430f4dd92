// The row rules against what each output element reads, over random windows.
#include "device/program/geometry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <vector>

namespace shoal {
namespace {

class Geometry : public testing::Test {
 protected:
  int pick(int lo, int hi) {
    return std::uniform_int_distribution<int>(lo, hi)(random_);
  }

  RowRule random_rule() {
    static constexpr OpCode kOps[] = {OpCode::kConv,    OpCode::kTransposeConv,
                                      OpCode::kMaxPool, OpCode::kMove,
                                      OpCode::kResize,  OpCode::kSpaceToDepth,
                                      OpCode::kReshape, OpCode::kDepthToSpace,
                                      OpCode::kAdd,     OpCode::kTranspose};
    RowRule r;
    r.op = kOps[pick(0, 9)];
    r.out_rows = pick(1, 12), r.in_rows = pick(1, 12);
    r.band = pick(1, 4);
    if (has_window(r.op)) {
      r.kernel_h = pick(1, 6), r.stride_y = pick(1, 3);
      r.dilation_y = r.op == OpCode::kConv ? pick(1, 2) : 1;
      r.pad_top = pick(-2, 4);
      r.part = pick(1, r.kernel_h);
      if (r.part < r.kernel_h) r.band = 1;
    }
    r.move_stride = pick(-2, 2), r.move_base = pick(-3, 12);
    r.block = pick(1, 3);
    if (r.op == OpCode::kSpaceToDepth) r.in_rows = r.out_rows * r.block;
    if (r.op == OpCode::kDepthToSpace) r.out_rows = r.in_rows * r.block;
    if (r.op == OpCode::kAdd) r.in_rows = pick(0, 1) ? 1 : r.out_rows;
    if (r.op == OpCode::kReshape) {
      r.in_row_bytes = r.out_rows, r.out_row_bytes = r.in_rows;
    }
    map_.clear();
    for (int i = 0; i < r.out_rows; ++i) {
      map_.push_back(static_cast<uint16_t>(pick(0, r.in_rows - 1)));
    }
    if (pick(0, 1)) std::sort(map_.begin(), map_.end());
    r.map = map_.data();
    return r;
  }

  // Every input row that the firing reads, element by element.
  std::vector<int> rows_read(const RowRule& r, int firing) {
    std::vector<int> read;
    const FiringRange f = firing_range(r, firing);
    const auto add = [&](int row) {
      if (row >= 0 && row < r.in_rows) read.push_back(row);
    };
    for (int y = f.out_lo; y < f.out_hi; ++y) {
      switch (r.op) {
        case OpCode::kConv:
        case OpCode::kMaxPool:
          for (int k = f.ky_lo; k < f.ky_hi; ++k) {
            add(y * r.stride_y - r.pad_top + k * r.dilation_y);
          }
          break;
        case OpCode::kTransposeConv:
          for (int iy = 0; iy < r.in_rows; ++iy) {
            const int k = y + r.pad_top - iy * r.stride_y;
            if (k >= f.ky_lo && k < f.ky_hi) add(iy);
          }
          break;
        case OpCode::kMove:
          add(y * r.move_stride + r.move_base);
          break;
        case OpCode::kResize:
          add(map_[static_cast<size_t>(y)]);
          break;
        case OpCode::kSpaceToDepth:
          for (int i = 0; i < r.block; ++i) add(y * r.block + i);
          break;
        case OpCode::kDepthToSpace:
          add(y / r.block);
          break;
        case OpCode::kReshape:
          for (int64_t b = 0; b < r.out_row_bytes; ++b) {
            add(static_cast<int>((y * r.out_row_bytes + b) / r.in_row_bytes));
          }
          break;
        case OpCode::kTranspose:
          for (int iy = 0; iy < r.in_rows; ++iy) add(iy);
          break;
        default:
          add(r.in_rows == 1 ? 0 : y);
      }
    }
    return read;
  }

  std::mt19937 random_{99};
  std::vector<uint16_t> map_;
};

TEST_F(Geometry, NeededAndReleasedRowsHoldWhatIsRead) {
  std::printf("seed 99\n");
  for (int n = 0; n < 20000; ++n) {
    const RowRule r = random_rule();
    const int count = firing_count(r);
    int lowest = r.in_rows;  // that a later firing reads
    int released = r.in_rows;
    for (int f = count - 1; f >= 0; --f) {
      SCOPED_TRACE(testing::Message() << "rule " << n << " operator "
                                      << int(r.op) << " firing " << f);
      const int after = released_rows(r, f);
      ASSERT_LE(after, lowest);
      ASSERT_LE(after, released);
      released = after;
      const RowRange need = needed_rows(r, f);
      ASSERT_LE(0, need.lo);
      ASSERT_LE(need.lo, need.hi);
      ASSERT_LE(need.hi, r.in_rows);
      for (int row : rows_read(r, f)) {
        ASSERT_LE(need.lo, row);
        ASSERT_LT(row, need.hi);
        lowest = std::min(lowest, row);
      }
    }
    ASSERT_EQ(released_rows(r, count - 1), r.in_rows);
  }
}

// With a stride of at least the kernel nothing is held back.
TEST_F(Geometry, NoRowIsHeldThatNobodyReadsAgain) {
  RowRule r;
  r.op = OpCode::kConv;
  r.out_rows = 5, r.in_rows = 10;
  r.kernel_h = r.part = 2, r.stride_y = 2;
  for (int f = 0; f < 5; ++f) EXPECT_EQ(released_rows(r, f), 2 * f + 2);
  r.kernel_h = r.part = 3, r.pad_top = 1, r.stride_y = 1, r.out_rows = 10;
  for (int f = 0; f < 9; ++f) EXPECT_EQ(released_rows(r, f), f);
  r.part = 1;  // 0 1 2 | 1 2 3: after row f's last part row f + 1 begins
  EXPECT_EQ(released_rows(r, 3 * 4 + 2), 4);
  EXPECT_EQ(released_rows(r, 3 * 4), 4);
}

// A border of two mirrored rows holds three of them, no more.
TEST_F(Geometry, AMirrorHoldsTheRowsThatItRepeats) {
  const uint16_t map[] = {2, 1, 0, 1, 2, 3, 4, 5, 4, 3};
  RowRule r;
  r.op = OpCode::kResize;
  r.out_rows = 10, r.in_rows = 6, r.map = map;
  const int released[] = {0, 0, 1, 2, 3, 3, 3, 3, 3, 6};
  for (int f = 0; f < 10; ++f) EXPECT_EQ(released_rows(r, f), released[f]) << f;
}

TEST_F(Geometry, AccumulatorsAreOneRowOrOneBand) {
  EXPECT_EQ(accumulator_rows(1, false, 7), 0);
  EXPECT_EQ(accumulator_rows(3, false, 7), 1);
  EXPECT_EQ(accumulator_rows(1, true, 7), 7);
  EXPECT_EQ(accumulator_bytes(7, 65535, 65535),
            uint64_t{4} * 7 * 65535 * 65535);
}

}  // namespace
}  // namespace shoal
