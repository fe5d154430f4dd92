// Plans over a network spill nothing, and such a node has no area for it: what
// spills rows is left out of its flash. A program that wants it is refused, as
// the runtime refuses it without an area.
#include "device/runtime/storage/spills.h"

namespace shoal {

Status Spills::open() { return node().fail(Status::kWrongStore); }
Status Spills::recover() { return Status::kWrongStore; }
void Spills::begin_stage() {}
Status Spills::step() { return Status::kWait; }

}  // namespace shoal
