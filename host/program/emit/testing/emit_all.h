// The images of all nodes of a plan.
#pragma once

#include <cstdint>
#include <vector>

#include "host/program/emit/emit.h"

namespace shoal {

// The same bytes as one by one, in time linear in the nodes.
inline std::vector<std::vector<uint8_t>> emit_all(const Net& net,
                                                  const Plan& plan) {
  const Emitter emitter(net, plan);
  std::vector<std::vector<uint8_t>> images;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    images.push_back(emitter.image(static_cast<int>(n)));
  }
  return images;
}

}  // namespace shoal
