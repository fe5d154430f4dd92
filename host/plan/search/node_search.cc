#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "device/program/image.h"
#include "host/base/error.h"
#include "host/plan/build/build_plan.h"
#include "host/plan/cost/plan_time.h"
#include "host/plan/cost/wear.h"
#include "host/plan/draft/spill.h"
#include "host/plan/search/all_candidates.h"
#include "host/plan/search/search.h"
#include "host/plan/search/spill_search.h"
#include "host/plan/search/tile_search.h"
#include "host/plan/text/does_not_fit.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/uses.h"

namespace shoal {
namespace {

Misfit no_stages(const Net& net) {
  if (PlanDeadline::passed()) return PlanDeadline::no_plan();
  const std::string frames = std::to_string(net.frames) + " frames";
  return {Exit::kUnsupported,
          net.name + ": no way to cut " + std::to_string(net.layers.size()) +
              " layers" + (net.frames > 1 ? " of " + frames : "") +
              " into stages of at most " + std::to_string(kMaxStageLayers) +
              " layers and their rings",
          net.frames > 1 ? "a smaller --batch" : ""};
}

// Returns by layer whether its weights are read from storage.
std::vector<bool> streamed(const Net& net, const PlanRequest& request,
                           const ClusterNode& node, const Supply& supply) {
  if (!node.board.flash_mapped)
    return std::vector<bool>(net.layers.size(), true);
  int64_t flash = std::min(node.flash_budget(), kUnlimited);
  if (node.flash_weights) flash = *node.flash_weights;
  const bool faster = supply.storage && flash_bytes(net) > flash &&
                      request.objective == Objective::kLatency;
  std::vector<Box> made;
  for (const Layer& layer : net.layers) made.push_back(layer.out.box);
  // Each pixel computes with all weights.
  const auto pixels = [&made](int l) {
    return static_cast<double>(int64_t{made[l].rows()} * made[l].columns());
  };
  return streamed_layers(net, made, flash, pixels, faster ? &supply : nullptr);
}

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

// Returns how many bytes the frames of a batch may spill together.
int64_t allowed_writes(const Net& net, const PlanRequest& request,
                       const Storage& storage) {
  const int64_t frames = net.frames;
  const int64_t allowed = request.max_writes > kUnlimited / frames
                              ? kUnlimited
                              : request.max_writes * frames;
  if (request.years <= 0 || request.fps <= 0) return allowed;
  // Records name all chunks, of which the smallest have 256 B.
  const int64_t weights = flash_bytes(net);
  const int64_t records = weights / 256 * int64_t{sizeof(ChunkRecord)};
  return std::min(allowed,
                  writes_for_life(storage, weights + records, request.years,
                                  request.fps / net.frames));
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

// A node with links whose flash is mapped reads weights from storage only as a
// last resort, because a program that comes over the network lies in flash.
Supply supply_of(const Net& net, const PlanRequest& request,
                 const ClusterNode& node) {
  Supply supply{&node.board, nullptr, node.sealed};
  const bool fits = node.board.flash_mapped && !node.flash_weights &&
                    flash_bytes(net) <= node.flash_budget();
  if (node.board.storages.empty() || (request.over_links() && fits)) {
    return supply;
  }
  supply.storage = &find_storage(node.board, node.storage);
  return supply;
}

class NodeSearch : public Search {
 public:
  NodeSearch(const Net& net, const PlanRequest& request, int node)
      : net_(net),
        at_(static_cast<size_t>(node)),
        supply_(supply_of(net, request, request.cluster.nodes[at_])),
        streams_(streamed(net, request, request.cluster.nodes[at_], supply_)),
        task_{request, node, supply_, streams_, packs_, &memo_} {
    if (request.cluster.nodes.size() > 1) {
      others_ = idle_plan(net, request.cluster);
    }
  }

  // Must be called first: finds the smallest plan, with which everything else
  // begins. Returns a misfit if there is no plan at all.
  std::optional<Misfit> begin() {
    const bool stored = !task_.board().flash_mapped || task_.any_stream();
    if (stored && !supply_.storage) return no_storage(net_, task_.board());
    all_.emplace(net_, Spilling{}, task_);
    least_ = all_->smallest();
    if (!least_) return no_stages(net_);
    return std::nullopt;
  }

  OrMisfit<Plan> smallest() override { return least_plan(); }
  int64_t least_arena(int64_t most) override {
    const int64_t whole = least_->node.arena_bytes;
    if (!task_.request.replay) return whole;
    return tiles().estimate(std::min(whole, most)).value_or(whole);
  }
  // Tiles compute and read more, so they are used only if nothing else fits.
  std::optional<Plan> fastest() override {
    if (least_->node.arena_bytes <= task_.budget()) {
      return plan_of(all_->best(*least_).node);
    }
    if (!task_.request.replay) return std::nullopt;
    const std::optional<PlanNode> some =
        tiles().smallest(least_->node.arena_bytes, task_.budget());
    if (!some || some->arena_bytes > task_.budget()) {
      // No tiling was small enough, so this is the smallest.
      tiled_ = some, is_tiled_ = true;
      return std::nullopt;
    }
    const std::optional<PlanNode> node = tiles().fastest(task_.budget());
    if (node && time_ps(*node) < time_ps(*some) &&
        node->arena_bytes >= some->arena_bytes) {
      return plan_of(*node);
    }
    // A plan that is reported as the smallest must not be larger than this one.
    Plan small = least_plan();
    const bool better = node &&
                        node->arena_bytes >= small.nodes[at_].arena_bytes &&
                        time_ps(*node) < time_ps(small.nodes[at_]);
    return better ? plan_of(*node) : small;
  }

  // As a last resort, activations go to storage.
  std::optional<Plan> otherwise(std::string& else_fits) override {
    const Storage* storage = supply_.storage;
    if (!storage || task_.request.over_links()) return std::nullopt;
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
    Plan plan = plan_of(best->node);
    spills.restore(plan.nodes[0]);
    plan.nodes[0].storage = storage->name;
    plan.nodes[0].sealed = supply_.sealed;
    return plan;
  }

 private:
  Plan least_plan() {
    if (!task_.request.replay) return plan_of(least_->node);
    if (!is_tiled_) tiled_ = tiles().smallest(least_->node.arena_bytes, 0);
    is_tiled_ = true;
    return tiled_ ? plan_of(*tiled_) : plan_of(least_->node);
  }
  Plan plan_of(const PlanNode& node) const {
    Plan plan;
    plan.linked = task_.request.over_links();
    if (plan.linked && !task_.request.strategy.empty()) {
      plan.strategy = task_.request.strategy;
    }
    if (!others_) {
      plan.nodes.push_back(node);
      return plan;
    }
    // All its streams are the coordinator's, which name no nodes, so nothing
    // has to be renumbered.
    plan.strategy = "single";
    plan.nodes = others_->nodes;
    plan.nodes[at_] = node;
    return plan;
  }
  int64_t time_ps(const PlanNode& node) const {
    return node_time_ps(net_, node, supply_);
  }
  TileSearch& tiles() {
    if (!tiles_) tiles_.emplace(net_, task_, *all_);
    return *tiles_;
  }

  const Net& net_;
  const size_t at_;
  std::optional<Plan> others_;  // of several nodes, with a place for this one
  const Supply supply_;
  const std::vector<bool> streams_;
  PackMemo packs_;
  NetMemo memo_;
  const NodeTask task_;
  std::optional<AllCandidates> all_;
  std::optional<Candidate> least_;
  std::optional<TileSearch> tiles_;
  bool is_tiled_ = false;  // whether the smallest plan with tiles was searched
  std::optional<PlanNode> tiled_;
};

}  // namespace

SearchOrMisfit node_search(const Net& net, const PlanRequest& request,
                           int node) {
  for (const Layer& layer : net.layers) {
    const auto misfit = too_many_firings(layer, layer.out.box.rows());
    if (misfit) return *misfit;
  }
  auto search = std::make_unique<NodeSearch>(net, request, node);
  if (std::optional<Misfit> misfit = search->begin()) return *misfit;
  return SearchOrMisfit(std::move(search));
}

}  // namespace shoal
