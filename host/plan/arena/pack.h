// Packs the arena: items with a size and a lifetime in stages, so that items
// alive at the same time do not overlap, except for overlays.
#pragma once

#include <cstdint>
#include <vector>

#include "device/program/image.h"

namespace shoal {

// Rounded up to where the next buffer may begin.
constexpr int64_t aligned(int64_t bytes) {
  return (bytes + kAlign - 1) / kAlign * kAlign;
}

struct PackItem {
  int64_t bytes = 0;
  int first_stage = 0, last_stage = 0;
  int over = -1;     // an earlier item that this one may overlap
  int64_t lead = 0;  // bytes that this one begins before it
  // Other items of the same stage that this one may overlap.
  std::vector<int> apart = {};
};

struct Packing {
  std::vector<int64_t> offsets;  // multiples of 16, one per item
  int64_t bytes = 0;             // the largest end
};

// No packing can do with less: the largest sum of a stage, less what items
// that are apart may save there (by stage; empty: nothing).
int64_t packing_bound(const std::vector<PackItem>&,
                      const std::vector<int64_t>& saved = {});

struct PackLimits {
  int tries = 0;
  // Further tries, in which what ends last goes before others.
  int last_tries = 0;
  int64_t most = INT64_MAX;  // this many bytes or more are of no use
  int64_t enough = 0;        // this many need not become less
};

// Tries several orders and improves the best by a seeded search until the bound
// is met or there is enough, or the tries are spent. Where the bound says that
// it is of no use nothing is improved.
Packing pack(const std::vector<PackItem>&, PackLimits,
             const std::vector<int64_t>& saved = {});

}  // namespace shoal
