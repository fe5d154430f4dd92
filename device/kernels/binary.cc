#include "device/base/fixed_point.h"
#include "device/kernels/kernels.h"
#include "device/program/params.h"

namespace shoal {
namespace {

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

}  // namespace

void add_row(const BinaryArgs& args) {
  const AddParams p = params_of<AddParams>(args);
  const int zero = args.zero_out;
  each(args, [=](int a, int b) {
    const int32_t s =
        requantize(wrap(bits(a - p.zero0) << 20), p.multiplier0, p.shift0);
    const int32_t t =
        requantize(wrap(bits(b - p.zero1) << 20), p.multiplier1, p.shift1);
    const int32_t sum = wrap_add(s, p.sign < 0 ? wrap_sub(0, t) : t);
    return wrap_add(requantize(sum, p.multiplier_out, p.shift_out), zero);
  });
}

void mul_row(const BinaryArgs& args) {
  const MulParams p = params_of<MulParams>(args);
  const int zero = args.zero_out;
  each(args, [=](int a, int b) {
    const int32_t product = wrap_mul(a - p.zero0, b - p.zero1);
    return wrap_add(requantize(product, p.multiplier, p.shift), zero);
  });
}

void prelu_row(const BinaryArgs& args) {
  const PreluParams p = params_of<PreluParams>(args);
  const int zero_in = args.zero_in, zero = args.zero_out;
  each(args, [=](int x, int alpha) {
    const int32_t v = x - zero_in;
    const int32_t y = v >= 0 ? requantize(v, p.multiplier_pos, p.shift_pos)
                             : requantize(wrap_mul(v, alpha - p.zero_alpha),
                                          p.multiplier_neg, p.shift_neg);
    return wrap_add(y, zero);
  });
}

void maximum_row(const BinaryArgs& args) {
  each(args, [](int a, int b) { return a > b ? a : b; });
}

void minimum_row(const BinaryArgs& args) {
  each(args, [](int a, int b) { return a < b ? a : b; });
}

}  // namespace shoal
