// Operators that move elements and compute nothing, for elements of any size.
// Internal to the oracles.
#pragma once

#include <span>
#include <vector>

#include "host/oracle/int8/op_view.h"

namespace shoal::oracle {

// The caller's memory; as large as the tensors.
struct ByteOperands {
  std::vector<std::span<const uint8_t>> inputs;
  std::vector<std::span<uint8_t>> outputs;
};

// Throws Error(kInternal) for an operator of another family.
void movement(const OpView&, const ByteOperands&);

}  // namespace shoal::oracle
