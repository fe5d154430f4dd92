// What a call of a kernel costs by a board's figures. The planner's model of
// time (host/plan/cost/time.h) and virtual time (host/engine/virtual/cost.h)
// both ask here, so that a plan takes what it says.
//
// A kernel takes so many cycles for each of its multiply-accumulates, and on
// top of that, whenever it is called, as long as for some pixels more: what it
// spreads or loads once, and what is left over of its last block of pixels.
// Rows of a band that go through one call share it.
#pragma once

#include <cmath>
#include <cstdint>

#include "host/board/board.h"

namespace shoal {

struct KernelCost {
  double cycles = 0;       // per multiply-accumulate
  double call_pixels = 0;  // of a call
};

// Rows of a band share little with a stride, as few of their input rows are the
// same.
inline KernelCost depthwise_cost(const Costs& c, int stride_y) {
  return {c.depthwise, stride_y == 1 ? c.call_pixels.depthwise : 0};
}
// Of a layer with so many output pixels, and kernels of so many.
inline KernelCost conv_cost(const Costs& c, int64_t pixels, int64_t taps) {
  if (pixels == 1) return {c.fully_connected, 0};
  if (taps == 1) return {c.pointwise, c.call_pixels.pointwise};
  return {c.conv, c.call_pixels.conv};
}

// Output pixels, and calls besides, in so many parts of a pixel: whole numbers,
// as the planner compares sums.
inline constexpr int64_t kPixelParts = 64;
inline int64_t pixel_parts(const KernelCost& cost, int64_t pixels,
                           int64_t calls) {
  const double call = cost.call_pixels * static_cast<double>(kPixelParts);
  return pixels * kPixelParts + calls * std::llround(call);
}

}  // namespace shoal
