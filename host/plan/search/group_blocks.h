// Channel groups of a net cut over nodes, in all places where they may be: what
// a search for segments chooses from beside the layers as they are.
#pragma once

#include <vector>

#include "host/plan/draft/cut_net.h"

namespace shoal {

struct GroupWay {
  int channels = 0;  // of a group, about
  // The expansion stays outside: nothing is made twice, its rows lie in a ring.
  bool behind_expansion = false;
  bool operator==(const GroupWay&) const = default;
};

std::vector<BlockChoice> group_blocks(const CutNet&, const GroupWay&);

}  // namespace shoal
