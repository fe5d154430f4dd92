// Workers as one cluster whose nodes come and go: who takes part, a coordinator
// that knows them, a plan and a program for each. What `deploy` and engines of
// workers share. Whatever carries the datagrams is the clock, too: processes,
// boards and nodes in virtual time are all the same here.
//
//   WorkerCluster workers(std::move(options));
//   const Prepared p = workers.prepare(load_model(path));
//   deploy_programs(workers.coordinator(), workers.transport(), p);
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "device/storage/program_store.h"
#include "host/engine/common/prepare.h"
#include "host/engine/coordinator/coordinator.h"
#include "host/engine/recovery/node_history.h"
#include "host/engine/recovery/returning_nodes.h"
#include "host/engine/workers/stop_signals.h"
#include "host/engine/workers/transport.h"
#include "host/plan/types/cluster.h"

namespace shoal {

class WorkerCluster;

// A step of a run whose nodes come and go.
enum class RecoveryStep : uint8_t {
  kLoss,    // a node was seen to be lost
  kRepeat,  // frames will be run again
  kHold,    // nodes hold programs for losses
  kSwitch,  // a new epoch runs: all of its nodes have started their programs
  kReturn,  // a node was taken in
  kWait,    // nothing runs until nodes come
};

struct WorkerClusterOptions {
  std::vector<WorkerAddress> nodes, spares;
  std::optional<Cluster> given = {};  // the nodes that they have to be
  PlanRequest request = {};  // with a plan and cuts for all nodes, if any
  // Sets the memory that nodes may use, besides what they say.
  std::function<void(Cluster&)> set_budgets;
  // Told every plan before it runs; may be empty.
  std::function<void(const WorkerCluster&, const Prepared&, const PlanRequest&)>
      planned = {};
  // Told what becomes of the run; may be empty.
  std::function<void(RecoveryStep, const std::string&)> stepped = {};
  std::unique_ptr<HostTransport> transport;
  CoordinatorConfig config = {};
  double wait_s = 0;  // for nodes that others have
  // Makes what asks absent nodes whether they are there.
  std::function<std::unique_ptr<ReturningNodes>(const CoordinatorConfig&)>
      returning;
  // A plan takes none of the transport's time, as if it had been made
  // beforehand.
  bool plans_at_hand = false;
  // Nodes keep programs for the loss of each single one of them.
  bool holds_fallbacks = true;
  // Spares hold the programs of nodes that they are like (spare_programs.h).
  bool holds_spares = false;
  // Nodes are asked what they do while frames are streamed.
  bool samples = false;
};

class WorkerCluster {
 public:
  explicit WorkerCluster(WorkerClusterOptions);
  // Gives back the workers, whatever has become of the run.
  ~WorkerCluster();
  WorkerCluster(const WorkerCluster&) = delete;
  WorkerCluster& operator=(const WorkerCluster&) = delete;

  // Programs leave that many bytes of each worker's arena free, from the next
  // connect() on.
  void reserve(int64_t bytes) { reserved_ = bytes; }
  // Connects the workers; the ones that are connected stay this run's
  // meanwhile. Waits for those that others have, for as long as the options say
  // or at most this time. Then request() is known.
  void connect(std::optional<double> most_wait_s = {});
  // Plans for what the connected workers say they are, unless the plan is
  // `known`; a checked plan and its programs. The result must outlive whatever
  // runs it. `most_s`: of the search, which then takes the best plan so far.
  Prepared plan(Graph, std::optional<PlanText> known = {},
                std::optional<double> most_s = {});
  // The same for a plan that was made with its programs beforehand.
  Prepared use(Prepared);
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
  // Gives one worker back and goes on without it. The next plan is for the
  // others. Returns how many they are.
  size_t leave_out(int worker);
  // Goes on with one more of those that are absent, from the next connect() on.
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
  // The connected workers take these programs and run none of them.
  void hold(const Prepared&);
  // Returns what each connected worker says of the programs that it keeps.
  std::vector<HeldPrograms> held_programs();
  // Whose programs the workers run: of several models one after the other.
  void set_user(const void* user, const Plan&);
  void forget_user(const void* user) { programs_.erase(user); }
  // Returns the bytes of the programs that others need on this worker.
  std::vector<int64_t> other_programs(size_t seat) const;
  bool has_user(const void* user) const { return user_ == user; }
  // Knows what has become of all of them.
  NodeHistory& history() { return history_; }
  const NodeHistory& history() const { return history_; }
  // Asks absent nodes whether they are there, from the first call on.
  ReturningNodes& returning();

  Coordinator& coordinator() { return *coordinator_; }
  const Coordinator& coordinator() const { return *coordinator_; }
  const HostTransport& transport() const { return *options_.transport; }
  // Each with the memory that it may use; known when they are connected.
  const Cluster& cluster() const { return request_.cluster; }
  const PlanRequest& request() const { return request_; }
  const WorkerClusterOptions& options() const { return options_; }

  // The transport's clock.
  uint64_t now_us() const;
  // Does nothing for a while, or until a signal asks for the end.
  void pause(uint64_t us) const;
  // Tells people what has become of the run.
  void tell(const std::string& text) const;
  // Does so by the options' `stepped`.
  void step(RecoveryStep, const std::string& text) const;

 private:
  std::optional<Cluster>& given() { return options_.given; }
  void set_seats();
  void apply_reserve();
  std::vector<Seat>::iterator find_absent(uint64_t address);
  std::vector<WorkerAddress> addresses() const;
  void connect_all(double wait_s);
  void check_payload() const;
  void log_nodes() const;
  Prepared plan_beside(Graph, const PlanRequest&);
  void give_back();
  void give_back(Coordinator&) const;
  // The same after an error, unless the others go on without a lost node.
  void give_back_unless_lost();

  // Held back while nodes may be held, so that they are given back first.
  StopSignals signals_;
  WorkerClusterOptions options_;
  std::vector<Seat> seats_, absent_;
  int64_t reserved_ = 0;  // bytes of each arena
  size_t whole_ = 0;      // seats of the cluster that was asked for
  PlanRequest request_;
  std::optional<PlanText> given_plan_, cuts_file_;  // for all nodes
  // The transport, with datagrams that all workers have room for.
  shoal_transport used_{};
  std::unique_ptr<Coordinator> coordinator_;
  // Those before it, which may have nodes until it has connected all.
  std::vector<std::unique_ptr<Coordinator>> before_;
  bool were_connected_ = false;
  const void* user_ = nullptr;
  // By user and address: what its nodes need to run.
  std::map<const void*, std::map<uint64_t, int64_t>> programs_;
  NodeHistory history_;
  std::unique_ptr<ReturningNodes> returning_;
};

}  // namespace shoal
