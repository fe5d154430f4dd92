// A step of kCell, for some of its units.
#pragma once

#include <cstdint>

#include "device/program/params.h"

namespace shoal {

template <class T>
struct CellArgsOf {
  const T* x;       // [inputs], the step's row
  const T* states;  // [state][units], before the step
  int inputs, units;
  const int8_t* weights;  // of the first place to be made; see chunk.h
  int first, count;       // places to be made: [phase][units]
  T* after;               // [state][units], after the step
  // [phase][units]: of earlier phases, then of this one. The last phase's are
  // not written: they are the first state after the step.
  T* made;
  const CellParams* params;
};
using CellArgs = CellArgsOf<int8_t>;
using WideCellArgs = CellArgsOf<int16_t>;
// `after` and `made` do not overlap with `states`.
void cell_step(const CellArgs&);
void wide_cell_step(const WideCellArgs&);

}  // namespace shoal
