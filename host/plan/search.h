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
  // `chunk_limit`: bytes of a tape's chunks, 0 if the image is mapped.
  Search(const Net&, const Board&, uint32_t chunk_limit);

  // The smallest arena that the search finds, and the least time in it.
  Candidate smallest();
  // The least time in an arena of at most `budget` bytes; none if the search
  // finds nothing that small.
  std::optional<Candidate> fastest(int64_t budget);

 private:
  // What does not depend on the budget, found once.
  struct Known {
    bool can_be_stage = false;
    int ports = 0;  // so many cursors
    int64_t record_bytes = 0, overlay_most = 0, share_most = 0;
  };
  void find_known();
  // Null for a segment that can be no stage.
  const Known* known(Segment) const;
  StageSearch stage_search(int max_ports);
  int64_t gain(Segment);
  int64_t overlay_gain_of(Segment);
  int64_t share_gain_of(Segment);
  int64_t share_most(Segment) const;
  SegmentBytes segment_bytes(Segment, int max_ports) const;
  Choice choose(const Partition&);
  std::optional<Candidate> least_arena(int64_t below);
  std::optional<Candidate> fastest(int64_t budget, int max_ports);
  Candidate raise_all(const Candidate&, int64_t budget) const;
  Candidate raise_each(Candidate, int64_t budget) const;
  Candidate build(const Choice&, int pack_tries) const;

  const Net& net_;
  const Board& board_;
  const uint32_t chunk_limit_;
  std::vector<TensorUses> uses_;
  std::vector<PassTable> tables_;
  int all_ports_ = 0;
  std::vector<std::vector<Known>> known_;  // by first layer, then length
  std::map<std::pair<int, int>, int64_t> overlay_gains_, share_gains_;
  // Stages may share memory by a recorded order. Only where nothing else is
  // small enough: it ties the firings down.
  bool sharing_ = false;
  int64_t least_without_sharing_ = 0;
};

}  // namespace shoal
