#include "host/plan/types/stream_table.h"

#include <algorithm>
#include <climits>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "device/program/early.h"
#include "device/program/params.h"
#include "host/base/error.h"

namespace shoal {
namespace {

const PlanPort& port_at(const Plan& plan, const PlanStream::End& end) {
  const bool exists =
      end.node >= 0 && size_t(end.node) < plan.nodes.size() && end.stage >= 0 &&
      size_t(end.stage) < plan.nodes[end.node].stages.size() && end.port >= 0 &&
      size_t(end.port) < plan.nodes[end.node].stages[end.stage].ports.size();
  if (!exists) {
    throw Error(Exit::kInternal, "a stream ends at no port of the plan");
  }
  return plan.nodes[end.node].stages[end.stage].ports[end.port];
}

StreamEnd end_of(const PlanStream::End& end) {
  return {end.node, end.stage, end.port, 0};
}

void add_streams(const Plan& plan, std::vector<StreamEdge>& edges) {
  for (size_t i = 0; i < plan.streams.size(); ++i) {
    const PlanStream& s = plan.streams[i];
    port_at(plan, s.from);
    for (const PlanStream::End& to : s.to) {
      port_at(plan, to);
      edges.push_back({Owner::kStream, static_cast<int>(i), s.tensor, s.box,
                       s.element_bytes, end_of(s.from), end_of(to)});
    }
  }
}

// Adds the coordinator's ends: inputs come from it, outputs go to it.
void add_ends(const Plan& plan, std::vector<StreamEdge>& edges) {
  for (int n = 0; n < static_cast<int>(plan.nodes.size()); ++n) {
    const PlanNode& node = plan.nodes[n];
    for (int s = 0; s < static_cast<int>(node.stages.size()); ++s) {
      const PlanStage& stage = node.stages[s];
      for (int p = 0; p < static_cast<int>(stage.ports.size()); ++p) {
        const PlanPort& port = stage.ports[p];
        if (port.owner != Owner::kInput && port.owner != Owner::kOutput) {
          continue;
        }
        const PlanBuffer& buffer = stage.buffers.at(port.buffer);
        StreamEdge edge{port.owner, port.owner_index,     buffer.tensor,
                        port.box,   buffer.element_bytes, {},
                        {}};
        (port.owner == Owner::kInput ? edge.to : edge.from) = {n, s, p, 0};
        edges.push_back(edge);
      }
    }
  }
}

// Numbers the ends of each node in the order of `key`.
template <class Key>
void number(std::vector<StreamEdge>& edges, StreamEnd StreamEdge::*end,
            Key key) {
  std::ranges::stable_sort(edges, {}, key);
  std::map<int, size_t> next;
  for (StreamEdge& e : edges) {
    const size_t n = next[(e.*end).node]++;
    if (n >= kNone) {
      throw Error(Exit::kInternal, "node " + std::to_string((e.*end).node) +
                                       " has too many streams");
    }
    (e.*end).number = static_cast<uint16_t>(n);
  }
}

uint16_t peer_index(const PlanNode& node, int peer) {
  const auto at = std::ranges::find(node.peers, peer, &PlanPeer::node);
  if (at == node.peers.end()) {
    throw Error(Exit::kInternal,
                node.name + " has no peer " + std::to_string(peer));
  }
  return static_cast<uint16_t>(at - node.peers.begin());
}

// Adds the entries of in-streams, in the order of their numbers.
void put_receivers(const std::vector<StreamEdge>& edges, const PlanNode& node,
                   int index, std::vector<StageLinks>& all) {
  std::map<uint16_t, const StreamEdge*> by_number;
  for (const StreamEdge& e : edges) {
    if (e.to.node == index) by_number[e.to.number] = &e;
  }
  for (const auto& [number, e] : by_number) {
    StageLinks& l = all.at(e->to.stage);
    l.entry.at(e->to.port) = static_cast<int>(l.streams.size());
    const PlanPort& port = node.stages[e->to.stage].ports[e->to.port];
    const bool early = port_comes_early(node, e->to.stage, port);
    l.streams.push_back({static_cast<uint16_t>(e->to.port), number,
                         peer_index(node, e->from.node), e->from.number, 0,
                         early ? kComesEarly : uint16_t{0}});
    ++l.in_streams;
  }
}

void put_senders(const std::vector<StreamEdge>& edges, const PlanNode& node,
                 int index, std::vector<StageLinks>& all) {
  for (const StreamEdge& e : edges) {
    if (e.from.node != index) continue;
    StageLinks& l = all.at(e.from.stage);
    int& entry = l.entry.at(e.from.port);
    if (entry < 0) {
      entry = static_cast<int>(l.streams.size());
      l.streams.push_back({static_cast<uint16_t>(e.from.port), e.from.number,
                           kNone, static_cast<uint16_t>(l.targets.size()), 0,
                           0});
    }
    ++l.streams[entry].targets;
    l.targets.push_back({peer_index(node, e.to.node), e.to.number});
  }
}

}  // namespace

std::vector<StreamEdge> stream_edges(const Plan& plan) {
  std::vector<StreamEdge> edges;
  add_streams(plan, edges);
  add_ends(plan, edges);
  // The coordinator's ends have no stage or port: they are sorted by input or
  // output, then by the node at the other end.
  number(edges, &StreamEdge::to, [](const StreamEdge& e) {
    const int output = e.to.node < 0 ? e.index : 0;
    return std::tuple(e.to.node, e.to.stage, e.to.port, output, e.from.node,
                      e.from.stage, e.from.port);
  });
  number(edges, &StreamEdge::from, [](const StreamEdge& e) {
    const int input = e.from.node < 0 ? e.index : 0;
    return std::tuple(e.from.node, e.from.stage, e.from.port, input, e.to.node,
                      e.to.stage, e.to.port);
  });
  return edges;
}

std::vector<StageLinks> node_links(const std::vector<StreamEdge>& edges,
                                   const Plan& plan, int index) {
  const PlanNode& node = plan.nodes.at(index);
  std::vector<StageLinks> all(node.stages.size());
  for (size_t s = 0; s < all.size(); ++s) {
    all[s].entry.assign(node.stages[s].ports.size(), -1);
  }
  put_receivers(edges, node, index, all);
  put_senders(edges, node, index, all);
  return all;
}

CoordinatorLinks coordinator_links(const std::vector<StreamEdge>& edges,
                                   const Plan& plan, uint16_t window) {
  CoordinatorLinks l;
  std::map<int, uint16_t> peers;
  for (const StreamEdge& e : edges) {
    if (e.from.node < 0) peers[e.to.node] = 0;
    if (e.to.node < 0) peers[e.from.node] = 0;
  }
  for (auto& [node, index] : peers) {
    index = static_cast<uint16_t>(l.peers.size());
    l.peers.push_back(
        {static_cast<uint16_t>(node), window, plan.nodes.at(node).poll_gap_us});
  }
  std::map<uint16_t, StreamRecord> streams;
  for (const StreamEdge& e : edges) {
    if (e.from.node < 0) {
      l.targets.push_back({peers.at(e.to.node), e.to.number});
    }
    if (e.to.node < 0) {
      streams[e.to.number] = {kNone,         e.to.number, peers.at(e.from.node),
                              e.from.number, 0,           0};
    }
  }
  for (const auto& [number, record] : streams) l.streams.push_back(record);
  return l;
}

bool port_comes_early(const PlanNode& node, int stage, const PlanPort& p) {
  if (p.owner != Owner::kStream || p.is_read || stage == 0) return false;
  const PlanBuffer& b = node.stages[stage].buffers[p.buffer];
  return b.first_stage < stage && !b.complete && b.variable < 0;
}

uint32_t most_in_streams(const PlanNode& node) {
  uint32_t most = 0, before = 0;
  for (int s = 0; s < static_cast<int>(node.stages.size()); ++s) {
    uint32_t in = 0;
    bool early = false;
    for (const PlanPort& p : node.stages[s].ports) {
      if (p.owner != Owner::kInput &&
          (p.owner != Owner::kStream || p.is_read)) {
        continue;
      }
      ++in;
      early |= port_comes_early(node, s, p);
    }
    most = std::max(most, early ? before + in : in);
    before = in;
  }
  return most;
}

std::vector<PeerEntry> peer_entries(const Plan& plan, const PlanNode& node) {
  std::vector<PeerEntry> peers;
  for (const PlanPeer& p : node.peers) {
    const bool coordinator = p.node == kCoordinatorNode;
    peers.push_back({coordinator ? kCoordinator : static_cast<uint16_t>(p.node),
                     static_cast<uint16_t>(p.window),
                     coordinator ? kCoordinatorPollGapUs
                                 : plan.nodes.at(p.node).poll_gap_us});
  }
  return peers;
}

std::vector<LinkCounts> count_links(const Plan& plan) {
  const std::vector<std::vector<StageEnds>> ends = stage_ends(plan);
  std::vector<LinkCounts> all(plan.nodes.size());
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    const PlanNode& node = plan.nodes[n];
    all[n].peers = static_cast<uint32_t>(node.peers.size());
    all[n].gaps = static_cast<uint32_t>(node.gaps);
    for (const PlanPeer& p : node.peers) {
      all[n].windows += static_cast<uint32_t>(p.window);
    }
    all[n].stage_streams = most_in_streams(node);
    for (const StageEnds& e : ends[n]) {
      all[n].targets += e.targets;
      all[n].stage_targets =
          std::max<uint32_t>(all[n].stage_targets, e.targets);
    }
  }
  return all;
}

StageEnds coordinator_ends(const PlanStage& stage) {
  StageEnds e;
  for (const PlanPort& p : stage.ports) {
    if (p.owner == Owner::kActor || p.owner == Owner::kSpill) continue;
    ++e.streams;
    e.targets += p.owner == Owner::kOutput;
  }
  return e;
}

std::vector<std::vector<StageEnds>> stage_ends(const Plan& plan) {
  std::vector<std::vector<StageEnds>> all;
  for (const PlanNode& node : plan.nodes) {
    std::vector<StageEnds>& ends = all.emplace_back();
    for (const PlanStage& stage : node.stages) {
      ends.push_back(coordinator_ends(stage));
    }
  }
  for (const PlanStream& s : plan.streams) {
    all[s.from.node][s.from.stage].targets +=
        static_cast<uint16_t>(s.to.size());
  }
  return all;
}

StageCounts count_tables(const Net& net, const PlanStage& stage,
                         StageEnds ends) {
  StageCounts n;
  n.streams = ends.streams, n.targets = ends.targets;
  n.buffers = static_cast<uint16_t>(stage.buffers.size());
  n.ports = static_cast<uint16_t>(stage.ports.size());
  n.actors = static_cast<uint16_t>(stage.actors.size());
  n.order = static_cast<uint16_t>(stage.order.size());
  n.loops = static_cast<uint16_t>(stage.loops.size());
  n.spills = static_cast<uint16_t>(stage.spills.size());
  for (const PlanActor& a : stage.actors) {
    if (a.copy) {
      n.params += kParamCount<MoveParams>;
      continue;
    }
    const Layer& layer = net.layers[a.layer];
    if (!a.weights.chunks.empty()) ++n.weights;
    n.chunks += static_cast<uint16_t>(a.weights.chunks.size());
    n.params += static_cast<uint16_t>(layer.params.size());
    if (layer.op == OpCode::kResize) {
      const Box& made = stage.ports[a.out].box;
      n.maps += static_cast<uint16_t>(made.rows() + made.columns());
    }
  }
  return n;
}

uint32_t frames_under_way(const Plan& plan,
                          const std::vector<StreamEdge>& edges) {
  constexpr uint32_t kLeast = 2;
  std::vector<std::pair<int, int>> runs;  // last and first layer of each node
  for (const PlanNode& node : plan.nodes) {
    int first = INT_MAX, last = -1;
    for (const PlanStage& stage : node.stages) {
      for (const PlanActor& a : stage.actors) {
        if (a.copy) continue;
        first = std::min(first, a.layer), last = std::max(last, a.layer);
      }
    }
    if (last >= 0) runs.emplace_back(last, first);
  }
  // The most runs that do not overlap: always takes the one that ends first.
  std::ranges::sort(runs);
  uint32_t crews = 0;
  int end = -1;
  for (const auto& [last, first] : runs) {
    // Two crews may share the layer between them.
    if (first > end || (first == end && last > end)) ++crews, end = last;
  }
  int64_t most = 1;
  for (const StreamEdge& e : edges) {
    const bool own = e.kind == Owner::kInput || e.kind == Owner::kOutput;
    if (own) most = std::max(most, e.bytes());
  }
  const int64_t room = (int64_t{INT32_MAX} / most) - 1;
  return static_cast<uint32_t>(
      std::clamp<int64_t>(crews + 1, kLeast, std::max<int64_t>(kLeast, room)));
}

}  // namespace shoal
