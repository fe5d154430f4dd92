// The candidates that the code of boards finds, as those of a head.
#pragma once

#include <cstdint>

#include "device/decode/boxes.h"
#include "host/data/task/task.h"

namespace shoal {

template <class Candidates>
HeadFindings all_of(const Candidates& candidates) {
  HeadFindings found;
  for (uint32_t i = 0; i < candidates.count(); ++i) {
    DetectedBox b;
    if (!candidates.get(i, b)) continue;
    found.boxes.push_back({b.left, b.top, b.right, b.bottom, b.index, b.score});
  }
  return found;
}

}  // namespace shoal
