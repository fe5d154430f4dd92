// From the values of a tensor to the range that int8 covers, and from that to
// scale and zero point.
#pragma once

#include "host/quantize/histogram.h"
#include "host/quantize/quantize.h"

namespace shoal {

struct ValueRange {
  double low = 0, high = 0;  // low <= 0 <= high
  bool operator==(const ValueRange&) const = default;
};

// Returns the range that the method chooses. kMse minimizes the sum of squared
// errors from clipping and rounding (a twelfth of the squared step).
// `below_zero` is the weight of squared errors of negative values, for a tensor
// whose only readers make them smaller.
ValueRange choose_range(const Histogram&, const QuantizeOptions&,
                        double below_zero = 1);

ValueRange joined(const ValueRange&, const ValueRange&);

struct Params {
  float scale = 1;
  int zero = 0;
  bool operator==(const Params&) const = default;
};

// TensorFlow Lite's: zero is one of the 256 values. The range is not empty.
Params params_of(const ValueRange&);
// The same of int16, whose zero point is 0.
Params params16_of(const ValueRange&);
// Returns the range that the 256 values of these parameters cover.
ValueRange range_of(const Params&);
// The same of int16.
ValueRange range16_of(const Params&);

}  // namespace shoal
