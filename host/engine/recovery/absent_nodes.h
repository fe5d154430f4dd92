// Whose turn it is to be asked whether it is there: of the nodes of a cluster
// that do not take part. One that was lost often is asked later, because a node
// that comes and goes should not disturb the others for long.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "host/engine/coordinator/coordinator.h"

namespace shoal {

class AbsentNodes {
 public:
  // From one question to the next.
  static constexpr uint64_t kPauseUs = 200'000;

  // From now on these alone.
  void look_for(const std::vector<WorkerAddress>&);
  // Counts a loss of that node.
  void lost(uint64_t address, uint64_t now_us);
  // Returns whom to ask now, if there is one.
  std::optional<WorkerAddress> next_one(uint64_t now_us);
  // It has answered.
  void is_there(uint64_t address);
  // Returns one that has.
  const std::optional<uint64_t>& found() const { return found_; }

 private:
  std::vector<WorkerAddress> wanted_;
  size_t next_ = 0;
  std::optional<uint64_t> found_;
  std::map<uint64_t, int> losses_;
  std::map<uint64_t, uint64_t> not_before_us_;
};

// Returns the configuration of a coordinator that asks such a node: nobody is
// told of one that is not there.
CoordinatorConfig asking_config(CoordinatorConfig);

}  // namespace shoal
