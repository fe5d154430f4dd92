#include <algorithm>
#include <numeric>
#include <random>

#include "host/check/premises.h"
#include "host/check/tokens.h"

namespace shoal {
namespace {

constexpr int kFrames = 2;  // the second one starts where the first one left
constexpr unsigned kSeed = 20240607;

// In which order processes are asked whether they can fire. What completes does
// not depend on it; what a wrong plan overwrites may.
enum class Asking { kDeepestFirst, kShallowestFirst, kAnyhow };

class Completion {
 public:
  Completion(const Net& net, const PlanNode& node, const Instances& instances,
             Findings& found)
      : node_(node),
        tokens_(net, node, instances, false, found),
        found_(found),
        random_(kSeed) {}

  void run(Asking asking) {
    for (int frame = 0; frame < kFrames; ++frame) {
      for (int s = 0; s < static_cast<int>(node_.stages.size()); ++s) {
        tokens_.enter(s);
        const bool recorded = !node_.stages[s].order.empty();
        if (!(recorded ? replay(s) : drain(asking))) {
          blocked(frame, s);
          return;
        }
        if (!found_.empty()) return;
      }
    }
  }

 private:
  bool drain(Asking asking) {
    std::vector<int> order(tokens_.process_count());
    std::iota(order.begin(), order.end(), 0);
    if (asking == Asking::kDeepestFirst) {
      std::reverse(order.begin(), order.end());
    }
    while (!tokens_.all_done()) {
      if (asking == Asking::kAnyhow)
        std::shuffle(order.begin(), order.end(), random_);
      if (!fire_first(order)) return false;
    }
    return true;
  }

  bool fire_first(const std::vector<int>& order) {
    for (int a : order) {
      if (!tokens_.can_fire(a)) continue;
      tokens_.fire(a);
      return true;
    }
    return false;
  }

  // The recorded firings, one after the other; the caller pushes and takes
  // whenever there is something to push or take.
  bool replay(int s) {
    std::vector<int> by_actor(node_.stages[s].actors.size(), -1);
    std::vector<int> callers;
    for (int a = 0; a < tokens_.process_count(); ++a) {
      const int actor = tokens_.process(a).actor;
      if (actor < 0) {
        callers.push_back(a);
      } else {
        by_actor[actor] = a;
      }
    }
    for (const PlanRun& run : node_.stages[s].order) {
      const int a = by_actor[run.actor];
      for (int i = 0; i < run.firings; ++i) {
        while (!tokens_.can_fire(a)) {
          if (!fire_first(callers)) return false;
        }
        tokens_.fire(a);
      }
    }
    while (fire_first(callers)) continue;
    return tokens_.all_done();
  }

  void blocked(int frame, int s) {
    std::string who;
    for (int a = 0; a < tokens_.process_count(); ++a) {
      if (tokens_.done(a)) continue;
      who += (who.empty() ? "" : ", ") + tokens_.process(a).name;
    }
    found_.add("frame ", frame, ", stage ", s,
               " does not complete: ", who.empty() ? "the order goes on" : who);
  }

  const PlanNode& node_;
  Tokens tokens_;
  Findings& found_;
  std::mt19937 random_;
};

}  // namespace

void check_completion(const Net& net, const PlanNode& node,
                      const Instances& instances, Findings& found) {
  for (Asking asking :
       {Asking::kDeepestFirst, Asking::kShallowestFirst, Asking::kAnyhow}) {
    if (!found.empty()) return;
    Completion(net, node, instances, found).run(asking);
  }
}

}  // namespace shoal
