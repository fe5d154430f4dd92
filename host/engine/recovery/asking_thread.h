// Asks nodes that are not there over UDP, in a thread of its own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "host/engine/recovery/absent_nodes.h"
#include "host/engine/recovery/returning_nodes.h"

namespace shoal {

class AskingThread final : public ReturningNodes {
 public:
  // `config`: of the cluster's coordinator; its transport is not used.
  explicit AskingThread(const CoordinatorConfig& config);
  ~AskingThread() override;

  void look_for(const std::vector<WorkerAddress>&) override;
  void lost(uint64_t address) override;
  std::optional<uint64_t> found() const override;

 private:
  void look();
  std::optional<WorkerAddress> next_one();
  bool is_there(const WorkerAddress&);

  const CoordinatorConfig config_;
  std::atomic<bool> ends_ = false;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  AbsentNodes absent_;
  std::thread thread_;
};

}  // namespace shoal
