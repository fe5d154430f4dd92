#include <utility>

#include "device/base/fixed_point.h"
#include "device/kernels/dsp_words.h"
#include "device/kernels/each_pair.h"
#include "device/kernels/family.h"
#include "device/kernels/kernels.h"
#include "device/program/params.h"

namespace shoal {
namespace {

struct AddOperand {
  const int8_t *at;
  int stride, step;
  int32_t zero, multiplier, shift, sign;
  bool halved() const { return multiplier == 1 << 30 && shift == 0; }
};

// out = f(a, b) / 2 within int8, of operands without gaps.
template <class F>
void each_byte(const BinaryArgs &args, F f) {
  for (int x = args.x0; x < args.x1; ++x) {
    const int8_t *a = args.a + x * args.a_stride;
    const int8_t *b = args.b + x * args.b_stride;
    int8_t *out = args.out + x * args.out_stride;
    for (const int8_t *end = out + args.channels; out != end;) {
      *out++ = static_cast<int8_t>(half_to_int8(f(*a++, *b++)));
    }
  }
}

// TensorFlow Lite halves the operand with the larger scale, which is exact,
// and scales the other one by less. False if the parameters are not such.
bool add_halved(BinaryArgs args, const AddParams &p) {
  AddOperand half = {
      args.a, args.a_stride, args.a_step, p.zero0, p.multiplier0, p.shift0, 1};
  AddOperand less = {args.b,        args.b_stride, args.b_step, p.zero1,
                     p.multiplier1, p.shift1,      p.sign};
  if (!half.halved()) std::swap(half, less);
  if (!half.halved() || less.shift > -1 || p.shift_out > -2) return false;
  args.a = half.at, args.a_stride = half.stride, args.a_step = half.step;
  args.b = less.at, args.b_stride = less.stride, args.b_step = less.step;

  const uint32_t factor = bits(half.sign) << 19;
  const uint32_t half_start = 0 - bits(half.zero) * factor;
  const uint32_t less_start = 0 - (bits(less.zero) << 21);
  const int right = -1 - less.shift, right_out = -2 - p.shift_out;
  const int32_t multiplier = less.multiplier, multiplier_out = p.multiplier_out;
  const int nudge = 2 * args.zero_out + 1;
  // Does what requantize_doubled() does, for an operand that has room for
  // another bit.
  const auto scaled = [=](int b) {
    const int32_t v = wrap((bits(b) << 21) + less_start);
    return (scale_up(v, multiplier, right) + 1) >> 1;
  };
  const auto finish = [=](uint32_t sum) {
    return scale_doubled(wrap(sum), multiplier_out, right_out) + nudge;
  };
  const bool bytes = args.act_min == -128 && args.act_max == 127;
  if (bytes && p.sign > 0 && args.a_step == 1 && args.b_step == 1) {
    each_byte(args, [=](int a, int b) {
      return finish((bits(a) << 19) + half_start + bits(scaled(b)));
    });
    return true;
  }
  const uint32_t sign = bits(less.sign);
  each(args, [=](int a, int b) {
    return finish(bits(a) * factor + half_start + bits(scaled(b)) * sign) >> 1;
  });
  return true;
}

}  // namespace

void add_row(const BinaryArgs &args) {
#if defined(SHOAL_HAS_MVE_KERNELS)
  if (mve_add(args)) return;
#endif
  const AddParams p = params_of<AddParams>(args);
  if (add_halved(args, p)) return;
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

void mul_row(const BinaryArgs &args) {
#if defined(SHOAL_HAS_MVE_KERNELS)
  if (mve_mul(args)) return;
#endif
  const MulParams p = params_of<MulParams>(args);
  const int zero = args.zero_out, right = -2 - p.shift;
#if defined(SHOAL_NO_LONG_PRODUCTS)  // has too few registers for it
  const bool bytes = false;
#else
  const bool bytes = args.act_min == -128 && args.act_max == 127;
#endif
  if (bytes && right >= 0 && args.a_step == 1 && args.b_step == 1) {
    const int nudge = 2 * zero + 1;
    each_byte(args, [=](int a, int b) {
      const int32_t product = (a - p.zero0) * (b - p.zero1);
      return scale_doubled(product, p.multiplier, right) + nudge;
    });
    return;
  }
  each(args, [=](int a, int b) {
    const int32_t product = wrap_mul(a - p.zero0, b - p.zero1);
    return wrap_add(requantize(product, p.multiplier, p.shift), zero);
  });
}

void prelu_row(const BinaryArgs &args) {
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

void maximum_row(const BinaryArgs &args) {
  each(args, [](int a, int b) { return a > b ? a : b; });
}

void minimum_row(const BinaryArgs &args) {
  each(args, [](int a, int b) { return a < b ? a : b; });
}

}  // namespace shoal
