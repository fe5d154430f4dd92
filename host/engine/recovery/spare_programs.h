// Programs for spares, over UDP, in a thread of its own beside the frames: each
// spare that is what a node is holds that node's program of the plan in force,
// so that it takes the node's place without being sent anything.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "host/engine/coordinator/coordinator.h"
#include "host/engine/recovery/worker_cluster.h"

namespace shoal {

class SparePrograms {
 public:
  // `config`: of the cluster's coordinator; its transport is not used.
  explicit SparePrograms(const CoordinatorConfig& config);
  ~SparePrograms();
  SparePrograms(const SparePrograms&) = delete;
  SparePrograms& operator=(const SparePrograms&) = delete;

  // These take programs of this plan from now on, as many as they have room
  // for. `nodes`: what the plan's nodes have said they are.
  void hold(const std::vector<WorkerAddress>& spares,
            const std::vector<WorkerIdentity>& nodes,
            const std::shared_ptr<const Prepared>&);
  // All are given back, whether they hold them or not.
  void let_go();
  // Returns how many programs they hold, once, when all have been asked.
  std::optional<int> take_count();

 private:
  void send(const std::vector<WorkerAddress>&,
            const std::vector<WorkerIdentity>&, const Prepared&);
  void send_to(const WorkerAddress&, const std::vector<WorkerIdentity>&,
               const Prepared&);

  const CoordinatorConfig config_;
  std::atomic<bool> ends_ = false;
  std::atomic<bool> is_done_ = false;
  std::atomic<int> count_ = 0;
  std::thread thread_;
};

}  // namespace shoal
