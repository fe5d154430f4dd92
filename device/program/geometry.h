// Which input rows a firing needs and which it releases: pure functions that
// the runtime, the loader and the planner share. (The checker has its own.)
//
// Rows are relative to the port's box. A firing makes rows
// [out_lo, out_hi) of the output, or a part of one row: kernel rows
// [ky_lo, ky_hi).
#pragma once

#include "device/program/kinds.h"

namespace shoal {

struct RowRange {
  int lo = 0, hi = 0;
};

// How the rows of one operand follow from the rows of the output.
struct RowRule {
  OpCode op{};
  int out_rows = 1, in_rows = 1;
  int kernel_h = 1, stride_y = 1, dilation_y = 1, pad_top = 0;
  int band = 1;
  int part = 1;                        // kernel_h if the window is not cut
  int move_stride = 1, move_base = 0;  // kMove, kBilinear
  bool whole = false;                  // all rows for each firing
  int block = 1;                       // kSpaceToDepth, kDepthToSpace
  const uint16_t* map = nullptr;       // kResize: out_rows entries
  int64_t out_row_bytes = 1, in_row_bytes = 1;  // kReshape
};

constexpr int ceil_div(int a, int b) { return (a + b - 1) / b; }
constexpr int clip(int v, int lo, int hi) {
  return v < lo ? lo : v > hi ? hi : v;
}

constexpr int part_count(const RowRule& r) {
  return has_window(r.op) && r.part < r.kernel_h ? ceil_div(r.kernel_h, r.part)
                                                 : 1;
}
constexpr int firing_count(const RowRule& r) {
  return ceil_div(r.out_rows, r.band) * part_count(r);
}

// Returns the input row that kernel row ky of output row oy reads, or -1 for
// padding.
constexpr int window_row(const RowRule& r, int oy, int ky) {
  int iy = 0;
  if (r.op == OpCode::kTransposeConv) {
    const int v = oy + r.pad_top - ky;
    if (v < 0 || v % r.stride_y != 0) return -1;
    iy = v / r.stride_y;
  } else {
    iy = oy * r.stride_y - r.pad_top + ky * r.dilation_y;
  }
  return iy >= 0 && iy < r.in_rows ? iy : -1;
}

// The two places of an axis between which `position` / 1024 lies. TensorFlow
// Lite's rounding can lie behind the last place, where its own kernel reads
// what comes after the picture: here the last place counts.
struct BilinearPlace {
  int lo, hi;
};
constexpr BilinearPlace bilinear_place(int position, int size) {
  return {clip(position >> 10, 0, size - 1),
          clip((position + 1023) >> 10, 0, size - 1)};
}

// Returns the rows that output rows [lo, hi) with kernel rows [ky_lo, ky_hi)
// read. The range may be empty; its ends lie in [0, in_rows] all the same.
constexpr RowRange needed_rows(const RowRule& r, int lo, int hi, int ky_lo,
                               int ky_hi) {
  const auto within = [&](int a, int b) {
    a = clip(a, 0, r.in_rows);
    b = clip(b, 0, r.in_rows);
    return RowRange{a, b < a ? a : b};
  };
  if (r.whole) return {0, r.in_rows};
  switch (rows_of(r.op)) {
    case RowsFrom::kWindow:
      return within(
          lo * r.stride_y - r.pad_top + ky_lo * r.dilation_y,
          (hi - 1) * r.stride_y - r.pad_top + (ky_hi - 1) * r.dilation_y + 1);
    case RowsFrom::kScattered: {
      // ceil and floor of non-negative quotients; negative ones clip to 0.
      const int first = lo + r.pad_top - (ky_hi - 1);
      const int last = hi - 1 + r.pad_top - ky_lo;
      return within(first <= 0 ? 0 : ceil_div(first, r.stride_y),
                    last < 0 ? 0 : last / r.stride_y + 1);
    }
    case RowsFrom::kLine: {
      const int a = lo * r.move_stride + r.move_base;
      const int b = (hi - 1) * r.move_stride + r.move_base;
      return a <= b ? within(a, b + 1) : within(b, a + 1);
    }
    case RowsFrom::kMap: {
      // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it has a map
      int least = r.map[lo], most = least;
      for (int y = lo + 1; y < hi; ++y) {
        least = r.map[y] < least ? r.map[y] : least;
        most = r.map[y] > most ? r.map[y] : most;
      }
      return within(least, most + 1);
    }
    case RowsFrom::kBetween: {
      const int last = (hi - 1) * r.move_stride + r.move_base;
      const BilinearPlace a =
          bilinear_place(lo * r.move_stride + r.move_base, r.in_rows);
      return within(a.lo, bilinear_place(last, r.in_rows).hi + 1);
    }
    case RowsFrom::kBlocks:
      return within(lo * r.block, hi * r.block);
    case RowsFrom::kInBlocks:
      return within(lo / r.block, (hi - 1) / r.block + 1);
    case RowsFrom::kBytes:
      return within(
          static_cast<int>(lo * r.out_row_bytes / r.in_row_bytes),
          static_cast<int>((hi * r.out_row_bytes + r.in_row_bytes - 1) /
                           r.in_row_bytes));
    case RowsFrom::kAll:
      return {0, r.in_rows};
    case RowsFrom::kNone:
      return {0, 0};
    case RowsFrom::kSteps:  // rows of the state behind them need none
      return within(lo, hi);
    case RowsFrom::kSame:
      break;
  }
  return r.in_rows == 1 ? RowRange{0, 1} : within(lo, hi);
}

// Returns whether an int holds the distance, in bytes, of every place that the
// windows of `places` outputs name from the first of the input, inside it or
// outside: runtime and kernels compute with these.
constexpr bool window_fits(int places, int stride, int kernel, int dilation,
                           int pad, int place_bytes) {
  const int most = (1 << 29) / place_bytes;  // of each of three numbers
  return places <= most / stride && kernel <= most / dilation && pad <= most &&
         pad >= -most;
}

struct FiringRange {
  int out_lo, out_hi, ky_lo, ky_hi;
  bool first_part, last_part;
};

constexpr FiringRange firing_range(const RowRule& r, int firing) {
  const int parts = part_count(r);
  const int step = firing / parts, p = firing % parts;
  const int lo = step * r.band, ky = p * r.part;
  const int ky_end = parts > 1 ? clip(ky + r.part, 0, r.kernel_h) : r.kernel_h;
  return {
      lo, clip(lo + r.band, 0, r.out_rows), ky, ky_end, p == 0, p == parts - 1};
}

constexpr RowRange needed_rows(const RowRule& r, int firing) {
  const FiringRange f = firing_range(r, firing);
  return needed_rows(r, f.out_lo, f.out_hi, f.ky_lo, f.ky_hi);
}

// Returns the row below which no firing after `firing` reads. It must be cheap,
// because it runs once a firing.
constexpr int released_rows(const RowRule& r, int firing) {
  const int parts = part_count(r);
  if (parts > 1) {
    if (firing + 1 >= firing_count(r)) return r.in_rows;
    // The lowest rows are read by the first part of a row; by the last one of
    // a transposed convolution, which goes through its input backwards.
    const int next = (firing / parts + 1) * parts;
    if (r.op == OpCode::kTransposeConv) {
      const int row = firing + 1 < next ? next : next + parts;
      return needed_rows(r, row - 1).lo;
    }
    const int lo = needed_rows(r, firing + 1).lo;
    if (next >= firing_count(r)) return lo;
    const int other = needed_rows(r, next).lo;
    return other < lo ? other : lo;
  }
  const int lo = (firing + 1) * r.band;
  if (lo >= r.out_rows) return r.in_rows;
  // Maps may go up and down: a border mirrors the rows beside it.
  if (r.op == OpCode::kResize) return needed_rows(r, lo, r.out_rows, 0, 1).lo;
  // Only a move can go backwards through its input.
  const int first = r.op == OpCode::kMove && r.move_stride < 0
                        ? firing_count(r) - 1
                        : firing + 1;
  const int from = first * r.band;
  return needed_rows(r, from, clip(from + r.band, 0, r.out_rows), 0, r.kernel_h)
      .lo;
}

// Returns the rows of an actor's private sums: one if its window is cut, a
// band's if it is the last of a loop, else none. The state of kLstm lies there
// as one row: two hidden states and a cell state (fire_lstm.cc). Columns and
// channels are those of the out port's box.
constexpr int accumulator_rows(int parts, bool ends_loop, int loop_band) {
  return ends_loop ? loop_band : parts > 1 ? 1 : 0;
}
constexpr uint64_t accumulator_bytes(int rows, int columns, int channels,
                                     int sum_bytes = 4) {
  return uint64_t{1} * static_cast<uint32_t>(sum_bytes) *
         static_cast<uint32_t>(rows) * static_cast<uint32_t>(columns) *
         static_cast<uint32_t>(channels);
}

}  // namespace shoal
