// The layout that the readers of a tensor would like it to have.
#pragma once

#include <optional>
#include <vector>

#include "host/lower/layout.h"

namespace shoal {

struct Wish {
  std::vector<int> order;  // of all axes of the tensor's shape
  Extent extent;
  bool operator==(const Wish&) const = default;
};

// Per tensor; nothing where all orders are alike to the readers. `turned` says
// which tensors are (turn.h).
std::vector<std::optional<Wish>> find_wishes(const Graph&,
                                             const std::vector<bool>& turned);

}  // namespace shoal
