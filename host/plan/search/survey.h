// What the searches for one net on one board have in common: all that depends
// neither on the budget nor on the size of a tape's chunks. Found once; the
// searches keep references into it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/board/board.h"
#include "host/plan/search/stages.h"
#include "host/plan/tokens/keyed_memo.h"

namespace shoal {

// Records of stages that were asked for: a net with spills has most of its
// stages in common with the same one without.
using RecordMemo = KeyedMemo<std::vector<int64_t>>;  // by chunk limit

// Whether rows come from and go to a coordinator over a link, and whether
// copies of mapped weights may lie in SRAM then, and in which banks besides the
// arena's.
struct NodeLink {
  bool linked = false, keeps_weights = false;
  std::vector<Bank> banks = {};
  int64_t in_flight_bytes = 0;  // see link_time.h
};

class Survey {
 public:
  // What is known of a segment before its stage is built.
  struct Known {
    bool can_be_stage = false;
    int ports = 0;  // so many cursors
    int64_t overlay_most = 0, share_most = 0;
    // By chunk limit: of the arena, for the record; negative: its order or its
    // chunks are too many for one. Empty: nobody has asked yet.
    mutable std::vector<int64_t> record_bytes;
  };

  // `chunk_limits`: bytes of a tape's chunks. `stops`: positions that no stage
  // goes beyond, ascending. `records`: of surveys of the same net, whatever its
  // spills, with the same limits and link. What is referred to must outlive the
  // survey.
  Survey(const Net&, const Board&, std::vector<uint32_t> chunk_limits,
         RecordMemo& records, const Spilling& = {},
         const std::vector<int>& stops = {}, NodeLink = {});

  const std::vector<uint32_t>& chunk_limits() const { return chunk_limits_; }
  const std::vector<TensorUses>& uses() const { return uses_; }
  const std::vector<PassTable>& tables() const { return tables_; }
  NodeLink link() const { return link_; }
  // Of the arena, for the link's tables, about.
  int64_t link_bytes() const;
  int all_ports() const { return all_ports_; }
  // Of the arena, for the state of spills.
  int64_t spill_state_bytes() const { return spill_state_bytes_; }
  // Of the arena, for variables.
  int64_t variable_bytes() const { return variable_bytes_; }
  // Null for a segment that can be no stage.
  const Known* known(Segment) const;
  // Of the arena, for the record of a segment that is known, with chunks of
  // this limit; negative: it can be no stage with them. Remembered: it follows
  // from a run of the segment where orders are recorded.
  int64_t record_bytes(Segment, size_t limit) const;
  // The first limit with which its record takes at most so much; -1: with none.
  int limit_for(Segment, int64_t record_bytes) const;
  // By first layer: the end of the longest segment that is known and has no
  // more ports.
  std::vector<int> ends(int max_ports) const;

 private:
  Known find_known(Segment) const;
  std::vector<int64_t> find_record_bytes(Segment) const;
  std::vector<int64_t> record_bytes_of(std::vector<PlanStage> alone) const;
  int64_t share_most(Segment) const;

  const Net& net_;
  const bool mapped_;
  const NodeLink link_;
  const std::vector<uint32_t> chunk_limits_;
  RecordMemo& records_;
  const std::vector<TensorUses> uses_;
  const std::vector<PassTable> tables_;
  const int64_t spill_state_bytes_;
  const int64_t variable_bytes_;
  const std::vector<bool> shares_;  // by tensor
  int all_ports_ = 0;
  std::vector<std::vector<Known>> known_;  // by first layer, then length
};

}  // namespace shoal
