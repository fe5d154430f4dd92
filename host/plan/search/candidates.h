// Candidates for a node without links: cuts, bands, overlays, and the packed
// result, for one net on one board.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/board/board.h"
#include "host/plan/draft/node_draft.h"
#include "host/plan/search/gains.h"
#include "host/plan/search/stages.h"
#include "host/plan/search/survey.h"
#include "host/plan/tokens/rings.h"

namespace shoal {

// A choice and the node that came of it.
struct Candidate {
  Choice choice;
  PlanNode node;
  int64_t time_ps = 0;
  int tries = 0;  // of packing
};

class Candidates {
 public:
  // `streamed`: layers whose weights come from storage. `limits`: what stages
  // may choose from of the survey's chunk limits; several only if the image is
  // mapped. `sets`: stages may keep weights in SRAM. What is referred to must
  // outlive the search.
  Candidates(const Net&, const Supply&, const Survey&, SegmentSlots&,
             SegmentGains&, const std::vector<bool>& streamed,
             const std::vector<size_t>& limits, bool sets);

  // The smallest arena that the search finds; none if it is larger than
  // `most`.
  std::optional<Candidate> smallest(int64_t most);
  // The least time in the arena of this one, a result of smallest().
  Candidate faster(const Candidate&);
  // The least time in an arena of at most `budget` bytes; none if the search
  // finds nothing that small.
  std::optional<Candidate> fastest(int64_t budget);
  // Spends what the candidate leaves of the budget on storage.
  void fill(int64_t budget, Candidate&) const;

 private:
  StageSearch stage_search(int max_ports);
  // Saved bytes; something less if it is less than `least`.
  int64_t gain(Segment, int64_t least);
  SegmentBytes segment_bytes(Segment, int max_ports) const;
  Choice choose(const Partition&);
  std::optional<Candidate> least_arena(int64_t most);
  std::optional<Candidate> fastest(int64_t budget, int max_ports);
  Candidate raise_all(const Candidate&, int64_t budget) const;
  // What comes of other bands, if it fits and takes less time.
  void take_if_better(const Choice&, int64_t budget, Candidate& best) const;
  Candidate raise_each(Candidate, int64_t budget) const;
  Candidate lay_over(Candidate, int64_t budget) const;
  // Small tapes have so many chunks that their time is asked for last.
  Candidate pack(const Choice&, int tries, int64_t most = INT64_MAX) const;
  Candidate build(const Choice&) const;  // with its time
  PlanNode node_of(const Choice&, int tries, int64_t most,
                   std::vector<int64_t> budgets = {}) const;

  const Net& net_;
  const Supply& supply_;
  const Survey& survey_;
  SegmentSlots& slots_;
  SegmentGains& gains_;
  const std::vector<bool> streamed_;
  const size_t limit_;  // for what a segment's record takes
  const bool tape_;     // there is one, and so orders are recorded
  const std::vector<TensorUses>& uses_;
  const std::vector<PassTable> tables_;
  // Stages may share memory by a recorded order. Only where nothing else is
  // small enough: it ties the firings down.
  bool sharing_ = false;
  int64_t least_without_sharing_ = 0;
};

}  // namespace shoal
