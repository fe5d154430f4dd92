#include "host/plan/search/segment_search.h"

#include <algorithm>

namespace shoal {
namespace {

bool has_loop(const CutNet& cut, Segment s) {
  return std::ranges::any_of(cut.loops, [s](const CutNet::Loop& loop) {
    return s.begin <= loop.begin && loop.end <= s.end;
  });
}

// `saved`: by node, less of the bytes; empty: nothing.
bool within(const std::vector<int64_t>& bytes,
            const std::vector<int64_t>& saved,
            const std::vector<int64_t>& limits) {
  for (size_t n = 0; n < bytes.size(); ++n) {
    if (bytes[n] - (saved.empty() ? 0 : saved[n]) > limits[n]) return false;
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

CutKey cut_key(const Cut& c) {
  return {c.segment.begin, c.segment.end, c.table, c.variant, int{c.overlay}};
}

SegmentSearch::SegmentSearch(const Net& net, int64_t waits_ps, int64_t byte_ps,
                             bool overlays)
    : waits_ps_(waits_ps),
      byte_ps_(byte_ps),
      layers_(whole_net(net).end),
      overlays_(overlays) {}

void SegmentSearch::add(const CutNet& cut, const CostModel& model,
                        bool grouped) {
  std::vector<std::vector<const SegmentCost*>> costs(
      static_cast<size_t>(layers_));
  const auto layers = static_cast<int>(cut.net.layers.size());
  const auto may_not_end = [&](int layer) {
    return std::ranges::find(cut.cuts.joined, layer) != cut.cuts.joined.end() ||
           (layer < layers && cut.is_inner(layer));
  };
  int first = 0;  // a clash within [begin, end) is one of all that hold it
  for (int end = 1; end <= layers_; ++end) {
    for (int l : cut.cuts.ends) {
      if (l + 1 < end) first = std::max(first, l + 1);
    }
    const bool no_end = end < layers_ && may_not_end(end - 1);
    MadeBoxes made = cut.own;
    for (int begin = end; begin-- > first;) {
      if (begin < layers && !compute_layer(cut, begin, end, made)) {
        if (may_not_end(begin)) clash_ = begin;
        first = begin + 1;
        break;
      }
      const auto length = static_cast<size_t>(end - begin);
      auto& row = costs[begin];
      row.resize(std::max(row.size(), length));
      if (grouped && !has_loop(cut, {begin, end})) continue;
      const bool no_begin = begin > 0 && may_not_end(begin - 1);
      if (no_end || no_begin) continue;
      row[length - 1] = &model.cost({begin, end}, made);
    }
  }
  costs_.push_back(std::move(costs));
}

std::optional<Partition> SegmentSearch::fastest(const NodeBudgets& budget,
                                                int64_t toll_ps) const {
  Ends ends(layers_);
  for (int begin = 0; begin < layers_; ++begin) {
    if (!ends.is_reached(begin)) continue;
    for (size_t v = 0; v < costs_.size(); ++v) {
      int end = begin;
      for (const SegmentCost* cost : costs_[v][begin]) {
        ++end;
        if (!cost || !cost->possible) continue;
        offer(*cost, {begin, end}, static_cast<int>(v), budget, toll_ps, ends);
      }
    }
  }
  return ends.partition();
}

void SegmentSearch::offer(const SegmentCost& cost, Segment segment, int variant,
                          const NodeBudgets& budget, int64_t toll_ps,
                          Ends& ends) const {
  const int64_t more_ps = waits_ps_ + toll_ps + byte_ps_ * cost.received;
  for (size_t p = 0; p < cost.at.size(); ++p) {
    const std::vector<int64_t>& bytes = cost.at[p].bytes;
    const bool least = p + 1 == cost.at.size() || (budget.whole && p == 0);
    const std::vector<int64_t>& limits = least ? budget.hard : budget.soft;
    const int64_t time_ps = cost.at[p].time_ps + more_ps;
    Cut cut{segment, static_cast<int>(p), 0, time_ps, false, variant};
    for (const bool over : {false, true}) {
      const std::vector<int64_t> none;
      const auto& saved = over ? cost.at[p].saved : none;
      if (over && (!overlays_ || saved.empty())) break;
      cut.overlay = over;
      if (!within(bytes, saved, limits) ||
          budget.without.contains(cut_key(cut)))
        continue;
      cut.bytes = most_of(bytes, saved);
      ends.offer(cut);
      break;
    }
  }
}

}  // namespace shoal
