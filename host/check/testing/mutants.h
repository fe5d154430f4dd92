// Systematic ways to spoil a plan: one for every premise and every field, at
// every place where the plan has it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/lower/net.h"
#include "host/plan/types/plan.h"

namespace shoal {

struct Mutation {
  std::string what;
  // True if the result may happen to be another right plan (a ring that was
  // larger than needed, another band). Then it is enough that its program runs
  // and gives the same bytes; the checker must refuse all others.
  bool may_be_right = false;
  std::function<void(PlanNode&)> apply;
  bool of_sums = false;  // spoils a sum that restate() would put right
};

std::vector<Mutation> mutations(const Net&, const PlanNode&);

// Arena bytes, firings and weight bytes as they follow from the rest of the
// (spoiled) plan, so that it is not its sums alone that give it away.
void restate(const Net&, PlanNode&);

}  // namespace shoal
