#include "host/plan/search/group_blocks.h"

#include <optional>

namespace shoal {

std::vector<BlockChoice> group_blocks(const CutNet& cut, const GroupWay& way) {
  std::vector<BlockChoice> blocks;
  const auto layers = static_cast<int>(cut.net.layers.size());
  for (int l = 0; l < layers; ++l) {
    const bool whole = cut.net.layers[l].op == OpCode::kConv;
    if (way.behind_expansion && whole) continue;
    const int end = loop_end(cut, l, layers);
    const int groups = cut.net.layers[l].out.box.channels() / way.channels;
    if (end < 0 || groups < 2) continue;
    blocks.push_back({l, end, std::nullopt, groups});
    l = end - 1;
  }
  return blocks;
}

}  // namespace shoal
