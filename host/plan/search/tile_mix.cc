#include "host/plan/search/tile_mix.h"

#include <algorithm>

#include "host/plan/arena/pack.h"
#include "host/plan/cost/time.h"

namespace shoal {

KeptColumns kept_columns(const TileBoxes& boxes, size_t tile,
                         const Board& board) {
  KeptColumns all;
  const auto keep = [&](const TileBoxes::Held& h) {
    all.bytes += aligned(h.box.elements());
    all.time_ps += copy_time(h.box, 1, board).total_ps();
  };
  const std::vector<TileBoxes::Held> none;
  const auto& before = boxes.taken[tile];
  const auto& behind =
      tile + 1 < boxes.made.size() ? boxes.taken[tile + 1] : none;
  for (const TileBoxes::Held& h : before) keep(h);
  for (const TileBoxes::Held& h : behind) {
    // These columns may lie over those that the previous tile kept.
    const auto under =
        std::ranges::find(before, h.tensor, &TileBoxes::Held::tensor);
    keep(h);
    if (under == before.end()) continue;
    all.once +=
        std::min(aligned(h.box.elements()), aligned(under->box.elements()));
  }
  return all;
}

TileMixes::TileMixes(const Net& net, const GroupVariants& variants,
                     const PassTable& least, const Board& board,
                     Segment segment, const TileBoxes& boxes, bool twice)
    : net_(net),
      variants_(variants),
      least_(least),
      board_(board),
      base_(boxes.made.size(), 0) {
  find_loops(segment, boxes);
  std::vector<bool> is_inner(net.tensors.size(), false);
  int next = segment.begin;
  for (const Loop& loop : loops_) {
    while (next < loop.begin) add_layer(next++, segment, boxes);
    next = loop.end;
    for (int l = loop.begin; l + 1 < loop.end; ++l) {
      is_inner[size_t(net.layers[l].out.tensor)] = true;
    }
  }
  while (next < segment.end) add_layer(next++, segment, boxes);
  add_rings(is_inner, boxes, twice);
  leave_out_small_tiles();
}

int TileMixes::slots(int variant, int tensor) const {
  return variant ? variants_.slots(variant, tensor)
                 : least_.slots[size_t(tensor)];
}

void TileMixes::find_loops(Segment segment, const TileBoxes& boxes) {
  std::vector<std::pair<Group, int>> ways;
  for (int v = 1; v <= variants_.count(); ++v) {
    for (const Group& g : variants_.groups(v, segment)) {
      ways.emplace_back(g, v);
      const auto at = std::ranges::find(loops_, g.end, &Loop::end);
      if (at == loops_.end()) {
        loops_.push_back({g.begin, g.end, {}});
      } else {
        at->begin = std::min(at->begin, g.begin);
      }
    }
  }
  std::ranges::sort(loops_, {}, &Loop::end);
  for (Loop& loop : loops_) {
    add_way(loop, {loop.begin, loop.begin, 0, 0}, 0, segment, boxes);
    for (const auto& [group, variant] : ways) {
      if (group.end == loop.end) add_way(loop, group, variant, segment, boxes);
    }
  }
}

void TileMixes::add_way(Loop& loop, const Group& group, int variant,
                        Segment segment, const TileBoxes& boxes) {
  Way way{group, variant, {}, 0};
  for (size_t t = 0; t < boxes.made.size(); ++t) {
    const auto made = [&](int l) {
      return boxes.made[t].begin() + (l - segment.begin);
    };
    int64_t bytes = 0;
    if (group.groups > 0) {
      const LoopLayers layers =
          group_layers(net_, group, {made(group.begin), made(group.end)});
      bytes += loop_bytes(layers, group.groups, group.band);
      way.time_ps +=
          loop_time(layers, group.groups, group.band, board_).total_ps();
    }
    for (int l = loop.begin; l < loop.end; ++l) {
      if (l >= group.begin && l < group.end) continue;
      const Layer& layer = net_.layers[l];
      bytes += aligned(sums_bytes(layer, least_.work[l], *made(l)));
      const LayerShare share{*made(l), whole_share(layer).in_channels};
      way.time_ps +=
          share_time(layer, share, least_.work[l], board_).total_ps();
    }
    // Counts the rings between these layers.
    for (const TileBoxes::Held& h : boxes.held[t]) {
      for (int l = loop.begin; l + 1 < loop.end; ++l) {
        if (net_.layers[l].out.tensor != h.tensor) continue;
        if (l >= group.begin && l + 1 < group.end) continue;
        bytes +=
            aligned(int64_t{slots(variant, h.tensor)} * h.box.columns() *
                    h.box.channels() * net_.tensors[h.tensor].element_bytes);
      }
    }
    way.bytes.push_back(bytes);
  }
  loop.ways.push_back(std::move(way));
}

void TileMixes::add_layer(int layer, Segment segment, const TileBoxes& boxes) {
  const Layer& of = net_.layers[layer];
  const LayerWork work = least_.work[layer];
  for (size_t t = 0; t < boxes.made.size(); ++t) {
    const Box& made = boxes.made[t][size_t(layer - segment.begin)];
    const LayerShare share{made, whole_share(of).in_channels};
    base_[t] += aligned(sums_bytes(of, work, made));
    base_ps_ += share_time(of, share, work, board_).total_ps();
  }
}

void TileMixes::add_rings(const std::vector<bool>& is_inner,
                          const TileBoxes& boxes, bool twice) {
  std::vector<int> ring_of(net_.tensors.size(), -1);
  for (size_t t = 0; t < boxes.made.size(); ++t) {
    const KeptColumns kept = kept_columns(boxes, t, board_);
    base_[t] += kept.bytes - (twice ? 0 : kept.once);
    base_ps_ += kept.time_ps;
    for (const TileBoxes::Held& h : boxes.held[t]) {
      if (is_inner[h.tensor]) continue;
      int& at = ring_of[h.tensor];
      if (at < 0) {
        at = static_cast<int>(rings_.size());
        rings_.push_back({std::vector<int64_t>(boxes.made.size()),
                          least_.slots[h.tensor],
                          {}});
      }
      rings_[size_t(at)].row_bytes[t] = int64_t{h.box.columns()} *
                                        h.box.channels() *
                                        net_.tensors[h.tensor].element_bytes;
    }
  }
  for (size_t j = 0; j < loops_.size(); ++j) {
    const int in = net_.layers[loops_[j].begin].in[0].tensor;
    const int out = net_.layers[loops_[j].end - 1].out.tensor;
    for (const int tensor : {in, out}) {
      if (ring_of[tensor] < 0) continue;
      Ring::Touch touch{j, {}};
      for (const Way& w : loops_[j].ways) {
        touch.slots.push_back(slots(w.variant, tensor));
      }
      rings_[size_t(ring_of[tensor])].touches.push_back(std::move(touch));
    }
  }
}

// Removes tiles that take less than some other tile whatever is chosen.
void TileMixes::leave_out_small_tiles() {
  const auto at_most = [&](size_t a, size_t b) {
    if (base_[a] > base_[b]) return false;
    for (const Loop& loop : loops_) {
      for (const Way& w : loop.ways) {
        if (w.bytes[a] > w.bytes[b]) return false;
      }
    }
    return std::ranges::all_of(rings_, [&](const Ring& r) {
      return r.row_bytes[a] <= r.row_bytes[b];
    });
  };
  for (size_t a = base_.size(); a-- > 0;) {
    bool is_small = false;
    for (size_t b = 0; b < base_.size() && !is_small; ++b) {
      is_small = a != b && at_most(a, b);
    }
    if (!is_small) continue;
    const auto at = static_cast<std::ptrdiff_t>(a);
    base_.erase(base_.begin() + at);
    for (Ring& r : rings_) r.row_bytes.erase(r.row_bytes.begin() + at);
    for (Loop& loop : loops_) {
      for (Way& w : loop.ways) w.bytes.erase(w.bytes.begin() + at);
    }
  }
}

int64_t TileMixes::bytes_of(const Chosen& chosen) const {
  int64_t most = 0;
  std::vector<int> slots;
  for (const Ring& r : rings_) {
    int rows = r.touches.empty() ? r.slots : 0;
    for (const Ring::Touch& touch : r.touches) {
      rows = std::max(rows, touch.slots[chosen[touch.loop]]);
    }
    slots.push_back(rows);
  }
  for (size_t t = 0; t < base_.size(); ++t) {
    int64_t bytes = base_[t];
    for (size_t j = 0; j < loops_.size(); ++j) {
      bytes += loops_[j].ways[chosen[j]].bytes[t];
    }
    for (size_t r = 0; r < rings_.size(); ++r) {
      bytes += aligned(slots[r] * rings_[r].row_bytes[t]);
    }
    most = std::max(most, bytes);
  }
  return most;
}

int64_t TileMixes::time_of(const Chosen& chosen) const {
  int64_t sum = base_ps_;
  for (size_t j = 0; j < loops_.size(); ++j) {
    sum += loops_[j].ways[chosen[j]].time_ps;
  }
  return sum;
}

int64_t TileMixes::least_ps() const {
  int64_t sum = base_ps_;
  for (const Loop& loop : loops_) {
    sum += std::ranges::min(loop.ways, {}, &Way::time_ps).time_ps;
  }
  return sum;
}

// Starts from the smallest mix and takes the step that saves the most time per
// byte, again and again.
std::optional<TileMixes::Chosen> TileMixes::raised(int64_t bytes) const {
  Chosen now;
  for (const Loop& loop : loops_) {
    const auto rank = [](const Way& w) {
      return std::pair{std::ranges::max(w.bytes), w.time_ps};
    };
    now.push_back(size_t(std::ranges::min_element(loop.ways, {}, rank) -
                         loop.ways.begin()));
  }
  int64_t taken = bytes_of(now);
  if (taken > bytes) return std::nullopt;
  for (;;) {
    double most = 0;
    Chosen best;
    for (size_t j = 0; j < loops_.size(); ++j) {
      const auto& ways = loops_[j].ways;
      for (size_t w = 0; w < ways.size(); ++w) {
        const int64_t saved = ways[now[j]].time_ps - ways[w].time_ps;
        if (saved <= 0) continue;
        Chosen next = now;
        next[j] = w;
        const int64_t more = bytes_of(next);
        if (more > bytes) continue;
        const double ratio =
            static_cast<double>(saved) /
            static_cast<double>(std::max<int64_t>(1, more - taken));
        if (ratio > most) most = ratio, best = std::move(next);
      }
    }
    if (best.empty()) return now;
    now = std::move(best);
    taken = bytes_of(now);
  }
}

// Starts from the fastest mix and takes the step that costs the least time per
// byte, again and again.
std::optional<TileMixes::Chosen> TileMixes::lowered(int64_t bytes) const {
  Chosen now;
  for (const Loop& loop : loops_) {
    now.push_back(
        size_t(std::ranges::min_element(loop.ways, {}, &Way::time_ps) -
               loop.ways.begin()));
  }
  for (;;) {
    const int64_t taken = bytes_of(now);
    if (taken <= bytes) return now;
    double least = 0;
    Chosen best;
    for (size_t j = 0; j < loops_.size(); ++j) {
      const auto& ways = loops_[j].ways;
      for (size_t w = 0; w < ways.size(); ++w) {
        Chosen next = now;
        next[j] = w;
        const int64_t fewer = taken - std::max(bytes, bytes_of(next));
        if (fewer <= 0) continue;
        const double price =
            static_cast<double>(ways[w].time_ps - ways[now[j]].time_ps) /
            static_cast<double>(fewer);
        if (best.empty() || price < least)
          least = price, best = std::move(next);
      }
    }
    if (best.empty()) return std::nullopt;
    now = std::move(best);
  }
}

std::optional<TileMix> TileMixes::fastest(int64_t bytes) const {
  std::optional<Chosen> best = raised(bytes);
  std::optional<Chosen> other = lowered(bytes);
  if (!best || (other && time_of(*other) < time_of(*best))) {
    best = std::move(other);
  }
  if (!best) return std::nullopt;
  TileMix mix{{}, bytes_of(*best), time_of(*best)};
  for (size_t j = 0; j < loops_.size(); ++j) {
    const Group& g = loops_[j].ways[(*best)[j]].group;
    if (g.groups > 0) mix.groups.push_back(g);
  }
  return mix;
}

}  // namespace shoal
