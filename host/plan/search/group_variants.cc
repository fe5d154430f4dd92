#include "host/plan/search/group_variants.h"

#include <utility>

namespace shoal {
namespace {

struct Way {
  GroupKind kind;
  int channels, band;
};
// Higher bands compute fewer rows twice but hold more sums; larger groups need
// fewer kernel calls but hold more rows.
constexpr Way kWays[] = {{GroupKind::kBehindExpansion, 8, 1},
                         {GroupKind::kAll, 16, 1},
                         {GroupKind::kAll, 8, 1},
                         {GroupKind::kAll, 16, 2},
                         {GroupKind::kAll, 8, 2},
                         {GroupKind::kAll, 8, 3},
                         {GroupKind::kAll, 8, 4}};

}  // namespace

GroupVariants::Variant::Variant(const Net& given,
                                std::vector<BlockChoice> all_groups,
                                const NodeTask& of, int max_ports)
    : groups(std::move(all_groups)),
      net(given, groups),
      streams(net.net().layers.size(), false),
      task{of.request, of.node, of.supply, streams, of.packs},
      all(net.net(), Spilling{}, task, {}, &net.given()),
      search(all.small_stages(max_ports, 0)) {}

GroupVariants::GroupVariants(const Net& net,
                             const std::vector<TensorUses>& uses,
                             const NodeTask& task, int max_ports) {
  if (!task.board().flash_mapped || task.any_stream() ||
      task.request.over_links()) {
    return;
  }
  for (const Way& way : kWays) {
    std::vector<BlockChoice> groups =
        find_groups(net, uses, way.kind, way.channels, way.band);
    if (groups.empty()) continue;
    all_.push_back(
        std::make_unique<Variant>(net, std::move(groups), task, max_ports));
  }
}

std::vector<BlockChoice> GroupVariants::groups(int variant, Segment s) const {
  std::vector<BlockChoice> within;
  if (variant == 0) return within;
  for (const BlockChoice& g : of(variant).groups) {
    if (g.begin >= s.begin && g.end <= s.end) within.push_back(g);
  }
  return within;
}

bool GroupVariants::cuts(int variant, Segment s) const {
  if (variant == 0) return false;
  const GroupNet& net = of(variant).net;
  return net.position_of(s.begin) < 0 || net.position_of(s.end) < 0;
}

int GroupVariants::slots(int variant, int tensor) const {
  return of(variant).all.survey().tables().back().slots[size_t(tensor)];
}

void GroupVariants::offer(int begin, StageBudget budget, Ends& ends) const {
  for (int v = 1; v <= count(); ++v) {
    const Variant& variant = of(v);
    const int here = variant.net.position_of(begin);
    if (here < 0) continue;
    offer_stages(variant.search, here, budget, &variant.net.positions(), v,
                 ends);
  }
}

}  // namespace shoal
