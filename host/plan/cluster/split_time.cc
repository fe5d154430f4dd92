#include "host/plan/cluster/split_time.h"

#include <algorithm>
#include <map>
#include <set>

#include "host/plan/cost/feed.h"
#include "host/plan/cost/link_time.h"
#include "host/plan/cost/time.h"
#include "host/plan/single/numbers.h"

namespace shoal {
namespace {

struct Traffic {
  int64_t sent = 0, received = 0;
  int64_t datagrams = 0;  // both ways
};

// Of a stream: all at once from a buffer that is complete, else band by band.
int64_t stream_datagrams(const Plan& plan, const PlanStream& stream,
                         uint32_t payload) {
  const PlanStage& stage =
      plan.nodes[stream.from.node].stages[stream.from.stage];
  const int buffer = stage.ports[stream.from.port].buffer;
  int64_t pieces = 1;
  if (!stage.buffers[buffer].complete) {
    int band = stream.box.rows();
    for (const PlanActor& a : stage.actors) {
      if (stage.ports[a.out].buffer == buffer) band = std::min(band, a.band);
    }
    pieces = (stream.box.rows() + band - 1) / band;
  }
  return datagrams_of(stream.bytes(), pieces, payload);
}

// By node and stage; inputs and outputs are the coordinator's.
std::vector<std::vector<Traffic>> find_traffic(const Plan& plan,
                                               uint32_t payload) {
  std::vector<std::vector<Traffic>> all;
  for (const PlanNode& node : plan.nodes) {
    std::vector<Traffic>& stages = all.emplace_back(node.stages.size());
    for (size_t s = 0; s < node.stages.size(); ++s) {
      for (const PlanPort& p : node.stages[s].ports) {
        const int64_t bytes =
            p.box.elements() * node.stages[s].buffers[p.buffer].element_bytes;
        if (p.owner == Owner::kInput) stages[s].received += bytes;
        if (p.owner == Owner::kOutput) stages[s].sent += bytes;
        if (p.owner == Owner::kInput || p.owner == Owner::kOutput) {
          stages[s].datagrams += datagrams_of(bytes, 1, payload);
        }
      }
    }
  }
  for (const PlanStream& stream : plan.streams) {
    const int64_t datagrams = stream_datagrams(plan, stream, payload);
    for (const PlanStream::End& to : stream.to) {
      Traffic& from = all[stream.from.node][stream.from.stage];
      from.sent += stream.bytes();
      from.datagrams += datagrams;
      all[to.node][to.stage].received += stream.bytes();
      all[to.node][to.stage].datagrams += datagrams;
    }
  }
  return all;
}

struct SegmentTimes {
  std::vector<int64_t> node_ps;
  std::set<std::pair<int, int>> sends;  // while they are made
  int64_t bands = 1, windows = 0;
};

// Bands of a stage: with few of them little is done while rows travel.
int64_t most_bands(const PlanStage& stage) {
  int64_t most = 1;
  for (const PlanActor& a : stage.actors) {
    const int rows = stage.ports[a.out].box.rows();
    most = std::max<int64_t>(most, (rows + a.band - 1) / a.band);
  }
  return most;
}

// Layers that want rows beyond those at the same height.
int64_t windows(const Net& net, const PlanStage& stage) {
  int64_t n = 0;
  for (const PlanActor& a : stage.actors) {
    n += !a.copy && net.layers[a.layer].kernel_h > 1;
  }
  return n;
}

constexpr int64_t kMicrosecond = 1000000;
// Peers wait for a node's answer while it computes; much shorter slices would
// cost more than they gain.
constexpr int64_t kSlicePs = 250 * kMicrosecond;

// What these make of a row depends on all of its columns.
bool in_one_slice(OpCode op) {
  return op == OpCode::kReduceSum || op == OpCode::kReduceMax ||
         op == OpCode::kReshape || op == OpCode::kTranspose ||
         op == OpCode::kConstant;
}

// How often a node runs an actor's kernel, but for slices.
int64_t calls(const PlanStage& stage, const PlanActor& a, const LayerTime& t) {
  if (a.loop < 0) return std::max<int64_t>(1, t.firings);
  const PlanLoop& loop = stage.loops[a.loop];
  const PlanActor& last = stage.actors[loop.first_actor + loop.actors - 1];
  const int rows = stage.ports[last.out].box.rows();
  return int64_t{1} * loop.iterations * ((rows + loop.band - 1) / loop.band);
}

double seconds(int64_t ps) { return static_cast<double>(ps) / kPicoseconds; }

// The core's time in the stage, waits for its storage included.
int64_t core_ps(const Net& net, const ClusterNode& of, PlanNode& node,
                PlanStage& stage, LayerTime& sum) {
  sum = stage_time(net, stage, of.board);
  if (node.storage.empty()) return sum.total_ps();
  const Supply supply{&of.board, &find_storage(of.board, node.storage),
                      node.sealed};
  const FeedTime t = feed_time(net, stage, supply);
  sum.compute_ps = t.compute_ps, sum.flash_ps = t.flash_ps;
  sum.weight_read_bytes = t.bytes - t.requests * int64_t{kTagBytes};
  for (const PlanActor& a : stage.actors) {
    const bool mapped = a.weights.place == WeightPlace::kMapped;
    if (!mapped || a.weights.chunks.empty()) continue;
    sum.weight_read_bytes +=
        actor_time(net, stage, a, of.board).weight_read_bytes;
  }
  count_weights(net, stage, node);
  stage.storage_read_bytes = t.bytes;
  stage.compute_s = seconds(t.compute_ps), stage.flash_s = seconds(t.flash_ps);
  stage.storage_s = seconds(t.storage_ps);
  stage.check_s = seconds(t.check_ps);
  node.storage_read_bytes += t.bytes;
  return t.total_ps;
}

// Weights that take long to be read from flash come in groups of output
// channels, each a slice of its own. Groups of a firing, at least.
int64_t cut_groups(const Net& net, int64_t flash_ps, PlanActor& a) {
  if (a.copy || a.loop >= 0 || a.weights.chunks.empty()) return 1;
  PlanWeights& w = a.weights;
  const Layer& layer = net.layers[a.layer];
  const PlanChunk all = w.chunks.front();
  const bool by_channels = has_window(layer.op) && a.part >= layer.kernel_h;
  if (!by_channels || w.chunks.size() > 1) return 1;
  const int step = layer.op == OpCode::kDepthwise ? layer.depth_multiplier : 1;
  const int64_t wanted = (flash_ps + kSlicePs - 1) / kSlicePs;
  const int groups = static_cast<int>(
      std::clamp<int64_t>(wanted, 1, std::max(1, all.out_n / step)));
  const int channels = (all.out_n / step + groups - 1) / groups * step;
  w.chunks.clear();
  for (int c = 0; c < all.out_n; c += channels) {
    w.chunks.push_back(
        {all.out0 + c, std::min(channels, all.out_n - c), all.in0, all.in_n});
  }
  w.groups = static_cast<int>(w.chunks.size());
  return w.groups;
}

}  // namespace

void set_slices(const Net& net, const Cluster& cluster, Plan& plan) {
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    int64_t longest = 0;
    for (PlanStage& stage : plan.nodes[n].stages) {
      for (PlanActor& a : stage.actors) {
        const LayerTime t = actor_time(net, stage, a, cluster.nodes[n].board);
        const int64_t firings = calls(stage, a, t);
        const bool mapped = a.weights.place == WeightPlace::kMapped;
        const int64_t flash = mapped ? t.flash_ps / firings : 0;
        const int64_t groups = cut_groups(net, flash, a);
        const bool whole = !a.copy && in_one_slice(net.layers[a.layer].op);
        const int64_t most = whole ? 1 : stage.ports[a.out].box.columns();
        const int64_t compute = t.compute_ps / firings / groups;
        a.slices = static_cast<int>(
            std::clamp<int64_t>((compute + kSlicePs - 1) / kSlicePs, 1, most));
        longest = std::max(longest, compute / a.slices + flash / groups +
                                        t.firing_ps / firings);
      }
    }
    plan.nodes[n].poll_gap_us =
        static_cast<uint32_t>((longest + kMicrosecond - 1) / kMicrosecond);
  }
}

void model_split_time(const Net& net, const Cluster& cluster,
                      uint32_t max_payload, Plan& plan) {
  plan.model_macs = net.model_macs;
  plan.macs = 0, plan.traffic_bytes = 0;
  const auto traffic = find_traffic(plan, max_payload);
  std::map<int, SegmentTimes> segments;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    PlanNode& node = plan.nodes[n];
    const Board& board = cluster.nodes[n].board;
    int64_t node_ps = 0;
    for (size_t s = 0; s < node.stages.size(); ++s) {
      PlanStage& stage = node.stages[s];
      LayerTime sum;
      const int64_t core = core_ps(net, cluster.nodes[n], node, stage, sum);
      for (const PlanActor& a : stage.actors) {
        stage.macs += actor_macs(net, stage, a);
      }
      const Traffic& moved = traffic[n][s];
      const LinkTime link =
          link_time(moved.sent, moved.received, moved.datagrams, board);
      const int64_t busy = core + link.cpu_ps;
      const int64_t longer = std::max(busy, link.wire_ps);
      const int64_t ps =
          longer + std::min(busy, link.wire_ps) / most_bands(stage);
      stage.seconds = seconds(ps);
      stage.weight_read_bytes = sum.weight_read_bytes;
      stage.firings = sum.firings;
      const int64_t storage_ps = picoseconds(stage.storage_s);
      const int64_t most =
          std::max({sum.compute_ps, sum.flash_ps, sum.firing_ps, storage_ps,
                    link.cpu_ps, link.wire_ps});
      stage.bound = most == storage_ps && most > 0 ? "storage"
                    : most == link.wire_ps         ? "link"
                    : most == sum.compute_ps       ? "compute"
                    : most == sum.flash_ps         ? "flash"
                    : most == sum.firing_ps        ? "firings"
                                                   : "datagrams";
      node_ps += ps;
      SegmentTimes& segment = segments[stage.segment];
      segment.node_ps.resize(plan.nodes.size());
      segment.node_ps[n] = ps;
      segment.bands = std::max(segment.bands, most_bands(stage));
      segment.windows = std::max(segment.windows, windows(net, stage));
      node.macs += stage.macs;
      node.weight_read_bytes += stage.weight_read_bytes;
      node.sent_bytes += moved.sent;
      node.received_bytes += moved.received;
    }
    node.seconds = seconds(node_ps);
    plan.macs += node.macs;
    // A row that two nodes exchange counts once.
    plan.traffic_bytes += node.sent_bytes;
  }
  int64_t all = 0;
  for (const PlanStream& stream : plan.streams) {
    const PlanStage& stage =
        plan.nodes[stream.from.node].stages[stream.from.stage];
    const PlanPort& port = stage.ports[stream.from.port];
    if (stage.buffers[port.buffer].complete) continue;
    for (const PlanStream::End& to : stream.to) {
      segments[stage.segment].sends.insert({stream.from.node, to.node});
    }
  }
  for (const auto& [number, s] : segments) {
    all += segment_ps(s.node_ps, s.sends, s.bands, s.windows) +
           segment_latency_ps(cluster);
  }
  for (const PlanNode& node : plan.nodes) {
    for (const PlanStage& stage : node.stages) {
      for (const PlanPort& p : stage.ports) {
        if (p.owner != Owner::kInput) continue;
        plan.traffic_bytes +=
            p.box.elements() * stage.buffers[p.buffer].element_bytes;
      }
    }
  }
  plan.latency_s = seconds(all);
}

}  // namespace shoal
