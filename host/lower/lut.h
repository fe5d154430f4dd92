// Operators that are a function of one byte.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "host/lower/builder.h"

namespace shoal {

using ByteTable = std::array<int8_t, 256>;  // indexed by byte + 128

// The current operator's result as a kLut over tensor `x`; no layer at all
// for the identity.
void add_table(Builder&, int x, const ByteTable&);

// The current binary operator as a table, if only one tensor and no more
// than one constant byte go into it (x + 3, x * x); then also its tensor.
struct TableOf {
  int tensor;
  ByteTable table;
};
std::optional<TableOf> binary_table(const Builder&);

}  // namespace shoal
