// Ways to spoil what the nodes of a linked plan have between them; what one
// node has by itself is in mutants.h.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/check/testing/mutants.h"

namespace shoal {

struct PlanMutation {
  std::string what;
  bool may_be_right = false;  // see Mutation
  std::function<void(Plan&)> apply;
  bool of_sums = false;
};

// Every stream, peer, link region and sum; and every mutation of every node.
std::vector<PlanMutation> plan_mutations(const Net&, const Plan&);

// Sums that follow from the rest of the (spoiled) plan; and streams' ends find
// their ports again, where each has one left.
void restate(const Net&, Plan&);

}  // namespace shoal
