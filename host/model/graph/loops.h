// Loops over the rows of sequences, such as recurrent layers. A sequence is a
// tensor of [steps, channels]. The operators of a loop stand one behind the
// other and compute whole sequences, row by row: row t of a result follows from
// row t of each operand. DELAY closes the loop. Its operands are a tensor of
// [1, channels] and a sequence that a later operator of the loop makes; row 0
// of its result is the former, row t is row t - 1 of the latter. So passes see
// ordinary operators and tensors, and only what computes has to go step by
// step.
#pragma once

#include <string>
#include <vector>

#include "host/model/graph/graph.h"

namespace shoal {

struct Loop {
  int first = 0, last = 0;  // operators [first, last); DELAY is the first one
  int steps = 0;
};

// Returns the loops of a graph, in order.
std::vector<Loop> find_loops(const Graph&);
// A state goes from step to step: the operands and the result of a DELAY.
struct LoopState {
  int initial = -1, before = -1, after = -1;
};
// Returns them, the one that is read row by row behind the loop first. Throws
// Error(kUnsupported) if something else is read there: of all other states the
// last row can be.
std::vector<LoopState> loop_states(const Graph&, const Loop&);
// Returns whether an operator is a slice of the last step.
bool takes_last(const Graph&, const Loop&, const Op&);
// Returns what is wrong with a loop: an operator that does not compute row by
// row, or an operand that is no sequence; empty: nothing.
std::string loop_problem(const Graph&, const Loop&);
// Returns the graph with the tensors that the loop reads row by row or makes as
// one row of theirs, so that an operator of it can be evaluated for one step.
Graph step_graph(const Graph&, const Loop&);
// Returns the tensors that the loop reads row by row and does not make.
std::vector<int> loop_sequences(const Graph&, const Loop&);

}  // namespace shoal
