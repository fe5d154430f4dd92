#include "host/check/instances.h"

#include <algorithm>

namespace shoal {
namespace {

bool same(const PlanBuffer& a, const PlanBuffer& b) {
  return a.tensor == b.tensor && a.box == b.box &&
         a.element_bytes == b.element_bytes && a.slots == b.slots &&
         a.is_private == b.is_private && a.variable == b.variable &&
         a.offset == b.offset && a.first_stage == b.first_stage &&
         a.last_stage == b.last_stage;
}

}  // namespace

Instances find_instances(const PlanNode& node) {
  Instances found;
  for (size_t s = 0; s < node.stages.size(); ++s) {
    const PlanStage& stage = node.stages[s];
    found.of.emplace_back();
    for (const PlanBuffer& buffer : stage.buffers) {
      const auto at = std::ranges::find_if(
          found.all, [&](const Instance& i) { return same(i.buffer, buffer); });
      found.of.back().push_back(static_cast<int>(at - found.all.begin()));
      if (at == found.all.end()) found.all.push_back({buffer, {}});
    }
    for (size_t p = 0; p < stage.ports.size(); ++p) {
      const PlanPort& port = stage.ports[p];
      if (port.is_read) continue;
      found.all[found.of[s][port.buffer]].writers.push_back(
          {static_cast<int>(s), static_cast<int>(p), port.box});
    }
  }
  return found;
}

}  // namespace shoal
