// Checksums of a run's inputs, in few characters: so that a journal goes on
// with the same inputs, and that all ranks have the same.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "host/model/graph/import_options.h"

namespace shoal {

// The checksum of a file and what of it is run, or a network of the zoo by its
// name.
std::string model_checksum(const std::string& model, const ImportOptions&);

// Returns the checksum of a few of the inputs, spread over all: every rank
// reads them. One that cannot be read is told when it is its turn.
std::string some_inputs_checksum(
    int64_t count, const std::function<std::vector<uint8_t>(int64_t)>& input);

}  // namespace shoal
