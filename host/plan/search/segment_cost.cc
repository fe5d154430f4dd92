#include "host/plan/search/segment_cost.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "device/program/link_layout.h"
#include "host/plan/arena/pack.h"
#include "host/plan/build/build_plan.h"
#include "host/plan/cost/link_time.h"
#include "host/plan/cost/time.h"
#include "host/plan/draft/linked_draft.h"
#include "host/plan/types/boxes.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

double elements(const Box& box) {
  return box.empty() ? 0 : static_cast<double>(box.elements());
}

// Bytes of a stream's cursors and link entries at either end.
constexpr int64_t kInStreamBytes = 12, kTargetBytes = 16;

}  // namespace

// The stages of one segment and their streams.
struct CostModel::Draft {
  struct Flow {
    int64_t bytes;
    int rows;
    bool at_once;  // all rows exist when the segment begins
    int count = 1;
  };
  struct Node {
    PlanStage stage;            // empty without a share
    std::vector<bool> is_ring;  // by buffer
    OverlaidBuffers overlay;
    int64_t whole = 0, sent = 0, received = 0;
    std::vector<Flow> flows;
    // Rows that are made in the segment are sent as they are made.
    int64_t datagrams(int passes, uint32_t payload) const {
      int64_t all = 0;
      for (const Flow& f : flows) {
        const int64_t pieces = f.at_once ? 1 : std::min(f.rows, passes);
        all += f.count * datagrams_of(f.bytes, pieces, payload);
      }
      return all;
    }
    void add(const Flow& flow) {
      for (Flow& f : flows) {
        if (f.bytes != flow.bytes || f.rows != flow.rows) continue;
        if (f.at_once != flow.at_once) continue;
        ++f.count;
        return;
      }
      flows.push_back(flow);
    }
    // The output must keep a distance of two bands from the input that it lies
    // over, so the saving is below the size of the smaller one.
    int64_t saved(const CutNet& s, int passes) const {
      if (!overlay.both()) return 0;
      int band = 1;
      for (const PlanActor& a : stage.actors) {
        if (stage.ports[a.out].buffer != overlay.out) continue;
        band = share_work(s, a.layer, stage.ports[a.out].box, passes).band;
      }
      const PlanBuffer &in = stage.buffers[overlay.in],
                       &out = stage.buffers[overlay.out];
      return overlay_gain(in.bytes(), out.bytes(),
                          int64_t{2} * band * out.row_bytes());
    }
    int64_t windows(const Net& net) const {
      return std::ranges::count_if(stage.actors, [&](const PlanActor& a) {
        return !a.copy && net.layers[a.layer].kernel_h > 1;
      });
    }
    // No layer fires more often than its highest share has rows.
    int most_rows() const {
      int most = 1;
      for (const PlanActor& a : stage.actors) {
        if (!a.copy) most = std::max(most, stage.ports[a.out].box.rows());
      }
      return most;
    }
  };
  std::vector<Node> nodes;
  // Returns the rows of the highest buffer. With one row, the number of firings
  // makes no difference.
  int rows() const {
    int most = 1;
    for (const Node& n : nodes) {
      for (const PlanBuffer& b : n.stage.buffers) {
        most = std::max(most, b.box.rows());
      }
    }
    return most;
  }
  // Pairs of nodes that send within the segment in one direction only.
  std::set<std::pair<int, int>> one_way;
};

CostModel::CostModel(const CutNet& cut, const Cluster& cluster,
                     const Streaming& streaming, uint32_t max_payload,
                     const FlashPercent& flash, SegmentTime time,
                     SegmentMemo& memo)
    : s_(cut),
      cluster_(cluster),
      streaming_(streaming),
      max_payload_(max_payload),
      flash_(flash),
      time_(time),
      memo_(memo),
      passes_{1, 2, 3, 4, 7, 14, 28, kOneRow},
      shares_(cut, cluster, streaming, flash, passes_, memo),
      slots_(cut.net.tensors.size() * size_t(cut.nodes)) {
  const auto layers = static_cast<int>(cut.net.layers.size());
  std::set<int> busy;
  for (int l = 0; l < layers; ++l) {
    cut_numbers_.push_back(memo_.number_of(cut, l));
    for (const Share& s : cut.cuts.layers[l].shares) busy.insert(s.node);
  }
  busy_.assign(busy.begin(), busy.end());
  cuts_from_.resize(static_cast<size_t>(layers) + 1);
}

int64_t CostModel::fixed_bytes() const {
  constexpr int64_t kPeer = sizeof(PeerState) + kWindow * sizeof(Flight);
  return 128 + busy_nodes() * kPeer;
}

CostModel::Draft CostModel::draft(Segment segment,
                                  const MadeBoxes& made) const {
  const Exchange exchange = find_exchange(s_, segment, made);
  PlanDraft stages = segment_draft(s_, segment, made, exchange);
  Draft d;
  d.nodes.resize(s_.nodes);
  const std::optional<Overlay> pair = overlay_pair(s_.net, s_.uses, segment);
  for (const Home& h : exchange.homes) {
    if (!h.whole() || h.segment > kHere || h.last_segment < kHere) continue;
    d.nodes[h.node].whole +=
        aligned(h.box.elements() * s_.net.tensors[h.tensor].element_bytes);
  }
  for (int n = 0; n < s_.nodes; ++n) {
    if (stages.plan.nodes[n].stages.empty()) continue;
    Draft::Node& node = d.nodes[n];
    node.stage = std::move(stages.plan.nodes[n].stages[0]);
    for (const int home : stages.stages[n][0].homes) {
      node.is_ring.push_back(home < 0);
    }
    if (pair) {
      node.overlay =
          overlay_buffers(node.stage, stages.stages[n][0].homes, *pair);
    }
    for (const PlanPort& p : node.stage.ports) {
      if (p.owner != Owner::kInput) continue;
      const int64_t bytes =
          p.box.elements() * node.stage.buffers[p.buffer].element_bytes;
      node.received += bytes;
      node.add({bytes, p.box.rows(), true});
    }
  }
  std::vector<bool> sends(size_t(s_.nodes) * size_t(s_.nodes));
  const auto number = [&](int from, int to) {
    return size_t(from) * size_t(s_.nodes) + size_t(to);
  };
  for (size_t i = 0; i < stages.plan.streams.size(); ++i) {
    const PlanStream& stream = stages.plan.streams[i];
    Draft::Node& from = d.nodes[stream.from.node];
    const int buffer = from.stage.ports[stream.from.port].buffer;
    const bool at_once = from.stage.buffers[buffer].complete;
    for (const PlanStream::End& end : stream.to) {
      Draft::Node& to = d.nodes[end.node];
      const Draft::Flow flow{stream.bytes(), stream.box.rows(), at_once};
      from.sent += flow.bytes, to.received += flow.bytes;
      from.add(flow), to.add(flow);
      from.whole += kTargetBytes, to.whole += kInStreamBytes;
      if (at_once) continue;
      sends[number(stream.from.node, end.node)] = true;
      // All nodes of a chain of sums work at the same time.
      if (exchange.streams[i].partial < 0) continue;
      sends[number(end.node, stream.from.node)] = true;
    }
  }
  for (int from = 0; from < s_.nodes; ++from) {
    for (int to = 0; to < s_.nodes; ++to) {
      if (!sends[number(from, to)] || sends[number(to, from)]) continue;
      d.one_way.insert({from, to});
    }
  }
  return d;
}

const std::vector<int>& CostModel::slots(int tensor, int rows, int n) const {
  Slots& of = slots_[size_t(tensor) * size_t(s_.nodes) + size_t(n)];
  if (of.rows == rows) return of.slots;
  of = {rows, {}};
  // A part of the tensor has bands as high as the whole with `parts` times as
  // many passes.
  const int64_t parts = ceil_div(s_.net.tensors[tensor].rows, rows);
  for (const int passes : passes_) {
    of.slots.push_back(
        std::clamp(memo_.slots(passes * parts)[tensor], 1, rows));
  }
  return of.slots;
}

std::vector<int64_t> CostModel::ring_bytes(const Draft& d, int n) const {
  const Draft::Node& node = d.nodes[n];
  std::vector<int64_t> bytes(passes_.size());
  for (size_t b = 0; b < node.is_ring.size(); ++b) {
    if (!node.is_ring[b]) continue;
    const PlanBuffer& buffer = node.stage.buffers[b];
    const int rows = buffer.box.rows();
    const int64_t row = buffer.row_bytes();
    // Sums of a chain only pass through, one band at a time.
    const bool sums =
        buffer.element_bytes != s_.net.tensors[buffer.tensor].element_bytes;
    const std::vector<int>& held = slots(buffer.tensor, rows, n);
    for (size_t p = 0; p < passes_.size(); ++p) {
      const int slots = sums ? ceil_div(rows, passes_[p]) : held[p];
      bytes[p] += aligned(row * slots) + 8;
    }
  }
  return bytes;
}

Streaming::Load CostModel::storage_load(const PlanStage& stage, size_t p,
                                        int n) const {
  Streaming::Load load;
  if (!streaming_.any(n)) return load;
  bool is_first = true;
  for (const PlanActor& a : stage.actors) {
    if (a.copy) continue;
    const bool first = std::exchange(is_first, false);
    if (!streaming_.streams(n, a.layer)) continue;
    // The core has nothing else to do until the first bytes have arrived.
    if (first) {
      load.wait_ps +=
          streaming_.supplies()[size_t(n)].read_ps(tuning::kLeastSlot);
    }
    const ShareCost& cost = shares_.actor(stage, a, n)[p];
    streaming_.add(n, a.layer, stage.ports[a.out].box, cost.work, cost.ps,
                   load);
  }
  return load;
}

int64_t CostModel::time_ps(const Draft& d, int64_t core_ps,
                           const Streaming::Load& load, size_t p, int n) const {
  const Draft::Node& node = d.nodes[n];
  const Board& board = cluster_.nodes[n].board;
  const LinkTime link =
      link_time(node.sent, node.received,
                node.datagrams(passes_[p], max_payload_), board);
  const int64_t compute = std::max(
      core_ps + link.cpu_ps + load.check_ps + load.wait_ps, load.tape_ps);
  const int64_t longer = std::max(compute, link.wire_ps);
  const int64_t shorter = std::min(compute, link.wire_ps);
  // Computing and sending overlap by all but one band.
  const int bands = std::min(node.most_rows(), passes_[p]);
  return load.entry_ps + longer + shorter / bands;
}

// Returns whether halos make no node compute far more than its share of the
// segment. Cuts that the user joined are always allowed.
bool CostModel::is_even(Segment segment, const MadeBoxes& made) const {
  for (int l : s_.cuts.joined) {
    if (segment.holds(l) && segment.holds(l + 1)) return true;
  }
  double most_own = 0, most_made = 0;
  for (int n = 0; n < s_.nodes; ++n) {
    double own = 0, all = 0;
    for (int l = segment.begin; l < end_of_layers(s_.net, segment); ++l) {
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
  return most_made <= tuning::kUneven * most_own;
}

int CostModel::cuts_number(Segment segment) const {
  std::vector<int>& row = cuts_from_[segment.begin];
  const int end = end_of_layers(s_.net, segment);
  while (std::ssize(row) < end - segment.begin) {
    const int layer = segment.begin + static_cast<int>(row.size());
    row.push_back(
        memo_.number_of(row.empty() ? -1 : row.back(), cut_numbers_[layer]));
  }
  return row.empty() ? -1 : row[end - segment.begin - 1];
}

const SegmentCost& CostModel::cost(Segment segment,
                                   const MadeBoxes& made) const {
  const NetForms::Form& form = memo_.form_of(segment);
  SegmentMemo::Key key{form.number, flash_.once, flash_.again,
                       static_cast<int>(time_)};
  // Weights in storage and joined layers are named by layer, so the position
  // counts.
  if (streaming_.any() || !s_.cuts.joined.empty()) key.push_back(segment.begin);
  key.push_back(cuts_number(segment));
  for (const int l : form.others) key.push_back(cut_numbers_[l]);
  if (const SegmentCost* known = memo_.find(key)) return *known;
  return memo_.add(std::move(key), worked_out(segment, made));
}

SegmentCost CostModel::worked_out(Segment segment,
                                  const MadeBoxes& made) const {
  SegmentCost result;
  if (PlanDeadline::passed()) return result;
  if (!is_even(segment, made)) return result;
  Draft d = draft(segment, made);
  result.possible = true;
  int64_t windows = 0;
  int rows = 1;  // rows of the highest share
  struct Costs {
    ShareCosts::StageCost shares;
    std::vector<int64_t> ring_bytes;
  };
  std::vector<Costs> costs;
  for (int n = 0; n < s_.nodes; ++n) {
    Draft::Node& node = d.nodes[n];
    result.received += node.received;
    windows = std::max(windows, node.windows(s_.net));
    rows = std::max(rows, node.most_rows());
    costs.push_back({shares_.stage(node.stage, n), ring_bytes(d, n)});
  }
  result.at.reserve(passes_.size());
  std::vector<int64_t> node_ps;
  const bool has_bands = d.rows() > 1;
  for (size_t p = 0; p < passes_.size(); ++p) {
    if (p > 0 && !has_bands) {
      result.at.push_back(result.at.front());
      continue;
    }
    SegmentCost::AtPasses at;
    at.bytes.reserve(d.nodes.size());
    at.saved.reserve(d.nodes.size());
    node_ps.clear();
    for (int n = 0; n < s_.nodes; ++n) {
      const Draft::Node& node = d.nodes[n];
      const Costs& of = costs[n];
      const Streaming::Load load = storage_load(node.stage, p, n);
      at.saved.push_back(node.saved(s_, passes_[p]));
      at.bytes.push_back(node.whole + load.sram_bytes +
                         kTapeSlots * load.slot_bytes + of.ring_bytes[p] +
                         of.shares.sums_bytes[p]);
      node_ps.push_back(time_ps(d, of.shares.ps[p], load, p, n));
    }
    if (std::ranges::max(at.saved) == 0) at.saved = {};
    at.time_ps =
        time_ == SegmentTime::kFrame
            ? segment_ps(node_ps, d.one_way, std::min(rows, passes_[p]),
                         windows)
            : std::accumulate(node_ps.begin(), node_ps.end(), int64_t{0});
    result.at.push_back(std::move(at));
  }
  return result;
}

}  // namespace shoal
