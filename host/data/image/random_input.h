// Inputs out of nothing, for models without data: `random:SEED` on the
// command line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/model/graph/graph.h"

namespace shoal {

// Returns whether an INPUT is "random:SEED"; Error(kUsage) if the seed is no
// number.
bool is_random_input(const std::string& input);
uint64_t random_seed_of(const std::string& input);

// Returns the bytes of all inputs in the file's types, the same on every
// machine: for a picture soft patches of colour with a little noise, else
// equally distributed values (floats in [-1, 1)).
std::vector<uint8_t> random_input(const Graph&, uint64_t seed);

}  // namespace shoal
