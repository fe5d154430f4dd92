// Makes of a plan for mapped flash one for a storage: firings in a recorded
// order, weights on a tape, records and chunk slots in the arena.
#pragma once

#include "host/plan/types/plan.h"

namespace shoal {

Plan tape_plan(const Net&, const Plan& mapped);

}  // namespace shoal
