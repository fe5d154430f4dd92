// Additions and multiplications, four elements at a time.
#include <utility>

#include "device/kernels/each_pair.h"
#include "device/kernels/mve.h"
#include "device/kernels/mve_vectors.h"
#include "device/program/params.h"

namespace shoal {
namespace {

struct Operand {
  const int8_t* at;
  int stride, step;
  int32_t zero, multiplier, shift, sign;
  bool halved() const { return multiplier == 1 << 30 && shift == 0; }
};

// sums of a * factor + start + scaled b, to int8.
template <bool kHalved>
struct Add {
  int32_t factor, start;                  // of a
  int32_t zero, multiplier, shift, sign;  // of b
  int32_t out_multiplier, out_shift;
  Ending ending;

  Words operator()(const int8_t* a, const int8_t* b) const {
    const Words v = multiply(add(load_four(b), -zero), 1 << 20);
    Words sum =
        kHalved ? add(multiply(load_four(b), multiplier), start)
                : add(multiply(requantized(v, multiplier, shift), sign), start);
    sum = add_product(sum, load_four(a), factor);
    return ended(requantized(sum, out_multiplier, out_shift), ending);
  }
};

struct Multiply {
  MulParams p;
  Ending ending;

  Words operator()(const int8_t* a, const int8_t* b) const {
    const Words product =
        multiply(add(load_four(a), -p.zero0), add(load_four(b), -p.zero1));
    return ended(requantized(product, p.multiplier, p.shift), ending);
  }
};

// A row of `count` elements.
template <class F>
void run(const F& f, const int8_t* a, const int8_t* b, int count, int8_t* out) {
  const F mine = f;  // in registers
  for (int n = count / 4; n > 0; --n, a += 4, b += 4, out += 4) {
    store_four(mine(a, b), out);
  }
  const auto rest = static_cast<size_t>(count & 3);
  if (rest == 0) return;
  int8_t last_a[4] = {}, last_b[4] = {}, made[4];
  std::memcpy(last_a, a, rest), std::memcpy(last_b, b, rest);
  store_four(mine(last_a, last_b), made);
  std::memcpy(out, made, rest);
}

// Handles operands without steps of 0; pixels without gaps are one run.
template <class F>
[[gnu::noinline]] void runs(const BinaryArgs& args, const F& f) {
  const int count = args.channels, columns = args.x1 - args.x0;
  const int8_t* a = args.a + args.x0 * args.a_stride;
  const int8_t* b = args.b + args.x0 * args.b_stride;
  int8_t* out = args.out + args.x0 * args.out_stride;
  if (args.a_stride == count && args.b_stride == count &&
      args.out_stride == count) {
    return run(f, a, b, columns * count, out);
  }
  for (int x = 0; x < columns; ++x) {
    run(f, a, b, count, out);
    a += args.a_stride, b += args.b_stride, out += args.out_stride;
  }
}

Ending ending_of(const BinaryArgs& a) {
  return {a.zero_out, all_words(a.act_min), all_words(a.act_max)};
}

}  // namespace

bool mve_add(const BinaryArgs& all) {
  BinaryArgs args = all;
  const AddParams p = params_of<AddParams>(args);
  Operand half = {
      args.a, args.a_stride, args.a_step, p.zero0, p.multiplier0, p.shift0, 1};
  Operand less = {args.b,        args.b_stride, args.b_step, p.zero1,
                  p.multiplier1, p.shift1,      p.sign};
  if (!half.halved()) std::swap(half, less);
  const bool both = less.halved();
  if (!half.halved() || (less.shift >= 0 && !both) || p.shift_out >= 0) {
    return false;
  }
  if (half.step != 1 || less.step != 1) return false;
  args.a = half.at, args.a_stride = half.stride;
  args.b = less.at, args.b_stride = less.stride;
  Add<false> f = {half.sign * (1 << 19), 0,           less.zero,
                  less.multiplier,       less.shift,  less.sign,
                  p.multiplier_out,      p.shift_out, ending_of(args)};
  f.start = wrap(0 - bits(half.zero) * bits(f.factor));
  if (!both) {
    runs(args, f);
    return true;
  }
  f.multiplier = less.sign * (1 << 19);
  f.start = wrap_sub(f.start, wrap_mul(less.zero, f.multiplier));
  runs(args, Add<true>{f.factor, f.start, f.zero, f.multiplier, f.shift, f.sign,
                       f.out_multiplier, f.out_shift, f.ending});
  return true;
}

bool mve_mul(const BinaryArgs& args) {
  const MulParams p = params_of<MulParams>(args);
  if (args.a_step != 1 || args.b_step != 1 || p.shift >= 0) return false;
  runs(args, Multiply{p, ending_of(args)});
  return true;
}

}  // namespace shoal
