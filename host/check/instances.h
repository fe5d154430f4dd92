// A tensor (part) in the arena from its first to its last stage. Every stage
// that touches it lists it as a buffer of its own; an instance is what those
// entries have in common.
#pragma once

#include <vector>

#include "host/plan/types/plan.h"

namespace shoal {

struct Instance {
  PlanBuffer buffer;  // of the first stage that lists it
  struct Writer {
    int stage, port;
    Box box;
  };
  std::vector<Writer> writers;  // over all stages
  bool lives_in(int stage) const {
    return buffer.first_stage <= stage && stage <= buffer.last_stage;
  }
  uint64_t begin() const { return buffer.offset; }
  uint64_t end() const {
    return begin() + uint64_t{buffer.row_bytes()} * buffer.slots;
  }
};

struct Instances {
  std::vector<Instance> all;
  std::vector<std::vector<int>> of;  // [stage][buffer]
};

Instances find_instances(const PlanNode&);

}  // namespace shoal
