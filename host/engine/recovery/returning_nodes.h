// Nodes that are not there, asked again and again whether they are: those that
// were lost, and come back as new incarnations.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/engine/coordinator/coordinator.h"

namespace shoal {

class ReturningNodes {
 public:
  ReturningNodes() = default;
  virtual ~ReturningNodes() = default;
  ReturningNodes(const ReturningNodes&) = delete;
  ReturningNodes& operator=(const ReturningNodes&) = delete;

  // From now on looks for these alone. A node that was lost often is asked
  // later (absent_nodes.h).
  virtual void look_for(const std::vector<WorkerAddress>&) = 0;
  // Counts a loss of that node.
  virtual void lost(uint64_t address) = 0;
  // Returns one that is there.
  virtual std::optional<uint64_t> found() const = 0;
};

}  // namespace shoal
