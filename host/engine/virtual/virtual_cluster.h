// A cluster in virtual time, maybe of one node: nodes with their programs,
// which take as many frames as one likes.
//
//   VirtualCluster all(prepared, cluster, input, options);
//   all.run(1), all.run(1);   // result() after each
//   all.stop();
#pragma once

#include <memory>
#include <random>
#include <span>
#include <vector>

#include "host/base/shared_key.h"
#include "host/engine/virtual/commander.h"
#include "host/engine/virtual/simulate_cluster.h"
#include "host/engine/virtual/virtual_node.h"

namespace shoal {

class VirtualCluster {
 public:
  // Every node has its program and waits for frames. All references must
  // outlive it.
  VirtualCluster(const Prepared&, const Cluster&,
                 std::span<const uint8_t> input, const SimOptions&);

  // Runs `frames` frames more, or as many as there are inputs for. The first
  // call warms up, if that is asked for, and the counts begin.
  void run(int frames);
  // Returns the result of all frames so far but the one that warmed up.
  SimResult result() const;
  // The end of all sessions.
  void stop();
  VirtualNode& node(int n) { return *nodes_[static_cast<size_t>(n)]; }

 private:
  void add_node(int node, const Cluster&, const SharedKey&);
  void give_store(int node, const ClusterNode&, VirtualNodeOptions&) const;
  void add_commander(const Cluster&, const SharedKey&);
  uint64_t patience_us(const std::vector<LinkModel>&) const;
  void connect();
  template <typename Done>
  void until(Done done);
  void want(int frames);
  void begin();
  void finish_nodes();
  void check_arenas() const;
  std::vector<PortTimes> times() const;
  // All that has been counted so far.
  EndpointReport report(uint32_t endpoint) const;
  std::vector<EndpointReport> reports() const;

  const Prepared& prepared_;
  const SimOptions& options_;
  std::mt19937_64 random_;
  World world_;
  FrameQueue frames_;
  std::vector<std::unique_ptr<NodeCost>> costs_;
  std::vector<std::unique_ptr<VirtualNode>> nodes_;
  std::vector<Port*> ports_;              // of nodes, then the coordinator's
  std::unique_ptr<Commander> commander_;  // null: the node is alone
  std::vector<EndpointReport> start_;     // when the first frame began
  std::vector<PortTimes> first_;          // when it ended
  int before_ = 0;                        // frames that do not count
  Nanos deployed_ = 0;
};

}  // namespace shoal
