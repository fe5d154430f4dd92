#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/plan/cost/wear.h"
#include "host/plan/draft/spill.h"
#include "host/plan/search/candidates.h"
#include "host/plan/search/search.h"
#include "host/plan/search/spill_search.h"
#include "host/plan/text/does_not_fit.h"
#include "host/plan/types/trial_shares.h"
#include "host/plan/types/uses.h"

namespace shoal {
namespace {

constexpr int64_t kUnlimited = int64_t{1} << 40;

// A program counts the firings of a frame in 16 bits.
void check_firings(const Net& net) {
  const Work work = uniform_work(net, 1 << 16);
  for (int l = 0; l < static_cast<int>(net.layers.size()); ++l) {
    const int64_t firings = firing_count(row_rule(net, l, 0, work[l]));
    if (firings > 0xFFFF) {
      throw Error(Exit::kUnsupported, layer_text(net.layers[l]) + " fires " +
                                          std::to_string(firings) +
                                          " times; at most 65535");
    }
  }
}

[[noreturn]] void no_stages(const Net& net) {
  const std::string frames = std::to_string(net.frames) + " frames";
  throw Error(Exit::kUnsupported,
              net.name + ": no way to cut " +
                  std::to_string(net.layers.size()) + " layers" +
                  (net.frames > 1 ? " of " + frames : "") +
                  " into stages of at most " + std::to_string(kMaxStageLayers) +
                  " layers and their rings",
              net.frames > 1 ? "a smaller --batch" : "");
}

// What chunks of a tape may have. Two of the largest lie in the arena, and
// each has an entry in its stage's record, which lies there as well if the
// image is not mapped: then the smallest chunks do not make the smallest arena.
std::vector<uint32_t> chunk_limits(const Board& board, bool streams) {
  if (!streams) return {0};
  if (board.flash_mapped)
    return {256, 2048, 8192, 32768, 65536, 131072, 229376};
  return {256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 8192, 16384};
}

// Layers whose weights are read from storage.
std::vector<bool> streamed(const Net& net, const PlanRequest& request,
                           const Supply& supply) {
  const Board& board = request.node().board;
  if (!board.flash_mapped) return std::vector<bool>(net.layers.size(), true);
  int64_t flash = board.flash_bytes ? board.flash_bytes : kUnlimited;
  // Records lie there, too, and those of tapes are long.
  if (flash_bytes(net) > flash) flash -= flash / shares::kRecordPart;
  if (request.node().flash_weights) flash = *request.node().flash_weights;
  return streamed_layers(
      net, flash, supply,
      supply.storage && request.objective == Objective::kLatency);
}

// What is asked of the planner, for a net with or without spills.
struct Task {
  const PlanRequest& request;
  const Supply& supply;
  const std::vector<bool>& streams;
  const Board& board() const { return request.node().board; }
  int64_t budget() const { return request.node().plan_budget(); }
  bool any_stream() const {
    return std::count(streams.begin(), streams.end(), true) > 0;
  }
};

// The smallest arenas and the least times are searched for apart: a small one
// has the smallest slots and no sets.
class AllCandidates {
 public:
  AllCandidates(const Net& net, const Spilling& spilling, const Task& task)
      : task_(task),
        survey_(net, task.board(),
                chunk_limits(task.board(), task.any_stream()), spilling),
        slots_(net, survey_.uses()),
        gains_(net, survey_.uses(), survey_.tables().back()) {
    const size_t limits = survey_.chunk_limits().size();
    const bool mapped = task.board().flash_mapped;
    const auto add = [&](std::vector<Candidates>& to, size_t limit,
                         size_t count, bool sets) {
      to.emplace_back(net, task.supply, survey_, slots_, gains_, task.streams,
                      limit, count, sets);
    };
    for (size_t limit = 0; limit < (mapped ? 1 : limits); ++limit) {
      add(small_, limit, 1, false);
      if (!mapped) add(fast_, limit, 1, true);
    }
    if (mapped && task.any_stream()) add(fast_, 0, limits, true);
  }

  // The smallest arena of all, and the least time in it.
  std::optional<Candidate> smallest() {
    std::vector<std::optional<Candidate>> all;
    int64_t least = kUnlimited;
    for (Candidates& c : small_) {
      all.push_back(c.smallest(shares::worth_trying(least)));
      if (all.back()) {
        least = std::min<int64_t>(least, all.back()->node.arena_bytes);
      }
    }
    std::optional<Candidate> best;
    for (size_t i = 0; i < small_.size(); ++i) {
      if (!all[i] || all[i]->node.arena_bytes > shares::worth_trying(least)) {
        continue;
      }
      Candidate c = small_[i].faster(*all[i]);
      const std::pair rank{c.node.arena_bytes, c.time_ps};
      if (!best || rank < std::pair{best->node.arena_bytes, best->time_ps}) {
        best = std::move(c);
      }
    }
    return best;
  }
  std::optional<PlanNode> smallest_node() {
    std::optional<PlanNode> best;
    for (Candidates& search : small_) {
      const int64_t most = best ? int64_t{best->arena_bytes} - 1 : kUnlimited;
      std::optional<Candidate> c = search.smallest(most);
      if (c && c->node.arena_bytes <= most) best = std::move(c->node);
    }
    return best;
  }

  // `least` is the smallest, which fits.
  Candidate best(const Candidate& least) {
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
    // What these leave is for slots and sets.
    for (const int percent : shares::kBeforeFilling) {
      search(fast_, shares::percent_of(percent, task_.budget()));
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const Candidate& a, const Candidate& b) {
                       return a.time_ps < b.time_ps;
                     });
    if (!fast_.empty()) fill(found, least.node.arena_bytes);
    return *std::min_element(found.begin(), found.end(),
                             [](const Candidate& a, const Candidate& b) {
                               return a.time_ps < b.time_ps;
                             });
  }

 private:
  // Sets make records shorter, but `least` is what is called the smallest.
  void fill(std::vector<Candidate>& found, uint32_t least) const {
    constexpr size_t kFilled = 5;
    found.resize(std::min(found.size(), kFilled));
    for (Candidate& c : found) {
      Candidate filled = fast_.front().filled(c, task_.budget());
      if (filled.node.arena_bytes >= least) c = std::move(filled);
    }
  }

  const Task& task_;
  const Survey survey_;
  SegmentSlots slots_;
  SegmentGains gains_;
  std::vector<Candidates> small_, fast_;
};

std::string spilled_text(const SpillNet& spills) {
  std::string names;
  for (const SpillEdge& e : spills.spilling().edges) {
    const std::string& name = spills.net().tensors[e.from].name;
    const std::string text = "tensor " + name.substr(0, name.find(';'));
    if (names.find(text) != std::string::npos) continue;
    names += (names.empty() ? "" : ", ") + text;
  }
  return names;
}

// What the frames of a batch may spill together.
int64_t allowed_writes(const Net& net, const PlanRequest& request,
                       const Storage& storage) {
  const int64_t frames = net.frames;
  const int64_t allowed = request.max_writes > kUnlimited / frames
                              ? kUnlimited
                              : request.max_writes * frames;
  if (request.years <= 0 || request.fps <= 0) return allowed;
  const int64_t weights = flash_bytes(net);
  return std::min(
      allowed, writes_for_life(storage, weights + weights / shares::kRecordPart,
                               request.years, request.fps / net.frames));
}

std::string more_writes(const PlanRequest& request, const SpillNet& spills,
                        int64_t frames, int64_t allowed) {
  const int64_t bytes = (spills.written_bytes() + frames - 1) / frames;
  const std::string writes = std::to_string(bytes);
  const bool asked = bytes <= request.max_writes;
  return (asked ? "; for --lifetime a frame may write " +
                      std::to_string(allowed / frames) + " B, with more"
                : "; with --max-writes " + writes) +
         " it fits: " + spilled_text(spills) + " would go to storage, " +
         writes + " B written a frame";
}

Supply supply_of(const ClusterNode& node) {
  Supply supply{&node.board, nullptr, node.sealed};
  if (!node.board.storages.empty()) {
    supply.storage = &find_storage(node.board, node.storage);
  }
  return supply;
}

class NodeSearch : public Search {
 public:
  NodeSearch(const Net& net, const PlanRequest& request)
      : net_(net),
        supplies_{supply_of(request.node())},
        streams_(streamed(net, request, supplies_[0])),
        task_{request, supplies_[0], streams_} {
    const bool stored = !task_.board().flash_mapped || task_.any_stream();
    if (stored && !supplies_[0].storage) no_storage(net, task_.board());
    all_.emplace(net, Spilling{}, task_);
    least_ = all_->smallest();
    if (!least_) no_stages(net);
  }

  const std::vector<Supply>& supplies() const override { return supplies_; }
  Plan smallest() override { return plan_of(*least_); }
  std::optional<Plan> fastest() override {
    if (least_->node.arena_bytes > task_.budget()) return std::nullopt;
    return plan_of(all_->best(*least_));
  }

  // The last resort: activations go to storage.
  std::optional<Plan> otherwise(std::string& else_fits) override {
    const Storage* storage = supplies_[0].storage;
    if (!storage) return std::nullopt;
    SpillNet spills(net_, storage->erase_bytes);
    const SmallestNode smallest = [&](const SpillNet& s) {
      return AllCandidates(s.net(), s.spilling(), task_).smallest_node();
    };
    const int64_t allowed = allowed_writes(net_, task_.request, *storage);
    const bool found =
        (allowed > 0 && find_spills(spills, least_->node, task_.budget(),
                                    allowed, smallest)) ||
        (allowed < kUnlimited &&
         find_spills(spills, least_->node, task_.budget(), kUnlimited,
                     smallest));
    if (!found) return std::nullopt;
    if (spills.written_bytes() > allowed) {
      else_fits = more_writes(task_.request, spills, net_.frames, allowed);
      return std::nullopt;
    }
    AllCandidates all(spills.net(), spills.spilling(), task_);
    std::optional<Candidate> best = all.smallest();
    if (!best || best->node.arena_bytes > task_.budget()) {
      throw Error(Exit::kInternal, "spills do not fit a second time");
    }
    if (task_.request.objective == Objective::kLatency) best = all.best(*best);
    Plan plan = plan_of(*best);
    spills.restore(plan.nodes[0]);
    plan.nodes[0].storage = storage->name;
    plan.nodes[0].sealed = supplies_[0].sealed;
    return plan;
  }

 private:
  static Plan plan_of(const Candidate& candidate) {
    Plan plan;
    plan.nodes.push_back(candidate.node);
    return plan;
  }

  const Net& net_;
  const std::vector<Supply> supplies_;
  const std::vector<bool> streams_;
  const Task task_;
  std::optional<AllCandidates> all_;
  std::optional<Candidate> least_;
};

}  // namespace

std::unique_ptr<Search> node_search(const Net& net,
                                    const PlanRequest& request) {
  check_firings(net);
  return std::make_unique<NodeSearch>(net, request);
}

}  // namespace shoal
