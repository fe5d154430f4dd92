// Real numbers of 192 bits before the point and 448 behind it, and what
// operators without a reference in integers need of them: enough bits that the
// rounding of a byte never depends on a computer's own mathematics. Results are
// cut, not rounded; errors stay far below 2^-200 for what is said below.
#pragma once

#include <array>
#include <cstdint>

namespace shoal {

class LongReal {
 public:
  LongReal() = default;
  explicit LongReal(int64_t value);
  explicit LongReal(float value);  // exact from 2^-400 on

  bool zero() const;
  bool negative() const { return negative_; }
  LongReal operator-() const;
  LongReal operator+(const LongReal&) const;
  LongReal operator-(const LongReal& b) const { return *this + -b; }
  LongReal operator*(const LongReal&) const;
  LongReal operator/(const LongReal&) const;  // by other than zero
  LongReal operator/(uint64_t) const;
  bool operator<(const LongReal& b) const { return (*this - b).below_zero(); }
  LongReal shifted(int left) const;  // times 2^left
  int top() const;                   // 2^top <= |this| < 2^(top + 1)
  double estimate() const;

 private:
  static constexpr int kLimbs = 10, kFraction = 7;
  using Limbs = std::array<uint64_t, kLimbs>;
  bool below_zero() const { return negative_ && !zero(); }
  static bool less(const Limbs&, const Limbs&);
  static Limbs sum(const Limbs&, const Limbs&);
  static Limbs difference(const Limbs&, const Limbs&);  // a >= b

  bool negative_ = false;
  Limbs limbs_{};  // the lowest first
};

LongReal exp(const LongReal&);   // |x| <= 120
LongReal log(const LongReal&);   // x > 0
LongReal gelu(const LongReal&);  // x / 2 * (1 + erf(x / sqrt(2))), |x| <= 16
// x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))), |x| <= 12
LongReal gelu_by_tanh(const LongReal&);

}  // namespace shoal
