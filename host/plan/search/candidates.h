// Makes candidate plans of one node, with or without links: stages, bands,
// overlays and the packed arena, for one net on one board.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "host/board/board.h"
#include "host/plan/arena/pack.h"
#include "host/plan/build/build_plan.h"
#include "host/plan/cost/link_time.h"
#include "host/plan/cost/stage_memo.h"
#include "host/plan/draft/draft.h"
#include "host/plan/search/stages.h"
#include "host/plan/search/survey.h"
#include "host/plan/types/request.h"

namespace shoal {

// Results that the searches of a net with and without spills share.
struct NetMemo {
  StageMemo stages;
  RecordMemo records;
};

// A request to plan one of its nodes: the net may have spills or tiles.
struct NodeTask {
  const PlanRequest& request;
  int node;
  const Supply& supply;
  const std::vector<bool>&
      streams;  // by layer: whether its weights are in storage
  PackMemo& packs;
  NetMemo* memo = nullptr;  // shared whatever the spills; may be null
  const ClusterNode& of() const {
    return request.cluster.nodes[static_cast<size_t>(node)];
  }
  const Board& board() const { return of().board; }
  int64_t budget() const { return of().plan_budget(); }
  // With links, copies of mapped weights may lie in SRAM, also in other banks
  // than the arena's.
  bool is_linked() const { return request.over_links(); }
  bool keeps_weights() const { return is_linked() && of().keeps_weights; }
  std::vector<Bank> banks() const {
    return is_linked() ? of().kept_banks() : std::vector<Bank>{};
  }
  bool any_stream() const {
    return std::count(streams.begin(), streams.end(), true) > 0;
  }
};

// A choice of stages and bands, and the node that was built from it.
struct Candidate {
  Choice choice;
  PlanNode node;
  int64_t time_ps = 0;
  int tries = 0;  // number of packings tried
};

class Candidates {
 public:
  // Stages choose among `limits` chunk limits of the survey, from `limit` on.
  // If `record_bytes` is not 0, the record of the current stage is read into
  // that many bytes of the arena, and each stage has the smallest chunks whose
  // table fits there. With `sets`, stages may keep weights in SRAM. `given` is
  // explained at make_stage(); plans are built for that net. With `tiles`,
  // packing tries more layouts. All references must outlive this object.
  Candidates(const Net&, const NodeTask&, const Survey&, StageMemo&,
             size_t limit, size_t limits, int64_t record_bytes, bool sets,
             const GivenNet* given = nullptr, bool tiles = false);

  // Returns the stage search for stages of at most `max_ports` ports with
  // `record_bytes` for records. It refers to this object.
  StageSearch all_stages(int max_ports, int64_t record_bytes);
  // Returns a copy with another size of the room for records.
  Candidates with_room(int64_t record_bytes) const {
    Candidates other = *this;
    other.record_bytes_ = record_bytes;
    return other;
  }
  // Estimates the smallest arena without building anything; none if the
  // estimate exceeds `most`.
  std::optional<int64_t> estimate(int64_t record_bytes, int64_t most);
  // Returns the smallest arena that the search finds; none if it exceeds
  // `most`.
  std::optional<Candidate> smallest(int64_t most);
  // Returns the fastest candidate within the arena of a result of smallest().
  Candidate faster(const Candidate&);
  // Returns the fastest candidate within `budget` bytes; none if the search
  // finds nothing that small.
  std::optional<Candidate> fastest(int64_t budget);
  // Raises bands in one stage after the other by fractions of the room that
  // each has left: where all of it cannot be packed, part of it may.
  Candidate raised_by_parts(const Candidate&, int64_t budget) const;
  // Returns the candidate with the rest of the budget spent on slots and
  // weights in SRAM.
  Candidate filled(const Candidate&, int64_t budget) const;
  // Returns the candidate with the rest of the budget spent on rows that wait
  // for the link, for a node with links.
  Candidate loosened(const Candidate&, int64_t budget) const;

 private:
  StageSearch stage_search(int max_ports, int64_t record_bytes);
  // Returns the bytes that an overlay or shared rings save.
  int64_t gain(Segment) const;
  int64_t most_gain(Segment, int max_ports) const;
  SegmentBytes segment_bytes(Segment, int max_ports,
                             int64_t record_bytes) const;
  Choice choose(const Partition&);
  std::optional<Candidate> least_arena(int64_t most);
  std::optional<Candidate> fastest(int64_t budget, int max_ports);
  // Raises bands as far as the budget allows, where that is faster.
  Candidate raise(const Candidate&, int64_t budget) const;
  Candidate raise_all(const Candidate&, int64_t budget) const;
  // Raises them by `percent` of the room that each stage has left. With `over`,
  // stages get overlays that they did not have. `failed`: by stage, bands that
  // are not tried again.
  Candidate raise_each(Candidate, int64_t budget, int percent, bool over,
                       std::vector<Work>& failed) const;
  // Returns false if the overlay saves nothing.
  bool lay_over(const Choice&, StageChoice&) const;
  // Packs without timing. Timing a tape of small chunks is slow, so it is left
  // to the final candidates.
  Candidate pack(const Choice&, BuildOptions) const;
  Candidate timed(Candidate) const;
  Candidate build(const Choice&) const;  // packed and timed
  // Fits the budget exactly when build() does, but may take other bytes.
  Candidate build_within(const Choice&, int64_t budget) const;

  const Net& built_net() const { return given_ ? given_->net : net_; }

  const Net& net_;
  const NodeTask& task_;
  const Survey& survey_;
  StageMemo& stages_;
  const size_t limit_;  // index of the chunk limit for estimates of records
  int64_t record_bytes_;
  const bool tape_;  // whether there is a tape, whose order is recorded
  const GivenNet* const given_;
  const int last_tries_;
  const std::vector<TensorUses>& uses_;
  const std::shared_ptr<SharedSums> sums_;  // of its tables; copies share them
  // Lets rings of a stage share memory by a recorded order of firings. That
  // fixes the order, so it is tried only if nothing else is small enough.
  bool sharing_ = false;
  int64_t least_without_sharing_ = 0;
};

}  // namespace shoal
