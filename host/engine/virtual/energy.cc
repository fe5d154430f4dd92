#include "host/engine/virtual/energy.h"

#include <string>

namespace shoal {

FrameLoad frame_load(const NodeCounts& counts, double seconds) {
  FrameLoad l;
  l.macs = counts.slices.macs;
  l.active_s = seconds - counts.wait_s;
  l.seconds = seconds;
  l.read_bytes = counts.storage.read_bytes;
  l.written_bytes = counts.storage.written_bytes;
  return l;
}

std::optional<double> cluster_energy_j(const SimResult& r, const Plan& plan,
                                       const Cluster& cluster, int frames) {
  const double latency = r.latency_s();
  double joules = 0;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    const Board& board = cluster.nodes[n].board;
    if (!has_energy(board)) return std::nullopt;
    const std::string& name = plan.nodes[n].storage;
    const Storage* const storage =
        name.empty() ? nullptr : &find_storage(board, name);
    const PortTimes& t = r.nodes[n].times;
    const NodeCounts& did = r.nodes[n].counts;
    FrameLoad load;
    load.macs = did.slices.macs / frames;
    load.active_s =
        static_cast<double>(t.slices + t.receiving + t.sending + t.other) *
        1e-9;
    load.seconds = latency;
    load.read_bytes = did.storage.read_bytes / frames;
    load.written_bytes = did.storage.written_bytes / frames;
    joules += frame_energy(board, storage, load, latency).total_j();
  }
  return joules;
}

}  // namespace shoal
