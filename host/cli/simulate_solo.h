// `shoal simulate` for one node alone, with its storage beside it.
#pragma once

#include <cstdint>
#include <vector>

#include "host/cli/commands.h"
#include "host/model/graph/graph.h"

namespace shoal {

// An input for who has none: noise in the tensors' types, floats in [-1, 1).
std::vector<uint8_t> noise_input(const Graph&, uint64_t seed);
// The file, or noise.
std::vector<uint8_t> simulated_input(const Graph&, const SimulateFlags&);

int simulate_solo(const SimulateFlags&);

}  // namespace shoal
