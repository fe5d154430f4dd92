#include "host/engine/virtual/simulate_cluster.h"

#include <algorithm>

#include "host/engine/virtual/virtual_cluster.h"

namespace shoal {

double SimResult::latency_s() const {
  return static_cast<double>(frames.front().finished -
                             frames.front().submitted) *
         1e-9;
}

double SimResult::frames_per_s() const {
  // The first one ran alone.
  const FrameTime& from = frames[frames.size() > 1 ? 1 : 0];
  const auto count =
      static_cast<double>(std::max<size_t>(frames.size() - 1, 1));
  return count / (static_cast<double>(ended - from.submitted) * 1e-9);
}

SimResult simulate_cluster(const Prepared& prepared, const Cluster& cluster,
                           std::span<const uint8_t> input,
                           const SimOptions& options) {
  VirtualCluster all(prepared, cluster, input, options);
  all.run(options.frames);
  const SimResult r = all.result();
  all.stop();
  return r;
}

}  // namespace shoal
