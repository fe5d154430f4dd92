// The contents of a board's storage: directory, program, input frames, spills.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "device/storage/directory.h"
#include "host/lower/net.h"
#include "host/model/graph/graph.h"

namespace shoal {

// Returns one frame as a node takes it: the rows of all inputs, int8. `input`
// holds all inputs one after another in the file's types.
std::vector<uint8_t> frame_rows(const Graph&, const Net&,
                                std::span<const uint8_t> input);

// Room to spill, behind all else.
struct SpillRoom {
  uint32_t blocks = 0;  // the ledger's included
  uint32_t erase_bytes = 0, write_bytes = 0;
  const uint8_t* node_key = nullptr;  // 32 bytes; null: not sealed
};

// Returns the storage's first bytes; what follows is erased. All frames have
// the same size. Throws Error(kDoesNotFit) if all of it is more than
// `storage_bytes`.
std::vector<uint8_t> storage_image(
    const std::string& board, std::span<const uint8_t> program,
    const std::vector<std::vector<uint8_t>>& frames, int64_t storage_bytes,
    const std::optional<SpillRoom>& spill = {});

// Returns the directory of such an image, unchecked.
Directory directory_of(std::span<const uint8_t> image);

}  // namespace shoal
