// The critical path of frames that nodes measured of themselves
// (host/engine/measured_run.h): walked back from the last answer. A node is
// followed while it works. In the time that it waited, the node is followed
// whose rows ended the wait. Between two answers a node's work and waits are
// known only by their sums, so the path is as exact as answers are frequent.
#pragma once

#include <vector>

#include "host/engine/measured_run.h"
#include "host/engine/virtual/critical_path.h"

namespace shoal {

// The work of a node between two of its answers, in nanoseconds. The node
// waited for the rest of the time.
struct MeasuredSpan {
  Nanos begin = 0, end = 0;
  Nanos receive = 0, compute = 0, send = 0;
  uint16_t stage = 0;  // under way at the end
  int woken_by = NodeSample::kNobody;
  Nanos work() const { return receive + compute + send; }
};

struct MeasuredSpans {
  std::vector<std::vector<MeasuredSpan>> nodes;  // each in order of time
  Nanos begin = 0, end = 0;                      // of all frames
  Nanos within = 0;  // that a span may lie elsewhere, at most
};

// Needs frames. Times that are longer than the time between two answers are
// shortened: a node's clock may run faster than the coordinator's, as those do
// that count an emulator's instructions.
MeasuredSpans measured_spans(const MeasuredRun&, size_t nodes);

// Returns the steps, the latest first; they add up to the time of all frames.
// Empty if no node tells whose rows it waited for.
std::vector<PathStep> measured_path(const MeasuredSpans&,
                                    const std::vector<MeasuredFrame>&,
                                    const Plan&);

}  // namespace shoal
