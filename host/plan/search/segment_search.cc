#include "host/plan/search/segment_search.h"

#include <algorithm>

#include "host/plan/types/beyond.h"

namespace shoal {
namespace {

bool has_loop(const CutNet& cut, Segment s) {
  return std::ranges::any_of(cut.loops, [s](const BlockChoice& loop) {
    return s.begin <= loop.begin && loop.end <= s.end;
  });
}

bool sends_halo(const CutNet& cut, Segment s) {
  for (int l = s.begin; l + 1 < s.end; ++l) {
    if (cut.cuts.layers[l].sends_halo) return true;
  }
  return false;
}

bool may_not_end(const CutNet& cut, int layer) {
  return std::ranges::find(cut.cuts.joined, layer) != cut.cuts.joined.end() ||
         (layer < std::ssize(cut.net.layers) && cut.is_inner(layer));
}

// Returns whether bytes + more - saved is within the limits, by node. An empty
// `saved` is zero everywhere.
bool within(const std::vector<int64_t>& bytes,
            const std::vector<int64_t>& saved, int64_t more,
            const std::vector<int64_t>& limits) {
  for (size_t n = 0; n < bytes.size(); ++n) {
    if (bytes[n] - (saved.empty() ? 0 : saved[n]) + more > limits[n]) {
      return false;
    }
  }
  return true;
}
int64_t most_of(const std::vector<int64_t>& bytes,
                const std::vector<int64_t>& saved) {
  int64_t most = 0;
  for (size_t n = 0; n < bytes.size(); ++n) {
    most = std::max(most, bytes[n] - (saved.empty() ? 0 : saved[n]));
  }
  return most;
}

}  // namespace

void NodeBudgets::add_lack(const StageCut& cut, int64_t bytes) {
  for (Lack& l : lacks) {
    if (l.segment != cut.segment || l.variant != cut.variant) continue;
    l.bytes += bytes;
    return;
  }
  lacks.push_back({cut.segment, cut.variant, bytes});
}

int64_t NodeBudgets::lack_of(Segment segment, int variant) const {
  for (const Lack& l : lacks) {
    if (l.segment == segment && l.variant == variant) return l.bytes;
  }
  return 0;
}

SegmentSearch::SegmentSearch(const Net& net, const SegmentOptions& options)
    : options_(options), layers_(whole_net(net).end) {}

SegmentSearch::Known* SegmentSearch::Variant::find(Segment s) {
  std::vector<Known>& row = known[s.begin];
  const auto length = static_cast<size_t>(s.end - s.begin);
  if (length > row.size() || row[length - 1].least_ps < 0) return nullptr;
  return &row[length - 1];
}

bool SegmentSearch::Variant::make(int begin, int at) {
  if (end != at) {
    for (; from < end; ++from) made[from] = cut->own[from];
    end = from = std::min(at, static_cast<int>(made.size()));
  }
  // A segment reads the nodes' own boxes of layers before it.
  for (; from < begin; ++from) made[from] = cut->own[from];
  while (from > begin) {
    if (!compute_layer(*cut, from - 1, at, made)) {
      made[from - 1] = cut->own[from - 1];
      return false;
    }
    --from;
  }
  return true;
}

const SegmentCost& SegmentSearch::Variant::cost(Segment s, Known& of) {
  if (!of.cost) {
    make(s.begin, s.end);
    of.cost = &model->cost(s, made);
  }
  return *of.cost;
}

void SegmentSearch::add(const CutNet& cut, const CostModel& model,
                        MustHave must) {
  Variant v{&cut, &model, must, {}, cut.own};
  v.known.resize(static_cast<size_t>(layers_));
  for (const int l : cut.cuts.ends) {
    if (may_not_end(cut, l)) clash_ = l;
  }
  variants_.push_back(std::move(v));
  room_ = -1;
}

void SegmentSearch::find_segments(int64_t room) const {
  if (room <= room_) return;
  // A search that asks for more than at first need not begin once more.
  if (room_ >= 0) room = kBeyond;
  for (Variant& v : variants_) find_segments(room, v);
  room_ = room;
}

void SegmentSearch::find_segments(int64_t room, Variant& v) const {
  const CutNet& cut = *v.cut;
  SegmentBounds bounds = v.model->bounds();
  int first = 0;    // a clash within a segment is in all that hold it
  int longest = 0;  // where the longest one begins
  for (int end = 1; end <= layers_; ++end) {
    // Only cuts that join more layers make a longer one.
    for (int l = longest + 1; end - longest > kMaxStageLayers && l < end; ++l) {
      if (!may_not_end(cut, l - 1)) longest = l;
    }
    for (const int l : cut.cuts.ends) {
      if (l + 1 < end) first = std::max(first, l + 1);
    }
    const bool no_end = end < layers_ && may_not_end(cut, end - 1);
    bounds.begin(end);
    for (int begin = end; begin-- > std::max(first, longest);) {
      if (!v.make(begin, end)) {
        if (may_not_end(cut, begin)) clash_ = begin;
        first = begin + 1;
        break;
      }
      bounds.add(begin, v.made);
      // Segments with more layers need more.
      if (bounds.made_bytes() > room) break;
      const auto length = static_cast<size_t>(end - begin);
      auto& row = v.known[begin];
      row.resize(std::max(row.size(), length));
      const Segment s{begin, end};
      if (v.must.groups && !has_loop(cut, s)) continue;
      if (v.must.halos && !sends_halo(cut, s)) continue;
      const bool no_begin = begin > 0 && may_not_end(cut, begin - 1);
      if (no_end || no_begin) continue;
      row[length - 1].least_ps = bounds.least_ps();
      row[length - 1].least_bytes = bounds.least_bytes(options_.overlays);
    }
  }
}

void SegmentSearch::add_bytes(const StageCut& cut, int64_t more) {
  variants_[cut.variant].find(cut.segment)->cost->more[cut.overlay] += more;
}

// Costs segments with the same end by ascending lower bound of the time at
// which they reach it, because the first ones exclude most others.
std::optional<Partition> SegmentSearch::fastest(
    const NodeBudgets& budget) const {
  Ends ends(layers_);
  int64_t room = 0;
  for (const auto* limits : {&budget.hard, &budget.soft}) {
    for (const int64_t bytes : *limits) room = std::max(room, bytes);
  }
  find_segments(room);
  struct Way {
    int64_t least_ps;  // lower bound of the time at its end
    int begin;
    size_t variant;
    Known* known;
  };
  std::vector<Way> ways;
  for (int end = 1; end <= layers_; ++end) {
    ways.clear();
    for (int begin = end; begin-- > 0;) {
      if (!ends.is_reached(begin)) continue;
      const int64_t before_ps = ends.time_ps(begin) + options_.waits_ps;
      for (size_t v = 0; v < variants_.size(); ++v) {
        Known* known = variants_[v].find({begin, end});
        if (!known || known->least_bytes > room) continue;
        ways.push_back({before_ps + known->least_ps, begin, v, known});
      }
    }
    std::ranges::stable_sort(ways, {}, &Way::least_ps);
    for (const Way& way : ways) {
      if (way.least_ps > ends.time_ps(end)) break;
      const Segment s{way.begin, end};
      const Known& of = *way.known;
      if (!ends.wins(s, options_.waits_ps + of.least_ps, of.least_bytes))
        continue;
      const SegmentCost& cost = variants_[way.variant].cost(s, *way.known);
      if (!cost.possible) continue;
      offer(cost, s, static_cast<int>(way.variant), budget, ends);
    }
  }
  return ends.partition();
}

int64_t SegmentSearch::more_of(const SegmentCost& cost, bool overlay) const {
  return options_.learns ? cost.more[overlay] : 0;
}

// Returns the bytes of the fullest node; kBeyond if the segment is impossible.
int64_t SegmentSearch::least_of(const SegmentCost& cost) const {
  const std::vector<int64_t> none;
  int64_t least = kBeyond;
  for (size_t p = 0; cost.possible && p < cost.at.size(); ++p) {
    if (p + 1 < cost.at.size() && !(options_.whole && p == 0)) continue;
    const SegmentCost::AtPasses& at = cost.at[p];
    for (const bool over : {false, true}) {
      if (over && (!options_.overlays || at.saved.empty())) break;
      least = std::min(least, most_of(at.bytes, over ? at.saved : none) +
                                  more_of(cost, over));
    }
  }
  return least;
}

std::optional<int64_t> SegmentSearch::smallest(int64_t most) const {
  struct Way {
    int64_t peak = kBeyond;
    int begin = 0;
    size_t variant = 0;
  };
  find_segments(kBeyond);
  std::vector<Way> to(static_cast<size_t>(layers_) + 1);
  to[0].peak = 0;
  for (;;) {
    for (int end = 1; end <= layers_; ++end) {
      Way& best = to[end];
      best = {};
      for (int begin = end; begin-- > 0;) {
        for (size_t v = 0; v < variants_.size(); ++v) {
          const Known* known = variants_[v].find({begin, end});
          if (!known || to[begin].peak >= best.peak) continue;
          const int64_t bytes =
              known->cost ? least_of(*known->cost) : known->least_bytes;
          const int64_t peak = std::max(to[begin].peak, bytes);
          if (peak < best.peak) best = {peak, begin, v};
        }
      }
    }
    if (to[layers_].peak == kBeyond) return std::nullopt;
    if (to[layers_].peak > most) return to[layers_].peak;
    bool all = true;
    for (int end = layers_; end > 0; end = to[end].begin) {
      Variant& v = variants_[to[end].variant];
      const Segment s{to[end].begin, end};
      Known& known = *v.find(s);
      all &= known.cost != nullptr;
      v.cost(s, known);
    }
    if (all) return to[layers_].peak;
  }
}

void SegmentSearch::offer(const SegmentCost& cost, Segment segment, int variant,
                          const NodeBudgets& budget, Ends& ends) const {
  const int64_t more_ps = options_.waits_ps + options_.byte_ps * cost.received;
  const int64_t lack = budget.lack_of(segment, variant);
  for (size_t p = 0; p < cost.at.size(); ++p) {
    const std::vector<int64_t>& bytes = cost.at[p].bytes;
    const bool least = p + 1 == cost.at.size() || (options_.whole && p == 0);
    const std::vector<int64_t>& limits = least ? budget.hard : budget.soft;
    const int64_t time_ps = cost.at[p].time_ps + more_ps;
    if (!ends.wins(segment, time_ps, 0)) continue;
    StageCut cut{segment, static_cast<int>(p), 0, time_ps, false, variant};
    static const std::vector<int64_t> none;
    for (const bool over : {false, true}) {
      const auto& saved = over ? cost.at[p].saved : none;
      if (over && (!options_.overlays || saved.empty())) break;
      cut.overlay = over;
      const int64_t more = lack + more_of(cost, over);
      if (!within(bytes, saved, more, limits)) continue;
      cut.bytes = most_of(bytes, saved) + more;
      ends.offer(cut);
      break;
    }
  }
}

}  // namespace shoal
