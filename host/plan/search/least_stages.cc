#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

#include "host/plan/search/stages.h"
#include "host/plan/search/sweep.h"

namespace shoal {
namespace {

constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

// Finds the smallest largest stage over all ways to cut the layers. The saving
// of an overlay is computed only where it decides: between the result with
// every overlay saving its upper bound and the result without overlays.
class LeastStages {
 public:
  explicit LeastStages(const StageSearch& s)
      : s_(s),
        n_(whole_net(s.net).end),
        turned_(turned_tables(s)),
        columns_(turned_->columns(s.tables, true)),
        known_(static_cast<size_t>(n_)) {
    for (int begin = 0; begin < n_; ++begin) {
      const int last = s.ends.empty() ? n_ : s.ends[begin];
      for (int end = begin + 1; end <= last; ++end) {
        known_[begin].push_back({s.most_gain({begin, end}),
                                 turned_->sums(true, {begin, end}).least_bytes,
                                 false});
      }
    }
  }

  std::optional<int64_t> find(int64_t below) {
    const Peaks none(static_cast<size_t>(n_) + 1,
                     below == kNoLimit ? kNoLimit : below + 1);
    const Peaks most = peaks(none, 0, [&](const Step& at) {
      return at.known.bytes < at.to ? bytes(at) : kNoLimit;
    });
    const Peaks least = peaks(none, 0, [&](const Step& at) {
      const int64_t gain = at.known.gain;
      return at.known.bytes - gain < at.to ? bytes(at) - gain : kNoLimit;
    });
    if (least.back() == none.back()) return std::nullopt;
    const Peaks found = peaks(most, least.back(), [&](const Step& at) {
      if (at.known.bytes - at.known.gain >= at.to) return kNoLimit;
      const int64_t all = bytes(at);
      if (all <= at.from || all - at.known.gain >= at.to) return all;
      return all - s_.overlay_gain(at.segment);
    });
    if (found.back() == none.back()) return std::nullopt;
    return found.back();
  }

 private:
  struct Known {
    int64_t gain = 0;  // upper bound of an overlay's saving; negative: no stage
    // Bytes with the smallest table; without fixed bytes until those are
    // computed.
    int64_t bytes = 0;
    bool is_whole = false;
  };
  // By position: the largest stage of the best way to it.
  using Peaks = std::vector<int64_t>;
  // A segment, and the largest stages of the best ways to its begin and to its
  // end.
  struct Step {
    Segment segment;
    Known& known;
    int64_t from, to;
  };

  int64_t bytes(const Step& at) const {
    Known& known = at.known;
    if (known.is_whole) return known.bytes;
    known.is_whole = true;
    const SegmentBytes all = s_.segment_bytes(at.segment);
    known.bytes = kNoLimit;
    const SegmentSums::Sums sums = turned_->sums(true, at.segment);
    for (size_t p = 0; all.fixed >= 0 && p < columns_.count(); ++p) {
      const uint32_t limit = columns_.kind(p).chunk_limit;
      if (all.chunk_limit && all.chunk_limit != limit) continue;
      known.bytes = std::min(known.bytes, sums.bytes[p] + all.fixed);
    }
    return known.bytes;
  }

  // Values below `floor` make no difference. `take` returns the bytes of a
  // stage if they may be below the best at its end.
  template <class Take>
  Peaks peaks(Peaks best, int64_t floor, Take take) {
    best[0] = floor;
    for (int begin = 0; begin < n_; ++begin) {
      for (size_t i = 0; i < known_[begin].size(); ++i) {
        const int end = begin + 1 + static_cast<int>(i);
        Known& known = known_[begin][i];
        const int64_t from = std::max(best[begin], floor);
        if (known.gain < 0 || from >= best[end]) continue;
        const int64_t takes = take(Step{{begin, end}, known, from, best[end]});
        best[end] = std::min(best[end], std::max(from, takes));
      }
    }
    return best;
  }

  const StageSearch& s_;
  const int n_;
  const std::shared_ptr<TurnedTables> turned_;
  const TableColumns& columns_;            // columns of the least tables
  std::vector<std::vector<Known>> known_;  // indexed by [first layer][length]
};

}  // namespace

std::optional<int64_t> smallest_budget(const StageSearch& search,
                                       int64_t below) {
  if (!search.others) return LeastStages(search).find(below);
  return smallest_budget(below, kAlign, [&](int64_t bytes) {
    return fastest_cuts(search, {bytes, 0});
  });
}

}  // namespace shoal
