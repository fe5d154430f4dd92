// A step of kCell, for some of its units.
#pragma once

#include <cstdint>

#include "device/program/params.h"

namespace shoal {

// Vectors have int8 elements, those of wide_cell_step() int16.
struct CellArgs {
  const void* x;       // [inputs], the step's row
  const void* states;  // [state][units], before the step
  int inputs, units;
  const int8_t* weights;  // of the first place to be made; see chunk.h
  int first, count;       // places to be made: [phase][units]
  void* after;            // [state][units], after the step
  // [phase][units]: of earlier phases, then of this one. The last phase's are
  // not written: they are the first state after the step.
  void* made;
  const CellParams* params;
};
// `after` and `made` do not overlap with `states`.
void cell_step(const CellArgs&);
void wide_cell_step(const CellArgs&);

}  // namespace shoal
