#include "host/plan/search/spill_search.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

int first_layer(const PlanStage& stage) {
  int first = -1;
  for (const PlanActor& a : stage.actors) {
    if (first < 0 || a.layer < first) first = a.layer;
  }
  return std::max(0, first);
}

class SpillSearch {
 public:
  SpillSearch(SpillNet& net, const PlanNode& whole, int64_t budget,
              int64_t most_written, const SmallestNode& smallest)
      : net_(net),
        node_(whole),
        budget_(budget),
        most_written_(most_written),
        smallest_(smallest) {}

  bool run() {
    net_.set({});
    while (node_.arena_bytes > budget_) {
      if (!step()) return false;
    }
    drop();
    return true;
  }

 private:
  using Cuts = std::vector<SpillCut>;

  // Returns the tensors of the net with spills that lie whole in the fullest
  // stage and outlive a stage.
  std::set<int> held() const {
    const auto fullest = static_cast<int>(fullest_stage(node_));
    std::set<int> tensors;
    for (const PlanStage& stage : node_.stages) {
      for (const PlanBuffer& b : stage.buffers) {
        if (b.first_stage < b.last_stage && b.first_stage <= fullest &&
            fullest <= b.last_stage) {
          tensors.insert(b.tensor);
        }
      }
    }
    return tensors;
  }

  // Adds a spill of the tensor, which is read back in each stage that reads it.
  Cuts with(int tensor) const {
    Cuts cuts = cuts_;
    for (const PlanStage& stage : node_.stages) {
      for (const PlanBuffer& b : stage.buffers) {
        if (b.tensor == tensor && b.complete) {
          cuts.push_back({net_.original(tensor), first_layer(stage)});
        }
      }
    }
    std::sort(cuts.begin(), cuts.end());
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    return cuts;
  }

  // Returns the first reader of a tensor that also needs results of its other
  // readers; -1: none.
  int first_waiting(int tensor) const {
    std::set<int> made;
    const std::vector<Layer>& layers = net_.net().layers;
    for (size_t l = 0; l < layers.size(); ++l) {
      bool reads = false, waits = false;
      for (const View& in : layers[l].in) {
        reads |= in.tensor == tensor;
        waits |= made.count(in.tensor) > 0;
      }
      if (reads && waits) return static_cast<int>(l);
      if (reads || waits) made.insert(layers[l].out.tensor);
    }
    return -1;
  }

  // Tries to cut the largest rings of the fullest stage before their last
  // reader or before the first reader that waits, so that a reader that lags
  // far behind gets its own stage. Each frame of a batch has such readers.
  void cut_rings(std::vector<Cuts>& tries) const {
    const PlanStage& stage = node_.stages[fullest_stage(node_)];
    struct Ring {
      int64_t bytes;
      int tensor, last;
    };
    std::vector<Ring> rings;
    for (size_t b = 0; b < stage.buffers.size(); ++b) {
      const PlanBuffer& ring = stage.buffers[b];
      if (ring.first_stage < ring.last_stage) continue;
      int last = -1;
      for (const PlanActor& a : stage.actors) {
        for (const int in : a.in) {
          if (in < 0 || stage.ports[in].buffer != static_cast<int>(b)) continue;
          last = std::max(last, a.layer);
        }
      }
      if (last >= 0) rings.push_back({ring.bytes(), ring.tensor, last});
    }
    std::sort(rings.begin(), rings.end(), [&](const Ring& a, const Ring& b) {
      return std::tuple(-a.bytes, net_.original(a.tensor), a.last) <
             std::tuple(-b.bytes, net_.original(b.tensor), b.last);
    });
    rings.resize(std::min(rings.size(), tuning::kMostSpilledRings));
    for (const Ring& ring : rings) {
      std::set<int> positions{ring.last};
      const int waiting = first_waiting(ring.tensor);
      if (waiting >= 0) positions.insert(waiting);
      for (const int position : positions) {
        Cuts cuts = cuts_;
        cuts.push_back({net_.original(ring.tensor), position});
        tries.push_back(std::move(cuts));
      }
    }
  }

  // Spills one more tensor: the one that writes least among those that make the
  // net fit.
  bool step() {
    std::vector<Cuts> tries;
    for (int tensor : held()) tries.push_back(with(tensor));
    cut_rings(tries);
    std::optional<PlanNode> best;
    Cuts best_cuts;
    int64_t best_written = 0;
    for (Cuts& cuts : tries) {
      net_.set(cuts);
      const int64_t written = net_.written_bytes();
      if (net_.cuts() == cuts_ || written > most_written_) continue;
      if (++tried_ > tuning::kMostSpillTries) return false;
      // Once one fits, spills that write no less are useless.
      const bool fits = best && best->arena_bytes <= budget_;
      if (fits && written >= best_written) continue;
      std::optional<PlanNode> node = smallest_(net_);
      if (!node) continue;
      const auto rank = [&](int64_t arena, int64_t bytes) {
        return std::pair(std::max(arena, budget_), bytes);
      };
      if (best && rank(best->arena_bytes, best_written) <=
                      rank(node->arena_bytes, written)) {
        continue;
      }
      best = std::move(node), best_cuts = net_.cuts(), best_written = written;
    }
    if (!best) return false;
    node_ = std::move(*best);
    cuts_ = std::move(best_cuts);
    net_.set(cuts_);
    return true;
  }

  // Tries to drop each spill, the one that writes most first, and then to read
  // tensors back less often.
  void drop() {
    std::vector<std::pair<int64_t, int>> order;
    for (const SpillCut& cut : cuts_) {
      order.push_back({-net_.written_bytes(cut.tensor), cut.tensor});
    }
    std::sort(order.begin(), order.end());
    order.erase(std::unique(order.begin(), order.end()), order.end());
    for (const auto& [bytes, tensor] : order) {
      drop_if([t = tensor](const SpillCut& cut) { return cut.tensor == t; });
    }
    for (const SpillCut& each : Cuts(cuts_)) {
      drop_if([&](const SpillCut& cut) { return cut == each; });
    }
    net_.set(cuts_);
  }

  template <class F>
  void drop_if(F which) {
    Cuts fewer = cuts_;
    std::erase_if(fewer, which);
    // The net does not fit without spills.
    if (fewer.empty() || fewer.size() == cuts_.size()) return;
    net_.set(fewer);
    const std::optional<PlanNode> node = smallest_(net_);
    if (node && node->arena_bytes <= budget_) cuts_ = net_.cuts();
  }

  SpillNet& net_;
  PlanNode node_;
  const int64_t budget_, most_written_;
  const SmallestNode& smallest_;
  Cuts cuts_;
  int tried_ = 0;
};

}  // namespace

bool find_spills(SpillNet& net, const PlanNode& whole, int64_t budget,
                 int64_t most_written, const SmallestNode& smallest) {
  return SpillSearch(net, whole, budget, most_written, smallest).run();
}

}  // namespace shoal
