// The cost of a call of a kernel by a board's figures. The planner's model of
// time (host/plan/cost/time.h) and virtual time (host/engine/virtual/cost.h)
// both ask here, so that a plan takes what it says.
//
// A kernel takes a number of cycles for each multiply-accumulate. Each call
// takes as long as some pixels more: what it spreads or loads once, and the
// incomplete last block of pixels. Rows of a band that go through one call
// share it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "device/program/halves.h"
#include "host/base/rounded.h"
#include "host/board/board.h"

namespace shoal {

struct KernelCost {
  double cycles = 0;          // per multiply-accumulate
  double call_pixels = 0;     // of a call
  double group_channels = 0;  // of a call for a further group
};

inline constexpr int64_t kManyTaps = 1 << 16;

// An output takes a constant plus an amount for each tap; both follow from two
// kernels' figures.
inline double depthwise_cycles(const Costs& c, int64_t taps) {
  if (c.depthwise_5x5 == 0 || taps == 9) return c.depthwise;
  const double tap = (25 * c.depthwise_5x5 - 9 * c.depthwise) / 16;
  return tap + 9 * (c.depthwise - tap) / static_cast<double>(taps);
}
// Returns the least cycles of any depthwise kernel.
inline double least_depthwise_cycles(const Costs& c) {
  return std::min(c.depthwise, depthwise_cycles(c, kManyTaps));
}
// Rows of a band share little with a stride, as few of their input rows are the
// same.
inline KernelCost depthwise_cost(const Costs& c, int stride_y, int64_t taps) {
  return {depthwise_cycles(c, taps),
          stride_y == 1 ? c.call_pixels.depthwise : 0,
          c.group_channels.depthwise};
}
// Returns the cost of a layer with `pixels` output pixels and kernels of `taps`
// taps.
inline KernelCost conv_cost(const Costs& c, int64_t pixels, int64_t taps) {
  if (pixels == 1) return {c.fully_connected};
  if (taps == 1) {
    return {c.pointwise, c.call_pixels.pointwise, c.group_channels.pointwise};
  }
  return {c.conv, c.call_pixels.conv, c.group_channels.conv};
}

// Returns the number that `channels` output channels in `groups` groups count
// as: each group after the first arranges its input once more.
inline double channels_in_groups(const KernelCost& cost, double channels,
                                 int groups) {
  return channels + cost.group_channels * (groups - 1);
}

// Output pixels and calls are counted in this many parts of a pixel: whole
// numbers, because the planner compares sums.
inline constexpr int64_t kPixelParts = 64;
inline int64_t pixel_parts(const KernelCost& cost, int64_t pixels,
                           int64_t calls) {
  const double call = cost.call_pixels * static_cast<double>(kPixelParts);
  return pixels * kPixelParts + calls * rounded(call);
}

// Returns how many times as long as on one core the slices take that two cores
// share, meetings aside.
inline double shared_time(const SecondCore& second, const Halves& halves) {
  if (halves.axis == Axis::kNone) return 1;
  return second.contention * halves.parts / Halves::kWholeParts;
}

// Weights of four bits are unpacked once a call, for about as long as this many
// pixels take. Returns the parts of a pixel.
inline constexpr double kInt4CallPixels = 1.25;
inline int64_t int4_parts(int64_t calls) {
  return calls * rounded(kInt4CallPixels * kPixelParts);
}

}  // namespace shoal
