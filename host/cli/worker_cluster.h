// Running workers as one cluster: from flags to a coordinator that knows them
// and to a program for each. What `deploy` and the engine of workers share.
//
//   WorkerCluster workers(flags.plan, flags.cluster);
//   const Prepared p = workers.prepare(load_model(path));
//   deploy_programs(workers.coordinator(), workers.transport(), p);
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "host/base/error.h"
#include "host/cli/commands.h"
#include "host/engine/common/prepare.h"
#include "host/engine/coordinator/coordinator.h"
#include "host/engine/workers/stop_signals.h"
#include "host/engine/workers/transport.h"
#include "host/plan/types/cluster.h"

namespace shoal {

// HOST:PORT or serial:DEVICE, of --workers and others. Throws Error(kUsage)
// naming `flag`.
WorkerAddress parse_worker_address(const std::string& text,
                                   const std::string& flag);
// Throws Error(kUsage) where the node at the end of this line is one of
// several.
void require_lone(const std::string& serial, size_t nodes);
// A socket for all of them, or the line of the one that is at its other end.
std::unique_ptr<HostTransport> open_transport(
    const std::vector<WorkerAddress>&);
// Keys, names and times of a coordinator over this transport.
CoordinatorConfig coordinator_config(const ClusterFlags&, const HostTransport&);

class WorkerCluster {
 public:
  // Looks at all flags and reads their files, before anybody is asked. Throws
  // Error(kUsage).
  WorkerCluster(const PlanFlags&, const ClusterFlags&);
  // Gives back the workers, whatever has become of the run.
  ~WorkerCluster();
  WorkerCluster(const WorkerCluster&) = delete;
  WorkerCluster& operator=(const WorkerCluster&) = delete;

  // Connects the workers, for which it waits if the flags say so, and plans
  // for what they say they are; a checked plan and its programs. The result
  // must outlive whatever runs it.
  Prepared prepare(Graph);

  // Returns whether all workers have once answered.
  bool were_connected() const { return were_connected_; }
  // Gives all workers back and goes on without one of them. The next plan is
  // for the others: `beforehand`, or by a search. Returns how many they are.
  size_t leave_out(int worker, std::optional<PlanText> beforehand);

  Coordinator& coordinator() { return *coordinator_; }
  const Coordinator& coordinator() const { return *coordinator_; }
  const HostTransport& transport() const { return *transport_; }
  // Each with the memory that it may use; known after prepare().
  const Cluster& cluster() const { return request_.cluster; }
  const PlanRequest& request() const { return request_; }

 private:
  void connect();
  void check_payload() const;
  void tell_nodes() const;
  void give_back();

  // Held back while nodes may be held, so that they are given back first.
  StopSignals signals_;
  CoordinatorConfig config_;
  std::optional<Cluster> given_;
  std::vector<WorkerAddress> addresses_;
  PlanFlags plan_;
  PlanRequest request_;
  std::unique_ptr<HostTransport> transport_;
  // The same, with datagrams that all workers have room for.
  shoal_transport used_{};
  std::unique_ptr<Coordinator> coordinator_;
  bool were_connected_ = false;
};

}  // namespace shoal
