#include "host/plan/search/linked_parts.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "host/base/error.h"
#include "host/plan/arena/layout.h"
#include "host/plan/build/build_plan.h"
#include "host/plan/text/does_not_fit.h"
#include "host/plan/types/loop.h"
#include "host/plan/types/variables.h"

namespace shoal {

Cuts with_assignments_apart(const Net& net, Cuts cuts) {
  const auto assigns = [&net](const Layer& l) {
    return assigns_variable(net, l);
  };
  const auto first =
      std::find_if(net.layers.begin(), net.layers.end(), assigns);
  if (!std::all_of(first, net.layers.end(), assigns)) {
    throw Error(Exit::kInternal, net.name + ": assigns before its last layer");
  }
  if (first != net.layers.end() && first != net.layers.begin()) {
    cuts.ends.push_back(static_cast<int>(first - net.layers.begin()) - 1);
  }
  return cuts;
}

std::vector<BlockChoice> group_blocks(const CutNet& cut, int channels) {
  const auto layers = static_cast<int>(cut.net.layers.size());
  return find_loops(0, layers, [&](int l) -> BlockChoice {
    const int groups = cut.net.layers[l].out.box.channels() / channels;
    const int end = groups < 2 ? -1 : loop_end(cut, l, layers);
    return {l, end, std::nullopt, groups};
  });
}

void add_lacks(const Partition& cuts, const Plan& plan,
               const std::vector<int64_t>& limits, NodeBudgets& budget) {
  std::vector<int64_t> lack(cuts.size());
  for (size_t n = 0; n < limits.size(); ++n) {
    for (const PlanStage& s : plan.nodes[n].stages) {
      int64_t& most = lack[static_cast<size_t>(s.segment)];
      most = std::max(most, int64_t{s.arena_bytes} - limits[n]);
    }
  }
  for (size_t s = 0; s < cuts.size(); ++s) {
    if (lack[s] > 0) budget.add_lack(cuts[s], lack[s]);
  }
}

Misfit must_end_behind(const CutNet& cut, int layer) {
  const bool loop = cut.is_inner(layer);
  return {Exit::kUsage,
          "cuts " + cut.cuts.strategy + ": a segment must end behind " +
              layer_text(cut.net.layers[layer]) +
              ", where the cut changes or has an end, but its block " +
              (loop ? "has groups" : "is joined"),
          loop ? "groups = 1" : "joined = false"};
}

int64_t held_bytes(const PlanNode& node, int stage) {
  std::vector<ArenaRange> ranges = alive_ranges(node, stage);
  std::ranges::sort(ranges, {}, &ArenaRange::lo);
  int64_t bytes = 0, end = 0;
  for (const ArenaRange& r : ranges) {
    bytes += std::max<int64_t>(0, r.hi - std::max<int64_t>(end, r.lo));
    end = std::max<int64_t>(end, r.hi);
  }
  return bytes;
}

std::optional<Misfit> too_many_firings(const CutNet& cut) {
  for (size_t l = 0; l < cut.own.size(); ++l) {
    for (const Box& box : cut.own[l]) {
      if (box.empty()) continue;
      if (std::optional<Misfit> many =
              too_many_firings(cut.net.layers[l], box.rows())) {
        return many;
      }
    }
  }
  return std::nullopt;
}

bool has_all_gaps(const Plan& plan) {
  return std::ranges::all_of(plan.nodes, [](const PlanNode& n) {
    return n.peers.empty() || n.gaps == kGaps;
  });
}

}  // namespace shoal
