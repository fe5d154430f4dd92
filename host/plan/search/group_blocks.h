// Finds every place for channel groups in a net that is cut over nodes. The
// search for segments chooses between them and the plain layers.
#pragma once

#include <vector>

#include "host/plan/draft/cut_net.h"

namespace shoal {

struct GroupWay {
  int channels = 0;  // about as many in each group
  // The expansion stays outside of the loop: no row is computed twice, and its
  // rows lie in a ring.
  bool behind_expansion = false;
  bool operator==(const GroupWay&) const = default;
};

std::vector<BlockChoice> group_blocks(const CutNet&, const GroupWay&);

}  // namespace shoal
