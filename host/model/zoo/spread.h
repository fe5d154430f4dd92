// How values spread, in real units: what scales are chosen from. The rules
// are those of independent normal values, roughly; a range that is wrong by
// a factor of two costs a bit of a byte.
#pragma once

#include "host/model/graph/graph.h"

namespace shoal::zoo {

struct Spread {
  double mean = 0, variance = 0;
  double deviation() const;
};

// The values behind an activation.
Spread activated(const Spread&, Activation);
// The largest of `count` neighbours, which resemble each other.
Spread largest_of(int count, const Spread&);
// The mean of a whole picture: what is left differs between channels.
Spread averaged(const Spread&);

struct Range {
  float scale = 1;
  int zero = 0;
};
// Holds nearly all of the values. Scales have 8 binary digits, so that the
// last bit of a machine's mathematics does not show.
Range range_of(const Spread&, Activation);
// v with 8 binary digits.
float short_scale(double v);

}  // namespace shoal::zoo
