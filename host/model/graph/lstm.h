// Integer parameters of UNIDIRECTIONAL_SEQUENCE_LSTM from scales, as TensorFlow
// Lite Micro prepares them.
#pragma once

#include "device/program/params.h"
#include "host/model/graph/graph.h"

namespace shoal {

// Operands of Op::inputs.
enum LstmOperand : int {
  kLstmInput,
  kLstmState,
  kLstmInputWeights,  // of the first gate; see LstmAttr
  kLstmRecurrentWeights = kLstmInputWeights + kLstmGates,
  kLstmBiases = kLstmRecurrentWeights + kLstmGates,
  kLstmOperands = kLstmBiases + kLstmGates
};

// Rows of a state of int8: the hidden state, and twice as many bytes.
inline constexpr int kLstmStateRows = 1 + kLstmCellRows;

// The scale of cell states as a power of two within these bounds.
inline constexpr int kLeastCellPower = -24, kMostCellPower = 0;
// Returns the power; something below the bounds if there is none.
int cell_power(float scale);

LstmParams lstm_params(const Graph&, const Op&);

}  // namespace shoal
