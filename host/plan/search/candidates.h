// Candidates for a node alone, with links or without: cuts, bands, overlays,
// and the packed result, for one net on one board.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "host/board/board.h"
#include "host/plan/arena/pack_memo.h"
#include "host/plan/build/build_plan.h"
#include "host/plan/cost/stage_memo.h"
#include "host/plan/draft/draft.h"
#include "host/plan/draft/group_net.h"
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
  // `streamed`: layers whose weights come from storage. `limit`: the first of
  // so many of the survey's chunk limits that stages may choose from.
  // `record_bytes`: the current stage's record is read into the arena; if not
  // 0, there is so much room for it, and each stage has the smallest chunks
  // whose table fits. `sets`: stages may keep weights in SRAM. `groups`: the
  // net is that one's, and what is built is for the net that it was given.
  // `tiles`: it has some, so more tries go into packing. What is referred to
  // must outlive the search.
  Candidates(const Net&, const Supply&, const Survey&, SegmentSlots&,
             SegmentGains&, StageMemo&, PackMemo&,
             const std::vector<bool>& streamed, size_t limit, size_t limits,
             int64_t record_bytes, bool sets, const GroupNet* groups = nullptr,
             bool tiles = false);

  // What it searches with, for stages of at most so many ports and with so much
  // room for records. Refers to this.
  StageSearch all_stages(int max_ports, int64_t record_bytes);
  // The same with so much room for records.
  Candidates with_room(int64_t record_bytes) const {
    Candidates other = *this;
    other.record_bytes_ = record_bytes;
    return other;
  }
  // What the smallest arena is taken to be before anything is built; none if
  // that is more than `most`.
  std::optional<int64_t> estimate(int64_t record_bytes, int64_t most);
  // The smallest arena that the search finds; none if it is larger than
  // `most`.
  std::optional<Candidate> smallest(int64_t most);
  // The least time in the arena of this one, a result of smallest().
  Candidate faster(const Candidate&);
  // The least time in an arena of at most `budget` bytes; none if the search
  // finds nothing that small.
  std::optional<Candidate> fastest(int64_t budget);
  // With higher bands in one stage after the other, by parts of the room that
  // each has left: where all of it cannot be packed, less of it may.
  Candidate raised_by_parts(const Candidate&, int64_t budget) const;
  // With what it leaves of the budget spent on storage.
  Candidate filled(const Candidate&, int64_t budget) const;
  // And on rows that wait for the link; of a node with links.
  Candidate loosened(const Candidate&, int64_t budget) const;

 private:
  StageSearch stage_search(int max_ports, int64_t record_bytes);
  StageSearch stage_search(int max_ports) {
    return stage_search(max_ports, record_bytes_);
  }
  // Saved bytes; something less if it is less than `least`.
  int64_t gain(Segment, int64_t least);
  int64_t most_gain(Segment, int max_ports) const;
  SegmentBytes segment_bytes(Segment, int max_ports,
                             int64_t record_bytes) const;
  Choice choose(const Partition&);
  std::optional<Candidate> least_arena(int64_t most);
  std::optional<Candidate> fastest(int64_t budget, int max_ports);
  // With bands as high as the budget allows, where that takes less time.
  Candidate raise(const Candidate&, int64_t budget) const;
  Candidate raise_all(const Candidate&, int64_t budget) const;
  // `over`: with an output over an input that was not there.
  Candidate raise_each(Candidate, int64_t budget, bool over) const;
  PlanDraft drafted(const Choice&) const;
  // False if nothing is gained.
  bool lay_over(const Choice&, StageChoice&) const;
  // Small tapes have so many chunks that their time is asked for last.
  Candidate pack(const Choice&, int tries, int64_t most = INT64_MAX,
                 const std::vector<int64_t>& budgets = {},
                 const Slack& slack = {}) const;
  Candidate timed(Candidate) const;
  Candidate build(const Choice&) const;  // with its time
  // Whether it fits is as with build(), not how many bytes it takes.
  Candidate build_within(const Choice&, int64_t budget) const;

  const Net& built_net() const { return groups_ ? groups_->given() : net_; }

  const Net& net_;
  const Supply& supply_;
  const Survey& survey_;
  SegmentSlots& slots_;
  SegmentGains& gains_;
  StageMemo& stages_;
  PackMemo& packs_;
  const std::vector<bool> streamed_;
  const size_t limit_;  // for what a segment's record takes
  int64_t record_bytes_;
  const bool tape_;  // there is one, and so orders are recorded
  const GroupNet* const groups_;
  const int last_tries_;
  const std::vector<TensorUses>& uses_;
  const std::shared_ptr<const std::vector<PassTable>> tables_;
  const std::shared_ptr<TurnedTables> turned_;  // both of copies as well
  // Stages may share memory by a recorded order. Only where nothing else is
  // small enough: it ties the firings down.
  bool sharing_ = false;
  int64_t least_without_sharing_ = 0;
};

}  // namespace shoal
