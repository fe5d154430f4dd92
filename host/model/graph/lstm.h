// Integer parameters of UNIDIRECTIONAL_SEQUENCE_LSTM from scales, as TensorFlow
// Lite Micro prepares them.
#pragma once

#include <cstdint>
#include <vector>

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

// Rows of a state: the hidden state and, in as many bytes as int16 takes, the
// cell state.
constexpr int lstm_state_rows(bool is_int16) {
  return 1 + lstm_cell_rows(is_int16);
}

// The scale of cell states as a power of two within these bounds.
inline constexpr int kLeastCellPower = -24, kMostCellPower = 0;
// Returns the power; something below the bounds if there is none.
int cell_power(float scale);

LstmParams lstm_params(const Graph&, const Op&);
// The biases of a gate.
std::vector<int64_t> lstm_bias(const Graph&, const Op&, int gate);

}  // namespace shoal
