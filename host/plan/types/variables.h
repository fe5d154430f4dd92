// The variables that a node keeps from frame to frame: boxes of the net's
// variables, in two copies each, in a fixed part of its arena.
#pragma once

#include <vector>

#include "host/plan/types/plan.h"

namespace shoal {

// Returns whether the layer makes the value that a variable has after the
// frame.
bool assigns_variable(const Net&, const Layer&);

// Returns the variables of a node's buffers, by number, one behind the other
// from `offset` on. The node has one box of each variable.
std::vector<PlanVariable> node_variables(const std::vector<PlanStage>&,
                                         uint32_t offset);
// Returns the bytes of both copies.
uint32_t variable_bytes(const std::vector<PlanVariable>&);
// Gives the node its variables, and their buffers the places that its layout
// has for them.
void place_variables(PlanNode&);

// Returns the bytes of the box before the first frame, row by row; one byte if
// all are equal.
std::vector<int8_t> initial_values(const Net&, const PlanVariable&);
// Returns the bytes of the initial values of all variables whose values are not
// all equal.
uint32_t initial_bytes(const Net&, const std::vector<PlanVariable>&);

}  // namespace shoal
