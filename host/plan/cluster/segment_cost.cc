#include "host/plan/cluster/segment_cost.h"

#include <algorithm>
#include <set>

#include "device/program/link_layout.h"
#include "host/plan/arena/pack.h"
#include "host/plan/cluster/segment_stage.h"
#include "host/plan/cluster/split_build.h"
#include "host/plan/cost/link_time.h"
#include "host/plan/cost/time.h"
#include "host/plan/tokens/rings.h"
#include "host/plan/types/trial_shares.h"

namespace shoal {
namespace {

int end_of(const SplitNet& s, Segment segment) {
  return std::min(segment.end, static_cast<int>(s.net.layers.size()));
}

double elements(const Box& box) {
  return box.empty() ? 0 : static_cast<double>(box.elements());
}

// Cursors and link entries of a stream at either end.
constexpr int64_t kInStreamBytes = 12, kTargetBytes = 16;

}  // namespace

// Of one segment, by node.
struct CostModel::Tally {
  struct Ring {
    int tensor;
    Box box;
    int element_bytes;
    bool plain;  // not read by layers: passes through
    int groups = 1;
  };
  struct Work {
    int layer;
    Box made;
  };
  struct Flow {
    int64_t bytes;
    int rows;
    bool at_once;  // all of it is there when the segment begins
  };
  struct Node {
    int64_t whole = 0, sent = 0, received = 0;
    std::vector<Flow> flows;
    // Rows that are made in the segment go about as they are made.
    int64_t datagrams(int passes, uint32_t payload) const {
      int64_t all = 0;
      for (const Flow& f : flows) {
        const int64_t pieces = f.at_once ? 1 : std::min(f.rows, passes);
        all += datagrams_of(f.bytes, pieces, payload);
      }
      return all;
    }
    std::vector<Ring> rings;
    std::vector<Work> work;
    std::vector<Box> copies;
    int64_t windows(const Net& net) const {
      int64_t n = 0;
      for (const Work& w : work) n += net.layers[w.layer].kernel_h > 1;
      return n;
    }
    int64_t bands(int passes) const {
      int64_t most = 1;
      for (const Work& w : work) {
        most = std::max<int64_t>(most, std::min(w.made.rows(), passes));
      }
      return most;
    }
  };
  std::vector<Node> nodes;
  std::vector<bool> sends;  // within the segment, from node to node
  std::set<std::pair<int, int>> one_way() const {
    std::set<std::pair<int, int>> all;
    const size_t n = nodes.size();
    for (size_t i = 0; i < n * n; ++i) {
      const size_t from = i / n, to = i % n;
      if (sends[i] && !sends[to * n + from]) {
        all.insert({static_cast<int>(from), static_cast<int>(to)});
      }
    }
    return all;
  }
  void move(int from, int to, const Flow& flow) {
    nodes[from].sent += flow.bytes;
    nodes[from].flows.push_back(flow);
    nodes[to].received += flow.bytes;
    nodes[to].flows.push_back(flow);
  }
  void send(int from, int to) {
    sends[static_cast<size_t>(from) * nodes.size() + static_cast<size_t>(to)] =
        true;
  }
};

CostModel::CostModel(const SplitNet& split, const Cluster& cluster,
                     const Streaming& streaming, uint32_t max_payload)
    : s_(split),
      cluster_(cluster),
      streaming_(streaming),
      max_payload_(max_payload),
      passes_{1, 2, 3, 4, 7, 14, 28, kOneRow} {
  for (int passes :
       {1,  2,  3,  4,  5,  6,  7,  8,  10,  12,  14,  16,  20,
        24, 28, 32, 40, 48, 56, 72, 96, 112, 144, 192, 256, kOneRow}) {
    const Work work = uniform_work(s_.net, passes);
    std::vector<int> slots = ring_slots(s_.net, s_.uses, work);
    if (passes == kOneRow) {
      slots = tighten(s_.net, s_.uses, whole_net(s_.net), work, slots);
    }
    table_passes_.push_back(passes);
    table_slots_.push_back(std::move(slots));
  }
}

int CostModel::slots(int tensor, const Box& box, int passes) const {
  const NetTensor& t = s_.net.tensors[tensor];
  // So many passes over the whole tensor make bands as high as these.
  const int64_t same = int64_t{passes} * ceil_div(t.rows, box.rows());
  size_t i = 0;
  while (i + 1 < table_passes_.size() && table_passes_[i + 1] <= same) ++i;
  return std::clamp(table_slots_[i][tensor], 1, box.rows());
}

int64_t CostModel::fixed_bytes() const {
  constexpr int64_t kPeer = sizeof(PeerState) + kWindow * sizeof(Flight);
  return 128 + s_.nodes * kPeer;
}

void CostModel::add_layers(Segment segment, const MadeBoxes& made,
                           Tally& tally) const {
  for (int l = segment.begin; l < end_of(s_, segment); ++l) {
    const std::vector<Share>& chain = s_.chain[l];
    for (int n = 0; chain.empty() && n < s_.nodes; ++n) {
      if (!made[l][n].empty()) tally.nodes[n].work.push_back({l, made[l][n]});
    }
    for (size_t i = 0; i < chain.size(); ++i) {
      const int next = chain[(i + 1) % chain.size()].node;
      tally.send(chain[i].node, next);
      tally.send(next, chain[i].node);
      for (const Share& share : chain) {
        tally.nodes[share.node].work.push_back({l, chain[i].own});
      }
    }
  }
}

void CostModel::add_homes(const Exchange& x, Tally& tally) const {
  for (const Home& h : x.homes) {
    if (h.segment > kHere || h.last_segment < kHere) continue;
    Tally::Node& node = tally.nodes[h.node];
    const int element_bytes = s_.net.tensors[h.tensor].element_bytes;
    const int64_t bytes = h.box.elements() * element_bytes;
    if (h.whole()) {
      node.whole += aligned(bytes);
    } else {
      node.rings.push_back({h.tensor, h.box, element_bytes, false,
                            groups_of(s_.uses[h.tensor])});
    }
    if (h.input < 0 || h.segment < kHere) continue;
    node.received += bytes;
    node.flows.push_back({bytes, h.box.rows(), true});
  }
}

void CostModel::add_gathers(const Exchange& x, Tally& tally) const {
  for (const Gather& g : x.gathers) {
    if (g.segment != kHere) continue;
    Tally::Node& node = tally.nodes[g.node];
    node.rings.push_back(
        {g.tensor, g.box, s_.net.tensors[g.tensor].element_bytes, false});
    for (const Copy& copy : g.copies) node.copies.push_back(copy.box);
  }
  for (const Delivery& d : x.deliveries) {
    const Gather& to = x.gathers[d.gather];
    if (to.segment != kHere) continue;
    const Home& from = x.homes[d.home];
    const int64_t bytes = d.missing * s_.net.tensors[to.tensor].element_bytes;
    const bool at_once = from.segment < kHere;
    tally.move(from.node, to.node, {bytes, d.part.rows(), at_once});
    tally.nodes[to.node].whole += kInStreamBytes;
    tally.nodes[from.node].whole += kTargetBytes;
    if (!at_once) tally.send(from.node, to.node);
  }
  for (const Partial& p : x.partials) {
    tally.move(p.from, p.to, {4 * p.box.elements(), p.box.rows(), false});
    const int tensor = s_.net.layers[p.layer].out.tensor;
    for (const int n : {p.from, p.to}) {
      tally.nodes[n].rings.push_back({tensor, p.box, 4, true});
    }
  }
}

// Rows that bands share are made twice within a loop.
int64_t CostModel::rows_made(int layer, int rows, int band) const {
  if (!s_.is_inner(layer)) return rows;
  int64_t shared = 0;
  for (int l = layer + 1; l < s_.loops[s_.loop_of[layer]].end; ++l) {
    const Layer& next = s_.net.layers[l];
    shared += int64_t{next.kernel_h - 1} * next.dilation_y;
  }
  return rows + (ceil_div(rows, band) - 1) * shared;
}

// A tensor within a loop exists a group at a time.
int CostModel::groups_of(const TensorUses& uses) const {
  if (uses.writers.empty()) return 1;  // of a variable before the frame
  const Use& w = uses.writers.front();
  if (w.owner != Owner::kActor || !s_.is_inner(w.index)) return 1;
  return s_.loops[s_.loop_of[w.index]].groups;
}

Streaming::Load CostModel::storage_load(const Tally& tally, size_t p,
                                        int n) const {
  Streaming::Load load;
  for (const Tally::Work& w : tally.nodes[n].work) {
    streaming_.add(n, w.layer, w.made,
                   share_work(s_, w.layer, w.made, passes_[p]), load);
  }
  return load;
}

int64_t CostModel::time_ps(const Tally& tally, const Streaming::Load& load,
                           size_t p, int n) const {
  const Tally::Node& node = tally.nodes[n];
  const Board& board = cluster_.nodes[n].board;
  int64_t compute = 0;
  const int64_t bands = node.bands(passes_[p]);
  for (const Tally::Work& w : node.work) {
    const Layer& layer = s_.net.layers[w.layer];
    LayerShare share{w.made, layer.in[0].box.channels()};
    for (const Share& s : s_.chain[w.layer]) {
      if (s.node == n) share.in_channels = s.in1 - s.in0;
    }
    const LayerWork work = share_work(s_, w.layer, w.made, passes_[p]);
    const LayerTime t = share_time(layer, share, work, board);
    const int64_t once =
        t.total_ps() - (streaming_.streams(n, w.layer) ? t.flash_ps : 0);
    compute +=
        once * rows_made(w.layer, w.made.rows(), work.band) / w.made.rows();
  }
  for (const Box& box : node.copies) {
    compute +=
        copy_time(box, std::max(1, ceil_div(box.rows(), passes_[p])), board)
            .total_ps();
  }
  const LinkTime link =
      link_time(node.sent, node.received,
                node.datagrams(passes_[p], max_payload_), board);
  compute = std::max(compute + link.cpu_ps + load.check_ps, load.tape_ps);
  const int64_t longer = std::max(compute, link.wire_ps);
  const int64_t shorter = std::min(compute, link.wire_ps);
  // Few bands leave little to do at the same time.
  return load.entry_ps + longer + shorter / bands;
}

// So much more than its share a node may compute of a segment, but where the
// user wants just that.
bool CostModel::is_even(Segment segment, const MadeBoxes& made) const {
  for (int l : s_.cuts.joined) {
    if (segment.holds(l) && segment.holds(l + 1)) return true;
  }
  double most_own = 0, most_made = 0;
  for (int n = 0; n < s_.nodes; ++n) {
    double own = 0, all = 0;
    for (int l = segment.begin; l < end_of(s_, segment); ++l) {
      if (s_.is_inner(l)) return true;
      const Layer& layer = s_.net.layers[l];
      const double each = static_cast<double>(layer.macs) /
                          static_cast<double>(layer.out.box.elements());
      own += each * elements(s_.own[l][n]);
      all += each * elements(made[l][n]);
    }
    most_own = std::max(most_own, own);
    most_made = std::max(most_made, all);
  }
  return most_made <= shares::kUneven * most_own;
}

SegmentCost CostModel::cost(Segment segment) const {
  SegmentCost result;
  MadeBoxes made = s_.own;
  if (!compute_boxes(s_, segment, made) || !is_even(segment, made)) {
    return result;
  }
  Tally tally;
  tally.nodes.resize(s_.nodes);
  tally.sends.resize(size_t(s_.nodes) * size_t(s_.nodes));
  add_layers(segment, made, tally);
  const Exchange exchange = find_exchange(s_, segment, made);
  add_homes(exchange, tally);
  add_gathers(exchange, tally);
  result.possible = true;
  const std::set<std::pair<int, int>> one_way = tally.one_way();
  for (size_t p = 0; p < passes_.size(); ++p) {
    SegmentCost::AtPasses at;
    std::vector<int64_t> node_ps;
    int64_t bands = 1, windows = 0;
    for (int n = 0; n < s_.nodes; ++n) {
      const Tally::Node& node = tally.nodes[n];
      const Streaming::Load load = storage_load(tally, p, n);
      int64_t bytes =
          node.whole + load.sram_bytes + kTapeSlots * load.slot_bytes;
      for (const Tally::Ring& r : node.rings) {
        const int64_t row =
            int64_t{1} * r.box.columns() * r.box.channels() * r.element_bytes;
        const int rows =
            r.plain ? std::min(r.box.rows(),
                               std::max(1, ceil_div(r.box.rows(), passes_[p])))
                    : slots(r.tensor, r.box, passes_[p]);
        bytes += aligned((row + r.groups - 1) / r.groups * rows) + 8;
      }
      for (const Tally::Work& w : node.work) {
        const Layer& layer = s_.net.layers[w.layer];
        if (s_.loop_of[w.layer] >= 0 && !s_.is_inner(w.layer)) {
          const int band = share_work(s_, w.layer, w.made, passes_[p]).band;
          bytes +=
              aligned(int64_t{4} * band * w.made.columns() * w.made.channels());
        }
        bytes += aligned(sums_bytes(
            layer, share_work(s_, w.layer, w.made, passes_[p]), w.made));
      }
      at.bytes.push_back(bytes);
      node_ps.push_back(time_ps(tally, load, p, n));
      bands = std::max(bands, node.bands(passes_[p]));
      windows = std::max(windows, node.windows(s_.net));
    }
    at.time_ps = segment_ps(node_ps, one_way, bands, windows);
    if (s_.nodes > 1) at.time_ps += segment_latency_ps(cluster_);
    result.at.push_back(std::move(at));
  }
  return result;
}

}  // namespace shoal
