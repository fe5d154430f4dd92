// A step of kLstm, for some of its units.
#pragma once

#include <cstdint>

#include "device/program/params.h"

namespace shoal {

template <class T>
struct LstmArgsOf {
  const T* x;  // [inputs], the step's row
  const T* h;  // [units], the hidden state before the step
  int inputs, units;
  const int8_t* weights;  // of the first unit to be made; see chunk.h
  int count;              // units to be made
  int16_t* c;  // [count], the cell state: before, then after the step
  T* out;      // [count], the hidden state after it
  int zero_out;
  const LstmParams* params;
};
using LstmArgs = LstmArgsOf<int8_t>;
using WideLstmArgs = LstmArgsOf<int16_t>;
// `out` does not overlap with `h`. Elements of 16 bits have the zero point 0.
void lstm_step(const LstmArgs&);
void wide_lstm_step(const WideLstmArgs&);

}  // namespace shoal
