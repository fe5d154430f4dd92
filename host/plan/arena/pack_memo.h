// Remembers packings: equal nodes hold the same, and plans that a search builds
// one after the other differ in few nodes or stages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/plan/arena/pack.h"
#include "host/plan/tokens/keyed_memo.h"

namespace shoal {

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
