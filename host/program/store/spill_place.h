// Where a node spills: whole blocks behind its image, as many as make its
// storage live long, and the ledger that they begin with.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "device/program/image.h"
#include "device/shoal.h"
#include "host/board/board.h"
#include "host/plan/types/plan.h"

namespace shoal {

// Offsets as the node sees them, from its image's first byte on; a block with
// the store's directory lies before that. None if the plan spills nothing.
std::optional<shoal_spill_area> spill_place(const PlanNode&, const Storage&,
                                            uint32_t image_bytes);

// Returns the bytes of the ledger's blocks before the first frame; the ring
// behind them may begin with anything. `key`: the node's, 32 bytes; null: not
// sealed.
std::vector<uint8_t> first_ledger(const shoal_spill_area&, const Header&,
                                  uint16_t node, const uint8_t* key);

}  // namespace shoal
