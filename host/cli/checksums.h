// Checksums of a run's inputs, in few characters: so that a journal goes on
// with the same inputs, and that all ranks have the same.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "host/model/graph/graph.h"
#include "host/model/graph/import_options.h"

namespace shoal {

// Returns the checksum of a file, of what of it is run and of the graph's
// constants, which may lie in other files; or a network of the zoo by its name.
std::string model_checksum(const std::string& model, const ImportOptions&,
                           const Graph&);

// Returns the checksum of a few of the inputs, spread over all: every rank
// reads them. One that cannot be read is told when it is its turn.
std::string some_inputs_checksum(
    int64_t count, const std::function<std::vector<uint8_t>(int64_t)>& input);

}  // namespace shoal
