// The order in which chunks lie in the tape part: that of their first use, so
// that a node reads it from front to back.
#pragma once

#include <cstdint>
#include <vector>

#include "host/program/emit/record.h"

namespace shoal {

// Numbers (in the pool) of all chunks that the stages read from storage, each
// once: what is kept, then by stage what it reads when it is entered and its
// tape.
std::vector<uint32_t> tape_order(const std::vector<StageTables>&,
                                 const ChunkPool&);

}  // namespace shoal
