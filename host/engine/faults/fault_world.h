// Nodes in virtual time that can fail: real agents, each with all the memory of
// its board, a network between them, and faults that happen when they are due.
// Nobody else knows of a fault: the coordinator sees what it would see of real
// nodes.
//
// The code of the coordinator runs outside, as on a computer: when it waits for
// datagrams, virtual time goes on.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "host/base/shared_key.h"
#include "host/engine/faults/node_fault.h"
#include "host/engine/recovery/worker_cluster.h"
#include "host/engine/virtual/simulate_cluster.h"
#include "host/engine/virtual/virtual_node.h"
#include "host/plan/types/cluster.h"
#include "host/world/world.h"

namespace shoal {

class FaultWorld {
 public:
  // It uses the network, links, costs, `insecure` and `max_payload` of the
  // options. `happened` is told when a fault begins or ends.
  FaultWorld(const Cluster&, const SimOptions&, std::vector<NodeFault>,
             std::function<void(const std::string&)> happened);
  ~FaultWorld();

  // The rest of the options of the workers that these nodes are; this must
  // outlive them. The request and the budgets are the caller's.
  WorkerClusterOptions workers();

  // From now on faults happen.
  void begin();
  Nanos now() const { return world_.now(); }
  bool has_begun() const { return has_begun_; }
  Nanos began() const { return began_; }
  // Returns the events of the world since then.
  uint64_t events_since_begin() const {
    return world_.events().count() - first_event_;
  }
  const World& world() const { return world_; }
  World& world() { return world_; }
  // The coordinator, which is the endpoint behind the nodes.
  uint32_t nodes() const { return static_cast<uint32_t>(nodes_.size()); }
  // From then on waiting throws Error(kNode).
  void end_at(Nanos limit) { limit_ = limit; }
  // Throws Error(kInternal) if a node wrote outside its arena.
  void check_arenas() const;

 private:
  class Transport;
  struct Due {
    NodeFault fault;
    bool began = false, ended = false;
  };
  void add_node(size_t number, const ClusterNode&);
  void start_node(size_t number);
  void planned(const WorkerCluster&, const Prepared&);
  void advance();
  bool let_faults_happen();
  void begin_fault(const NodeFault&);
  void end_fault(const NodeFault&);
  void link(const NodeFault&, void (Network::*change)(uint32_t, uint32_t));

  const Cluster cluster_;
  const SimOptions options_;
  const std::function<void(const std::string&)> happened_;
  std::mt19937_64 random_;
  SharedKey key_{};
  World world_;
  std::vector<Port*> ports_;  // of nodes, the coordinator, who asks
  std::vector<VirtualNodeOptions> node_options_;
  std::vector<std::unique_ptr<VirtualNode>> nodes_;
  // The programs that nodes were given, and what they cost: of now and before.
  std::vector<std::vector<uint8_t>> images_;
  std::vector<std::unique_ptr<NodeCost>> costs_;
  std::vector<const NodeCost*> cost_;  // of each node's last program
  std::vector<Due> due_;
  bool has_begun_ = false;
  Nanos began_ = 0, limit_ = kNever;
  uint64_t first_event_ = 0;
};

}  // namespace shoal
