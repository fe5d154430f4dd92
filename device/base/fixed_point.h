// Integer arithmetic of TensorFlow Lite's reference int8 kernels with double
// rounding. Host and device compute with these very functions. All of them
// are total: sums that could leave int32 wrap mod 2^32.
//
// Source of the formulas: the gemmlowp fixed-point rules as TensorFlow Lite
// Micro builds them without TFLITE_SINGLE_ROUNDING.
#pragma once

#include <cstdint>

namespace shoal {

inline constexpr int32_t kInt32Max = 0x7FFFFFFF;
inline constexpr int32_t kInt32Min = -0x7FFFFFFF - 1;

constexpr int32_t wrap(uint32_t v) { return static_cast<int32_t>(v); }
constexpr uint32_t bits(int32_t v) { return static_cast<uint32_t>(v); }
constexpr int32_t wrap_add(int32_t a, int32_t b) {
  return wrap(bits(a) + bits(b));
}
constexpr int32_t wrap_sub(int32_t a, int32_t b) {
  return wrap(bits(a) - bits(b));
}
constexpr int32_t wrap_mul(int32_t a, int32_t b) {
  return wrap(bits(a) * bits(b));
}

// a*b/2^31 to nearest, halves up. This is hm of the golden set: adding
// 2^30 (2^30 - 1 less below zero) and cutting towards zero comes to the same.
constexpr int32_t high_mul_unsaturated(int32_t a, int32_t b) {
  return static_cast<int32_t>(
      (static_cast<int64_t>(a) * b + (int64_t{1} << 30)) >> 31);
}
constexpr int32_t high_mul(int32_t a, int32_t b) {
  if (a == kInt32Min && b == kInt32Min) return kInt32Max;
  return high_mul_unsaturated(a, b);
}

// v / 2^n to nearest, halves away from zero; 0 <= n <= 31.
constexpr int32_t round_shift(int32_t v, int n) {
  const uint32_t sign = bits(v >> 31);
  const uint32_t size = (bits(v) ^ sign) - sign;
  const uint32_t half = (uint32_t{1} << n) >> 1;
  return wrap((((size + half) >> n) ^ sign) - sign);
}

// rq(v, (m, s)) is (this + 1) >> 1 for s < -1; right = -2 - s. Within 2^30.
//
// The second rounding, round_shift(h, n) with n = -s, is
// (((h - (h < 0)) >> (n - 1)) + 1) >> 1, as h can be neither end of int32.
// Where v < 0 and h = 0 it may take h for negative: both give 0. So the sign
// is v's, known before the multiplication, the nudges of both roundings are
// one number, and only the upper half of the sum is needed.
constexpr int32_t requantize_doubled(int32_t v, int32_t multiplier, int right) {
  const uint32_t sign = bits(v >> 31);
  const uint64_t nudge = uint64_t{sign} << 32 | ((sign << 31) + (1u << 30));
  const int64_t sum =
      static_cast<int64_t>(v) * multiplier + static_cast<int64_t>(nudge);
  return static_cast<int32_t>(sum >> 32) >> right;
}

// rq(v, (m, s)): s > 0 shifts left first, s < 0 rounds right after the
// multiplication. multiplier >= 0, -31 <= s <= 30.
constexpr int32_t requantize(int32_t v, int32_t multiplier, int shift) {
  const int right = -2 - shift;
  if (right >= 0) return (requantize_doubled(v, multiplier, right) + 1) >> 1;
  if (shift > 0) {
    return high_mul_unsaturated(wrap(bits(v) << shift), multiplier);
  }
  const int32_t h = high_mul_unsaturated(v, multiplier);
  return shift == 0 ? h : wrap_add(wrap_add(h, h >> 31), 1) >> 1;
}

// The same where speed does not count, one copy for all callers.
[[gnu::noinline]] inline int32_t requantize_rarely(int32_t v,
                                                   int32_t multiplier,
                                                   int shift) {
  return requantize(v, multiplier, shift);
}

// v * multiplier / 2^(15 - s) to nearest, halves up: how TensorFlow Lite scales
// sums of 64 bits, by the upper half of a multiplier (shortened_multiplier()).
// 0 <= multiplier <= 2^15 - 1; -31 <= s, and s above 14 counts as 14. Sums of
// up to 2^47 do not wrap.
constexpr int32_t requantize_once(int64_t v, int32_t multiplier, int s) {
  const int right = s > 14 ? 1 : 15 - s;
  const uint64_t product =
      static_cast<uint64_t>(v) * static_cast<uint64_t>(multiplier) +
      (uint64_t{1} << (right - 1));
  return static_cast<int32_t>(static_cast<int64_t>(product) >> right);
}
constexpr int32_t shortened_multiplier(int32_t multiplier) {
  return multiplier < 0x7FFF0000 ? (multiplier + (1 << 15)) >> 16 : 0x7FFF;
}

constexpr int32_t clamp(int32_t v, int32_t low, int32_t high) {
  return v < low ? low : v > high ? high : v;
}

constexpr int32_t saturate(int64_t v) {
  return v > kInt32Max   ? kInt32Max
         : v < kInt32Min ? kInt32Min
                         : static_cast<int32_t>(v);
}

// e^a for a <= 0 with k integer bits (31 - k fractional bits); the result has
// 31 fractional bits. k is 4 or 5 here.
constexpr int32_t exp_negative(int32_t a, int k) {
  if (a == 0) return kInt32Max;
  const int32_t quarter = int32_t{1} << (29 - k);
  const int32_t m = (a & (quarter - 1)) - quarter;
  const int32_t x = wrap_add(wrap(bits(m) << k), int32_t{1} << 28);
  const int32_t x2 = high_mul(x, x);
  const int32_t x3 = high_mul(x2, x);
  const int32_t x4 = high_mul(x2, x2);
  const int32_t third = 715827883;
  const int32_t a0 = 1895147668;
  const int32_t inner =
      wrap_add(high_mul(wrap_add(round_shift(x4, 2), x3), third), x2);
  int32_t r = wrap_add(a0, high_mul(a0, wrap_add(x, round_shift(inner, 1))));
  const int32_t factor[] = {1672461947, 1302514674, 790015084, 290630308,
                            39332535,   720401,     242};
  const int32_t rest = wrap_sub(m, a);
  for (int e = -2; e < k; ++e) {
    if (rest & (int32_t{1} << (31 - k + e))) r = high_mul(r, factor[e + 2]);
  }
  return r;
}

// 2 / (1 + a) with 29 fractional bits, for a in [0, 1) with 31.
constexpr int32_t reciprocal_one_plus(int32_t a) {
  const int64_t t = static_cast<int64_t>(a) + kInt32Max;
  const int32_t h = static_cast<int32_t>((t + (t >= 0 ? 1 : -1)) / 2);
  int32_t v = wrap_add(1515870810, high_mul(h, -1010580540));
  for (int i = 0; i < 3; ++i) {
    const int32_t d = high_mul(v, wrap_sub(int32_t{1} << 29, high_mul(h, v)));
    v = wrap_add(v, saturate(static_cast<int64_t>(d) * 4));
  }
  return v;
}

constexpr int leading_zeros(uint32_t v) {
  int n = 0;
  while (n < 32 && !(v & 0x80000000u)) v <<= 1, ++n;
  return n;
}

// 1 / sqrt(d) as value * 2^(shift - 31): gemmlowp's, by five steps of Newton's
// method from 1. Of 0 as of 1.
struct InverseRoot {
  int32_t value;
  int shift;
};
constexpr InverseRoot inverse_root(uint32_t d) {
  if (d <= 1) return {kInt32Max, 0};
  int shift = -11;
  while (d >= 1u << 29) d /= 4, --shift;
  const int pairs = (leading_zeros(d) - 1) / 2 - 1;
  const int32_t a = wrap(d << 2 * pairs) >> 1;
  const int32_t half = round_shift(a, 1);
  int32_t y = 1 << 28;
  for (int i = 0; i < 5; ++i) {
    const int32_t cube = saturate(int64_t{64} * high_mul(high_mul(y, y), y));
    y = saturate(int64_t{8} *
                 wrap_sub(high_mul(3 << 27, y), high_mul(half, cube)));
  }
  return {high_mul(y, 1518500250), shift + pairs};
}

// ln of a sum of at least 1 with 19 fractional bits; the result has 26.
// gemmlowp's: the sum as 2^k times a number around the root of a half, both
// ways of it, whichever is the smaller; a polynomial by (x - a) / (x + a).
constexpr int32_t log_of_sum(uint32_t sum) {
  const int32_t root = 1518500250;  // of 1/2
  const int32_t middle = 1805811301;
  const int n = leading_zeros(sum);
  const int32_t below = high_mul(wrap(sum), root);
  const int k = leading_zeros(bits(below)) - 1;
  const int32_t ra =
      saturate(int64_t{2} * high_mul(wrap(sum << (n > 0 ? n - 1 : 0)), root));
  const int32_t rb = saturate(static_cast<int64_t>(sum) << k);
  const int32_t za = (12 - n) * (1 << 25) + (1 << 23);
  const int32_t zb = (12 - k) * (1 << 25) - (1 << 23);
  const int32_t r = ra < rb ? ra : rb, z = za > zb ? za : zb;
  const int64_t t = static_cast<int64_t>(r) + middle;
  const int32_t p = static_cast<int32_t>((t + (t >= 0 ? 1 : -1)) / 2);
  const int32_t q = saturate(int64_t{2} * (static_cast<int64_t>(r) - middle));
  const int32_t c = high_mul(q, q);
  const int32_t u =
      wrap_add(high_mul(q, r), high_mul(high_mul(q, c), 117049297));
  const int32_t v = wrap_add(
      high_mul(p, wrap_add(wrap_add(1057819769, q), high_mul(127690142, c))),
      high_mul(638450708, q));
  const int32_t ratio = high_mul(round_shift(u, 6),
                                 saturate(int64_t{2} * reciprocal_one_plus(v)));
  return saturate(int64_t{2} * wrap_add(high_mul(z, 1488522236), ratio));
}

// u / v times (m, s) for v other than 0, as TensorFlow Lite divides: the
// quotient of their leading bits, then one shift to the right, of which more
// than 31 places leave nothing. s <= kMostDivideShift.
constexpr int32_t divide(int32_t u, int32_t v, int32_t multiplier, int shift) {
  if (v < 0) u = -u, v = -v;
  const int l = leading_zeros(bits(v));
  const int k = leading_zeros(bits(u < 0 ? -u - 1 : u)) - 1;
  const int32_t inverse =
      reciprocal_one_plus(wrap((bits(v) << l) - 0x80000000u));
  const int32_t quotient =
      high_mul(wrap(bits(u) << k), saturate(int64_t{2} * inverse));
  const int right = 31 - l + k - shift;
  return right > 31 ? 0 : round_shift(high_mul(quotient, multiplier), right);
}
inline constexpr int kMostDivideShift = 22;

}  // namespace shoal
