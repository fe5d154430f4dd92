// The wear that spills cause in a storage: how long it lives with them, and how
// much may be written so that it lives long enough. Storage that wears block by
// block spreads erasures evenly over all that is left behind the image
// (device/storage/spill_area.h). Cards have a number of bytes in all.
#pragma once

#include <cstdint>
#include <string>

#include "host/board/board.h"
#include "host/plan/types/plan.h"

namespace shoal {

// Returns the storage that the node's plan names; null if it names none, or the
// board is not known here.
const Storage* named_storage(const PlanNode&);

// Returns the bytes of the spill area, the ledger's blocks included, if it
// begins at byte `begin` of the storage.
int64_t spill_area_bytes(const Storage&, int64_t page_bytes, int pages,
                         int64_t begin);

// Returns the frames until the first block, or the card, is worn out; infinity
// if the node writes nothing or nothing wears out. Entries of the ledger count.
double frames_of_life(const PlanNode&, const Storage&);
double years_of_life(const PlanNode&, const Storage&, double frames_per_second);

// Returns, for example, "12.7 years of life at 1 frame a second" or "does not
// wear out". `together`: frames of a batch.
std::string life_text(const PlanNode&, int together);

// Returns the most bytes that a frame may spill if the storage is to live for
// `years`. `image_bytes` lie before the spill area.
int64_t writes_for_life(const Storage&, int64_t image_bytes, double years,
                        double frames_per_second);

}  // namespace shoal
