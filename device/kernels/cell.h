// A step of kCell, for some of its units.
#pragma once

#include <cstdint>

#include "device/program/params.h"

namespace shoal {

struct CellArgs {
  const int8_t* x;       // [inputs], the step's row
  const int8_t* states;  // [state][units], before the step
  int inputs, units;
  const int8_t* weights;  // of the first unit to be made; see chunk.h
  int first, count;       // units to be made
  int8_t* after;          // [state][units], after the step
  const CellParams* params;
};
// `after` does not overlap with `states`.
void cell_step(const CellArgs&);

}  // namespace shoal
