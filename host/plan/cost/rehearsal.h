// Runs a frame of a linked plan in virtual time, before any program is emitted:
// how long it takes, and what each node does meanwhile.
//
// The world, its network and the costs of datagrams are those of `shoal
// simulate`; the links are those of a node. In place of a runtime each node has
// the tokens of its stages and their storage (rehearsed_node.h). Rows have no
// bytes, so nothing is computed or encrypted; datagrams are as long as with
// bytes.
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
  // The times at which the frame began and ended; ended 0: it did not.
  Nanos submitted = 0, finished = 0;
  Nanos period = 0;  // from frame to frame if they follow closely; 0: not asked
};

// `supplies`: one per node. The frame is the second one in an idle cluster, as
// `simulate` counts it. `following`: the period is the mean of this number of
// frames, which follow others that fill the cluster; as many are under way as
// the coordinator allows. `most`: if the period (without `following`, the
// latency) is longer, only that is known, which ends the rehearsal early; 0: no
// limit. `recorder`: records all that happens from the first frame on; may be
// null.
Rehearsal rehearse(const Net&, const std::vector<Supply>& supplies,
                   uint32_t max_payload, const Plan&, int following = 0,
                   Nanos most = 0, Recorder* recorder = nullptr);

}  // namespace shoal
