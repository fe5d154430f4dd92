#include "host/check/testing/hand_cluster.h"

#include <algorithm>
#include <map>

namespace shoal {

HandCluster::HandCluster(const Net& net, int nodes) : net_(net) {
  for (int n = 0; n < nodes; ++n) nodes_.emplace_back(net_);
}

void HandCluster::segment(int number) {
  for (HandPlan& n : nodes_) n.now().segment = number;
}

PlanStream::End HandCluster::end(int stream, HandEnd e, const Box& box,
                                 bool is_read) {
  HandPlan& node = nodes_[e.node];
  node.port(e.buffer, box, is_read, Owner::kStream, stream);
  return {e.node, static_cast<int>(node.node_.stages.size()) - 1, -1};
}

int HandCluster::send(HandEnd from, const Box& box) {
  const PlanBuffer& b = nodes_[from.node].now().buffers[from.buffer];
  const int number = static_cast<int>(streams_.size());
  PlanStream s;
  s.tensor = b.tensor;
  s.element_bytes = b.element_bytes;
  s.box = box;
  s.from = end(number, from, box, true);
  streams_.push_back(s);
  return number;
}

void HandCluster::receive(int stream, HandEnd to) {
  PlanStream& s = streams_[stream];
  s.to.push_back(end(stream, to, s.box, false));
}

void HandCluster::stream(HandEnd from, const std::vector<HandEnd>& to,
                         const Box& box) {
  const int number = send(from, box);
  for (const HandEnd& e : to) receive(number, e);
}

// Sorting has moved the ports; a node has one end of a stream.
void HandCluster::find_ports(Plan& plan) const {
  for (size_t i = 0; i < plan.streams.size(); ++i) {
    PlanStream& s = plan.streams[i];
    const auto find = [&](PlanStream::End& e) {
      const auto& ports = plan.nodes[e.node].stages[e.stage].ports;
      const auto at = std::ranges::find_if(ports, [&](const PlanPort& p) {
        return p.owner == Owner::kStream && p.owner_index == int(i);
      });
      e.port = static_cast<int>(at - ports.begin());
    };
    find(s.from);
    for (PlanStream::End& e : s.to) find(e);
  }
}

// Peers and bytes of a node; returns the counts of its link's tables.
LinkCounts HandCluster::link_node(Plan& plan, int node) const {
  constexpr int kWindow = 3;
  PlanNode& n = plan.nodes[node];
  std::map<int, int> peers;
  std::vector<uint32_t> targets(n.stages.size()), streams(n.stages.size());
  for (const PlanStream& s : plan.streams) {
    for (const PlanStream::End& to : s.to) {
      if (s.from.node == node) {
        ++targets[s.from.stage];
        peers[to.node] = 1;
        n.sent_bytes += s.bytes();
      }
      if (to.node == node) {
        ++streams[to.stage];
        peers[s.from.node] = 1;
        n.received_bytes += s.bytes();
      }
    }
  }
  for (size_t s = 0; s < n.stages.size(); ++s) {
    for (const PlanPort& p : n.stages[s].ports) {
      if (p.owner != Owner::kInput && p.owner != Owner::kOutput) continue;
      peers[-1] = 1;
      ++(p.is_read ? targets : streams)[s];
      (p.is_read ? n.sent_bytes : n.received_bytes) +=
          p.box.elements() * n.stages[s].buffers[p.buffer].element_bytes;
    }
  }
  LinkCounts counts;
  n.gaps = 2 * (node % 2);
  counts.gaps = static_cast<uint32_t>(n.gaps);
  for (const auto& [peer, one] : peers) n.peers.push_back({peer, kWindow});
  counts.peers = static_cast<uint32_t>(n.peers.size());
  counts.windows = kWindow * counts.peers;
  for (uint32_t t : targets) counts.targets += t;
  counts.stage_targets = *std::ranges::max_element(targets);
  counts.stage_streams = *std::ranges::max_element(streams);
  return counts;
}

Plan HandCluster::finish() {
  Plan plan;
  plan.strategy = "hand";
  plan.linked = true;
  plan.streams = streams_;
  for (HandPlan& n : nodes_) {
    for (PlanStage& s : n.node_.stages) n.sort_ports(s);
    plan.nodes.push_back(n.node_);
  }
  find_ports(plan);
  for (int n = 0; n < static_cast<int>(nodes_.size()); ++n) {
    HandPlan& made = nodes_[n];
    made.link_ = link_node(plan, n);
    made.node_ = plan.nodes[n];
    made.node_.name = "node" + std::to_string(n);
    made.node_.poll_gap_us = 1000;
    made.pack();
    made.count();
    plan.nodes[n] = made.node_;
    plan.macs += made.node_.macs;
    plan.traffic_bytes += made.node_.sent_bytes;
  }
  for (const PlanNode& n : plan.nodes) {
    for (const PlanStage& s : n.stages) {
      for (const PlanPort& p : s.ports) {
        if (p.owner == Owner::kInput) plan.traffic_bytes += p.box.elements();
      }
    }
  }
  plan.model_macs = net_.model_macs;
  return plan;
}

}  // namespace shoal
