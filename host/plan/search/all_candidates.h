// All searches for one net on one board: with small chunks and large ones, for
// the smallest arena and for the least time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "host/plan/arena/pack_memo.h"
#include "host/plan/cost/link_time.h"
#include "host/plan/search/candidates.h"
#include "host/plan/types/request.h"

namespace shoal {

inline constexpr int64_t kUnlimited = int64_t{1} << 40;

// What searches for a net with spills, and the same one without, share.
struct NetMemo {
  StageMemo stages;
  RecordMemo records;
};

// What is asked of the planner of a node alone, for a net with or without
// spills or tiles.
struct NodeTask {
  const PlanRequest& request;
  const Supply& supply;
  const std::vector<bool>& streams;  // by layer: its weights are in storage
  PackMemo& packs;
  NetMemo* memo = nullptr;  // of the net, whatever its spills; null: none
  const Board& board() const { return request.node().board; }
  int64_t budget() const { return request.node().plan_budget(); }
  NodeLink link() const {
    const bool linked = request.over_links();
    if (!linked) return {};
    constexpr int kIt[] = {0};
    const int64_t window =
        in_flight_bytes(request.cluster, kIt, request.max_payload);
    return {linked, request.node().keeps_weights, request.node().kept_banks(),
            window};
  }
  bool any_stream() const {
    return std::count(streams.begin(), streams.end(), true) > 0;
  }
};

// The smallest arenas and the least times are searched for apart: a small one
// has the smallest slots and no sets.
class AllCandidates {
 public:
  // `stops`: see Survey, `groups`: Candidates. Net and task must outlive it.
  AllCandidates(const Net&, const Spilling&, const NodeTask&,
                const std::vector<int>& stops = {},
                const GroupNet* groups = nullptr);

  // The smallest arena of all, and the least time in it.
  std::optional<Candidate> smallest();
  std::optional<PlanNode> smallest_node();
  // `least` is the smallest, which fits.
  Candidate best(const Candidate& least);

  const Survey& survey() const { return survey_; }
  // What small arenas are searched with, for stages of at most so many ports,
  // with so much room for records. Refers to this.
  StageSearch small_stages(int max_ports, int64_t record_bytes) {
    return small_.front().all_stages(max_ports, record_bytes);
  }
  // How much room for records is worth trying; {0}: they are mapped.
  std::vector<int64_t> record_bytes() const;

 private:
  void add(std::vector<Candidates>& to, size_t limit, size_t limits,
           int64_t record_bytes, bool sets);
  void add_rooms(size_t most);
  void add_fast();
  Candidate with_int4_room(Candidate) const;
  void fill(std::vector<Candidate>& found, uint32_t least) const;

  const Net& net_;
  const NodeTask& task_;
  const GroupNet* const groups_;
  const bool tiles_;
  NetMemo own_memo_;  // where none is given
  NetMemo& memo_;
  const Survey survey_;
  SegmentSlots slots_;
  SegmentGains gains_;
  std::vector<Candidates> small_, fast_;
};

}  // namespace shoal
