// The search behind make_plan: cuts, bands, overlays, and the packed result,
// for one net on one board.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "host/board/board.h"
#include "host/plan/build.h"
#include "host/plan/stages.h"

namespace shoal {

// A choice and the node that came of it.
struct Candidate {
  Choice choice;
  PlanNode node;
  int64_t time_ps = 0;
};

class Search {
 public:
  Search(const Net&, const Board&);

  // The smallest arena that the search finds.
  Candidate smallest();
  // The least time in an arena of at most `budget` bytes; none if the search
  // finds nothing that small.
  std::optional<Candidate> fastest(int64_t budget);

 private:
  // What does not depend on the budget, found once.
  struct Known {
    bool can_be_stage = false;
    int ports = 0;
    int64_t record_bytes = 0, most_gain = 0;
  };
  void find_known();
  const Known& known(Segment s) const {
    return known_[static_cast<size_t>(s.begin) * positions_ + s.end - 1];
  }
  StageSearch stage_search(int max_ports);
  int64_t gain(Segment);
  SegmentBytes segment_bytes(Segment, int max_ports) const;
  Choice choose(const Partition&) const;
  Candidate refine(Candidate, int64_t budget) const;
  Candidate build(const Choice&, int pack_tries) const;

  const Net& net_;
  const Board& board_;
  std::vector<TensorUses> uses_;
  std::vector<PassTable> tables_;
  size_t positions_;
  std::vector<Known> known_;
  std::map<std::pair<int, int>, Overlay> leads_;
};

}  // namespace shoal
