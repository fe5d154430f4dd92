// How large the coordinator's link tables are: those of a node with a single
// stage. The coordinator itself and the rehearsal of its link both ask here.
#pragma once

#include <cstdint>

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

}  // namespace shoal
