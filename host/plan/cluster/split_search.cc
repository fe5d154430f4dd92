#include "host/plan/cluster/split_search.h"

#include <algorithm>
#include <limits>

namespace shoal {
namespace {

constexpr int64_t kFar = std::numeric_limits<int64_t>::max();

struct Best {
  int64_t time_ps = kFar, peak = kFar;
  int from = -1;
  size_t passes = 0;
  bool beats(const Best& o) const {
    return time_ps != o.time_ps ? time_ps < o.time_ps : peak < o.peak;
  }
};

bool within(const std::vector<int64_t>& bytes,
            const std::vector<int64_t>& limits) {
  for (size_t n = 0; n < bytes.size(); ++n) {
    if (bytes[n] > limits[n]) return false;
  }
  return true;
}

bool in_a_loop(const SplitNet& s, int layer) {
  return layer < static_cast<int>(s.loop_of.size()) && s.is_inner(layer);
}

bool is_one_of(const std::vector<int>& list, int value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

SplitSearch::SplitSearch(const SplitNet& split, const CostModel& model)
    : s_(split), model_(model), layers_(whole_net(split.net).end) {
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

std::optional<SplitChoice> SplitSearch::fastest(
    const SplitBudget& budget) const {
  std::vector<Best> best(static_cast<size_t>(layers_) + 1);
  best[0].time_ps = best[0].peak = 0;
  for (int begin = 0; begin < layers_; ++begin) {
    if (best[begin].time_ps == kFar) continue;
    for (size_t i = 0; i < costs_[begin].size(); ++i) {
      const SegmentCost& cost = costs_[begin][i];
      if (!cost.possible) continue;
      Best& at = best[static_cast<size_t>(begin) + i + 1];
      for (size_t p = 0; p < cost.at.size(); ++p) {
        const bool one_row = p + 1 == cost.at.size();
        if (!within(cost.at[p].bytes, one_row ? budget.hard : budget.soft)) {
          continue;
        }
        Best next;
        next.time_ps = best[begin].time_ps + cost.at[p].time_ps;
        next.peak = std::max(best[begin].peak,
                             *std::max_element(cost.at[p].bytes.begin(),
                                               cost.at[p].bytes.end()));
        next.from = begin;
        next.passes = p;
        if (next.beats(at)) at = next;
      }
    }
  }
  if (best[layers_].time_ps == kFar) return std::nullopt;
  SplitChoice choice;
  for (int end = layers_; end > 0; end = best[end].from) {
    choice.segments.push_back({best[end].from, end});
    choice.passes.push_back(model_.passes()[best[end].passes]);
  }
  std::reverse(choice.segments.begin(), choice.segments.end());
  std::reverse(choice.passes.begin(), choice.passes.end());
  return choice;
}

std::optional<int64_t> SplitSearch::smallest_budget() const {
  const auto feasible = [&](int64_t bytes) {
    SplitBudget budget;
    budget.hard.assign(s_.nodes, bytes);
    budget.soft.assign(s_.nodes, 0);
    return fastest(budget).has_value();
  };
  int64_t fits = std::numeric_limits<int32_t>::max(), fails = 0;
  if (!feasible(fits)) return std::nullopt;
  while (fits - fails > 64) {
    const int64_t middle = fails + (fits - fails) / 2;
    (feasible(middle) ? fits : fails) = middle;
  }
  return fits;
}

}  // namespace shoal
