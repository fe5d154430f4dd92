#include "host/plan/planner/mixed_cuts.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "host/plan/cost/time.h"

namespace shoal {
namespace {

// Returns whether the cells are the same, whatever nodes have them.
bool alike(const LayerCut& a, const LayerCut& b) {
  return a.kind == b.kind && a.rows == b.rows && a.columns == b.columns &&
         a.shares.size() == b.shares.size();
}

int64_t times(int64_t ps, double by) {
  return by == 1 ? ps : static_cast<int64_t>(static_cast<double>(ps) * by);
}

}  // namespace

MixedCuts::MixedCuts(CutEstimate estimate)
    : estimate_(std::move(estimate)),
      factors_(static_cast<size_t>(estimate_.layers())),
      best_(find(TimesOf::kEstimates)) {}

MixedPath MixedCuts::find(TimesOf of) {
  States states{MixedPath{}};
  for (int l = 0; l < estimate_.layers(); ++l) {
    states = step(l, states, nullptr, of);
  }
  return *std::ranges::min_element(states, {}, &MixedPath::time_ps);
}

double MixedCuts::factor(int layer, int option, TimesOf of) const {
  if (of == TimesOf::kEstimates) return 1;
  const auto& [least, options] = factors_[static_cast<size_t>(layer)];
  const auto o = static_cast<size_t>(option);
  if (o < options.size() && options[o] > 0) return options[o];
  return least > 0 ? least : 1;
}

MixedCuts::States MixedCuts::step(int layer, const States& before,
                                  const LayerCut* without, TimesOf of) {
  // The fastest states come first, because an edge costs time to estimate and
  // never takes less than none: most states need no look at theirs.
  std::vector<size_t> order(before.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {},
                           [&](size_t s) { return before[s].time_ps; });
  States next;
  const auto& options = estimate_.options(layer);
  for (int o = 0; o < static_cast<int>(options.size()); ++o) {
    if (without && alike(options[o].cut, *without)) continue;
    const double by = factor(layer, o, of);
    const int64_t own_ps = times(estimate_.own_ps(layer, o), by);
    size_t from = before.size();
    int64_t least = INT64_MAX;
    for (const size_t s : order) {
      const int64_t alone = before[s].time_ps + own_ps;
      if (alone > least) break;
      const int64_t ps =
          alone + times(estimate_.edges_ps(layer, o, before[s].options), by);
      // The first of equally fast states counts.
      if (ps < least || (ps == least && s < from)) from = s, least = ps;
    }
    MixedPath path = before[from];
    path.options.push_back(o);
    path.time_ps = least;
    next.push_back(std::move(path));
  }
  return next;
}

std::vector<MixedPath> MixedCuts::beside(const MixedPath& path,
                                         const std::vector<Segment>& runs,
                                         TimesOf of) {
  std::vector<MixedPath> all;
  for (const Segment& run : runs) {
    // Before the run, layers are cut as in `path`.
    MixedPath begin;
    for (int l = 0; l < std::min(run.begin, estimate_.layers()); ++l) {
      begin.time_ps +=
          times(estimate_.layer_ps(l, path.options[l], path.options),
                factor(l, path.options[l], of));
      begin.options.push_back(path.options[l]);
    }
    States states{begin};
    for (int l = run.begin; l < estimate_.layers() && !states.empty(); ++l) {
      const LayerCut& taken = estimate_.options(l)[path.options[l]].cut;
      States next = step(l, states, run.holds(l) ? &taken : nullptr, of);
      // The layer has no other cut.
      if (next.empty()) next = step(l, states, nullptr, of);
      states = std::move(next);
    }
    all.push_back(*std::ranges::min_element(states, {}, &MixedPath::time_ps));
  }
  std::ranges::stable_sort(all, {}, &MixedPath::time_ps);
  return all;
}

void MixedCuts::learn(const Cuts& cuts, const std::vector<Stretch>& all) {
  if (cuts.layers.size() != factors_.size()) return;
  const MixedPath path = path_of(cuts);
  for (const Stretch& s : all) {
    int64_t ps = 0;
    for (int l = s.layers.begin; l < s.layers.end; ++l) {
      ps += estimate_.layer_ps(l, path.options[l], path.options);
    }
    if (ps <= 0 || s.seconds <= 0) continue;
    const double now = s.seconds * kPicoseconds / static_cast<double>(ps);
    const auto lower = [&](double& to) {
      if (to == 0 || now < to) to = now;
    };
    for (int l = s.layers.begin; l < s.layers.end; ++l) {
      auto& [least, options] = factors_[static_cast<size_t>(l)];
      const auto o = static_cast<size_t>(path.options[l]);
      if (options.size() <= o) options.resize(o + 1);
      lower(options[o]);
      lower(least);
    }
  }
}

std::vector<MixedPath> MixedCuts::as_learnt(const MixedPath& path,
                                            const std::vector<Segment>& runs) {
  std::vector<MixedPath> all = beside(path, runs, TimesOf::kPlans);
  all.insert(all.begin(), find(TimesOf::kPlans));
  return all;
}

int MixedCuts::like(int layer, int other, int option) const {
  const LayerCut& cut = estimate_.options(other)[option].cut;
  const auto& options = estimate_.options(layer);
  const auto at = std::ranges::find_if(
      options, [&](const CutOption& o) { return alike(o.cut, cut); });
  return at == options.end() ? -1 : static_cast<int>(at - options.begin());
}

std::vector<MixedPath> MixedCuts::moved_borders(const MixedPath& path) {
  std::vector<MixedPath> all;
  const auto cut = [&](int l) -> const LayerCut& {
    return estimate_.options(l)[path.options[l]].cut;
  };
  // Each path takes over one layer more, as long as the cells stay the same.
  const auto take_over = [&](int from, int first, int step) {
    MixedPath moved = path;
    for (int l = first; l >= 0 && l < estimate_.layers(); l += step) {
      const int option = like(l, from, path.options[from]);
      if (option < 0 || !alike(cut(l), cut(first))) return;
      moved.options[l] = option;
      all.push_back(moved);
    }
  };
  for (int l = 1; l < estimate_.layers(); ++l) {
    if (alike(cut(l - 1), cut(l))) continue;
    take_over(l - 1, l, 1);
    take_over(l, l - 1, -1);
  }
  // Gives other cells to a whole run.
  for (int begin = 0, end = 0; begin < estimate_.layers(); begin = end) {
    while (end < estimate_.layers() && alike(cut(end), cut(begin))) ++end;
    const auto options = static_cast<int>(estimate_.options(begin).size());
    for (int o = 0; o < options; ++o) {
      MixedPath other = path;
      other.options[begin] = o;
      for (int l = begin + 1; l < end; ++l) {
        const int option = like(l, begin, o);
        if (option >= 0) other.options[l] = option;
      }
      if (other.options != path.options) all.push_back(std::move(other));
    }
  }
  for (MixedPath& moved : all) moved.time_ps = estimate_.path_ps(moved.options);
  std::ranges::stable_sort(all, {}, &MixedPath::time_ps);
  return all;
}

Cuts MixedCuts::cuts_of(const MixedPath& path) const {
  Cuts cuts;
  for (int l = 0; l < estimate_.layers(); ++l) {
    cuts.layers.push_back(estimate_.options(l)[path.options[l]].cut);
  }
  return cuts;
}

MixedPath MixedCuts::path_of(const Cuts& cuts) {
  MixedPath path;
  for (int l = 0; l < estimate_.layers(); ++l) {
    path.options.push_back(estimate_.find(l, cuts.layers[l]));
  }
  path.time_ps = estimate_.path_ps(path.options);
  return path;
}

}  // namespace shoal
