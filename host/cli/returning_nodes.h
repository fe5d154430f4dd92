// Nodes that are not there, asked again and again in a thread whether they are:
// those that were lost, and come back as new incarnations.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "host/engine/coordinator/coordinator.h"

namespace shoal {

class ReturningNodes {
 public:
  // `config`: of the cluster's coordinator; its transport is not used.
  explicit ReturningNodes(CoordinatorConfig config);
  ~ReturningNodes();
  ReturningNodes(const ReturningNodes&) = delete;
  ReturningNodes& operator=(const ReturningNodes&) = delete;

  // From now on looks for these alone. A node that was lost often is asked
  // later: one that comes and goes should not disturb the others for long.
  void look_for(const std::vector<WorkerAddress>&);
  // Counts a loss of that node.
  void lost(uint64_t address);
  // Returns one that is there.
  std::optional<uint64_t> found() const;

 private:
  using Clock = std::chrono::steady_clock;
  void look();
  std::optional<WorkerAddress> next_one();
  bool is_there(const WorkerAddress&);

  CoordinatorConfig config_;
  std::atomic<bool> ends_ = false;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<WorkerAddress> wanted_;
  size_t next_ = 0;
  std::optional<uint64_t> found_;
  std::map<uint64_t, int> losses_;
  std::map<uint64_t, Clock::time_point> not_before_;
  std::thread thread_;
};

}  // namespace shoal
