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

// Returns the cycles of one of the `products` of a unit's step, with its part
// of the step's operations. `tools/wide_costs.py SHOAL` counts instructions of
// such layers.
double state_cycles(const Board&, double products, double operations);

}  // namespace shoal
