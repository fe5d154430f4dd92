// Weights that come from storage: cut into chunks that fit the slots of the
// arena, on a tape that follows a recorded order of firings.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "host/plan/cost/time.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/uses.h"

namespace shoal {

// Returns the bytes of a chunk of a share, or of an actor's, without its tag.
uint32_t chunk_bytes(const Layer&, const LayerShare&, const PlanChunk&);
uint32_t chunk_bytes(const Net&, const PlanStage&, const PlanActor&,
                     const PlanChunk&);

// Returns the bytes of the layer's largest chunk: at most `limit`, or one
// channel if that is larger.
uint32_t largest_chunk(const Layer&, LayerWork, uint32_t limit);
// Cuts the actor's weights into such chunks and places them on the tape.
void cut_for_tape(const Net&, const PlanStage&, PlanActor&, uint32_t limit);
// Bytes of chunks: before slots grow into what the arena has left, and at most.
inline constexpr int64_t kLeastChunk = 1024, kMostChunk = 256 * 1024;
// The fewest slots: one chunk is used while the next one arrives.
inline constexpr uint32_t kTapeSlots = 2;
// Puts all weights on the stage's tape, in chunks as even as possible, because
// the largest one sets the size of slots.
void cut_tape(const Net&, PlanStage&, uint32_t limit);
// Cuts the actor's weights into as few chunks as possible, which lie in SRAM
// together.
void cut_for_sram(const Net&, const PlanStage&, PlanActor&);
// Returns the bytes of these chunks in the arena, with tags.
uint32_t sram_bytes(const Net&, const PlanStage&, const PlanActor&);

// Cuts the weights of all actors that are on the tape and records an order.
// Writers of buffer `late` (an output that lies over an input; -1: none) fire
// only when nothing else can, as the overlay's lead presumes.
void put_on_tape(const Net&, PlanStage&, int late, uint32_t chunk_limit);

// The orders that put_on_tape() chooses from if nothing is late. They depend
// on the stage's bands and slots, not on its chunks.
using TapeOrders = std::array<std::vector<PlanRun>, 2>;
TapeOrders tape_orders(const Net&, const PlanStage&);
void put_on_tape(const Net&, PlanStage&, const TapeOrders&,
                 uint32_t chunk_limit);

// The reads of a stage's tape in a frame: the runtime keeps a chunk until
// another one is asked for.
struct TapeReads {
  int64_t chunks = 0;
  int64_t bytes = 0;  // without tags
};
TapeReads tape_reads(const Net&, const PlanStage&);

// Returns the bytes of a slot for the chunks of the stage; 0 without a tape.
uint32_t slot_bytes(const Net&, const PlanStage&);

}  // namespace shoal
