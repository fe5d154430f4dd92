// A frame of a linked plan in virtual time, before any program is emitted: how
// long it takes, and what each node does meanwhile.
//
// The world, its network and the costs of datagrams are those of `shoal
// simulate`, the links those of a node. In place of a runtime every node has
// the tokens of its stages, and its slices take what feed.h says. Rows have no
// bytes, so nothing is computed or encrypted; datagrams are as long as those
// that would be.
#pragma once

#include <cstdint>
#include <vector>

#include "host/plan/cost/feed.h"
#include "host/world/world.h"

namespace shoal {

// A period is the mean of this number of frames.
inline constexpr int kPeriodFrames = 6;

// The result of a rehearsal: a plan's latency is taken from it.
struct Rehearsal {
  Nanos latency = 0;  // from the frame's submission to its last output
  // By node, then stage.
  std::vector<std::vector<PortTimes>> stages;
  uint64_t datagrams = 0;  // of all nodes
  // When the frame began, and when it ended; 0: it did not.
  Nanos submitted = 0, finished = 0;
  Nanos period = 0;  // from frame to frame if they follow closely; 0: not asked
};

// `supplies`: of each node. The frame is the second one of an idle cluster, as
// that which `simulate` counts. `following`: the period is the mean of that
// many frames, behind others that fill the cluster, as many of them under way
// as the coordinator lets. `most`: of a longer period (of a longer latency
// where no period is asked) nothing is told but that it is longer, which shows
// sooner; 0: of none. `recorder`: of what all do, from the first frame on; may
// be null.
Rehearsal rehearse(const Net&, const std::vector<Supply>& supplies,
                   uint32_t max_payload, const Plan&, int following = 0,
                   Nanos most = 0, Recorder* recorder = nullptr);

}  // namespace shoal
