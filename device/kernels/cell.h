// A step of kCell, for some of its units.
#pragma once

#include <cstdint>

#include "device/program/params.h"

namespace shoal {

struct CellArgs {
  const int8_t* x;       // [inputs], the step's row
  const int8_t* states;  // [state][units], before the step
  int inputs, units;
  const int8_t* weights;  // of the first place to be made; see chunk.h
  int first, count;       // places to be made: [phase][units]
  int8_t* after;          // [state][units], after the step
  // [phase][units]: of earlier phases, then of this one. The last phase's are
  // not written: they are the first state after the step.
  int8_t* made;
  const CellParams* params;
};
// `after` and `made` do not overlap with `states`.
void cell_step(const CellArgs&);

}  // namespace shoal
