// Element-wise kernels against the golden set's formulas, softmax against the
// real function.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "device/kernels/mve.h"
#include "device/kernels/testing/kernel_cases.h"
#include "device/program/params.h"

namespace shoal {
namespace {

int random_multiplier(std::mt19937& random) {
  return random_int(random, 1 << 30, 0x7FFFFFFF);
}

// Operands that may repeat a column or a channel, in exact heap blocks.
struct Operand {
  std::vector<int8_t> data;
  int stride, step;
  Operand(std::mt19937& random, int columns, int channels) {
    step = one_in(random, 4) ? 0 : 1;
    const int wide = step ? channels : 1;
    stride = one_in(random, 4) ? 0 : random_stride(random, wide);
    data = random_bytes(random, (columns - 1) * stride + wide);
  }
  int8_t operator()(int x, int c) const {
    return at(data, x * stride + c * step);
  }
};

using Formula = std::function<int32_t(int a, int b)>;

void check_binary(void (*kernel)(const BinaryArgs&), uint32_t seed,
                  const std::function<Formula(std::mt19937&, BinaryArgs&,
                                              int32_t* params)>& make) {
  std::mt19937 random(seed);
  for (int i = 0; i < 300; ++i) {
    BinaryArgs args{};
    const int columns = random_int(random, 1, 12);
    args.channels = random_int(random, 1, 12);
    args.x0 = random_int(random, 0, columns - 1);
    args.x1 = random_int(random, args.x0 + 1, columns);
    const Operand a(random, args.x1, args.channels);
    const Operand b(random, args.x1, args.channels);
    args.a = a.data.data(), args.a_stride = a.stride, args.a_step = a.step;
    args.b = b.data.data(), args.b_stride = b.stride, args.b_step = b.step;
    args.zero_in = random_int(random, -128, 127);
    args.zero_out = random_int(random, -128, 127);
    args.act_min = one_in(random, 2) ? -128 : random_int(random, -128, 0);
    args.act_max = one_in(random, 2) ? 127 : random_int(random, 0, 127);
    int32_t params[kParamCount<AddParams>] = {};
    const Formula formula = make(random, args, params);
    args.params = params;
    args.out_stride = random_stride(random, args.channels);
    std::vector<int8_t> out =
        random_bytes(random, args.x1 * args.out_stride + 2);
    std::vector<int8_t> want = out;
    for (int x = args.x0; x < args.x1; ++x) {
      for (int c = 0; c < args.channels; ++c) {
        want.at(static_cast<size_t>(x * args.out_stride + c)) =
            static_cast<int8_t>(
                clamp(formula(a(x, c), b(x, c)), args.act_min, args.act_max));
      }
    }
    args.out = out.data();
    kernel(args);
    ASSERT_EQ(out, want) << "seed " << seed << " case " << i;
  }
}

// Counts the rows that a quick kernel takes; it leaves the others to the plain
// one.
template <bool (*kQuick)(const BinaryArgs&), void (*kPlain)(const BinaryArgs&)>
struct Quick {
  inline static int made = 0;
  static void row(const BinaryArgs& args) {
    if (kQuick(args)) {
      ++made;
    } else {
      kPlain(args);
    }
  }
};

void check_add(void (*kernel)(const BinaryArgs&), uint32_t seed) {
  check_binary(kernel, seed, [](std::mt19937& r, BinaryArgs& args, int32_t* p) {
    auto& q = *reinterpret_cast<AddParams*>(p);
    q = {random_int(r, -128, 127), random_int(r, -128, 127),
         random_multiplier(r),     -random_int(r, 0, 4),
         random_multiplier(r),     -random_int(r, 0, 4),
         random_multiplier(r),     -random_int(r, 16, 20),
         one_in(r, 2) ? 1 : -1};
    // TensorFlow Lite gives the operand with the larger scale this multiplier.
    if (one_in(r, 3)) q.multiplier0 = 1 << 30, q.shift0 = 0;
    if (one_in(r, 3)) q.multiplier1 = 1 << 30, q.shift1 = 0;
    const int zero = args.zero_out;
    return Formula([q, zero](int a, int b) {
      const int32_t s =
          requantize((a - q.zero0) * 1048576, q.multiplier0, q.shift0);
      const int32_t t =
          requantize((b - q.zero1) * 1048576, q.multiplier1, q.shift1);
      return requantize(s + q.sign * t, q.multiplier_out, q.shift_out) + zero;
    });
  });
}

TEST(Binary, Add) { check_add(add_row, 1); }
TEST(Binary, AddByHelium) {
  using Add = Quick<mve_add, add_row>;
  Add::made = 0;
  check_add(Add::row, 21);
  check_add(Add::row, 22);
  EXPECT_GT(Add::made, 100);
}

void check_mul(void (*kernel)(const BinaryArgs&), uint32_t seed) {
  check_binary(kernel, seed, [](std::mt19937& r, BinaryArgs& args, int32_t* p) {
    auto& q = *reinterpret_cast<MulParams*>(p);
    q = {random_int(r, -128, 127), random_int(r, -128, 127),
         random_multiplier(r), -random_int(r, -1, one_in(r, 4) ? 31 : 9)};
    const int zero = args.zero_out;
    return Formula([q, zero](int a, int b) {
      return requantize((a - q.zero0) * (b - q.zero1), q.multiplier, q.shift) +
             zero;
    });
  });
}

TEST(Binary, Mul) { check_mul(mul_row, 2); }
TEST(Binary, MulByHelium) {
  using Mul = Quick<mve_mul, mul_row>;
  Mul::made = 0;
  check_mul(Mul::row, 23);
  check_mul(Mul::row, 24);
  EXPECT_GT(Mul::made, 100);
}

TEST(Binary, Prelu) {
  check_binary(prelu_row, 3, [](std::mt19937& r, BinaryArgs& args, int32_t* p) {
    auto& q = *reinterpret_cast<PreluParams*>(p);
    q = {random_int(r, -128, 127), random_multiplier(r), -random_int(r, -1, 3),
         random_multiplier(r), -random_int(r, 2, 9)};
    const int zx = args.zero_in, zy = args.zero_out;
    return Formula([q, zx, zy](int x, int alpha) {
      if (x >= zx)
        return requantize(x - zx, q.multiplier_pos, q.shift_pos) + zy;
      return requantize((x - zx) * (alpha - q.zero_alpha), q.multiplier_neg,
                        q.shift_neg) +
             zy;
    });
  });
}

TEST(Binary, MaximumAndMinimum) {
  check_binary(maximum_row, 4, [](std::mt19937&, BinaryArgs&, int32_t*) {
    return Formula([](int a, int b) { return std::max(a, b); });
  });
  check_binary(minimum_row, 5, [](std::mt19937&, BinaryArgs&, int32_t*) {
    return Formula([](int a, int b) { return std::min(a, b); });
  });
}

TEST(Lut, EveryByte) {
  std::mt19937 random(6);
  const std::vector<int8_t> table = random_bytes(random, 256);
  for (int i = 0; i < 100; ++i) {
    LutArgs a{};
    a.channels = random_int(random, 1, 40);
    a.x0 = random_int(random, 0, 3), a.x1 = random_int(random, a.x0 + 1, 9);
    a.in_stride = random_stride(random, a.channels);
    a.out_stride = random_stride(random, a.channels);
    const std::vector<int8_t> in =
        random_bytes(random, (a.x1 - 1) * a.in_stride + a.channels);
    std::vector<int8_t> out = random_bytes(random, a.x1 * a.out_stride);
    std::vector<int8_t> want = out;
    for (int x = a.x0; x < a.x1; ++x) {
      for (int c = 0; c < a.channels; ++c) {
        want.at(static_cast<size_t>(x * a.out_stride + c)) =
            at(table, at(in, x * a.in_stride + c) + 128);
      }
    }
    a.in = in.data(), a.table = table.data(), a.out = out.data();
    lut_row(a);
    ASSERT_EQ(out, want) << "case " << i;
  }
}

TEST(Requantize, AnyShape) {
  std::mt19937 random(7);
  for (int i = 0; i < 200; ++i) {
    RequantizeArgs a{};
    a.channels = random_int(random, 1, 20);
    a.x0 = random_int(random, 0, 3), a.x1 = random_int(random, a.x0 + 1, 9);
    a.in_stride = random_stride(random, a.channels);
    a.out_stride = random_stride(random, a.channels);
    a.zero_out = random_int(random, -128, 127);
    a.act_min = random_int(random, -128, 0);
    a.act_max = random_int(random, 0, 127);
    std::vector<int32_t> in, bias, multipliers;
    std::vector<int8_t> shifts;
    for (int k = 0; k < (a.x1 - 1) * a.in_stride + a.channels; ++k) {
      in.push_back(one_in(random, 9) ? 0x7FFFFFFF
                                     : random_int(random, -100000, 100000));
    }
    for (int c = 0; c < a.channels; ++c) {
      bias.push_back(random_int(random, -50000, 50000));
      multipliers.push_back(random_multiplier(random));
      shifts.push_back(static_cast<int8_t>(-random_int(random, 6, 12)));
    }
    std::vector<int8_t> out = random_bytes(random, a.x1 * a.out_stride);
    std::vector<int8_t> want = out;
    for (int x = a.x0; x < a.x1; ++x) {
      for (size_t c = 0; c < bias.size(); ++c) {
        const int32_t v =
            wrap_add(in.at(static_cast<size_t>(x * a.in_stride) + c), bias[c]);
        want.at(static_cast<size_t>(x * a.out_stride) + c) =
            static_cast<int8_t>(
                clamp(requantize(v, multipliers[c], shifts[c]) + a.zero_out,
                      a.act_min, a.act_max));
      }
    }
    a.in = in.data(), a.bias = bias.data(), a.out = out.data();
    a.multipliers = multipliers.data(), a.shifts = shifts.data();
    requantize_row(a);
    ASSERT_EQ(out, want) << "case " << i;
  }
}

// (m, s) = Q(beta * scale * 2^26) and diff_min of an input scale.
SoftmaxArgs softmax_of(double scale) {
  SoftmaxArgs a{};
  int exponent;
  const double m = std::frexp(scale * (1 << 26), &exponent);
  a.multiplier = static_cast<int32_t>(std::lround(m * 0x1p31));
  a.shift = exponent;
  a.diff_min = -((31 << 26) >> exponent);
  return a;
}

TEST(Softmax, IsWithinAStepOfTheFunction) {
  std::mt19937 random(8);
  for (int i = 0; i < 200; ++i) {
    const double scale = std::exp2(random_int(random, -40, 8) / 8.0);
    SoftmaxArgs a = softmax_of(scale);
    a.channels = random_int(random, 1, 150);
    a.x0 = random_int(random, 0, 2), a.x1 = random_int(random, a.x0 + 1, 5);
    a.in_stride = random_stride(random, a.channels);
    a.out_stride = random_stride(random, a.channels);
    const std::vector<int8_t> in =
        random_bytes(random, (a.x1 - 1) * a.in_stride + a.channels);
    std::vector<int8_t> out = random_bytes(random, a.x1 * a.out_stride);
    const std::vector<int8_t> before = out;
    a.in = in.data(), a.out = out.data();
    softmax_row(a);
    for (int k = 0; k < a.x1 * a.out_stride; ++k) {
      const int x = k / a.out_stride, c = k % a.out_stride;
      if (x < a.x0 || c >= a.channels) {
        ASSERT_EQ(at(out, k), at(before, k)) << "case " << i << " at " << k;
        continue;
      }
      double sum = 0;
      for (int j = 0; j < a.channels; ++j) {
        sum += std::exp(scale * (at(in, x * a.in_stride + j) -
                                 at(in, x * a.in_stride + c)));
      }
      ASSERT_NEAR(at(out, k), std::min(256 / sum - 128, 127.0), 1.01)
          << "case " << i << " at " << k;
    }
  }
}

// The formula of kernels.h, channel by channel.
std::vector<int8_t> plain_softmax(const SoftmaxArgs& a,
                                  const std::vector<int8_t>& in) {
  const int highest = *std::max_element(in.begin(), in.end());
  const auto exponential = [&](int8_t v) {
    return exp_negative(
        high_mul(wrap(bits(v - highest) << a.shift), a.multiplier), 5);
  };
  uint32_t sum = 0;
  for (const int8_t v : in) {
    if (v - highest >= a.diff_min) {
      sum += bits(round_shift(exponential(v), 12));
    }
  }
  const int zeros = leading_zeros(sum);
  const int32_t scale = saturate(
      int64_t{2} * reciprocal_one_plus(wrap((sum << zeros) - 0x80000000u)));
  std::vector<int8_t> out;
  for (const int8_t v : in) {
    int32_t y = 0;
    if (v - highest >= a.diff_min && zeros > 3) {
      y = round_shift(high_mul(scale, exponential(v)), 35 - zeros);
    }
    out.push_back(static_cast<int8_t>(clamp(y - 128, -128, 127)));
  }
  return out;
}

TEST(Softmax, ChannelsThatShareADifference) {
  std::mt19937 random(9);
  for (int i = 0; i < 200; ++i) {
    SoftmaxArgs a = softmax_of(std::exp2(random_int(random, -40, 8) / 8.0));
    a.channels = random_int(random, 1, 1500);
    std::vector<int8_t> in = random_bytes(random, a.channels);
    if (one_in(random, 2)) {
      for (int8_t& v : in) v = static_cast<int8_t>(v / 16);
    }
    std::vector<int8_t> out(in.size());
    a.x1 = 1, a.in = in.data(), a.out = out.data();
    softmax_row(a);
    ASSERT_EQ(out, plain_softmax(a, in)) << "case " << i;
  }
}

// From the golden set's formulas in another language.
TEST(Softmax, ToTheBit) {
  SoftmaxArgs a = softmax_of(0.1);
  const std::vector<int8_t> in = {10, 20, 30, 25, -100, 28};
  std::vector<int8_t> out(in.size());
  a.channels = 6, a.x1 = 1, a.in = in.data(), a.out = out.data();
  softmax_row(a);
  EXPECT_EQ(out, (std::vector<int8_t>{-116, -96, -41, -75, -128, -56}));
}

// The largest sum's shift reaches 32: nothing is left of the results.
TEST(Softmax, ManyEqualChannels) {
  SoftmaxArgs a = softmax_of(0.1);
  for (const int channels : {1, 2, 256, 511, 512, 1001, 4096}) {
    const std::vector<int8_t> in(static_cast<size_t>(channels), 3);
    std::vector<int8_t> out(in.size(), 99);
    a.channels = channels, a.x1 = 1, a.in = in.data(), a.out = out.data();
    softmax_row(a);
    const int want = channels == 1     ? 127
                     : channels == 511 ? -127
                                       : 256 / channels - 128;
    EXPECT_EQ(out, std::vector<int8_t>(in.size(), static_cast<int8_t>(want)))
        << channels;
  }
}

}  // namespace
}  // namespace shoal
