// Weights of an image that is not memory mapped: cut into chunks that fit the
// slots of the arena, on a tape that follows a recorded order of firings.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "host/plan/plan.h"

namespace shoal {

// Bytes of a chunk without its tag.
uint32_t chunk_bytes(const Layer&, const PlanChunk&);

// Cuts the weights of all actors into chunks of at most `chunk_limit` bytes,
// or of one channel where that is more, and records an order. Writers of
// buffer `late` (an output that lies over an input; -1: none) fire only when
// nothing else can, as the overlay's lead presumes.
void put_on_tape(const Net&, PlanStage&, int late, uint32_t chunk_limit);

// The orders that put_on_tape() chooses from if nothing is late. They depend
// on the stage's bands and slots, not on its chunks.
using TapeOrders = std::array<std::vector<PlanRun>, 2>;
TapeOrders tape_orders(const Net&, const PlanStage&);
void put_on_tape(const Net&, PlanStage&, const TapeOrders&,
                 uint32_t chunk_limit);

// What a frame reads of a stage's tape: the runtime keeps a chunk for as long
// as nobody asks for another one.
struct TapeReads {
  int64_t chunks = 0;
  int64_t bytes = 0;  // without tags
};
TapeReads tape_reads(const Net&, const PlanStage&);

// Bytes of a slot for the chunks of these stages; 0 without a tape.
uint32_t slot_bytes(const Net&, const std::vector<PlanStage>&);

}  // namespace shoal
