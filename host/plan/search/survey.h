// Facts about the segments of one net on one board that depend neither on the
// budget nor on the size of a tape's chunks. They are found once, and searches
// keep references to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "host/board/board.h"
#include "host/plan/search/stages.h"
#include "host/plan/tokens/keyed_memo.h"
#include "host/plan/tokens/overlay.h"
#include "host/plan/tokens/rings.h"

namespace shoal {

// Sizes of records of stages, shared because a net with spills has most stages
// in common with the net without.
using RecordMemo = KeyedMemo<std::vector<int64_t>>;  // by chunk limit

class Survey {
 public:
  // Facts about a segment before its stage is built.
  struct Known {
    bool can_be_stage = false;
    int ports = 0;  // each needs a cursor
    int64_t overlay_most = 0, share_most = 0;
    // By chunk limit, the bytes of the arena for the record. Negative: one
    // record cannot hold the order or the chunks. Empty: not computed yet.
    mutable std::vector<int64_t> record_bytes;
  };

  // `chunk_limits` has limits for the bytes of a tape's chunks, `stops` the
  // ascending positions that no stage may cross. `records` is shared by surveys
  // of the same net, whatever its spills, with the same limits and `linked`:
  // rows come from a coordinator over a link and return to it. All references
  // must outlive the survey.
  Survey(const Net&, const Board&, std::vector<uint32_t> chunk_limits,
         RecordMemo& records, const Spilling& = {},
         const std::vector<int>& stops = {}, bool linked = false);

  const std::vector<uint32_t>& chunk_limits() const { return chunk_limits_; }
  const std::vector<TensorUses>& uses() const { return uses_; }
  const std::vector<PassTable>& tables() const { return tables_; }
  // Returns about how many bytes of the arena the link's tables take.
  int64_t link_bytes() const;
  int all_ports() const { return all_ports_; }
  // Returns the bytes of the arena for the state of spills.
  int64_t spill_state_bytes() const { return spill_state_bytes_; }
  // Returns the bytes of the arena for variables.
  int64_t variable_bytes() const { return variable_bytes_; }
  // Returns null if the segment cannot be a stage.
  const Known* known(Segment) const;
  // Returns the bytes of the arena for the record of a known segment with
  // chunks of this limit; negative: it cannot be a stage with them. Results are
  // remembered, because recorded orders take a run of the segment.
  int64_t record_bytes(Segment, size_t limit) const;
  // Returns the first limit with which the record takes at most `record_bytes`;
  // -1: none.
  int limit_for(Segment, int64_t record_bytes) const;
  // Returns the ring sizes of segments with any work.
  SegmentSlots& slots() const { return slots_; }
  // Return the bytes that a segment saves with one row per firing, by an output
  // over an input or by rings that share bytes. Results are remembered, because
  // each takes a simulation of the segment.
  int64_t overlay_gain(Segment) const;
  int64_t share_gain(Segment) const;
  // Returns the overlay that saves the most in the segment, with its lead.
  const std::optional<Overlay>& best_overlay(Segment) const;
  // Returns by first layer the end of the longest known segment with at most
  // `max_ports` ports.
  std::vector<int> ends(int max_ports) const;

 private:
  Known find_known(Segment) const;
  std::vector<int64_t> find_record_bytes(Segment) const;
  std::vector<int64_t> record_bytes_of(std::vector<PlanStage> alone) const;
  int64_t share_most(Segment) const;
  // Returns the stage with one row per firing.
  PlanStage least_stage(Segment) const;

  const Net& net_;
  const bool mapped_;
  const bool linked_;
  const std::vector<uint32_t> chunk_limits_;
  RecordMemo& records_;
  const std::vector<TensorUses> uses_;
  const std::vector<PassTable> tables_;
  const int64_t spill_state_bytes_;
  const int64_t variable_bytes_;
  const std::vector<bool> shares_;  // by tensor
  int all_ports_ = 0;
  std::vector<std::vector<Known>> known_;  // indexed by [first layer][length]
  mutable SegmentSlots slots_;
  // By begin and end of the segment.
  mutable std::map<std::pair<int, int>, std::optional<Overlay>> overlays_;
  mutable std::map<std::pair<int, int>, int64_t> share_gains_;
};

}  // namespace shoal
