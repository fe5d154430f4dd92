// The cost of layers whose kernels are the same on all cores, while those of
// FULLY_CONNECTED and ADD, whose figures boards have, are quick on some: LSTM,
// steps of loops and transposed convolutions.
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

// Returns the cycles of one of the `products` of an output of a transposed
// convolution, with its part of what an output takes besides.
double transposed_cycles(const Board&, double products);
// Returns the same of an output with many products, which is the least.
double least_transposed_cycles(const Board&);

}  // namespace shoal
