// The segments of a linked plan, derived from its stages: their layers, cuts
// and exchanged bytes. For tables and JSON.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/plan/types/plan.h"

namespace shoal {

// Consecutive layers that the same nodes share, cut in the same way.
struct CutRun {
  int first_layer = 0, last_layer = 0;
  int nodes = 0;       // that have a share
  int first_node = 0;  // of those
  // "one", "grid 2x4", "outputs", "inputs", "each all"; the rows and columns of
  // a grid are those of the file's picture.
  std::string cut;
};

struct SegmentSummary {
  int number = 0;
  int nodes = 0;
  std::vector<CutRun> cuts;
  double seconds = 0;  // of its slowest stage
  int slowest_node = -1;
  std::string bound;  // of that stage
  int64_t macs = 0;
  // Bytes of a frame's rows as sent: by the coordinator, between nodes, to the
  // coordinator. A segment counts what its nodes receive, and the outputs.
  int64_t input_bytes = 0, exchanged_bytes = 0, output_bytes = 0;
};

std::vector<SegmentSummary> summarize_segments(const Plan&);

// "3-5", or "3-5,8" where layers are not in the net's order; "-" for none.
std::string layer_ranges(const PlanStage&);

// Returns the bytes of inputs that a node alone requests again; see
// host/plan/draft/tile_net.h.
int64_t replay_bytes(const Net&, const PlanNode&);

}  // namespace shoal
