#include "host/plan/tokens/token_simulation.h"

#include <algorithm>
#include <bit>
#include <random>

#include "host/plan/tokens/merge.h"
#include "host/plan/types/deadline.h"

namespace shoal {
namespace {

// Ranks whose processes may be able to fire.
class RankSet {
 public:
  explicit RankSet(int size) : words_((size + 63) / 64) {}
  void insert(int rank) {
    words_[rank / 64] |= uint64_t{1} << rank % 64;
    top_ = std::max(top_, static_cast<size_t>(rank / 64) + 1);
  }
  void erase(int rank) { words_[rank / 64] &= ~(uint64_t{1} << rank % 64); }
  int highest() {
    for (; top_ > 0; --top_) {
      const uint64_t word = words_[top_ - 1];
      if (word) {
        return static_cast<int>(top_ - 1) * 64 + 63 - std::countl_zero(word);
      }
    }
    return -1;
  }

 private:
  std::vector<uint64_t> words_;
  size_t top_ = 0;  // all words from here on are 0
};

// Calls `before` with the process and the number of its firings that follow.
template <class Before>
bool run_ranked(StageTokens& tokens, const std::vector<int>& rank,
                const Before& before, bool is_watched = true) {
  PlanCancellation::check();
  const auto is_stream = [&](int p) { return p >= tokens.first_stream(); };
  std::vector<int> process_of(rank.size());
  RankSet open(tokens.processes());
  // True if a process that a firing enables never comes before the next firing.
  std::vector<bool> goes_on(rank.size(), true);
  for (int a = 0; a < tokens.processes(); ++a) {
    process_of[rank[a]] = a;
    open.insert(a);
    for (const int other : tokens.touched(a)) {
      if (rank[other] > rank[a]) goes_on[a] = false;
    }
  }
  for (int r = open.highest(); r >= 0; r = open.highest()) {
    const int process = process_of[r];
    if (!tokens.can_fire(process)) {
      open.erase(r);
      continue;
    }
    const int firings = goes_on[process] && !(is_watched && is_stream(process))
                            ? tokens.firings_in_a_row(process)
                            : tokens.unnoticed_firings(process);
    before(process, firings);
    if (!tokens.fire(process, firings)) continue;
    for (int other : tokens.touched(process)) open.insert(rank[other]);
  }
  return tokens.all_done();
}

bool run_at_random(StageTokens& tokens, std::mt19937& random) {
  std::vector<int> open(tokens.processes());
  for (int a = 0; a < tokens.processes(); ++a) open[a] = a;
  std::vector<bool> listed(tokens.processes(), true);
  while (!open.empty()) {
    const size_t pick = random() % open.size();
    const int process = open[pick];
    if (!tokens.can_fire(process)) {
      open[pick] = open.back();
      open.pop_back();
      listed[process] = false;
      continue;
    }
    if (!tokens.fire(process)) continue;
    for (int other : tokens.touched(process)) {
      if (!listed[other]) open.push_back(other);
      listed[other] = true;
    }
  }
  return tokens.all_done();
}

// Replays the recorded firings; the caller pushes and takes whenever it can.
bool replay(StageTokens& tokens, const std::vector<PlanRun>& order) {
  const auto serve = [&](const std::vector<int>& callers) {
    bool served = false;
    for (int a : callers) {
      while (tokens.can_fire(a)) tokens.fire(a), served = true;
    }
    return served;
  };
  for (const PlanRun& run : order) {
    for (int i = 0; i < run.firings; ++i) {
      while (!tokens.can_fire(run.actor)) {
        const bool taken = serve(tokens.outputs());
        if (!serve(tokens.inputs()) && !taken) return false;
      }
      tokens.fire(run.actor);
    }
  }
  // An input that is also an output goes on, with rows that no layer reads,
  // too.
  for (bool moved = true; moved;) {
    moved = serve(tokens.inputs());
    moved |= serve(tokens.outputs());
  }
  return tokens.all_done();
}

std::vector<std::string> blocked_processes(const StageTokens& tokens) {
  std::vector<std::string> names;
  for (int a = 0; a < tokens.processes(); ++a) {
    if (tokens.done(a)) continue;
    const bool ready = tokens.inputs_ready(a);
    names.push_back(tokens.name(a) + " after " +
                    std::to_string(tokens.fired(a)) + " of " +
                    std::to_string(tokens.firings(a)) + " firings wants " +
                    (ready ? "output space" : "input rows"));
  }
  return names;
}

}  // namespace

std::vector<int> depth_ranks(const StageTokens& tokens) {
  std::vector<int> rank(tokens.processes());
  int next = 0;
  for (int a : tokens.inputs()) rank[a] = next++;
  const int actors = tokens.first_stream() -
                     static_cast<int>(tokens.inputs().size()) -
                     static_cast<int>(tokens.outputs().size());
  for (int a = 0; a < actors; ++a) rank[a] = next++;
  for (int a = tokens.first_stream(); a < tokens.processes(); ++a) {
    rank[a] = next++;
  }
  for (int a : tokens.outputs()) rank[a] = next++;
  return rank;
}

bool run_by_rank(StageTokens& tokens, const std::vector<int>& rank,
                 const std::function<void(int, int)>& before) {
  if (!before)
    return run_ranked(
        tokens, rank, [](int, int) {}, false);
  return run_ranked(tokens, rank, before);
}

Simulation simulate(const Net& net, const Plan& plan,
                    const SimulateOptions& options) {
  Simulation result;
  const std::vector<MergedSegment> segments = merge_segments(plan);
  std::mt19937 random(options.seed);
  std::vector<StageTokens> tokens;
  for (const MergedSegment& s : segments) {
    tokens.emplace_back(net, s.stage, s.ties);
    result.stages.push_back(
        {{}, std::vector<int64_t>(s.stage.actors.size(), 0)});
  }
  for (int frame = 0; frame < options.frames; ++frame) {
    for (size_t s = 0; s < segments.size(); ++s) {
      StageTokens& t = tokens[s];
      const PlanStage& stage = plan.nodes[segments[s].parts[0].node]
                                   .stages[segments[s].parts[0].stage];
      const bool recorded =
          segments[s].parts.size() == 1 && !stage.order.empty();
      t.reset();
      std::vector<int> rank = depth_ranks(t);
      if (options.order == FiringOrder::kShallowest) {
        for (int& r : rank) r = t.processes() - 1 - r;
      }
      const bool done = recorded ? replay(t, stage.order)
                        : options.order == FiringOrder::kRandom
                            ? run_at_random(t, random)
                            : run_by_rank(t, rank);
      for (size_t a = 0; a < segments[s].stage.actors.size(); ++a) {
        result.stages[s].firings[a] += t.fired(static_cast<int>(a));
      }
      result.stages[s].peak_rows = t.peak_rows();
      if (!done) {
        result.segment = static_cast<int>(s);
        result.blocked = blocked_processes(t);
        return result;
      }
    }
  }
  result.completed = true;
  return result;
}

}  // namespace shoal
