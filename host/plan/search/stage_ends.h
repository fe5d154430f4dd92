// The best ends of stages in a line of layers: the least time, then the
// smallest largest stage, then the stage that begins first. Each position knows
// the best way to it, so each stage is offered once; stages that end at a
// position must be offered before those that begin there.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "host/plan/arena/pack.h"
#include "host/plan/types/beyond.h"
#include "host/plan/types/segment.h"

namespace shoal {

struct StageCut {
  Segment segment;
  int table = 0;  // index of its bands in the search
  int64_t bytes = 0;
  int64_t time_ps = 0;
  bool overlay = false;  // fits only with an overlay
  int variant = 0;  // index of a variant of the net, as the search numbers them
  bool operator==(const StageCut&) const = default;
};
using Partition = std::vector<StageCut>;

class Ends {
 public:
  explicit Ends(int layers) : best_(static_cast<size_t>(layers) + 1) {
    best_[0].time_ps = best_[0].peak = 0;
  }
  bool is_reached(int position) const {
    return best_[position].time_ps != kBeyond;
  }
  // Returns the least known time at which a position is reached.
  int64_t time_ps(int position) const { return best_[position].time_ps; }
  // Returns whether such a stage would be the best way to its end.
  bool wins(Segment s, int64_t time_ps, int64_t bytes) const {
    const Best &from = best_[s.begin], &to = best_[s.end];
    const int64_t time = from.time_ps + time_ps;
    if (time != to.time_ps) return time < to.time_ps;
    const int64_t peak = std::max(from.peak, bytes);
    if (peak != to.peak) return peak < to.peak;
    return s.begin < to.last.segment.begin;
  }
  // Returns whether a stage that takes at least `least_ps` may be the best way.
  bool may_win(Segment s, int64_t least_ps) const {
    return best_[s.begin].time_ps + least_ps <= best_[s.end].time_ps;
  }
  void offer(const StageCut& c) {
    if (!wins(c.segment, c.time_ps, c.bytes)) return;
    const Best& from = best_[c.segment.begin];
    best_[c.segment.end] = {from.time_ps + c.time_ps,
                            std::max(from.peak, c.bytes), c};
  }
  std::optional<Partition> partition() const {
    int end = static_cast<int>(best_.size()) - 1;
    if (!is_reached(end)) return std::nullopt;
    Partition cuts;
    for (; end > 0; end = cuts.back().segment.begin) {
      cuts.push_back(best_[end].last);
    }
    std::reverse(cuts.begin(), cuts.end());
    return cuts;
  }

 private:
  struct Best {
    int64_t time_ps = kBeyond, peak = kBeyond;
    StageCut last;
  };
  std::vector<Best> best_;
};

// Returns the smallest budget up to `most` for which `find` has cuts, to within
// `step`; none: not even for `most`.
template <class Find>
std::optional<int64_t> smallest_budget(int64_t most, int64_t step, Find find) {
  const auto peak = [](const Partition& cuts) {
    int64_t bytes = 0;
    for (const StageCut& c : cuts) bytes = std::max(bytes, c.bytes);
    return bytes;
  };
  const std::optional<Partition> any = find(most);
  if (!any) return std::nullopt;
  int64_t fits = peak(*any), fails = 0;
  while (fits - fails > step) {
    const int64_t middle = aligned((fits + fails) / 2);
    if (middle >= fits) break;
    const std::optional<Partition> cuts = find(middle);
    if (cuts) {
      fits = peak(*cuts);
    } else {
      fails = middle;
    }
  }
  return fits;
}

}  // namespace shoal
