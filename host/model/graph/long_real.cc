#include "host/model/graph/long_real.h"

#include <cmath>
#include <cstddef>

namespace shoal {
namespace {

__extension__ using Wide = unsigned __int128;

// The square root by Newton's steps from the computer's own.
LongReal root(const LongReal& x) {
  LongReal r(static_cast<float>(std::sqrt(x.estimate())));
  for (int i = 0; i < 6; ++i) r = (r + x / r).shifted(-1);
  return r;
}

LongReal log_of_two() {
  LongReal sum;
  for (uint64_t n = 1; n < 450; ++n) {
    sum = sum + LongReal(int64_t{1}).shifted(-static_cast<int>(n)) / n;
  }
  return sum;
}

// Returns the arc tangent of 1 / n.
LongReal arc_tangent(uint64_t n) {
  LongReal power = LongReal(int64_t{1}) / n, sum;
  for (uint64_t k = 1; !power.zero(); k += 2) {
    sum = k % 4 == 1 ? sum + power / k : sum - power / k;
    power = power / (n * n);
  }
  return sum;
}

LongReal pi() {
  return (arc_tangent(5).shifted(2) - arc_tangent(239)).shifted(2);
}

}  // namespace

LongReal::LongReal(int64_t value) : negative_(value < 0) {
  const auto size = static_cast<uint64_t>(value);
  limbs_[kFraction] = negative_ ? 0 - size : size;
}

LongReal::LongReal(float value) {
  int exponent = 0;
  const float fraction = std::frexp(value, &exponent);
  *this = LongReal(static_cast<int64_t>(std::ldexp(fraction, 24)))
              .shifted(exponent - 24);
}

bool LongReal::zero() const { return limbs_ == Limbs{}; }

bool LongReal::less(const Limbs& a, const Limbs& b) {
  for (size_t i = kLimbs; i-- > 0;) {
    if (a[i] != b[i]) return a[i] < b[i];
  }
  return false;
}

LongReal::Limbs LongReal::sum(const Limbs& a, const Limbs& b) {
  Limbs out;
  Wide carry = 0;
  for (size_t i = 0; i < kLimbs; ++i) {
    carry += Wide{a[i]} + b[i];
    out[i] = static_cast<uint64_t>(carry);
    carry >>= 64;
  }
  return out;
}

LongReal::Limbs LongReal::difference(const Limbs& a, const Limbs& b) {
  Limbs out;
  uint64_t borrow = 0;
  for (size_t i = 0; i < kLimbs; ++i) {
    const Wide wanted = Wide{b[i]} + borrow;
    borrow = a[i] < wanted ? 1 : 0;
    out[i] = static_cast<uint64_t>(a[i] - wanted);
  }
  return out;
}

LongReal LongReal::operator-() const {
  LongReal out = *this;
  out.negative_ = !negative_;
  return out;
}

LongReal LongReal::operator+(const LongReal& b) const {
  LongReal out = *this;
  if (negative_ == b.negative_) {
    out.limbs_ = sum(limbs_, b.limbs_);
  } else if (less(limbs_, b.limbs_)) {
    out.limbs_ = difference(b.limbs_, limbs_);
    out.negative_ = b.negative_;
  } else {
    out.limbs_ = difference(limbs_, b.limbs_);
  }
  return out;
}

LongReal LongReal::operator*(const LongReal& b) const {
  std::array<uint64_t, 2 * kLimbs> product{};
  for (size_t i = 0; i < kLimbs; ++i) {
    if (limbs_[i] == 0) continue;
    uint64_t carry = 0;
    for (size_t j = 0; j < kLimbs; ++j) {
      const Wide v = Wide{limbs_[i]} * b.limbs_[j] + product[i + j] + carry;
      product[i + j] = static_cast<uint64_t>(v);
      carry = static_cast<uint64_t>(v >> 64);
    }
    product[i + kLimbs] = carry;
  }
  LongReal out;
  out.negative_ = negative_ != b.negative_;
  for (size_t i = 0; i < kLimbs; ++i) out.limbs_[i] = product[i + kFraction];
  return out;
}

LongReal LongReal::operator/(uint64_t by) const {
  LongReal out = *this;
  Wide rest = 0;
  for (size_t i = kLimbs; i-- > 0;) {
    rest = rest << 64 | limbs_[i];
    out.limbs_[i] = static_cast<uint64_t>(rest / by);
    rest %= by;
  }
  return out;
}

// Bit by bit: the rest is doubled and subtracted from. Both are brought below
// 2^190 before, so that the rest has room.
LongReal LongReal::operator/(const LongReal& by) const {
  if (zero()) return {};
  const int down = by.top();
  const LongReal divisor = by.shifted(-down);
  LongReal rest = shifted(-top());
  LongReal out;
  rest.negative_ = false;
  const int first = top() - down;
  for (int bit = first; bit >= -64 * kFraction; --bit) {
    if (!less(rest.limbs_, divisor.limbs_)) {
      rest.limbs_ = difference(rest.limbs_, divisor.limbs_);
      const int at = bit + 64 * kFraction;
      out.limbs_[static_cast<size_t>(at / 64)] |= uint64_t{1} << at % 64;
    }
    rest.limbs_ = sum(rest.limbs_, rest.limbs_);
  }
  out.negative_ = negative_ != by.negative_;
  return out;
}

LongReal LongReal::shifted(int left) const {
  LongReal out;
  out.negative_ = negative_;
  const int limbs = left >= 0 ? left / 64 : -((63 - left) / 64);
  const int rest = left - 64 * limbs;  // 0 to 63
  for (int i = 0; i < kLimbs; ++i) {
    const int from = i - limbs;
    const auto limb = [&](int k) {
      return k < 0 || k >= kLimbs ? uint64_t{0}
                                  : limbs_[static_cast<size_t>(k)];
    };
    uint64_t v = limb(from) << rest;
    if (rest > 0) v |= limb(from - 1) >> (64 - rest);
    out.limbs_[static_cast<size_t>(i)] = v;
  }
  return out;
}

int LongReal::top() const {
  for (int i = 64 * kLimbs - 1; i >= 0; --i) {
    if (limbs_[static_cast<size_t>(i / 64)] >> i % 64 & 1) {
      return i - 64 * kFraction;
    }
  }
  return -64 * kFraction;
}

double LongReal::estimate() const {
  double v = 0;
  for (int i = kLimbs - 1; i >= 0; --i) {
    v += std::ldexp(static_cast<double>(limbs_[static_cast<size_t>(i)]),
                    64 * (i - kFraction));
  }
  return negative_ ? -v : v;
}

LongReal exp(const LongReal& x) {
  static const LongReal two = log_of_two();
  const auto k = static_cast<int64_t>(std::round(x.estimate() / 0.6931471805));
  const LongReal r = x - two * LongReal(k);
  LongReal term(int64_t{1}), sum;
  for (uint64_t n = 1; !term.zero(); ++n) {
    sum = sum + term;
    term = term * r / n;
  }
  return sum.shifted(static_cast<int>(k));
}

LongReal log(const LongReal& x) {
  static const LongReal two = log_of_two();
  const int exponent = x.top();
  const LongReal m = x.shifted(-exponent), one(int64_t{1});
  const LongReal z = (m - one) / (m + one), square = z * z;
  LongReal power = z, sum;
  for (uint64_t n = 1; !power.zero(); n += 2) {
    sum = sum + power / n;
    power = power * square;
  }
  return two * LongReal(int64_t{exponent}) + sum.shifted(1);
}

// erf(x / sqrt(2)) is sqrt(2 / pi) times the sum of
// x * (-x^2 / 2)^n / (n! * (2n + 1)).
LongReal gelu(const LongReal& x) {
  static const LongReal factor = root(LongReal(int64_t{2}) / pi());
  const LongReal square = -(x * x).shifted(-1);
  LongReal power = x, sum;
  for (uint64_t n = 0; !power.zero(); ++n) {
    sum = sum + power / (2 * n + 1);
    power = power * square / (n + 1);
  }
  return x.shifted(-1) * (LongReal(int64_t{1}) + factor * sum);
}

LongReal gelu_by_tanh(const LongReal& x) {
  static const LongReal factor = root(LongReal(int64_t{2}) / pi());
  const LongReal cubed =
      x * x * x * LongReal(int64_t{44715}) / uint64_t{1000000};
  const LongReal twice = (factor * (x + cubed)).shifted(1), one(int64_t{1});
  // (1 + tanh(u)) / 2 is 1 / (1 + e^-2u); both ways of it stay below 1.
  if (!x.negative()) return x / (one + exp(-twice));
  const LongReal e = exp(twice);
  return x * e / (one + e);
}

}  // namespace shoal
