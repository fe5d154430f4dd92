// The wear that spills cause in a storage: how long it lives with them, and how
// much may be written for it to live long enough. Parts that wear block by
// block spread the erasures over all that is left behind the image, evenly by
// construction (device/storage/spill_area.h); cards have a number of bytes in
// all.
#pragma once

#include <cstdint>
#include <string>

#include "host/board/board.h"
#include "host/plan/types/plan.h"

namespace shoal {

// Returns the profile that the node's plan names; null: none, or of no board
// that is known here.
const Storage* named_storage(const PlanNode&);

// Returns the bytes of the spill area, the ledger's blocks included, if it
// begins at byte `begin` of the storage.
int64_t spill_area_bytes(const Storage&, int64_t page_bytes, int pages,
                         int64_t begin);

// Until the first block, or the card, is worn out; infinite if the node writes
// nothing or nothing wears out. Entries of the ledger are counted.
double frames_of_life(const PlanNode&, const Storage&);
double years_of_life(const PlanNode&, const Storage&, double frames_per_second);

// "12.7 years of life at 1 frame a second", "does not wear out". `together`:
// frames of a batch.
std::string life_text(const PlanNode&, int together);

// Returns the most bytes that a frame may spill for the storage to live so
// long. `image_bytes` lie before the spill area.
int64_t writes_for_life(const Storage&, int64_t image_bytes, double years,
                        double frames_per_second);

}  // namespace shoal
