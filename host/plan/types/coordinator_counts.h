// The sizes of the coordinator's link tables, which are those of a node with a
// single stage, and the number of frames that it lets be under way. Both the
// coordinator and the rehearsal use them.
#pragma once

#include <cstdint>
#include <vector>

#include "device/program/link_layout.h"
#include "host/plan/types/stream_table.h"

namespace shoal {

inline LinkCounts coordinator_counts(const CoordinatorLinks& links) {
  constexpr uint32_t kGaps = 16;
  LinkCounts counts;
  counts.peers = static_cast<uint32_t>(links.peers.size());
  counts.windows = counts.peers * kCoordinatorWindow;
  counts.targets = counts.stage_targets =
      static_cast<uint32_t>(links.targets.size());
  counts.stage_streams = static_cast<uint32_t>(links.streams.size());
  counts.gaps = kGaps;
  return counts;
}

// Returns one more than the number of nodes whose layers do not overlap in the
// file's order (except for one layer that two share), because those may work on
// different frames. It is less where offsets of 32 bits have no room for that
// many, but at least two.
uint32_t frames_under_way(const Plan&, const std::vector<StreamEdge>&);

}  // namespace shoal
