#include "device/decode/exponential.h"

#include <cstdint>
#include <cstring>

namespace shoal {

double exponential(double v) {
  if (v != v) return v;
  if (v > 709.7) return __builtin_inf();
  if (v < -708) return 0;
  // v = n * ln 2 + r with |r| <= ln 2 / 2. ln 2 has two parts, of which the
  // product of the first with n is exact.
  constexpr double kLn2 = 6.93147180369123816490e-01;
  constexpr double kRest = 1.90821492927058770002e-10;
  const auto n = static_cast<int>(v / kLn2 + (v < 0 ? -0.5 : 0.5));
  const double r = (v - n * kLn2) - n * kRest;
  // The Taylor series; what it leaves out is below 1e-17.
  double sum = 1;
  for (int k = 13; k > 0; --k) sum = 1 + sum * r / k;
  // Half of 2^n, which is a normal number for the largest n, too.
  const uint64_t bits = static_cast<uint64_t>(1022 + n) << 52;
  double half = 0;
  std::memcpy(&half, &bits, sizeof half);
  return 2 * sum * half;
}

float exponential(float v) {
  constexpr float kMost = 88.72283f;
  if (v > kMost) return __builtin_inff();
  return static_cast<float>(exponential(static_cast<double>(v)));
}

}  // namespace shoal
