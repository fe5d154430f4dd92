#include "host/model/graph/digits.h"

#include "device/base/fixed_point.h"

namespace shoal {
namespace {

constexpr int kDigitBits = 7;

}  // namespace

int digits_for(int64_t bound) {
  int digits = kLeastDigits;
  // The highest digit is a whole byte.
  while (digits < kMostDigits && bound > int64_t{127}
                                             << (kDigitBits * (digits - 1))) {
    ++digits;
  }
  return digits;
}

Multiplier digit_multiplier(int place, int digits) {
  if (place == digits - 1) return {1 << (31 - kDigitBits * place), 0};
  return {1 << (kDigitBits - 1), 32 - kDigitBits * (place + 1)};
}

int32_t number_of_digits(const int8_t* digits, int count) {
  uint32_t number = 0;
  for (int i = count; i-- > 0;) {
    number = (number << kDigitBits) + bits(digits[i]);
  }
  return wrap(number);
}

}  // namespace shoal
