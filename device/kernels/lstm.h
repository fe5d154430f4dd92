// A step of kLstm, for some of its units.
#pragma once

#include <cstdint>

#include "device/program/params.h"

namespace shoal {

struct LstmArgs {
  const int8_t* x;  // [inputs], the step's row
  const int8_t* h;  // [units], the hidden state before the step
  int inputs, units;
  const int8_t* weights;  // of the first unit to be made; see chunk.h
  int count;              // units to be made
  int16_t* c;   // [count], the cell state: before, then after the step
  int8_t* out;  // [count], the hidden state after it
  int zero_out;
  const LstmParams* params;
};
// `out` does not overlap with `h`.
void lstm_step(const LstmArgs&);

}  // namespace shoal
