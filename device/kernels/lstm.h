// A step of kLstm, for some of its units.
#pragma once

#include <cstdint>

#include "device/program/params.h"

namespace shoal {

// Vectors have int8 elements, those of wide_lstm_step() int16.
struct LstmArgs {
  const void* x;  // [inputs], the step's row
  const void* h;  // [units], the hidden state before the step
  int inputs, units;
  const int8_t* weights;  // of the first unit to be made; see chunk.h
  int count;              // units to be made
  int16_t* c;  // [count], the cell state: before, then after the step
  void* out;   // [count], the hidden state after it
  int zero_out;
  const LstmParams* params;
};
// `out` does not overlap with `h`. Elements of 16 bits have the zero point 0.
void lstm_step(const LstmArgs&);
void wide_lstm_step(const LstmArgs&);

}  // namespace shoal
