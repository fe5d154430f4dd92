// Random small networks as .tflite files: convolutions of all kinds, skips,
// branches, squeeze-and-excite, U shapes, splits, explicit pads, tall
// windows, axes in any order, several inputs and outputs, every file type.
// A network follows from its recipe alone; a recipe with fewer steps gives a
// prefix of the same network, which is how a failing one is shrunk.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "host/model/graph/graph.h"

namespace shoal {

struct NetRecipe {
  uint32_t seed = 1;
  int steps = 8;           // how many blocks are laid on one another
  bool later = false;      // with operators that came later, too
  bool is_signal = false;  // pictures of one row: columns are steps in time
};

// Returns the recipe that tests use for a seed.
NetRecipe random_recipe(uint32_t seed);
std::vector<uint8_t> random_model(const NetRecipe&);

// Bytes of all inputs, in the file's types; reals stay finite.
std::vector<uint8_t> random_input(const Graph&, std::mt19937&);

// Operators with their shapes, a line each, for messages.
std::string text_of(const Graph&);

}  // namespace shoal
