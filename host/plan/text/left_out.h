// Nodes without a share of a plan, and why.
#pragma once

#include <string>
#include <vector>

#include "host/plan/types/plan.h"

namespace shoal {

struct LeftOut {
  std::string name, reason;
};
std::vector<LeftOut> left_out(const Plan&);

// What a share of theirs would not do: make "the frame faster".
const char* helped_by(const std::string& objective);

// MACs of all nodes over the model's; 1 of a model without any.
double macs_ratio(const Plan&);

}  // namespace shoal
