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
  StageSearch stage_search(int max_ports);
  int64_t gain(Segment, int table);
  SegmentBytes segment_bytes(Segment, int max_ports) const;
  Choice choose(const Partition&, bool all_overlays) const;
  Candidate build(const Choice&, int pack_tries) const;

  const Net& net_;
  const Board& board_;
  std::vector<TensorUses> uses_;
  std::vector<PassTable> tables_;
  std::vector<int> ports_before_;  // ports of all positions below
  std::map<std::pair<int, std::pair<int, int>>, Overlay> leads_;
};

}  // namespace shoal
