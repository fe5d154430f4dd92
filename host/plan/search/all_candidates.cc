#include "host/plan/search/all_candidates.h"

#include <utility>

#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// Limits for the chunks of a tape. Two of the largest chunks lie in the arena,
// and each chunk has an entry in its stage's record. If the image is not
// mapped, the longest record lies in the arena too, so a stage gets the
// smallest chunks whose table fits that room.
constexpr int64_t kLeastRecord = 512, kMostRecord = 32768;

std::vector<uint32_t> chunk_limits(const Board& board, bool streams) {
  if (!streams) return {0};
  if (board.flash_mapped)
    return {256, 2048, 8192, 32768, 65536, 131072, 229376};
  return {256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 8192, 16384};
}

}  // namespace

AllCandidates::AllCandidates(const Net& net, const Spilling& spilling,
                             const NodeTask& task,
                             const std::vector<int>& stops,
                             const GivenNet* given)
    : net_(net),
      task_(task),
      given_(given),
      tiles_(!stops.empty() && !task.any_stream()),
      memo_(task.memo ? *task.memo : own_memo_),
      survey_(net, task.board(), chunk_limits(task.board(), task.any_stream()),
              memo_.records, spilling, stops, task.is_linked()) {
  if (task.board().flash_mapped) {
    add(small_, 0, 1, 0, false);
  } else {
    add_rooms(stops.empty() ? SIZE_MAX : tuning::kBuilt);
  }
}

void AllCandidates::add(std::vector<Candidates>& to, size_t limit,
                        size_t limits, int64_t record_bytes, bool sets) {
  to.emplace_back(net_, task_, survey_, memo_.stages, limit, limits,
                  record_bytes, sets, given_, tiles_);
}

// These searches have many tables, so they are made only when the shortest time
// is asked for.
void AllCandidates::add_fast() {
  const size_t limits = survey_.chunk_limits().size();
  if (!fast_.empty()) return;
  if (task_.board().flash_mapped) {
    if (task_.any_stream()) add(fast_, 0, limits, 0, true);
    return;
  }
  for (size_t limit = 0; limit < limits; ++limit) add(fast_, limit, 1, 0, true);
}

std::vector<int64_t> AllCandidates::record_bytes() const {
  if (task_.board().flash_mapped) return {0};
  std::vector<int64_t> all;
  for (int64_t b = kLeastRecord; b <= kMostRecord;
       b = aligned(b + b / tuning::kRecordStep)) {
    all.push_back(b);
  }
  return all;
}

// Adds the searches with the smallest estimates first, because each plan that
// is built bounds the others. Adds at least one, even if no estimate says that
// it can succeed.
void AllCandidates::add_rooms(size_t most) {
  std::vector<Candidates> all;
  add(all, 0, survey_.chunk_limits().size(), kMostRecord, false);
  Candidates& search = all.front();
  std::vector<std::pair<int64_t, int64_t>> found;  // arena, record
  for (const int64_t bytes : record_bytes()) {
    const std::optional<int64_t> arena = search.estimate(bytes, kUnlimited);
    if (arena) found.emplace_back(*arena, bytes);
  }
  std::sort(found.begin(), found.end());
  found.resize(std::min(found.size(), most));
  for (const auto& [arena, bytes] : found) {
    small_.push_back(search.with_room(bytes));
  }
  if (small_.empty()) small_.push_back(search);
}

std::optional<Candidate> AllCandidates::smallest() {
  const auto rank = [](const Candidate& c) {
    return std::pair{c.node.arena_bytes, c.time_ps};
  };
  std::vector<std::optional<Candidate>> all;
  int64_t least = kUnlimited;
  for (Candidates& c : small_) {
    all.push_back(c.smallest(tuning::worth_trying(least)));
    if (all.back()) {
      least = std::min<int64_t>(least, all.back()->node.arena_bytes);
    }
  }
  std::optional<Candidate> best;
  for (size_t i = 0; i < small_.size(); ++i) {
    if (!all[i] || all[i]->node.arena_bytes > tuning::worth_trying(least)) {
      continue;
    }
    Candidate c = small_[i].faster(*all[i]);
    if (!best || rank(c) < rank(*best)) best = std::move(c);
  }
  if (!best || !task_.is_linked()) return best;
  // Spare rows for links and filling the arena can change the arena's fixed
  // parts, so a candidate may become smaller.
  Candidate filled = small_.front().filled(*best, best->node.arena_bytes);
  if (rank(filled) < rank(*best)) best = std::move(filled);
  return best;
}

std::optional<PlanNode> AllCandidates::smallest_node() {
  std::optional<PlanNode> best;
  for (Candidates& search : small_) {
    const int64_t most = best ? int64_t{best->arena_bytes} - 1 : kUnlimited;
    std::optional<Candidate> c = search.smallest(most);
    if (c && c->node.arena_bytes <= most) best = std::move(c->node);
  }
  return best;
}

Candidate AllCandidates::best(const Candidate& least) {
  add_fast();
  std::vector<Candidate> found{least};
  const auto search = [&](std::vector<Candidates>& searches, int64_t budget) {
    for (Candidates& s : searches) {
      std::optional<Candidate> fast = s.fastest(budget);
      if (fast && fast->node.arena_bytes >= least.node.arena_bytes) {
        found.push_back(std::move(*fast));
      }
    }
  };
  search(small_, task_.budget());
  // The rest of the budget is for slots and for weights kept in SRAM.
  for (const int percent : tuning::kBeforeFilling) {
    search(fast_, tuning::percent_of(percent, task_.budget()));
  }
  std::ranges::stable_sort(found, {}, &Candidate::time_ps);
  if (!fast_.empty()) fill(found, least.node.arena_bytes);
  Candidate best = *std::ranges::min_element(found, {}, &Candidate::time_ps);
  if (tiles_) best = small_.front().raised_by_parts(best, task_.budget());
  if (!task_.is_linked()) return with_int4_room(std::move(best));
  return small_.front().loosened(best, task_.budget());
}

// Gives int4 weights the bytes that the budget has left.
Candidate AllCandidates::with_int4_room(Candidate best) const {
  if (best.node.layout.room_bytes == 0 || !fast_.empty()) return best;
  Candidate filled = small_.front().filled(best, task_.budget());
  return filled.node.arena_bytes <= task_.budget() ? filled : best;
}

// Weights kept in SRAM make records shorter, but `least` is the arena that the
// plan reports as the smallest.
void AllCandidates::fill(std::vector<Candidate>& found, uint32_t least) const {
  found.resize(std::min(found.size(), tuning::kBuilt));
  for (Candidate& c : found) {
    Candidate filled = small_.front().filled(c, task_.budget());
    if (filled.node.arena_bytes >= least) c = std::move(filled);
  }
}

}  // namespace shoal
