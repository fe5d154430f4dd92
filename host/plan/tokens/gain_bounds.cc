#include "host/plan/tokens/gain_bounds.h"

#include <algorithm>

namespace shoal {
namespace {

constexpr int kMoments = 3;

// Returns whether the rows given back never decrease with more firings.
bool is_monotone(const RowRule& rule) {
  return rule.op != OpCode::kMove && part_count(rule) == 1;
}

}  // namespace

GainBounds::GainBounds(const Net& net, const std::vector<TensorUses>& uses,
                       const Work& work, const std::vector<int>& slots)
    : net_(net), uses_(uses), work_(work), slots_(slots) {
  const auto in_stage = [](const Use& u) { return u.owner == Owner::kActor; };
  for (size_t t = 0; t < uses.size(); ++t) {
    const NetTensor& tensor = net.tensors[t];
    const bool shares = uses[t].first >= 0 &&
                        std::ranges::all_of(uses[t].writers, in_stage) &&
                        std::ranges::all_of(uses[t].readers, in_stage);
    const int64_t bytes = tensor.bytes() / tensor.rows * slots[t];
    ring_bytes_.push_back(shares ? (bytes + kAlign - 1) / kAlign * kAlign : 0);
  }
  ends_.resize(net.layers.size());
  for (const TensorUses& t : uses) {
    if (t.first < 0) continue;
    for (int l = t.first + 1; l < static_cast<int>(net.layers.size()); ++l) {
      if (t.last >= l) ends_[l].push_back(t.last + 1);
    }
  }
  for (std::vector<int>& ends : ends_) std::ranges::sort(ends);
}

int GainBounds::most_released(int tensor, int begin, const Moment& m) const {
  const int all = net_.tensors[tensor].rows;
  int most = all;
  for (const Use& r : uses_[tensor].readers) {
    if (r.owner != Owner::kActor || r.position < begin) continue;
    const int fired = m.firings[r.index];
    if (fired < 0) continue;
    const RowRule rule = row_rule(net_, r.index, r.operand, work_[r.index]);
    if (!is_monotone(rule)) continue;
    int rows = r.box.y0;
    if (fired > 0) {
      rows += std::min(r.box.rows(), released_rows(rule, fired - 1));
    }
    // A reader that has read all of its rows holds none back.
    if (rows < r.box.y1) most = std::min(most, rows);
  }
  return most;
}

int GainBounds::most_firings(int layer, int end, const Moment& m) const {
  const int tensor = net_.layers[layer].out.tensor;
  const TensorUses& t = uses_[tensor];
  // Only a ring of this segment, whatever its first layer is, stops its writer.
  if (t.writers.size() != 1 || t.first != layer || t.last >= end) return -1;
  const RowRule rule = row_rule(net_, layer, 0, work_[layer]);
  if (part_count(rule) > 1) return -1;
  const int released = most_released(tensor, layer, m);
  if (released >= net_.tensors[tensor].rows) return -1;
  const int rows = released + slots_[tensor] - t.writers[0].box.y0;
  if (rows >= rule.out_rows) return -1;
  return std::max(0, rows / rule.band);
}

GainBounds::Moment GainBounds::moment(int end, const Use& writer,
                                      int firing) const {
  Moment m;
  const NetTensor& out = net_.tensors[net_.layers[writer.index].out.tensor];
  const RowRule rule = row_rule(net_, writer.index, 0, work_[writer.index]);
  m.written = (writer.box.y0 + firing_range(rule, firing).out_hi) *
              (out.bytes() / out.rows);
  m.firings.assign(net_.layers.size(), -1);
  m.firings[writer.index] = firing;
  for (int l = writer.index; l-- > 0;) {
    m.firings[l] = most_firings(l, end, m);
  }
  find_held(writer.index, firing, m);
  return m;
}

// Finds the rings whose rows must have been made and cannot all have been given
// back.
void GainBounds::find_held(int layer, int firing, Moment& m) const {
  std::vector<int> made(net_.tensors.size(), 0);
  const int made_here = net_.layers[layer].out.tensor;
  if (ring_bytes_[made_here] > 0) {
    m.held.push_back({made_here, ring_bytes_[made_here]});
  }
  for (int l = layer; l >= 0; --l) {
    const View& view = net_.layers[l].out;
    int last = firing;
    if (l < layer) {
      const RowRule rule = row_rule(net_, l, 0, work_[l]);
      const int rows =
          std::clamp(made[view.tensor] - view.box.y0, 0, rule.out_rows);
      last = (rows + rule.band - 1) / rule.band * part_count(rule) - 1;
      const bool seen = std::ranges::any_of(
          m.held, [&](const auto& h) { return h.tensor == view.tensor; });
      if (!seen && ring_bytes_[view.tensor] > 0 &&
          most_released(view.tensor, 0, m) < made[view.tensor]) {
        m.held.push_back({view.tensor, ring_bytes_[view.tensor]});
      }
    }
    if (last < 0) continue;
    for (int i = 0; i < 2; ++i) {
      const View& in = net_.layers[l].in[i];
      if (in.tensor < 0) continue;
      const RowRange need = needed_rows(row_rule(net_, l, i, work_[l]), last);
      if (need.hi <= need.lo) continue;
      made[in.tensor] = std::max(made[in.tensor], in.box.y0 + need.hi);
    }
  }
}

// Returns the least end for which the moment is the same: only tensors that
// exist before the layer stop others, and those that go on behind the end do
// not.
int GainBounds::same_end(int end, int layer) const {
  const std::vector<int>& ends = ends_[layer];
  const auto at = std::upper_bound(ends.begin(), ends.end(), end);
  return at == ends.begin() ? layer + 1 : *(at - 1);
}

const std::vector<GainBounds::Moment>& GainBounds::moments(int end, int layer) {
  end = same_end(end, layer);
  const auto [place, is_new] = known_.try_emplace({end, layer});
  std::vector<Moment>& all = place->second;
  if (!is_new) return all;
  Use writer{Owner::kActor, layer, 0, layer, net_.layers[layer].out.box};
  const int count = firing_count(row_rule(net_, layer, 0, work_[layer]));
  int last = -1;
  for (int i = 1; i <= kMoments; ++i) {
    const int firing = count * i / kMoments - 1;
    if (firing <= last) continue;
    all.push_back(moment(end, writer, firing));
    last = firing;
  }
  return all;
}

int64_t GainBounds::overlay(Segment s, Overlay overlay) {
  const NetTensor& in = net_.tensors[overlay.in];
  const int64_t row_bytes = in.bytes() / in.rows;
  const int64_t out_bytes = net_.tensors[overlay.out].bytes();
  // A smaller lead saves no more than this one, with which all is saved.
  int64_t lead = std::min<int64_t>(0, out_bytes - in.bytes());
  const std::vector<Use>& writers = uses_[overlay.out].writers;
  const bool known = writers.size() == 1 && writers[0].owner == Owner::kActor;
  if (!known) return std::min(in.bytes(), out_bytes);
  for (const Moment& m : moments(s.end, writers[0].index)) {
    const int released = most_released(overlay.in, s.begin, m);
    if (released >= in.rows) continue;
    lead = std::max(lead, m.written - released * row_bytes);
  }
  overlay.lead = round_up_lead(lead);
  return overlay_gain(net_, overlay);
}

int64_t GainBounds::share(Segment s) {
  const int layer = std::min(s.end, static_cast<int>(net_.layers.size())) - 1;
  int64_t all = 0, most = 0;
  for (size_t t = 0; t < uses_.size(); ++t) {
    if (lives_inside(uses_[t], s)) all += ring_bytes_[t];
  }
  if (layer < s.begin) return all;
  for (int l = s.begin; l <= layer; ++l) {
    for (const Moment& m : moments(s.end, l)) {
      int64_t held = 0;
      for (const auto& [tensor, bytes] : m.held) {
        if (lives_inside(uses_[tensor], s)) held += bytes;
      }
      most = std::max(most, held);
    }
  }
  return all - most;
}

}  // namespace shoal
