// The normalization that a float model applies to its input before anything
// else: exporters put (x - mean) / std into the network.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/model/graph/graph.h"

namespace shoal {

// y = x * scale + offset, one for all channels or one for each.
struct OwnNormalization {
  std::vector<float> scale, offset;
  int result = -1;          // tensor y
  std::vector<size_t> ops;  // that compute it
};

// ADD, SUB, MUL and DIV with constants, without activation, that alone read the
// only input, and each other.
std::optional<OwnNormalization> own_normalization(const Graph&);

// That of pixels for the result, if `before` is what makes the input of them.
// Nothing if it could not be said by a mean and a positive deviation.
std::optional<Normalization> joined(const Normalization& before,
                                    const OwnNormalization&);

// The model from the result on, whose input it is; it says `pixels` of it.
Graph without_own(const Graph&, const OwnNormalization&, Normalization pixels);

// A line for people if inputs of [low, high] cannot be meant: normalized twice,
// or not spread enough to tell anything. Empty: they can.
std::string doubt_about_input(const OwnNormalization&, float low, float high);

}  // namespace shoal
