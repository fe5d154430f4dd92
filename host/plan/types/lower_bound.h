// The bound below which no plan can be. The planner proves it from the net and
// the nodes alone; design/plans.md has the proof.
#pragma once

#include <cstdint>
#include <vector>

namespace shoal {

struct LowerBound {
  double latency_s = 0;  // of a frame in an idle cluster
  double period_s = 0;   // from frame to frame, however many are under way
  int64_t traffic_bytes = 0;
  // The parts of the bound: work that every plan does, bytes that it moves.
  int64_t macs = 0, weight_bytes = 0;  // read from flash or storage
  int64_t input_bytes = 0, output_bytes = 0;
  // For each node of a plan, the time of its own share; empty without a plan.
  std::vector<double> nodes_s = {};
};

// Returns how far `value` is above the bound, in percent; 0 without a bound.
inline double percent_above(double value, double bound) {
  return bound > 0 ? 100 * (value / bound - 1) : 0;
}

}  // namespace shoal
