// Linked plans made by hand: a HandPlan for each node, and the streams
// between them.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "host/check/testing/hand_plans.h"

namespace shoal {

// A buffer of the stage that its node is in now.
struct HandEnd {
  int node = 0, buffer = 0;
};

class HandCluster {
 public:
  HandCluster(const Net& net, int nodes);
  HandPlan& operator[](int node) { return nodes_[node]; }
  void stage() {
    for (HandPlan& n : nodes_) n.stage();
  }
  void segment(int number);  // of the stages that all nodes are in now
  // The rows of a box, from a buffer of one node to buffers of others.
  void stream(HandEnd from, const std::vector<HandEnd>& to, const Box&);
  // The same one end at a time, where they lie in different stages.
  int send(HandEnd from, const Box&);
  void receive(int stream, HandEnd to);
  Plan finish();

 private:
  PlanStream::End end(int stream, HandEnd, const Box&, bool is_read);
  void find_ports(Plan&) const;
  LinkCounts link_node(Plan&, int node) const;

  const Net& net_;
  std::deque<HandPlan> nodes_;
  std::vector<PlanStream> streams_;
};

// Every cut, and what is exchanged for it: a halo, channels inside a segment
// and across its end, sums of input channels, columns, whole layers, tiles.
std::vector<HandCase> linked_cases();

}  // namespace shoal
