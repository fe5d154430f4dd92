// Programs for the loss of each single node, which the nodes hold beside the
// one that runs: after a loss nothing is sent. Nodes keep them as they keep
// those of several models. Equal nodes have one plan for all losses, in which
// each moves up by one place if the lost one was before it: two programs.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "host/engine/common/fallback_plans.h"
#include "host/engine/recovery/worker_cluster.h"

namespace shoal {

class FallbackPrograms {
 public:
  // Counts what nodes hold, and what they had no room for.
  struct Summary {
    int programs = 0, without_room = 0;
    int64_t bytes = 0, bytes_without_room = 0;
    int nodes = 0;
  };

  // Returns whether a node lacks one of these that was not tried before.
  bool lacks(const WorkerCluster&, const Fallbacks&) const;
  // Has the connected nodes keep them, as many as they have room for beside
  // `now` and the programs of other models. Throws what the coordinator throws.
  void send(WorkerCluster&, const Prepared& now, const Fallbacks&);
  // The node has lost its memory.
  void forget(uint64_t address) {
    tried_.erase(address);
    held_.erase(address);
  }

  const Summary& summary() const { return summary_; }
  // Returns those for the losses after which nothing is lacking: all nodes that
  // are left hold their programs. Null where one does not.
  Fallbacks held(const WorkerCluster&, const Fallbacks&) const;

 private:
  using Hash = std::array<uint8_t, 32>;
  struct Program {
    const PlanNode* node;
    const std::vector<uint8_t>* image;
    Hash hash;
  };
  std::vector<Program> wanted(const Fallbacks&, size_t seat) const;
  size_t fitting(const WorkerCluster&, size_t seat, const PlanNode& now,
                 const HeldPrograms&, std::vector<Program>&);

  std::map<uint64_t, std::set<Hash>> tried_, held_;  // by address
  Summary summary_;
};

// "8 nodes hold 14 programs for the loss of any one of them, 24.2 MB of flash".
// `then`: what becomes of those that have no room.
std::string summary_text(const FallbackPrograms::Summary&,
                         const std::string& then =
                             ", and are sent after a "
                             "loss");

}  // namespace shoal
