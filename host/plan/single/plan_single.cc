#include "host/plan/single/plan_single.h"

#include <algorithm>
#include <numeric>

#include "host/base/error.h"
#include "host/plan/cost/plan_time.h"
#include "host/plan/cost/wear.h"
#include "host/plan/single/fill.h"
#include "host/plan/single/search.h"
#include "host/plan/single/spill_search.h"
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

// The smallest arena of all searches, and the least time in it.
std::optional<Candidate> smallest_candidate(std::vector<Search>& searches) {
  std::vector<std::optional<Candidate>> all;
  int64_t least = kUnlimited;
  for (Search& search : searches) {
    all.push_back(search.smallest(shares::worth_trying(least)));
    if (all.back()) {
      least = std::min<int64_t>(least, all.back()->node.arena_bytes);
    }
  }
  std::optional<Candidate> best;
  for (size_t i = 0; i < searches.size(); ++i) {
    if (!all[i] || all[i]->node.arena_bytes > shares::worth_trying(least))
      continue;
    Candidate c = searches[i].faster(*all[i]);
    if (!best || c.node.arena_bytes < best->node.arena_bytes ||
        (c.node.arena_bytes == best->node.arena_bytes &&
         c.time_ps < best->time_ps)) {
      best = std::move(c);
    }
  }
  return best;
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
class Searches {
 public:
  Searches(const Net& net, const Spilling& spilling, const Task& task)
      : net_(net),
        task_(task),
        survey_(net, task.board(),
                chunk_limits(task.board(), task.any_stream()), spilling),
        slots_(net, survey_.uses()),
        gains_(net, survey_.uses(), survey_.tables().back()) {
    const bool tape = !task.board().flash_mapped || task.any_stream();
    std::vector<size_t> limits(survey_.chunk_limits().size());
    std::iota(limits.begin(), limits.end(), size_t{0});
    const bool mapped = task.board().flash_mapped;
    for (const size_t limit : limits) {
      if (mapped && limit > 0) break;
      small_.emplace_back(net, task.supply, survey_, slots_, gains_,
                          task.streams, std::vector{limit}, false);
      if (!mapped) {
        fast_.emplace_back(net, task.supply, survey_, slots_, gains_,
                           task.streams, std::vector{limit}, true);
      }
    }
    if (mapped && tape) {
      fast_.emplace_back(net, task.supply, survey_, slots_, gains_,
                         task.streams, limits, true);
    }
  }

  std::optional<Candidate> smallest() { return smallest_candidate(small_); }
  std::optional<PlanNode> smallest_node() {
    std::optional<PlanNode> best;
    for (Search& search : small_) {
      const int64_t most = best ? int64_t{best->arena_bytes} - 1 : kUnlimited;
      std::optional<Candidate> c = search.smallest(most);
      if (c && c->node.arena_bytes <= most) best = std::move(c->node);
    }
    return best;
  }

  // `least` is the smallest, which fits.
  Candidate best(const Candidate& least) {
    if (task_.request.objective == Objective::kRam) return least;
    std::vector<Candidate> found{least};
    const auto search = [&](std::vector<Search>& searches, int64_t budget) {
      for (Search& s : searches) {
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
      PlanNode filled = c.node;
      fill_arena(net_, task_.supply, task_.budget(), filled);
      if (filled.arena_bytes < least) continue;
      c.node = std::move(filled);
      c.time_ps = node_time_ps(net_, c.node, task_.supply);
    }
  }

  const Net& net_;
  const Task& task_;
  const Survey survey_;
  SegmentSlots slots_;
  SegmentGains gains_;
  std::vector<Search> small_, fast_;
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

[[noreturn]] void does_not_fit(const Net& net, const Task& task,
                               const PlanNode& smallest,
                               const std::string& else_fits = "") {
  arena_does_not_fit(net, task.request, smallest, task.request.node(),
                     smallest.arena_bytes, else_fits);
}

[[noreturn]] void too_many_writes(const Net& net, const Task& task,
                                  const PlanNode& whole, const SpillNet& spills,
                                  int64_t allowed) {
  const int64_t frames = net.frames;
  const int64_t bytes = (spills.written_bytes() + frames - 1) / frames;
  const std::string writes = std::to_string(bytes);
  const bool asked = bytes <= task.request.max_writes;
  does_not_fit(net, task, whole,
               (asked ? "; for --lifetime a frame may write " +
                            std::to_string(allowed / frames) + " B, with more"
                      : "; with --max-writes " + writes) +
                   " it fits: " + spilled_text(spills) +
                   " would go to storage, " + writes + " B written a frame");
}

// The last resort: activations go to storage, so that it fits after all.
Candidate with_spills(const Net& net, const Task& task, const PlanNode& whole,
                      std::optional<SpillNet>& spills) {
  const Board& board = task.board();
  if (board.storages.empty()) does_not_fit(net, task, whole);
  const Storage& storage = find_storage(board, task.request.node().storage);
  spills.emplace(net, storage.erase_bytes);
  const SmallestNode smallest = [&](const SpillNet& s) {
    return Searches(s.net(), s.spilling(), task).smallest_node();
  };
  const int64_t allowed = allowed_writes(net, task.request, storage);
  const bool fits =
      (allowed > 0 &&
       find_spills(*spills, whole, task.budget(), allowed, smallest)) ||
      (allowed < kUnlimited &&
       find_spills(*spills, whole, task.budget(), kUnlimited, smallest));
  if (!fits) does_not_fit(net, task, whole);
  if (spills->written_bytes() > allowed) {
    too_many_writes(net, task, whole, *spills, allowed);
  }
  Searches searches(spills->net(), spills->spilling(), task);
  std::optional<Candidate> least = searches.smallest();
  if (!least || least->node.arena_bytes > task.budget()) {
    throw Error(Exit::kInternal, "spills do not fit a second time");
  }
  Candidate best = searches.best(*least);
  spills->restore(best.node);
  best.node.storage = storage.name;
  return best;
}

Candidate best_candidate(const Net& net, const Task& task,
                         std::optional<SpillNet>& spills) {
  Searches searches(net, {}, task);
  const std::optional<Candidate> least = searches.smallest();
  if (!least) no_stages(net);
  if (least->node.arena_bytes <= task.budget()) {
    return searches.best(*least);
  }
  return with_spills(net, task, least->node, spills);
}

}  // namespace

Plan plan_single(const Net& net, const PlanRequest& request) {
  check_firings(net);
  const ClusterNode& of = request.node();
  Supply supply{&of.board, nullptr, of.sealed};
  if (!of.board.storages.empty()) {
    supply.storage = &find_storage(of.board, of.storage);
  }
  const std::vector<bool> streams = streamed(net, request, supply);
  const bool stored = !of.board.flash_mapped ||
                      std::count(streams.begin(), streams.end(), true) > 0;
  if (stored && !supply.storage) no_storage(net, of.board);
  std::optional<SpillNet> spills;
  Candidate found = best_candidate(net, {request, supply, streams}, spills);
  Plan plan;
  plan.nodes.push_back(std::move(found.node));
  PlanNode& node = plan.nodes[0];
  node.name = of.name;
  node.board = of.board.name;
  node.fixed_bytes = static_cast<uint32_t>(of.board.fixed_bytes());
  node.mapped = of.board.flash_mapped;
  if (stored) node.storage = supply.storage->name;
  node.sealed = (stored || spills) && of.sealed;
  model_plan(net, {supply}, request.max_payload, plan);
  if (spills) add_spill_numbers(of.board, *supply.storage, plan);
  return plan;
}

}  // namespace shoal
