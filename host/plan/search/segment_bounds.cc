#include "host/plan/search/segment_bounds.h"

#include <algorithm>

#include "host/plan/arena/pack.h"
#include "host/plan/cost/link_time.h"
#include "host/plan/types/boxes.h"

namespace shoal {

SegmentBounds::SegmentBounds(const CutNet& cut, const Cluster& cluster,
                             const std::vector<int>& busy, uint32_t max_payload,
                             SegmentTime time, ShareCosts& shares,
                             SegmentMemo& memo)
    : s_(cut),
      cluster_(cluster),
      busy_(busy),
      max_payload_(max_payload),
      time_(time),
      shares_(shares),
      memo_(memo),
      read_(cut.net.tensors.size() * size_t(cut.nodes)) {
  find_held();
}

// Returns by node the last layer for which the node's own box of a tensor with
// one writer is read or sent, wherever segments end.
std::vector<int> SegmentBounds::last_readers(int tensor, int writer) const {
  const std::vector<Box>& own = s_.own[writer];
  std::vector<int> last(own.size(), -1);
  for (const Use& r : s_.uses[tensor].readers) {
    if (r.owner != Owner::kActor) continue;
    for (const int of : busy_) {
      const Box need =
          read_box(s_, r.index, r.operand, of, s_.own[r.index][of]);
      if (need.empty()) continue;
      const bool has_all = !own[of].empty() && contains(own[of], need);
      for (const int n : busy_) {
        if (last[n] >= r.index || own[n].empty()) continue;
        const Box part = common(own[n], need);
        if (part.empty()) continue;
        const bool is_sent =
            !has_all && (own[of].empty() || !contains(own[of], part));
        if (n == of || is_sent) last[n] = r.index;
      }
    }
  }
  return last;
}

void SegmentBounds::find_held() {
  held_.assign(index(static_cast<int>(s_.net.layers.size()) + 1, 0), 0);
  last_readers_.assign(index(static_cast<int>(s_.net.layers.size()), 0), -1);
  for (size_t t = 0; t < s_.uses.size(); ++t) {
    const TensorUses& uses = s_.uses[t];
    if (uses.variable >= 0 || uses.first < 0 || uses.writers.size() != 1) {
      continue;
    }
    if (uses.writers[0].owner != Owner::kActor) continue;
    const int w = uses.writers[0].index;
    const std::vector<int> last = last_readers(static_cast<int>(t), w);
    for (const int n : busy_) {
      if (last[n] <= w) continue;
      last_readers_[index(w, n)] = last[n];
      const int64_t bytes =
          aligned(s_.own[w][n].elements() * s_.net.tensors[t].element_bytes);
      for (int l = w + 1; l <= last[n]; ++l) held_[index(l, n)] += bytes;
    }
  }
}

void SegmentBounds::begin(int end) {
  segment_ = {end, end};
  sums_.assign(static_cast<size_t>(s_.nodes), {});
  for (const int t : read_tensors_) {
    std::fill_n(&read_[index(t, 0)], s_.nodes, Box{});
  }
  read_tensors_.clear();
}

void SegmentBounds::add(int layer, const MadeBoxes& all) {
  segment_.begin = layer;
  if (layer >= std::ssize(s_.net.layers)) return;
  const std::vector<Box>& made = all[layer];
  for (int n = 0; n < s_.nodes; ++n) {
    sums_[n].ps += shares_.least_ps(layer, made[n], n);
  }
  add_bytes(layer, made);
  // Rows that the layer makes no longer come from before the segment.
  for (const int n : busy_) {
    exchange(layer, n, read_[index(s_.net.layers[layer].out.tensor, n)], -1);
  }
  add_reads(layer, made);
}

void SegmentBounds::add_bytes(int layer, const std::vector<Box>& made) {
  const int tensor = s_.net.layers[layer].out.tensor;
  const TensorUses& uses = s_.uses[tensor];
  // A tensor with several writers may be one ring, and a loop holds fewer rows,
  // so both are left out of the bound.
  if (uses.writers.size() != 1 || uses.variable >= 0 ||
      !s_.chain[layer].empty() || s_.is_inner(layer)) {
    return;
  }
  const int least = memo_.least_slots()[tensor];
  const int64_t element = s_.net.tensors[tensor].element_bytes;
  for (const int n : busy_) {
    const Box& box = made[n];
    if (box.empty()) continue;
    const bool whole = last_readers_[index(layer, n)] >= segment_.end;
    const int rows = whole ? box.rows() : std::clamp(least, 1, box.rows());
    const int64_t bytes = element * box.columns() * box.channels() * rows;
    Sums& sums = sums_[n];
    sums.bytes += bytes;
    if (whole) sums.largest_whole = std::max(sums.largest_whole, bytes);
  }
}

// Returns whether the node has all of it before the segment begins.
bool SegmentBounds::is_local(int tensor, int node, const Box& need) const {
  return std::ranges::any_of(s_.uses[tensor].writers, [&](const Use& w) {
    if (w.owner != Owner::kActor) return false;
    const Box& own = s_.own[w.index][node];
    return !own.empty() && contains(own, need);
  });
}

// Nodes receive what a layer reads and others own, once for all layers of the
// segment. Inputs are left out of the bound, since an earlier segment may have
// received them.
void SegmentBounds::add_reads(int layer, const std::vector<Box>& made) {
  const Layer& l = s_.net.layers[layer];
  for (int operand = 0; operand < std::ssize(l.in); ++operand) {
    const int t = l.in[operand].tensor;
    if (t < 0 || s_.uses[t].variable >= 0) continue;
    for (const int n : busy_) {
      if (made[n].empty()) continue;
      const Box need = read_box(s_, layer, operand, n, made[n]);
      if (need.empty() || is_local(t, n, need)) continue;
      Box& read = read_[index(t, n)];
      const Box all = hull(read, need);
      if (all == read) continue;
      for (const Use& w : s_.uses[t].writers) {
        if (w.owner != Owner::kActor || w.index >= layer) continue;
        exchange(w.index, n, read, -1);
        exchange(w.index, n, all, 1);
      }
      if (read.empty()) read_tensors_.push_back(t);
      read = all;
    }
  }
}

// Adds or takes away what the node reads of a layer's output and others own.
void SegmentBounds::exchange(int writer, int node, const Box& read, int sign) {
  if (read.empty()) return;
  const int tensor = s_.net.layers[writer].out.tensor;
  const int64_t each = sign * s_.net.tensors[tensor].element_bytes;
  for (const int from : busy_) {
    if (from == node) continue;
    const Box part = common(s_.own[writer][from], read);
    if (part.empty()) continue;
    const int64_t bytes = each * part.elements();
    sums_[from].sent += bytes;
    sums_[node].received += bytes;
  }
}

int64_t SegmentBounds::least_ps() const {
  int64_t most = 0, all = 0;
  for (size_t n = 0; n < sums_.size(); ++n) {
    const Sums& sums = sums_[n];
    const LinkTime link =
        link_time(sums.sent, sums.received,
                  datagrams_of(sums.sent + sums.received, 1, max_payload_),
                  cluster_.nodes[n].board);
    const int64_t ps = std::max(sums.ps + link.cpu_ps, link.wire_ps);
    most = std::max(most, ps);
    all += ps;
  }
  return time_ == SegmentTime::kFrame ? most : all;
}

int64_t SegmentBounds::least_bytes(bool overlays) const {
  int64_t most = 0;
  for (const int n : busy_) {
    const int64_t held = held_[index(segment_.begin, n)];
    const Sums& sums = sums_[n];
    const int64_t saved = overlays ? std::min(held, sums.largest_whole) : 0;
    most = std::max(most, held + sums.bytes - saved);
  }
  return most;
}

int64_t SegmentBounds::made_bytes() const {
  return std::ranges::max(sums_, {}, &Sums::bytes).bytes;
}

}  // namespace shoal
