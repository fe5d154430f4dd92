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
#include "host/cli/node_history.h"
#include "host/cli/returning_nodes.h"
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

  // Connects the workers, for which it waits if the flags say so. Then
  // request() is known.
  void connect();
  // Plans for what the connected workers say they are, unless the plan is
  // `known`; a checked plan and its programs. The result must outlive whatever
  // runs it.
  Prepared plan(Graph, std::optional<PlanText> known = {});
  // Both.
  Prepared prepare(Graph);

  // Returns whether all workers have once answered.
  bool were_connected() const { return were_connected_; }
  // A worker at its place in the cluster.
  struct Seat {
    WorkerAddress address;
    std::optional<ClusterNode> node;  // of the cluster file
    size_t number = 0;                // its place
    bool is_spare = false;
  };
  // Gives all workers back and goes on without one of them. The next plan is
  // for the others. Returns how many they are.
  size_t leave_out(int worker);
  // Gives all workers back and goes on with one more of those that are absent.
  void take_in(uint64_t address);
  // The same for a spare that gets the place of the one that was left out last.
  void take_in_place(uint64_t spare);
  // Returns whether no node of the cluster that was asked for is missing.
  bool is_whole() const { return seats_.size() >= whole_; }
  // Gives all workers back; they are connected again by connect().
  void let_go() { give_back(); }
  // Those that take part, in the order of the plan's nodes.
  const std::vector<Seat>& seats() const { return seats_; }
  // Those that do not: lost, and spares.
  const std::vector<Seat>& absent() const { return absent_; }
  // Whose programs the workers run: of several models one after the other.
  void set_user(const void* user) { user_ = user; }
  bool has_user(const void* user) const { return user_ == user; }
  // Knows what has become of all of them.
  NodeHistory& history() { return history_; }
  // Asks absent nodes whether they are there, from the first call on.
  ReturningNodes& returning();

  Coordinator& coordinator() { return *coordinator_; }
  const Coordinator& coordinator() const { return *coordinator_; }
  const HostTransport& transport() const { return *transport_; }
  // Each with the memory that it may use; known when they are connected.
  const Cluster& cluster() const { return request_.cluster; }
  const PlanRequest& request() const { return request_; }

 private:
  void set_seats();
  std::vector<Seat>::iterator find_absent(uint64_t address);
  std::vector<WorkerAddress> addresses() const;
  void connect_all();
  void check_payload() const;
  void tell_nodes() const;
  void give_back();

  // Held back while nodes may be held, so that they are given back first.
  StopSignals signals_;
  CoordinatorConfig config_;
  std::optional<Cluster> given_;
  std::vector<Seat> seats_, absent_;
  size_t whole_ = 0;  // seats of the cluster that was asked for
  PlanFlags plan_;
  PlanRequest request_;
  std::optional<PlanText> given_plan_, cuts_file_;  // for all nodes
  std::unique_ptr<HostTransport> transport_;
  // The same, with datagrams that all workers have room for.
  shoal_transport used_{};
  std::unique_ptr<Coordinator> coordinator_;
  bool were_connected_ = false;
  const void* user_ = nullptr;
  NodeHistory history_;
  std::unique_ptr<ReturningNodes> returning_;
};

}  // namespace shoal
