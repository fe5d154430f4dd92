// The checker's own sizes of weights, and what is asked of where they lie: a
// tape needs an order and slots, weights kept in SRAM a region.
#pragma once

#include <cstdint>

#include "host/check/findings.h"
#include "host/lower/net.h"
#include "host/plan/types/plan.h"

namespace shoal {

// Returns the bytes of weights, bias, multipliers and shifts of a chunk,
// without its tag.
uint64_t weights_of_chunk(const Net&, const PlanStage&, const PlanActor&,
                          const PlanChunk&);
// The same of all its chunks, and how many they are.
struct WeightSum {
  uint64_t bytes = 0, chunks = 0;
};
WeightSum weights_of(const Net&, const PlanStage&, const PlanActor&);

// Returns the bytes of a set in SRAM: every chunk with its tag, aligned.
uint64_t sram_set_bytes(const Net&, const PlanStage&, const PlanActor&);

// The slots of a stage's tape, sets with places that they may have.
void check_weights(const Net&, const PlanNode&, Findings&);

}  // namespace shoal
