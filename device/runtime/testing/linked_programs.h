// Programs of several nodes that belong together. Edges are described by number
// (StageSpec::receive, StageSpec::send); link_programs() gives every end its
// peer and the other end's number, and the coordinator its tables.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "device/runtime/testing/program_builder.h"

namespace shoal::test {

struct LinkedPrograms {
  std::vector<ProgramBuilder> nodes;  // by number
  std::vector<int> inputs, outputs;   // edges that the coordinator sends, gets
  uint16_t window = 8;
};

// The streams of a node of one stage; port: kNone, one target a stream.
struct CoordinatorTables {
  std::vector<PeerEntry> peers;
  std::vector<StreamRecord> streams;  // of the outputs
  std::vector<TargetRecord> targets;  // of the inputs
};

namespace linking {

struct End {
  uint16_t node = kNone, number = 0;
};
struct Edge {
  End from, to;
};

// Calls visit(stream, far end, its number) for each end, as they are counted.
template <class Visit>
void each_end(ProgramBuilder& p, const Visit& visit) {
  uint16_t streams = 0, targets = 0;
  for (StageSpec& stage : p.stages) {
    for (StageSpec::Stream& s : stage.streams) {
      for (FarEnd& f : s.far) visit(s, f, s.in ? streams++ : targets++);
    }
  }
}

inline std::vector<PeerEntry> peers_of(const std::set<uint16_t>& nodes,
                                       uint16_t window) {
  std::vector<PeerEntry> peers;
  for (uint16_t node : nodes) peers.push_back({node, window, 1000});
  return peers;
}

inline uint16_t index_of(const std::set<uint16_t>& nodes, uint16_t node) {
  return static_cast<uint16_t>(std::distance(nodes.begin(), nodes.find(node)));
}

}  // namespace linking

inline CoordinatorTables link_programs(LinkedPrograms& all) {
  using namespace linking;
  std::map<int, Edge> edges;
  uint16_t next = 0;
  for (int e : all.inputs) edges[e].from = {kCoordinator, next++};
  next = 0;
  for (int e : all.outputs) edges[e].to = {kCoordinator, next++};
  for (uint16_t n = 0; n < all.nodes.size(); ++n) {
    each_end(all.nodes[n], [&](auto& s, FarEnd& f, uint16_t number) {
      (s.in ? edges[f.edge].to : edges[f.edge].from) = {n, number};
    });
  }
  for (uint16_t n = 0; n < all.nodes.size(); ++n) {
    ProgramBuilder& p = all.nodes[n];
    const auto far = [&](const auto& s, const FarEnd& f) {
      return s.in ? edges[f.edge].from : edges[f.edge].to;
    };
    std::set<uint16_t> nodes;
    each_end(
        p, [&](auto& s, FarEnd& f, uint16_t) { nodes.insert(far(s, f).node); });
    each_end(p, [&](auto& s, FarEnd& f, uint16_t) {
      f.peer = index_of(nodes, far(s, f).node), f.there = far(s, f).number;
    });
    p.node = n, p.nodes = static_cast<uint16_t>(all.nodes.size());
    p.peers = peers_of(nodes, all.window);
  }
  std::set<uint16_t> nodes;
  for (int e : all.inputs) nodes.insert(edges[e].to.node);
  for (int e : all.outputs) nodes.insert(edges[e].from.node);
  CoordinatorTables t;
  t.peers = peers_of(nodes, all.window);
  for (int e : all.outputs) {
    const Edge& edge = edges[e];
    t.streams.push_back({kNone, edge.to.number, index_of(nodes, edge.from.node),
                         edge.from.number, 0, 0});
  }
  for (int e : all.inputs) {
    const Edge& edge = edges[e];
    t.targets.push_back({index_of(nodes, edge.to.node), edge.to.number});
  }
  return t;
}

}  // namespace shoal::test
