// The cost of layers that keep a state: LSTM, and steps of loops. Their kernels
// are the same on all cores, while those of FULLY_CONNECTED and ADD, whose
// figures boards have, are quick on some.
#pragma once

#include <string>

#include "device/program/image.h"
#include "device/program/params.h"
#include "host/board/board.h"

namespace shoal {

// Returns the number of operations by which a unit makes its step: products of
// rows, sums, functions and the like. `params`: CellParams of a kCell.
int state_operations(OpCode, const void* params);

// Returns the cycles of a product of a unit's step that has so many of them and
// of operations. `tools/wide_costs.py SHOAL` measures layers of this kind.
double state_cycles(const Board&, double products, double operations);

}  // namespace shoal
