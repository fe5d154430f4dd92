// The times that nodes tell of themselves while they run frames, asked again
// and again. The clock is the coordinator's, in microseconds; nodes' clocks
// only measure lengths, so they need not agree.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace shoal {

// One answer. The node counted between the question and the answer, near the
// latter. The sums are since the run began, mod 2^32.
struct NodeSample {
  size_t node = 0;  // of the plan
  uint64_t asked_us = 0, answered_us = 0;
  uint32_t compute_us = 0, receive_us = 0, send_us = 0;
  uint16_t stage = 0;  // under way
  // The node whose rows ended the last wait since the answer before.
  static constexpr int kUnknown = -3;  // the node does not tell it
  static constexpr int kNobody = -2;   // no wait has ended
  static constexpr int kCoordinator = -1;
  int woken_by = kUnknown;
};

struct MeasuredFrame {
  uint64_t begin_us = 0, end_us = 0;  // input given, answer taken
};

struct MeasuredRun {
  std::vector<NodeSample> samples;  // in the order of their answers
  std::vector<MeasuredFrame> frames;
  std::vector<size_t> silent;  // nodes that do not measure
};

}  // namespace shoal
