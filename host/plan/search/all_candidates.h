// Searches the plans of one net on one board with small and with large storage
// chunks, for the smallest arena and for the shortest time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/plan/search/candidates.h"

namespace shoal {

inline constexpr int64_t kUnlimited = int64_t{1} << 40;

// Searches for the smallest arena and for the shortest time separately: the
// smallest arena has the smallest slots and keeps no weights in SRAM.
class AllCandidates {
 public:
  // `stops` is explained at Survey, `given` at Candidates. Net and task must
  // outlive this object.
  AllCandidates(const Net&, const Spilling&, const NodeTask&,
                const std::vector<int>& stops = {},
                const GivenNet* given = nullptr);

  // Returns the smallest arena, and the fastest plan within it.
  std::optional<Candidate> smallest();
  std::optional<PlanNode> smallest_node();
  // Returns the fastest plan within the budget. `least` is the result of
  // smallest(), which must fit.
  Candidate best(const Candidate& least);

  const Survey& survey() const { return survey_; }
  // Returns the stage search that smallest() uses, for stages of at most
  // `max_ports` ports with `record_bytes` for records. It refers to this
  // object.
  StageSearch small_stages(int max_ports, int64_t record_bytes) {
    return small_.front().all_stages(max_ports, record_bytes);
  }
  // Returns the sizes of room for records that are worth trying: {0} if records
  // are mapped.
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
  const GivenNet* const given_;
  const bool tiles_;
  NetMemo own_memo_;  // used if the task has none
  NetMemo& memo_;
  const Survey survey_;
  std::vector<Candidates> small_, fast_;
};

}  // namespace shoal
