#include "host/plan/planner/group_trials.h"

#include <utility>

#include "host/plan/draft/cut_net.h"
#include "host/plan/search/linked_parts.h"

namespace shoal {

void add_groups(const Net& net, const Cluster& cluster, int channels,
                Trial& trial) {
  if (channels == 0) return;
  const CutNet cut(net, cluster, trial.cuts);
  for (BlockChoice& block : group_blocks(cut, channels)) {
    trial.cuts.blocks.push_back(std::move(block));
    trial.group_channels = channels;
  }
}

void keep_groups(const Net& net, const Cluster& cluster, const Trial& from,
                 Trial& trial) {
  const CutNet cut(net, cluster, trial.cuts);
  const auto layers = static_cast<int>(net.layers.size());
  for (const BlockChoice& b : from.cuts.blocks) {
    if (loop_end(cut, b.begin, layers) == b.end) trial.cuts.blocks.push_back(b);
  }
  trial.group_channels = from.group_channels;
  trial.spliced = true;
}

void drop_groups(Trial& trial) {
  std::erase_if(trial.cuts.blocks,
                [](const BlockChoice& b) { return b.groups > 1; });
  trial.group_channels = 0;
}

}  // namespace shoal
