// From the values of a tensor to the range that int8 covers, and from that to
// scale and zero point.
#pragma once

#include "host/quantize/histogram.h"
#include "host/quantize/quantize.h"

namespace shoal {

struct Range {
  double low = 0, high = 0;  // low <= 0 <= high
  bool operator==(const Range&) const = default;
};

// What the method chooses. kMse: least sum of squares of what clipping and
// rounding (a twelfth of the squared step) do to the values. `below_zero`: what
// squares of errors of negative values count, if all that reads them makes
// them smaller.
Range choose_range(const Histogram&, const QuantizeOptions&,
                   double below_zero = 1);

Range joined(const Range&, const Range&);

struct Params {
  float scale = 1;
  int zero = 0;
  bool operator==(const Params&) const = default;
};

// TensorFlow Lite's: zero is one of the 256 values. The range is not empty.
Params params_of(const Range&);
// What the 256 values of these parameters reach.
Range range_of(const Params&);

}  // namespace shoal
