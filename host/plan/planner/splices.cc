#include "host/plan/planner/splices.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "host/plan/types/plan_segments.h"

namespace shoal {
namespace {

bool is_within(const BlockChoice& b, Segment s) {
  return s.begin <= b.begin && b.end <= s.end;
}

// Returns none if a block of either trial crosses an end of the stretch.
std::optional<Trial> spliced(const Trial& best, const Trial& other, Segment s) {
  Trial trial = best;
  std::copy(other.cuts.layers.begin() + s.begin,
            other.cuts.layers.begin() + s.end,
            trial.cuts.layers.begin() + s.begin);
  std::vector<BlockChoice>& blocks = trial.cuts.blocks;
  std::erase_if(blocks, [&](const BlockChoice& b) { return is_within(b, s); });
  const auto apart = [&](const BlockChoice& b) {
    return b.end <= s.begin || s.end <= b.begin;
  };
  if (!std::ranges::all_of(blocks, apart)) return std::nullopt;
  for (const BlockChoice& b : other.cuts.blocks) {
    if (apart(b)) continue;
    if (!is_within(b, s)) return std::nullopt;
    blocks.push_back(b);
  }
  std::ranges::sort(blocks, {}, &BlockChoice::begin);
  trial.name = "mixed";
  trial.spliced = true;
  return trial;
}

}  // namespace

Rehearsed rehearsed(Trial trial, const Plan& plan) {
  Rehearsed of{std::move(trial), {}};
  for (const SegmentSummary& s : summarize_segments(plan)) {
    if (s.cuts.empty()) continue;
    of.stretches.push_back(
        {{s.cuts.front().first_layer, s.cuts.back().last_layer + 1},
         s.seconds});
  }
  return of;
}

std::vector<Splice> splices(const Rehearsed& best,
                            const std::vector<Rehearsed>& others) {
  std::vector<Splice> all;
  for (const Rehearsed& other : others) {
    int begin = 0;
    double here = 0, there = 0;
    size_t j = 0;
    for (const Rehearsed::Stretch& stretch : best.stretches) {
      here += stretch.seconds;
      const int end = stretch.layers.end;
      while (j < other.stretches.size() &&
             other.stretches[j].layers.end <= end) {
        there += other.stretches[j++].seconds;
      }
      const bool both = j > 0 && other.stretches[j - 1].layers.end == end;
      if (!both) continue;
      if (there < here) {
        std::optional<Trial> trial =
            spliced(best.trial, other.trial, {begin, end});
        if (trial) all.push_back({std::move(*trial), (here - there) / here});
      }
      begin = end;
      here = there = 0;
    }
  }
  std::ranges::stable_sort(all, std::greater<>(), &Splice::part);
  return all;
}

}  // namespace shoal
