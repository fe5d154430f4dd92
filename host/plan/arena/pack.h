// Packs the arena: items have a size and a lifetime in stages, and items that
// are alive at the same time do not overlap, except for overlays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "device/program/image.h"
#include "host/plan/tokens/keyed_memo.h"

namespace shoal {

// Rounds up to where the next buffer may begin.
constexpr int64_t aligned(int64_t bytes) {
  return (bytes + kAlign - 1) / kAlign * kAlign;
}

struct PackItem {
  int64_t bytes = 0;
  int first_stage = 0, last_stage = 0;
  int over = -1;     // an earlier item that this one may overlap
  int64_t lead = 0;  // bytes by which this one begins before that item
  // Other items of the same stage that this one may overlap.
  std::vector<int> apart = {};
};

struct Packing {
  std::vector<int64_t> offsets;  // multiples of 16, one per item
  int64_t bytes = 0;             // the largest end
};

// Returns a lower bound of any packing: the largest sum of a stage, less
// `saved`, what items that are apart may save there (by stage; empty: nothing).
int64_t packing_bound(const std::vector<PackItem>&,
                      const std::vector<int64_t>& saved = {});

struct PackLimits {
  int tries = 0;
  // Further tries, in which the items that end last move before others.
  int last_tries = 0;
  int64_t most = INT64_MAX;  // from this many bytes on, a packing is useless
  int64_t enough = 0;  // down to this many bytes, a packing need not improve
};

// Tries several orders and improves the best one by a seeded search, until the
// bound or `enough` is reached or the tries are spent. Nothing is improved if
// the bound shows that the packing is useless.
Packing pack(const std::vector<PackItem>&, PackLimits,
             const std::vector<int64_t>& saved = {});

// Remembers packings: equal nodes hold the same, and plans that a search builds
// one after the other differ in few nodes or stages.
class PackMemo {
 public:
  // Does the same as the function of this name.
  Packing pack(const std::vector<PackItem>&, PackLimits,
               const std::vector<int64_t>& saved = {});

  // For tests: how many were worked out.
  size_t worked_out() const { return packings_.added(); }

 private:
  KeyedMemo<Packing> packings_;
};

}  // namespace shoal
