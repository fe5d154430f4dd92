// Packings that are asked for again: equal nodes hold the same, and plans that
// a search builds one after the other differ in few nodes or stages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/plan/arena/pack.h"

namespace shoal {

class PackMemo {
 public:
  // As the function of this name does it.
  Packing pack(const std::vector<PackItem>&, PackLimits,
               const std::vector<int64_t>& saved = {});

  // For tests: how many were worked out.
  size_t worked_out() const { return worked_out_; }

 private:
  std::unordered_map<std::string, Packing> packings_;
  size_t bytes_ = 0;  // of all that is remembered, about
  size_t worked_out_ = 0;
};

}  // namespace shoal
