// Loops of kernels with two operands. Internal to device/kernels.
#pragma once

#include "device/base/fixed_point.h"
#include "device/kernels/kernels.h"

namespace shoal {

// out = clamp(f(a, b)) for each element.
template <class F>
void each(const BinaryArgs& args, F f) {
  const int a_step = args.a_step, b_step = args.b_step;
  const int low = args.act_min, high = args.act_max;
  for (int x = args.x0; x < args.x1; ++x) {
    const int8_t* a = args.a + x * args.a_stride;
    const int8_t* b = args.b + x * args.b_stride;
    int8_t* out = args.out + x * args.out_stride;
    for (const int8_t* end = out + args.channels; out != end;) {
      *out++ = static_cast<int8_t>(clamp(f(*a, *b), low, high));
      a += a_step, b += b_step;
    }
  }
}

template <class T>
T params_of(const BinaryArgs& args) {
  return *reinterpret_cast<const T*>(args.params);
}

}  // namespace shoal
