// Channel groups on a node without links: an expansion, its depthwise
// convolution and its projection fire as one loop, for some of the channels
// between them at a time, so that the wide tensor never exists. A loop may also
// have only the last two layers: then the wide tensor is a ring, and nothing is
// made twice.
//
// The planned net expresses this, as with spills and tiles: GroupNet has one
// layer in place of each loop, a window over the input with private sums, so
// that uses, rings, bands, overlays and stages are those of an ordinary net.
// Drafts are made for the given net, with its loops.
#pragma once

#include <vector>

#include "host/plan/types/layer_cuts.h"
#include "host/plan/types/stage_maker.h"

namespace shoal {

enum class GroupKind : uint8_t { kAll, kBehindExpansion };

// Returns all possible loops with `channels` channels at a time and firings of
// at least `band` rows, in the order of their layers. Those without an
// expansion are the same for both kinds.
std::vector<BlockChoice> find_groups(const Net&, const std::vector<TensorUses>&,
                                     GroupKind, int channels, int band);

class GroupNet {
 public:
  // `groups`: some or all of what find_groups() returns. Refers to the net.
  GroupNet(const Net&, const std::vector<BlockChoice>&);
  GroupNet(const GroupNet&) = delete;

  const Net& net() const { return net_; }
  const GivenNet& given() const { return given_; }
  // By position in net(), including the end: the position in the given net.
  const std::vector<int>& positions() const { return positions_; }
  // Returns the position in net() of one in the given net; -1: inside a loop.
  int position_of(int given) const;

 private:
  Net net_;
  std::vector<int> positions_;
  const GivenNet given_;
};

}  // namespace shoal
