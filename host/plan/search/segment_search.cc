#include "host/plan/search/segment_search.h"

#include <algorithm>
#include <limits>

namespace shoal {
namespace {

bool within(const std::vector<int64_t>& bytes,
            const std::vector<int64_t>& limits) {
  for (size_t n = 0; n < bytes.size(); ++n) {
    if (bytes[n] > limits[n]) return false;
  }
  return true;
}

bool in_a_loop(const CutNet& s, int layer) {
  return layer < static_cast<int>(s.loop_of.size()) && s.is_inner(layer);
}

bool is_one_of(const std::vector<int>& list, int value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

SegmentSearch::SegmentSearch(const CutNet& cut, const CostModel& model)
    : s_(cut), model_(model), layers_(whole_net(cut.net).end) {
  costs_.resize(layers_);
  const auto may_not_end = [&](int layer) {
    return is_one_of(s_.cuts.joined, layer) || in_a_loop(s_, layer);
  };
  const auto layers = static_cast<int>(s_.net.layers.size());
  int first = 0;  // a clash within [begin, end) is one of all that hold it
  for (int end = 1; end <= layers_; ++end) {
    for (int l : s_.cuts.ends) {
      if (l + 1 < end) first = std::max(first, l + 1);
    }
    const bool no_end = end < layers_ && may_not_end(end - 1);
    MadeBoxes made = s_.own;
    for (int begin = end; begin-- > first;) {
      if (begin < layers && !compute_layer(s_, begin, end, made)) {
        if (may_not_end(begin)) clash_ = begin;
        first = begin + 1;
        break;
      }
      auto& row = costs_[begin];
      row.resize(
          std::max<size_t>(row.size(), static_cast<size_t>(end - begin)));
      const bool no_begin = begin > 0 && may_not_end(begin - 1);
      if (no_end || no_begin) continue;
      row[static_cast<size_t>(end - begin) - 1] =
          model_.cost({begin, end}, made);
    }
  }
}

std::optional<Partition> SegmentSearch::fastest(
    const NodeBudgets& budget) const {
  Ends ends(layers_);
  for (int begin = 0; begin < layers_; ++begin) {
    if (!ends.is_reached(begin)) continue;
    int end = begin;
    for (const SegmentCost& cost : costs_[begin]) {
      ++end;
      for (size_t p = 0; cost.possible && p < cost.at.size(); ++p) {
        const std::vector<int64_t>& bytes = cost.at[p].bytes;
        const bool one_row = p + 1 == cost.at.size();
        if (!within(bytes, one_row ? budget.hard : budget.soft)) continue;
        ends.offer({{begin, end},
                    static_cast<int>(p),
                    *std::max_element(bytes.begin(), bytes.end()),
                    cost.at[p].time_ps});
      }
    }
  }
  return ends.partition();
}

std::optional<int64_t> SegmentSearch::smallest_budget() const {
  constexpr int64_t kStep = 64;  // built rings differ by more
  const size_t nodes = static_cast<size_t>(s_.nodes);
  return shoal::smallest_budget(
      std::numeric_limits<int32_t>::max(), kStep, [&](int64_t bytes) {
        return fastest({std::vector<int64_t>(nodes, bytes),
                        std::vector<int64_t>(nodes, 0)});
      });
}

SegmentChoice SegmentSearch::choice(const Partition& cuts) const {
  SegmentChoice choice;
  for (const Cut& c : cuts) {
    choice.segments.push_back(c.segment);
    choice.passes.push_back(model_.passes()[c.table]);
  }
  return choice;
}

}  // namespace shoal
